/** The JSON document of a run. */
import type { Report } from "../result.ts";

export function json(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
