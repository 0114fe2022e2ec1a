/** What goes wrong with a database, as one line for the script: the server's words, its code, and the position. */
import { systemError } from "../errno.ts";

/** A failure inside a driver. It becomes a LuaError at the call that waits for it (wait.ts). */
export class DatabaseError extends Error {
  constructor(
    message: string,
    readonly details: {
      /** SQLSTATE, or SQLite's own code such as `SQLITE_CONSTRAINT_UNIQUE`. */
      code?: string | undefined;
      /** The server's error number (MySQL and MariaDB). */
      number?: number | undefined;
      /** Where in the SQL text, in characters from 1. */
      position?: number | undefined;
      /** The connection cannot be used any more. */
      fatal?: boolean;
      /** The message already names the function that failed: a refusal by the permissions. */
      complete?: boolean;
    } = {},
  ) {
    super(message);
  }

  /** The message with code and position; `sql` is the text the position counts in. */
  describe(sql: string | undefined): string {
    const { code, number, position } = this.details;
    const notes: string[] = [];
    if (code !== undefined && code !== "") notes.push(/^[0-9A-Z]{5}$/.test(code) ? `SQLSTATE ${code}` : code);
    if (number !== undefined) notes.push(`error ${number}`);
    if (position !== undefined && sql !== undefined) notes.push(lineAndColumn(sql, position));
    const line = oneLine(this.message);
    return notes.length === 0 ? line : `${line} (${notes.join(", ")})`;
  }
}

/** A character offset from 1 as line and column, both from 1. */
function lineAndColumn(sql: string, position: number): string {
  let line = 1;
  let column = 1;
  let at = 1;
  for (const char of sql) {
    if (at++ >= position) break;
    if (char === "\n") {
      line++;
      column = 1;
    } else column++;
  }
  return `line ${line}, column ${column}`;
}

/** Servers repeat what they were sent: nothing in it may steer a terminal. */
function oneLine(message: string): string {
  return message
    .replace(/\s*[\r\n]+\s*/g, " ")
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replace(/\.$/, "")
    .trim();
}

/** A message without the secrets in it: a server or library might repeat the password it was given. */
export function withoutSecrets(message: string, secrets: readonly string[]): string {
  let text = message;
  for (const secret of secrets) if (secret.length > 2) text = text.replaceAll(secret, "***");
  return text;
}

/** Whether it was the program of a library that failed, on an answer it did not expect. */
export function isFault(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
}

/** A failure of the network in words, without the library's own. */
export function networkWords(error: unknown): string {
  const words = systemError(error);
  if (words !== undefined) return words;
  if (isFault(error)) return "unexpected answer from the server";
  const { message } = error as { message?: unknown };
  return typeof message === "string" && message !== "" ? message : "connection failed";
}
