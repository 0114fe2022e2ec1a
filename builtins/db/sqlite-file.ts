/** Databases in files, by node:sqlite, which can limit how long values may get. Runs in the SQLite worker. */
import { readdirSync, readlinkSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import {
  codeOf,
  type Engine,
  EngineError,
  type EngineStatement,
  EXCHANGED,
  FAULT,
  positionOf,
  type SqliteValue,
} from "./sqlite-engine.ts";
import type { OpenRequest, WireValue } from "./sqlite-wire.ts";

/** SQLite's result codes (sqlite.org/rescode.html) by number; of the extended ones those that say more. */
const PRIMARY =
  "OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB".split(
    " ",
  );
const EXTENDED: Readonly<Record<number, readonly string[]>> = {
  5: ["RECOVERY", "SNAPSHOT", "TIMEOUT"],
  6: ["SHAREDCACHE", "VTAB"],
  8: ["RECOVERY", "CANTLOCK", "ROLLBACK", "DBMOVED", "CANTINIT", "DIRECTORY"],
  10: "READ SHORT_READ WRITE FSYNC DIR_FSYNC TRUNCATE FSTAT UNLOCK RDLOCK DELETE BLOCKED NOMEM ACCESS CHECKRESERVEDLOCK LOCK CLOSE".split(
    " ",
  ),
  14: ["NOTEMPDIR", "ISDIR", "FULLPATH", "CONVPATH", "DIRTYWAL", "SYMLINK"],
  19: "CHECK COMMITHOOK FOREIGNKEY FUNCTION NOTNULL PRIMARYKEY TRIGGER UNIQUE VTAB ROWID PINNED DATATYPE".split(" "),
};

/** The longest value SQLite makes at all (SQLITE_MAX_LENGTH). */
const MAX_LENGTH = 1_000_000_000;
/** The least that each value of a row may have, in bytes, however many there are. */
const SHORTEST_LIMIT = 1 << 20;
/** What it says to a value above its limit (SQLITE_TOOBIG). */
const TOO_BIG = 18;

function codeName(number: number): string {
  const primary = number & 0xff;
  const extension = EXTENDED[primary]?.[(number >> 8) - 1];
  return `SQLITE_${PRIMARY[primary] ?? "ERROR"}${extension === undefined ? "" : `_${extension}`}`;
}

function engineError(error: unknown, sql: string): EngineError {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (!(error instanceof Error) || code !== "ERR_SQLITE_ERROR") return new EngineError(FAULT, undefined, undefined);
  const { message } = error;
  // Values are limited by the memory of the script.
  if (errcode === TOO_BIG) return new EngineError("not enough memory", undefined, undefined);
  return new EngineError(
    message,
    typeof errcode === "number" ? codeName(errcode) : codeOf(message),
    positionOf(sql, message),
  );
}

/** Whether this process has that file open, by its real path. Taken for granted where there is no /proc. */
function isOpen(path: string): boolean {
  let descriptors: string[];
  try {
    descriptors = readdirSync("/proc/self/fd");
  } catch {
    return true;
  }
  return descriptors.some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // closed meanwhile
    }
  });
}

export class FileEngine implements Engine {
  private readonly database: DatabaseSync;
  /** The longest value, and the limit that is set now. */
  private readonly longest: number;
  private length: number;
  private readonly changed: StatementSync;

  constructor(request: OpenRequest) {
    const { mode } = request;
    this.longest = Math.min(request.maxValue, MAX_LENGTH);
    this.length = this.longest;
    try {
      this.database = new DatabaseSync(
        mode === "ro" ? request.path! : `${pathToFileURL(request.path!).href}?mode=${mode}`,
        {
          readOnly: mode === "ro",
          limits: { length: this.longest },
          // What SQLite itself does, unless it is told otherwise.
          enableDoubleQuotedStringLiterals: true,
          defensive: false,
        },
      );
      if (request.confined) this.confine(request.path!);
      // Before anything that reads the file.
      this.database.exec(`PRAGMA busy_timeout = ${Math.round(request.busyTimeoutMs)}`);
      this.changed = this.prepared("select changes(), last_insert_rowid()");
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw engineError(error, "");
    }
  }

  /** Closes the database if it is not that file, because a link on the way was changed while it was opened. */
  private confine(path: string): void {
    if (this.files().every(({ file }) => file === path) && isOpen(path)) return;
    this.database.close();
    throw new EngineError(EXCHANGED, "SQLITE_AUTH", undefined);
  }

  /** The files of the connection's databases, as SQLite has found them. */
  private files(): { name: string; file: string }[] {
    const rows = this.prepared("PRAGMA database_list").all() as unknown as [bigint, string, string | null][];
    return rows.map(([, name, file]) => ({ name, file: file ?? "" })).filter(({ file }) => file !== "");
  }

  detachOthers(files: readonly string[]): boolean {
    const others = this.files().filter(({ file }) => !files.includes(file) || !isOpen(file));
    for (const { name } of others) {
      if (name !== "main") this.database.exec(`DETACH "${name.replaceAll('"', '""')}"`);
    }
    return others.length > 0;
  }

  prepare(sql: string): EngineStatement {
    try {
      this.limit(0);
      return new FileStatement(this, this.prepared(sql), sql);
    } catch (error) {
      throw engineError(error, sql);
    }
  }

  /** Before a step of a statement with so many columns: all of them together are not to be much longer than one alone. */
  limit(columns: number): void {
    const length = Math.max(Math.min(this.longest, (2 * this.longest) / Math.max(1, columns)), SHORTEST_LIMIT);
    const most = Math.floor(Math.min(length, this.longest));
    if (most !== this.length) this.database.limits.length = most;
    this.length = most;
  }

  /** A statement whose rows are arrays, with integers as bigint. */
  private prepared(sql: string): StatementSync {
    const statement = this.database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return statement;
  }

  changes(): { affected: number; lastInsertId: bigint } {
    const [affected, lastInsertId] = this.changed.get() as unknown as [bigint, bigint];
    return { affected: Number(affected), lastInsertId };
  }

  close(): void {
    this.database.close();
  }
}

/** A value as the library binds it: a number as a float, a bigint as an integer. */
function bound(value: WireValue): SQLInputValue {
  switch (typeof value) {
    case "undefined":
      return null;
    case "boolean":
      return value ? 1n : 0n;
    case "number":
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case "object":
      return "float" in value ? value.float : value;
    default:
      return value;
  }
}

class FileStatement implements EngineStatement {
  readonly columns: readonly string[];
  private rows: Iterator<readonly SqliteValue[]> | undefined = undefined;
  private row: readonly SqliteValue[] = [];

  constructor(
    private readonly engine: FileEngine,
    private readonly statement: StatementSync,
    private readonly sql: string,
  ) {
    this.columns = statement.columns().map(({ name }) => name);
  }

  declared(): readonly (string | null)[] {
    return this.statement.columns().map(({ type }) => type);
  }

  start(parameters: readonly WireValue[]): void {
    const values = parameters.map(bound);
    try {
      this.engine.limit(this.columns.length);
      if (this.columns.length === 0) this.statement.run(...values);
      else this.rows = this.statement.iterate(...values) as unknown as Iterator<readonly SqliteValue[]>;
    } catch (error) {
      throw engineError(error, this.sql);
    }
  }

  step(): boolean {
    if (this.rows === undefined) return false;
    // What it held of the last row is gone before the next one is made.
    this.row = [];
    try {
      this.engine.limit(this.columns.length);
      const next = this.rows.next();
      if (next.done === true) {
        this.rows = undefined;
        return false;
      }
      this.row = next.value;
      return true;
    } catch (error) {
      this.rows = undefined;
      throw engineError(error, this.sql);
    }
  }

  value(column: number): SqliteValue {
    return this.row[column]!;
  }

  reset(): void {
    this.rows?.return?.();
    this.rows = undefined;
    this.row = [];
  }

  /** The library frees it once nothing refers to it, and with the database at the latest. */
  free(): void {
    this.reset();
  }
}
