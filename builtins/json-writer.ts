/** Lua values to JSON text (RFC 8259), written as bytes into a buffer that grows. */
import { basicType, failure, LuaError } from "../interpreter/error.ts";
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { state, TICKS } from "../interpreter/state.ts";
import { LuaTable, type Shape } from "../interpreter/table.ts";
import { LuaFloat, Userdata, type Value } from "../interpreter/value.ts";
import { floatText, type Layout, layoutOf, Unwritable } from "./json-layout.ts";
import { OBJECT } from "./json-mark.ts";
import { MAX_DEPTH, PLAIN, sequenceLength } from "./json-parser.ts";

export interface JsonStyle {
  /** What each level is indented by; empty for one line without spaces. */
  indent?: string;
  /** Writes the keys of each object in byte order. */
  sortKeys?: boolean;
}

/** The kinds of the sentinels that stand for null. */
const NULLS = new Set(["json.null", "db.null"]);

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const FIRST_SIZE = 1 << 16;
/** A larger buffer is given back after use. */
const KEPT_SIZE = 1 << 20;
/** The engine's limit for strings. */
const MAX_STRING = 0x7fff_ffff;
/** A number's text is shorter. */
const NUMBER_ROOM = 40;

/** The digits of 000 to 999. */
const DIGITS = Buffer.from(Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, "0")).join(""), "latin1");

/** The buffer of the last writer, for the next one. */
let kept: Buffer | undefined;

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
  try {
    writer.value(value, 0);
    return writer.text();
  } finally {
    writer.release();
  }
}

/** `"key":` as bytes for each slot of a shape; `undefined` for a shape whose tables need a closer look. */
type KeyTexts = (Uint8Array | undefined)[] | undefined;

class Writer {
  private out = kept ?? Buffer.allocUnsafe(FIRST_SIZE);
  private at = 0;
  /** The tables around the value, and where in each of them it is: a slot, an index below zero, or a key. */
  private readonly open: LuaTable[] = [];
  private readonly steps: (string | number)[] = [];
  private readonly shapes = new Map<Shape, KeyTexts>();
  private readonly indent: string;
  private readonly sortKeys: boolean;

  constructor(style: JsonStyle) {
    kept = undefined;
    this.indent = style.indent ?? "";
    this.sortKeys = style.sortKeys === true;
  }

  text(): string {
    if (this.at > MAX_STRING) throw new LuaError("not enough memory");
    charge(this.at);
    return this.out.toString("latin1", 0, this.at);
  }

  release(): void {
    if (this.out.length <= KEPT_SIZE) kept = this.out;
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
    else if (value instanceof Userdata && NULLS.has(value.kind)) this.ascii("null");
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
    let texts: KeyTexts = [];
    for (let slot = 1; slot < shape.keys.length; slot++) {
      const key = shape.keys[slot];
      if (typeof key !== "string") {
        texts = undefined;
        break;
      }
      const from = this.at;
      this.string(key, slot);
      this.byte(COLON);
      texts[slot] = new Uint8Array(this.out.subarray(from, this.at));
      this.at = from;
    }
    this.shapes.set(shape, texts);
    return texts;
  }

  /** A table with string keys only, whose texts are known. */
  private record(table: LuaTable, texts: (Uint8Array | undefined)[]): void {
    const { vals } = table;
    const from = this.at;
    this.byte(OPEN_OBJECT);
    let first = true;
    for (let slot = 1; slot < vals.length; slot++) {
      const value = vals[slot];
      if (value === undefined) continue;
      const text = texts[slot]!;
      const { length } = text;
      if (this.at + length >= this.out.length) this.grow(length + 1);
      const { out } = this;
      let { at } = this;
      if (!first) out[at++] = COMMA;
      first = false;
      for (let i = 0; i < length; i++) out[at + i] = text[i]!;
      this.at = at + length;
      if (typeof value === "string") this.string(value, slot);
      else if (typeof value === "number") this.number(value, slot);
      else this.value(value, slot);
    }
    this.byte(CLOSE_OBJECT);
    if (first && table.mark !== OBJECT) {
      this.at = from;
      this.ascii("[]");
    }
  }

  /** A table with nothing but its array part. */
  private list(table: LuaTable): void {
    const { array } = table;
    const from = this.at;
    this.byte(OPEN_ARRAY);
    for (let i = 1; i < array.length; i++) {
      if (i > 1) this.byte(COMMA);
      const value = array[i];
      if (typeof value === "number") this.number(value, -i);
      else if (typeof value === "string") this.string(value, -i);
      else if (value === undefined) {
        // A hole: a marked list writes it as null, and another table is an object after all.
        this.at = from;
        this.laidOut(table);
        return;
      } else this.value(value, -i);
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
    if (this.at + length + 2 > this.out.length) this.grow(length + 2);
    const { out } = this;
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

  /** A string with characters to be escaped or bytes to be checked. */
  private special(text: string, step: string | number): void {
    if (!isUtf8(text)) throw this.unwritable("invalid UTF-8", step);
    // The engine takes each byte for a character; it escapes nothing beyond ASCII.
    this.ascii(JSON.stringify(text));
  }

  private number(n: number, step: string | number): void {
    if ((n | 0) === n) {
      if (this.at + NUMBER_ROOM > this.out.length) this.grow(NUMBER_ROOM);
      this.small(n);
    } else if (Number.isFinite(n)) this.ascii(Number.isSafeInteger(n) ? String(n) : floatText(n));
    else throw this.unwritable(`${Number.isNaN(n) ? "nan" : n > 0 ? "inf" : "-inf"} is not a JSON number`, step);
  }

  /** An integer of 32 bits; there is room for it. */
  private small(n: number): void {
    const { out } = this;
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
    const { out, at } = this;
    const from = n * 3;
    out[at] = DIGITS[from]!;
    out[at + 1] = DIGITS[from + 1]!;
    out[at + 2] = DIGITS[from + 2]!;
    this.at = at + 3;
  }

  /** Bytes as they are. */
  private ascii(text: string): void {
    const { length } = text;
    if (this.at + length > this.out.length) this.grow(length);
    if (length > 32) this.out.write(text, this.at, "latin1");
    else for (let i = 0; i < length; i++) this.out[this.at + i] = text.charCodeAt(i);
    this.at += length;
  }

  private byte(byte: number): void {
    if (this.at >= this.out.length) this.grow(1);
    this.out[this.at++] = byte;
  }

  /** Makes room for `more` bytes. */
  private grow(more: number): void {
    const size = Math.max(this.out.length * 2, this.at + more);
    reserveMemory(size);
    if (size > MAX_STRING * 2) throw new LuaError("not enough memory");
    const out = Buffer.allocUnsafe(size);
    this.out.copy(out, 0, 0, this.at);
    this.out = out;
    state.vm.check();
  }
}

/** Whether bytes are UTF-8 (RFC 3629). */
export function isUtf8(text: string): boolean {
  const bytes = Buffer.from(text, "latin1");
  let p = 0;
  while (p < bytes.length) {
    if (bytes[p]! < 0x80) p++;
    else {
      const size = sequenceLength(bytes, p);
      if (size === 0) return false;
      p += size;
    }
  }
  return true;
}
