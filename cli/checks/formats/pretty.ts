/** The results for people: one line a check, what went wrong below it, a summary. */
import { cutText, oneLine } from "../../printable.ts";
import { readableDuration } from "../../quantity.ts";
import { type CheckResult, type Report, succeeded } from "../result.ts";

export interface Style {
  readonly colour: boolean;
  /** Characters of a line; Infinity where nothing wraps. */
  readonly width: number;
}

const CODES = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 } as const;

export function paint(style: Style, colour: keyof typeof CODES, text: string): string {
  return style.colour ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
}

const MARKS = { passed: ["✓", "green"], failed: ["✗", "red"], skipped: ["-", "yellow"] } as const;
/** Characters of a check's name; longer ones are cut in the middle of nothing that matters. */
const MAX_NAME = 200;
const MAX_ERROR = 2000;

/** The lines of one check, each with its line end. */
export function prettyResult(result: CheckResult, style: Style): string {
  const [mark, colour] = MARKS[result.status];
  const name = cutText(oneLine(result.name), MAX_NAME);
  const time = result.status === "skipped" ? "skipped" : readableDuration(result.duration_ms);
  const attempts = result.attempts > 1 ? `, ${result.attempts} attempts` : "";
  let out = `${line(style, `${paint(style, colour, mark)} ${name}`, `  ${time}${attempts}`)}\n`;
  const below = (text: string, colour: keyof typeof CODES) => {
    for (const part of wrap(cutText(oneLine(text), MAX_ERROR), style.width - 4))
      out += `    ${paint(style, colour, part)}\n`;
  };
  if (result.error !== undefined) below(result.error, "red");
  if (result.reason !== undefined && result.reason !== "") below(result.reason, "dim");
  for (const warning of result.warnings ?? []) below(`warning: ${warning}`, "yellow");
  if (result.cleanup?.status === "failed") below(`clean-up failed: ${result.cleanup.error ?? ""}`, "yellow");
  return out;
}

/** A line whose end stays visible: the front is cut when both do not fit. */
function line(style: Style, front: string, end: string): string {
  const room = style.width - Bun.stringWidth(end);
  return fit(front, Math.max(room, 10)) + paint(style, "dim", end);
}

/** The text cut to a width in columns; escape sequences take none. */
export function fit(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  const pieces = text.match(/\x1b\[[0-9;]*m|./gsu) ?? [];
  let used = 0;
  let out = "";
  let full = false;
  for (const piece of pieces) {
    if (piece.startsWith("\x1b")) {
      out += piece;
      continue;
    }
    const columns = Bun.stringWidth(piece);
    if (full || used + columns > width - 1) {
      full = true;
      continue;
    }
    used += columns;
    out += piece;
  }
  return `${out}…`;
}

function wrap(text: string, width: number): string[] {
  if (width === Infinity || Bun.stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    let rest = word;
    const joined = current === "" ? rest : `${current} ${rest}`;
    if (Bun.stringWidth(joined) <= width) {
      current = joined;
      continue;
    }
    if (current !== "") lines.push(current);
    while (Bun.stringWidth(rest) > Math.max(width, 10)) {
      lines.push(rest.slice(0, Math.max(width, 10)));
      rest = rest.slice(Math.max(width, 10));
    }
    current = rest;
  }
  if (current !== "") lines.push(current);
  return lines;
}

/** With more checks than this, those that failed are named again at the end. */
const LONG_RUN = 20;
const MAX_REPEATED = 50;

/** The failed checks of a long run, once more. */
function failures(report: Report, style: Style): string {
  if (report.total <= LONG_RUN) return "";
  const failed = report.results.filter((result) => result.status === "failed");
  const lines = failed.slice(0, MAX_REPEATED).map(({ name, error }) => {
    const text = `${paint(style, "red", "✗")} ${cutText(oneLine(name), MAX_NAME)}: ${oneLine(error ?? "")}`;
    return `${fit(text, style.width)}\n`;
  });
  const more = failed.length - lines.length;
  return `${lines.join("")}${more > 0 ? `and ${more} more\n` : ""}${lines.length > 0 ? "\n" : ""}`;
}

/** The last lines: how many of each, and how long it took. */
export function prettySummary(report: Report, style: Style): string {
  const warned = report.results.filter(({ warnings = [] }) => warnings.length > 0).length;
  const parts = [
    report.passed > 0 ? paint(style, "green", `${report.passed} passed`) : undefined,
    report.failed > 0 ? paint(style, "red", `${report.failed} failed`) : undefined,
    report.skipped > 0 ? paint(style, "yellow", `${report.skipped} skipped`) : undefined,
    warned > 0 ? paint(style, "yellow", `${warned} with warnings`) : undefined,
  ].filter((part) => part !== undefined);
  const counts = parts.length === 0 ? "no checks ran" : parts.join(", ");
  const stopped = report.stopped === undefined ? "" : ` (${report.stopped})`;
  const verdict = succeeded(report) ? "" : paint(style, "bold", paint(style, "red", "failed: "));
  return `${failures(report, style)}${verdict}${counts} in ${readableDuration(report.duration_ms)}${stopped}\n`;
}

/** The whole report, for a file or after the fact. */
export function pretty(report: Report, style: Style): string {
  return `${report.results.map((result) => prettyResult(result, style)).join("")}\n${prettySummary(report, style)}`;
}
