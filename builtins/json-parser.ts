/**
 * JSON text to Lua values (RFC 8259), straight from bytes to tables. Strict: what the grammar does not allow is an
 * error, save a byte order mark at the start, which is skipped.
 */
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { parseNumber } from "../interpreter/number.ts";
import { state, TICKS } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { LuaFloat, type Value } from "../interpreter/value.ts";
import { type Keys, rootKeys } from "./json-keys.ts";
import { ARRAY, OBJECT } from "./json-mark.ts";

/** How deep arrays and objects may nest. */
export const MAX_DEPTH = 1000;
/** Bytes of input between two looks at the clock and the memory limit. */
const LOOK_EVERY = 1 << 17;
/** Texts up to this length are copied into one buffer that is kept. */
const SCRATCH = 1 << 14;
/**
 * A substring keeps the whole string alive that it was cut from. So strings are cut from copies of this many bytes of
 * the text, one after the other: a single name that a script keeps of a large answer costs a chunk, not the answer.
 */
const CHUNK = 1 << 10;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** 1 for the bytes that stand for themselves in a string: ASCII, no quote, no backslash, no control character. */
export const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x80; byte++) PLAIN[byte] = 1;
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Why a text is not JSON, and at which byte (from 0). */
export class JsonError {
  constructor(
    readonly message: string,
    readonly at: number,
  ) {}
}

const scratch = Buffer.alloc(SCRATCH + 1);
/** Objects and arrays around the one under way: table, its values so far, its keys, its last key. */
const outer: unknown[] = [];

/** Parses a text; throws a JsonError. `nullValue` stands for `null`. */
export function parseJson(text: string, nullValue: Value): Value {
  const { length } = text;
  // A zero behind the last byte ends every scan.
  const bytes = length <= SCRATCH ? scratch : Buffer.allocUnsafe(length + 1);
  bytes.write(text, 0, "latin1");
  bytes[length] = 0;
  try {
    return parse(text, bytes, nullValue);
  } finally {
    outer.length = 0;
  }
}

/** Where the functions below leave the position behind what they read. */
let end = 0;

/** The keys of an object that owns its shape. */
const DICTIONARY = Symbol("dictionary");

function parse(text: string, bytes: Buffer, nullValue: Value): Value {
  const root = rootKeys(state.vm);
  let p = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
  let look = p + LOOK_EVERY;
  /** Memory for tables and strings: in all, charged, and asked for. */
  let made = 0;
  let charged = 0;
  let reserved = 0;
  // The container under way: `values` becomes its array part or its slots. No keys: an array.
  let table: LuaTable | undefined;
  let values: Value[] = [];
  let keys: Keys | typeof DICTIONARY | undefined;
  let key = "";
  /** What strings are cut from: the bytes [chunkStart, chunkEnd) of the text. */
  let chunk = text.length <= CHUNK ? text : "";
  let chunkStart = 0;
  let chunkEnd = chunk.length;
  let byte = bytes[p]!;

  for (;;) {
    // A value begins at p.
    while (byte <= 0x20 && isSpace(byte)) byte = bytes[++p]!;
    let value: Value;
    let opening = false;
    switch (byte) {
      case QUOTE: {
        const start = ++p;
        while (PLAIN[bytes[p]!] === 1) p++;
        if (bytes[p] === QUOTE) {
          if (p > chunkEnd) {
            chunkStart = start;
            chunkEnd = Math.max(p, Math.min(start + CHUNK, text.length));
            chunk = bytes.toString("latin1", start, chunkEnd);
          }
          value = chunk.substring(start - chunkStart, p - chunkStart);
          made += 24 + (p++ - start);
        } else {
          value = finishString(text, bytes, start, p);
          made += 24 + (end - p);
          p = end;
        }
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY: {
        if (outer.length >= MAX_DEPTH * 4) throw new JsonError(`nested deeper than ${MAX_DEPTH}`, p);
        outer.push(table, values, keys, key);
        opening = true;
        values = [undefined];
        keys = byte === OPEN_OBJECT ? root : undefined;
        table = keys === undefined ? new LuaTable() : new LuaTable(root.shape);
        table.mark = keys === undefined ? ARRAY : OBJECT;
        made += 96;
        byte = bytes[++p]!;
        while (byte <= 0x20 && isSpace(byte)) byte = bytes[++p]!;
        if (keys === undefined ? byte !== CLOSE_ARRAY : byte !== CLOSE_OBJECT) {
          if (keys === undefined) continue;
          break;
        }
        p++;
        opening = false;
        value = table;
        key = outer.pop() as string;
        keys = outer.pop() as typeof keys;
        values = outer.pop() as Value[];
        table = outer.pop() as LuaTable | undefined;
        break;
      }
      case 0x2d:
      case 0x30:
      case 0x31:
      case 0x32:
      case 0x33:
      case 0x34:
      case 0x35:
      case 0x36:
      case 0x37:
      case 0x38:
      case 0x39: {
        // Short integers here, everything else on the side.
        const start = p;
        let n = byte - 0x30;
        if (byte === 0x2d) {
          byte = bytes[++p]!;
          n = 0x30 - byte;
          byte = bytes[++p]!;
          while (byte >= 0x30 && byte <= 0x39) {
            n = n * 10 - (byte - 0x30);
            byte = bytes[++p]!;
          }
        } else {
          byte = bytes[++p]!;
          while (byte >= 0x30 && byte <= 0x39) {
            n = n * 10 + (byte - 0x30);
            byte = bytes[++p]!;
          }
        }
        if (p - start > 15 || byte === 0x2e || byte === 0x65 || byte === 0x45 || !isWhole(bytes, start, p)) {
          value = finishNumber(text, bytes, start);
          p = end;
        } else value = n;
        break;
      }
      case 0x74: // t
        if (bytes[p + 1] !== 0x72 || bytes[p + 2] !== 0x75 || bytes[p + 3] !== 0x65) throw badWord(text, p);
        p += 4;
        value = true;
        break;
      case 0x66: // f
        if (bytes[p + 1] !== 0x61 || bytes[p + 2] !== 0x6c || bytes[p + 3] !== 0x73 || bytes[p + 4] !== 0x65) {
          throw badWord(text, p);
        }
        p += 5;
        value = false;
        break;
      case 0x6e: // n
        if (bytes[p + 1] !== 0x75 || bytes[p + 2] !== 0x6c || bytes[p + 3] !== 0x6c) throw badWord(text, p);
        p += 4;
        value = nullValue;
        break;
      default:
        throw expected("a value", text, p);
    }

    // Store the value, and close what it completes.
    while (!opening) {
      if (table === undefined) {
        charge(made - charged);
        byte = bytes[p]!;
        while (byte <= 0x20 && isSpace(byte)) byte = bytes[++p]!;
        if (p < text.length) throw expected("the end", text, p);
        return value;
      }
      if (keys === DICTIONARY) {
        table.setString(key, value);
        made += 64;
      } else values.push(value);
      byte = bytes[p]!;
      while (byte <= 0x20 && isSpace(byte)) byte = bytes[++p]!;
      if (byte === COMMA) {
        byte = bytes[++p]!;
        break;
      }
      if (keys === undefined) {
        if (byte !== CLOSE_ARRAY) throw expected("',' or ']'", text, p);
        if (values[values.length - 1] === undefined) trim(values);
        if (values.length > 1) table.reserveArray(values);
        made += values.length * 8;
      } else {
        if (byte !== CLOSE_OBJECT) throw expected("',' or '}'", text, p);
        if (keys !== DICTIONARY) {
          table.shape = keys.shape;
          table.vals = values;
          made += values.length * 8;
        }
      }
      p++;
      value = table;
      key = outer.pop() as string;
      keys = outer.pop() as typeof keys;
      values = outer.pop() as Value[];
      table = outer.pop() as LuaTable | undefined;
    }

    if (p > look) {
      look = p + LOOK_EVERY;
      charge(made - charged);
      charged = made;
      if (made > reserved + (reserved >> 1)) {
        reserved = made;
        reserveMemory(made);
      }
      if (--state.ticks < 0 || true) {
        state.ticks = TICKS;
        state.vm.check();
      }
    }
    if (keys === undefined) continue;

    // A key begins at p.
    while (byte <= 0x20 && isSpace(byte)) byte = bytes[++p]!;
    if (byte !== QUOTE) throw expected("a string as key", text, p);
    p++;
    matched: {
      if (keys !== DICTIONARY) {
        const { next } = keys;
        if (next !== undefined) {
          const known = next.bytes;
          const { length } = known;
          let i = 0;
          while (i < length && known[i] === bytes[p + i]) i++;
          if (i === length) {
            p += i;
            keys = next;
            break matched;
          }
        }
      }
      const start = p;
      while (PLAIN[bytes[p]!] === 1) p++;
      if (bytes[p] === QUOTE) key = text.substring(start, p++);
      else {
        key = finishString(text, bytes, start, p);
        p = end;
      }
      if (keys !== DICTIONARY) {
        const after: Keys | undefined = keys.after(key);
        if (after === undefined) {
          // From here on the table owns its shape.
          (table as LuaTable).shape = keys.shape;
          if (values.length > 1) (table as LuaTable).vals = values;
          keys = DICTIONARY;
        } else keys = after;
      }
    }
    byte = bytes[p]!;
    while (byte <= 0x20 && isSpace(byte)) byte = bytes[++p]!;
    if (byte !== COLON) throw expected("':'", text, p);
    byte = bytes[++p]!;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The array part of a table never ends in nil. */
function trim(values: Value[]): void {
  let { length } = values;
  while (length > 1 && values[length - 1] === undefined) length--;
  values.length = length;
}

/** Whether the digits in [start, p) are an integer as JSON writes it and Lua holds it: not `-`, `01` or `-0`. */
function isWhole(bytes: Uint8Array, start: number, p: number): boolean {
  let byte = bytes[start]!;
  if (byte === 0x2d) {
    byte = bytes[start + 1]!;
    return byte > 0x30 && byte <= 0x39;
  }
  return byte !== 0x30 || p === start + 1;
}

/** The number that begins at `start`: long integers, floats, -0, and what is none. */
function finishNumber(text: string, bytes: Uint8Array, start: number): Value {
  let p = start;
  const negative = bytes[p] === 0x2d;
  if (negative) p++;
  const whole = p;
  let mantissa = 0;
  let byte = bytes[p]!;
  while (isDigit(byte)) {
    mantissa = mantissa * 10 + (byte - 0x30);
    byte = bytes[++p]!;
  }
  if (p === whole) throw expected("a digit", text, p);
  if (bytes[whole] === 0x30 && p > whole + 1) throw new JsonError("a number must not begin with 0", whole);
  let digits = p - whole;
  let exact = true;
  let scale = 0;
  if (byte === 0x2e) {
    const point = p;
    byte = bytes[++p]!;
    while (isDigit(byte)) {
      mantissa = mantissa * 10 + (byte - 0x30);
      byte = bytes[++p]!;
    }
    scale = p - point - 1;
    if (scale === 0) throw expected("a digit", text, p);
    digits += scale;
    exact = false;
  }
  if (byte === 0x65 || byte === 0x45) {
    byte = bytes[++p]!;
    if (byte === 0x2b || byte === 0x2d) byte = bytes[++p]!;
    if (!isDigit(byte)) throw expected("a digit", text, p);
    while (isDigit(byte)) byte = bytes[++p]!;
    exact = false;
    digits = Infinity;
  }
  end = p;
  if (exact) {
    if (negative && mantissa === 0) return new LuaFloat(-0);
    return parseNumber(text.substring(start, p));
  }
  // A quotient of two numbers that are exact is rounded once, and so correctly.
  let n = digits <= 15 && scale < POWERS.length ? mantissa / POWERS[scale]! : Number.NaN;
  if (negative) n = -n;
  if (Number.isNaN(n)) n = Number(text.substring(start, p));
  if (n === Infinity || n === -Infinity) throw new JsonError("number out of range", start);
  return Number.isSafeInteger(n) ? new LuaFloat(n) : n;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

const ESCAPES: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** The rest of a string whose bytes [start, p) are plain, and whose next one is not. */
function finishString(text: string, bytes: Uint8Array, start: number, p: number): string {
  let done = "";
  let from = start;
  for (;;) {
    const byte = bytes[p]!;
    if (PLAIN[byte] === 1) p++;
    else if (byte === QUOTE) {
      end = p + 1;
      return done + text.substring(from, p);
    } else if (byte >= 0x80) {
      const size = sequenceLength(bytes, p);
      if (size === 0) throw new JsonError("invalid UTF-8", p);
      p += size;
    } else if (byte === BACKSLASH) {
      done += text.substring(from, p);
      const name = text.charAt(p + 1);
      const simple = Object.hasOwn(ESCAPES, name) ? ESCAPES[name] : undefined;
      if (simple !== undefined) {
        done += simple;
        p += 2;
      } else if (name === "u") {
        done += unicodeEscape(text, p);
        p = end;
      } else throw new JsonError("invalid escape sequence", p);
      from = p;
    } else if (p >= text.length) throw new JsonError("unfinished string", start - 1);
    else throw new JsonError("control character in a string", p);
  }
}

const HEX = /^[0-9a-fA-F]{4}$/;

/** The UTF-8 bytes of `\uXXXX` at p, or of two of them that are a surrogate pair. */
function unicodeEscape(text: string, p: number): string {
  const high = text.substring(p + 2, p + 6);
  if (!HEX.test(high)) throw new JsonError("invalid escape sequence", p);
  let code = Number.parseInt(high, 16);
  end = p + 6;
  if (code >= 0xd800 && code <= 0xdfff) {
    const low = text.startsWith("\\u", end) ? text.substring(end + 2, end + 6) : "";
    const second = HEX.test(low) ? Number.parseInt(low, 16) : 0;
    if (code >= 0xdc00 || second < 0xdc00 || second > 0xdfff) throw new JsonError("lone surrogate", p);
    code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
    end += 6;
  }
  return code < 0x80 ? String.fromCharCode(code) : Buffer.from(String.fromCodePoint(code), "utf8").toString("latin1");
}

/** The length of the UTF-8 sequence at p; 0 if it is none (RFC 3629: no surrogates, nothing beyond U+10FFFF). */
export function sequenceLength(bytes: Uint8Array, p: number): number {
  const first = bytes[p]!;
  const second = bytes[p + 1]! ^ 0x80;
  if (first < 0xc2 || second > 0x3f) return 0;
  if (first < 0xe0) return 2;
  if ((bytes[p + 2]! ^ 0x80) > 0x3f) return 0;
  if (first < 0xf0) return (first === 0xe0 && second < 0x20) || (first === 0xed && second > 0x1f) ? 0 : 3;
  if (first > 0xf4 || (first === 0xf0 && second < 0x10) || (first === 0xf4 && second > 0x0f)) return 0;
  return (bytes[p + 3]! ^ 0x80) > 0x3f ? 0 : 4;
}

// --- errors -----------------------------------------------------------------------------------------------------------

function badWord(text: string, p: number): JsonError {
  const word = /^[A-Za-z]+/.exec(text.substring(p, p + 20))?.[0] ?? text.charAt(p);
  return new JsonError(`expected a value, got '${word}'`, p);
}

function expected(what: string, text: string, p: number): JsonError {
  return new JsonError(`expected ${what}, got ${found(text, p)}`, p);
}

/** The character at a position, as a message shows it. */
function found(text: string, p: number): string {
  if (p >= text.length) return "the end of the text";
  const code = text.charCodeAt(p);
  if (code >= 0x20 && code < 0x7f) return `'${text.charAt(p)}'`;
  if (code >= 0x80) {
    const size = sequenceLength(Buffer.from(`${text.substring(p, p + 4)}\0\0\0`, "latin1"), 0);
    if (size > 0) return `'${text.substring(p, p + size)}'`;
  }
  return `byte 0x${code.toString(16).padStart(2, "0")}`;
}

/** `line 3, column 14` of a byte position; columns count characters of UTF-8 text. Both begin at 1. */
export function placeOf(text: string, at: number): string {
  let line = 1;
  let lineStart = 0;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) {
    line++;
    lineStart = i + 1;
  }
  let column = 1;
  for (let i = lineStart; i < at; i++) if ((text.charCodeAt(i) & 0xc0) !== 0x80) column++;
  return `line ${line}, column ${column}`;
}
