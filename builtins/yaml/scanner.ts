/**
 * The lines and scalars of a YAML text, byte by byte, for the reader of structure in quick.ts. Only what is beyond doubt
 * is read: at anything else it throws UNSURE, and the library looks at the text.
 */

import type { Value } from "../../interpreter/value.ts";
import { stringOf } from "../known-strings.ts";
import { coreValue } from "./core.ts";

/** Thrown where a text goes on in a way that is left to the library: an error, or a rare form. */
class Unsure {}
export const UNSURE = new Unsure();

export const TAB = 0x09;
export const LF = 0x0a;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const AMPERSAND = 0x26;
export const APOSTROPHE = 0x27;
export const ASTERISK = 0x2a;
const PLUS = 0x2b;
export const COMMA = 0x2c;
export const DASH = 0x2d;
const PERIOD = 0x2e;
export const COLON = 0x3a;
const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN_MAP = 0x7b;
export const CLOSE_MAP = 0x7d;
/** Behind the text stand zeros. */
export const END = 0;
export const PADDING = 8;

/** What a byte means inside a plain scalar of block style. */
const ORDINARY = 0;
/** May end it: a space, a colon, a line feed, the end, or a tab, which is left to the library. */
const BLOCK_STOP = 1;
/** Ends it in a flow collection. */
const FLOW_STOP = 2;
const MEANING = classes([
  [" :\n\t\0", BLOCK_STOP],
  [",[]{}", FLOW_STOP],
]);

/** How a plain scalar may begin: never with 1, and with 2 only when no blank follows. */
const NEVER = 1;
const IF_FOLLOWED = 2;
const BEGINNING = classes([
  [" \n\t\0,[]{}#&*!|>'\"%@`", NEVER],
  ["-?:", IF_FOLLOWED],
]);

/** 1 for what may be something else than a string. */
const SPECIAL = classes([["-+.~0123456789nNtTfF", 1]]);

/** What ends an anchor's name. */
const NAME_END = classes([[" \n\t\0,[]{}", 1]]);

function classes(rows: readonly (readonly [bytes: string, meaning: number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [bytes, meaning] of rows) for (const byte of Buffer.from(bytes, "latin1")) table[byte] = meaning;
  return table;
}

/** What single letters behind a backslash stand for (YAML 1.2.2 §5.7); two-byte characters have their bytes here. */
const ESCAPES: ReadonlyMap<number, readonly number[]> = new Map(
  Object.entries({
    "0": [0x00],
    a: [0x07],
    b: [0x08],
    t: [0x09],
    "\t": [0x09],
    n: [0x0a],
    v: [0x0b],
    f: [0x0c],
    r: [0x0d],
    e: [0x1b],
    " ": [0x20],
    '"': [0x22],
    "/": [0x2f],
    "\\": [0x5c],
    N: [0xc2, 0x85],
    _: [0xc2, 0xa0],
  }).map(([letter, bytes]) => [letter.charCodeAt(0), bytes]),
);
const HEX_DIGITS: ReadonlyMap<number, number> = new Map([
  [0x78, 2],
  [0x75, 4],
  [0x55, 8],
]);

export class Scanner {
  /** Position of the next byte. */
  p = 0;
  /** Where the line under way begins. */
  lineStart = 0;
  /** The indentation of the line that has content next; -1 at `---`, `...` and the end. */
  indent = 0;
  /** Whether the quoted scalar read last went over several lines. */
  protected severalLines = false;
  /** Empty lines, and whether there was a comment, before the line that has content next. */
  private emptyLines = 0;
  private commented = false;
  /** Where scalars that are not written as they read are put together. */
  private out: Buffer | undefined;
  private size = 0;

  constructor(
    protected readonly bytes: Buffer,
    /** Length of the text; zeros follow. */
    protected readonly end: number,
    protected readonly nullValue: Value,
  ) {}

  // --- lines ----------------------------------------------------------------------------------------------------------

  /** From the line feed at `p` on to the next line with content; skips empty lines and comments. */
  protected nextLine(): void {
    const { bytes, end } = this;
    let { p } = this;
    this.emptyLines = 0;
    for (;;) {
      if (p >= end) {
        this.p = p;
        this.indent = -1;
        return;
      }
      const lineStart = ++p;
      while (bytes[p] === SPACE) p++;
      const byte = bytes[p];
      if (byte === LF) this.emptyLines++;
      else if (byte === HASH) {
        this.commented = true;
        p = this.lineEnd(p);
      } else if (p < end) {
        if (byte === TAB) throw UNSURE;
        this.lineStart = lineStart;
        this.p = p;
        this.indent = p === lineStart && this.markerAt(p) ? -1 : p - lineStart;
        return;
      }
    }
  }

  /** Behind a value: a comment at most may follow on its line. Goes on to the next line with content. */
  protected finishLine(): void {
    const { bytes } = this;
    let { p } = this;
    while (bytes[p] === SPACE) p++;
    const byte = bytes[p];
    this.commented = byte === HASH;
    if (byte === HASH) {
      if (bytes[p - 1] !== SPACE) throw UNSURE;
      p = this.lineEnd(p);
    } else if (byte !== LF && p < this.end) throw UNSURE;
    this.p = p;
    this.nextLine();
  }

  private lineEnd(from: number): number {
    const { bytes } = this;
    let p = from;
    while (bytes[p] !== LF && bytes[p] !== END) p++;
    return p;
  }

  /** Whether `---` or `...` stands at a position, which is the beginning of a line. */
  private markerAt(p: number): boolean {
    const { bytes } = this;
    const byte = bytes[p];
    return (
      (byte === DASH || byte === PERIOD) && bytes[p + 1] === byte && bytes[p + 2] === byte && isBlank(bytes[p + 3]!)
    );
  }

  /** Skips spaces; gives the byte behind them. */
  protected blanks(): number {
    const { bytes } = this;
    let { p } = this;
    while (bytes[p] === SPACE) p++;
    this.p = p;
    return bytes[p]!;
  }

  /** The name behind `&` or `*`. */
  protected name(): string {
    const { bytes } = this;
    const start = ++this.p;
    let p = start;
    while (NAME_END[bytes[p]!] === 0) p++;
    if (p === start || bytes[p - 1] === COLON) throw UNSURE;
    this.p = p;
    return stringOf(bytes, start, p);
  }

  // --- plain scalars --------------------------------------------------------------------------------------------------

  /** Whether a plain scalar begins at `p`. */
  protected atPlain(inFlow: boolean): boolean {
    const { bytes, p } = this;
    const kind = BEGINNING[bytes[p]!]!;
    if (kind !== IF_FOLLOWED) return kind !== NEVER;
    const next = bytes[p + 1]!;
    return !isBlank(next) && !(inFlow && MEANING[next] === FLOW_STOP);
  }

  /**
   * The end of the plain scalar that begins at `p`, blanks behind it left out, as far as it is on this line. `p` is at
   * what ended it then: a line feed, `#`, the colon behind a key, or what ends an entry of a flow collection.
   */
  protected plainEnd(inFlow: boolean): number {
    const { bytes } = this;
    let { p } = this;
    for (;;) {
      const meaning = MEANING[bytes[p]!]!;
      if (meaning === ORDINARY || (meaning === FLOW_STOP && !inFlow)) {
        p++;
        continue;
      }
      const end = p;
      if (bytes[p] === SPACE) {
        do p++;
        while (bytes[p] === SPACE);
      }
      if (this.endsPlain(p, end, inFlow)) {
        this.p = p;
        return end;
      }
      if (bytes[p] === COLON) p++;
    }
  }

  /** Whether the byte at `p` ends a plain scalar whose last byte that is not blank is before `end`. */
  private endsPlain(p: number, end: number, inFlow: boolean): boolean {
    const { bytes } = this;
    const byte = bytes[p];
    if (byte === COLON) {
      const next = bytes[p + 1]!;
      return isBlank(next) || (inFlow && MEANING[next] === FLOW_STOP);
    }
    if (byte === TAB) throw UNSURE;
    if (byte === HASH) return p > end;
    return byte === LF || byte === END || (inFlow && MEANING[byte!] === FLOW_STOP);
  }

  /** The value of the plain scalar [start, end), which may go on in the lines that are indented deeper than `parent`. */
  protected plain(start: number, end: number, parent: number): Value {
    this.finishLine();
    if (this.indent <= parent || this.commented) return this.plainValue(start, end);
    this.size = 0;
    this.write(start, end);
    do {
      if (this.emptyLines === 0) this.put(SPACE);
      else this.repeat(LF, this.emptyLines);
      const from = this.p;
      const to = this.plainEnd(false);
      if (this.bytes[this.p] === COLON) throw UNSURE;
      this.write(from, to);
      this.finishLine();
    } while (this.indent > parent && !this.commented);
    return coreValue(this.written(), this.nullValue);
  }

  protected plainValue(start: number, end: number): Value {
    const { bytes } = this;
    const first = bytes[start]!;
    if (SPECIAL[first] === 0) return stringOf(bytes, start, end);
    if (first >= 0x30 && first <= 0x39 && end - start <= 15) {
      let n = 0;
      let p = start;
      for (; p < end; p++) {
        const digit = bytes[p]! - 0x30;
        if (digit < 0 || digit > 9) break;
        n = n * 10 + digit;
      }
      if (p === end) return n;
    }
    return coreValue(stringOf(bytes, start, end), this.nullValue);
  }

  // --- quoted scalars -------------------------------------------------------------------------------------------------

  /** The quoted scalar at `p`, whose further lines must be indented deeper than `parent`. */
  protected quoted(parent: number): string {
    const { bytes } = this;
    const quote = bytes[this.p]!;
    const start = this.p + 1;
    let p = start;
    while (bytes[p] !== quote && bytes[p] !== BACKSLASH && bytes[p] !== LF && bytes[p] !== END) p++;
    this.severalLines = false;
    if (bytes[p] === quote && (quote === QUOTE || bytes[p + 1] !== APOSTROPHE)) {
      this.p = p + 1;
      return stringOf(bytes, start, p);
    }
    this.size = 0;
    this.p = start;
    this.quotedRest(quote, parent);
    return this.written();
  }

  private quotedRest(quote: number, parent: number): void {
    const { bytes } = this;
    /** What was written before it must not be trimmed at the end of a line. */
    let kept = 0;
    let tabs = false;
    for (;;) {
      const byte = bytes[this.p]!;
      if (byte === quote) {
        this.p++;
        if (quote === QUOTE || bytes[this.p] !== APOSTROPHE) break;
        this.put(APOSTROPHE);
        this.p++;
      } else if (byte === BACKSLASH && quote === QUOTE) {
        if (bytes[this.p + 1] === LF) {
          // An escaped line feed: the scalar goes on with what the next line begins with.
          this.p++;
          this.severalLines = true;
          this.continuation(parent, 1);
        } else this.escape();
        kept = this.size;
      } else if (byte === LF) {
        while (this.size > kept && this.out![this.size - 1] === SPACE) this.size--;
        this.severalLines = true;
        const empty = this.continuation(parent, Infinity);
        if (empty === 0) this.put(SPACE);
        else this.repeat(LF, empty);
        kept = this.size;
      } else {
        if (byte === TAB) tabs = true;
        if (byte === END) throw UNSURE;
        this.put(byte);
        this.p++;
      }
    }
    // Tabs at the ends of lines would be blanks to be trimmed.
    if (tabs && this.severalLines) throw UNSURE;
  }

  /** From a line feed inside a quoted scalar over `most` line feeds at most to what follows: how many empty lines. */
  private continuation(parent: number, most: number): number {
    const { bytes } = this;
    let { p } = this;
    let feeds = 0;
    do {
      this.lineStart = ++p;
      feeds++;
      while (bytes[p] === SPACE) p++;
    } while (bytes[p] === LF && feeds < most);
    this.p = p;
    if (bytes[p] === TAB) throw UNSURE;
    if (bytes[p] !== LF && p - this.lineStart <= parent) throw UNSURE;
    if (p === this.lineStart && this.markerAt(p)) throw UNSURE;
    return feeds - 1;
  }

  private escape(): void {
    const letter = this.bytes[this.p + 1]!;
    const simple = ESCAPES.get(letter);
    if (simple !== undefined) {
      for (const byte of simple) this.put(byte);
      this.p += 2;
      return;
    }
    const digits = HEX_DIGITS.get(letter) ?? 0;
    const code = this.hexadecimal(this.p + 2, digits);
    this.p += 2 + digits;
    if (code >= 0xdc00 && code <= 0xdfff) throw UNSURE;
    if (code < 0xd800 || code > 0xdbff) {
      this.character(code);
      return;
    }
    // Half of a pair, as JSON writes characters beyond U+FFFF.
    if (this.bytes[this.p] !== BACKSLASH || this.bytes[this.p + 1] !== letter) throw UNSURE;
    const low = this.hexadecimal(this.p + 2, digits);
    if (low < 0xdc00 || low > 0xdfff) throw UNSURE;
    this.p += 2 + digits;
    this.character(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
  }

  private hexadecimal(from: number, digits: number): number {
    const text = this.bytes.toString("latin1", from, from + digits);
    if (!/^[0-9a-fA-F]+$/.test(text)) throw UNSURE;
    const code = Number.parseInt(text, 16);
    if (code > 0x10ffff) throw UNSURE;
    return code;
  }

  /** A character as UTF-8: never more bytes than its escape sequence has. */
  private character(code: number): void {
    if (code < 0x80) this.put(code);
    else for (const byte of Buffer.from(String.fromCodePoint(code), "utf8")) this.put(byte);
  }

  // --- block scalars --------------------------------------------------------------------------------------------------

  /** The literal or folded scalar whose `|` or `>` is at `p` (YAML 1.2.2 §8.1), and goes on to the line behind it. */
  protected blockScalar(parent: number): string {
    const { bytes } = this;
    const folded = bytes[this.p] === GREATER;
    const chomping = bytes[++this.p];
    if (chomping === DASH || chomping === PLUS) this.p++;
    const byte = this.blanks();
    if (byte === HASH && bytes[this.p - 1] === SPACE) this.p = this.lineEnd(this.p);
    if (bytes[this.p] !== LF) throw UNSURE;
    this.size = 0;
    const indent = this.blockIndent(parent);
    const feeds = folded ? this.foldedLines(indent) : this.literalLines(indent);
    if (chomping === PLUS) this.repeat(LF, feeds);
    else if (chomping !== DASH) this.put(LF);
    const text = this.written();
    this.nextLine();
    return text;
  }

  /** The indentation of the first line that is not empty: that of the whole scalar. */
  private blockIndent(parent: number): number {
    const { bytes } = this;
    let { p } = this;
    let longest = 0;
    for (;;) {
      const lineStart = ++p;
      while (bytes[p] === SPACE) p++;
      const indent = p - lineStart;
      if (bytes[p] !== LF) {
        if (indent <= parent || longest > indent || bytes[p] === TAB || bytes[p] === END) throw UNSURE;
        if (indent === 0 && this.markerAt(p)) throw UNSURE;
        return indent;
      }
      if (indent > longest) longest = indent;
    }
  }

  /** Writes the lines of a literal scalar, all but the line feeds at its end: how many these are. */
  private literalLines(indent: number): number {
    let feeds = 0;
    while (this.blockLine(indent)) {
      const start = this.p;
      this.p = this.lineEnd(start);
      if (this.p > start) {
        this.repeat(LF, feeds);
        feeds = 0;
        this.write(start, this.p);
      }
      feeds++;
    }
    return feeds;
  }

  /** The same for a folded one: lines are joined by spaces, unless one of them is indented deeper. */
  private foldedLines(indent: number): number {
    const { bytes } = this;
    let feeds = 0;
    let first = true;
    let wasDeeper = false;
    while (this.blockLine(indent)) {
      const start = this.p;
      this.p = this.lineEnd(start);
      if (this.p > start) {
        const deeper = bytes[start] === SPACE || bytes[start] === TAB;
        if (first) this.repeat(LF, feeds);
        else if (deeper || wasDeeper) this.repeat(LF, feeds);
        else if (feeds === 1) this.put(SPACE);
        else this.repeat(LF, feeds - 1);
        this.write(start, this.p);
        feeds = 0;
        first = false;
        wasDeeper = deeper;
      }
      feeds++;
    }
    return feeds;
  }

  /**
   * Goes on from a line feed to the next line of a block scalar, behind its indentation; an empty line may be shorter.
   * False, with `p` left where it is, when the scalar is at its end.
   */
  private blockLine(indent: number): boolean {
    const { bytes } = this;
    if (this.p >= this.end) return false;
    const lineStart = this.p + 1;
    const limit = lineStart + indent;
    let p = lineStart;
    while (p < limit && bytes[p] === SPACE) p++;
    if (bytes[p] === END) {
      // Blanks without a line feed at the end of the text.
      if (p > lineStart) throw UNSURE;
      this.p = p;
      return false;
    }
    if (p < limit && bytes[p] !== LF) return false;
    if (indent === 0 && this.markerAt(p)) return false;
    this.p = p;
    return true;
  }

  // --- text that is put together --------------------------------------------------------------------------------------

  private put(byte: number): void {
    // No scalar reads longer than it is written, save for a line feed at its end.
    this.out ??= Buffer.allocUnsafe(this.end + PADDING);
    this.out[this.size++] = byte;
  }

  private repeat(byte: number, count: number): void {
    for (let i = 0; i < count; i++) this.put(byte);
  }

  private write(start: number, end: number): void {
    this.out ??= Buffer.allocUnsafe(this.end + PADDING);
    this.bytes.copy(this.out, this.size, start, end);
    this.size += end - start;
  }

  private written(): string {
    return this.out === undefined ? "" : stringOf(this.out, 0, this.size);
  }
}

/** Whether a byte separates tokens: white space, or the end. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === TAB || byte === END;
}
