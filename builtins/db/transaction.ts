/** `db.transaction`: runs a function in a transaction of the calling task; inside another one, in a savepoint. */
import { call } from "../../interpreter/call.ts";
import { LuaError } from "../../interpreter/error.ts";
import { failure } from "../../interpreter/native.ts";
import { type Resumable, suspend } from "../../interpreter/nodes/node.ts";
import { type Registers, state } from "../../interpreter/state.ts";
import { caught } from "../../interpreter/task.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../../interpreter/value.ts";
import type { Database, Transaction } from "./database.ts";
import { DatabaseError } from "./failure.ts";
import { command, type Done } from "./session.ts";
import { type Context, wait } from "./wait.ts";

/** What one `db.transaction` has to remember while its function runs. */
interface Frame {
  readonly database: Database;
  readonly transaction: Transaction;
  /** Name of its savepoint; undefined for the transaction itself. */
  readonly savepoint: string | undefined;
  readonly context: Context;
  /** Native calls under way before the function was called. */
  calls: number;
}

/** Waits for the function of a transaction. */
class Body implements Resumable {
  readonly handlesErrors = true;

  resume(_R: Registers, _base: number, _stage: number, saved: unknown, value: unknown): unknown {
    state.nativeCalls--;
    return commit(saved as Frame, value as Results);
  }

  handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    return failed(saved as Frame, error);
  }
}

const BODY = new Body();

/** Calls `fn(handle)` in a transaction of `database`; gives what it returns. */
export function transaction(database: Database, handle: Value, fn: Value): Suspended {
  const context: Context = { what: "db.transaction", secrets: database.driver.secrets };
  const outer = database.current();
  if (outer !== undefined) {
    const savepoint = `assay_${++outer.depth}`;
    const inner: Frame = { database, transaction: outer, savepoint, context, calls: 0 };
    return wait(database.command(outer, `SAVEPOINT ${savepoint}`), context, () => body(inner, handle, fn), [
      handle,
      fn,
    ]);
  }
  const begin = command(database.driver.begin);
  const start = (begun: Transaction): Results | Suspended =>
    body({ database, transaction: begun, savepoint: undefined, context, calls: 0 }, handle, fn);
  return wait(database.begin(begin, false), context, start, [handle, fn]);
}

function body(frame: Frame, handle: Value, fn: Value): Results | Suspended {
  const { top } = state;
  frame.calls = state.nativeCalls;
  let results: Results | Suspended;
  try {
    results = call(fn, [handle]);
  } catch (error) {
    state.top = top;
    state.records = [];
    return failed(frame, caught(error));
  }
  if (results === SUSPENDED) return suspend(BODY, top, 0, frame);
  return commit(frame, results);
}

function commit(frame: Frame, results: Results): Results | Suspended {
  const { database, transaction, savepoint, context } = frame;
  if (database.closed) throw failure("db.transaction: the connection was closed before the end; rolled back");
  if (savepoint !== undefined) {
    transaction.depth--;
    return wait(database.command(transaction, `RELEASE SAVEPOINT ${savepoint}`), context, () => results, results);
  }
  const committed = (done: Done): Results => {
    // PostgreSQL answers COMMIT with ROLLBACK when a statement of the transaction has failed.
    if (done.command === "ROLLBACK") {
      throw failure("db.transaction: rolled back, because a statement in it had failed");
    }
    return results;
  };
  return wait(database.end(transaction, "COMMIT"), context, committed, results);
}

/** The function raised an error, or was stopped: what it did is undone, and the error goes on. */
function failed(frame: Frame, error: unknown): Results | Suspended {
  const { database, transaction, savepoint, context } = frame;
  state.nativeCalls = frame.calls;
  if (database.closed) throw error;
  if (!(error instanceof LuaError)) {
    // Stopped: there is no time to wait for answers.
    database.abort(transaction);
    throw error;
  }
  const raise = () => {
    throw error;
  };
  if (savepoint !== undefined) {
    transaction.depth--;
    const undone = database.command(transaction, `ROLLBACK TO SAVEPOINT ${savepoint}`);
    return wait({ promise: undone.promise.catch(ignore), abandon: () => undone.abandon() }, context, raise, [
      error.value,
    ]);
  }
  const ended = database.end(transaction, "ROLLBACK");
  return wait({ promise: ended.promise.catch(ignore), abandon: () => ended.abandon() }, context, raise, [error.value]);
}

/** The error that led to the rollback says more than one of the rollback, which cuts the session off by itself. */
function ignore(error: unknown): void {
  if (!(error instanceof DatabaseError)) throw error;
}
