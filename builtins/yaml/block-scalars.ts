/** Literal and folded scalars (YAML 1.2.2 §8.1). */
import { DASH, END, GREATER, HASH, LF, PLUS, SPACE, TAB } from "./bytes.ts";
import { FlowScalars } from "./flow-scalars.ts";
import { UNSURE } from "./lines.ts";

export class BlockScalars extends FlowScalars {
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
}
