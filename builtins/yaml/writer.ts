/**
 * Lua values to YAML 1.2 text in block style. A string is quoted only where it would be read as something else, by
 * readers of YAML 1.1 included: to them `no`, `1_000` and `12:30` are not strings.
 */
import { basicType, failure, LuaError } from "../../interpreter/error.ts";
import { tick } from "../../interpreter/library/steps.ts";
import { charge, reserveMemory } from "../../interpreter/memory.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import { isNumber, LuaFloat, Userdata, type Value } from "../../interpreter/value.ts";
import { floatText, isNull, listLayout, Unwritable } from "../json-layout.ts";
import { MAX_DEPTH } from "../json-parser.ts";

const INDENT = "  ";
/** Longer keys are written with `? `: readers look for the colon only so far (YAML 1.2 §7.4.2). */
const MAX_KEY = 1000;
/** Characters that are put together at a time. */
const PIECE = 1 << 16;
const MAX_STRING = 0x7fff_ffff;

/** A value as YAML text in bytes, with a line feed at its end. Raises `what: …` with the path of what cannot be written. */
export function encodeYaml(what: string, value: Value, sortKeys: boolean): string {
  const writer = new Writer(sortKeys);
  try {
    writer.document(value);
  } catch (error) {
    if (error instanceof Unwritable) throw failure(`${what}: ${error.place()}: ${error.reason}`);
    throw error;
  }
  return writer.finish();
}

interface Entry {
  key: Value;
  value: Value;
}

class Writer {
  /** What is complete, in bytes, and the characters behind it. */
  private text = "";
  private piece = "";
  private readonly open: LuaTable[] = [];

  constructor(private readonly sortKeys: boolean) {}

  document(value: Value): void {
    if (value instanceof LuaTable) this.table(value, "", false);
    else this.line(this.scalar(value, INDENT));
  }

  /**
   * A table whose lines begin with `indent`. Inline: the text of the first line stands already (`- ` or `key:`), and
   * a table that is not empty goes on behind it.
   */
  private table(table: LuaTable, indent: string, inline: boolean): void {
    const { open } = this;
    if (open.includes(table)) throw new Unwritable("a table inside itself");
    if (open.length >= MAX_DEPTH) throw new Unwritable(`nested deeper than ${MAX_DEPTH}`);
    open.push(table);
    const { length } = listLayout(table);
    if (length !== undefined) this.list(table, length, indent, inline);
    else this.map(this.entries(table), indent, inline);
    open.pop();
  }

  private list(table: LuaTable, length: number, indent: string, inline: boolean): void {
    if (length === 0) this.line("[]");
    for (let i = 1; i <= length; i++) {
      this.put(inline && i === 1 ? "- " : `${indent}- `);
      this.inside(table.getIndex(i), i, indent, true);
    }
  }

  private map(entries: Entry[], indent: string, inline: boolean): void {
    if (entries.length === 0) this.line("{}");
    entries.forEach(({ key, value }, i) => {
      const name = this.key(key);
      if (!inline || i > 0) this.put(indent);
      const step = typeof key === "string" ? key : String(name);
      if (name.length > MAX_KEY) {
        this.put(`? ${name}\n${indent}: `);
        this.inside(value, step, indent, true);
      } else {
        this.put(`${name}:`);
        this.inside(value, step, indent, false);
      }
    });
  }

  /** A value behind `- ` or `: ` (compact: a table begins on the same line) or behind `key:`. */
  private inside(value: Value, step: string | number, indent: string, compact: boolean): void {
    const deeper = indent + INDENT;
    tick();
    try {
      if (!(value instanceof LuaTable)) this.line(`${compact ? "" : " "}${this.scalar(value, deeper)}`);
      else if (compact) this.table(value, deeper, true);
      else {
        this.put(isEmpty(value) ? " " : "\n");
        this.table(value, deeper, false);
      }
    } catch (error) {
      if (error instanceof Unwritable) error.path.unshift(step);
      throw error;
    }
  }

  private entries(table: LuaTable): Entry[] {
    const entries: Entry[] = [];
    table.forEach((key, value) => {
      entries.push({ key, value });
    });
    if (this.sortKeys) entries.sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
    return entries;
  }

  private key(key: Value): string {
    if (typeof key === "string") return quoteIfNeeded(textOf(key));
    if (isNumber(key) || typeof key === "boolean") return this.scalar(key, "");
    throw new Unwritable(`a ${basicType(key)} as key`);
  }

  /** A scalar; block scalars go on in lines that begin with `indent`. */
  private scalar(value: Value, indent: string): string {
    if (typeof value === "string") {
      const text = textOf(value);
      return indent !== "" && isBlock(text) ? block(text, indent) : quoteIfNeeded(text);
    }
    if (typeof value === "boolean" || typeof value === "bigint") return String(value);
    if (typeof value === "number" || value instanceof LuaFloat) return number(value);
    if (value === undefined || (value instanceof Userdata && isNull(value))) return "null";
    throw new Unwritable(`a ${basicType(value)} cannot be written`);
  }

  private line(text: string): void {
    // A block scalar that keeps its last line feeds ends its line itself.
    this.put(text.endsWith("\n") ? text : `${text}\n`);
  }

  private put(text: string): void {
    this.piece += text;
    if (this.piece.length > PIECE) this.flush();
  }

  /** The engine remembers how a string was put together until somebody looks at it: here, piece by piece. */
  private flush(): void {
    const bytes = fromText(this.piece);
    this.piece = "";
    reserveMemory(this.text.length + bytes.length);
    if (this.text.length + bytes.length > MAX_STRING) throw new LuaError("not enough memory");
    charge(bytes.length);
    this.text += bytes;
  }

  finish(): string {
    this.flush();
    return this.text;
  }
}

function isEmpty(table: LuaTable): boolean {
  return table.nextPosition(0) === 0;
}

function number(value: number | LuaFloat): string {
  const n = value instanceof LuaFloat ? value.n : value;
  if (Number.isNaN(n)) return ".nan";
  if (n === Infinity) return ".inf";
  if (n === -Infinity) return "-.inf";
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : floatText(value);
}

function textOf(bytes: string): string {
  const text = toText(bytes);
  if (text === undefined) throw new Unwritable("invalid UTF-8");
  return text;
}

/** What readers of YAML 1.2 or 1.1 take for null, a boolean, a number, a date or a merge key. */
const NOT_A_STRING = new RegExp(
  `^(?:${[
    "|~|null|Null|NULL|true|True|TRUE|false|False|FALSE",
    "y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|=|<<",
    "[-+]?(?:[0-9][0-9_]*(?:\\.[0-9_]*)?|\\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]*)?",
    "[-+]?0[xob][0-9a-fA-F_]*",
    "[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\\.[0-9_]*)?",
    "[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)|[-+]?\\.",
    "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \\t].*)?",
  ].join("|")})$`,
  "s",
);
/** Characters that a plain scalar may begin with; `-`, `?` and `:` may as well when no space follows. */
const PLAIN_START = /^(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|[-?:][^\s,[\]{}])/u;
/** What ends a plain scalar or may not be in it: comments, `: `, control characters, and what is not printable. */
const NOT_PLAIN = /[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]|:(?:\s|$)|\s#|\s$/u;

function quoteIfNeeded(text: string): string {
  if (
    PLAIN_START.test(text) &&
    !NOT_PLAIN.test(text) &&
    !NOT_A_STRING.test(text) &&
    !text.startsWith("---") &&
    !text.startsWith("...")
  ) {
    return text;
  }
  return quote(text);
}

const ESCAPED = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A double-quoted scalar: the escapes of JSON are among YAML's. */
function quote(text: string): string {
  return JSON.stringify(text).replace(ESCAPED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Whether a text of several lines can be written as a literal block scalar without losing a character. */
function isBlock(text: string): boolean {
  if (!text.includes("\n")) return false;
  // The first line that is not empty shows the indentation, and so must not begin with a space of its own.
  const first = /[^\n]/.exec(text)?.[0];
  if (first === undefined || first === " " || first === "\t" || /(?:^|\n)[ \t]+\n*$/.test(text)) return false;
  return !/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/.test(text);
}

function block(text: string, indent: string): string {
  const lines = text.split("\n");
  let header = "|-";
  if (text.endsWith("\n")) {
    header = text.endsWith("\n\n") ? "|+" : "|";
    lines.pop();
  }
  const body = lines.map((line) => (line === "" ? "" : indent + line)).join("\n");
  return `${header}\n${body}\n`;
}
