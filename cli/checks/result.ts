/** The results of a run: what the JSON document holds, and what every other format is made from. */

export type CheckStatus = "passed" | "failed" | "skipped";

/** One attempt, for timelines: milliseconds since the run began, and how long it took. */
export interface AttemptRecord {
  readonly started_ms: number;
  readonly duration_ms: number;
  readonly error?: string;
}

export interface CheckResult {
  readonly name: string;
  readonly status: CheckStatus;
  /** Of the last attempt. */
  readonly duration_ms: number;
  /** All attempts and the waits between them. */
  readonly total_ms: number;
  readonly attempts: number;
  /** Since the run began. */
  readonly started_ms: number;
  readonly error?: string;
  /** Why it was skipped. */
  readonly reason?: string;
  readonly tags?: readonly string[];
  /** What a script returned. */
  readonly output?: unknown;
  readonly warnings?: readonly string[];
  /** What a reader of the failure would look at next. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cleanup?: CleanupResult;
  /** When there was more than one. */
  readonly history?: readonly AttemptRecord[];
  /** Where the check stands, when it failed or gave warnings. */
  readonly file?: string;
  readonly line?: number;
}

export interface CleanupResult {
  readonly status: "passed" | "failed";
  readonly duration_ms: number;
  readonly error?: string;
}

export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
  readonly duration_ms: number;
  /** RFC 3339. */
  readonly started_at: string;
  /** Why the run ended before its checks did: the global timeout, a signal. */
  readonly stopped?: string;
  readonly shard?: string;
  readonly results: readonly CheckResult[];
}

/** A report of results that are complete. */
export function makeReport(
  results: readonly CheckResult[],
  rest: Omit<Report, "passed" | "failed" | "skipped" | "total" | "results">,
): Report {
  const count = (status: CheckStatus) => results.filter((result) => result.status === status).length;
  const { duration_ms, started_at, stopped, shard } = rest;
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
    total: results.length,
    duration_ms,
    started_at,
    ...(stopped === undefined ? {} : { stopped }),
    ...(shard === undefined ? {} : { shard }),
    results,
  };
}

/**
 * Whether a run was a success: nothing failed, nothing was left out because something else did not pass, and
 * something did pass. A skip by a check's own `if` is no failure.
 */
export function succeeded(report: Report): boolean {
  if (report.failed > 0 || report.stopped !== undefined) return false;
  if (report.results.some((result) => result.status === "skipped" && !isOwnSkip(result))) return false;
  return report.passed > 0 || report.shard !== undefined;
}

/** How the reason of a skip by `if` begins. */
export const CONDITION_REASON = "if: ";

function isOwnSkip(result: CheckResult): boolean {
  return result.reason?.startsWith(CONDITION_REASON) === true;
}

/** Data with every text in it masked, keys included. */
export function maskData<T>(data: T, mask: (text: string) => string): T {
  if (typeof data === "string") return mask(data) as T;
  if (Array.isArray(data)) return data.map((item) => maskData(item, mask)) as T;
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [mask(key), maskData(value, mask)])) as T;
}
