/** Where else failed checks are told: a pod's termination message, annotations of GitHub Actions. */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { writeText } from "../../builtins/output.ts";
import { oneLine, printableLines } from "../printable.ts";
import { type Report, succeeded } from "./result.ts";

/** Where Kubernetes reads a container's last words, and how much of them. */
const TERMINATION_LOG = "/dev/termination-log";
const MAX_TERMINATION_BYTES = 4096;

/**
 * Writes names and reasons of failed checks to the termination message: into the file given, or in a pod into the
 * usual one. The run does not fail because that cannot be written.
 */
export function writeTerminationMessage(report: Report, file: string | undefined): void {
  if (succeeded(report)) return;
  const path =
    file ??
    (process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(TERMINATION_LOG) ? TERMINATION_LOG : undefined);
  if (path === undefined) return;
  try {
    const fd = openSync(path, "w");
    writeSync(fd, terminationMessage(report));
    closeSync(fd);
  } catch (error) {
    void writeText(
      2,
      `warning: ${path}: the termination message cannot be written (${(error as NodeJS.ErrnoException).code})\n`,
    );
  }
}

/** At most 4096 bytes of UTF-8, whole lines as far as they go. */
export function terminationMessage(report: Report): string {
  const lines = [
    `${report.failed} of ${report.total} checks failed${report.stopped === undefined ? "" : ` (${report.stopped})`}`,
  ];
  for (const { name, status, error, reason } of report.results) {
    if (status === "failed") lines.push(`${oneLine(name)}: ${oneLine(error ?? "")}`);
    else if (status === "skipped" && reason !== undefined) lines.push(`${oneLine(name)}: skipped, ${oneLine(reason)}`);
  }
  let out = "";
  let bytes = 0;
  for (const [i, line] of lines.entries()) {
    const rest = `and ${lines.length - i} more\n`;
    const left = MAX_TERMINATION_BYTES - bytes - rest.length;
    const whole = `${line}\n`;
    const size = Buffer.byteLength(whole);
    if (size > left) {
      // A long message is worth its beginning.
      if (left > 200) out += `${cutBytes(line, left - 4)}…\n`;
      const more = lines.length - i - (left > 200 ? 1 : 0);
      return more > 0 ? `${out}and ${more} more\n` : out;
    }
    out += whole;
    bytes += size;
  }
  return out;
}

function cutBytes(text: string, length: number): string {
  return Buffer.from(text, "utf8")
    .subarray(0, length)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
}

/** Errors and warnings at the lines of the check file, where GitHub Actions shows them. They go to standard error. */
export function annotate(report: Report): void {
  if (process.env.GITHUB_ACTIONS !== "true") return;
  for (const { name, status, error, warnings = [], file, line } of report.results) {
    const place = `file=${property(file ?? "")},line=${line ?? 1},title=${property(name)}`;
    if (status === "failed") void writeText(2, `::error ${place}::${data(error ?? "")}\n`);
    for (const warning of warnings) void writeText(2, `::warning ${place}::${data(warning)}\n`);
  }
}

/** Escapes of workflow commands. */
function data(text: string): string {
  return printableLines(text).replaceAll("%", "%25").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
