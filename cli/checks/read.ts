/** From the validated tree of a check to the check. */
import { parseDuration } from "../quantity.ts";
import { child, listItems, type MapTree, placeAt, plain, type Tree } from "./document.ts";
import type { Rules } from "./rules.ts";
import { CHECK_KEYS } from "./schema.ts";
import { Template } from "./substitute.ts";
import type { Backoff, Check, Step } from "./suite.ts";
import { CHECK_TYPES } from "./types/index.ts";
import type { Body, CheckType } from "./types/type.ts";
import { listOf } from "./types/type.ts";

const TIMEOUT_MS = 120_000;
const CHECK_TIMEOUT_MS = 30_000;
const BACKOFF_MS = 1000;
const CLEANUP_MS = 10_000;

/** A check of a file, defaults merged and references replaced. */
export interface CheckTree {
  readonly tree: Tree;
  /** Such as `checks[2]`. */
  readonly path: string;
  /** The name of the `foreach` it comes from. */
  readonly group: string | undefined;
  readonly folder: string;
  /** The file it stands in. */
  readonly file: MapTree;
  readonly vars: Readonly<Record<string, unknown>>;
  /** Whether the schema found nothing wrong with it. */
  readonly valid: boolean;
}

export interface FileSettings {
  readonly timeoutMs: number;
  readonly parallel: number;
  readonly cleanupMs: number;
}

/** What a file says about the whole run. */
export function readFileSettings(tree: MapTree): FileSettings {
  const get = (key: string) => plainOf(tree, key);
  const parallel = get("parallel");
  return {
    timeoutMs: duration(get("timeout")) ?? TIMEOUT_MS,
    parallel: parallel === true ? Infinity : typeof parallel === "number" ? parallel : 1,
    cleanupMs: duration(get("cleanup_timeout")) ?? CLEANUP_MS,
  };
}

function plainOf(tree: Tree | undefined, key: string): unknown {
  const value = child(tree, key);
  return value === undefined ? undefined : plain(value);
}

/** Milliseconds; undefined for what is not there, or is no duration (a mistake noted elsewhere). */
function duration(given: unknown): number | undefined {
  return typeof given === "string" || typeof given === "number" ? parseDuration(given) : undefined;
}

/** Reads a check. What is wrong beyond the schema is noted by the rules; an invalid check gives whatever it can. */
export function readCheck(check: CheckTree, rules: Rules): Check {
  const { tree, path, file } = check;
  const get = (key: string) => plainOf(tree, key);
  const until = text(get("until")) ?? text(plainOf(file, "until"));
  const retries = get("retries") ?? plainOf(file, "retries");
  const typeName = text(get("type"));
  const steps = child(tree, "steps");
  const read: Check = {
    name: text(get("name")) ?? path,
    place: placeAt(tree, ["name"]),
    folder: check.folder,
    timeoutMs: duration(get("timeout")) ?? CHECK_TIMEOUT_MS,
    retries: typeof retries === "number" ? retries : until === undefined ? 0 : Infinity,
    backoff: readBackoff(get("backoff") ?? plainOf(file, "backoff")),
    until,
    tags: texts(get("tags")),
    condition: text(get("if")),
    needs: texts(get("needs")),
    capture: expressions(get("capture")),
    steps:
      steps?.kind === "list"
        ? steps.items.flatMap((step, i) => readStep(step, typeName, `step ${i + 1}`))
        : readStep(tree, typeName, undefined),
    cleanup: listItems(child(tree, "cleanup")).flatMap((step, i) => readStep(step, typeName, `cleanup ${i + 1}`)),
    vars: check.vars,
  };
  if (check.valid) rules.checkOne(check, read);
  return read;
}

/** The strings among one value or a list: a check that is not valid is read too, for what can be said about it. */
function texts(given: unknown): string[] {
  return listOf<unknown>(given).filter((one) => typeof one === "string");
}

function expressions(given: unknown): Record<string, string> {
  const out: Record<string, string> = Object.create(null);
  if (typeof given !== "object" || given === null) return out;
  for (const [name, value] of Object.entries(given)) if (typeof value === "string") out[name] = value;
  return out;
}

function text(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}

function readStep(tree: Tree, outerType: string | undefined, label: string | undefined): Step[] {
  const type = stepType(tree, outerType);
  if (type === undefined) return [];
  const name = text(plainOf(tree, "name"));
  return [
    {
      label: label === undefined ? undefined : (name ?? label),
      name: label === undefined ? undefined : name,
      type,
      body: bodyOf(tree, type),
      timeoutMs: label === undefined ? undefined : duration(plainOf(tree, "timeout")),
      capture: label === undefined ? {} : expressions(plainOf(tree, "capture")),
    },
  ];
}

/** The type of a step: its own, its check's, or http. */
export function stepType(tree: Tree, outer: string | undefined): CheckType | undefined {
  const name = text(plainOf(tree, "type")) ?? outer ?? "http";
  return CHECK_TYPES.find((type) => type.name === name);
}

/** What belongs to the type: everything but the keys that all checks have. */
function bodyOf(tree: Tree, type: CheckType): Body {
  const all = plain(tree);
  const body: Record<string, unknown> = {};
  if (typeof all !== "object" || all === null || all instanceof Template) return body;
  for (const [key, value] of Object.entries(all)) {
    if (Object.hasOwn(type.fields, key) || key === "expect" || !Object.hasOwn(CHECK_KEYS, key)) body[key] = value;
  }
  return body;
}

function readBackoff(given: unknown): Backoff {
  if (typeof given === "object" && given !== null) {
    const { initial, factor, max, jitter } = given as Record<string, unknown>;
    return {
      initialMs: duration(initial) ?? BACKOFF_MS,
      factor: typeof factor === "number" ? factor : 1,
      maxMs: duration(max) ?? Infinity,
      jitter: jitter === true,
    };
  }
  return { initialMs: duration(given) ?? BACKOFF_MS, factor: 1, maxMs: Infinity, jitter: false };
}
