/** Databases in files, by bun:sqlite. Runs in the SQLite worker. */
import { Database, SQLiteError, type Statement } from "bun:sqlite";
import { withCasts } from "./sqlite-casts.ts";
import {
  type Engine,
  EngineError,
  type EngineStatement,
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
      this.changed = this.database.prepare("select changes(), last_insert_rowid()");
    } catch (error) {
      throw engineError(error, "");
    }
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
