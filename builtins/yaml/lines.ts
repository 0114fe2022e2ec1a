/**
 * The lines of a YAML text, byte by byte, below what reads scalars (flow-scalars.ts, block-scalars.ts) and structure
 * (quick.ts). Only what is beyond doubt is read: at anything else it throws UNSURE, and the library looks at the text.
 */
import type { Value } from "../../interpreter/value.ts";
import { stringOf } from "../known-strings.ts";
import { COLON, classes, DASH, END, HASH, isBlank, LF, PADDING, PERIOD, SPACE, TAB } from "./bytes.ts";

/** Thrown where a text goes on in a way that is left to the library: an error, or a rare form. */
class Unsure {}
export const UNSURE = new Unsure();

/** What ends an anchor's name. */
const NAME_END = classes([[" \n\t\0,[]{}", 1]]);

export class Lines {
  /** Position of the next byte. */
  p = 0;
  /** Where the line under way begins. */
  lineStart = 0;
  /** The indentation of the line that has content next; -1 at `---`, `...` and the end. */
  indent = 0;
  /** Empty lines, and whether there was a comment, before the line that has content next. */
  protected emptyLines = 0;
  protected commented = false;
  /** Where scalars that are not written as they read are put together. */
  protected out: Buffer | undefined;
  protected size = 0;

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

  protected lineEnd(from: number): number {
    const { bytes } = this;
    let p = from;
    while (bytes[p] !== LF && bytes[p] !== END) p++;
    return p;
  }

  /** Whether `---` or `...` stands at a position, which is the beginning of a line. */
  protected markerAt(p: number): boolean {
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

  // --- text that is put together --------------------------------------------------------------------------------------

  protected put(byte: number): void {
    // No scalar reads longer than it is written, save for a line feed at its end.
    this.out ??= Buffer.allocUnsafe(this.end + PADDING);
    this.out[this.size++] = byte;
  }

  protected repeat(byte: number, count: number): void {
    for (let i = 0; i < count; i++) this.put(byte);
  }

  protected write(start: number, end: number): void {
    this.out ??= Buffer.allocUnsafe(this.end + PADDING);
    this.bytes.copy(this.out, this.size, start, end);
    this.size += end - start;
  }

  protected written(): string {
    return this.out === undefined ? "" : stringOf(this.out, 0, this.size);
  }
}
