/** What is used of the library mariadb, as it is and not as its types would have it; and its errors. */
import type { Readable } from "node:stream";
import { DatabaseError, networkWords } from "./failure.ts";
import { notEnoughMemory } from "./rows.ts";
import { tlsWords } from "./tls.ts";

/** What the library says when the server has no TLS. */
export const NO_TLS = 45023;
/** What the library says of a message longer than it may take in. */
const TOO_LONG = 45011;
/**
 * ER_QUERY_INTERRUPTED, ER_STATEMENT_TIMEOUT, ER_QUERY_TIMEOUT: the library calls these fatal, but only the statement
 * has ended.
 */
const INTERRUPTED = new Set([1317, 1969, 3024]);

export interface Statement {
  executeStream(values: readonly unknown[]): RowReadable;
  close(): void;
}
/** A stream of rows whose `push` is replaced: rows come straight to it, and it answers whether to go on. */
export interface RowReadable extends Readable {
  close(): void;
}
export interface Client {
  readonly threadId: number | null;
  prepare(sql: string): Promise<Statement>;
  queryStream(options: { sql: string }): RowReadable;
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
  destroy(): void;
  isValid(): boolean;
  on(event: "error" | "end", listener: (error: unknown) => void): void;
}
export type RawRow = readonly unknown[];
export interface OkPacket {
  readonly affectedRows: number;
  readonly insertId: bigint | number;
}

/** What the library rejected with, as a DatabaseError. `name` is for failures of the connection itself. */
export function failureOf(error: unknown, name: string | undefined, withTls = false): DatabaseError {
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
