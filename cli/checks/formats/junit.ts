/** JUnit XML, in the form that both the Ant schema and Jenkins' own accept. */
import type { CheckResult, Report } from "../result.ts";

/** @param name of the suite: the check file */
export function junit(report: Report, name: string): string {
  // The schemas have no place for warnings in a test case.
  const warnings = report.results.flatMap((result) =>
    (result.warnings ?? []).map((warning) => `${result.name}: warning: ${warning}`),
  );
  const said = report.stopped === undefined ? warnings : [report.stopped, ...warnings];
  // The schemas know a time without zone; it is UTC.
  const timestamp = report.started_at.slice(0, 19);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite id="0" package="${attribute(name)}" name="${attribute(name)}" timestamp="${timestamp}" hostname="localhost" tests="${report.total}" failures="${report.failed}" errors="0" skipped="${report.skipped}" time="${seconds(report.duration_ms)}">
    <properties/>
${report.results.map((result) => testCase(result, name)).join("")}    <system-out>${text(said.join("\n"))}</system-out>
    <system-err/>
  </testsuite>
</testsuites>
`;
}

function testCase(result: CheckResult, suite: string): string {
  const open = `    <testcase name="${attribute(result.name)}" classname="${attribute(suite)}" time="${seconds(result.total_ms)}"`;
  if (result.status === "passed") return `${open}/>\n`;
  if (result.status === "skipped")
    return `${open}>\n      <skipped message="${attribute(result.reason ?? "")}"/>\n    </testcase>\n`;
  const attempts = result.attempts > 1 ? `${result.attempts} attempts\n` : "";
  const details = result.details === undefined ? "" : `${JSON.stringify(result.details, null, 2)}\n`;
  const error = result.error ?? "";
  return `${open}>
      <failure message="${attribute(error)}" type="failed">${text(`${error}\n${attempts}${details}`)}</failure>
    </testcase>
`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Characters that XML 1.0 does not allow, not even as references. */
const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function text(value: string): string {
  return value
    .replace(NOT_XML, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#13;");
}

function attribute(value: string): string {
  return text(value).replaceAll('"', "&quot;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}
