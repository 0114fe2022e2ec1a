/** `--dry-run`: what would run, with secrets hidden. */
import { maskData } from "./result.ts";
import type { Secrets } from "./secrets.ts";
import type { Selection } from "./select.ts";
import { Template } from "./substitute.ts";
import type { Check, Step, Suite } from "./suite.ts";

/** The plan as a JSON document. */
export function plan(suite: Suite, selection: Selection, secrets: Secrets): string {
  for (const check of selection.checks)
    for (const step of [...check.steps, ...check.cleanup]) secrets.addBody(step.body);
  const document = {
    file: suite.file,
    timeout_ms: suite.timeoutMs,
    parallel: suite.parallel === Infinity ? true : suite.parallel,
    total: selection.checks.length,
    checks: selection.checks.map(describeCheck),
  };
  return `${JSON.stringify(maskData(document, secrets.mask), null, 2)}\n`;
}

function describeCheck(check: Check): Record<string, unknown> {
  const [only] = check.steps;
  const simple = only !== undefined && only.label === undefined;
  return {
    name: check.name,
    ...(simple ? { type: only.type.name } : {}),
    timeout_ms: check.timeoutMs,
    retries: check.retries === Infinity ? null : check.retries,
    ...(check.until === undefined ? {} : { until: check.until }),
    ...(check.condition === undefined ? {} : { if: check.condition }),
    ...(check.needs.length === 0 ? {} : { needs: check.needs }),
    ...(check.tags.length === 0 ? {} : { tags: check.tags }),
    ...(simple ? (shown(only.body) as object) : { steps: check.steps.map(describeStep) }),
    ...(check.cleanup.length === 0 ? {} : { cleanup: check.cleanup.map(describeStep) }),
  };
}

function describeStep(step: Step): Record<string, unknown> {
  return { name: step.label, type: step.type.name, ...(shown(step.body) as object) };
}

/** Templates as they stand in the file. */
function shown(data: unknown): unknown {
  if (data instanceof Template) {
    return data.parts
      .map((part) => (typeof part === "string" ? part : `\${{ captures.${[part.capture, ...part.path].join(".")} }}`))
      .join("");
  }
  if (Array.isArray(data)) return data.map(shown);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, shown(value)]));
}
