/**
 * YAML as nearly all of it is written, from bytes straight to Lua values: lists and maps of both styles, all scalars,
 * anchors, merge keys, several documents. What it does not know for certain it leaves alone (`undefined`): tags, directives,
 * `? ` keys, tabs between tokens, collections as keys, and everything that looks like an error of the text. The library
 * reads those (full.ts), at some hundred bytes of memory for each token.
 */
import { failure } from "../../interpreter/error.ts";
import { charge, reserveMemory } from "../../interpreter/memory.ts";
import { state, TICKS } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import type { Value } from "../../interpreter/value.ts";
import { type Keys, rootKeys } from "../json-keys.ts";
import { ARRAY, OBJECT } from "../json-mark.ts";
import { MAX_DEPTH, placeOf } from "../json-parser.ts";
import { type Anchored, Anchors, keyOf, MapMaker, shownKey } from "./anchors.ts";
import {
  AMPERSAND,
  APOSTROPHE,
  ASTERISK,
  CLOSE_LIST,
  CLOSE_MAP,
  COLON,
  COMMA,
  DASH,
  END,
  HASH,
  isBlank,
  LF,
  OPEN_LIST,
  OPEN_MAP,
  PADDING,
  QUOTE,
  Scanner,
  SPACE,
  UNSURE,
} from "./scanner.ts";

/** Longer keys may be errors (YAML 1.2.2 §7.4.2). */
const MAX_KEY = 1000;
/** Bytes of input between two looks at the clock and the memory limit. */
const LOOK_EVERY = 1 << 16;
/** What a table takes, and what a value in it takes on average, strings without their bytes included. */
const TABLE = 120;
const SLOT = 24;

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
const LONE_RETURN = /\r(?!\n)/;
const BYTE_ORDER_MARK = "\xef\xbb\xbf";
/** The key `<<`. */
const MERGE = Symbol("merge");
const unsure = () => UNSURE;

/** The documents of a stream, and where this reader had to give up. */
export interface Attempt {
  documents: Value[] | undefined;
  /** In bytes. */
  at: number;
}

/** Reads UTF-8 text; raises `what: … at line 3, column 14` for keys given twice and wrong aliases. */
export function readQuickly(what: string, given: string, nullValue: Value): Attempt {
  if (CONTROL.test(given) || LONE_RETURN.test(given) || given.includes(BYTE_ORDER_MARK, 1)) {
    return { documents: undefined, at: 0 };
  }
  const text = given.includes("\r") ? given.replaceAll("\r\n", "\n") : given;
  reserveMemory(text.length);
  const bytes = Buffer.allocUnsafe(text.length + PADDING);
  bytes.write(text, "latin1");
  bytes.fill(END, text.length);
  const reader = new Reader(what, text, bytes, nullValue);
  try {
    return { documents: reader.documents(), at: 0 };
  } catch (error) {
    if (error === UNSURE) return { documents: undefined, at: reader.p };
    throw error;
  }
}

/**
 * A map under way. Its first keys are looked up among those of the maps before it, so that maps that are alike share one
 * shape; from a key on that is no string, or too many, it is a dictionary.
 */
class Entries {
  /** Values of `<<`. */
  merges: Value[] | undefined;
  /** Slot 0 is never used; see Shape. */
  private readonly values: Value[] = [undefined];
  private rest: MapMaker | undefined;

  constructor(
    private readonly table: LuaTable,
    private keys: Keys,
  ) {}

  /** False when the map has the key already. */
  put(key: Value, value: Value): boolean {
    if (this.rest === undefined && typeof key === "string") {
      const next = this.keys.after(key);
      if (next !== undefined) {
        this.keys = next;
        this.values.push(value);
        return true;
      }
      if (this.keys.shape.slots.has(key)) return false;
    }
    const rest = this.dictionary();
    if (rest.has(key)) return false;
    rest.add(key, value);
    return true;
  }

  dictionary(): MapMaker {
    this.rest ??= new MapMaker(this.finish());
    return this.rest;
  }

  finish(): LuaTable {
    const { table, values } = this;
    if (this.rest === undefined && values.length > 1) {
      table.shape = this.keys.shape;
      table.vals = values;
    }
    return table;
  }
}

class Reader extends Scanner {
  private readonly anchors = new Anchors();
  private readonly root: Keys;
  private depth = 0;
  /** How many flow collections are open. */
  private level = 0;
  /** Memory for tables and strings: made in all, charged, and asked for. */
  private made = 0;
  private charged = 0;
  private reserved = 0;
  private look = LOOK_EVERY;

  constructor(
    private readonly what: string,
    private readonly text: string,
    bytes: Buffer,
    nullValue: Value,
  ) {
    super(bytes, text.length, nullValue);
    this.root = rootKeys(state.vm);
  }

  // --- documents ------------------------------------------------------------------------------------------------------

  documents(): Value[] {
    const documents: Value[] = [];
    // As if a line feed stood in front of the text.
    this.p = this.text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length - 1 : -1;
    this.nextLine();
    /** Whether a document may begin without `---`. */
    let bare = true;
    while (this.p < this.end) {
      this.anchors.newDocument();
      if (this.indent >= 0) {
        if (!bare) throw UNSURE;
        documents.push(this.node(-1));
        bare = false;
      } else if (this.bytes[this.p] === DASH) {
        this.p += 3;
        documents.push(this.value(-1, false, false));
        bare = false;
      } else {
        if (bare) throw UNSURE;
        this.p += 3;
        this.finishLine();
        bare = true;
      }
    }
    charge(this.made - this.charged);
    return documents;
  }

  // --- block style ----------------------------------------------------------------------------------------------------

  /**
   * The value behind `- `, `key:` or `---`, part of a collection that is indented by `parent`. A compact collection may
   * begin on the line itself; a list that is the value of a key need not be indented deeper than it.
   */
  private value(parent: number, compact: boolean, listAtParent: boolean): Value {
    let byte = this.blanks();
    let anchored: Anchored | undefined;
    if (byte === AMPERSAND) {
      anchored = this.anchors.begin(this.anchor());
      byte = this.blanks();
    }
    let value: Value;
    if (byte === LF || byte === END || (byte === HASH && this.bytes[this.p - 1] === SPACE)) {
      this.finishLine();
      if (this.indent > parent) value = this.node(parent);
      else if (listAtParent && this.indent === parent && this.atItem()) value = this.list(parent);
      else value = this.nullValue;
    } else if (compact && anchored === undefined) value = this.node(parent);
    else value = this.inline(byte, parent);
    if (anchored !== undefined) {
      anchored.value = value;
      anchored.done = true;
    }
    return value;
  }

  /** The value that begins at `p`, where a collection of block style may begin. */
  private node(parent: number): Value {
    const { bytes, p } = this;
    const byte = bytes[p]!;
    const column = p - this.lineStart;
    if (byte === DASH && isBlank(bytes[p + 1]!)) return this.list(column);
    if (byte === QUOTE || byte === APOSTROPHE) {
      const text = this.quoted(parent);
      if (this.blanks() === COLON && !this.severalLines) {
        this.p = p;
        return this.map(column);
      }
      this.finishLine();
      return this.counted(text);
    }
    if (this.atPlain(false)) {
      const end = this.plainEnd(false);
      if (bytes[this.p] !== COLON) return this.counted(this.plain(p, end, parent));
      this.p = p;
      return this.map(column);
    }
    return this.inline(byte, parent);
  }

  /** The value that begins at `p` and cannot be a collection of block style, up to the end of its line. */
  private inline(byte: number, parent: number): Value {
    switch (byte) {
      case QUOTE:
      case APOSTROPHE: {
        const text = this.quoted(parent);
        this.finishLine();
        return this.counted(text);
      }
      case OPEN_LIST:
      case OPEN_MAP: {
        const table = this.flowCollection(byte, parent);
        this.finishLine();
        return table;
      }
      case ASTERISK: {
        const value = this.alias();
        this.finishLine();
        return value;
      }
      case 0x7c:
      case 0x3e:
        return this.counted(this.blockScalar(parent));
      default: {
        if (!this.atPlain(false)) throw UNSURE;
        const start = this.p;
        const end = this.plainEnd(false);
        if (this.bytes[this.p] === COLON) throw UNSURE;
        return this.counted(this.plain(start, end, parent));
      }
    }
  }

  private list(column: number): LuaTable {
    const table = this.open(ARRAY);
    // Element 0 is a filler; see LuaTable.
    const values: Value[] = [undefined];
    do {
      this.p++;
      values.push(this.value(column, true, false));
      if (this.p > this.look) this.lookAround();
    } while (this.indent === column && this.atItem());
    if (this.indent > column) throw UNSURE;
    this.closeList(table, values);
    return table;
  }

  private map(column: number): LuaTable {
    const maker = new Entries(this.open(OBJECT), this.root);
    do {
      const at = this.p;
      const key = this.key(false);
      if (this.bytes[this.p] !== COLON || !isBlank(this.bytes[this.p + 1]!) || this.p - at > MAX_KEY) throw UNSURE;
      this.p++;
      this.entry(maker, key, at, this.value(column, false, true));
    } while (this.indent === column && !this.atItem());
    if (this.indent > column) throw UNSURE;
    return this.closeMap(maker);
  }

  /** Whether `- ` is next. */
  private atItem(): boolean {
    return this.bytes[this.p] === DASH && isBlank(this.bytes[this.p + 1]!);
  }

  // --- flow style -----------------------------------------------------------------------------------------------------

  private flowCollection(byte: number, parent: number): LuaTable {
    this.level++;
    this.p++;
    const table = byte === OPEN_LIST ? this.flowList(parent) : this.flowMap(parent);
    this.p++;
    this.level--;
    return table;
  }

  private flowList(parent: number): LuaTable {
    const table = this.open(ARRAY);
    const values: Value[] = [undefined];
    let byte = this.flowSpace(parent);
    while (byte !== CLOSE_LIST) {
      values.push(this.flowValue(byte, parent));
      byte = this.flowSeparator(CLOSE_LIST, parent);
    }
    this.closeList(table, values);
    return table;
  }

  private flowMap(parent: number): LuaTable {
    const maker = new Entries(this.open(OBJECT), this.root);
    let byte = this.flowSpace(parent);
    while (byte !== CLOSE_MAP) {
      const at = this.p;
      const key = this.key(true);
      let value = this.nullValue;
      if (this.bytes[this.p] === COLON) {
        this.p++;
        byte = this.flowSpace(parent);
        if (byte !== COMMA && byte !== CLOSE_MAP) value = this.flowValue(byte, parent);
      }
      this.entry(maker, key, at, value);
      byte = this.flowSeparator(CLOSE_MAP, parent);
    }
    return this.closeMap(maker);
  }

  /** Behind an entry: a comma and the beginning of the next one, or the end, which is given back. */
  private flowSeparator(close: number, parent: number): number {
    if (this.p > this.look) this.lookAround();
    const byte = this.flowSpace(parent);
    if (byte === close) return byte;
    if (byte !== COMMA) throw UNSURE;
    this.p++;
    return this.flowSpace(parent);
  }

  private flowValue(byte: number, parent: number): Value {
    switch (byte) {
      case QUOTE:
      case APOSTROPHE:
        return this.counted(this.quoted(parent));
      case OPEN_LIST:
      case OPEN_MAP:
        return this.flowCollection(byte, parent);
      case ASTERISK:
        return this.alias();
      case AMPERSAND: {
        const anchored = this.anchors.begin(this.anchor());
        const next = this.blanks();
        if (next === AMPERSAND) throw UNSURE;
        anchored.value = this.flowValue(next, parent);
        anchored.done = true;
        return anchored.value;
      }
      default: {
        if (!this.atPlain(true)) throw UNSURE;
        const start = this.p;
        return this.counted(this.plainValue(start, this.plainEnd(true)));
      }
    }
  }

  /** Skips white space, line feeds and comments; gives the byte behind them. */
  private flowSpace(parent: number): number {
    const { bytes } = this;
    let { p } = this;
    let fed = false;
    for (;;) {
      const byte = bytes[p]!;
      if (byte === SPACE) p++;
      else if (byte === LF) {
        fed = true;
        this.lineStart = ++p;
      } else if (byte === HASH) {
        if (p !== this.lineStart && bytes[p - 1] !== SPACE) throw UNSURE;
        while (bytes[p] !== LF && bytes[p] !== END) p++;
      } else {
        this.p = p;
        if (fed && p - this.lineStart <= Math.max(parent, 0)) this.checkOutdent(byte, parent);
        return byte;
      }
    }
  }

  /** A line of a flow collection must be indented deeper than what is around it; its last bracket need not. */
  private checkOutdent(byte: number, parent: number): void {
    const indent = this.p - this.lineStart;
    if (indent > parent) {
      if (byte === DASH || byte === 0x2e) throw UNSURE;
      return;
    }
    if (indent < parent || this.level > 1 || (byte !== CLOSE_LIST && byte !== CLOSE_MAP)) throw UNSURE;
  }

  // --- entries and values ---------------------------------------------------------------------------------------------

  /** The key at `p`, and the blanks behind it. */
  private key(inFlow: boolean): Value | typeof MERGE {
    const { p } = this;
    const byte = this.bytes[p]!;
    if (byte === QUOTE || byte === APOSTROPHE) {
      const text = this.quoted(Infinity);
      this.blanks();
      return text;
    }
    if (!this.atPlain(inFlow)) throw UNSURE;
    const end = this.plainEnd(inFlow);
    if (end - p === 2 && this.bytes[p] === 0x3c && this.bytes[p + 1] === 0x3c) return MERGE;
    return this.plainValue(p, end);
  }

  private entry(maker: Entries, key: Value | typeof MERGE, at: number, value: Value): void {
    this.made += SLOT;
    if (this.p > this.look) this.lookAround();
    if (key === MERGE) {
      maker.merges ??= [];
      maker.merges.push(value);
      return;
    }
    const kept = typeof key === "string" ? key : keyOf(key, this.nullValue, unsure);
    if (!maker.put(kept, value)) throw this.error(`key ${shownKey(kept)} given twice`, at);
  }

  private alias(): Value {
    const at = this.p;
    return this.anchors.resolve(this.name(), (message) => this.error(message, at));
  }

  private anchor(): string {
    const name = this.name();
    if (!isBlank(this.bytes[this.p]!)) throw UNSURE;
    return name;
  }

  private open(mark: number): LuaTable {
    if (++this.depth >= MAX_DEPTH) throw UNSURE;
    this.made += TABLE;
    const table = new LuaTable(this.root.shape);
    table.mark = mark;
    return table;
  }

  private closeList(table: LuaTable, values: Value[]): void {
    this.depth--;
    this.made += values.length * SLOT;
    // The array part of a table never ends in nil.
    let { length } = values;
    while (length > 1 && values[length - 1] === undefined) length--;
    values.length = length;
    if (length > 1) table.reserveArray(values);
  }

  private closeMap(maker: Entries): LuaTable {
    const { merges } = maker;
    this.depth--;
    const table = maker.finish();
    if (merges !== undefined) {
      const rest = maker.dictionary();
      for (const value of merges) this.anchors.merge(rest, value, unsure);
    }
    return table;
  }

  private counted(value: Value): Value {
    if (typeof value === "string") this.made += value.length;
    return value;
  }

  private lookAround(): void {
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

  private error(message: string, at: number): unknown {
    return failure(`${this.what}: ${message} at ${placeOf(this.text, at)}`);
  }
}
