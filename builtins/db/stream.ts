/** `db.stream`: an iterator over rows that holds only some of them at a time. */
import { NativeFunction } from "../../interpreter/function.ts";
import { failure } from "../../interpreter/native.ts";
import type { Results, Suspended, Userdata, Value } from "../../interpreter/value.ts";
import { hostOf, type Resource } from "../host.ts";
import { type Database, stop, type Transaction } from "./database.ts";
import { DatabaseError } from "./failure.ts";
import type { Rows } from "./rows.ts";
import type { Cursor, Session, Work } from "./session.ts";
import { type Context, type Pending, wait } from "./wait.ts";

/** The state of one stream. */
export class RowStream implements Resource {
  private batch: Value[] = [];
  private at = 0;
  private over = false;
  private fetching = false;
  /** The transaction of the task that reads, which may have the session that the rows come from. */
  private current: Transaction | undefined = undefined;

  constructor(
    private readonly database: Database,
    private readonly session: Session,
    private readonly transaction: Transaction | undefined,
    private readonly cursor: Cursor,
    private readonly context: Context,
  ) {
    transaction?.streams.add(this);
    hostOf(database.vm).resources.add(this);
  }

  /** The next row, or nil at the end; suspends when it has to be fetched. */
  next(): Results | Suspended {
    if (this.at < this.batch.length && this.transaction?.over !== true) {
      const row = this.batch[this.at];
      this.batch[this.at++] = undefined;
      return row;
    }
    if (this.transaction?.over === true) throw failure("db.stream: the transaction it was opened in has ended");
    if (this.over) return undefined;
    if (this.fetching) throw failure("db.stream: another task is reading this stream");
    if (this.transaction !== undefined && this.database.current() !== this.transaction) {
      throw failure("db.stream: the transaction it was opened in belongs to another task");
    }
    this.fetching = true;
    this.current = this.database.current();
    return wait(this.fetch(), this.context, (rows) => {
      if (rows === undefined) return undefined;
      rows.finish();
      this.batch = rows.list;
      this.at = 2;
      const first = rows.list[1];
      rows.list[1] = undefined;
      return first;
    });
  }

  private fetch(): Pending<Rows | undefined> {
    let running: Promise<unknown> | undefined;
    let giveUp: (() => void) | undefined;
    const fetched = async (): Promise<Rows | undefined> => {
      const borrowed = await this.borrow((cancel) => {
        giveUp = cancel;
      });
      try {
        const fetch = this.cursor.fetch();
        running = fetch;
        const rows = await this.database.within(this.session, fetch);
        if (rows === undefined) this.release();
        return rows;
      } catch (error) {
        this.release();
        throw error;
      } finally {
        this.fetching = false;
        if (borrowed) this.database.pool.release(this.session);
      }
    };
    return {
      promise: fetched(),
      abandon: () => {
        this.fetching = false;
        giveUp?.();
        if (running !== undefined) void stop(this.session, running);
      },
    };
  }

  /** Whether the session is free for others between two pieces. */
  private get isShared(): boolean {
    return this.transaction === undefined && this.database.driver.sharesCursors;
  }

  /** Gets the session for one piece, if others may have it now; whether it has to be given back. */
  private async borrow(onWait: (giveUp: () => void) => void): Promise<boolean> {
    if (!this.isShared || this.current?.session === this.session) return false;
    const { pool } = this.database;
    const session = await pool.acquire(false, onWait);
    if (session === this.session) return true;
    // The connection that had the rows is gone.
    pool.release(session);
    this.release();
    throw new DatabaseError("the connection was lost");
  }

  private release(): void {
    if (this.over) return;
    this.over = true;
    hostOf(this.database.vm).resources.delete(this);
    this.transaction?.streams.delete(this);
    if (this.transaction === undefined && !this.isShared) this.database.pool.release(this.session);
  }

  /** Ends the stream, wherever it is. */
  async close(): Promise<void> {
    this.batch = [];
    this.at = 0;
    if (this.over) return;
    try {
      await this.cursor.close();
    } finally {
      this.release();
    }
  }

  /** The rows that nobody has read yet, for the census. */
  rows(): Value[] {
    return this.batch;
  }

  closing(): Pending<void> {
    return { promise: this.close(), abandon: () => this.session.destroy() };
  }
}

/** Opens a stream, in the running task's transaction if it has one. */
export function openStream(database: Database, work: Work, context: Context): Pending<RowStream> {
  const transaction = database.current();
  let giveUp: (() => void) | undefined;
  let abandoned = false;
  const { layouts, vm, pool } = database;
  const opened = async (): Promise<RowStream> => {
    const session =
      transaction?.session ??
      (await pool.acquire(false, (cancel) => {
        giveUp = cancel;
      }));
    try {
      if (abandoned) throw new DatabaseError("cancelled");
      const cursor = await database.within(session, session.stream(work, { layouts, vm }, transaction !== undefined));
      const stream = new RowStream(database, session, transaction, cursor, context);
      if (transaction === undefined && database.driver.sharesCursors) pool.release(session);
      return stream;
    } catch (error) {
      if (transaction === undefined) pool.release(session);
      throw error;
    }
  };
  const promise = opened();
  return {
    promise,
    abandon: () => {
      abandoned = true;
      giveUp?.();
      promise.then((stream) => stream.close()).catch(() => {});
    },
  };
}

/** The function that a `for` loop calls for each row. */
export function iterator(stream: RowStream, handle: Userdata): NativeFunction {
  const next = new NativeFunction("db.stream", () => stream.next(), undefined);
  next.held = [handle];
  return next;
}
