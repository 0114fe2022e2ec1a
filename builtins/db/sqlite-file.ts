/** Databases in files, by bun:sqlite. Runs in the SQLite worker. */
import { Database, SQLiteError, type Statement } from "bun:sqlite";
import { readdirSync, readlinkSync } from "node:fs";
import { withCasts } from "./sqlite-casts.ts";
import {
  type Engine,
  EngineError,
  type EngineStatement,
  EXCHANGED,
  FAULT,
  positionOf,
  type SqliteValue,
} from "./sqlite-engine.ts";
import type { OpenRequest, WireValue } from "./sqlite-wire.ts";

function engineError(error: unknown, sql: string): EngineError {
  if (!(error instanceof SQLiteError)) return new EngineError(FAULT, undefined, undefined);
  const { message, code, byteOffset } = error;
  const position =
    byteOffset !== undefined && byteOffset >= 0
      ? [...Buffer.from(sql, "utf8").subarray(0, byteOffset).toString("utf8")].length + 1
      : positionOf(sql, message);
  return new EngineError(message, code, position);
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
  private readonly database: Database;
  private readonly changed: Statement;

  constructor(request: OpenRequest) {
    const { mode } = request;
    try {
      this.database = new Database(request.path!, {
        ...(mode === "ro" ? { readonly: true } : { readwrite: true, create: mode === "rwc" }),
        safeIntegers: true,
      });
      if (request.confined) this.confine(request.path!);
      // Before anything that reads the file.
      this.database.run(`PRAGMA busy_timeout = ${Math.round(request.busyTimeoutMs)}`);
      this.changed = this.database.prepare("select changes(), last_insert_rowid()");
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
    const rows = this.database.prepare("PRAGMA database_list").values() as [bigint, string, string | null][];
    return rows.map(([, name, file]) => ({ name, file: file ?? "" })).filter(({ file }) => file !== "");
  }

  detachOthers(files: readonly string[]): boolean {
    const others = this.files().filter(({ file }) => !files.includes(file) || !isOpen(file));
    for (const { name } of others) {
      if (name !== "main") this.database.run(`DETACH "${name.replaceAll('"', '""')}"`);
    }
    return others.length > 0;
  }

  prepare(sql: string): EngineStatement {
    try {
      return new FileStatement(this.database, sql);
    } catch (error) {
      throw engineError(error, sql);
    }
  }

  changes(): { affected: number; lastInsertId: bigint } {
    const [affected, lastInsertId] = this.changed.values()[0] as [bigint, bigint];
    return { affected: Number(affected), lastInsertId };
  }

  close(): void {
    // With `true` nothing is left for the garbage collector to close, not even a statement.
    this.database.close(true);
  }
}

/** A value as bun:sqlite binds it. */
function bound(value: WireValue): null | boolean | number | bigint | string | Uint8Array {
  if (value === undefined) return null;
  return typeof value === "object" && "float" in value ? value.float : value;
}

/** bun:sqlite binds a whole float as an integer. */
function typeToKeep(value: WireValue): "real" | undefined {
  return typeof value === "object" && "float" in value ? "real" : undefined;
}

class FileStatement implements EngineStatement {
  readonly columns: readonly string[];
  private rows: Iterator<Record<string, SqliteValue>> | undefined = undefined;
  private row: Record<string, SqliteValue> = {};

  private statement: Statement;
  /** The text it is prepared from: the statement, or that with casts. */
  private prepared: string;

  constructor(
    private readonly database: Database,
    private readonly sql: string,
  ) {
    this.prepared = sql;
    this.statement = database.prepare(sql);
    this.columns = this.statement.columnNames;
  }

  declared(): readonly (string | null)[] {
    return this.statement.declaredTypes;
  }

  start(parameters: readonly WireValue[]): void {
    const values = parameters.map(bound);
    try {
      this.use(withCasts(this.sql, parameters, typeToKeep));
      if (this.columns.length === 0) this.statement.run(...values);
      else this.rows = this.statement.iterate(...values) as Iterator<Record<string, SqliteValue>>;
    } catch (error) {
      throw engineError(error, this.sql);
    }
  }

  private use(sql: string): void {
    if (sql === this.prepared) return;
    this.statement.finalize();
    this.statement = this.database.prepare(sql);
    this.prepared = sql;
  }

  step(): boolean {
    if (this.rows === undefined) return false;
    try {
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
    const name = this.columns[column]!;
    // Columns of one name share a field, which holds the last of them: that is the one that counts.
    if (name !== "__proto__") return this.row[name]!;
    return Object.getOwnPropertyDescriptor(this.row, name)?.value as SqliteValue;
  }

  reset(): void {
    this.rows?.return?.();
    this.rows = undefined;
    this.row = {};
  }

  free(): void {
    this.statement.finalize();
  }
}
