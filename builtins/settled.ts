/** Waiting for promises in native code that is written in steps (interpreter/library/steps.ts). */
import { countCall } from "../interpreter/call.ts";
import { awaited, type Steps } from "../interpreter/library/steps.ts";
import { awaitPromise } from "../interpreter/task.ts";
import type { Results, Value } from "../interpreter/value.ts";

/** The first result that a promise settles with. Suspends the running task. */
export function* settled(promise: Promise<Results>): Steps<Value> {
  // Nothing is called, but the record that continues here takes back a call.
  countCall();
  return yield* awaited(awaitPromise(promise));
}
