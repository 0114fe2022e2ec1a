/** What a `db.connection` handle stands for: a pool, and the transactions that tasks have open in it. */
import { runningTask, type Task } from "../../interpreter/task.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { type Host, hostOf, type Resource } from "../host.ts";
import { after } from "../timer.ts";
import { DatabaseError } from "./failure.ts";
import { Pool } from "./pool.ts";
import { Layouts, Meter, Rows } from "./rows.ts";
import { command, type Done, type Driver, type Session, type Work } from "./session.ts";
import type { RowStream } from "./stream.ts";
import type { Pending } from "./wait.ts";

/** How long a statement that was asked to stop may take to do so; asked twice in vain, its session is cut off. */
const GRACE_MS = 400;

/** A transaction of one task. */
export interface Transaction {
  readonly session: Session;
  /** Savepoints open in it. */
  depth: number;
  /** Begun by the script's own BEGIN, and to be ended by its COMMIT or ROLLBACK. */
  readonly manual: boolean;
  /** The statement under way in it. */
  running: Promise<unknown> | undefined;
  /** Streams opened in it and not yet at their end. */
  readonly streams: Set<RowStream>;
  /** Committed or rolled back, or given up. */
  over: boolean;
}

/** Whether a stream keeps the session of a transaction from doing anything else. */
export function isBusy(database: Database, transaction: Transaction | undefined): boolean {
  return transaction !== undefined && transaction.streams.size > 0 && !database.driver.interleaves;
}

/** The result of a statement. */
export interface Result {
  readonly done: Done;
  readonly rows: Rows | undefined;
}

export class Database implements Resource {
  readonly layouts = new Layouts();
  readonly pool: Pool;
  /** By the task that has it open. */
  private readonly transactions = new Map<Task | undefined, Transaction>();
  private readonly host: Host;
  closed = false;

  constructor(
    readonly vm: VirtualMachine,
    readonly driver: Driver,
    size: number,
    connectMs: number,
    /** How long a statement may take. */
    readonly timeoutMs: number,
  ) {
    this.pool = new Pool(driver, Math.min(size, driver.maxSessions), connectMs);
    this.host = hostOf(vm);
    this.host.resources.add(this);
  }

  /** The transaction that the running task has open here. */
  current(): Transaction | undefined {
    return this.transactions.size === 0 ? undefined : this.transactions.get(runningTask());
  }

  /** Runs a statement, in the running task's transaction if it has one. */
  run(work: Work, wantsRows: boolean): Pending<Result> {
    return new Operation(this, this.current(), work, wantsRows);
  }

  /** Opens the first session, so that a wrong address or password shows at once. */
  async connect(): Promise<void> {
    try {
      this.pool.release(await this.pool.acquire(false));
    } catch (error) {
      this.host.resources.delete(this);
      this.closed = true;
      throw error;
    }
  }

  /** Begins a transaction of the running task with the given statement. */
  begin(work: Work, manual: boolean): Pending<Transaction> {
    const task = runningTask();
    let giveUp: (() => void) | undefined;
    let abandoned = false;
    const begun = async (): Promise<Transaction> => {
      const session = await this.pool.acquire(false, (cancel) => {
        giveUp = cancel;
      });
      if (abandoned) {
        this.pool.release(session);
        throw new DatabaseError("cancelled");
      }
      try {
        await this.within(session, session.run(work, undefined));
        if (abandoned || this.closed) throw new DatabaseError("the connection is closed");
      } catch (error) {
        // Whether it has begun is not known.
        void this.rollBack(session, undefined);
        throw error;
      }
      const transaction: Transaction = {
        session,
        depth: 0,
        manual,
        running: undefined,
        streams: new Set(),
        over: false,
      };
      this.transactions.set(task, transaction);
      if (manual) this.endWithTask(task, transaction);
      return transaction;
    };
    return {
      promise: begun(),
      abandon: () => {
        abandoned = true;
        giveUp?.();
      },
    };
  }

  /** Runs a command about savepoints in a transaction. */
  command(transaction: Transaction, text: string): Pending<unknown> {
    const { session, streams } = transaction;
    if (streams.size === 0 || this.driver.interleaves) return this.run(command(text), false);
    const closed = async (): Promise<unknown> => {
      await closeStreams(transaction);
      return this.within(session, session.run(command(text), undefined));
    };
    const promise = closed();
    return { promise, abandon: () => void stop(session, promise) };
  }

  /** Ends the running task's transaction with COMMIT or ROLLBACK; whatever happens, it is over. */
  end(transaction: Transaction, text: string): Pending<Done> {
    const task = runningTask();
    const { session } = transaction;
    const ended = async (): Promise<Done> => {
      try {
        await closeStreams(transaction);
        const done = await this.within(session, session.run(command(text), undefined));
        this.forget(task, transaction);
        this.pool.release(session);
        return done;
      } catch (error) {
        this.abort(transaction, task);
        throw error;
      }
    };
    return { promise: ended(), abandon: () => this.abort(transaction, task) };
  }

  /** Gives a transaction up without waiting for its end. */
  abort(transaction: Transaction, task = runningTask()): void {
    if (this.forget(task, transaction)) void this.rollBack(transaction.session, transaction);
  }

  /** Stops what a session runs, rolls back and gives it back; cuts it off if any of that fails. */
  private async rollBack(session: Session, transaction: Transaction | undefined): Promise<void> {
    try {
      if (transaction?.running !== undefined) await stop(session, transaction.running);
      if (transaction !== undefined) await closeStreams(transaction);
      const undone = session.run(command("ROLLBACK"), undefined);
      const timer = after(2 * GRACE_MS, () => session.destroy());
      await undone.finally(() => timer.cancel());
    } catch (error) {
      // Some failures have SQLite roll back by itself.
      if (!(error instanceof Error) || !/no transaction is active/.test(error.message)) session.destroy();
    }
    this.pool.release(session);
  }

  private forget(task: Task | undefined, transaction: Transaction): boolean {
    transaction.over = true;
    if (this.transactions.get(task) !== transaction) return false;
    return this.transactions.delete(task);
  }

  /** A task that ends with its own BEGIN still open has it rolled back. */
  private endWithTask(task: Task | undefined, transaction: Transaction): void {
    const abort = () => this.abort(transaction, task);
    task?.promise.then(abort, abort);
  }

  /**
   * Waits for a statement of a session, but not longer than the timeout: then it is stopped. `shared`: other statements
   * may be in front of it, which cannot be helped; it is left to them then, and nobody hears of its outcome.
   */
  async within<T>(session: Session, running: Promise<T>, shared = false): Promise<T> {
    if (this.timeoutMs === Infinity) return running;
    let late = false;
    let leave: (error: DatabaseError) => void = () => {};
    const timeout = new DatabaseError(`timeout of ${this.timeoutMs / 1000}s exceeded`);
    const left = new Promise<never>((_resolve, reject) => {
      leave = reject;
    });
    const timer = after(this.timeoutMs, () => {
      late = true;
      void stop(session, running, shared, () => leave(timeout));
    });
    try {
      return await (shared ? Promise.race([running, left]) : running);
    } catch (error) {
      throw late ? timeout : error;
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.host.resources.delete(this);
    for (const [task, transaction] of this.transactions) this.abort(transaction, task);
    await this.pool.close();
  }
}

/** A transaction cannot end with streams open: some servers would wait for them, others forget them. */
async function closeStreams({ streams }: Transaction): Promise<void> {
  for (const stream of [...streams]) await stream.close();
}

/** One statement under way. */
class Operation implements Pending<Result> {
  readonly promise: Promise<Result>;
  private session: Session | undefined = undefined;
  private running: Promise<unknown> | undefined = undefined;
  private giveUp: (() => void) | undefined = undefined;
  private abandoned = false;
  private readonly shared: boolean;

  constructor(
    private readonly database: Database,
    transaction: Transaction | undefined,
    work: Work,
    wantsRows: boolean,
  ) {
    const { layouts, vm } = database;
    this.shared = transaction === undefined && work.reads;
    const rows = wantsRows ? new Rows(layouts, new Meter(vm)) : undefined;
    if (transaction === undefined) this.promise = this.alone(work, rows);
    else {
      this.promise = this.inside(transaction.session, work, rows);
      transaction.running = this.promise;
    }
  }

  private async alone(work: Work, rows: Rows | undefined): Promise<Result> {
    const { pool } = this.database;
    const session = await pool.acquire(work.reads, (giveUp) => {
      this.giveUp = giveUp;
    });
    if (this.abandoned) {
      pool.release(session);
      throw new DatabaseError("cancelled");
    }
    const result = this.inside(session, work, rows);
    // The session is in use until the statement is over, even if nobody waits for it any more.
    const release = () => pool.release(session);
    this.running!.then(release, release);
    return result;
  }

  private async inside(session: Session, work: Work, rows: Rows | undefined): Promise<Result> {
    const running = session.run(work, rows);
    this.session = session;
    this.running = running;
    return { done: await this.database.within(session, running, this.shared), rows };
  }

  abandon(): void {
    this.abandoned = true;
    this.giveUp?.();
    if (this.session !== undefined) void stop(this.session, this.running!, this.shared);
  }
}

/**
 * Stops what a session runs: asks the server, and cuts the session off if that does not help. `shared`: other
 * statements may be under way on it too; `onQueued` is called if it waits behind one, where nothing stops it.
 */
export async function stop(
  session: Session,
  running: Promise<unknown>,
  shared = false,
  onQueued: () => void = () => {},
): Promise<void> {
  let over = false;
  const settled = running.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  for (let asked = 0; asked < 2 && !over; ) {
    if (await session.cancel(shared ? running : undefined)) asked++;
    else if (shared) onQueued();
    else asked++;
    await Promise.race([settled, new Promise<void>((resolve) => after(GRACE_MS, resolve))]);
  }
  if (!over) session.destroy();
  await settled;
}
