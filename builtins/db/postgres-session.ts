/** One connection to PostgreSQL: a client of the library that has a single connection and is not to make another. */
import type { Socket } from "node:net";
import type { Stream } from "node:stream";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import type { DriverSettings } from "./drivers.ts";
import { DatabaseError, isFault, networkWords } from "./failure.ts";
import { TableParameter } from "./parameters.ts";
import { DeclaredCursor, PortalCursor } from "./postgres-cursors.ts";
import { type Client, makeClient, type RawQuery } from "./postgres-library.ts";
import { PostgresParameter } from "./postgres-parameters.ts";
import { Reader } from "./postgres-reader.ts";
import { ARRAY_ELEMENTS, BYTEA, INT2, INT4, INT8, JSON_TYPE, JSONB, type PostgresTypes } from "./postgres-types.ts";
import { Meter, notEnoughMemory, type Rows } from "./rows.ts";
import type { Cursor, Done, RowSource, Session, Work } from "./session.ts";
import type { ServerTarget } from "./url.ts";

/** How many statements a session keeps prepared; further ones are prepared for one use. */
const MOST_PREPARED = 200;
/** query_canceled */
const CANCELLED = "57014";

/** What sessions of one handle share. */
export interface SessionContext {
  readonly vm: VirtualMachine;
  readonly server: ServerTarget;
  readonly settings: DriverSettings;
  readonly types: PostgresTypes;
}

/** Something under way on a session. */
export class Use {
  /** What its caller waits for. */
  promise: Promise<unknown> | undefined = undefined;
  /** Its statement, which knows the session's number at the server and the secret for cancelling. */
  query: RawQuery | undefined = undefined;
  cancelled = false;

  constructor(readonly meter: Meter) {}
}

export class PostgresSession implements Session {
  private readonly client: Client;
  private readonly prepared = new Set<string>();
  private open = true;
  /** What is under way, in the order in which the server does it. */
  private readonly uses: Use[] = [];
  private cancelling: Promise<void> | undefined = undefined;
  /** Why the session was cut off by us. */
  private reason: DatabaseError | undefined = undefined;
  /** Bytes received since the last row: a long message that is not complete yet. */
  private incoming = 0;

  constructor(
    private readonly driver: SessionContext,
    private readonly socket: Socket,
    private readonly again: () => Promise<Socket>,
  ) {
    const { server } = driver;
    let used = false;
    socket.on("close", () => {
      this.open = false;
    });
    socket.on("data", (chunk: Buffer) => {
      this.incoming += chunk.length;
      const meter = this.uses[0]?.meter;
      if (meter !== undefined && !meter.fits(this.incoming)) this.fail(notEnoughMemory());
    });
    const options = {
      host: server.host,
      port: server.port,
      user: server.user,
      // As a function: an empty password would otherwise be replaced by the environment's.
      password: () => server.password,
      database: server.database ?? server.user,
      max: 1,
      ssl: false,
      fetch_types: false,
      prepare: driver.settings.prepare,
      idle_timeout: null,
      max_lifetime: null,
      connect_timeout: 0,
      onnotice: () => {},
      connection: {
        application_name: server.applicationName ?? "assay",
        TimeZone: "UTC",
        DateStyle: "ISO",
        ...(server.options === undefined ? {} : { options: server.options }),
      },
      // The library would connect again by itself: a session is one connection and no more.
      socket: () => {
        if (used) throw new DatabaseError("the server closed the connection", { fatal: true });
        used = true;
        return socket;
      },
    };
    this.client = makeClient(options);
    const { serializers } = this.client.options;
    for (const key of Object.keys(serializers)) delete serializers[Number(key)];
    for (const oid of [BYTEA, INT2, INT4, INT8, JSON_TYPE, JSONB, ...ARRAY_ELEMENTS.keys()]) this.serialize(oid);
  }

  private serialize(oid: number): void {
    // A statement that is repeated after a change of plan has its parameters as text already.
    this.client.options.serializers[oid] = (value) =>
      value instanceof PostgresParameter ? value.as(oid) : String(value);
  }

  get alive(): boolean {
    return this.open;
  }

  async login(): Promise<void> {
    try {
      // The library connects when it is given something to do.
      await this.client.unsafe("select 1", [], { prepare: false, simple: true });
    } catch (error) {
      this.destroy();
      throw this.failure(error);
    }
  }

  /** Cuts the session off for a reason that its statement is to report. */
  fail(reason: DatabaseError): void {
    this.reason ??= reason;
    this.destroy();
  }

  private query(use: Use, work: Work): RawQuery {
    const { text, parameters } = work;
    const { types, settings } = this.driver;
    const args = parameters.map((value, i) =>
      value === undefined ? null : new PostgresParameter(value, i + 1, types),
    );
    let prepare = settings.prepare;
    if (prepare && !this.prepared.has(text)) {
      if (this.prepared.size < MOST_PREPARED) this.prepared.add(text);
      else prepare = false;
    }
    const query = this.client.unsafe(text, args, { prepare, simple: false }).raw();
    use.query = query;
    return query;
  }

  /** Does something on the session; whatever fails comes out as a DatabaseError. */
  use<T>(meter: Meter, body: (use: Use) => Promise<T>): Promise<T> {
    if (!this.open) {
      return Promise.reject(this.reason ?? new DatabaseError("the server closed the connection", { fatal: true }));
    }
    if (this.uses.length === 0) this.incoming = 0;
    const use = new Use(meter);
    this.uses.push(use);
    const promise = body(use)
      .catch((error) => {
        throw this.failure(error);
      })
      .finally(() => this.uses.splice(this.uses.indexOf(use), 1));
    use.promise = promise;
    return promise;
  }

  run(work: Work, rows: Rows | undefined): Promise<Done> {
    return this.use(rows?.meter ?? new Meter(this.driver.vm), async (use) => {
      try {
        return await this.execute(use, work, rows);
      } catch (error) {
        // A request to cancel another statement has come too late and hit this one, which has done nothing yet.
        if (!work.reads || use.cancelled || (error as { code?: string }).code !== CANCELLED) throw error;
        return this.execute(use, work, rows);
      }
    });
  }

  private async execute(use: Use, work: Work, rows: Rows | undefined): Promise<Done> {
    if (work.parameters.some((value) => value instanceof TableParameter)) await this.learnTypes(use, work);
    const query = this.query(use, work);
    const reader = new Reader(this, query, rows);
    const result = await query.forEach((row) => {
      reader.row(row);
    });
    if (!Array.isArray(result)) throw this.refuseCopy(result);
    if (rows !== undefined) {
      reader.finish(result.columns);
      await this.completeTypes(rows, reader);
    }
    const command = result.command ?? "";
    const lastInsertId = command === "INSERT" ? reader.key() : undefined;
    return { affected: result.count ?? 0, lastInsertId, command };
  }

  /** COPY gives a stream instead of rows. */
  private refuseCopy(stream: Stream): DatabaseError {
    stream.on("error", () => {});
    const error = new DatabaseError("COPY from or to the client is not supported", { fatal: true });
    this.fail(error);
    return error;
  }

  /** Tells arrays of the users' own types from text, for parameters that are tables. */
  private async learnTypes(use: Use, work: Work): Promise<void> {
    const { types, settings } = this.driver;
    const { text } = work;
    if (settings.prepare && this.prepared.has(text)) return;
    const described = await this.query(use, work).describe();
    await this.lookUp(described.types.filter((oid) => types.isUnknown(oid)));
  }

  /** Converts what turns out to be an array of a user's type. */
  private async completeTypes(rows: Rows, reader: Reader): Promise<void> {
    const unknown = reader.unknown;
    if (unknown.length === 0) return;
    await this.lookUp(unknown.map(({ oid }) => oid));
    for (const { oid, slot } of unknown) {
      const { convert } = this.driver.types.column(oid);
      if (convert !== undefined) rows.defer(slot, convert);
    }
  }

  private async lookUp(oids: readonly number[]): Promise<void> {
    if (oids.length === 0) return;
    const { types } = this.driver;
    const found = await this.client
      .unsafe(
        `select t.oid, t.typelem, t.typdelim from pg_catalog.pg_type t
         where t.typcategory = 'A' and t.typelem <> 0 and t.oid in (${oids.map(Number).join(", ")})`,
        [],
        { prepare: false, simple: false },
      )
      .raw();
    for (const oid of oids) types.learn(oid, undefined);
    for (const [oid, element, delimiter] of found) {
      const array = Number(String(oid));
      types.learn(array, { element: Number(String(element)), delimiter: String(delimiter) });
      this.serialize(array);
    }
  }

  async stream(work: Work, source: RowSource, inTransaction: boolean): Promise<Cursor> {
    // A portal read in pieces must not be interrupted by other statements; a cursor may, but is for queries only.
    if (inTransaction && /^\s*(?:select|with|values|table)\b/i.test(work.text)) {
      return DeclaredCursor.open(this, work, source);
    }
    if (!this.driver.settings.prepare) return new PortalCursor(this, work, source);
    return this.use(new Meter(source.vm), async (use) => {
      const described = await this.query(use, work).describe();
      const { types } = this.driver;
      const columns = described.columns ?? [];
      const oids = [...described.types, ...columns.map((column) => column.type)];
      await this.lookUp(oids.filter((oid) => types.isUnknown(oid)));
      return new PortalCursor(this, work, source);
    });
  }

  begin(use: Use, work: Work): RawQuery {
    return this.query(use, work);
  }

  get closeSignal(): unknown {
    return this.client.CLOSE;
  }

  get types(): PostgresTypes {
    return this.driver.types;
  }

  /** A row has arrived: nothing incomplete is left of it. */
  received(): void {
    this.incoming = 0;
  }

  async cancel(running?: Promise<unknown>): Promise<boolean> {
    const [first] = this.uses;
    // What waits behind another statement cannot be stopped without stopping that one.
    if (first === undefined || !this.open || (running !== undefined && first.promise !== running)) return false;
    first.cancelled = true;
    this.cancelling ??= this.sendCancel(first).finally(() => {
      this.cancelling = undefined;
    });
    await this.cancelling;
    return true;
  }

  /** A request to cancel goes over a connection of its own (protocol documentation §55.2.8). */
  private async sendCancel(use: Use): Promise<void> {
    const backend = use.query?.state;
    if (backend === undefined || backend === null) return;
    const message = Buffer.alloc(16);
    message.writeInt32BE(16, 0);
    message.writeInt32BE(80877102, 4);
    message.writeUInt32BE(backend.pid, 8);
    message.writeUInt32BE(backend.secret, 12);
    let give = () => {};
    const enough = new Promise<void>((resolve) => {
      give = resolve;
      setTimeout(resolve, 1000).unref();
    });
    const sent = this.again().then(
      (socket) => {
        socket.on("error", give);
        // The server closes once it has passed the request on.
        socket.on("close", give);
        socket.resume();
        socket.write(message);
        void enough.then(() => socket.destroy());
      },
      () => give(),
    );
    await Promise.all([enough, Promise.race([sent, enough])]);
  }

  async close(): Promise<void> {
    this.open = false;
    await this.client.end({ timeout: 1 }).catch(() => {});
    this.socket.destroy();
  }

  destroy(): void {
    void this.cancel();
    this.open = false;
    this.socket.destroy();
    this.client.end({ timeout: 0 }).catch(() => {});
  }

  /** What the library rejected with, as a DatabaseError. */
  failure(error: unknown): DatabaseError {
    if (this.reason !== undefined) return this.reason;
    if (error instanceof DatabaseError) {
      if (error.details.fatal === true) this.destroy();
      return error;
    }
    const server = error as Partial<Record<"severity" | "message" | "code" | "position" | "detail" | "hint", string>>;
    if (server.severity !== undefined) {
      const fatal = server.severity === "FATAL" || server.severity === "PANIC";
      if (fatal) this.open = false;
      const detail = server.detail === undefined ? "" : ` - ${server.detail}`;
      return new DatabaseError(`${server.message}${detail}`, {
        code: server.code,
        position: server.position === undefined ? undefined : Number(server.position),
        fatal,
      });
    }
    // A connection that fails takes its session with it, an error of the library's own does not.
    const code = server.code ?? "";
    if (/^CONNECTION_|^E[A-Z]+$/.test(code) || isFault(error) || !this.open) {
      this.destroy();
      const words = code.startsWith("CONNECTION_") ? "the server closed the connection" : networkWords(error);
      return new DatabaseError(words, { fatal: true });
    }
    return new DatabaseError(server.message ?? "unknown error");
  }
}
