/**
 * Time limits of runs, attempts and steps. Timers wait for the event loop to turn, which native code that a script has
 * called (a pattern that backtracks) can put off for ever; such code looks around, and then limits are looked at too.
 */

interface Limit {
  readonly at: number;
  readonly pass: () => void;
}

const limits = new Set<Limit>();
/** The first of their times. */
let next = Infinity;

/** Calls `passed` once after `ms` milliseconds; the returned function takes that back. */
export function limitTime(ms: number, passed: () => void): () => void {
  const withdraw = () => {
    clearTimeout(timer);
    limits.delete(limit);
  };
  const limit: Limit = {
    at: performance.now() + ms,
    pass() {
      withdraw();
      passed();
    },
  };
  const timer = setTimeout(limit.pass, Math.min(ms, 2 ** 31 - 1));
  limits.add(limit);
  next = Math.min(next, limit.at);
  return withdraw;
}

/** To be called whenever running code looks around; `now` is `performance.now()`. */
export function lookAtLimits(now: number): void {
  if (now < next) return;
  const due = [...limits].filter(({ at }) => at <= now);
  for (const { pass } of due) pass();
  next = Infinity;
  for (const { at } of limits) next = Math.min(next, at);
}
