/**
 * A short run of each target, two at a time. The seed is always the same: what fails here fails again with
 * `bun run fuzz TARGET --seed SEED --path PATH`, as the message says. ASSAY_FUZZ_SEED tries another one.
 */

import { expect, test } from "bun:test";
import { availableParallelism } from "node:os";
import { targets } from "./targets.ts";
import { corpus, type Result, watch } from "./watch.ts";

const SEED = Number(process.env.ASSAY_FUZZ_SEED ?? 1);
/** Milliseconds after which a target tries no further case: on a slow machine there are fewer. */
const TIME_MS = 4000;

/** Runs that have begun, or wait for one of those before them to end. */
const runs: Promise<Result>[] = [];

function begin(): void {
  const waiting = targets.map((target) => ({ target, ...Promise.withResolvers<Result>() }));
  runs.push(...waiting.map(({ promise }) => promise));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { target, resolve, reject } = next;
      const plan = { seed: SEED, cases: target.cases, timeMs: TIME_MS, path: undefined, corpus: corpus(target.name) };
      await watch(target, plan, () => {}).then(resolve, reject);
    }
  };
  for (let i = 0; i < Math.min(2, availableParallelism()); i++) void work();
}

test.each(targets.map(({ name }, i) => [name, i] as const))(
  "%s",
  async (name, i) => {
    if (runs.length === 0) begin();
    const { finds, figures } = await runs[i]!;
    const shown = finds.map(({ message, seed, path, input }) => ({
      message,
      input: JSON.stringify(input.slice(0, 2000)),
      again: `bun run fuzz ${name} --seed ${seed}${path === "" ? "" : ` --path ${path}`}`,
    }));
    expect(shown).toEqual([]);
    expect(figures?.cases).toBeGreaterThan(0);
  },
  180_000,
);

test("what is wrong is found, made small, and found again by its seed", async () => {
  const { planted } = await import("./planted.ts");
  const plan = { seed: SEED, cases: 2000, timeMs: 20_000, path: undefined, corpus: [] };
  const { campaign } = await import("./campaign.ts");
  const finds = new Map<string, { input: string; seed: number; path: string }>();
  await campaign(
    planted,
    plan,
    () => {},
    (find) => finds.set(find.key, find),
  );
  expect([...finds.keys()].sort()).toEqual([
    "broken: fuzz: own check",
    "hang: no end N.N s after the start",
    "javascript: undefined is not a function",
    "value: a string that is no bytes: Q",
  ]);
  const found = finds.get("javascript: undefined is not a function")!;
  expect(found.input).toBe("a!");
  const again: string[] = [];
  await campaign(
    planted,
    { ...plan, seed: found.seed, path: found.path },
    () => {},
    (find) => again.push(find.input),
  );
  expect(again).toEqual(["a!"]);
}, 60_000);
