/**
 * Runs the programs of bench/programs as whole processes against other implementations of Lua, in turns, and prints
 * the ratio of their times: 1.0 is the speed of Debian's lua5.4, 2.0 twice as fast.
 *
 *     bun bench/programs.ts [--runs 3] [--peers lua5.4,luajit,fengari,wasmoon] [NAME …]
 *
 * Without dist/assay the interpreter runs from source. fengari and wasmoon must have been installed (`npm install
 * --no-save fengari wasmoon`); peers that are missing are left out.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dir;
const programs = join(here, "programs");
const binary = join(here, "..", "dist", "assay");

const peers: Record<string, { command: (file: string) => string[]; available: () => boolean }> = {
  assay: { command: (file) => [binary, file], available: () => existsSync(binary) },
  "lua5.4": { command: (file) => ["lua5.4", file], available: () => Bun.which("lua5.4") !== null },
  luajit: { command: (file) => ["luajit", "-joff", file], available: () => Bun.which("luajit") !== null },
  fengari: {
    command: (file) => [process.execPath, join(here, "peers", "fengari.ts"), file],
    available: () => existsSync(join(here, "..", "node_modules", "fengari")),
  },
  wasmoon: {
    command: (file) => [process.execPath, join(here, "peers", "wasmoon.ts"), file],
    available: () => existsSync(join(here, "..", "node_modules", "wasmoon")),
  },
};

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

const runs = Number(option("runs", "3"));
const wanted = option("peers", "lua5.4").split(",");
const named = process.argv.slice(2).filter((arg, i, all) => !arg.startsWith("--") && !all[i - 1]?.startsWith("--"));

/** Wall time of one run in seconds; undefined if it failed. */
function time(command: string[]): number | undefined {
  const begin = performance.now();
  const result = Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore", timeout: 120_000 });
  return result.exitCode === 0 ? (performance.now() - begin) / 1000 : undefined;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

const names = ["assay", ...wanted].filter((name) => peers[name]?.available() === true);
const files = readdirSync(programs)
  .filter((file) => file.endsWith(".lua") && file !== "hello.lua")
  .filter((file) => named.length === 0 || named.includes(file.replace(/\.lua$/, "")))
  .sort();

console.log(["program".padEnd(14), ...names.map((name) => `${name} s`.padStart(11)), "ratio".padStart(8)].join(""));
const logs: Record<string, number[]> = {};
for (const file of files) {
  const times: Record<string, number[]> = {};
  for (let run = 0; run < runs; run++) {
    for (const name of names) {
      const seconds = time((peers[name] as (typeof peers)[string]).command(join(programs, file)));
      if (seconds !== undefined) (times[name] ??= []).push(seconds);
    }
  }
  const own = times.assay === undefined ? Number.NaN : median(times.assay);
  const cells = names.map((name) =>
    (times[name] === undefined ? "failed" : median(times[name]).toFixed(3)).padStart(11),
  );
  for (const name of names) {
    if (name !== "assay" && times[name] !== undefined && !Number.isNaN(own))
      (logs[name] ??= []).push(Math.log(median(times[name]) / own));
  }
  const reference = times["lua5.4"];
  const ratio = reference === undefined ? "" : (median(reference) / own).toFixed(2);
  console.log([file.replace(/\.lua$/, "").padEnd(14), ...cells, ratio.padStart(8)].join(""));
}
for (const [name, values] of Object.entries(logs)) {
  const mean = Math.exp(values.reduce((a, b) => a + b, 0) / values.length);
  console.log(`geometric mean of ${name}'s time over assay's: ${mean.toFixed(2)} (${values.length} programs)`);
}
