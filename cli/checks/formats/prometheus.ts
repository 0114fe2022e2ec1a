/** The Prometheus text format, for the textfile collector or a push gateway. */
import { printableLines } from "../../printable.ts";
import { type Report, succeeded } from "../result.ts";

export function prometheusText(report: Report): string {
  const lines: string[] = [];
  const metric = (name: string, help: string, samples: readonly [labels: string, value: number][]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
  };
  const perCheck = (value: (index: number) => number): [string, number][] =>
    report.results.map(({ name }, i) => [`{check="${label(name)}"}`, value(i)]);
  const { results } = report;
  metric(
    "assay_check_success",
    "Whether the check passed.",
    perCheck((i) => Number(results[i]!.status === "passed")),
  );
  metric(
    "assay_check_skipped",
    "Whether the check was skipped.",
    perCheck((i) => Number(results[i]!.status === "skipped")),
  );
  metric(
    "assay_check_duration_seconds",
    "How long the last attempt took.",
    perCheck((i) => results[i]!.duration_ms / 1000),
  );
  metric(
    "assay_check_attempts",
    "How many attempts were made.",
    perCheck((i) => results[i]!.attempts),
  );
  metric(
    "assay_check_warnings",
    "How many warnings the check gave.",
    perCheck((i) => results[i]!.warnings?.length ?? 0),
  );
  metric("assay_checks", "Checks by status.", [
    ['{status="passed"}', report.passed],
    ['{status="failed"}', report.failed],
    ['{status="skipped"}', report.skipped],
  ]);
  metric("assay_run_success", "Whether the whole run was a success.", [["", Number(succeeded(report))]]);
  metric("assay_run_duration_seconds", "How long the whole run took.", [["", report.duration_ms / 1000]]);
  metric("assay_run_timestamp_seconds", "When the run began.", [["", Date.parse(report.started_at) / 1000]]);
  return `${lines.join("\n")}\n`;
}

function label(value: string): string {
  return printableLines(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
