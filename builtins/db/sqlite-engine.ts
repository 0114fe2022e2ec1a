/** What the SQLite worker asks of an engine: node:sqlite for files, sql.js for databases in memory. */
import type { WireValue } from "./sqlite-wire.ts";

export type SqliteValue = null | number | bigint | string | Uint8Array;

export interface Engine {
  prepare(sql: string): EngineStatement;
  /** Rows changed by the last statement that changed any, and the last key made. */
  changes(): { readonly affected: number; readonly lastInsertId: number | bigint };
  /** Closes the attached databases that are none of these files; whether there were any. */
  detachOthers(files: readonly string[]): boolean;
  close(): void;
}

export interface EngineStatement {
  readonly columns: readonly string[];
  /** Declared type of each column, where it has one. */
  declared(): readonly (string | null)[];
  /** Begins to run it. */
  start(parameters: readonly WireValue[]): void;
  /** Goes to the next row, if there is one. */
  step(): boolean;
  /** A column of the row: integers are bigint, so that they differ from floats. */
  value(column: number): SqliteValue;
  /** Ends the run; the statement can be started again. */
  reset(): void;
  free(): void;
}

/** Permissions were decided on another file than the one that a path led to in the end. */
export const EXCHANGED = "the file was exchanged while it was being opened";

/** What a script learns of errors that are not the engine's. */
export const FAULT = "internal error (please report it)";

/** A failure of the engine. */
export class EngineError {
  constructor(
    readonly message: string,
    readonly code: string | undefined,
    /** In characters of the statement, from 1. */
    readonly position: number | undefined,
  ) {}
}

const CODES: readonly [RegExp, string][] = [
  [/^UNIQUE constraint failed/, "SQLITE_CONSTRAINT_UNIQUE"],
  [/^NOT NULL constraint failed/, "SQLITE_CONSTRAINT_NOTNULL"],
  [/^FOREIGN KEY constraint failed/, "SQLITE_CONSTRAINT_FOREIGNKEY"],
  [/^CHECK constraint failed/, "SQLITE_CONSTRAINT_CHECK"],
  [/^cannot store .* value in/, "SQLITE_CONSTRAINT_DATATYPE"],
  [/^datatype mismatch/, "SQLITE_MISMATCH"],
  [/^out of memory/, "SQLITE_NOMEM"],
  [/^database or disk is full/, "SQLITE_FULL"],
  [/^database (?:table )?is locked/, "SQLITE_LOCKED"],
  [/^string or blob too big/, "SQLITE_TOOBIG"],
  [/^attempt to write a readonly/, "SQLITE_READONLY"],
  [/constraint failed/, "SQLITE_CONSTRAINT"],
];

/** SQLite's code for a message, where the library gives none. */
export function codeOf(message: string): string {
  return CODES.find(([pattern]) => pattern.test(message))?.[1] ?? "SQLITE_ERROR";
}

/** Where in the statement a syntax error is: at the token it names, if that occurs once. */
export function positionOf(sql: string, message: string): number | undefined {
  const token = /^near "(.+)": syntax error$/s.exec(message)?.[1] ?? /^unrecognized token: "(.+)"$/s.exec(message)?.[1];
  if (token === undefined) return undefined;
  const isWord = /^\w+$/.test(token);
  let found = -1;
  for (let at = sql.indexOf(token); at >= 0; at = sql.indexOf(token, at + 1)) {
    if (isWord && (/\w/.test(sql[at - 1] ?? "") || /\w/.test(sql[at + token.length] ?? ""))) continue;
    if (found >= 0) return undefined;
    found = at;
  }
  return found < 0 ? undefined : [...sql.slice(0, found)].length + 1;
}
