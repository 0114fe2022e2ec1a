/** Mistakes in check files: collected, so that all of them are reported at once, and shown where they are. */
import { oneLine } from "../printable.ts";

/** A place in a check file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole line, and how many characters of it are meant. */
  readonly text: string;
  readonly width: number;
}

export interface Mistake {
  readonly place: Place;
  /** Such as `checks[2].expect.status`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** More than this many are not shown. */
const MAX_SHOWN = 100;
/** Of a long line, this much around the place is shown. */
const MAX_LINE = 160;

export class Mistakes {
  private readonly found: Mistake[] = [];
  private known: Set<string> | undefined;

  get any(): boolean {
    return this.found.length > 0;
  }

  get all(): readonly Mistake[] {
    return this.found;
  }

  /** Notes a mistake; one that is noted already (each check of a `foreach` makes it) counts once. */
  add(place: Place, path: string, message: string): void {
    const key = `${place.file}:${place.line}:${place.column}:${message}`;
    this.known ??= new Set();
    if (this.known.has(key)) return;
    this.known.add(key);
    this.found.push({ place, path, message });
  }

  /** All of them for the user, in the order of the file, without the leading `error: `. */
  render(): string {
    const inOrder = [...this.found].sort(
      (a, b) => compare(a.place.file, b.place.file) || a.place.line - b.place.line || a.place.column - b.place.column,
    );
    const shown = inOrder.slice(0, MAX_SHOWN).map(renderMistake);
    const more = inOrder.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    return shown.join("\nerror: ");
  }
}

/** Only whether there are mistakes: for trying alternatives, most of which do not fit. */
export class Trial extends Mistakes {
  private failed = false;

  override get any(): boolean {
    return this.failed;
  }

  override add(): void {
    this.failed = true;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `file:line:column: path: message`, the line, and a caret below what is meant. */
function renderMistake({ place, path, message }: Mistake): string {
  const head = `${place.file}:${place.line}:${place.column}: ${oneLine(path === "" ? message : `${path}: ${message}`)}`;
  if (place.text.trim() === "") return head;
  const from = Math.max(0, place.column - 1 - MAX_LINE / 2);
  const line = place.text.slice(from, from + MAX_LINE);
  const before = place.text.slice(from, place.column - 1);
  const number = String(place.line).padStart(4);
  const width = Math.max(1, Math.min(place.width, line.length - before.length));
  const blank = before.replace(/[^\t]/g, " ");
  return `${head}\n${number} | ${printable(line)}\n${" ".repeat(number.length)} | ${blank}${"^".repeat(width)}`;
}

function printable(line: string): string {
  return line.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
