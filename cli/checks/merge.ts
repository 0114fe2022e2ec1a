/** Putting the documents of several runs, mostly the shards of one, together. */
import { type CheckResult, makeReport, type Report } from "./result.ts";

/** A document, and the file it comes from. */
export interface Piece {
  readonly file: string;
  readonly report: Report;
}

/** What is wrong with JSON data as a document of results; undefined when it is one. */
export function documentError(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null || !Array.isArray((data as Report).results))
    return "not a document of results";
  const { results, passed, failed } = data as Report;
  for (const [i, result] of results.entries()) {
    const { name, status, duration_ms } = (result ?? {}) as Partial<CheckResult>;
    const known = status === "passed" || status === "failed" || status === "skipped";
    if (typeof name !== "string" || !known || typeof duration_ms !== "number") return `results[${i}] is not a result`;
  }
  const count = (status: string) => results.filter((result) => result.status === status).length;
  return passed === count("passed") && failed === count("failed") ? undefined : "the numbers do not fit the results";
}

/**
 * One report of several. Shards of the same number are put back into the order of the check file, and one that is
 * missing makes the whole a failure. Throws a text when a check is there twice.
 */
export function mergeReports(pieces: readonly Piece[]): Report {
  const seen = new Map<string, string>();
  for (const { file, report } of pieces) {
    for (const { name } of report.results) {
      const other = seen.get(name);
      if (other !== undefined) throw new TwiceError(`the check ${JSON.stringify(name)} is in ${other} and in ${file}`);
      seen.set(name, file);
    }
  }
  const start = Math.min(...pieces.map(({ report }) => startOf(report)));
  const end = Math.max(...pieces.map(({ report }) => startOf(report) + report.duration_ms));
  const stops = [...new Set(pieces.map(({ report }) => report.stopped).filter((text) => text !== undefined))];
  const missing = missingShards(pieces);
  if (missing !== undefined) stops.push(missing);
  const shifted = pieces.map(({ report }) => report.results.map((result) => shift(result, startOf(report) - start)));
  return makeReport(inOrder(pieces, shifted), {
    duration_ms: end - start,
    started_at: new Date(start).toISOString(),
    ...(stops.length === 0 ? {} : { stopped: stops.join("; ") }),
    // Shards may be empty; all of them together count as any other run, so that none of this is set here.
  });
}

/** A check that two documents have. */
export class TwiceError {
  constructor(readonly message: string) {}
}

function startOf(report: Report): number {
  const start = Date.parse(report.started_at);
  return Number.isNaN(start) ? 0 : start;
}

/** Times since the beginning of the first run instead of its own. */
function shift(result: CheckResult, ms: number): CheckResult {
  if (ms === 0) return result;
  const history = result.history?.map((attempt) => ({ ...attempt, started_ms: attempt.started_ms + ms }));
  return { ...result, started_ms: (result.started_ms ?? 0) + ms, ...(history === undefined ? {} : { history }) };
}

interface Shard {
  index: number;
  count: number;
}

function shardOf(report: Report): Shard | undefined {
  const match = /^(\d+)\/(\d+)$/.exec(report.shard ?? "");
  return match === null ? undefined : { index: Number(match[1]), count: Number(match[2]) };
}

/** The shards of one number that all documents are; undefined when they are something else. */
function shards(pieces: readonly Piece[]): Shard[] | undefined {
  const found = pieces.map(({ report }) => shardOf(report));
  const count = found[0]?.count;
  return found.every((shard): shard is Shard => shard !== undefined && shard.count === count) ? found : undefined;
}

function missingShards(pieces: readonly Piece[]): string | undefined {
  const found = shards(pieces);
  if (found === undefined) return undefined;
  const { count } = found[0]!;
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter(
    (index) => !found.some((shard) => shard.index === index),
  );
  return missing.length === 0 ? undefined : `missing: shard ${missing.map((index) => `${index}/${count}`).join(", ")}`;
}

/** Shard i of N holds the i-th check, and every N-th from there on. */
function inOrder(pieces: readonly Piece[], results: readonly (readonly CheckResult[])[]): CheckResult[] {
  const found = shards(pieces);
  if (found === undefined) return results.flat();
  const placed = results.flatMap((list, p) => {
    const { index, count } = found[p]!;
    return list.map((result, k) => ({ result, place: k * count + index }));
  });
  return placed.sort((a, b) => a.place - b.place).map(({ result }) => result);
}
