/** One JSON object a line: a check as soon as it has ended, a summary at last. */
import type { CheckResult, Report } from "../result.ts";

export function ndjsonResult(result: CheckResult): string {
  return `${JSON.stringify({ type: "check", ...result })}\n`;
}

export function ndjsonSummary(report: Report): string {
  const { results: _, ...summary } = report;
  return `${JSON.stringify({ type: "summary", ...summary })}\n`;
}

export function ndjson(report: Report): string {
  return report.results.map(ndjsonResult).join("") + ndjsonSummary(report);
}
