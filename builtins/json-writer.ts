/** Lua values to JSON text (RFC 8259), written as bytes into a buffer that grows. */
import { isUtf8 as utf8Bytes } from "node:buffer";
import { basicType, failure, LuaError } from "../interpreter/error.ts";
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { state, TICKS } from "../interpreter/state.ts";
import { LuaTable, type Shape } from "../interpreter/table.ts";
import { LuaFloat, Userdata, type Value } from "../interpreter/value.ts";
import { floatText, isNull, type Layout, layoutOf, Unwritable } from "./json-layout.ts";
import { OBJECT } from "./json-mark.ts";
import { MAX_DEPTH, PLAIN } from "./json-parser.ts";

export interface JsonStyle {
  /** What each level is indented by; empty for one line without spaces. */
  indent?: string;
  /** Writes the keys of each object in byte order. */
  sortKeys?: boolean;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Bytes written between two pieces of the text. Small: one large buffer a document costs more than the pieces. */
const PIECE = 1 << 16;
/** The engine's limit for strings. */
const MAX_STRING = 0x7fff_ffff;
/** Longer keys are not remembered. */
const MAX_KEY = 1 << 10;
/** Room for any integer of 32 bits. */
const NUMBER_ROOM = 16;
/** Copying longer strings is left to the engine. */
const SHORT = 40;

/** The digits of 000 to 999. */
const DIGITS = Buffer.from(Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, "0")).join(""), "latin1");

const BEYOND_ASCII = /[\x80-\xff]/;
const HEX = "0123456789abcdef";
/** The character behind the backslash for bytes that are escaped, 0 for the others. */
const ESCAPES = new Uint8Array(256).fill(LETTER_U, 0, 0x20);
for (const [byte, name] of Object.entries({ 8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '"', 92: "\\" })) {
  ESCAPES[Number(byte)] = name.charCodeAt(0);
}

/** What every writer writes to: no two are under way at a time. */
const out = Buffer.alloc(PIECE);
const view = new DataView(out.buffer, out.byteOffset, PIECE);

/** A value as JSON text, in bytes. Raises `what: …` with the path of what cannot be written. */
export function encodeJson(what: string, value: Value, style?: JsonStyle): string {
  try {
    return writeJson(value, style);
  } catch (error) {
    if (error instanceof Unwritable) throw failure(`${what}: ${error.place()}: ${error.reason}`);
    throw error;
  }
}

/** A value as JSON text, in bytes; throws an Unwritable. */
export function writeJson(value: Value, style: JsonStyle = {}): string {
  const writer = new Writer(style);
  writer.value(value, 0);
  return writer.finish();
}

/** The keys of tables with one shape, by slot; `undefined` for a shape whose tables need a closer look. */
type KeyTexts = (KeyText | undefined)[] | undefined;

/** `"key":` as bytes, four at a time, the last word filled up: quicker to copy than one by one. */
class KeyText {
  readonly length: number;
  readonly words: Int32Array;

  constructor(key: string) {
    const bytes = Buffer.from(`${JSON.stringify(key)}:`, "latin1");
    this.length = bytes.length;
    const padded = Buffer.concat([bytes, Buffer.alloc(3)], (bytes.length + 3) & ~3);
    this.words = Int32Array.from({ length: padded.length / 4 }, (_, i) => padded.readInt32LE(i * 4));
  }
}

/** Key texts from one document to the next: small ones would spend most of their time on making them. */
const KEPT = new WeakMap<Shape, (KeyText | undefined)[]>();

class Writer {
  /** The pieces so far, and how much of the buffer is in use. */
  private text = "";
  private at = 0;
  private reserved = 0;
  /** The tables around the value, and where in each of them it is: a slot, an index below zero, or a key. */
  private readonly open: LuaTable[] = [];
  private readonly steps: (string | number)[] = [];
  private readonly shapes = new Map<Shape, KeyTexts>();
  private readonly indent: string;
  private readonly sortKeys: boolean;

  constructor(style: JsonStyle) {
    this.indent = style.indent ?? "";
    this.sortKeys = style.sortKeys === true;
  }

  finish(): string {
    this.flush();
    return this.text;
  }

  /** A value at `step` of the innermost table. */
  value(value: Value, step: string | number): void {
    if (typeof value === "string") this.string(value, step);
    else if (typeof value === "number") this.number(value, step);
    else if (value instanceof LuaTable) this.table(value, step);
    else if (value === true) this.ascii("true");
    else if (value === false) this.ascii("false");
    else if (value === undefined) this.ascii("null");
    else if (typeof value === "bigint") this.ascii(value.toString());
    else if (value instanceof LuaFloat) this.ascii(floatText(value));
    else if (value instanceof Userdata && isNull(value)) this.ascii("null");
    else throw this.unwritable(`a ${basicType(value)} cannot be written`, step);
  }

  private unwritable(reason: string, step: string | number): Unwritable {
    const { open, steps } = this;
    if (open.length > 0) steps[open.length - 1] = step;
    const error = new Unwritable(reason);
    for (let i = 0; i < open.length; i++) {
      const at = steps[i]!;
      error.path.push(typeof at === "string" ? at : at < 0 ? -at : String(open[i]!.shape.keys[at]));
    }
    return error;
  }

  private table(table: LuaTable, step: string | number): void {
    const { open } = this;
    const depth = open.length;
    if (open.includes(table)) throw this.unwritable("a table inside itself", step);
    if (depth >= MAX_DEPTH) throw this.unwritable(`nested deeper than ${MAX_DEPTH}`, step);
    if (--state.ticks < 0) {
      state.ticks = TICKS;
      state.vm.check();
    }
    if (depth > 0) this.steps[depth - 1] = step;
    open.push(table);
    if (this.indent !== "" || this.sortKeys) this.styled(table);
    else if (table.array.length === 1) {
      const texts = this.keyTexts(table.shape);
      if (texts === undefined) this.laidOut(table);
      else this.record(table, texts);
    } else if (table.shape.keys.length === 1 && table.mark !== OBJECT) this.list(table);
    else this.laidOut(table);
    open.pop();
  }

  /** What is written before each value of tables with this shape; made once. */
  private keyTexts(shape: Shape): KeyTexts {
    if (!shape.shared) return undefined;
    const known = this.shapes.get(shape);
    if (known !== undefined) return known;
    if (shape.keys.length === 1 || this.shapes.has(shape)) return undefined;
    const kept = KEPT.get(shape);
    if (kept !== undefined) {
      this.shapes.set(shape, kept);
      return kept;
    }
    let texts: KeyTexts = [];
    for (let slot = 1; slot < shape.keys.length && texts !== undefined; slot++) {
      const key = shape.keys[slot];
      if (typeof key !== "string" || key.length > MAX_KEY || !isUtf8(key)) texts = undefined;
      else texts[slot] = new KeyText(key);
    }
    this.shapes.set(shape, texts);
    if (texts !== undefined) KEPT.set(shape, texts);
    return texts;
  }

  /** A table with string keys only, whose texts are known. */
  private record(table: LuaTable, texts: (KeyText | undefined)[]): void {
    const { vals } = table;
    let slot = 1;
    while (slot < vals.length && vals[slot] === undefined) slot++;
    if (slot === vals.length) {
      this.ascii(table.mark === OBJECT ? "{}" : "[]");
      return;
    }
    let before = OPEN_OBJECT;
    for (; slot < vals.length; slot++) {
      const value = vals[slot];
      if (value === undefined) continue;
      const { words, length } = texts[slot]!;
      if (this.at + length + 8 > PIECE) this.flush();
      let { at } = this;
      out[at++] = before;
      before = COMMA;
      for (let i = 0; i < words.length; i++) view.setInt32(at + i * 4, words[i]!, true);
      this.at = at + length;
      if (typeof value === "string") this.string(value, slot);
      else if (typeof value === "number") this.number(value, slot);
      else this.value(value, slot);
    }
    this.byte(CLOSE_OBJECT);
  }

  /** A table with nothing but its array part. */
  private list(table: LuaTable): void {
    const { array } = table;
    if (array.includes(undefined, 1)) {
      // Holes: a marked list writes them as null, and another table is an object after all.
      this.laidOut(table);
      return;
    }
    this.byte(OPEN_ARRAY);
    for (let i = 1; i < array.length; i++) {
      if (i > 1) this.byte(COMMA);
      const value = array[i];
      if (typeof value === "number") this.number(value, -i);
      else if (typeof value === "string") this.string(value, -i);
      else this.value(value, -i);
      if (--state.ticks < 0) {
        state.ticks = TICKS;
        state.vm.check();
      }
    }
    this.byte(CLOSE_ARRAY);
  }

  private layout(table: LuaTable): Layout {
    try {
      return layoutOf(table);
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error;
      this.open.pop();
      throw this.unwritable(error.reason, this.steps[this.open.length - 1] ?? 0);
    }
  }

  /** Any table, on one line. */
  private laidOut(table: LuaTable): void {
    const { length, entries } = this.layout(table);
    if (entries === undefined) {
      this.byte(OPEN_ARRAY);
      for (let i = 1; i <= length; i++) {
        if (i > 1) this.byte(COMMA);
        this.value(table.getIndex(i), -i);
      }
      this.byte(CLOSE_ARRAY);
      return;
    }
    this.byte(OPEN_OBJECT);
    let first = true;
    for (const { key, value } of entries) {
      if (!first) this.byte(COMMA);
      first = false;
      this.string(key, key);
      this.byte(COLON);
      this.value(value, key);
    }
    this.byte(CLOSE_OBJECT);
  }

  /** Any table, with indentation or sorted keys. */
  private styled(table: LuaTable): void {
    const { length, entries } = this.layout(table);
    if (entries === undefined) {
      if (length === 0) {
        this.ascii("[]");
        return;
      }
      this.byte(OPEN_ARRAY);
      for (let i = 1; i <= length; i++) {
        if (i > 1) this.byte(COMMA);
        this.newLine(this.open.length);
        this.value(table.getIndex(i), -i);
      }
      this.newLine(this.open.length - 1);
      this.byte(CLOSE_ARRAY);
      return;
    }
    if (entries.length === 0) {
      this.ascii("{}");
      return;
    }
    if (this.sortKeys) entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.byte(OPEN_OBJECT);
    let first = true;
    for (const { key, value } of entries) {
      if (!first) this.byte(COMMA);
      first = false;
      this.newLine(this.open.length);
      this.string(key, key);
      this.ascii(this.indent === "" ? ":" : ": ");
      this.value(value, key);
    }
    this.newLine(this.open.length - 1);
    this.byte(CLOSE_OBJECT);
  }

  private newLine(depth: number): void {
    if (this.indent !== "") this.ascii(`\n${this.indent.repeat(depth)}`);
  }

  private string(text: string, step: string | number): void {
    const { length } = text;
    if (this.at + length + 2 > PIECE) {
      this.flush();
      if (length + 2 > PIECE) {
        this.special(text, step);
        return;
      }
    }
    let { at } = this;
    out[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const byte = text.charCodeAt(i);
      if (PLAIN[byte] !== 1) {
        this.special(text, step);
        return;
      }
      out[at++] = byte;
    }
    out[at++] = QUOTE;
    this.at = at;
  }

  /** A string that is long, or has characters to be escaped or bytes to be checked. */
  private special(text: string, step: string | number): void {
    const { length } = text;
    if (BEYOND_ASCII.test(text) && !isUtf8(text)) throw this.unwritable("invalid UTF-8", step);
    if (length * 6 + 2 > PIECE) {
      // The engine takes each byte for a character; it escapes nothing beyond ASCII.
      this.ascii(JSON.stringify(text));
      return;
    }
    if (this.at + length * 6 + 2 > PIECE) this.flush();
    let { at } = this;
    out[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const byte = text.charCodeAt(i);
      const name = ESCAPES[byte]!;
      if (name === 0) out[at++] = byte;
      else {
        out[at++] = BACKSLASH;
        out[at++] = name;
        if (name === LETTER_U) {
          out[at] = out[at + 1] = 0x30;
          out[at + 2] = HEX.charCodeAt(byte >> 4);
          out[at + 3] = HEX.charCodeAt(byte & 15);
          at += 4;
        }
      }
    }
    out[at++] = QUOTE;
    this.at = at;
  }

  private number(n: number, step: string | number): void {
    if ((n | 0) === n) {
      if (this.at + NUMBER_ROOM > PIECE) this.flush();
      this.small(n);
    } else if (Number.isSafeInteger(n)) this.ascii(String(n));
    else if (Number.isFinite(n)) this.ascii(Number.isInteger(n) ? floatText(n) : String(n));
    else throw this.unwritable(`${Number.isNaN(n) ? "nan" : n > 0 ? "inf" : "-inf"} is not a JSON number`, step);
  }

  /** An integer of 32 bits; there is room for it. */
  private small(n: number): void {
    let { at } = this;
    if (n < 0) {
      out[at++] = 0x2d;
      n = -n;
    }
    if (n >= 1000) {
      this.at = at;
      const thousands = Math.trunc(n / 1000);
      this.small(thousands);
      this.three(n - thousands * 1000);
      return;
    }
    if (n >= 100) {
      this.at = at;
      this.three(n);
      return;
    }
    if (n >= 10) {
      out[at++] = DIGITS[n * 3 + 1]!;
      n = DIGITS[n * 3 + 2]! - 0x30;
    }
    out[at++] = n + 0x30;
    this.at = at;
  }

  /** Three digits. */
  private three(n: number): void {
    const { at } = this;
    const from = n * 3;
    out[at] = DIGITS[from]!;
    out[at + 1] = DIGITS[from + 1]!;
    out[at + 2] = DIGITS[from + 2]!;
    this.at = at + 3;
  }

  /** Bytes as they are. */
  private ascii(text: string): void {
    const { length } = text;
    if (this.at + length > PIECE) {
      this.flush();
      if (length > PIECE) {
        this.append(text);
        return;
      }
    }
    const { at } = this;
    if (length > SHORT) out.write(text, at, "latin1");
    else for (let i = 0; i < length; i++) out[at + i] = text.charCodeAt(i);
    this.at = at + length;
  }

  private byte(byte: number): void {
    if (this.at >= PIECE) this.flush();
    out[this.at++] = byte;
  }

  /** Makes a piece of the text out of what the buffer holds. */
  private flush(): void {
    this.append(out.toString("latin1", 0, this.at));
    this.at = 0;
  }

  private append(piece: string): void {
    const { length } = piece;
    if (this.text.length + length > this.reserved) {
      this.reserved = (this.text.length + length) * 1.5;
      if (this.text.length > 0) reserveMemory(this.text.length + length);
    }
    if (this.text.length + length > MAX_STRING) throw new LuaError("not enough memory");
    charge(length);
    this.text += piece;
  }
}

/** Whether bytes are UTF-8 (RFC 3629). */
export function isUtf8(text: string): boolean {
  return utf8Bytes(Buffer.from(text, "latin1"));
}
