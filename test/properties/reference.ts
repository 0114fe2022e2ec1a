/**
 * The other implementation that property tests compare with: Debian's lua5.4, or the one that PROPERTIES_LUA names
 * (a Lua 5.5 is compared to the letter).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const command = process.env.PROPERTIES_LUA ?? "lua5.4";

/** Milliseconds for one batch. */
const PATIENCE = 120_000;

/** Lua source of the function that both sides run cases with. */
export const DRIVER = readFileSync(join(import.meta.dir, "driver.lua"), "latin1");

/** Reads sources from standard input and writes what became of them, both with their lengths in front. */
const LOOP = `
local run = load([==[${DRIVER}]==], "=driver")()
for line in io.lines() do
  local outcome = run(io.read(tonumber(line)))
  io.write(#outcome, "\\n", outcome)
end`;

export const available = Bun.which(command) !== null;
if (!available) console.error(`SKIPPED: property tests compare with ${command}, which is not installed`);

const version = available ? Bun.spawnSync([command, "-v"]).stdout.toString() : "";

/** Whether the reference is of the version that this project follows. */
export const exact = version.startsWith("Lua 5.5");

/** What each of the sources (byte strings) gives in the reference. */
export function referenceOutcomes(sources: readonly string[]): string[] {
  const input = Buffer.from(sources.map((source) => `${source.length}\n${source}`).join(""), "latin1");
  const run = Bun.spawnSync([command, "-e", LOOP], { stdin: input, stderr: "pipe", timeout: PATIENCE });
  if (run.exitCode !== 0)
    throw new Error(`${command}: status ${run.exitCode ?? run.signalCode}: ${run.stderr.toString()}`);
  const output = run.stdout.toString("latin1");
  const outcomes: string[] = [];
  for (let at = 0; at < output.length; ) {
    const line = output.indexOf("\n", at);
    const begin = line + 1;
    at = begin + Number(output.slice(at, line));
    outcomes.push(output.slice(begin, at));
  }
  return outcomes;
}

/** An outcome without the sign of NaN, which JavaScript hides. */
export function comparable(outcome: string): string {
  return outcome.replace(/-(?=nan\b)/gi, "");
}

/**
 * An outcome without what differs between versions of Lua in whole programs: digits of floats that became text, nil as
 * an error object, the words of some errors, and the lines of those in statements of several lines. What is wrong with
 * a to-be-closed variable is blamed on another of its lines.
 */
export function lenient(outcome: string): string {
  // How many native calls fit depends on how many there are around the case.
  if (outcome.includes("C stack overflow")) return "C stack overflow";
  const text = outcome.replace(/\bcase:\d+: (?=variable '.*' got a non-closable|.*\(metamethod 'close'\))/g, "case: ");
  if (exact) return text;
  return text
    .replace(/-?\b\d+\.\d+(?:e[+-]?\d+)?\b/g, (digits) => Number(digits).toPrecision(12))
    .replaceAll('"<no error object>"', "nil")
    .replaceAll("(coroutine expected", "(thread expected")
    .replaceAll("bad extra argument", "bad argument")
    .replace(/bad argument #\d to 'remove'/g, "bad argument to 'remove'")
    .replace(/\bcase:\d+:/g, "case:");
}
