/**
 * TOML 1.0 text to Lua values. The library @iarna/toml reads keys, strings, comments and the structure of lines; it
 * stands at a release candidate of TOML 1.0 and makes JavaScript objects, so the rest is done here: tables and the
 * rules about defining them, numbers (floats with whole values, 64 bits), dates and times, inline tables.
 */
import TOMLParser from "@iarna/toml/lib/toml-parser.js";
import { failure } from "../interpreter/error.ts";
import { tick } from "../interpreter/library/steps.ts";
import { charge } from "../interpreter/memory.ts";
import { LuaTable, rootShape } from "../interpreter/table.ts";
import { fromText, toText } from "../interpreter/text.ts";
import { float, integer, type Value } from "../interpreter/value.ts";
import { ARRAY, OBJECT } from "./json-mark.ts";
import { MAX_DEPTH } from "./json-parser.ts";

/** Characters between two looks at the clock. */
const LOOK_EVERY = 64;

/** Kinds of tables that share their shapes: each is a list of keys of its own. */
const MAX_SHAPES = 1000;

/** How a table came to be, which decides what may still be added to it. */
type Origin =
  /** On the way of a header: `a` in `[a.b]`. A header of its own may still come. */
  | "implicit"
  /** By a header `[a]`. */
  | "header"
  /** By a dotted key: `a` in `a.b = 1`. Other dotted keys may add to it. */
  | "dotted"
  /** An inline table or array, or what is inside one: closed. */
  | "inline"
  /** The array of `[[a]]`. */
  | "tables";

/** Parses a text. Raises `what: … at line 3, column 14`. */
export function readToml(what: string, bytes: string): LuaTable {
  const given = toText(bytes);
  if (given === undefined) throw failure(`${what}: invalid UTF-8`);
  const text = (given.startsWith("\ufeff") ? given.slice(1) : given).replaceAll("\r\n", "\n");
  const parser = new Reader();
  try {
    parser.ii = text.indexOf("\r");
    if (parser.ii >= 0) throw new Problem("carriage return without a line feed");
    parser.parse(text);
    parser.finish();
    return parser.root;
  } catch (error) {
    const problem = describe(error, parser.char === END);
    if (problem === undefined) throw error;
    const at = (error instanceof Problem ? error.at : undefined) ?? parser.ii;
    throw failure(`${what}: ${fromText(`${problem} at ${place(text, at)}`)}`);
  }
}

/** `line 3, column 14` of a position, both from 1. */
function place(text: string, at: number): string {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  return `line ${before.split("\n").length}, column ${[...before.slice(lineStart)].length + 1}`;
}

class Problem {
  constructor(
    readonly message: string,
    /** Position in the text; where the reader is without it. */
    readonly at?: number,
  ) {}
}

/** The words for an error of the text; `undefined` for what is none. */
function describe(error: unknown, atEnd: boolean): string | undefined {
  if (error instanceof Problem) return error.message;
  const { message, fromTOML, code } = error as { message?: string; fromTOML?: boolean; code?: string };
  if (message === undefined || (fromTOML !== true && code !== "ParserError")) return undefined;
  const byCode = /^Unknown (?:escape )?character:? "?(\d+)"?$/.exec(message);
  if (byCode !== null) return `unexpected ${shown(Number(byCode[1]))}`;
  if (message.includes("code points")) return "escape sequence beyond U+10FFFF";
  const line = message.replace(/\s+/g, " ").replace(/^\[ParserError\] /, "");
  const words = line.charAt(0).toLowerCase() + line.slice(1);
  if (words === "unterminated inline array") return "inline tables stand on one line, arrays end with ]";
  return atEnd ? words.replace(/^(?:invalid|unexpected) character,/, "unexpected end of the text,") : words;
}

function shown(code: number): string {
  if (code === END) return "end of the text";
  return code > 0x20 && code !== 0x7f
    ? `'${String.fromCodePoint(code)}'`
    : `character 0x${code.toString(16).padStart(2, "0")}`;
}

const END = 0x110000;
const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const PERIOD = 0x2e;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;

/** What numbers, dates, times, booleans, `inf` and `nan` are made of. */
const WORD = /[0-9A-Za-z_+\-:.]/;
const DATE = /^\d{4}-\d\d-\d\d$/;

class Reader extends TOMLParser {
  /** Where the shapes of this document's tables begin, and how many they are. */
  private readonly shape = rootShape();
  private shapes = 0;
  readonly root = this.newTable(OBJECT);
  private readonly origins = new Map<LuaTable, Origin>([[this.root, "header"]]);
  /** The table of the last header. */
  private current = this.root;
  /** How deep the value is inside arrays and inline tables. */
  private depth = 0;
  /** The keys of the header under way, and where it begins. */
  private path: string[] = [];
  private headerStart = 0;
  /** Where the entries under way begin, the innermost last. */
  private readonly starts: number[] = [];
  private wordStart = 0;
  private steps = 0;

  override nextChar(): boolean {
    if (++this.steps % LOOK_EVERY === 0) tick();
    return super.nextChar();
  }

  // --- headers --------------------------------------------------------------------------------------------------------

  override parseTable(): unknown {
    this.path = [];
    this.headerStart = this.ii;
    return this.goto(this.parseTableNext);
  }

  override parseTableMore(key: string): unknown {
    if (!this.header(key, this.parseTableNext)) return undefined;
    const { path } = this;
    const last = path.length - 1;
    const parent = this.parentOf(path);
    const name = fromText(path[last]!);
    const known = parent.getString(name);
    if (known === undefined) this.current = this.child(parent, name, "header");
    else if (known instanceof LuaTable && this.origins.get(known) === "implicit") {
      this.origins.set(known, "header");
      this.current = known;
    } else throw new Problem(`table ${dotted(path)} defined twice`, this.headerStart);
    return this.next(this.parseWhitespaceToEOL);
  }

  override parseList(): unknown {
    this.path = [];
    this.headerStart = this.ii;
    return this.goto(this.parseListNext);
  }

  override parseListMore(key: string): unknown {
    if (!this.header(key, this.parseListNext)) return undefined;
    const { path } = this;
    const parent = this.parentOf(path);
    const name = fromText(path[path.length - 1]!);
    let tables = parent.getString(name);
    if (tables === undefined) {
      tables = this.newTable(ARRAY);
      this.origins.set(tables, "tables");
      this.store(parent, name, tables);
    } else if (!(tables instanceof LuaTable) || this.origins.get(tables) !== "tables") {
      throw new Problem(`${dotted(path)} is not an array of tables`, this.headerStart);
    }
    this.current = this.newTable(OBJECT);
    this.origins.set(this.current, "header");
    tables.append(this.current);
    return this.next(this.parseListEnd);
  }

  /** A key of a header and what follows it; true when the header is complete. */
  private header(key: string, more: () => unknown): boolean {
    if (this.char === SPACE || this.char === TAB) return false;
    if (this.char !== PERIOD && this.char !== CLOSE_BRACKET) throw new Problem("expected '.' or ']' behind a key");
    this.path.push(key);
    if (this.path.length > MAX_DEPTH) throw new Problem(`nested deeper than ${MAX_DEPTH}`);
    if (this.char === CLOSE_BRACKET) return true;
    this.next(more);
    return false;
  }

  /** The table that holds the last key of a header. */
  private parentOf(path: readonly string[]): LuaTable {
    let table = this.root;
    for (let i = 0; i < path.length - 1; i++) {
      const name = fromText(path[i]!);
      const known = table.getString(name);
      if (known === undefined) table = this.child(table, name, "implicit");
      else {
        const origin = known instanceof LuaTable ? this.origins.get(known) : undefined;
        if (origin === "inline" || !(known instanceof LuaTable)) {
          throw new Problem(`${dotted(path.slice(0, i + 1))} cannot be extended`, this.headerStart);
        }
        table = origin === "tables" ? (known.getIndex(known.length()) as LuaTable) : known;
      }
    }
    return table;
  }

  private child(parent: LuaTable, name: string, origin: Origin): LuaTable {
    const table = this.newTable(OBJECT);
    this.origins.set(table, origin);
    this.store(parent, name, table);
    return table;
  }

  private newTable(mark: number): LuaTable {
    const table = new LuaTable(this.shape);
    table.mark = mark;
    charge(64);
    return table;
  }

  /** A new entry. Tables that are alike share one shape, as long as there are not too many kinds. */
  private store(table: LuaTable, name: string, value: Value): void {
    const { shape } = table;
    if (shape.shared && this.shapes < MAX_SHAPES && shape.after(name, false) === undefined) {
      this.shapes++;
      table.setConstant(name, value);
    } else table.setString(name, value);
  }

  // --- entries --------------------------------------------------------------------------------------------------------

  override parseAssign(): unknown {
    this.starts.push(this.ii);
    return super.parseAssign();
  }

  override recordAssignStatement(entry: { key: string[]; value: unknown }): unknown {
    this.assign(this.current, entry);
    return this.goto(this.parseWhitespaceToEOL);
  }

  override recordInlineTableValue(entry: { key: string[]; value: unknown }): unknown {
    this.assign(this.state.resultTable as LuaTable, entry);
    return this.goto(this.parseInlineTableNext);
  }

  private assign(target: LuaTable, { key: path, value }: { key: string[]; value: unknown }): void {
    const start = this.starts.pop();
    if (path.length > MAX_DEPTH) throw new Problem(`nested deeper than ${MAX_DEPTH}`, start);
    let table = target;
    for (let i = 0; i < path.length - 1; i++) {
      const name = fromText(path[i]!);
      const known = table.getString(name);
      if (known === undefined) table = this.child(table, name, "dotted");
      else if (known instanceof LuaTable && this.origins.get(known) === "dotted") table = known;
      else throw new Problem(`${dotted(path.slice(0, i + 1))} cannot be extended`, start);
    }
    const name = fromText(path[path.length - 1]!);
    if (table.getString(name) !== undefined) throw new Problem(`key ${dotted(path)} given twice`, start);
    this.store(table, name, toValue(value));
  }

  // --- values ---------------------------------------------------------------------------------------------------------

  override parseValue(): unknown {
    const { char } = this;
    if (char === OPEN_BRACKET || char === OPEN_BRACE) {
      if (++this.depth > MAX_DEPTH) throw new Problem(`nested deeper than ${MAX_DEPTH}`);
      return super.parseValue();
    }
    if (char === QUOTE || char === APOSTROPHE) return super.parseValue();
    if (char === END || char === 0x0a) throw new Problem("expected a value");
    this.wordStart = this.ii;
    return this.goto(this.parseWord);
  }

  /** An array or inline table is complete. */
  override recordValue(value: unknown): unknown {
    this.depth--;
    this.origins.set(value as LuaTable, "inline");
    return super.recordValue(value);
  }

  override parseInlineList(): unknown {
    this.state.resultArr ??= this.newTable(ARRAY);
    return super.parseInlineList();
  }

  override recordInlineListValue(value: unknown): unknown {
    (this.state.resultArr as LuaTable).append(toValue(value));
    return this.goto(this.parseInlineListNext);
  }

  override parseInlineTable(): unknown {
    this.state.resultTable ??= this.newTable(OBJECT);
    return super.parseInlineTable();
  }

  /** A number, a date or time, a boolean, inf or nan. */
  private parseWord(): unknown {
    do {
      if (this.char !== END && WORD.test(String.fromCodePoint(this.char))) this.consume();
      else if (this.char === SPACE && DATE.test(this.state.buf) && /\d/.test(this._buf.charAt(this.ii + 1)))
        this.consume();
      else {
        const { buf } = this.state;
        if (buf === "") throw new Problem(`expected a value, got ${shown(this.char)}`);
        const value = wordValue(buf);
        if (value instanceof Problem) throw new Problem(value.message, this.wordStart);
        return this.returnNow(value);
      }
    } while (this.nextChar());
    return undefined;
  }
}

/** A value as the library hands it on: strings are its own, as characters; everything else is of this module. */
function toValue(value: unknown): Value {
  if (typeof value !== "string") return value as Value;
  charge(value.length + 24);
  return fromText(value);
}

function dotted(path: readonly string[]): string {
  const text = path.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join(".");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const DIGITS = "[0-9](?:_?[0-9])*";
const DECIMAL = /^[-+]?(?:0|[1-9](?:_?[0-9])*)$/;
const PREFIXED = /^0(?:x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/;
const FLOAT = new RegExp(`^[-+]?(?:0|[1-9](?:_?[0-9])*)(?:\\.${DIGITS})?(?:[eE][-+]?${DIGITS})?$`);
const TIMESTAMP =
  /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?<=\d)[Tt ](?=\d))?(?:(?<!\d\d\d\d-\d\d-\d\d)(\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[-+]\d\d:\d\d)?)?$/;

/** Numbers, booleans, dates and times (TOML 1.0); the last two as RFC 3339 writes them. A Problem for what is none. */
function wordValue(word: string): Value | Problem {
  if (word === "true") return true;
  if (word === "false") return false;
  const special = /^([-+]?)(inf|nan)$/.exec(word);
  if (special !== null) return special[2] === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
  if (DECIMAL.test(word) || PREFIXED.test(word)) return integerValue(word.replaceAll("_", ""));
  if (FLOAT.test(word)) {
    const n = Number(word.replaceAll("_", ""));
    return Number.isFinite(n) ? float(n) : new Problem(`${word.slice(0, 80)} is out of range`);
  }
  const time = timestamp(word);
  if (time !== undefined) return time;
  return new Problem(`${JSON.stringify(word.slice(0, 80))} is not a value`);
}

/** Longest text that may be an integer of 64 bits, leading zeros (which only prefixed ones may have) left out. */
const MAX_DIGITS = 2 + 64;

function integerValue(text: string): Value | Problem {
  const digits = text.replace(/^0([xob])0+(?=.)/, "0$1");
  if (digits.length > MAX_DIGITS) return new Problem(`integer ${digits.slice(0, 80)} does not fit 64 bits`);
  const n = digits.startsWith("-")
    ? -BigInt(digits.slice(1))
    : BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
  if (n < -(2n ** 63n) || n >= 2n ** 63n) return new Problem(`integer ${digits.slice(0, 80)} does not fit 64 bits`);
  return integer(n);
}

/** A date, a time or both, checked; `undefined` for anything else. */
function timestamp(word: string): string | undefined {
  const match = TIMESTAMP.exec(word);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", offset = ""] = match;
  if (year === undefined && (hour === undefined || offset !== "")) return undefined;
  if (year !== undefined && !isDate(Number(year), Number(month), Number(day))) return undefined;
  const date = year === undefined ? "" : `${year}-${month}-${day}`;
  if (hour === undefined) return date;
  const zone = /^[-+](\d\d):(\d\d)$/.exec(offset);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (zone !== null && (Number(zone[1]) > 23 || Number(zone[2]) > 59)) return undefined;
  return `${date}${date === "" ? "" : "T"}${hour}:${minute}:${second}${fraction}${offset.toUpperCase()}`;
}

function isDate(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
