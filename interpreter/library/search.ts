/** `string.find`, `match` and `gmatch` (manual §6.5). */
import { NativeFunction } from "../function.ts";
import { charge } from "../memory.ts";
import { checkIndex, checkString } from "../native.ts";
import { NOTHING, type Results, truthy, type Value } from "../value.ts";
import { captureValue, matchStart, type Pattern, pushCaptures, search } from "./match.ts";
import { isPlain, patternOf, unanchoredPatternOf } from "./pattern.ts";

/** A relative start position from 0, clipped to the string's beginning but not to its end (`posrelatI`). */
export function startIndex(position: number, length: number): number {
  if (position > 0) return position - 1;
  return position === 0 || position < -length ? 0 : length + position;
}

/** A relative end position as the count of bytes up to it (`getendpos`). */
export function endIndex(position: number, length: number): number {
  if (position > length) return length;
  if (position >= 0) return position;
  return position < -length ? 0 : length + position + 1;
}

/** The optional third argument of the functions here, from 0. */
function initial(value: Value, length: number): number {
  return value === undefined ? 0 : startIndex(checkIndex(value, 3), length);
}

/** Texts from here on are looked at before anything is made of them: what is searched for may be long. */
const LONG = 100;

function findPlain(s: string, text: string, from: number): Results {
  const at = s.indexOf(text, from);
  return at < 0 ? undefined : [at + 1, at + text.length];
}

/** `string.find(s, pattern, init, plain)` */
export function find(args: Value[]): Results {
  const s = checkString(args[0], 1);
  const text = checkString(args[1], 2);
  const from = initial(args[2], s.length);
  if (from > s.length) return undefined;
  if (truthy(args[3]) || (text.length > LONG && isPlain(text))) return findPlain(s, text, from);
  const pattern = patternOf(text);
  if (pattern.plain) return findPlain(s, text, from);
  if (pattern.literal !== undefined) return findPlain(s, pattern.literal, from);
  const end = search(pattern, s, from, -1);
  if (end < 0) return undefined;
  const start = matchStart();
  const values: Value[] = [start + 1, end];
  if (pattern.captures > 0) pushCaptures(pattern, s, start, end, values, false);
  return values;
}

/** `string.match(s, pattern, init)` */
export function matchString(subject: Value, wanted: Value, init: Value): Results {
  const s = checkString(subject, 1);
  const pattern = patternOf(checkString(wanted, 2));
  const from = initial(init, s.length);
  if (from > s.length) return undefined;
  const end = search(pattern, s, from, -1);
  return end < 0 ? undefined : captures(pattern, s, end);
}

/** The results of a match that ends at `end`: its captures, or the whole match. */
function captures(pattern: Pattern, s: string, end: number): Results {
  const start = matchStart();
  if (pattern.captures <= 1) return captureValue(pattern, s, 0, start, end);
  const values: Value[] = [];
  pushCaptures(pattern, s, start, end, values, true);
  return values;
}

/** `string.gmatch(s, pattern, init)`: the iterator function. */
export function gmatch(subject: Value, wanted: Value, init: Value): Value {
  const s = checkString(subject, 1);
  const pattern = unanchoredPatternOf(checkString(wanted, 2));
  let at = initial(init, s.length);
  let last = -1;
  charge(120);
  const step = () => {
    const end = at > s.length ? -1 : search(pattern, s, at, last);
    if (end < 0) {
      at = s.length + 1;
      return NOTHING;
    }
    at = last = end;
    return captures(pattern, s, end);
  };
  const iterator = new NativeFunction("for iterator", step, undefined);
  iterator.held = [s];
  return iterator;
}
