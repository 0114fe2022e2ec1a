/** The output formats of a run. */
import { html } from "./formats/html.ts";
import { json } from "./formats/json.ts";
import { junit } from "./formats/junit.ts";
import { ndjson } from "./formats/ndjson.ts";
import { pretty, type Style } from "./formats/pretty.ts";
import { prometheusText } from "./formats/prometheus.ts";
import { tap } from "./formats/tap.ts";
import type { Report } from "./result.ts";

export const FORMATS = ["json", "pretty", "junit", "tap", "ndjson", "prometheus", "html"] as const;
export type Format = (typeof FORMATS)[number];

/** A whole report in a format. `name` is that of the check file; the style is for `pretty`. */
export function render(format: Format, report: Report, name: string, style: Style): string {
  switch (format) {
    case "json":
      return json(report);
    case "pretty":
      return pretty(report, style);
    case "junit":
      return junit(report, name);
    case "tap":
      return tap(report);
    case "ndjson":
      return ndjson(report);
    case "prometheus":
      return prometheusText(report);
    case "html":
      return html(report, name);
  }
}
