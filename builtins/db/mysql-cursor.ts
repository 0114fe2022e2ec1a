/** Reading results of MySQL and MariaDB piece by piece. */
import type { RowReadable } from "./mysql-library.ts";
import type { MysqlSession } from "./mysql-session.ts";
import { Sink } from "./mysql-sink.ts";
import { Meter, Rows } from "./rows.ts";
import type { Cursor, RowSource, Work } from "./session.ts";

/** How much is taken in ahead, in bytes. */
const AHEAD_BYTES = 256 * 1024;

/** Reads a result as it comes, holding the connection back while nobody reads. */
export class MysqlCursor implements Cursor {
  private readonly sink: Sink;
  private rows: Rows;
  private outcome: Promise<void> | undefined = undefined;
  private over = false;
  private error: unknown = undefined;
  private wake: (() => void) | undefined = undefined;
  private source: RowReadable | undefined = undefined;

  constructor(
    private readonly session: MysqlSession,
    private readonly work: Work,
    private readonly from: RowSource,
    numeric: "float" | "string",
  ) {
    this.rows = new Rows(from.layouts, new Meter(from.vm));
    this.sink = new Sink(numeric, this.rows);
    const drain = this.sink.drain.bind(this.sink);
    this.sink.drain = (source) => {
      this.source = source;
      return drain(source);
    };
    this.sink.onRow = () => {
      const full = this.rows.meter.bytes >= AHEAD_BYTES;
      if (full) this.notify();
      return !full;
    };
  }

  private notify(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  private start(): void {
    this.outcome = this.session.execute(this.work, this.sink).then(
      () => {
        this.over = true;
        this.notify();
      },
      (error) => {
        this.over = true;
        this.error = error;
        this.notify();
      },
    );
  }

  async fetch(): Promise<Rows | undefined> {
    if (this.outcome === undefined) this.start();
    while (this.rows.meter.bytes < AHEAD_BYTES && !this.over) {
      const arrived = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      // The library's own way to have its connection go on.
      this.source?._read(0);
      await arrived;
    }
    if (this.error !== undefined) throw this.error;
    const { rows } = this;
    if (rows.count === 0) return undefined;
    this.rows = new Rows(this.from.layouts, new Meter(this.from.vm));
    this.sink.reset(this.rows);
    return rows;
  }

  async close(): Promise<void> {
    if (this.outcome === undefined || this.over) {
      this.over = true;
      return;
    }
    // What is still to come is thrown away, and the server told to stop sending.
    this.sink.rows = undefined;
    this.sink.onRow = undefined;
    const cancelled = this.session.cancel();
    this.source?._read(0);
    await cancelled;
    await this.outcome;
  }
}
