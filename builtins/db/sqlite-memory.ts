/** Databases in memory, by sql.js: SQLite in WebAssembly, which cannot reach any file. Runs in the SQLite worker. */
import initialise, { type Database, type Statement } from "sql.js";
import { withCasts } from "./sqlite-casts.ts";
import {
  codeOf,
  type Engine,
  EngineError,
  type EngineStatement,
  FAULT,
  positionOf,
  type SqliteValue,
} from "./sqlite-engine.ts";
import type { OpenRequest, WireValue } from "./sqlite-wire.ts";
import { scan } from "./statement.ts";

/** Declared types that change what a value becomes; see sqlite-types.ts. */
const SPECIAL = "%bool%|%date%|%timestamp%|%json%".split("|");
const VIEW = "assay_declared_types";

export async function openMemory(request: OpenRequest): Promise<Engine> {
  const wasmBinary = await Bun.file(request.wasm!).arrayBuffer();
  const library = await initialise({ wasmBinary });
  return new MemoryEngine(new library.Database());
}

function engineError(error: unknown, sql: string): EngineError {
  // The library's errors are plain ones; any other kind is a fault in the program, or a trap in WebAssembly.
  if (!(error instanceof Error) || error.constructor !== Error) return new EngineError(FAULT, undefined, undefined);
  const { message } = error;
  return new EngineError(message, codeOf(message), positionOf(sql, message));
}

class MemoryEngine implements Engine {
  constructor(readonly database: Database) {}

  prepare(sql: string): EngineStatement {
    try {
      return new MemoryStatement(this, sql);
    } catch (error) {
      throw engineError(error, sql);
    }
  }

  changes(): { affected: number; lastInsertId: bigint } {
    const statement = this.database.prepare("select last_insert_rowid()");
    try {
      statement.step();
      const [id] = statement.get(undefined, { useBigInt: true }) as [bigint];
      return { affected: this.database.getRowsModified(), lastInsertId: id };
    } finally {
      statement.free();
    }
  }

  /** Whether any table declares a type that matters. */
  private hasSpecialTypes(): boolean {
    const conditions = SPECIAL.map((pattern) => `sql like '${pattern}'`).join(" or ");
    const [found] = this.database.exec(`select 1 from sqlite_schema where ${conditions} limit 1`);
    return found !== undefined;
  }

  /**
   * The declared types of a query's columns. sql.js does not tell them, but SQLite gives them to the columns of a
   * view made of the query.
   */
  declared(sql: string, count: number): readonly (string | null)[] {
    const unknown: null[] = new Array(count).fill(null);
    if (!/^\s*(?:select|with|values)\b/i.test(sql) || !this.hasSpecialTypes()) return unknown;
    let query = sql;
    for (const { start, end } of [...scan(sql, "sqlite").placeholders].reverse()) {
      query = `${query.slice(0, start)}NULL${query.slice(end)}`;
    }
    try {
      this.database.run(`create temp view ${VIEW} as ${query}`);
      try {
        const [found] = this.database.exec(`select type from pragma_table_info('${VIEW}')`);
        const types = found?.values.map(([type]) => String(type)) ?? [];
        return types.length === count ? types : unknown;
      } finally {
        this.database.run(`drop view ${VIEW}`);
      }
    } catch {
      return unknown;
    }
  }

  detachOthers(): boolean {
    return false;
  }

  close(): void {
    this.database.close();
  }
}

class MemoryStatement implements EngineStatement {
  private statement: Statement;
  readonly columns: readonly string[];
  private types: readonly (string | null)[] | undefined = undefined;
  private row: readonly SqliteValue[] = [];
  private pending = false;
  /** The text it is prepared from: the statement, or that with casts. */
  private prepared: string;

  constructor(
    private readonly engine: MemoryEngine,
    private readonly sql: string,
  ) {
    this.prepared = sql;
    this.statement = engine.database.prepare(sql);
    this.columns = this.statement.getColumnNames();
  }

  declared(): readonly (string | null)[] {
    this.types ??= this.engine.declared(this.sql, this.columns.length);
    return this.types;
  }

  start(parameters: readonly WireValue[]): void {
    try {
      this.use(withCasts(this.sql, parameters, typeToKeep));
      this.statement.bind(parameters.map(bound));
      this.pending = this.columns.length > 0;
      if (!this.pending) this.statement.step();
    } catch (error) {
      throw engineError(error, this.sql);
    }
  }

  /** Has the statement prepared as `sql`. */
  private use(sql: string): void {
    if (sql === this.prepared) return;
    this.statement.free();
    this.statement = this.engine.database.prepare(sql);
    this.prepared = sql;
  }

  step(): boolean {
    if (!this.pending) return false;
    try {
      this.pending = this.statement.step();
      if (!this.pending) return false;
      this.row = this.statement.get(undefined, { useBigInt: true });
      return true;
    } catch (error) {
      this.pending = false;
      throw engineError(error, this.sql);
    }
  }

  value(column: number): SqliteValue {
    return this.row[column]!;
  }

  reset(): void {
    this.pending = false;
    this.row = [];
    this.statement.reset();
  }

  free(): void {
    this.statement.free();
  }
}

/** What sql.js binds for a value; what it would take for another type crosses as text, see sqlite-casts.ts. */
function bound(value: WireValue): null | boolean | number | string | Uint8Array {
  switch (typeof value) {
    case "undefined":
      return null;
    case "bigint":
      return value.toString();
    case "number":
      return isLong(value) ? String(value) : value;
    case "object":
      // As text it keeps the sign of a zero through the cast.
      return "float" in value ? String(Object.is(value.float, -0) ? "-0.0" : value.float) : value;
    case "string":
      return isLarge(value) ? Buffer.from(value, "utf8") : value;
    default:
      return value;
  }
}

/** Text that sql.js is not to copy: it makes a JavaScript array of the bytes, which takes eight times their number. */
function isLarge(text: string): boolean {
  return text.length >= 1 << 16;
}

/** sql.js binds an integer beyond 32 bits as a float, and a whole float as an integer. */
function typeToKeep(value: WireValue): "integer" | "real" | "text" | undefined {
  if (typeof value === "string") return isLarge(value) ? "text" : undefined;
  if (typeof value === "bigint" || (typeof value === "number" && isLong(value))) return "integer";
  return typeof value === "object" && "float" in value ? "real" : undefined;
}

function isLong(value: number): boolean {
  return Number.isSafeInteger(value) && value !== (value | 0);
}
