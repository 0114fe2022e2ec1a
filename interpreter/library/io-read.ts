/** The formats of `read` and `lines` (manual §6.9, `file:read`). */

import type { LuaError } from "../error.ts";
import { charge } from "../memory.ts";
import { argumentError, checkInteger, checkString } from "../native.ts";
import { parseNumber } from "../number.ts";
import { isNumber, NOTHING, type Results, type Value } from "../value.ts";
import type { Stream } from "./io-stream.ts";
import { reserveString } from "./size.ts";
import { failed } from "./system-error.ts";

/** One thing to be read: `n`, `l`, `L`, `a`, a number of bytes, or a mistake to be raised when its turn comes. */
export type Format = "n" | "l" | "L" | "a" | number | { error: LuaError };

/** Yields what has to be waited for. */
type Waiting<T> = Generator<Promise<void>, T, void>;

/** Longest numeral that is read (L_MAXLENNUM). */
const MAX_NUMERAL = 200;
/** Bytes that a string takes besides its characters. */
const STRING_OVERHEAD = 24;
/** Blocks of a regular file above this size go into one string at once. */
const LARGE = 64 * 1024;

/** The formats among a function's arguments; `first` is the argument number of the first. */
export function formats(args: readonly Value[], first: number): Format[] {
  return args.map((arg, i): Format => {
    try {
      return format(arg, first + i);
    } catch (error) {
      return { error: error as LuaError };
    }
  });
}

function format(arg: Value, index: number): Format {
  if (isNumber(arg)) {
    const count = Number(checkInteger(arg, index));
    return count < 0 ? Infinity : count;
  }
  const text = checkString(arg, index);
  const letter = text[text[0] === "*" ? 1 : 0];
  if (letter === "n" || letter === "l" || letter === "L" || letter === "a") return letter;
  throw argumentError(index, "invalid format");
}

/** What a read function returns when no formats are given: a line without its end. */
export const LINE: readonly Format[] = ["l"];

/**
 * Reads by formats (`g_read`): a value for each, nil for the first that fails; or nil, a message and a number. A
 * promise when it has to wait.
 */
export function readFormats(stream: Stream, wanted: readonly Format[]): Results | Promise<Results> {
  if (wanted === LINE) {
    const line = bufferedLine(stream);
    if (line !== undefined) return line;
  }
  const steps = readAll(stream, wanted);
  const turn = steps.next();
  return turn.done === true ? turn.value : finish(steps, turn.value);
}

/** The next line if it is all there. */
export function bufferedLine(stream: Stream): string | undefined {
  const { text, at } = stream;
  const end = text.indexOf("\n", at);
  if (end < 0) return undefined;
  stream.at = end + 1;
  charge(end - at + STRING_OVERHEAD);
  return text.substring(at, end);
}

async function finish(steps: Waiting<Results>, promise: Promise<void>): Promise<Results> {
  let waiting = promise;
  for (;;) {
    await waiting;
    const turn = steps.next();
    if (turn.done === true) return turn.value;
    waiting = turn.value;
  }
}

function* readAll(stream: Stream, wanted: readonly Format[]): Waiting<Results> {
  stream.beginRead();
  const values: Value[] = [];
  for (const format of wanted) {
    const value = yield* readOne(stream, format);
    values.push(value);
    if (value === undefined) break;
  }
  if (stream.failure !== undefined) return failed(stream.failure);
  return values.length === 1 ? values[0] : values.length === 0 ? NOTHING : values;
}

function* readOne(stream: Stream, format: Format): Waiting<Value> {
  let value: Value;
  if (format === "l" || format === "L") value = yield* readLine(stream, format === "L");
  else if (format === "a") value = yield* readRest(stream);
  else if (format === "n") return yield* readNumber(stream);
  else if (typeof format === "number") value = yield* format === 0 ? atEnd(stream) : readBytes(stream, format);
  else throw format.error;
  if (typeof value === "string") charge(value.length + STRING_OVERHEAD);
  return value;
}

/** Sees to it that there is something to take; false at the end of the file. */
function* ready(stream: Stream, wanted = 1): Waiting<boolean> {
  if (stream.available > 0) return true;
  const waiting = stream.fill(wanted);
  if (waiting !== undefined) yield waiting;
  return stream.available > 0;
}

function* atEnd(stream: Stream): Waiting<Value> {
  return (yield* ready(stream)) ? "" : undefined;
}

function* readLine(stream: Stream, keepEnd: boolean): Waiting<Value> {
  let line = "";
  while (yield* ready(stream)) {
    const end = stream.text.indexOf("\n", stream.at);
    if (end >= 0) {
      line += stream.take(end + 1 - stream.at);
      return keepEnd ? line : line.slice(0, -1);
    }
    reserveString(line.length + stream.available);
    line += stream.take(stream.available);
  }
  return line === "" ? undefined : line;
}

function* readBytes(stream: Stream, count: number): Waiting<Value> {
  let bytes = "";
  while (bytes.length < count && (yield* ready(stream, count - bytes.length))) {
    reserveString(bytes.length + Math.min(stream.available, count - bytes.length));
    bytes += stream.take(count - bytes.length);
    const missing = count - bytes.length;
    const rest = missing < LARGE ? undefined : stream.remaining();
    if (rest !== undefined && rest >= LARGE) bytes += largePiece(stream, bytes.length, Math.min(missing, rest));
  }
  return bytes === "" ? undefined : bytes;
}

function* readRest(stream: Stream): Waiting<Value> {
  let all = "";
  while (yield* ready(stream, LARGE)) {
    reserveString(all.length + stream.available);
    all += stream.take(stream.available);
    const rest = stream.remaining();
    if (rest !== undefined && rest >= LARGE) all += largePiece(stream, all.length, rest);
  }
  return all;
}

function largePiece(stream: Stream, before: number, size: number): string {
  reserveString(before + size);
  return stream.readLarge(size);
}

enum Digits {
  Decimal,
  Hexadecimal,
}

/** Reads the longest prefix that could be a numeral, and takes it off the stream even when it is none. */
function* readNumber(stream: Stream): Waiting<Value> {
  while (yield* ready(stream)) {
    while (stream.available > 0 && isSpace(stream.text.charCodeAt(stream.at))) stream.at++;
    if (stream.available > 0) break;
  }
  for (;;) {
    const { length, open } = numeral(stream.text, stream.at);
    if (!open || stream.ended) {
      const text = stream.take(length);
      return length >= MAX_NUMERAL && open === undefined ? undefined : parseNumber(text);
    }
    const waiting = stream.fill(1);
    if (waiting !== undefined) yield waiting;
  }
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/**
 * Length of the numeral's prefix at `start`. `open`: it reaches the end of the text, more may follow; undefined: it
 * is too long for a numeral.
 */
function numeral(text: string, start: number): { length: number; open: boolean | undefined } {
  let at = start;
  let overflow = false;
  const test = (set: string): boolean => {
    if (at >= text.length || !set.includes(text[at]!)) return false;
    if (at - start >= MAX_NUMERAL) {
      overflow = true;
      return false;
    }
    at++;
    return true;
  };
  const digits = (kind: Digits): number => {
    const from = at;
    while (test(kind === Digits.Hexadecimal ? "0123456789abcdefABCDEF" : "0123456789"));
    return at - from;
  };
  let count = 0;
  let kind = Digits.Decimal;
  test("-+");
  if (test("0")) {
    if (test("xX")) kind = Digits.Hexadecimal;
    else count = 1;
  }
  count += digits(kind);
  if (test(".")) count += digits(kind);
  if (count > 0 && test(kind === Digits.Hexadecimal ? "pP" : "eE")) {
    test("-+");
    digits(Digits.Decimal);
  }
  if (overflow) return { length: at - start, open: undefined };
  return { length: at - start, open: at >= text.length };
}
