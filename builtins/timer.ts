/** Waiting on the monotonic clock, for any length of time. */

/** Longest delay a JavaScript timer takes; beyond it would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A wait under way. */
export interface Timer {
  cancel(): void;
}

/** Calls `then` once `ms` milliseconds have passed on the monotonic clock; never for Infinity. */
export function after(ms: number, then: () => void): Timer {
  const end = performance.now() + ms;
  let handle: ReturnType<typeof setTimeout>;
  const wait = () => {
    const left = end - performance.now();
    if (left > 0) handle = setTimeout(wait, Math.min(Math.ceil(left), MAX_DELAY_MS));
    else then();
  };
  handle = setTimeout(wait, Math.max(0, Math.min(Math.ceil(ms), MAX_DELAY_MS)));
  return { cancel: () => clearTimeout(handle) };
}
