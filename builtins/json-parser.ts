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
import { stringOf } from "./known-strings.ts";

/** How deep arrays and objects may nest. */
export const MAX_DEPTH = 1000;
/** Bytes of input between two looks at the clock and the memory limit. */
const LOOK_EVERY = 1 << 17;
/** Texts up to this length are copied into one buffer that is kept. */
const SCRATCH = 1 << 18;
/** Zeros behind the text: every scan ends there, and words of four bytes may be read across the end. */
const PADDING = 8;
/** What a table takes, and what a value in it takes on average, strings without their bytes included. */
const TABLE = 120;
const SLOT = 24;

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

const scratch = Buffer.alloc(SCRATCH + PADDING);

/** Parses a text; throws a JsonError. `nullValue` stands for `null`. */
export function parseJson(text: string, nullValue: Value): Value {
  const { length } = text;
  const bytes = length <= SCRATCH ? scratch : Buffer.allocUnsafe(length + PADDING);
  bytes.write(text, 0, "latin1");
  bytes.fill(0, length, length + PADDING);
  return new Parser(text, bytes, nullValue).document();
}

/** One document under way. Small methods: the engine's compilers get to them long before the end of one large one. */
class Parser {
  /** Position of the next byte to be read. */
  private p: number;
  private depth = 0;
  private readonly view: DataView;
  private readonly root: Keys;
  /** Memory for tables and strings: made in all, charged, and asked for. */
  private made = 0;
  private charged = 0;
  private reserved = 0;
  private look = LOOK_EVERY;

  constructor(
    private readonly text: string,
    private readonly bytes: Buffer,
    private readonly nullValue: Value,
  ) {
    this.root = rootKeys(state.vm);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, text.length + PADDING);
    this.p = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
  }

  document(): Value {
    const value = this.value(this.space());
    this.space();
    if (this.p < this.text.length) throw this.expected("the end of the text");
    charge(this.made - this.charged);
    return value;
  }

  /** Skips white space; gives the byte behind it, which is at `p` then. */
  private space(): number {
    const { bytes } = this;
    let { p } = this;
    let byte = bytes[p]!;
    if (byte > 0x20) return byte;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++p]!;
    this.p = p;
    return byte;
  }

  /** The value that begins with `byte`, at `p`. */
  private value(byte: number): Value {
    switch (byte) {
      case QUOTE:
        return this.string();
      case OPEN_OBJECT:
        return this.object();
      case OPEN_ARRAY:
        return this.array();
      case 0x74:
        return this.word("true", true);
      case 0x66:
        return this.word("false", false);
      case 0x6e:
        return this.word("null", this.nullValue);
      default:
        return this.number(byte);
    }
  }

  private word(name: string, value: Value): Value {
    const { bytes, p } = this;
    for (let i = 1; i < name.length; i++) if (bytes[p + i] !== name.charCodeAt(i)) throw this.expected("a value");
    this.p = p + name.length;
    return value;
  }

  private array(): LuaTable {
    const table = new LuaTable(this.root.shape);
    table.mark = ARRAY;
    this.enter();
    let byte = this.space();
    if (byte === CLOSE_ARRAY) this.p++;
    else {
      // Element 0 is a filler; see LuaTable.
      const values: Value[] = [undefined];
      for (;;) {
        values.push(this.value(byte));
        byte = this.space();
        this.p++;
        if (byte !== COMMA) break;
        if (this.p > this.look) this.lookAround();
        byte = this.space();
      }
      if (byte !== CLOSE_ARRAY) throw this.missing("',' or ']'");
      if (values[values.length - 1] === undefined) trim(values);
      if (values.length > 1) table.reserveArray(values);
      this.made += values.length * SLOT;
    }
    this.depth--;
    return table;
  }

  private object(): LuaTable {
    let keys = this.root;
    const table = new LuaTable(keys.shape);
    table.mark = OBJECT;
    this.enter();
    let byte = this.space();
    if (byte === CLOSE_OBJECT) this.p++;
    else {
      // Slot 0 is never used; see Shape.
      const values: Value[] = [undefined];
      for (;;) {
        if (byte !== QUOTE) throw this.expected("a string as key");
        const next = this.nextKeys(keys);
        if (next === undefined) {
          table.shape = keys.shape;
          if (values.length > 1) table.vals = values;
          this.dictionary(table);
          return table;
        }
        keys = next;
        if (this.space() !== COLON) throw this.expected("':'");
        this.p++;
        values.push(this.value(this.space()));
        byte = this.space();
        this.p++;
        if (byte !== COMMA) break;
        byte = this.space();
      }
      if (byte !== CLOSE_OBJECT) throw this.missing("',' or '}'");
      table.shape = keys.shape;
      table.vals = values;
      this.made += values.length * SLOT;
    }
    this.depth--;
    if (this.p > this.look) this.lookAround();
    return table;
  }

  /** Reads a key that follows `keys`; `undefined`, with nothing read, when the table must own its shape from here on. */
  private nextKeys(keys: Keys): Keys | undefined {
    const { p } = this;
    const { next } = keys;
    if (next !== undefined) {
      const { view } = this;
      const { words } = next;
      const last = words.length - 1;
      let at = p + 1;
      let i = 0;
      while (i < last && words[i] === view.getInt32(at, true)) {
        i++;
        at += 4;
      }
      if (i === last && ((words[i]! ^ view.getInt32(at, true)) & next.mask) === 0) {
        this.p = p + 1 + next.length;
        return next;
      }
    }
    const after = keys.after(this.string());
    if (after === undefined) this.p = p;
    return after;
  }

  /** The rest of an object from a key on, into a table that owns its shape. */
  private dictionary(table: LuaTable): void {
    let byte: number;
    do {
      if (this.space() !== QUOTE) throw this.expected("a string as key");
      const key = this.string();
      if (this.space() !== COLON) throw this.expected("':'");
      this.p++;
      table.setString(key, this.value(this.space()));
      byte = this.space();
      this.p++;
      if (this.p > this.look) this.lookAround();
    } while (byte === COMMA);
    if (byte !== CLOSE_OBJECT) throw this.missing("',' or '}'");
    this.depth--;
  }

  private enter(): void {
    if (++this.depth > MAX_DEPTH) throw new JsonError(`nested deeper than ${MAX_DEPTH}`, this.p);
    this.p++;
    this.made += TABLE;
  }

  private lookAround(): void {
    this.made += this.p - this.look + LOOK_EVERY;
    this.look = this.p + LOOK_EVERY;
    charge(this.made - this.charged);
    this.charged = this.made;
    if (this.made > this.reserved * 1.5) {
      this.reserved = this.made;
      reserveMemory(this.made);
    }
    state.ticks = TICKS;
    state.vm.check();
  }

  /** The number at `p`. Positive integers that are short here, everything else on the side. */
  private number(byte: number): Value {
    const { bytes, p: start } = this;
    if (byte < 0x31 || byte > 0x39) return this.longNumber();
    let p = start;
    let n = 0;
    do {
      n = n * 10 + (byte - 0x30);
      byte = bytes[++p]!;
    } while (byte >= 0x30 && byte <= 0x39);
    if (byte === 0x2e || byte === 0x65 || byte === 0x45 || p - start > 15) return this.longNumber();
    this.p = p;
    return n;
  }

  /** The number at `p`: 0, negative ones, long ones, floats; and what is none. */
  private longNumber(): Value {
    const { bytes, text, p: start } = this;
    const negative = bytes[start] === 0x2d;
    const whole = negative ? start + 1 : start;
    let p = digitsEnd(bytes, whole);
    if (p === whole) throw this.expected(negative ? "a digit" : "a value", p);
    if (bytes[whole] === 0x30 && p > whole + 1) throw new JsonError("a number must not begin with 0", whole);
    let digits = p - whole;
    let scale = 0;
    if (bytes[p] === 0x2e) {
      const point = p++;
      p = digitsEnd(bytes, p);
      scale = p - point - 1;
      if (scale === 0) throw this.expected("a digit", p);
      digits += scale;
    }
    const exponent = p;
    if (bytes[p] === 0x65 || bytes[p] === 0x45) {
      p++;
      if (bytes[p] === 0x2b || bytes[p] === 0x2d) p++;
      const power = p;
      p = digitsEnd(bytes, p);
      if (p === power) throw this.expected("a digit", p);
    }
    this.p = p;
    if (scale === 0 && exponent === p) {
      if (digits > 15) {
        const long = parseNumber(text.substring(start, p));
        if (long === Infinity || long === -Infinity) throw new JsonError("number out of range", start);
        return long;
      }
      const n = mantissa(bytes, whole, p);
      return negative ? (n === 0 ? new LuaFloat(-0) : -n) : n;
    }
    let n: number;
    // The quotient of two exact doubles is rounded once, and so correctly.
    if (digits <= 15 && exponent === p) n = mantissa(bytes, whole, p) / POWERS[scale]!;
    else {
      n = Number(text.substring(whole, p));
      if (n === Infinity) throw new JsonError("number out of range", start);
    }
    if (negative) n = -n;
    return Number.isSafeInteger(n) ? new LuaFloat(n) : n;
  }

  /** The string whose opening quote is at `p`. */
  private string(): string {
    const { bytes } = this;
    const start = this.p + 1;
    let p = start;
    while (PLAIN[bytes[p]!] === 1) p++;
    if (bytes[p] !== QUOTE) return this.longString(start, p);
    this.p = p + 1;
    return stringOf(bytes, start, p);
  }

  /** The rest of a string whose bytes [start, p) are plain, and whose next one is not. */
  private longString(start: number, p: number): string {
    const { bytes, text } = this;
    let escapes = 0;
    let unicode = false;
    for (;;) {
      const byte = bytes[p]!;
      if (PLAIN[byte] === 1) p++;
      else if (byte === QUOTE) break;
      else if (byte === BACKSLASH) {
        const name = bytes[p + 1]!;
        if (name === 0x75) {
          unicode = true;
          p += this.unicodeEscape(p);
        } else {
          if (!SIMPLE_ESCAPES.includes(String.fromCharCode(name))) throw new JsonError("invalid escape sequence", p);
          p += 2;
        }
        escapes++;
      } else if (byte >= 0x80) {
        const size = sequenceLength(bytes, p);
        if (size === 0) throw new JsonError("invalid UTF-8", p);
        p += size;
      } else if (p >= text.length) throw new JsonError("unfinished string", start - 1);
      else throw new JsonError("control character in a string", p);
    }
    this.p = p + 1;
    if (escapes === 0) return bytes.toString("latin1", start, p);
    // The engine's parser takes each byte for a character, which is right for all escapes but those of characters.
    if (!unicode) return JSON.parse(text.substring(start - 1, p + 1)) as string;
    const characters = JSON.parse(`"${Buffer.from(text.substring(start, p), "latin1").toString("utf8")}"`) as string;
    return Buffer.from(characters, "utf8").toString("latin1");
  }

  /** The length of the escape sequence `\\uXXXX` at p, or of two of them that are a surrogate pair. */
  private unicodeEscape(p: number): number {
    const code = hexadecimal(this.text, p);
    if (code < 0) throw new JsonError("invalid escape sequence", p);
    if (code < 0xd800 || code > 0xdfff) return 6;
    const low = hexadecimal(this.text, p + 6);
    if (code >= 0xdc00 || low < 0xdc00 || low > 0xdfff) throw new JsonError("lone surrogate", p);
    return 12;
  }

  private expected(what: string, at = this.p): JsonError {
    return new JsonError(`expected ${what}, got ${found(this.text, at)}`, at);
  }

  /** The same about the byte that has just been read. */
  private missing(what: string): JsonError {
    return this.expected(what, this.p - 1);
  }
}

/** The code of `\uXXXX` at p; -1 if there is none. */
function hexadecimal(text: string, p: number): number {
  const digits = text.substring(p, p + 6);
  return /^\\u[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits.substring(2), 16) : -1;
}

const SIMPLE_ESCAPES = '"\\/bfnrt';

/** The array part of a table never ends in nil. */
function trim(values: Value[]): void {
  let { length } = values;
  while (length > 1 && values[length - 1] === undefined) length--;
  values.length = length;
}

/** The position behind the digits from p on. */
function digitsEnd(bytes: Uint8Array, p: number): number {
  let byte = bytes[p]!;
  while (byte >= 0x30 && byte <= 0x39) byte = bytes[++p]!;
  return p;
}

/** The digits in [from, to) as an integer, a point between them left out; exact up to 15 of them. */
function mantissa(bytes: Uint8Array, from: number, to: number): number {
  let n = 0;
  for (let p = from; p < to; p++) {
    const byte = bytes[p]!;
    if (byte !== 0x2e) n = n * 10 + (byte - 0x30);
  }
  return n;
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
