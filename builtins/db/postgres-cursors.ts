/** Reading results of PostgreSQL piece by piece. */
import { DatabaseError } from "./failure.ts";
import type { RawQuery, RawRow } from "./postgres-library.ts";
import { Reader } from "./postgres-reader.ts";
import type { PostgresSession, Use } from "./postgres-session.ts";
import { Meter, Rows } from "./rows.ts";
import { type Cursor, command, type RowSource, type Work } from "./session.ts";

/** How much is fetched at a time: bytes to aim at, and rows at most. */
const BATCH_BYTES = 256 * 1024;
const FIRST_BATCH = 32;
const MOST_ROWS = 4096;

/** How many rows to fetch next, so that a piece is about BATCH_BYTES long. */
function nextBatch(rows: Rows): number {
  const each = rows.meter.bytes / Math.max(1, rows.count);
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(BATCH_BYTES / Math.max(1, each))));
}

/** Reads a statement's result through a portal, which needs the session for itself until the end. */
export class PortalCursor implements Cursor {
  private query: RawQuery | undefined = undefined;
  /** Settles the fetch that waits. */
  private settle: ((outcome: readonly RawRow[] | DatabaseError) => void) | undefined = undefined;
  /** Has the library fetch on, or end. */
  private goOn: ((signal?: unknown) => void) | undefined = undefined;
  private ended = false;

  constructor(
    private readonly session: PostgresSession,
    private readonly work: Work,
    private readonly source: RowSource,
  ) {}

  async fetch(): Promise<Rows | undefined> {
    if (this.ended) return undefined;
    const { layouts, vm } = this.source;
    const rows = new Rows(layouts, new Meter(vm));
    return this.session.use(rows.meter, async (use) => {
      const piece = await this.piece(use);
      if (piece instanceof DatabaseError) throw piece;
      if (piece.length === 0) {
        this.ended = true;
        return undefined;
      }
      const query = this.query!;
      const reader = new Reader(this.session, query, rows);
      for (const row of piece) reader.row(row);
      query.cursorRows = nextBatch(rows);
      return rows;
    });
  }

  private piece(use: Use): Promise<readonly RawRow[] | DatabaseError> {
    use.query = this.query;
    return new Promise((resolve) => {
      this.settle = resolve;
      if (this.query === undefined) {
        this.query = this.session.begin(use, this.work).cursor(FIRST_BATCH, (rows) => this.receive(rows));
        this.query.then(
          () => this.settled([]),
          (error) => this.settled(this.session.failure(error)),
        );
      } else if (this.goOn === undefined) this.settled([]);
      else this.signal();
    });
  }

  private signal(signal?: unknown): void {
    const { goOn } = this;
    this.goOn = undefined;
    goOn?.(signal);
  }

  private settled(outcome: readonly RawRow[] | DatabaseError): void {
    const { settle } = this;
    this.settle = undefined;
    if (settle === undefined) this.ended = true;
    else settle(outcome);
  }

  private receive(rows: RawRow[]): Promise<unknown> {
    const next = new Promise((resolve) => {
      this.goOn = resolve;
    });
    this.settled(rows);
    return next;
  }

  async close(): Promise<void> {
    if (this.ended || this.query === undefined) return;
    this.ended = true;
    this.signal(this.session.closeSignal);
    const { query } = this;
    await this.session.use(new Meter(this.source.vm), async () => {
      await query;
    });
  }
}

let cursors = 0;

/** Reads a query's result through a cursor of the transaction that is open, beside other statements. */
export class DeclaredCursor implements Cursor {
  private batch = FIRST_BATCH;
  private ended = false;
  private readonly name = `assay_cursor_${++cursors}`;

  private constructor(
    private readonly session: PostgresSession,
    private readonly source: RowSource,
  ) {}

  static async open(session: PostgresSession, work: Work, source: RowSource): Promise<Cursor> {
    const cursor = new DeclaredCursor(session, source);
    const text = `DECLARE ${cursor.name} NO SCROLL CURSOR FOR ${work.text}`;
    await session.run({ ...work, text }, undefined);
    return cursor;
  }

  async fetch(): Promise<Rows | undefined> {
    if (this.ended) return undefined;
    const { layouts, vm } = this.source;
    const rows = new Rows(layouts, new Meter(vm));
    await this.session.run(command(`FETCH ${this.batch} FROM ${this.name}`), rows);
    if (rows.count === 0) {
      await this.close();
      return undefined;
    }
    this.batch = nextBatch(rows);
    return rows;
  }

  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    if (this.session.alive) await this.session.run(command(`CLOSE ${this.name}`), undefined);
  }
}
