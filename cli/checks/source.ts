/** Places in check files, worked out when somebody asks. */
import type { Place } from "./mistakes.ts";

/** A file's text and where its lines begin. */
export class Source {
  private starts: number[] | undefined;

  constructor(
    readonly file: string,
    readonly text: string,
  ) {}

  /** The line that an offset lies in, from 1, and where it begins. */
  lineAt(offset: number): { line: number; start: number } {
    this.starts ??= lineStarts(this.text);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, start: this.starts[low]! };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** A place that is worked out when somebody asks: every value of a file has one, and hardly any is shown. */
export class SourcePlace implements Place {
  private readonly offset: number;

  /** @param extent where it ends, or how to find that out */
  constructor(
    private readonly source: Source,
    offset: number,
    private readonly extent: number | (() => number),
  ) {
    this.offset = Math.min(offset, source.text.length);
  }

  get width(): number {
    return Math.max(1, (typeof this.extent === "number" ? this.extent : this.extent()) - this.offset);
  }

  get file(): string {
    return this.source.file;
  }

  get line(): number {
    return this.source.lineAt(this.offset).line;
  }

  get column(): number {
    return this.offset - this.source.lineAt(this.offset).start + 1;
  }

  get text(): string {
    const { start } = this.source.lineAt(this.offset);
    const end = this.source.text.indexOf("\n", start);
    return this.source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  }
}
