/**
 * Statements that begin and end transactions by hand. In a pool they would land on any connection, so BEGIN gives
 * the task a connection of its own until its COMMIT or ROLLBACK; inside `db.transaction` they are refused.
 */
import { failure } from "../../interpreter/native.ts";
import type { Results, Suspended } from "../../interpreter/value.ts";
import type { Database, Result } from "./database.ts";
import { NOTHING_DONE, type Work } from "./session.ts";
import type { Scanned } from "./statement.ts";
import { type Context, wait } from "./wait.ts";

type Control = "begin" | "end" | "savepoint";

/** What a statement does to transactions, if anything. */
export function controls({ words }: Scanned): Control | undefined {
  const [first, second] = words;
  switch (first) {
    case "begin":
      // MariaDB's `begin not atomic … end` is a block of code.
      return second === "not" ? undefined : "begin";
    case "start":
      return second === "transaction" ? "begin" : undefined;
    case "commit":
    case "end":
    case "abort":
      return "end";
    case "rollback":
      return words.includes("to") ? "savepoint" : "end";
    case "savepoint":
    case "release":
      return "savepoint";
    case "prepare":
      return second === "transaction" ? "end" : undefined;
    default:
      return undefined;
  }
}

/** Runs such a statement for the running task. */
export function runControl(
  database: Database,
  work: Work,
  scanned: Scanned,
  context: Context,
  then: (result: Result) => Results,
): Suspended {
  const { what } = context;
  const current = database.current();
  const statement = scanned.words.slice(0, 2).join(" ").toUpperCase();
  const finish = (): Results => then({ done: NOTHING_DONE, rows: undefined });
  switch (controls(scanned)) {
    case "begin":
      if (current !== undefined)
        throw failure(`${what}: ${statement} inside a transaction; use db.transaction or SAVEPOINT`);
      return wait(database.begin(work, true), context, finish);
    case "end":
      if (current === undefined) throw failure(`${what}: ${statement} without a transaction in this task`);
      if (!current.manual) {
        throw failure(`${what}: ${statement} inside db.transaction: return to commit, raise an error to roll back`);
      }
      return wait(database.end(current, work.text), context, (done) => {
        if (done.command === "ROLLBACK" && scanned.words[0] !== "rollback" && scanned.words[0] !== "abort") {
          throw failure(`${what}: rolled back, because a statement in the transaction had failed`);
        }
        return finish();
      });
    default:
      if (current === undefined) throw failure(`${what}: ${statement} without a transaction; use db.transaction`);
      return wait(database.run(work, false), context, then);
  }
}
