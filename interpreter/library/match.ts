/** The pattern matcher (manual §6.5.1): backtracks as the reference does, over the items of pattern.ts. */
import { failure } from "../error.ts";
import { chargeString } from "../memory.ts";
import { state } from "../state.ts";
import type { Value } from "../value.ts";
import type { ByteBuilder } from "./bytes.ts";

// biome-ignore lint/suspicious/noConstEnum: the matcher's switch needs its cases inlined
export const enum Op {
  /** The end of the pattern. */
  End,
  /** One byte, `code`. */
  Char,
  /** The bytes of `text`, two at least. */
  Literal,
  /** One byte of `set`. */
  Set,
  /** Any byte. */
  Any,
  /** `*` and `+`: as many bytes of `set` as possible, at least `least`. */
  Greedy,
  /** `-`: as few bytes of `set` as possible. */
  Lazy,
  /** `?` */
  Option,
  /** `(`: capture `code` begins. */
  Open,
  /** `()`: capture `code` is a position. */
  Position,
  /** `)`: capture `code` ends. */
  Close,
  /** `%1`: what capture `code` holds, once more. */
  Back,
  /** `%bxy`: from `code` to the balancing `other`. */
  Balance,
  /** `%f[set]` */
  Frontier,
  /** `$` at the end of the pattern. */
  Finish,
  /** A malformed part; `text` says how. */
  Error,
}

/** A set of bytes: 1 for each member. */
export type ByteSet = Uint8Array;

/** One step of the matcher. All items have the same fields, so that reading them stays monomorphic. */
export class Item {
  next: Item = this;
  /** Whether a single byte's set holds all bytes (`.`). */
  any = false;
  /** Greedy: 0 or 1. */
  least = 0;
  /**
   * Quantifiers: only the longest (Lazy: the shortest) run can lead to a match, because what follows either always
   * matches or cannot begin with a byte of the set. Nothing needs to be tried again then.
   */
  direct = false;
  /** Quantifiers: bytes that what follows can begin with; undefined when it may match without consuming any. */
  follow: ByteSet | undefined = undefined;
  /** The one byte in `follow`, or -1. */
  followCode = -1;
  constructor(
    readonly op: Op,
    readonly code: number,
    readonly other: number,
    readonly set: ByteSet,
    readonly text: string,
  ) {}
}

/** More captures are an error (LUA_MAXCAPTURES). */
export const MAX_CAPTURES = 32;
/** How deep quantifiers and captures of one pattern may nest (MAXCCALLS). */
export const MAX_DEPTH = 200;

export interface Pattern {
  readonly head: Item;
  /** Captures there are at the end of the pattern. */
  readonly captures: number;
  /** Captures that were never closed, a bit each. */
  readonly unfinished: number;
  /** Captures that are positions, a bit each. */
  readonly positions: number;
  /** Whether it begins with `^`. */
  readonly anchored: boolean;
  /** Bytes that a match can begin with, except one at the subject's end; undefined: any. */
  readonly first: ByteSet | undefined;
  /** Text that every match begins with; `afterPrefix` is what follows it. */
  readonly prefix: string;
  readonly afterPrefix: Item;
  /** The one item that the whole pattern consists of, if that is a set of bytes, alone or with `+`. */
  readonly simple: Item | undefined;
  /** The text that the pattern stands for when it is that text and nothing else. */
  readonly literal: string | undefined;
  /** Whether it has none of the characters that make `string.find` look for more than a plain text. */
  readonly plain: boolean;
}

// Where the captures of the last match lie. Shared by all: whoever matches takes its captures before anyone else can.
const starts = new Int32Array(MAX_CAPTURES);
const ends = new Int32Array(MAX_CAPTURES);

/** Where the last successful search found its match: the position of its first byte, from 0. */
let found = 0;

/** Steps between two looks at the deadline. */
const STEPS = 20_000;
let steps = STEPS;

/** Counts work against the deadline: about one step for an attempt, or for 16 bytes passed over. */
function spend(count: number): void {
  steps -= count;
  if (steps < 0) {
    steps = STEPS;
    // The evaluator shall take its look as well, so that other tasks get their turn after this call.
    state.ticks = 0;
    state.vm.check();
  }
}

function tooComplex(): never {
  throw failure("pattern too complex");
}

/** The end of the longest run of bytes of a quantifier's set. */
function runEnd(s: string, at: number, item: Item): number {
  const end = s.length;
  if (item.any) return end;
  const set = item.set;
  let i = at;
  while (i < end && set[s.charCodeAt(i)] !== 0) i++;
  return i;
}

/** Texts from this length on are compared by the engine. */
const LONG = 16;

/** Whether `text` stands at `at`. */
function startsWith(s: string, at: number, text: string): boolean {
  const { length } = text;
  if (length > s.length - at) return false;
  if (length >= LONG) {
    spend(length >> 6);
    return s.startsWith(text, at);
  }
  for (let i = 0; i < length; i++) if (s.charCodeAt(at + i) !== text.charCodeAt(i)) return false;
  return true;
}

/** Matches the items from `item` on at position `at`; the position behind the match, or -1. */
function match(s: string, at: number, item: Item, depth: number): number {
  const end = s.length;
  if (depth > MAX_DEPTH) tooComplex();
  for (;;) {
    switch (item.op) {
      case Op.End:
        return at;
      case Op.Char:
        if (at >= end || s.charCodeAt(at) !== item.code) return -1;
        at++;
        break;
      case Op.Literal:
        if (!startsWith(s, at, item.text)) return -1;
        at += item.text.length;
        break;
      case Op.Set:
        if (at >= end || item.set[s.charCodeAt(at)] === 0) return -1;
        at++;
        break;
      case Op.Any:
        if (at >= end) return -1;
        at++;
        break;
      case Op.Greedy: {
        const last = runEnd(s, at, item);
        spend((last - at) >> 4);
        const least = at + item.least;
        if (last < least) return -1;
        if (last === at) break;
        if (!item.direct) return backOff(s, least, last, item, depth + 1);
        if (++depth > MAX_DEPTH) tooComplex();
        at = last;
        break;
      }
      case Op.Lazy:
        if (at >= end || item.set[s.charCodeAt(at)] === 0) break;
        if (!item.direct) return goOn(s, at, item, depth + 1);
        if (++depth > MAX_DEPTH) tooComplex();
        break;
      case Op.Option: {
        if (at >= end || item.set[s.charCodeAt(at)] === 0) break;
        if (item.direct) {
          if (++depth > MAX_DEPTH) tooComplex();
          at++;
          break;
        }
        spend(1);
        const result = match(s, at + 1, item.next, depth + 1);
        if (result >= 0) return result;
        break;
      }
      case Op.Open:
        starts[item.code] = at;
        if (++depth > MAX_DEPTH) tooComplex();
        break;
      case Op.Position:
        starts[item.code] = at;
        ends[item.code] = -1; // makes a back reference fail, as it must
        if (++depth > MAX_DEPTH) tooComplex();
        break;
      case Op.Close:
        ends[item.code] = at;
        if (++depth > MAX_DEPTH) tooComplex();
        break;
      case Op.Back: {
        const from = starts[item.code]!;
        const length = ends[item.code]! - from;
        if (length < 0 || !repeats(s, from, length, at)) return -1;
        at += length;
        break;
      }
      case Op.Balance:
        at = balance(s, at, item.code, item.other);
        if (at < 0) return -1;
        break;
      case Op.Frontier: {
        const before = at === 0 ? 0 : s.charCodeAt(at - 1);
        const after = at < end ? s.charCodeAt(at) : 0;
        if (item.set[before] !== 0 || item.set[after] === 0) return -1;
        break;
      }
      case Op.Finish:
        if (at !== end) return -1;
        break;
      case Op.Error:
        throw failure(item.text);
    }
    item = item.next;
  }
}

/** The rest of the pattern after a greedy run that may end anywhere from `least` to `last`: longest first. */
function backOff(s: string, least: number, last: number, item: Item, depth: number): number {
  if (depth > MAX_DEPTH) tooComplex();
  const { next, follow } = item;
  const end = s.length;
  for (let at = last; at >= least; at--) {
    if (follow !== undefined && at < end && follow[s.charCodeAt(at)] === 0) continue;
    spend(1);
    const result = match(s, at, next, depth);
    if (result >= 0) return result;
  }
  spend((last - least) >> 4);
  return -1;
}

/** The rest of the pattern after a lazy run that begins at `at`: shortest first. */
function goOn(s: string, from: number, item: Item, depth: number): number {
  if (depth > MAX_DEPTH) tooComplex();
  const { next, follow, set } = item;
  const end = s.length;
  let at = from;
  for (;;) {
    if (follow === undefined || at >= end || follow[s.charCodeAt(at)] !== 0) {
      spend(1 + ((at - from) >> 4));
      const result = match(s, at, next, depth);
      if (result >= 0) return result;
      from = at;
    }
    if (at >= end || set[s.charCodeAt(at)] === 0) {
      spend((at - from) >> 4);
      return -1;
    }
    at++;
    if (item.any && item.followCode >= 0) {
      at = s.indexOf(String.fromCharCode(item.followCode), at);
      // Only at the very end could the rest still match without that byte (`$`, a frontier).
      if (at < 0) at = end;
    }
  }
}

/** Whether the `length` bytes from `from` on stand at `at` once more. */
function repeats(s: string, from: number, length: number, at: number): boolean {
  if (length > s.length - at) return false;
  spend(length >> 4);
  for (let i = 0; i < length; i++) if (s.charCodeAt(from + i) !== s.charCodeAt(at + i)) return false;
  return true;
}

/** The position behind the balanced text that begins at `at`, or -1. */
function balance(s: string, at: number, opening: number, closing: number): number {
  const end = s.length;
  if (at >= end || s.charCodeAt(at) !== opening) return -1;
  let open = 1;
  for (let i = at + 1; i < end; i++) {
    const code = s.charCodeAt(i);
    if (code === closing) {
      if (--open === 0) {
        spend((i - at) >> 4);
        return i + 1;
      }
    } else if (code === opening) open++;
  }
  spend((end - at) >> 4);
  return -1;
}

/**
 * The first match of a pattern at position `from` or later; returns the position behind it, or -1. `matchStart`
 * tells where it begins. A match that ends at `avoid` does not count: the one before ended there.
 */
export function search(pattern: Pattern, s: string, from: number, avoid: number): number {
  const end = s.length;
  const { head, prefix, first, simple } = pattern;
  let at = from;
  if (simple !== undefined) {
    const set = simple.set;
    while (at < end && set[s.charCodeAt(at)] === 0) at++;
    spend(1 + ((at - from) >> 4));
    if (at >= end) return -1;
    found = at;
    return simple.op === Op.Greedy ? runEnd(s, at + 1, simple) : at + 1;
  }
  if (pattern.anchored) {
    found = at;
    const result = match(s, at, head, 1);
    return result === avoid ? -1 : result;
  }
  if (prefix !== "") {
    const { afterPrefix } = pattern;
    for (;;) {
      const next = s.indexOf(prefix, at);
      spend(1 + ((next < 0 ? end - at : next - at) >> 6));
      if (next < 0) return -1;
      const after = next + prefix.length;
      const result = afterPrefix.op === Op.End ? after : match(s, after, afterPrefix, 1);
      if (result >= 0 && result !== avoid) {
        found = next;
        return result;
      }
      at = next + 1;
    }
  }
  for (; at <= end; at++) {
    if (first !== undefined) {
      const before = at;
      while (at < end && first[s.charCodeAt(at)] === 0) at++;
      spend((at - before) >> 4);
    }
    spend(1);
    const result = match(s, at, head, 1);
    if (result >= 0 && result !== avoid) {
      found = at;
      return result;
    }
  }
  return -1;
}

/** Where the match that `search` returned last begins, from 0. */
export function matchStart(): number {
  return found;
}

/** The value of capture `index` of the match from `start` to `end`; a pattern without captures has the whole match. */
export function captureValue(pattern: Pattern, s: string, index: number, start: number, end: number): string | number {
  if (index >= pattern.captures) {
    if (index !== 0) throw failure(`invalid capture index %${index + 1}`);
    return piece(s, start, end);
  }
  const bit = 1 << index;
  if ((pattern.unfinished & bit) !== 0) throw failure("unfinished capture");
  if ((pattern.positions & bit) !== 0) return starts[index]! + 1;
  return piece(s, starts[index]!, ends[index]!);
}

/** Adds capture `index` to a string under way; the same as adding `captureValue`, without making it first. */
export function addCapture(
  builder: ByteBuilder,
  pattern: Pattern,
  s: string,
  index: number,
  start: number,
  end: number,
): void {
  const bit = 1 << index;
  if (index < pattern.captures && ((pattern.unfinished | pattern.positions) & bit) === 0) {
    builder.addPart(s, starts[index]!, ends[index]!);
  } else builder.add(String(captureValue(pattern, s, index, start, end)));
}

/** Appends the captures of a match to `values`; without captures, the whole match if `whole`. */
export function pushCaptures(
  pattern: Pattern,
  s: string,
  start: number,
  end: number,
  values: Value[],
  whole: boolean,
): void {
  const count = pattern.captures === 0 && whole ? 1 : pattern.captures;
  for (let i = 0; i < count; i++) values.push(captureValue(pattern, s, i, start, end));
}

function piece(s: string, start: number, end: number): string {
  chargeString(end - start);
  return s.substring(start, end);
}
