/** When a request is sent again, and after how long. */

/** The `retries` option. */
export interface RetryPlan {
  /** Further attempts after the first. */
  readonly count: number;
  /** Seconds before the first of them; doubled each time. */
  readonly backoff: number;
  readonly statuses: ReadonlySet<number>;
  /** Whether methods that are not idempotent are repeated too, once they have been sent. */
  readonly unsafe: boolean;
}

export const DEFAULT_BACKOFF = 0.5;
export const DEFAULT_STATUSES: readonly number[] = [429, 502, 503, 504];
/** The longest wait before another attempt, in seconds, whatever the server asks for. */
export const MAX_WAIT = 60;

/** RFC 9110 §9.2.2. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** Seconds to wait before attempt number `attempt` (1 is the first repetition), given the response's Retry-After. */
export function retryDelay(plan: RetryPlan, attempt: number, retryAfter: string | undefined, now: number): number {
  const asked = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, now);
  if (asked !== undefined) return Math.min(asked, MAX_WAIT);
  return Math.min(plan.backoff * 2 ** (attempt - 1), MAX_WAIT);
}

/** Seconds that a Retry-After (RFC 9110 §10.2.3) asks for; undefined when it makes no sense. `now` in milliseconds. */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text);
  // An HTTP date begins with the day's name; anything looser would accept too much.
  if (!/^[A-Z][a-z]{2,8}, /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
