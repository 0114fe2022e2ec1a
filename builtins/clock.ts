/** Waiting and the time of day. */
import { fn, library, number, returns } from "../interpreter/native.ts";
import type { Cancellable } from "../interpreter/task.ts";
import { float, NOTHING, type Results } from "../interpreter/value.ts";
import { after } from "./timer.ts";

/** A promise that settles after a time, whose timer goes when the waiting task is stopped. */
function pause(ms: number): Cancellable {
  let settle!: (results: Results) => void;
  const promise: Cancellable = new Promise<Results>((resolve) => {
    settle = resolve;
  });
  const timer = after(ms, () => settle(NOTHING));
  promise.cancel = timer.cancel;
  return promise;
}

export const clockLibrary = library("_G", "Waiting and the time of day.", [
  fn("sleep", {
    summary: "Waits; other tasks run meanwhile.",
    params: [number("seconds", { unit: "seconds", min: 0, summary: "fractions allowed" })],
    returns: [],
    source: "Assay",
    example: `sleep(0.001)`,
    run: (seconds) => pause(seconds * 1000),
  }),
  fn("time", {
    summary: "The time of day: seconds since 1970-01-01 00:00 UTC, with milliseconds.",
    params: [],
    returns: [returns("seconds", "number", "a float")],
    source: "Assay",
    example: `assert(time() > 1.7e9)`,
    run: () => float(Date.now() / 1000),
  }),
  fn("monotonic", {
    summary:
      "Seconds on a clock that never goes back, whatever happens to the time of day: for measuring and for time limits.",
    params: [],
    returns: [returns("seconds", "number", "a float; only differences mean something")],
    source: "Assay",
    example: `local before = monotonic(); assert(monotonic() >= before)`,
    run: () => float(performance.now() / 1000),
  }),
]);
