/** What the drivers have in common: sessions, which are single connections, and the cursors on them. */
import type { Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import type { Parameter } from "./parameters.ts";
import type { Layouts, Rows } from "./rows.ts";
import type { Dialect, Scanned } from "./statement.ts";

/** A statement with its parameters. */
export interface Work {
  /** The SQL as text, with nothing put into it. */
  readonly text: string;
  readonly parameters: readonly Parameter[];
  /** Whether it only reads, so that it may be sent along with others and be repeated. */
  readonly reads: boolean;
}

/** A command without parameters, such as COMMIT. */
export function command(text: string): Work {
  return { text, parameters: [], reads: false };
}

/** What a statement reports besides rows. */
export interface Done {
  /** Rows inserted, updated, deleted; what the server counts for other statements. */
  readonly affected: number;
  /** Key that the server made for the last row inserted; nil when there is none. */
  readonly lastInsertId: Value;
  /** The server's name for what it did (PostgreSQL's command tag), in upper case; empty where it has none. */
  readonly command: string;
}

export const NOTHING_DONE: Done = { affected: 0, lastInsertId: undefined, command: "" };

/** One connection to a database. It does one thing at a time, or shares as far as the pool lets it. */
export interface Session {
  /** False once it cannot be used any more. */
  readonly alive: boolean;
  /**
   * Runs a statement. Rows go to `rows`, or nowhere. Rejects with a DatabaseError; the session can be used
   * afterwards if it is still `alive`.
   */
  run(work: Work, rows: Rows | undefined): Promise<Done>;
  /** Begins to read a result piece by piece. `inTransaction`: other statements will run between the pieces. */
  stream(work: Work, source: RowSource, inTransaction: boolean): Promise<Cursor>;
  /**
   * Asks the server to stop what runs, which then rejects; given what `run` returned, only if that is what runs, not if
   * it waits behind something else. Whether it has asked. Never rejects itself, and takes a second at most.
   */
  cancel(running?: Promise<unknown>): Promise<boolean>;
  /** Says goodbye and closes. Never rejects. */
  close(): Promise<void>;
  /** Closes at once, and has what still runs stopped at the server. */
  destroy(): void;
}

/** Where the rows of a stream get their shapes and their memory limit from. */
export interface RowSource {
  readonly layouts: Layouts;
  readonly vm: VirtualMachine;
}

export interface Cursor {
  /** The next rows, at least one; undefined at the end. */
  fetch(): Promise<Rows | undefined>;
  /** Ends it before its end. The session can be used afterwards if it is still alive. */
  close(): Promise<void>;
}

export interface Driver {
  readonly dialect: Dialect;
  /** Server or file in words, without the password, for messages. */
  readonly target: string;
  /** Texts that must not appear in a message. */
  readonly secrets: readonly string[];
  /** The statement that begins a transaction. */
  readonly begin: string;
  /** Whether other statements may run while a cursor is open in a transaction. */
  readonly interleaves: boolean;
  /** Whether a cursor outside of a transaction leaves its session free for others between two pieces. */
  readonly sharesCursors: boolean;
  /** How many queries may be sent to a session before those in front of them are done; 1: none. */
  readonly pipeline: number;
  /** At most so many sessions at once, whatever the script asks for. */
  readonly maxSessions: number;
  /** Refuses a statement before it is run: throws a LuaError. */
  check?(what: string, statement: Scanned, parameters: readonly Parameter[]): void;
  /** Opens a session. Rejects with a DatabaseError; gives up after `timeoutMs`. */
  open(timeoutMs: number): Promise<Session>;
}
