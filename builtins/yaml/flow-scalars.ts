/** Plain and quoted scalars (YAML 1.2.2 §7.3). */
import type { Value } from "../../interpreter/value.ts";
import { stringOf } from "../known-strings.ts";
import { APOSTROPHE, BACKSLASH, COLON, classes, END, HASH, isBlank, LF, QUOTE, SPACE, TAB } from "./bytes.ts";
import { coreValue } from "./core.ts";
import { Lines, UNSURE } from "./lines.ts";

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

export class FlowScalars extends Lines {
  /** Whether the quoted scalar read last went over several lines. */
  protected severalLines = false;

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
}
