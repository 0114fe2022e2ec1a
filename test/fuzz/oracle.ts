/**
 * What must hold whatever the input is: nothing but Lua values and Lua errors come out, no text of JavaScript's own in
 * any message, every case ends in time, and memory goes back to where it was.
 */
import { heapSize } from "bun:jsc";
import { Coroutine } from "../../interpreter/coroutine.ts";
import { LuaError, Stop } from "../../interpreter/error.ts";
import { LuaFunction, NativeFunction } from "../../interpreter/function.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { LuaFloat, Userdata, type Value } from "../../interpreter/value.ts";

export type Kind = "javascript" | "value" | "broken" | "slow" | "hang" | "crash" | "memory" | "leak";

/** A promise that did not hold. */
export class Finding {
  constructor(
    readonly kind: Kind,
    readonly message: string,
  ) {}

  /** The same for all inputs that show the same mistake, more or less. */
  get key(): string {
    return `${this.kind}: ${outline(this.message)}`;
  }
}

/** Targets that check something themselves raise this in Lua: `error("fuzz: what is wrong")`. */
const OWN = "fuzz: ";

/** Words that only JavaScript, its engine or its runtime would choose. */
const JAVASCRIPT = new RegExp(
  [
    /\b(?:Type|Range|Reference|Syntax|Internal|URI|Eval|Aggregate)Error\b/,
    /\b(?:undefined|null|NaN) is not\b/,
    /\bis not (?:a function|an object|iterable|a constructor)\b/,
    /\b[Cc]annot (?:read propert|access '|convert (?:undefined|null|a BigInt|a Symbol)|destructure|mix BigInt|set propert)/,
    /\[object [A-Z]\w*\]/,
    /(?:^|\n) +at \S+/,
    /\bat (?:async )?[\w.<>$]+ \([^)]*:\d+/,
    /\.[cm]?[tj]s:\d+/,
    /\bnode_modules\b|\bnode:\w|\bbun:\w|\$bunfs/,
    /Maximum call stack|Out of memory|Invalid (?:array|typed array|string) length/,
    /\bBigInt\b|\bPromise\b|\bUint8Array\b|\bERR_[A-Z_]+/,
    // Jinja's own word is no JavaScript: 'x' is undefined.
    /(?<!' is |value is |\ban )\bundefined\b/,
  ]
    .map((part) => part.source)
    .join("|"),
);

/** Checks a text that a user gets to see. What stood in the input may stand in it. */
export function judgeText(text: string, input: string): void {
  if (text.includes(OWN) && !input.includes(OWN)) throw new Finding("broken", text);
  const found = JAVASCRIPT.exec(text);
  if (found === null) return;
  // Quoted from the input, and the rest of the text is fine.
  if (input.includes(found[0].trim())) return judgeText(text.replaceAll(found[0], ""), input);
  throw new Finding("javascript", text);
}

/** Checks what came instead of results; how it ended, in a few words. */
export function judgeError(error: unknown, input: string): string {
  if (error instanceof Finding) throw error;
  if (error instanceof Stop) {
    judgeText(error.message, input);
    return `stop: ${error.reason}`;
  }
  if (!(error instanceof LuaError)) throw new Finding("javascript", describe(error));
  judgeValue(error.value);
  if (typeof error.value !== "string") return "raised a value";
  judgeText(error.value, input);
  return outline(error.value);
}

/** Checks that values are Lua's: byte strings, normalised numbers, nothing of the host's. */
export function judgeValues(values: readonly Value[]): string {
  const seen = new Set<LuaTable>();
  for (const value of values) judgeValue(value, seen);
  return values.map((value) => (value === null ? "null" : typeof value)).join(" ");
}

const INT64 = 2n ** 63n;

export function judgeValue(value: unknown, seen = new Set<LuaTable>()): void {
  switch (typeof value) {
    case "undefined":
    case "boolean":
      return;
    case "string":
      if (/[^\x00-\xff]/.test(value)) throw new Finding("value", `a string that is no bytes: ${JSON.stringify(value)}`);
      return;
    case "number":
      if (Object.is(value, -0)) throw new Finding("value", "-0 as an integer");
      return;
    case "bigint":
      if (value < -INT64 || value >= INT64) throw new Finding("value", `beyond 64 bits: ${value}`);
      if (Number.isSafeInteger(Number(value))) throw new Finding("value", `a small integer as bigint: ${value}`);
      return;
  }
  if (value instanceof LuaTable) {
    if (seen.has(value) || seen.size > 10_000) return;
    seen.add(value);
    value.forEach((key, element) => {
      judgeValue(key, seen);
      judgeValue(element, seen);
    });
    return;
  }
  if (value instanceof LuaFloat) {
    if (!Number.isSafeInteger(value.n)) throw new Finding("value", `a LuaFloat that need not be one: ${value.n}`);
    return;
  }
  if (value instanceof LuaFunction || value instanceof NativeFunction) return;
  if (value instanceof Coroutine || value instanceof Userdata) return;
  throw new Finding("value", `not a Lua value: ${describe(value)}`);
}

/** A message without what differs from input to input. */
export function outline(message: string): string {
  return message
    .split("\n")[0]!
    .replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "Q")
    .replace(/0x[0-9a-f]+|\d+/gi, "N")
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 70);
}

export function describe(error: unknown): string {
  if (error instanceof Error) return error.stack ?? error.message;
  if (typeof error === "object") return `${error?.constructor?.name} ${Bun.inspect(error, { depth: 1 })}`;
  return String(error);
}

/** Heap that a batch may leave behind, in bytes: caches, code that was compiled. */
const HEAP_MARGIN = 24 << 20;

/** Whether memory returns to where it was after the first batches. */
export class MemoryWatch {
  private base: number | undefined;
  private above = 0;
  /** Heap after the last batch, in bytes. */
  heap = 0;

  /** After a batch. `warm` once all code has run; throws a Finding when the heap stays above its base three times. */
  async look(warm: boolean): Promise<void> {
    Bun.gc(true);
    await Bun.sleep(1); // finalization callbacks
    Bun.gc(true);
    this.heap = heapSize();
    if (!warm) return;
    this.base ??= this.heap;
    this.above = this.heap > this.base + HEAP_MARGIN ? this.above + 1 : 0;
    if (this.above < 3) return;
    const message = `heap of ${mb(this.base)} MB has become ${mb(this.heap)} MB`;
    this.base = this.heap;
    this.above = 0;
    throw new Finding("memory", message);
  }
}

export function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
