/** MySQL and MariaDB, by the library mariadb. Statements always go through the server's prepared statements. */
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { createConnection } from "mariadb";
import { fromText, toBuffer, toText } from "../../interpreter/text.ts";
import { integer, LuaFloat, type Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import type { Permissions } from "../permissions.ts";
import type { DriverSettings } from "./drivers.ts";
import { DatabaseError, networkWords } from "./failure.ts";
import { type ColumnInfo, columnOf } from "./mysql-types.ts";
import { type Parameter, TableParameter } from "./parameters.ts";
import { type Layout, Meter, notEnoughMemory, Rows } from "./rows.ts";
import {
  type Cursor,
  type Done,
  type Driver,
  NOTHING_DONE,
  type RowSource,
  type Session,
  type Work,
} from "./session.ts";
import { openSocket } from "./socket.ts";
import { RFC3339_UTC } from "./timestamp.ts";
import { type TlsSettings, tlsSettings, tlsWords } from "./tls.ts";
import type { ServerTarget } from "./url.ts";

/** ER_UNSUPPORTED_PS: a statement that cannot be prepared. */
const CANNOT_PREPARE = 1295;
/** ER_TRUNCATED_WRONG_VALUE, among others for a time in RFC 3339. */
const WRONG_VALUE = 1292;
/** What the library says when the server has no TLS. */
const NO_TLS = 45023;
/** ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ER_ACCESS_DENIED_ERROR, ER_SECURE_TRANSPORT_REQUIRED. */
const SECURE_TRANSPORT_REQUIRED = 3159;
/** ER_QUERY_INTERRUPTED, ER_STATEMENT_TIMEOUT, ER_QUERY_TIMEOUT: the library calls these fatal, but only the statement has ended. */
const INTERRUPTED = new Set([1317, 1969, 3024]);
/** What the library says of a message longer than it may take in. */
const TOO_LONG = 45011;
/** How much of a stream is taken in ahead, in bytes. */
const AHEAD_BYTES = 256 * 1024;
/** The longest message from the server that is taken at all. */
const MOST_BYTES = 1 << 30;

// What is used of the library, as it is and not as its types would have it.
interface Statement {
  executeStream(values: readonly unknown[]): RowReadable;
  close(): void;
}
/** A stream of rows whose `push` is replaced: rows come straight to it, and it answers whether to go on. */
interface RowReadable extends Readable {
  close(): void;
}
interface Client {
  readonly threadId: number | null;
  prepare(sql: string): Promise<Statement>;
  queryStream(options: { sql: string }): RowReadable;
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
  destroy(): void;
  isValid(): boolean;
  on(event: "error" | "end", listener: (error: unknown) => void): void;
}
type RawRow = readonly unknown[];
interface OkPacket {
  readonly affectedRows: number;
  readonly insertId: bigint | number;
}

export class MysqlDriver implements Driver {
  readonly dialect = "mysql";
  readonly begin = "START TRANSACTION";
  readonly interleaves = false;
  readonly sharesCursors = false;
  readonly pipelines = false;
  readonly maxSessions = Number.POSITIVE_INFINITY;
  readonly target: string;
  readonly secrets: readonly string[];

  constructor(
    readonly vm: VirtualMachine,
    readonly server: ServerTarget,
    private readonly permissions: Permissions,
    readonly settings: DriverSettings,
  ) {
    const { user, host, port, socket, database, scheme } = server;
    this.target = `${scheme}://${user}@${socket ?? `${host}:${port}`}/${database ?? ""}`;
    this.secrets = [server.password];
  }

  async open(timeoutMs: number): Promise<Session> {
    const until = performance.now() + timeoutMs;
    const { server, permissions, vm } = this;
    const tls = tlsSettings(server, permissions, hostOf(vm).env("SSL_CERT_FILE"));
    const { mode } = tls;
    // Unix sockets carry no TLS, whatever the mode.
    if (server.socket !== undefined || mode === "disable") return this.login(undefined, until);
    if (mode === "allow") {
      try {
        return await this.login(undefined, until);
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.details.number !== SECURE_TRANSPORT_REQUIRED) throw error;
        return this.login(tls, until);
      }
    }
    try {
      return await this.login(tls, until);
    } catch (error) {
      const noTls = error instanceof DatabaseError && error.details.number === NO_TLS;
      if (mode === "prefer" && noTls) return this.login(undefined, until);
      if (!noTls) throw error;
      throw new DatabaseError(`${server.host}:${server.port}: the server does not support TLS (sslmode=${mode})`, {
        fatal: true,
      });
    }
  }

  private async login(tls: TlsSettings | undefined, until: number): Promise<Session> {
    return new MysqlSession(this, await this.connect(tls, until), () => this.connect(tls, performance.now() + 1000));
  }

  private async connect(tls: TlsSettings | undefined, until: number): Promise<Client> {
    const { server, permissions } = this;
    const left = (): number => Math.max(1, until - performance.now());
    const socket: Socket = await openSocket(server, permissions, left());
    const { limit } = this.vm.memory;
    const options = {
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database: server.database,
      ssl: tls === undefined ? false : { ...tls.options },
      stream: (give: (error: unknown, stream: Socket) => void) => {
        give(undefined, socket);
      },
      connectTimeout: Math.ceil(left()),
      timezone: "Z",
      charset: "utf8mb4",
      rowsAsArray: true,
      dateStrings: true,
      jsonStrings: true,
      bitOneIsBoolean: false,
      checkDuplicate: false,
      insertIdAsNumber: false,
      decimalAsNumber: false,
      bigIntAsNumber: false,
      multipleStatements: false,
      permitLocalInfile: false,
      permitRedirect: false,
      // As with libpq: what a connection without TLS can be told in clear is decided by the mode, not by the server.
      allowPublicKeyRetrieval: true,
      maxAllowedPacket: Math.min(MOST_BYTES, limit === Infinity ? MOST_BYTES : Math.max(limit, 1 << 20)),
      logger: { network: null, query: null, error: null, warning: () => {} },
      connectAttributes: { program_name: server.applicationName ?? "assay" },
    };
    try {
      return (await createConnection(options as never)) as unknown as Client;
    } catch (error) {
      socket.destroy();
      throw failureOf(error, `${server.host}:${server.port}`, tls !== undefined);
    }
  }
}

/** What the library rejected with, as a DatabaseError. `name` is for failures of the connection itself. */
function failureOf(error: unknown, name: string | undefined, withTls = false): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { sqlMessage, message, errno, sqlState, fatal } = error as Partial<{
    sqlMessage: string | null;
    message: string;
    errno: number;
    sqlState: string;
    fatal: boolean;
  }>;
  const text = sqlMessage ?? message ?? "";
  // Numbers from 45000 on are the library's own, and system errors have negative ones or names.
  if (typeof errno === "number" && errno > 0 && errno < 45_000) {
    return new DatabaseError(text, { code: sqlState, number: errno, fatal: fatal === true && !INTERRUPTED.has(errno) });
  }
  const own = typeof errno === "number" && errno >= 45_000;
  const prefix = name === undefined ? "" : `${name}: `;
  if (own && /closed|unexpectedly|destroyed|killed/i.test(text)) {
    return new DatabaseError(`${prefix}the server closed the connection`, { fatal: true });
  }
  if (errno === TOO_LONG && name === undefined) return notEnoughMemory();
  if (errno === TOO_LONG) return new DatabaseError(`${name}: unexpected answer: not a MySQL server?`, { fatal: true });
  if (own && /timeout/i.test(text)) return new DatabaseError(`${prefix}timeout`, { fatal: true });
  if (own) return new DatabaseError(`${prefix}${text.split("\n")[0]}`, { number: errno, fatal: fatal === true });
  const words = withTls && /CERT|TLS|SSL|ALTNAME|SIGNATURE/i.test(String((error as { code?: string }).code));
  return new DatabaseError(`${prefix}${words ? `TLS: ${tlsWords(error)}` : networkWords(error)}`, { fatal: true });
}

class MysqlSession implements Session {
  private open = true;
  private busy = false;
  private cancelling: Promise<void> | undefined = undefined;

  constructor(
    private readonly driver: MysqlDriver,
    private readonly client: Client,
    /** Opens another connection, to stop what this one does. */
    private readonly again: () => Promise<Client>,
  ) {
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
    const sink = new Sink(this.driver.settings.numeric, rows);
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
          await this.attempt(work.text, values, sink);
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
    return new MysqlCursor(this, work, source, this.driver.settings.numeric);
  }

  async cancel(): Promise<void> {
    if (!this.busy || !this.open) return;
    this.cancelling ??= this.kill().finally(() => {
      this.cancelling = undefined;
    });
    await this.cancelling;
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
  }
}

/** A parameter as the library takes it. */
function parameterOf(value: Parameter, index: number): unknown {
  switch (typeof value) {
    case "undefined":
      return null;
    case "string":
      // Text where it is text; other bytes are sent as such.
      return toText(value) ?? toBuffer(value);
    case "number":
      // Beyond 32 bits the library would send integers as floats.
      return Number.isInteger(value) && Math.abs(value) > 0x7fff_fff0 && Number.isSafeInteger(value)
        ? BigInt(value)
        : value;
    case "object":
      if (value instanceof LuaFloat) return value.n;
      if (value instanceof TableParameter) {
        const text = typeof value.json === "string" ? toText(value.json) : undefined;
        if (text === undefined) throw new DatabaseError(`parameter ${index + 1}: not valid UTF-8 in JSON`);
        return text;
      }
      return value;
    default:
      return value;
  }
}

/**
 * MariaDB does not take the times it gives when they are written in RFC 3339. Where it has refused one (for the first
 * row, so that nothing has happened yet) it gets the same time in its own spelling: `Z` means UTC, as the session does.
 */
function rewriteTime(failure: DatabaseError, values: unknown[]): boolean {
  if (failure.details.number !== WRONG_VALUE || !/ at row 1$/.test(failure.message)) return false;
  const refused = /^Incorrect (?:datetime|timestamp) value: '([^']*)'/i.exec(failure.message)?.[1];
  if (refused === undefined || !RFC3339_UTC.test(refused)) return false;
  let found = false;
  values.forEach((value, i) => {
    if (value !== refused) return;
    values[i] = refused.replace("T", " ").slice(0, -1);
    found = true;
  });
  return found;
}

/** Makes rows of what arrives. */
class Sink {
  done: Done = NOTHING_DONE;
  /** Whether anything has come of the statement. */
  started = false;
  private layout: Layout | undefined = undefined;
  private decoders: ((value: unknown) => Value)[] = [];
  private columns: readonly ColumnInfo[] = [];
  /** Called for each row; whether to go on at once. */
  onRow: (() => boolean) | undefined = undefined;

  constructor(
    private readonly numeric: "float" | "string",
    public rows: Rows | undefined,
  ) {}

  /** Takes everything from the library's stream, past the stream's own queue. */
  drain(source: RowReadable): Promise<void> {
    return new Promise((resolve, reject) => {
      source.on("fields", (columns: readonly ColumnInfo[]) => {
        this.columns = columns;
        this.started = true;
        this.layout = undefined;
        if (this.rows !== undefined) this.setUp(this.rows);
      });
      source.on("error", reject);
      source.push = (row: RawRow | OkPacket | null): boolean => {
        if (row === null) {
          resolve();
          return false;
        }
        if (!Array.isArray(row)) {
          this.ok(row as OkPacket);
          return true;
        }
        try {
          return this.row(row);
        } catch (error) {
          // What else comes is thrown away until the connection is gone.
          source.push = () => true;
          reject(error);
          return true;
        }
      };
    });
  }

  private ok(packet: OkPacket): void {
    this.started = true;
    const id = BigInt(packet.insertId);
    this.done = {
      affected: packet.affectedRows,
      lastInsertId: id === 0n ? undefined : id > 0x7fff_ffff_ffff_ffffn ? id.toString() : integer(id),
      command: "",
    };
  }

  /** Begins a result, or the next piece of one. */
  setUp(rows: Rows): Layout {
    const layout = rows.columns(this.columns.map((column) => fromText(column.name())));
    this.layout = layout;
    this.decoders = this.columns.map((column, i) => {
      const { decode, convert } = columnOf(column, this.numeric);
      const slot = layout.slots[i]!;
      if (convert !== undefined && layout.slots.lastIndexOf(slot) === i) rows.defer(slot, convert);
      return decode;
    });
    return layout;
  }

  private row(row: RawRow): boolean {
    const { rows, decoders } = this;
    if (rows === undefined) return true;
    const layout = this.layout ?? this.setUp(rows);
    const { slots, size } = layout;
    const values: Value[] = [undefined];
    for (let i = 1; i < size; i++) values.push(undefined);
    let bytes = 0;
    for (let i = 0; i < row.length; i++) {
      const given = row[i];
      if (given === null || given === undefined) {
        values[slots[i]!] = undefined;
        continue;
      }
      const value = decoders[i]!(given);
      bytes += typeof value === "string" ? value.length + 24 : 8;
      values[slots[i]!] = value;
    }
    try {
      rows.add(values, bytes);
    } catch (error) {
      throw error instanceof DatabaseError ? error : notEnoughMemory();
    }
    return this.onRow === undefined || this.onRow();
  }

  /** Whether the next piece's rows still need their layout. */
  reset(rows: Rows): void {
    this.rows = rows;
    this.layout = undefined;
  }
}

/** Reads a result as it comes, holding the connection back while nobody reads. */
class MysqlCursor implements Cursor {
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
