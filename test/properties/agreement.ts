/** Running cases in batches on both sides, and making the first one that differs small. */
import fc, { type Arbitrary } from "fast-check";
import { createFullVm } from "../../interpreter/full.ts";
import { LuaError, load, Task } from "../../interpreter/index.ts";
import { pausing } from "../../interpreter/task.ts";
import { list, type Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { comparable, DRIVER, referenceOutcomes } from "./reference.ts";

const BATCH = 250;

/** Multiplies the number of cases: PROPERTIES_RUNS=100 takes a hundred times as long. */
const FACTOR = Number(process.env.PROPERTIES_RUNS ?? "1");
/** Without it every run tests the same cases, so that a failure is one of the change that was made. */
const SEED = Number(process.env.PROPERTIES_SEED ?? "20261122");

export interface Agreement<T> {
  /** What is tested, in any number. */
  readonly cases: Arbitrary<T>;
  /** Lua source, a byte string, of what to do with one. It prints with `out(...)`. */
  readonly source: (value: T) => string;
  /** How many cases; some seconds at most. */
  readonly runs: number;
  /** Runs each case again, pausing at each of these numbers of ticks, and demands the same. */
  readonly pauses?: readonly number[];
  /** Takes out of the outcomes what is known to differ. */
  readonly normal?: (outcome: string) => string;
}

export interface Difference {
  readonly source: string;
  readonly expected: string;
  readonly got: string;
  /** Ticks between pauses; undefined if it differs without any. */
  readonly pause: number | undefined;
}

/** Fails with a small case and both outcomes if the implementations differ in any case. */
export async function agree<T>(agreement: Agreement<T>): Promise<void> {
  const { cases, source, runs } = agreement;
  const total = Math.ceil(runs * FACTOR);
  const perRun = BATCH * 4;
  for (let done = 0, round = 0; done < total; done += perRun, round++) {
    const seed = SEED + round;
    const values: T[] = [];
    // Generated as a failing run would, so that its path leads to the same case.
    const collect = fc.property(cases, (value) => void values.push(value));
    fc.check(collect, { seed, numRuns: Math.min(perRun, total - done) });
    for (let begin = 0; begin < values.length; begin += BATCH) {
      const sources = values.slice(begin, begin + BATCH).map(source);
      const differing = (await differences(sources, agreement)).findIndex((difference) => difference !== undefined);
      if (differing >= 0) await shrink(agreement, seed, begin + differing);
    }
  }
}

async function shrink<T>(agreement: Agreement<T>, seed: number, at: number): Promise<void> {
  let last: Difference | undefined;
  const property = fc.asyncProperty(agreement.cases, async (value) => {
    const [difference] = await differences([agreement.source(value)], agreement);
    if (difference === undefined) return true;
    last = difference;
    return false;
  });
  await fc.check(property, { seed, path: String(at), numRuns: at + 1, interruptAfterTimeLimit: 20_000 });
  if (last === undefined) throw new Error(`differs only behind the cases before it: seed ${seed}, case ${at}`);
  const { source, expected, got, pause } = last;
  const how = pause === undefined ? "" : ` when pausing every ${pause} ticks`;
  throw new Error(
    `differs${how} (PROPERTIES_SEED=${seed}, case ${at})\n${source}\n--- expected\n${expected}\n--- got\n${got}\n--- end`,
  );
}

/** For each source how the sides differ. */
export async function differences(
  sources: readonly string[],
  { pauses = [], normal = (outcome) => outcome }: Pick<Agreement<unknown>, "pauses" | "normal">,
): Promise<(Difference | undefined)[]> {
  const expected = referenceOutcomes(sources).map(comparable).map(normal);
  const found: (Difference | undefined)[] = sources.map(() => undefined);
  for (const pause of [undefined, ...pauses]) {
    const got = (await outcomes(sources, pause)).map(comparable).map(normal);
    for (const [i, outcome] of got.entries()) {
      if (outcome !== expected[i])
        found[i] ??= { source: sources[i]!, expected: expected[i] ?? "nothing", got: outcome, pause };
    }
  }
  return found;
}

/** The driver's function, called from as many native functions as the reference's own program calls it from. */
const AROUND = `
local run = load([==[${DRIVER}]==], "=driver")()
return function(source)
  local _, outcome = pcall(run, source)
  return outcome
end`;

async function outcomes(sources: readonly string[], pause: number | undefined): Promise<string[]> {
  const before = { ...pausing };
  if (pause !== undefined) Object.assign(pausing, { always: true, ticks: pause });
  try {
    const vm = createFullVm(() => undefined);
    const [run] = list(await new Task(vm, load(vm, AROUND, "=around"), []).start().promise);
    const all: string[] = [];
    for (const source of sources) all.push(await outcome(vm, run, source));
    return all;
  } finally {
    Object.assign(pausing, before);
  }
}

async function outcome(vm: VirtualMachine, run: Value, source: string): Promise<string> {
  try {
    return String(list(await new Task(vm, run, [source]).start().promise)[0]);
  } catch (error) {
    if (error instanceof LuaError) return `error outside: ${String(error.value)}`;
    return `internal error: ${error instanceof Error ? error.stack : String(error)}`;
  }
}
