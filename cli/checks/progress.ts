/**
 * What is shown while checks run. On a terminal: the checks under way with a spinner, finished ones above them.
 * Elsewhere: a line for each check when it has ended. Text that checks print goes to standard error under their names.
 */

import { writeSync } from "node:fs";
import { writeText } from "../../builtins/output.ts";
import { isTerminal, wantsColour } from "../../builtins/terminal.ts";
import { cutText, oneLine } from "../printable.ts";
import { readableDuration } from "../quantity.ts";
import { fit, paint, prettyResult, type Style } from "./formats/pretty.ts";
import type { CheckResult } from "./result.ts";
import type { RunEvents } from "./runner.ts";
import type { Check } from "./suite.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

export interface Progress extends RunEvents {
  /** Takes away what is only for the time of the run. */
  end(): void;
}

/** Columns and rows of the terminal; asked anew each time, since it may change. */
function terminalSize(): { columns: number; rows: number } {
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
}

/** The style of text on a descriptor. Only terminals have a width. */
export function styleFor(fd: 1 | 2): Style {
  return { colour: wantsColour(fd), width: isTerminal(fd) ? terminalSize().columns : Infinity };
}

/** `pretty` on standard output: live on a terminal, line by line elsewhere. */
export function prettyProgress(total: number): Progress {
  return isTerminal(1) ? new Live(total) : lines(1);
}

/** For the other formats: standard output is for the document, progress goes to standard error. */
export function quietProgress(): Progress {
  return lines(2);
}

/** How long lines are held back, so that those of many fast checks go out together. */
const HELD_MS = 20;

function lines(fd: 1 | 2): Progress {
  const style: Style = { colour: wantsColour(fd), width: Infinity };
  let held = "";
  let heldFor: 1 | 2 = fd;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held !== "") void writeText(heldFor, held);
    held = "";
  };
  const write = (to: 1 | 2, text: string) => {
    if (to !== heldFor) flush();
    heldFor = to;
    held += text;
    timer ??= setTimeout(flush, HELD_MS);
  };
  return {
    finished: (_check, result) => write(fd, prettyResult(result, style)),
    retrying: (check, attempts, error) => write(2, retryLine(check, attempts, error)),
    printed: (check, line) => write(2, printedLine(check, line)),
    end: flush,
  };
}

function retryLine(check: Check, attempts: number, error: string): string {
  return `${oneLine(check.name)}: attempt ${attempts} failed: ${cutText(oneLine(error), 500)}\n`;
}

function printedLine(check: Check, line: string): string {
  return `${oneLine(check.name)}: ${cutText(oneLine(line), 10_000)}\n`;
}

class Live implements Progress {
  private readonly running = new Map<Check, { since: number; note: string }>();
  private done = 0;
  private failed = 0;
  private frame = 0;
  /** Lines of the live part on the screen now. */
  private drawn = 0;
  private ended = false;
  private readonly timer = setInterval(() => this.draw(), FRAME_MS);

  constructor(private readonly total: number) {
    writeText(1, HIDE_CURSOR);
    // However the process ends, the terminal gets its cursor back.
    process.on("exit", () => {
      if (!this.ended) writeSync(1, SHOW_CURSOR);
    });
  }

  started(check: Check): void {
    this.running.set(check, { since: performance.now(), note: "" });
  }

  retrying(check: Check, attempts: number, error: string): void {
    const entry = this.running.get(check);
    if (entry !== undefined) entry.note = `attempt ${attempts} failed: ${oneLine(error)}`;
  }

  finished(check: Check, result: CheckResult): void {
    this.running.delete(check);
    this.done++;
    if (result.status === "failed") this.failed++;
    this.above(prettyResult(result, this.style()));
  }

  printed(check: Check, line: string): void {
    this.above(fitLine(printedLine(check, line), this.style().width));
  }

  end(): void {
    clearInterval(this.timer);
    this.ended = true;
    writeText(1, this.erase() + SHOW_CURSOR);
    this.drawn = 0;
  }

  private style(): Style {
    return { colour: wantsColour(1), width: terminalSize().columns };
  }

  /** Writes lines that stay, above the live part. */
  private above(text: string): void {
    writeText(1, this.erase() + text + this.live());
  }

  private draw(): void {
    this.frame++;
    writeText(1, this.erase() + this.live());
  }

  /** Back to the beginning of the live part, which is cleared. */
  private erase(): string {
    const up = this.drawn === 0 ? "" : `\x1b[${this.drawn}A`;
    return `\r${up}\x1b[J`;
  }

  private live(): string {
    const style = this.style();
    // Half of the screen is for what has ended.
    const room = Math.max(1, Math.floor(terminalSize().rows / 2));
    const all = [...this.running];
    const shown = all.slice(0, all.length > room ? room - 1 : room);
    const out = shown.map(([check, { since, note }]) => {
      const time = readableDuration(performance.now() - since);
      const spinner = FRAMES[this.frame % FRAMES.length]!;
      // The time stays visible, whatever the name's length; the note takes what is left.
      const name = fit(`${spinner} ${oneLine(check.name)}`, Math.max(style.width - 3 - time.length, 10));
      return paint(style, "dim", fit(`${name}  ${time}${note === "" ? "" : `  ${note}`}`, style.width - 1));
    });
    if (shown.length < all.length) out.push(paint(style, "dim", `  and ${all.length - shown.length} more`));
    const failed = this.failed === 0 ? "" : `, ${this.failed} failed`;
    out.push(paint(style, "dim", `${this.done}/${this.total} done${failed}`));
    this.drawn = out.length;
    return `${out.join("\n")}\n`;
  }
}

function fitLine(text: string, width: number): string {
  return `${fit(text.trimEnd(), width - 1)}\n`;
}
