/** One self-contained page: readable without JavaScript, searchable with it. */
import { readableDuration } from "../../quantity.ts";
import { type AttemptRecord, type CheckResult, type Report, succeeded } from "../result.ts";

/** @param name of the check file */
export function html(report: Report, name: string): string {
  const verdict = succeeded(report) ? "passed" : "failed";
  const stopped = report.stopped === undefined ? "" : `<p class="stopped">${escaped(report.stopped)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escaped(name)}: ${verdict}</title>
<style>${STYLE}</style>
</head>
<body>
<h1><span class="mark ${verdict}">${verdict}</span> ${escaped(name)}</h1>
<p>${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped of ${report.total} in ${escaped(readableDuration(report.duration_ms))}, begun <time datetime="${escaped(report.started_at)}">${escaped(report.started_at)}</time></p>
${stopped}
<p id="filter" hidden><label>Search <input type="search" autocomplete="off"></label> <label><input type="checkbox"> only failed</label></p>
<table>
<thead><tr><th>Check</th><th>Status</th><th>Time</th><th>Attempts</th><th class="timeline">Timeline</th></tr></thead>
<tbody>
${report.results.map((result) => row(result, report.duration_ms)).join("")}</tbody>
</table>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function row(result: CheckResult, totalMs: number): string {
  const why = result.error ?? result.reason;
  const details =
    result.details === undefined
      ? ""
      : `<details><summary>details</summary><pre>${escaped(detailText(result.details))}</pre></details>`;
  const cleanup =
    result.cleanup?.status === "failed"
      ? `<p class="failed">clean-up failed: ${escaped(result.cleanup.error ?? "")}</p>`
      : "";
  const warnings = (result.warnings ?? []).map((warning) => `<p class="skipped">${escaped(warning)}</p>`).join("");
  const time = result.status === "skipped" ? "" : escaped(readableDuration(result.duration_ms));
  return `<tr class="${result.status}"><td>${escaped(result.name)}${why === undefined ? "" : `<p class="why">${escaped(why)}</p>`}${warnings}${cleanup}${details}</td><td><span class="mark ${result.status}">${result.status}</span></td><td>${time}</td><td>${result.attempts || ""}</td><td class="timeline">${bars(result, totalMs)}</td></tr>
`;
}

/** One bar for each attempt, over the whole run's time. */
function bars(result: CheckResult, totalMs: number): string {
  if (result.status === "skipped") return "";
  const only: AttemptRecord = {
    started_ms: result.started_ms,
    duration_ms: result.duration_ms,
    ...(result.error === undefined ? {} : { error: result.error }),
  };
  const attempts = result.history ?? [only];
  const percent = (ms: number) => ((100 * ms) / Math.max(1, totalMs)).toFixed(3);
  return attempts
    .map(({ started_ms, duration_ms, error }, i) => {
      const title = `attempt ${i + 1}: ${readableDuration(duration_ms)}${error === undefined ? "" : `, ${error}`}`;
      const kind = error === undefined ? "passed" : "failed";
      return `<span class="bar ${kind}" style="left:${percent(started_ms)}%;width:max(2px,${percent(duration_ms)}%)" title="${escaped(title)}"></span>`;
    })
    .join("");
}

/** Texts as they are, everything else as JSON. */
function detailText(details: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(details, null, 2).replaceAll("\\n", "\n").replaceAll('\\"', '"');
}

function escaped(text: string): string {
  return text
    .replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

const STYLE = `
:root { color-scheme: light dark; --ok: #1a7f37; --bad: #cf222e; --skip: #9a6700; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8884; }
td { overflow-wrap: anywhere; } td:nth-child(n+2):not(.timeline) { white-space: nowrap; }
.timeline { position: relative; width: 35%; min-width: 8rem; }
.bar { position: absolute; top: .7rem; height: .8rem; border-radius: 2px; }
.bar.passed { background: var(--ok); } .bar.failed { background: var(--bad); }
.mark.passed { color: var(--ok); } .mark.failed, .why, p.failed { color: var(--bad); } .mark.skipped, p.skipped, tr.skipped .why { color: var(--skip); }
td p { margin: .2rem 0 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
@media (max-width: 45rem) { .timeline { display: none; } }
`;

const SCRIPT = `
const filter = document.getElementById("filter"), [search, failed] = filter.querySelectorAll("input");
filter.hidden = false;
filter.addEventListener("input", () => {
  const wanted = search.value.toLowerCase();
  for (const row of document.querySelectorAll("tbody tr"))
    row.hidden = (failed.checked && !row.classList.contains("failed")) || !row.textContent.toLowerCase().includes(wanted);
});
`;
