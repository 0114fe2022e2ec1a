/** The formats of `read` and `lines` (manual §6.9, `file:read`). */

import type { LuaError } from "../error.ts";
import { chargeString } from "../memory.ts";
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
  if (wanted.length === 1) {
    const value = buffered(stream, wanted[0] as Format);
    if (value !== MISSING) return value;
  }
  const steps = readAll(stream, wanted);
  const turn = steps.next();
  return turn.done === true ? turn.value : finish(steps, turn.value);
}

/** More has to be read from the system. */
const MISSING = Symbol("missing");

/** What can be read from what is available. */
function buffered(stream: Stream, format: Format): Value | typeof MISSING {
  if (stream.available === 0) return MISSING;
  if (format === "l") return bufferedLine(stream) ?? MISSING;
  if (format === "n") return bufferedNumber(stream);
  if (typeof format !== "number" || format === 0 || format > stream.available) return MISSING;
  chargeString(format);
  return stream.take(format);
}

/** The next line if it is all there. */
export function bufferedLine(stream: Stream): string | undefined {
  const { text, at } = stream;
  const end = text.indexOf("\n", at);
  if (end < 0) return undefined;
  stream.at = end + 1;
  chargeString(end - at);
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
  if (typeof value === "string") chargeString(value.length);
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

/** Reads the longest prefix that could be a numeral, and takes it off the stream even when it is none. */
function* readNumber(stream: Stream): Waiting<Value> {
  for (;;) {
    const found = bufferedNumber(stream);
    if (found !== MISSING) return found;
    const waiting = stream.fill(1);
    if (waiting !== undefined) yield waiting;
  }
}

/**
 * The longest that could be a numeral: a sign, digits with a point somewhere, and an exponent if there were digits.
 * Whether it is one shows when it is converted.
 */
const NUMERAL =
  /[-+]?(?:0[xX](?:(?=\.?[\da-fA-F])[\da-fA-F]*\.?[\da-fA-F]*(?:[pP][-+]?\d*)?|\.?)|(?=\.?\d)\d*\.?\d*(?:[eE][-+]?\d*)?|\.?)/y;

/** The number at the start of what is available, nil if there is none. */
function bufferedNumber(stream: Stream): Value | typeof MISSING {
  const { text } = stream;
  while (stream.at < text.length && isSpace(text.charCodeAt(stream.at))) stream.at++;
  NUMERAL.lastIndex = stream.at;
  const { length } = NUMERAL.exec(text)![0];
  if (stream.at + length === text.length && !stream.ended) return MISSING;
  const numeral = stream.take(Math.min(length, MAX_NUMERAL));
  return length > MAX_NUMERAL ? undefined : parseNumber(numeral);
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
