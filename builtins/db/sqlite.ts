/** SQLite, through a worker that runs it (sqlite-worker.ts). One handle is one connection. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import wasm from "sql.js/dist/sql-wasm.wasm" with { type: "file" };
import { fromText, toBuffer, toText } from "../../interpreter/text.ts";
import { integer, LuaFloat } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import type { Permissions } from "../permissions.ts";
import { workerProgram } from "../worker-program.ts";
import { DatabaseError } from "./failure.ts";
import { decodeJson } from "./json.ts";
import { type Parameter, TableParameter } from "./parameters.ts";
import { Meter, Rows } from "./rows.ts";
import type { Cursor, Done, Driver, RowSource, Session, Work } from "./session.ts";
import { permitted } from "./socket.ts";
import { guard } from "./sqlite-guard.ts";
import {
  type ColumnInfo,
  decodeRows,
  LAST_REQUEST,
  type OpenRequest,
  type Piece,
  type Reply,
  type Request,
  type WireValue,
} from "./sqlite-wire.ts";
import { type Scanned, scan } from "./statement.ts";
import type { FileTarget } from "./url.ts";

/** How long a statement that is to stop may go on before it is left to itself. */
const STOP_MS = 250;

/** How long closing may take, which may have to move a log into the database. */
const CLOSE_MS = 2000;

/** How many steps of SQLite that nothing could stop may go on at a time: each keeps a processor busy. */
const MAX_RUNAWAYS = 4;
let runaways = 0;

export class SqliteDriver implements Driver {
  readonly dialect = "sqlite";
  // The lock for writing is taken at once: two transactions that both begin by reading could never both go on.
  readonly begin = "BEGIN IMMEDIATE";
  readonly interleaves = true;
  readonly sharesCursors = true;
  // With one connection they wait for each other anyway.
  readonly pipeline = 256;
  readonly maxSessions = 1;
  readonly target: string;
  readonly secrets: readonly string[] = [];
  private readonly path: string | undefined;
  private opened = false;
  /** Real paths of the files that permissions were decided on, where they are restricted. */
  private readonly files = new Set<string>();

  constructor(
    readonly vm: VirtualMachine,
    private readonly file: FileTarget,
    private readonly permissions: Permissions,
  ) {
    this.path = file.path === undefined ? undefined : resolve(file.path);
    this.target = file.path === undefined ? "sqlite::memory:" : `sqlite://${this.path}`;
  }

  check(what: string, statement: Scanned, parameters: readonly Parameter[]): void {
    const attached = guard(what, statement, parameters, this.permissions, this.path === undefined);
    if (attached !== undefined) this.files.add(attached);
  }

  async open(timeoutMs: number): Promise<Session> {
    if (this.path === undefined && this.opened) {
      throw new DatabaseError("the database in memory is lost: a statement in it could not be stopped");
    }
    const session = new SqliteSession(this.files);
    const timer = setTimeout(() => session.destroy("timeout"), timeoutMs);
    try {
      await session.start(this.request());
    } catch (error) {
      session.destroy();
      throw this.explain(error);
    } finally {
      clearTimeout(timer);
    }
    this.opened = true;
    return session;
  }

  private request(): Omit<OpenRequest, "stop"> {
    const { path, file } = this;
    const { limit } = this.vm.memory;
    if (path === undefined) {
      // The library keeps the database in a file system of its own, in memory; nothing but this connection uses it.
      const pragmas = [
        `foreign_keys = ${file.foreignKeys ? "ON" : "OFF"}`,
        "journal_mode = memory",
        "synchronous = off",
        "locking_mode = exclusive",
        "temp_store = memory",
      ];
      // What it holds, and what SQLite needs to work on it, share what the machine's memory may be.
      if (limit !== Infinity) {
        const half = Math.ceil(limit / 2);
        pragmas.push(`max_page_count = ${Math.ceil(half / 4096)}`, `hard_heap_limit = ${half}`);
      }
      const setup = pragmas.map((pragma) => ({ sql: `PRAGMA ${pragma}`, optional: false }));
      return { op: "open", path, confined: false, maxValue: limit, wasm, mode: "rwc", setup, busyTimeoutMs: 0 };
    }
    const { mode, real } = this.allowed(path);
    if (real !== undefined) this.files.add(real);
    const pragmas = [`foreign_keys = ${file.foreignKeys ? "ON" : "OFF"}`];
    const setup = pragmas.map((pragma) => ({ sql: `PRAGMA ${pragma}`, optional: false }));
    if (mode === "ro") setup.push({ sql: "SELECT 1 FROM sqlite_schema LIMIT 1", optional: false });
    else {
      // Some file systems have no shared memory; there SQLite keeps the mode the file has.
      setup.push({ sql: `PRAGMA journal_mode = ${file.journalMode ?? "wal"}`, optional: false });
      setup.push({ sql: `PRAGMA synchronous = ${file.synchronous ?? "full"}`, optional: false });
    }
    const { busyTimeoutMs } = file;
    return {
      op: "open",
      path: real ?? path,
      confined: real !== undefined,
      // SQLite, this library and the script each have a value for a while.
      maxValue: Math.floor(limit / 2),
      wasm: undefined,
      mode,
      setup,
      busyTimeoutMs,
    };
  }

  /**
   * How the file may be opened: a file that cannot be written is opened for reading, as SQLite itself does. With its
   * real path, if permissions were decided on that.
   */
  private allowed(path: string): { mode: FileTarget["mode"]; real: string | undefined } {
    const { mode } = this.file;
    const real = permitted(() => this.permissions.checkRead("db.connect", path));
    if (mode === "ro") return { mode, real };
    permitted(() => this.permissions.checkWrite("db.connect", real ?? path));
    if (!existsSync(path)) return { mode, real };
    try {
      accessSync(path, constants.W_OK);
      return { mode, real };
    } catch {
      return { mode: "ro", real };
    }
  }

  /** SQLite's "unable to open database file" says little. */
  private explain(error: unknown): unknown {
    const { path } = this;
    if (path === undefined || !(error instanceof DatabaseError) || error.details.complete === true) return error;
    let message = error.message;
    if (error.details.code?.startsWith("SQLITE_CANTOPEN") === true) {
      if (!existsSync(dirname(path))) message = "no such folder";
      else if (!existsSync(path)) message = this.file.mode === "rwc" ? "cannot create the file" : "no such file";
      else if (statSync(path).isDirectory()) message = "is a directory";
    }
    return new DatabaseError(`${path}: ${message}`, error.details);
  }
}

interface Waiting {
  /** What `run` returned for the statement that the request belongs to. */
  readonly owner: Promise<unknown> | undefined;
  resolve(piece: Piece | undefined): void;
  reject(error: DatabaseError): void;
}

/** A statement, by what its caller waits for. */
interface Owner {
  promise: Promise<Done> | undefined;
}

class SqliteSession implements Session {
  alive = true;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private outbox: Request[] = [];
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));

  constructor(private readonly files: ReadonlySet<string>) {
    this.worker = new Worker(workerProgram("builtins/db/sqlite-worker"));
    this.worker.onmessage = (event: MessageEvent<Reply[]>) => {
      for (const reply of event.data) this.receive(reply);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.die(new DatabaseError(`sqlite worker failed: ${event.message}`, { fatal: true }));
    };
  }

  private receive(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (waiting === undefined) return;
    if ("ok" in reply) waiting.resolve(reply.ok);
    else {
      const { message, code, position } = reply.error;
      waiting.reject(new DatabaseError(message, { code, position }));
    }
  }

  private die(error: DatabaseError): void {
    this.alive = false;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(error);
  }

  private ask(request: DistributiveOmit<Request, "id">, owner?: Owner): Promise<Piece | undefined> {
    if (!this.alive) return Promise.reject(new DatabaseError("the connection is closed", { fatal: true }));
    const id = ++this.lastId;
    return new Promise((resolvePiece, reject) => {
      this.waiting.set(id, {
        get owner() {
          return owner?.promise;
        },
        resolve: resolvePiece,
        reject,
      });
      this.post({ ...request, id });
    });
  }

  /** Sends a request, together with others of the same turn. */
  private post(request: Request): void {
    if (this.outbox.push(request) > 1) return;
    queueMicrotask(() => {
      this.worker.postMessage(this.outbox);
      this.outbox = [];
    });
  }

  async start(request: Omit<OpenRequest, "stop">): Promise<void> {
    if (runaways >= MAX_RUNAWAYS) {
      this.worker.terminate();
      throw new DatabaseError(`${runaways} statements of SQLite could not be stopped and still run: no more are begun`);
    }
    await this.ask({ ...request, stop: this.stop });
  }

  /** The first piece of a statement's result. */
  async begin(work: Work, wantsRows: boolean, owner?: Owner): Promise<Piece> {
    const verb = verbOf(work.text);
    const parameters = work.parameters.map(parameterOf);
    const files = verb === "attach" && this.files.size > 0 ? [...this.files] : undefined;
    const piece = await this.ask({ op: "run", sql: work.text, parameters, wantsRows, verb, files }, owner);
    return piece!;
  }

  next(cursor: number, owner?: Owner): Promise<Piece | undefined> {
    return this.ask({ op: "next", cursor }, owner);
  }

  async end(cursor: number): Promise<void> {
    if (this.alive) await this.ask({ op: "end", cursor });
  }

  run(work: Work, rows: Rows | undefined): Promise<Done> {
    const owner: Owner = { promise: undefined };
    owner.promise = this.collect(work, rows, owner);
    return owner.promise;
  }

  private async collect(work: Work, rows: Rows | undefined, owner: Owner): Promise<Done> {
    let piece = await this.begin(work, rows !== undefined, owner);
    const take = rows === undefined ? undefined : reader(piece.columns!, rows);
    while (piece.cursor !== undefined) {
      const { cursor } = piece;
      // The worker makes the next piece while this one is read.
      const coming = this.next(cursor, owner);
      try {
        take?.(piece);
      } catch (error) {
        await coming.catch(() => {});
        await this.end(cursor).catch(() => {});
        throw error;
      }
      piece = (await coming)!;
    }
    take?.(piece);
    const { affected, lastInsertId } = piece;
    return {
      affected,
      lastInsertId: lastInsertId === undefined ? undefined : integer(BigInt(lastInsertId)),
      command: "",
    };
  }

  async stream(work: Work, source: RowSource): Promise<Cursor> {
    return new SqliteCursor(this, work, source);
  }

  async cancel(running?: Promise<unknown>): Promise<boolean> {
    const [first] = this.waiting;
    if (first === undefined || !this.alive) return false;
    const [id, { owner }] = first;
    if (running !== undefined && owner !== running) return false;
    // Between two rows it stops; inside one step of SQLite nothing reaches it.
    Atomics.store(this.stop, 0, id);
    const until = performance.now() + STOP_MS;
    while (this.waiting.has(id) && performance.now() < until) await new Promise((done) => setTimeout(done, 5));
    if (this.waiting.has(id)) this.destroy();
    return true;
  }

  async close(): Promise<void> {
    if (!this.alive) return;
    const closed = this.ask({ op: "close" }).then(() => this.worker.terminate());
    await Promise.race([closed.catch(() => {}), new Promise((done) => setTimeout(done, CLOSE_MS))]);
    this.alive = false;
  }

  destroy(reason = "the statement was stopped"): void {
    if (!this.alive) return;
    this.die(new DatabaseError(reason, { fatal: true }));
    // A step of SQLite that is under way goes on to its end. Then the worker closes the database, which rolls back; a
    // thread that is ended without that would keep its locks.
    Atomics.store(this.stop, 0, LAST_REQUEST);
    this.worker.unref();
    runaways++;
    this.worker.onmessage = (event: MessageEvent<Reply[]>) => {
      if (!event.data.some((reply) => reply.id === LAST_REQUEST)) return;
      runaways--;
      this.worker.terminate();
    };
    this.post({ op: "close", id: LAST_REQUEST });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function verbOf(text: string): string {
  return scan(text, "sqlite").words[0] ?? "";
}

/** A function that takes the pieces of a result into `rows`. */
function reader(columns: readonly ColumnInfo[], rows: Rows): (piece: Piece) => void {
  const layout = rows.columns(columns.map((column) => fromText(column.name)));
  columns.forEach((column, i) => {
    const slot = layout.slots[i]!;
    if (column.json && layout.slots.lastIndexOf(slot) === i) rows.defer(slot, decodeJson);
  });
  return (piece) => decodeRows(piece, layout, rows);
}

function parameterOf(value: Parameter, index: number): WireValue {
  switch (typeof value) {
    case "undefined":
    case "boolean":
    case "bigint":
      return value;
    case "number":
      return value;
    case "string":
      // Text where it is text, a blob otherwise.
      return toText(value) ?? toBuffer(value);
    default:
      if (value instanceof LuaFloat) return { float: value.n };
      if (value instanceof TableParameter) {
        const text = typeof value.json === "string" ? toText(value.json) : undefined;
        if (text === undefined) throw new DatabaseError(`parameter ${index + 1}: not valid UTF-8 in JSON`);
        return text;
      }
      throw new DatabaseError(`parameter ${index + 1}: not supported`);
  }
}

/** Reads a result piece by piece; other statements may run on the connection meanwhile. */
class SqliteCursor implements Cursor {
  private columns: readonly ColumnInfo[] = [];
  private cursor: number | undefined = undefined;
  private begun = false;

  constructor(
    private readonly session: SqliteSession,
    private readonly work: Work,
    private readonly source: RowSource,
  ) {}

  async fetch(): Promise<Rows | undefined> {
    let piece: Piece | undefined;
    if (!this.begun) {
      this.begun = true;
      piece = await this.session.begin(this.work, true);
      this.columns = piece.columns!;
    } else if (this.cursor !== undefined) piece = await this.session.next(this.cursor);
    this.cursor = piece?.cursor;
    if (piece === undefined || piece.count === 0) return undefined;
    const rows = new Rows(this.source.layouts, new Meter(this.source.vm));
    reader(this.columns, rows)(piece);
    return rows;
  }

  async close(): Promise<void> {
    const { cursor } = this;
    this.begun = true;
    this.cursor = undefined;
    if (cursor !== undefined) await this.session.end(cursor);
  }
}
