/** Waiting in native code that is written as steps, other than for a function that it called. */
import { countCall } from "../call.ts";
import { awaitPromise } from "../task.ts";
import { type Results, SUSPENDED, type Suspended } from "../value.ts";
import type { Steps } from "./steps.ts";

/** The results of native code that may suspend, run on behalf of the native function under way. */
export function* inPlace(start: () => Results | Suspended): Steps<Results> {
  const given = start();
  if (given !== SUSPENDED) return given;
  const results = yield;
  // The continuation takes off the native call that a called function would have been.
  countCall();
  return results;
}

/** Waits for a promise. */
export function* settlement(promise: Promise<Results>): Steps<Results> {
  return yield* inPlace(() => awaitPromise(promise));
}
