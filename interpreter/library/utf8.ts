/** The utf8 library (manual §6.6): UTF-8 in byte strings, with code points up to 2^31 if asked for. */

import { failure } from "../error.ts";
import { NativeFunction, type NativeResult } from "../function.ts";
import { chargeString } from "../memory.ts";
import {
  argumentError,
  boolean,
  checkIndex,
  checkInteger,
  checkString,
  integer,
  type Library,
  library,
  optional,
  rawFn,
  rawVariadic,
  rest,
  returns,
  string,
} from "../native.ts";
import { toInteger } from "../number.ts";
import { MAX_REGISTERS, state } from "../state.ts";
import { NOTHING, type Results, truthy, type Value } from "../value.ts";

/** The last code point of Unicode. */
const MAX_UNICODE = 0x10ffff;
/** The last one that six bytes hold. */
const MAX_CODE = 0x7fff_ffff;

const INVALID = "invalid UTF-8 code";

/** The smallest code that needs as many continuation bytes as the index says; shorter forms must be used below. */
const LEAST = [Number.POSITIVE_INFINITY, 0x80, 0x800, 0x10000, 0x200000, 0x4000000];

/** The code point that `decode` found last. */
let decoded = 0;

/** A byte, or the zero behind the string. */
function byteAt(s: string, at: number): number {
  return at < s.length ? s.charCodeAt(at) : 0;
}

function isContinuation(s: string, at: number): boolean {
  return (byteAt(s, at) & 0xc0) === 0x80;
}

/** Decodes the sequence at `at` into `decoded`; returns the position behind it, or -1 if it is invalid. */
function decode(s: string, at: number, strict: boolean): number {
  let lead = byteAt(s, at);
  if (lead < 0x80) {
    decoded = lead;
    return at + 1;
  }
  let count = 0;
  let code = 0;
  for (; (lead & 0x40) !== 0; lead <<= 1) {
    const next = byteAt(s, at + ++count);
    if ((next & 0xc0) !== 0x80) return -1;
    code = code * 64 + (next & 0x3f);
  }
  // The lead byte has been shifted left once for each continuation byte.
  code += (lead & 0x7f) * 2 ** (count * 5);
  if (count > 5 || code > MAX_CODE || code < LEAST[count]!) return -1;
  if (strict && (code > MAX_UNICODE || (code >= 0xd800 && code <= 0xdfff))) return -1;
  decoded = code;
  return at + count + 1;
}

/** The bytes of a code point up to 2^31. */
export function encode(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  let rest = code;
  let bytes = "";
  let room = 0x3f; // what fits the first byte
  do {
    bytes = String.fromCharCode(0x80 | (rest & 0x3f)) + bytes;
    rest >>>= 6;
    room >>= 1;
  } while (rest > room);
  return String.fromCharCode(((~room << 1) & 0xff) | rest) + bytes;
}

/** A position from 1; negative ones count from the end, and are 0 when before the beginning (`u_posrelat`). */
function absolute(position: number, length: number): number {
  if (position >= 0) return position;
  return -position > length ? 0 : length + position + 1;
}

function char(args: Value[]): Value {
  let text = "";
  for (let i = 0; i < args.length; i++) {
    const code = checkInteger(args[i], i + 1);
    if (code < 0 || code > MAX_CODE) throw argumentError(i + 1, "value out of range");
    text += encode(Number(code));
  }
  chargeString(text.length);
  return text;
}

function length(args: Value[]): Results {
  const s = checkString(args[0], 1);
  const size = s.length;
  let at = absolute(args[1] === undefined ? 1 : checkIndex(args[1], 2), size);
  let last = absolute(args[2] === undefined ? -1 : checkIndex(args[2], 3), size);
  const strict = !truthy(args[3]);
  if (at < 1 || --at > size) throw argumentError(2, "initial position out of bounds");
  if (--last >= size) throw argumentError(3, "final position out of bounds");
  let count = 0;
  while (at <= last) {
    if (s.charCodeAt(at) < 0x80) at++;
    else {
      const next = decode(s, at, strict);
      if (next < 0) return [undefined, at + 1];
      at = next;
    }
    count++;
  }
  return count;
}

function codepoint(args: Value[]): Results {
  const s = checkString(args[0], 1);
  const first = absolute(args[1] === undefined ? 1 : checkIndex(args[1], 2), s.length);
  const last = absolute(args[2] === undefined ? first : checkIndex(args[2], 3), s.length);
  const strict = !truthy(args[3]);
  if (first < 1) throw argumentError(2, "out of bounds");
  if (last > s.length) throw argumentError(3, "out of bounds");
  if (first > last) return NOTHING;
  if (last - first >= MAX_REGISTERS - state.top) throw failure("stack overflow (string slice too long)");
  const codes: Value[] = [];
  for (let at = first - 1; at < last; ) {
    at = decode(s, at, strict);
    if (at < 0) throw failure(INVALID);
    codes.push(decoded);
  }
  return codes.length === 1 ? codes[0] : codes;
}

function offset(subject: Value, nth: Value, from: Value): Results {
  const s = checkString(subject, 1);
  let n = checkIndex(nth, 2);
  const start = from === undefined ? (n >= 0 ? 1 : s.length + 1) : checkIndex(from, 3);
  let at = absolute(start, s.length);
  if (at < 1 || --at > s.length) throw argumentError(3, "position out of bounds");
  if (n === 0) {
    while (at > 0 && isContinuation(s, at)) at--;
  } else {
    if (isContinuation(s, at)) throw failure("initial position is a continuation byte");
    if (n < 0) {
      while (n < 0 && at > 0) {
        do at--;
        while (at > 0 && isContinuation(s, at));
        n++;
      }
    } else {
      n--;
      while (n > 0 && at < s.length) {
        do at++;
        while (isContinuation(s, at));
        n--;
      }
    }
  }
  if (n !== 0) return undefined;
  const begin = at + 1;
  if (byteAt(s, at) >= 0x80) {
    if (isContinuation(s, at)) throw failure("initial position is a continuation byte");
    while (isContinuation(s, at + 1)) at++;
  }
  return [begin, at + 1];
}

/** One step of `utf8.codes`: the character after the one at byte `control`. */
function iterate(subject: Value, control: Value, strict: boolean): NativeResult {
  const s = checkString(subject, 1);
  const n = toInteger(control) ?? 0;
  if (n < 0 || n >= s.length) return NOTHING;
  let at = Number(n);
  while (isContinuation(s, at)) at++;
  if (at >= s.length) return NOTHING;
  const next = decode(s, at, strict);
  if (next < 0 || isContinuation(s, next)) throw failure(INVALID);
  return [at + 1, decoded];
}

const STRICT = new NativeFunction("for iterator", (s, n) => iterate(s, n, true), undefined);
const LAX = new NativeFunction("for iterator", (s, n) => iterate(s, n, false), undefined);

function codes(subject: Value, lax: Value): Results {
  const s = checkString(subject, 1);
  if (isContinuation(s, 0)) throw argumentError(1, INVALID);
  return [truthy(lax) ? LAX : STRICT, s, 0];
}

const SOURCE = "Lua 5.5 manual §6.6";
const lax = optional(boolean("lax", { summary: "accept code points up to 2^31 and surrogates" }));

export const utf8Library: Library = library(
  "utf8",
  "UTF-8 in byte strings.",
  [
    rawVariadic(
      "char",
      {
        summary: "The UTF-8 bytes of code points, joined.",
        params: [rest(integer("code", { summary: "0 to 2^31 - 1" }))],
        returns: [returns("text", "string")],
        raises: ["A code point is out of range."],
        source: SOURCE,
        example: `assert(utf8.char(72, 228) == "H\\u{E4}")`,
      },
      char,
    ),
    rawFn(
      "codes",
      {
        summary: "Iterates over the characters of a string: byte position and code point.",
        params: [string("s"), lax],
        returns: [
          returns("iterator", "fun(s: string, i: integer): integer?, integer?"),
          returns("s", "string"),
          returns("start", "integer"),
        ],
        raises: ["A byte sequence is not valid UTF-8."],
        source: SOURCE,
        example: `for at, code in utf8.codes("\\u{E4}x") do assert(at == 1 and code == 228) break end`,
      },
      codes,
    ),
    rawVariadic(
      "codepoint",
      {
        summary: "The code points of the characters that begin between two byte positions.",
        params: [
          string("s"),
          optional(integer("i", { summary: "default 1" })),
          optional(integer("j", { summary: "default i" })),
          lax,
        ],
        returns: [returns("...", "integer")],
        raises: ["A position is out of bounds.", "A byte sequence is not valid UTF-8."],
        source: SOURCE,
        example: `assert(utf8.codepoint("\\u{20AC}") == 0x20AC)`,
      },
      codepoint,
    ),
    rawVariadic(
      "len",
      {
        summary: "The count of characters that begin between two byte positions.",
        params: [
          string("s"),
          optional(integer("i", { summary: "default 1" })),
          optional(integer("j", { summary: "default -1" })),
          lax,
        ],
        returns: [
          returns("count", "integer?", "nil if a byte sequence is invalid"),
          returns("position", "integer?", "of the first invalid byte"),
        ],
        raises: ["A position is out of bounds."],
        source: SOURCE,
        example: `assert(utf8.len("\\u{E4}\\u{20AC}") == 2)`,
      },
      length,
    ),
    rawFn(
      "offset",
      {
        summary: "The byte positions where the n-th character, counted from position i, begins and ends.",
        params: [
          string("s"),
          integer("n", { summary: "0: the character that holds byte i" }),
          optional(integer("i", { summary: "default 1, or behind the end for a negative n" })),
        ],
        returns: [returns("first", "integer?", "nil if there is no such character"), returns("last", "integer?")],
        raises: ["The position is out of bounds or that of a continuation byte."],
        source: SOURCE,
        example: `assert(utf8.offset("a\\u{E4}b", 3) == 4)`,
      },
      offset,
    ),
  ],
  () => ({ charpattern: "[\0-\x7F\xC2-\xFD][\x80-\xBF]*" }),
);
