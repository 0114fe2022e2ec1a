/**
 * JSON, measured: `bun bench/json.ts [MB]`, 10 MB by default.
 *
 * Parsing and writing one document of Kubernetes-like objects, beside the engine's own JSON.parse and JSON.stringify
 * (in turns, best and median of the rounds), and beside lua-cjson and dkjson where Debian's packages are installed, by
 * processor time.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJson } from "../builtins/json-parser.ts";
import { writeJson } from "../builtins/json-writer.ts";
import { createVm } from "../interpreter/index.ts";
import { state } from "../interpreter/state.ts";

const ROUNDS = 20;
const megabytes = Number(process.argv[2] ?? 10);

function document(bytes: number): string {
  let seed = 42;
  const random = () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const hex = () => Math.floor(random() * 2 ** 32).toString(16);
  const items: unknown[] = [];
  for (let i = 0; i < bytes / 550; i++) {
    items.push({
      metadata: {
        name: `web-${hex()}`,
        namespace: `team-${i % 17}`,
        uid: `${hex()}-${hex()}-${hex()}-${hex()}`,
        labels: { app: "web", tier: "front", [`zone-${i % 40}`]: "yes" },
        creationTimestamp: "2026-01-02T03:04:05Z",
      },
      spec: {
        replicas: i % 7,
        nodeName: `node-${i % 100}`,
        containers: [
          {
            name: "main",
            image: `registry.example/web:${i}`,
            ports: [80, 443, 8080],
            cpu: random(),
            ready: true,
            message: i % 10 === 0 ? 'line\nbreak "quoted" grün' : "all good",
          },
        ],
      },
      status: { phase: "Running", restarts: i % 3, load: Math.round(random() * 1e4) / 100, bytes: 1234567890123 },
    });
  }
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

interface Times {
  best: number;
  median: number;
  /** Processor time of a round, the collector's threads included: tells more than the rest on a busy machine. */
  cpu: number;
}

/** Runs the candidates in turns; milliseconds of each. */
function measure(candidates: (() => unknown)[]): Times[] {
  const times: number[][] = candidates.map(() => []);
  const used: number[] = candidates.map(() => 0);
  const first = Math.floor(ROUNDS / 4);
  for (let round = 0; round < ROUNDS; round++) {
    candidates.forEach((run, i) => {
      const start = performance.now();
      const before = process.cpuUsage();
      run();
      if (round < first) return;
      times[i]!.push(performance.now() - start);
      const { user, system } = process.cpuUsage(before);
      used[i]! += (user + system) / 1000;
    });
  }
  return times.map((list, i) => {
    list.sort((a, b) => a - b);
    return { best: list[0]!, median: list[list.length >> 1]!, cpu: used[i]! / list.length };
  });
}

function show(name: string, { best, median, cpu }: Times, reference: Times): void {
  const ratio = (own: number, other: number) => (other / own).toFixed(2);
  console.log(
    `  ${name.padEnd(16)} best ${best.toFixed(0).padStart(5)} ms, median ${median.toFixed(0).padStart(5)} ms, ` +
      `processor ${cpu.toFixed(0).padStart(5)} ms; speed against the engine: best ${ratio(best, reference.best)}, ` +
      `median ${ratio(median, reference.median)}, processor ${ratio(cpu, reference.cpu)}`,
  );
}

/** What another Lua takes to decode and encode a file, in milliseconds of processor time; undefined without it. */
function peer(command: string[], module: string, file: string): [decode: number, encode: number] | undefined {
  if (Bun.which(command[0]!) === null) return undefined;
  const code = `
    local json = require("${module}")
    local f = assert(io.open("${file}", "rb")) local s = f:read("*a") f:close()
    local best, least = math.huge, math.huge
    for _ = 1, 3 do
      local t = os.clock() local v = json.decode(s) best = math.min(best, os.clock() - t)
      t = os.clock() json.encode(v) least = math.min(least, os.clock() - t)
    end
    io.write(best * 1000, " ", least * 1000)`;
  const { exitCode, stdout } = Bun.spawnSync([...command, "-e", code], { stderr: "ignore" });
  if (exitCode !== 0) return undefined;
  const [decode, encode] = stdout.toString().split(" ").map(Number);
  return [decode!, encode!];
}

const utf8 = document(megabytes * 1e6);
const bytes = Buffer.from(utf8).toString("latin1");
state.vm = createVm();
const value = parseJson(bytes, undefined);
const native = JSON.parse(utf8);
let written = "";

console.log(`${(bytes.length / 1e6).toFixed(1)} MB, ${ROUNDS} rounds`);
console.log("parse");
const [nativeParse, ownParse] = measure([() => JSON.parse(utf8), () => parseJson(bytes, undefined)]) as [Times, Times];
show("JSON.parse", nativeParse, nativeParse);
show("json.parse", ownParse, nativeParse);
console.log("write");
const [nativeWrite, ownWrite] = measure([
  () => {
    written = JSON.stringify(native);
  },
  () => {
    written = writeJson(value);
  },
]) as [Times, Times];
show("JSON.stringify", nativeWrite, nativeWrite);
show("json.encode", ownWrite, nativeWrite);
if (written.length !== bytes.length) throw new Error("the text has changed on its way");

const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
const file = join(folder, "document.json");
writeFileSync(file, utf8);
const libraries = "/usr/lib/x86_64-linux-gnu/lua";
const peers: [name: string, command: string[], module: string][] = [
  ["cjson, lua5.4", ["lua5.4"], "cjson"],
  ["cjson, luajit", ["luajit", "-e", `package.cpath = "${libraries}/5.1/?.so;" .. package.cpath`], "cjson"],
  ["dkjson, lua5.4", ["lua5.4"], "dkjson"],
];
for (const [name, command, module] of peers) {
  const times = existsSync(file) ? peer(command, module, file) : undefined;
  if (times === undefined) {
    console.log(`${name}: not here`);
    continue;
  }
  const [decode, encode] = times;
  console.log(
    `${name}: decode ${decode.toFixed(0)} ms (json.parse is ${(decode / ownParse.cpu).toFixed(1)}x), ` +
      `encode ${encode.toFixed(0)} ms (json.encode is ${(encode / ownWrite.cpu).toFixed(1)}x)`,
  );
}
rmSync(folder, { recursive: true });
