/**
 * Runs the programs of bench/programs as whole processes on Assay and on other implementations of Lua, in turns, and
 * prints all times in one table; see bench/README.md.
 *
 *     bun bench/programs.ts [--runs 3] [--peers lua5.4,luajit,…] [--install] [NAME …]
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dir;
const programs = join(here, "programs");
const binary = join(here, "..", "dist", "assay");
const packages = join(here, "peers", "node_modules");

interface Implementation {
  readonly command: (file: string) => string[];
  readonly available: () => boolean;
}

function installed(command: string, ...options: string[]): Implementation {
  return { command: (file) => [command, ...options, file], available: () => Bun.which(command) !== null };
}

function packaged(name: string): Implementation {
  return {
    command: (file) => [process.execPath, join(here, "peers", `${name}.ts`), file],
    available: () => existsSync(join(packages, name)),
  };
}

const OWN = "assay";
const implementations: Record<string, Implementation> = {
  [OWN]: { command: (file) => [binary, file], available: () => existsSync(binary) },
  "lua5.4": installed("lua5.4"),
  "luajit -joff": installed("luajit", "-joff"),
  luajit: installed("luajit", "-jon"),
  fengari: packaged("fengari"),
  wasmoon: packaged("wasmoon"),
};

/** Seconds after which a run counts as failed, and after which a program is not run again. */
const PATIENCE = 300;
const SLOW = 10;
const START = "hello";

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

const VALUED = ["--runs", "--peers"];
const runs = Number(option("runs", "3"));
const wanted = option("peers", Object.keys(implementations).join(",")).split(",");
const chosen = process.argv
  .slice(2)
  .filter((arg, i, all) => !arg.startsWith("--") && !VALUED.includes(all[i - 1] ?? ""));

/** Wall time of one run in seconds; undefined if it failed. */
function time(command: string[]): number | undefined {
  const begin = performance.now();
  const result = Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore", timeout: PATIENCE * 1000 });
  return result.exitCode === 0 ? (performance.now() - begin) / 1000 : undefined;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Median times of a program by implementation, measured in turns so that a busy moment hits all of them. */
function measure(names: readonly string[], program: string, times: number): Map<string, number> {
  const all = new Map<string, number[]>(names.map((name) => [name, []]));
  const failed = new Set<string>();
  for (let run = 0; run < times; run++) {
    for (const name of names) {
      const before = all.get(name) as number[];
      if (failed.has(name) || (before[0] ?? 0) > SLOW) continue;
      const seconds = time((implementations[name] as Implementation).command(join(programs, `${program}.lua`)));
      if (seconds === undefined) failed.add(name);
      else before.push(seconds);
    }
  }
  return new Map([...all].filter(([name]) => !failed.has(name)).map(([name, values]) => [name, median(values)]));
}

function row(title: string, names: readonly string[], cell: (name: string) => string): void {
  console.log(title.padEnd(16) + names.map((name) => cell(name).padStart(14)).join(""));
}

if (process.argv.includes("--install")) {
  Bun.spawnSync([process.execPath, "install"], { cwd: join(here, "peers"), stdout: "inherit", stderr: "inherit" });
}
if (!existsSync(binary)) {
  console.error("dist/assay is missing: npm run build");
  process.exit(1);
}
const names = Object.keys(implementations).filter(
  (name) => (name === OWN || wanted.includes(name)) && implementations[name]?.available() === true,
);
const missing = wanted.filter((name) => name !== OWN && !names.includes(name));
if (missing.length > 0) console.error(`left out, not installed: ${missing.join(", ")}`);
const files = readdirSync(programs)
  .map((file) => file.replace(/\.lua$/, ""))
  .filter((program) => program !== START && (chosen.length === 0 || chosen.includes(program)))
  .sort();

const own = (times: Map<string, number>) => times.get(OWN) ?? Number.NaN;
row("seconds", names, (name) => name);
const start = measure(names, START, Math.max(runs, 5));
const results: Map<string, number>[] = [];
for (const program of files) {
  const times = measure(names, program, runs);
  results.push(times);
  row(program, names, (name) => times.get(name)?.toFixed(3) ?? "failed");
}
row("start (hello)", names, (name) => start.get(name)?.toFixed(4) ?? "failed");

console.log("\nspeed of assay in times that of each (above 1: assay is faster), geometric means");
const ratios = (name: string, less: boolean) =>
  results.flatMap((times) => {
    const [theirs, ours] = [times.get(name), own(times)];
    if (theirs === undefined) return [];
    return less ? [(theirs - (start.get(name) ?? 0)) / (ours - own(start))] : [theirs / ours];
  });
const others = names.filter((name) => name !== OWN);
row("", others, (name) => name);
row("whole processes", others, (name) => geometricMean(ratios(name, false)).toFixed(2));
row("without start", others, (name) => geometricMean(ratios(name, true)).toFixed(2));
row("slowest program", others, (name) => Math.min(...ratios(name, false)).toFixed(2));
row("start", others, (name) => ((start.get(name) ?? Number.NaN) / own(start)).toFixed(2));
row("programs", others, (name) => String(ratios(name, false).length));
