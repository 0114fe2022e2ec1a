/** TAP, version 13: what every consumer reads. */
import { oneLine } from "../../printable.ts";
import type { CheckResult, Report } from "../result.ts";

export function tap(report: Report): string {
  const lines = ["TAP version 13", `1..${report.total}`];
  report.results.forEach((result, i) => {
    lines.push(...testLines(result, i + 1));
    for (const warning of result.warnings ?? []) lines.push(`# warning: ${oneLine(warning)}`);
  });
  if (report.stopped !== undefined) lines.push(`# ${oneLine(report.stopped)}`);
  return `${lines.join("\n")}\n`;
}

function testLines(result: CheckResult, number: number): string[] {
  const verdict = result.status === "failed" ? "not ok" : "ok";
  const line = `${verdict} ${number} - ${description(result.name)}`;
  if (result.status === "skipped") return [`${line} # SKIP ${oneLine(result.reason ?? "")}`.trimEnd()];
  if (result.status === "passed") return [line];
  return [
    line,
    "  ---",
    `  message: ${JSON.stringify(result.error ?? "")}`,
    "  severity: fail",
    `  duration_ms: ${result.duration_ms}`,
    `  attempts: ${result.attempts}`,
    "  ...",
  ];
}

/** A "#" would begin a directive. */
function description(name: string): string {
  return oneLine(name).replaceAll("\\", "\\\\").replaceAll("#", "\\#");
}
