/**
 * A server under mixed load for a long time: `bun bench/soak.ts [--minutes 20] [--rate 500] [--binary FILE]`.
 *
 * Good and bad requests, websockets, SQLite, PostgreSQL and MariaDB (the tests' own servers), timers, tasks, at so many
 * requests a second. Every ten seconds it looks at resident memory, open descriptors and live Lua data. In the end
 * comes SIGTERM in the middle of the load: what a handler has begun must be answered, and the server ends with
 * status 0.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BINARY, buildIfStale } from "../scripts/stale.ts";
import { databases } from "../test/support/databases.ts";
import { type Answer, Client, type Lost } from "./soak/client.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    rate: { type: "string", default: "500" },
    binary: { type: "string", default: BINARY },
  },
});
const MINUTES = Number(values.minutes);
const RATE = Number(values.rate);
const SOCKETS = 20;
/** Requests under way at most: beyond that the server is behind, and requests are skipped. */
const MAX_UNDER_WAY = 400;
/** How long the load goes on after SIGTERM, in milliseconds. */
const AFTER_MS = 3000;

interface Kind {
  readonly name: string;
  readonly weight: number;
  /** The request; `n` is its number. */
  readonly make: (n: number) => string;
  /** What is expected. */
  readonly good: (answer: Answer, n: number) => boolean;
}

const get = (path: string, n: number): string => `GET ${path} HTTP/1.1\r\nHost: h\r\nX-Id: ${n}\r\n\r\n`;
const post = (body: string, n: number): string =>
  `POST /echo HTTP/1.1\r\nHost: h\r\nX-Id: ${n}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const status =
  (wanted: number) =>
  ({ status }: Answer): boolean =>
    status === wanted;
const ok =
  (text: string) =>
  ({ status, body }: Answer): boolean =>
    status === 200 && body.includes(text);
const stored = ({ status, body }: Answer, n: number): boolean =>
  status === 501 || (status === 200 && body === `{"body":"body ${n}"}`);

const KINDS: readonly Kind[] = [
  { name: "hello", weight: 25, make: (n) => get("/hello", n), good: ok("hello") },
  { name: "json", weight: 20, make: (n) => get(`/users/${n}?a=1&b=%C3%A9`, n), good: ok('"a":"1"') },
  { name: "echo", weight: 15, make: (n) => post(`{"n": ${n}, "list": [1, 2.5, null]}`, n), good: ok('"list":[1,2.5') },
  { name: "sleep", weight: 6, make: (n) => get(`/sleep/${n % 40}`, n), good: ok("slept") },
  { name: "long", weight: 0.2, make: (n) => get("/sleep/2500", n), good: ok("slept") },
  { name: "tasks", weight: 4, make: (n) => get("/tasks", n), good: ok('"sum":55') },
  { name: "client", weight: 4, make: (n) => get("/client", n), good: ok('"inner":"hello"') },
  { name: "stream", weight: 2, make: (n) => get("/stream", n), good: ok("part 10\n") },
  { name: "large", weight: 1, make: (n) => get("/large", n), good: ({ body }) => body.length === 262144 },
  { name: "text", weight: 2, make: (n) => get("/text", n), good: ok('"length":') },
  { name: "sqlite", weight: 4, make: (n) => get(`/sqlite/${n}`, n), good: stored },
  { name: "postgres", weight: 4, make: (n) => get(`/postgres/${n}`, n), good: stored },
  { name: "mysql", weight: 4, make: (n) => get(`/mysql/${n}`, n), good: stored },
  { name: "fails", weight: 1, make: (n) => get("/fails", n), good: status(500) },
  { name: "wrong", weight: 1, make: (n) => get("/wrong", n), good: status(500) },
  { name: "404", weight: 2, make: (n) => get("/nope", n), good: status(404) },
  { name: "405", weight: 1, make: () => "DELETE /hello HTTP/1.1\r\nHost: h\r\n\r\n", good: status(405) },
  { name: "not json", weight: 1, make: (n) => post("{", n), good: ({ status }) => status === 400 || status === 500 },
  {
    name: "413",
    weight: 1,
    make: () => "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n",
    good: status(413),
  },
  { name: "garbage", weight: 1, make: (n) => `\x16\x03${n}\r\n\r\n`, good: status(400) },
  {
    name: "smuggled",
    weight: 1,
    make: () => "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    good: status(400),
  },
];
/** Clients that send part of a request and leave, or stay silent: nothing is expected of these but that they do no harm. */
const ABORTED = [
  "GET /hello HT",
  "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{",
  get("/stream", 0),
  get("/sleep/30", 0),
];

interface Sample {
  readonly second: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly lua: number;
}

const tally = new Map<string, number>();
const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
const unexpected: string[] = [];
/** What became of each request since SIGTERM, by its number. */
const outcomes = new Map<string, Answer | Lost>();

if (values.binary === BINARY) buildIfStale();
const { postgres, mysql } = await databases();
const folder = mkdtempSync(join(tmpdir(), "assay-soak-"));
const script = join(import.meta.dir, "soak", "server.lua");
const server = Bun.spawn(
  [values.binary, "--log-format", "json", script, folder, postgres?.url ?? "", mysql?.url ?? ""],
  {
    stdout: "pipe",
    stderr: Bun.file(join(folder, "log")),
  },
);
const lines = readLines(server.stdout);
const url = (await lines.next()).value;
if (url === undefined) throw new Error(`the server does not start: ${readFileSync(join(folder, "log"), "utf8")}`);
const port = Number(url.split(":").at(-1));
const samples: Sample[] = [];
const started = performance.now();
const second = (): number => (performance.now() - started) / 1000;
let stopping = false;

const clients: Client[] = [];
let underWay = 0;
let number = 0;

async function request(): Promise<void> {
  if (underWay >= MAX_UNDER_WAY) return count("skipped: the server is behind");
  underWay++;
  const n = ++number;
  const kind = pick();
  const client = clients.pop() ?? new Client(port);
  const outcome = await client.request(kind.make(n));
  underWay--;
  clients.push(client);
  if (stopping) outcomes.set(String(n), outcome);
  if (typeof outcome === "string") {
    // Once it stops, a server may refuse.
    if (stopping && outcome === "refused") count("after SIGTERM: refused");
    else note(kind.name, outcome);
  } else if (kind.good(outcome, n)) count(`${stopping ? "after SIGTERM: answered" : kind.name}`);
  else if (stopping && outcome.status === 503) count("after SIGTERM: 503");
  else note(kind.name, `${outcome.status} ${outcome.body.slice(0, 200)}`);
}

function note(kind: string, what: string): void {
  count("UNEXPECTED");
  if (unexpected.length < 50) unexpected.push(`${second().toFixed(0)} s, ${kind}: ${what}`);
}

const total = KINDS.reduce((sum, { weight }) => sum + weight, 0);
function pick(): Kind {
  let at = Math.random() * total;
  return KINDS.find(({ weight }) => (at -= weight) < 0) ?? KINDS[0]!;
}

/** Sends part of a request on a connection of its own, and leaves after a while. */
function abort(): void {
  const socket = Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data() {},
      error() {},
      open: (open) => void open.write(ABORTED[Math.floor(Math.random() * ABORTED.length)]!),
    },
  });
  socket.then(
    (open) => setTimeout(() => (Math.random() < 0.5 ? open.end() : open.terminate()), Math.random() * 3000),
    () => {},
  );
  count("aborted");
}

/** A websocket that sends something now and then, and begins anew after a while. */
async function chat(): Promise<void> {
  while (!stopping) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    const opened = await new Promise<boolean>((settle) => {
      socket.onopen = () => settle(true);
      socket.onclose = () => settle(false);
      socket.onerror = () => {};
    });
    if (!opened) {
      if (!stopping) note("websocket", "not opened");
      return;
    }
    const life = 5 + Math.random() * 55;
    for (let i = 0; i < life && !stopping; i++) {
      const text = `message ${i} ${"x".repeat(Math.random() * 2000)}`;
      const back = await new Promise<string>((settle) => {
        socket.onmessage = ({ data }) => settle(String(data));
        socket.onclose = ({ code }) => settle(`closed ${code}`);
        socket.send(text);
      });
      if (back === text) count("websocket message");
      else if (stopping && back === "closed 1001") count("after SIGTERM: websocket closed");
      else note("websocket", back.slice(0, 100));
      if (back.startsWith("closed")) return;
      await Bun.sleep(1000);
    }
    if (!stopping) socket.close();
  }
}

async function sample(): Promise<void> {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
  const descriptors = readdirSync(`/proc/${server.pid}/fd`).length;
  const answer = await new Client(port).request("GET /stats HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const lua = typeof answer === "string" ? 0 : (JSON.parse(answer.body) as { lua_bytes: number }).lua_bytes;
  samples.push({ second: second(), rss, descriptors, lua });
  console.log(
    `${second().toFixed(0).padStart(5)} s  ${show(samples.at(-1)!)}, ${number} requests, ${underWay} under way`,
  );
}

function show({ rss, descriptors, lua }: Sample): string {
  return `rss ${(rss / 1e6).toFixed(0)} MB, ${descriptors} descriptors, Lua ${(lua / 1e6).toFixed(2)} MB`;
}

const STEP_MS = 20;
let due = 0;
let lastStep = performance.now();
const load = setInterval(() => {
  const now = performance.now();
  due = Math.min(due + ((now - lastStep) / 1000) * RATE, RATE);
  lastStep = now;
  for (; due >= 1; due--) void request();
  if (Math.random() < STEP_MS / 500) abort();
}, STEP_MS);
const chats = Array.from({ length: SOCKETS }, chat);
const sampling = setInterval(() => void sample(), 10_000);

await Bun.sleep(MINUTES * 60_000);
clearInterval(sampling);
await sample();
stopping = true;
server.kill("SIGTERM");
const killed = performance.now();
const ended = server.exited.then((status) => ({ status, ms: performance.now() - killed }));
await Bun.sleep(AFTER_MS);
clearInterval(load);
const { status: exit, ms } = await ended;
await Promise.all(chats);
for (let i = 0; i < 200 && underWay > 0; i++) await Bun.sleep(50);

console.log(`\nexit status ${exit}, ${(ms / 1000).toFixed(1)} s after SIGTERM`);
let report = "";
for await (const line of lines) report = line;
const { counts, recent } = JSON.parse(report) as { counts: Record<string, number>; recent: string[] };
// Those begun and not answered: a reply that was lost.
const lost = recent.filter((id) => typeof outcomes.get(id) === "string");

console.log(`handlers: ${JSON.stringify(counts)}`);
console.log(`begun by a handler and not answered, after SIGTERM: ${lost.length}`);
for (const [what, times] of [...tally].sort(([a], [b]) => a.localeCompare(b)))
  console.log(`${String(times).padStart(9)}  ${what}`);
for (const minute of [1, 5, 10, 15, 20]) {
  const at = samples.find((one) => one.second >= minute * 60 - 1);
  if (at !== undefined) console.log(`${minute} min: ${show(at)}`);
}
for (const line of unexpected) console.log(`unexpected: ${line}`);
const log = readFileSync(join(folder, "log"), "utf8").split("\n");
const strange = log.filter((line) => line !== "" && !/on purpose|handler returned|status must|json/i.test(line));
for (const line of strange.slice(0, 20)) console.log(`log: ${line.slice(0, 500)}`);
rmSync(folder, { recursive: true, force: true });
process.exit(exit === 0 && unexpected.length === 0 && lost.length === 0 && strange.length === 0 ? 0 : 1);

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const whole = text.split("\n");
    text = whole.pop()!;
    yield* whole;
  }
}
