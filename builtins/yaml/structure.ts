/**
 * The structure of YAML as nearly all of it is written: lists and maps of both styles, all scalars, anchors, merge
 * keys, several documents. What is not known for certain is left alone (UNSURE): tags, directives, `? ` keys, tabs
 * between tokens, collections as keys, and everything that looks like an error of the text. What becomes of the values
 * is up to the readers below: Lua values (quick.ts), or trees with places (tree.ts).
 */
import type { Value } from "../../interpreter/value.ts";
import { MAX_DEPTH } from "../json-parser.ts";
import type { Anchored } from "./anchors.ts";
import { BlockScalars } from "./block-scalars.ts";
import {
  AMPERSAND,
  APOSTROPHE,
  ASTERISK,
  BAR,
  CLOSE_LIST,
  CLOSE_MAP,
  COLON,
  COMMA,
  DASH,
  END,
  GREATER,
  HASH,
  isBlank,
  LESS,
  LF,
  OPEN_LIST,
  OPEN_MAP,
  PADDING,
  PERIOD,
  QUOTE,
  SPACE,
} from "./bytes.ts";
import { UNSURE } from "./lines.ts";

/** Longer keys may be errors (YAML 1.2.2 §7.4.2). */
const MAX_KEY = 1000;
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
const LONE_RETURN = /\r(?!\n)/;
const BYTE_ORDER_MARK = "\xef\xbb\xbf";

/** The key `<<`. */
export const MERGE = Symbol("merge");
export type Key = Value | typeof MERGE;

/** UTF-8 text as the readers take it, with single line feeds; undefined when it must be left to the library. */
export function readable(given: string): string | undefined {
  if (CONTROL.test(given) || LONE_RETURN.test(given) || given.includes(BYTE_ORDER_MARK, 1)) return undefined;
  return given.includes("\r") ? given.replaceAll("\r\n", "\n") : given;
}

/** The bytes of a readable text, and zeros behind them. */
export function paddedBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length + PADDING);
  bytes.write(text, "latin1");
  return bytes.fill(END, text.length);
}

/**
 * `T` is what becomes of a value, `M` a map under way. Positions are those of bytes, from 0; a scalar of several lines
 * ends with its first one.
 */
export abstract class Structure<T, M> extends BlockScalars {
  /** Position beyond which somebody wants to look at the clock. */
  protected look = Infinity;
  /** How many collections are open, and how many of them are of flow style. */
  private depth = 0;
  private level = 0;
  /** Where the key read last ends. */
  private keyEnd = 0;

  protected abstract newDocument(): void;
  /** A value with an anchor begins. */
  protected abstract anchored(name: string): Anchored<T>;
  /** `p` is behind its name. */
  protected abstract alias(name: string, at: number): T;
  protected abstract scalar(value: Value, at: number, end: number): T;
  /** What the items of a list are pushed to. */
  protected abstract newItems(): T[];
  protected abstract closeList(items: T[], at: number): T;
  protected abstract openMap(at: number): M;
  protected abstract entry(map: M, key: Key, at: number, end: number, value: T): void;
  protected abstract closeMap(map: M): T;
  /** Called when `p` has passed `look`. */
  protected abstract lookAround(): void;

  // --- documents ------------------------------------------------------------------------------------------------------

  /** Reads all documents; throws UNSURE, with `p` where it gave up. */
  documents(): T[] {
    const documents: T[] = [];
    // As if a line feed stood in front of the text.
    this.p = this.bytes.toString("latin1", 0, BYTE_ORDER_MARK.length) === BYTE_ORDER_MARK ? 2 : -1;
    this.nextLine();
    /** Whether a document may begin without `---`. */
    let bare = true;
    while (this.p < this.end) {
      this.newDocument();
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
    return documents;
  }

  // --- block style ----------------------------------------------------------------------------------------------------

  /**
   * The value behind `- `, `key:` or `---`, part of a collection that is indented by `parent`. A compact collection may
   * begin on the line itself; a list that is the value of a key need not be indented deeper than it.
   */
  private value(parent: number, compact: boolean, listAtParent: boolean): T {
    let byte = this.blanks();
    let anchored: Anchored<T> | undefined;
    if (byte === AMPERSAND) {
      anchored = this.anchored(this.anchor());
      byte = this.blanks();
    }
    const { p } = this;
    let value: T;
    if (byte === LF || byte === END || (byte === HASH && this.bytes[this.p - 1] === SPACE)) {
      this.finishLine();
      if (this.indent > parent) value = this.node(parent);
      else if (listAtParent && this.indent === parent && this.atItem()) value = this.list(parent);
      else value = this.scalar(this.nullValue, p, p);
    } else if (compact && anchored === undefined) value = this.node(parent);
    else value = this.inline(byte, parent);
    if (anchored !== undefined) {
      anchored.value = value;
      anchored.done = true;
    }
    return value;
  }

  /** The value that begins at `p`, where a collection of block style may begin. */
  private node(parent: number): T {
    const { bytes, p } = this;
    const byte = bytes[p]!;
    const column = p - this.lineStart;
    if (byte === DASH && isBlank(bytes[p + 1]!)) return this.list(column);
    if (byte === QUOTE || byte === APOSTROPHE) {
      const text = this.quoted(parent);
      const end = this.p;
      if (this.blanks() === COLON && !this.severalLines) {
        this.p = p;
        return this.map(column);
      }
      this.finishLine();
      return this.scalar(text, p, end);
    }
    if (this.atPlain(false)) {
      const end = this.plainEnd(false);
      if (bytes[this.p] !== COLON) return this.scalar(this.plain(p, end, parent), p, end);
      this.p = p;
      return this.map(column);
    }
    return this.inline(byte, parent);
  }

  /** The value that begins at `p` and cannot be a collection of block style, up to the end of its line. */
  private inline(byte: number, parent: number): T {
    const { p } = this;
    switch (byte) {
      case QUOTE:
      case APOSTROPHE: {
        const text = this.quoted(parent);
        const end = this.p;
        this.finishLine();
        return this.scalar(text, p, end);
      }
      case OPEN_LIST:
      case OPEN_MAP: {
        const collection = this.flowCollection(byte, parent);
        this.finishLine();
        return collection;
      }
      case ASTERISK: {
        const value = this.alias(this.name(), p);
        this.finishLine();
        return value;
      }
      case BAR:
      case GREATER:
        return this.scalar(this.blockScalar(parent), p, p + 1);
      default: {
        if (!this.atPlain(false)) throw UNSURE;
        const end = this.plainEnd(false);
        if (this.bytes[this.p] === COLON) throw UNSURE;
        return this.scalar(this.plain(p, end, parent), p, end);
      }
    }
  }

  private list(column: number): T {
    this.enter();
    const { p } = this;
    const items = this.newItems();
    do {
      this.p++;
      items.push(this.value(column, true, false));
      if (this.p > this.look) this.lookAround();
    } while (this.indent === column && this.atItem());
    if (this.indent > column) throw UNSURE;
    this.depth--;
    return this.closeList(items, p);
  }

  private map(column: number): T {
    this.enter();
    const map = this.openMap(this.p);
    do {
      const at = this.p;
      const key = this.key(false);
      const end = this.keyEnd;
      if (this.bytes[this.p] !== COLON || !isBlank(this.bytes[this.p + 1]!) || this.p - at > MAX_KEY) throw UNSURE;
      this.p++;
      this.entry(map, key, at, end, this.value(column, false, true));
      if (this.p > this.look) this.lookAround();
    } while (this.indent === column && !this.atItem());
    if (this.indent > column) throw UNSURE;
    this.depth--;
    return this.closeMap(map);
  }

  /** Whether `- ` is next. */
  private atItem(): boolean {
    return this.bytes[this.p] === DASH && isBlank(this.bytes[this.p + 1]!);
  }

  // --- flow style -----------------------------------------------------------------------------------------------------

  private flowCollection(byte: number, parent: number): T {
    this.enter();
    this.level++;
    const collection = byte === OPEN_LIST ? this.flowList(parent) : this.flowMap(parent);
    this.p++;
    this.level--;
    this.depth--;
    return collection;
  }

  private flowList(parent: number): T {
    const { p } = this;
    const items = this.newItems();
    this.p++;
    let byte = this.flowSpace(parent);
    while (byte !== CLOSE_LIST) {
      items.push(this.flowValue(byte, parent));
      byte = this.flowSeparator(CLOSE_LIST, parent);
    }
    return this.closeList(items, p);
  }

  private flowMap(parent: number): T {
    const map = this.openMap(this.p);
    this.p++;
    let byte = this.flowSpace(parent);
    while (byte !== CLOSE_MAP) {
      const at = this.p;
      const key = this.key(true);
      const end = this.keyEnd;
      this.entry(map, key, at, end, this.flowEntry(parent));
      byte = this.flowSeparator(CLOSE_MAP, parent);
    }
    return this.closeMap(map);
  }

  /** The value behind a key, if there is one. */
  private flowEntry(parent: number): T {
    if (this.bytes[this.p] === COLON) {
      this.p++;
      const byte = this.flowSpace(parent);
      if (byte !== COMMA && byte !== CLOSE_MAP) return this.flowValue(byte, parent);
    }
    return this.scalar(this.nullValue, this.p, this.p);
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

  private flowValue(byte: number, parent: number): T {
    const { p } = this;
    switch (byte) {
      case QUOTE:
      case APOSTROPHE:
        return this.scalar(this.quoted(parent), p, this.p);
      case OPEN_LIST:
      case OPEN_MAP:
        return this.flowCollection(byte, parent);
      case ASTERISK:
        return this.alias(this.name(), p);
      case AMPERSAND: {
        const anchored = this.anchored(this.anchor());
        const next = this.blanks();
        if (next === AMPERSAND) throw UNSURE;
        const value = this.flowValue(next, parent);
        anchored.value = value;
        anchored.done = true;
        return value;
      }
      default: {
        if (!this.atPlain(true)) throw UNSURE;
        const end = this.plainEnd(true);
        return this.scalar(this.plainValue(p, end), p, end);
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
      if (byte === DASH || byte === PERIOD) throw UNSURE;
      return;
    }
    if (indent < parent || this.level > 1 || (byte !== CLOSE_LIST && byte !== CLOSE_MAP)) throw UNSURE;
  }

  // --- keys and anchors -----------------------------------------------------------------------------------------------

  /** The key at `p`, and the blanks behind it. */
  private key(inFlow: boolean): Key {
    const { p } = this;
    const byte = this.bytes[p]!;
    if (byte === QUOTE || byte === APOSTROPHE) {
      const text = this.quoted(Infinity);
      this.keyEnd = this.p;
      this.blanks();
      return text;
    }
    if (!this.atPlain(inFlow)) throw UNSURE;
    const end = this.plainEnd(inFlow);
    this.keyEnd = end;
    if (end - p === 2 && this.bytes[p] === LESS && this.bytes[p + 1] === LESS) return MERGE;
    return this.plainValue(p, end);
  }

  private anchor(): string {
    const name = this.name();
    if (!isBlank(this.bytes[this.p]!)) throw UNSURE;
    return name;
  }

  private enter(): void {
    if (++this.depth >= MAX_DEPTH) throw UNSURE;
  }
}
