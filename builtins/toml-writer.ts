/** Lua values to TOML 1.0 text: entries first, then tables under headers of their own. */
import { basicType, failure } from "../interpreter/error.ts";
import { tick } from "../interpreter/library/steps.ts";
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { LuaTable } from "../interpreter/table.ts";
import { LuaFloat, type Value } from "../interpreter/value.ts";
import { type Entry, floatText, type Layout, layoutOf, Unwritable } from "./json-layout.ts";
import { MAX_DEPTH } from "./json-parser.ts";
import { isUtf8 } from "./json-writer.ts";

/** Bytes between two looks at the memory limit. */
const LOOK_EVERY = 1 << 16;

/** A table as TOML text in bytes. Raises `what: …` with the path of what cannot be written. */
export function encodeToml(what: string, value: LuaTable, sortKeys: boolean): string {
  const writer = new Writer(sortKeys);
  try {
    writer.document(value);
  } catch (error) {
    if (error instanceof Unwritable) throw failure(`${what}: ${error.place()}: ${error.reason}`);
    throw error;
  }
  charge(writer.text.length);
  return writer.text;
}

class Writer {
  text = "";
  private made = 0;
  private reserved = 0;
  private readonly open: LuaTable[] = [];

  constructor(private readonly sortKeys: boolean) {}

  document(table: LuaTable): void {
    const { entries = [], length = 0 } = this.enter(table);
    if (length > 0) throw new Unwritable("a list cannot be a document");
    this.body(entries, "");
    this.open.pop();
  }

  /** The entries of a table whose header has been written; `path` is that header's. */
  private body(entries: Entry[], path: string): void {
    const tables: Entry[] = [];
    for (const entry of this.sorted(entries)) {
      this.inside(entry.key, () => {
        if (isTables(entry.value)) tables.push(entry);
        else this.put(`${key(entry.key)} = ${this.value(entry.value)}\n`);
      });
    }
    for (const { key: name, value } of tables) {
      this.inside(name, () => this.tables(value as LuaTable, path === "" ? key(name) : `${path}.${key(name)}`));
    }
  }

  /** A map as `[path]`, or a list of maps as `[[path]]` each. */
  private tables(table: LuaTable, path: string): void {
    const { entries, length } = this.enter(table);
    if (entries !== undefined) this.section(`[${path}]`, entries, path);
    else {
      for (let i = 1; i <= length; i++) {
        this.inside(i, () => {
          const element = table.getIndex(i) as LuaTable;
          this.section(`[[${path}]]`, this.enter(element).entries ?? [], path);
          this.open.pop();
        });
      }
    }
    this.open.pop();
  }

  private section(header: string, entries: Entry[], path: string): void {
    // A table that holds nothing but tables needs no header: theirs imply it.
    const implied = header.startsWith("[[")
      ? false
      : entries.length > 0 && entries.every(({ value }) => isTables(value));
    if (!implied) this.put(`${this.text === "" ? "" : "\n"}${header}\n`);
    this.body(entries, path);
  }

  /** A value on one line. */
  private value(value: Value): string {
    if (value instanceof LuaTable) return this.inline(value);
    const text = scalar(value);
    this.count(text.length);
    return text;
  }

  private inline(value: LuaTable): string {
    const { entries, length } = this.enter(value);
    const parts: string[] = [];
    if (entries === undefined) {
      for (let i = 1; i <= length; i++) this.inside(i, () => parts.push(this.value(value.getIndex(i))));
    } else {
      for (const { key: name, value: element } of this.sorted(entries)) {
        this.inside(name, () => parts.push(`${key(name)} = ${this.value(element)}`));
      }
    }
    this.open.pop();
    if (entries === undefined) return `[${parts.join(", ")}]`;
    return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
  }

  /** Looks at a table before it is written, and notes that it is under way. */
  private enter(table: LuaTable): Layout {
    this.count(30);
    if (this.open.includes(table)) throw new Unwritable("a table inside itself");
    if (this.open.length >= MAX_DEPTH) throw new Unwritable(`nested deeper than ${MAX_DEPTH}`);
    const layout = layoutOf(table);
    this.open.push(table);
    return layout;
  }

  private sorted(entries: Entry[]): Entry[] {
    return this.sortKeys ? entries.sort((a, b) => (a.key < b.key ? -1 : 1)) : entries;
  }

  private inside(step: string | number, write: () => unknown): void {
    tick();
    try {
      write();
    } catch (error) {
      if (error instanceof Unwritable) error.path.unshift(step);
      throw error;
    }
  }

  private put(text: string): void {
    this.text += text;
    this.count(text.length);
  }

  /** Counts bytes of the text, the parts of a line that is not written yet included. */
  private count(bytes: number): void {
    this.made += bytes + 2;
    if (this.made - this.reserved > LOOK_EVERY) {
      this.reserved = this.made;
      reserveMemory(this.reserved);
    }
  }
}

/** Whether a value gets headers: a map, or a list of nothing but maps. */
function isTables(value: Value): boolean {
  if (!(value instanceof LuaTable)) return false;
  const { length, entries } = layoutOf(value);
  if (entries !== undefined) return true;
  for (let i = 1; i <= length; i++) {
    const element = value.getIndex(i);
    if (!(element instanceof LuaTable) || layoutOf(element).entries === undefined) return false;
  }
  return length > 0;
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : quote(name);
}

/** A basic string: the escapes of JSON are among TOML's, which escapes U+007F as well. */
function quote(bytes: string): string {
  if (!isUtf8(bytes)) throw new Unwritable("invalid UTF-8");
  return JSON.stringify(bytes).replaceAll("\x7f", "\\u007f");
}

function scalar(value: Value): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number" || value instanceof LuaFloat) return number(value);
  throw new Unwritable(`a ${basicType(value)} cannot be written`);
}

function number(value: number | LuaFloat): string {
  const n = value instanceof LuaFloat ? value.n : value;
  if (Number.isNaN(n)) return "nan";
  if (n === Infinity || n === -Infinity) return n > 0 ? "inf" : "-inf";
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : floatText(value);
}
