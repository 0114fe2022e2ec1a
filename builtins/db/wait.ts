/** Waiting for a database: suspends the calling task, goes on in it, and cleans up if it is stopped meanwhile. */
import { LuaError } from "../../interpreter/error.ts";
import { failure } from "../../interpreter/native.ts";
import { type Resumable, suspend } from "../../interpreter/nodes/node.ts";
import { type Registers, state } from "../../interpreter/state.ts";
import { awaitPromise } from "../../interpreter/task.ts";
import { fromText } from "../../interpreter/text.ts";
import type { Results, Suspended } from "../../interpreter/value.ts";
import { DatabaseError, networkWords, withoutSecrets } from "./failure.ts";

/** Something under way at a database. */
export interface Pending<T> {
  readonly promise: Promise<T>;
  /** Called when the task that waits was stopped: nobody wants the outcome any more. */
  abandon(): void;
}

/** How a failure is told to the script. */
export interface Context {
  /** The function it called, such as `db.query`. */
  readonly what: string;
  /** The SQL text that positions count in. */
  readonly sql?: string | undefined;
  readonly secrets: readonly string[];
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

interface Waiting {
  readonly pending: Pending<unknown>;
  readonly context: Context;
  readonly then: (value: unknown) => Results | Suspended;
  /** Lua values that `then` knows, for the census. */
  readonly held: Results;
}

class Wait implements Resumable {
  readonly handlesErrors = true;

  resume(_R: Registers, _base: number, _stage: number, saved: unknown, value: unknown): unknown {
    const { context, then } = saved as Waiting;
    const outcome = value as Outcome<unknown>;
    if ("error" in outcome) throw luaError(outcome.error, context);
    return then(outcome.value);
  }

  /** The promise never rejects, so this is a stop. */
  handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    (saved as Waiting).pending.abandon();
    throw error;
  }
}

const WAIT = new Wait();

/**
 * Suspends the task of the running native function until `pending` is settled, then goes on with `then`, whose
 * results are the function's. A failure is raised at the call of the function. `held`: the Lua values that `then` knows.
 */
export function wait<T>(
  pending: Pending<T>,
  context: Context,
  then: (value: T) => Results | Suspended,
  held?: Results,
): Suspended {
  const settled: Promise<Outcome<T>> = pending.promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  awaitPromise(settled as unknown as Promise<Results>);
  return suspend(WAIT, state.top, 0, { pending, context, then, held } as Waiting);
}

/** A failure of a driver as an error of the running native function. */
export function luaError(error: unknown, context: Context): LuaError {
  if (error instanceof LuaError) return error;
  const { what, sql, secrets } = context;
  if (error instanceof DatabaseError && error.details.complete === true) return failure(fromText(error.message));
  const message = error instanceof DatabaseError ? error.describe(sql) : networkWords(error);
  const raised = failure(`${what}: ${fromText(withoutSecrets(message, secrets))}`);
  raised.cause = error;
  return raised;
}
