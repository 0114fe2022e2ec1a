/**
 * HTTP, measured: `bun bench/http.ts [serve] [memory] [websockets] [client]`, all of them by default.
 *
 * - serve: requests a second and latency of a Lua handler that returns JSON, beside a bare Bun.serve handler that
 *   returns the same, in turns (wrk, 64 connections).
 * - memory: the server's resident memory after 100,000 and after 1,000,000 requests.
 * - websockets: 1,000 open at a time, echoing.
 * - client: a million requests, one after the other and side by side; sockets open in the end.
 *
 * Each server runs in a process of its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { Host } from "../builtins/host.ts";
import { openBuiltins } from "../builtins/index.ts";
import { createVm, load, Task } from "../interpreter/index.ts";

const LUA_SERVER = `
  http.serve(0, {
    GET = {["/"] = function(req) return {json = {hello = "world", n = 1}} end},
    POST = {["/echo"] = function(req) return req.body end},
    WS = {["/ws"] = function(conn) while true do conn:send(conn:recv()) end end},
  }, {host = "127.0.0.1", on_listen = function(_, port) print(port) end})`;

/** Runs Lua with all builtins; what it prints goes to standard output. */
async function lua(source: string): Promise<void> {
  const vm = createVm({ memoryBytes: 64 << 20, timeoutMs: Infinity });
  const host = new Host();
  openBuiltins(vm, host, "script");
  await new Task(vm, load(vm, source, "=bench"), []).start().promise;
  await host.closeResources();
}

interface Child {
  process: Bun.Subprocess<"ignore", "pipe", "inherit">;
  port: number;
}

/** Starts this file with a role of its own; the first line it prints is its port. */
async function start(role: string, ...args: string[]): Promise<Child> {
  const child = Bun.spawn([process.execPath, import.meta.path, `--${role}`, ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return { process: child, port: Number(new TextDecoder().decode(value).trim()) };
}

interface Measured {
  requests: number;
  perSecond: number;
  p99: string;
  /** Processor time of the server for one request, in microseconds: tells more than the rest on a busy machine. */
  cpu: number;
}

/** Processor time that a process has used, in microseconds (clock ticks of a hundredth of a second). */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function wrk(server: Child, seconds: number, connections = 64): Measured {
  const before = cpuTime(server.process.pid);
  const run = Bun.spawnSync([
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${seconds}`,
    "--latency",
    `http://127.0.0.1:${server.port}/`,
  ]);
  const text = run.stdout.toString();
  if (/Socket errors|Non-2xx/.test(text)) throw new Error(text);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  return {
    requests,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99: /^ +99%\s+(\S+)/m.exec(text)?.[1] ?? "?",
    cpu: (cpuTime(server.process.pid) - before) / requests,
  };
}

/** Resident memory of a process in MB. */
function resident(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function benchServe(): Promise<void> {
  const bare = await start("bare");
  const assay = await start("lua");
  wrk(bare, 2);
  wrk(assay, 2);
  const rounds: { bare: Measured; assay: Measured }[] = [];
  for (let i = 0; i < 7; i++) rounds.push({ bare: wrk(bare, 2), assay: wrk(assay, 2) });
  const ratios = rounds.map((round) => round.assay.perSecond / round.bare.perSecond);
  for (const side of ["bare", "assay"] as const) {
    const speed = median(rounds.map((round) => round[side].perSecond));
    const cpu = median(rounds.map((round) => round[side].cpu)).toFixed(1);
    console.log(
      `serve: ${side.padEnd(5)} ${Math.round(speed)}/s, ${cpu} us of processor time each, p99 ${rounds.map((round) => round[side].p99).join(" ")}`,
    );
  }
  console.log(`serve: ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(" ")})`);
  bare.process.kill();
  assay.process.kill();
}

async function benchMemory(): Promise<void> {
  const assay = await start("lua");
  let done = 0;
  for (const goal of [100_000, 1_000_000]) {
    while (done < goal) done += wrk(assay, 2).requests;
    console.log(`memory: ${resident(assay.process.pid).toFixed(0)} MB after ${done} requests`);
  }
  assay.process.kill();
}

async function benchWebsockets(): Promise<void> {
  const assay = await start("lua");
  const sockets = await Promise.all(
    Array.from(
      { length: 1000 },
      () =>
        new Promise<WebSocket>((settle, fail) => {
          const socket = new WebSocket(`ws://127.0.0.1:${assay.port}/ws`);
          socket.onopen = () => settle(socket);
          socket.onerror = () => fail(new Error("websocket refused"));
          socket.onclose = () => fail(new Error("websocket closed"));
        }),
    ),
  );
  const ROUNDS = 50;
  const started = performance.now();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((settle, fail) => {
          let n = 0;
          socket.onclose = () => fail(new Error("websocket closed"));
          socket.onmessage = (event) => {
            if (event.data !== `message ${n}`) throw new Error("wrong echo");
            if (++n === ROUNDS) settle();
            else socket.send(`message ${n}`);
          };
          socket.send("message 0");
        }),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `websockets: 1000 open, ${Math.round((1000 * ROUNDS) / seconds)} echoes/s, server ${resident(assay.process.pid).toFixed(0)} MB`,
  );
  assay.process.kill();
}

async function benchClient(): Promise<void> {
  const bare = await start("bare");
  const client = Bun.spawn([process.execPath, import.meta.path, "--client", String(bare.port)], {
    stdout: "inherit",
    stderr: "inherit",
  });
  await client.exited;
  bare.process.kill();
}

/** Sockets that this process holds. */
function sockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return (
        readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").length > 0 &&
        require("node:fs").readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:")
      );
    } catch {
      return false;
    }
  }).length;
}

async function runClient(port: string): Promise<void> {
  const before = sockets();
  const report = (what: string, count: number, from: number) => {
    const seconds = (performance.now() - from) / 1000;
    console.log(
      `client: ${count} requests ${what}, ${Math.round(count / seconds)}/s, ${sockets() - before} sockets open, ${resident(process.pid).toFixed(0)} MB`,
    );
  };
  const vm = createVm({ memoryBytes: 64 << 20, timeoutMs: Infinity });
  const host = new Host();
  openBuiltins(vm, host, "script");
  const run = (source: string) =>
    new Task(vm, load(vm, `local url = "http://127.0.0.1:${port}/" ${source}`, "=bench"), []).start().promise;
  const one = `local r = http.get(url) if r.status ~= 200 or r:json().n ~= 1 then error("wrong response") end`;
  for (const count of [20_000, 480_000]) {
    const from = performance.now();
    await run(`for i = 1, ${count} do ${one} end`);
    report("one by one", count, from);
  }
  for (const count of [20_000, 480_000]) {
    const from = performance.now();
    await run(
      `local tasks = {} for i = 1, 100 do tasks[i] = async.spawn(function() for j = 1, ${count / 100} do ${one} end end) end async.all(tasks)`,
    );
    report("a hundred at a time", count, from);
  }
  await host.closeResources();
  await Bun.sleep(100);
  console.log(`client: ${sockets() - before} sockets open after the end`);
}

const [role, argument] = process.argv.slice(2);
switch (role) {
  case "--bare": {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ hello: "world", n: 1 }) });
    console.log(server.port);
    break;
  }
  case "--lua":
    await lua(LUA_SERVER);
    break;
  case "--client":
    await runClient(argument!);
    process.exit();
    break;
  default: {
    const benches = { serve: benchServe, memory: benchMemory, websockets: benchWebsockets, client: benchClient };
    const chosen = process.argv.slice(2);
    for (const [name, bench] of Object.entries(benches))
      if (chosen.length === 0 || chosen.includes(name)) await bench();
    process.exit();
  }
}
