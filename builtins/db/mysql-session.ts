/** One connection to MySQL or MariaDB. Statements always go through the server's prepared statements. */
import { DatabaseError } from "./failure.ts";
import { MysqlCursor } from "./mysql-cursor.ts";
import { type Client, failureOf, type Statement } from "./mysql-library.ts";
import { parameterOf, rewriteTime } from "./mysql-parameters.ts";
import { Sink } from "./mysql-sink.ts";
import type { Rows } from "./rows.ts";
import type { Cursor, Done, RowSource, Session, Work } from "./session.ts";

/** ER_UNSUPPORTED_PS: a statement that cannot be prepared. */
const CANNOT_PREPARE = 1295;

export class MysqlSession implements Session {
  private open = true;
  private busy = false;
  private cancelling: Promise<void> | undefined = undefined;
  /** Rejects when the session is destroyed: what is under way is not waited for then. */
  private readonly cut: Promise<never>;
  private cutOff!: (error: DatabaseError) => void;

  constructor(
    private readonly client: Client,
    /** What DECIMAL becomes. */
    private readonly numeric: "float" | "string",
    /** Opens another connection, to stop what this one does. */
    private readonly again: () => Promise<Client>,
  ) {
    this.cut = new Promise((_resolve, reject) => {
      this.cutOff = reject;
    });
    this.cut.catch(() => {});
    // Without a listener the library would throw what nobody waits for.
    client.on("error", () => {
      this.open = false;
    });
    client.on("end", () => {
      this.open = false;
    });
  }

  get alive(): boolean {
    return this.open && this.client.isValid();
  }

  async run(work: Work, rows: Rows | undefined): Promise<Done> {
    const sink = new Sink(this.numeric, rows);
    await this.execute(work, sink);
    return sink.done;
  }

  /** Runs a statement whose rows go to `sink`. */
  async execute(work: Work, sink: Sink): Promise<void> {
    if (!this.alive) throw new DatabaseError("the server closed the connection", { fatal: true });
    const values = work.parameters.map(parameterOf);
    this.busy = true;
    try {
      for (;;) {
        try {
          await Promise.race([this.attempt(work.text, values, sink), this.cut]);
          return;
        } catch (error) {
          const failure = failureOf(error, undefined);
          if (!sink.started && rewriteTime(failure, values)) continue;
          throw failure;
        }
      }
    } catch (error) {
      const failure = failureOf(error, undefined);
      if (failure.details.fatal === true) this.destroy();
      throw failure;
    } finally {
      this.busy = false;
    }
  }

  private async attempt(text: string, values: readonly unknown[], sink: Sink): Promise<void> {
    let statement: Statement | undefined;
    try {
      statement = await this.client.prepare(text);
    } catch (error) {
      if ((error as { errno?: number }).errno !== CANNOT_PREPARE || values.length > 0) throw error;
    }
    const source = statement?.executeStream(values) ?? this.client.queryStream({ sql: text });
    try {
      await sink.drain(source);
    } finally {
      statement?.close();
    }
  }

  async stream(work: Work, source: RowSource, _inTransaction: boolean): Promise<Cursor> {
    return new MysqlCursor(this, work, source, this.numeric);
  }

  async cancel(): Promise<boolean> {
    if (!this.busy || !this.open) return false;
    this.cancelling ??= this.kill().finally(() => {
      this.cancelling = undefined;
    });
    await this.cancelling;
    return true;
  }

  /** KILL QUERY over a connection of its own; one second at most. */
  private async kill(): Promise<void> {
    const id = this.client.threadId;
    if (id === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, 1000);
    });
    const killed = async (): Promise<void> => {
      const other = await this.again();
      try {
        if (this.busy) await other.query(`KILL QUERY ${Number(id)}`);
      } finally {
        await other.end().catch(() => {});
      }
    };
    await Promise.race([killed().catch(() => {}), enough]);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    this.open = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, 1000);
    });
    await Promise.race([this.client.end().catch(() => {}), enough]);
    clearTimeout(timer);
  }

  destroy(): void {
    if (!this.open) return;
    this.open = false;
    // If a statement is under way, the library has another connection kill it.
    this.client.destroy();
    this.cutOff(new DatabaseError("the connection was closed", { fatal: true }));
  }
}
