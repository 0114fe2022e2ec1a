/** Which checks of a suite run: `--only`, `--tag`, `--shard`. */
import { nearest } from "../nearest.ts";
import { fileError, usageError } from "../status.ts";
import { needed } from "./rules.ts";
import type { Check } from "./suite.ts";

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

export interface Selection {
  /** What runs, in the order of the file. */
  readonly checks: readonly Check[];
  /** What runs only because this shard's checks need it: other shards report it. */
  readonly silent: ReadonlySet<Check>;
}

/** Selects by names (`*` stands for anything), tags and shard. What the selected checks need runs too. */
export function select(
  checks: readonly Check[],
  only: readonly string[],
  tags: readonly string[],
  shard: Shard | undefined,
): Selection {
  const byName = new Map(checks.map((check) => [check.name, check]));
  const chosen = new Set(checks.filter((check) => isChosen(check, only, tags)));
  for (const pattern of only) {
    if (checks.some((check) => nameFits(check.name, pattern))) continue;
    const suggestion = nearest(pattern, byName.keys());
    const hint = suggestion === undefined ? "" : ` (did you mean ${JSON.stringify(suggestion)}?)`;
    throw fileError(`--only: no check is named ${JSON.stringify(pattern)}${hint}`);
  }
  if (chosen.size === 0) throw fileError("no check is left to run: --only and --tag leave out all of them");
  const withNeeds = (set: ReadonlySet<Check>) => {
    const out = new Set(set);
    for (const check of set) for (const need of needed(check, byName)) out.add(need);
    return out;
  };
  const selected = withNeeds(chosen);
  const inOrder = checks.filter((check) => selected.has(check));
  if (shard === undefined) return { checks: inOrder, silent: new Set() };
  const mine = new Set(inOrder.filter((_, i) => i % shard.count === shard.index - 1));
  const running = withNeeds(mine);
  return {
    checks: inOrder.filter((check) => running.has(check)),
    silent: new Set([...running].filter((check) => !mine.has(check))),
  };
}

function isChosen(check: Check, only: readonly string[], tags: readonly string[]): boolean {
  const byName = only.length === 0 || only.some((pattern) => nameFits(check.name, pattern));
  return byName && (tags.length === 0 || tags.some((tag) => check.tags.includes(tag)));
}

function nameFits(name: string, pattern: string): boolean {
  if (!pattern.includes("*")) return name === pattern;
  const source = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`, "s").test(name);
}

/** `3/10`. In a Kubernetes Indexed Job with ASSAY_SHARDS set, the pod's own index says it. */
export function readShard(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Shard | undefined {
  if (given !== undefined) {
    const match = /^(\d+)\/(\d+)$/.exec(given);
    const shard = match === null ? undefined : { index: Number(match[1]), count: Number(match[2]) };
    if (shard !== undefined && shard.index >= 1 && shard.index <= shard.count) return shard;
    throw usageError(`--shard: expected I/N with 1 <= I <= N, got ${JSON.stringify(given)}`);
  }
  const { ASSAY_SHARDS: count, JOB_COMPLETION_INDEX: index } = env;
  if (count === undefined || count === "" || index === undefined || index === "") return undefined;
  const shard = { index: Number(index) + 1, count: Number(count) };
  if (/^\d+$/.test(index) && /^[1-9]\d*$/.test(count) && shard.index <= shard.count) return shard;
  throw usageError(`ASSAY_SHARDS=${count} and JOB_COMPLETION_INDEX=${index} do not name a shard`);
}
