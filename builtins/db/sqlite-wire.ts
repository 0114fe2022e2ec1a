/**
 * What the main thread and the SQLite worker say to each other. Rows cross as bytes: cloning a hundred thousand rows
 * of five columns takes 130 ms, writing and reading them here a third of that.
 */
import { integer, LuaFloat, type Value } from "../../interpreter/value.ts";
import type { Layout, Rows } from "./rows.ts";

/** The number of the request that ends a worker. As the number to stop, it means every request. */
export const LAST_REQUEST = 0x7fff_ffff;

/** A parameter that can cross: text as text, other bytes as bytes. */
export type WireValue = undefined | boolean | number | bigint | string | Uint8Array | { readonly float: number };

export interface OpenRequest {
  readonly op: "open";
  /** Absolute path; undefined for a database in memory. */
  readonly path: string | undefined;
  /** Where the WebAssembly module of the engine for databases in memory is. */
  readonly wasm: string | undefined;
  readonly mode: "ro" | "rw" | "rwc";
  /** Whether the file must really be at `path`, which is a real path then: permissions were decided on that. */
  readonly confined: boolean;
  /** Longest value of a result, in bytes: what the script could not hold is not even copied, nor made in a file. */
  readonly maxValue: number;
  /** Statements to run on the new connection; what fails in `optional` ones does not matter. */
  readonly setup: readonly { readonly sql: string; readonly optional: boolean }[];
  /** How long others that have locked the file are waited for, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** The number of the request that is to stop between two rows, or LAST_REQUEST. Set by the main thread. */
  readonly stop: Int32Array;
}

export interface RunRequest {
  readonly op: "run";
  readonly sql: string;
  readonly parameters: readonly WireValue[];
  readonly wantsRows: boolean;
  /** The first word of the statement, in lower case. */
  readonly verb: string;
  /** With ATTACH, where files are restricted: the real paths that databases may have. */
  readonly files: readonly string[] | undefined;
}

/** Asks for more rows of a statement, or for its end. */
export interface CursorRequest {
  readonly op: "next" | "end";
  readonly cursor: number;
}

export interface CloseRequest {
  readonly op: "close";
}

export type Request = (OpenRequest | RunRequest | CursorRequest | CloseRequest) & { readonly id: number };

/** A piece of a result. */
export interface Piece {
  /** With the first piece. */
  readonly columns?: readonly ColumnInfo[];
  readonly rows?: ArrayBuffer;
  /** Large values that the rows refer to, in their order, as they are handed over: rows are copied, these are not. */
  readonly large?: readonly ArrayBuffer[];
  readonly count: number;
  /** To ask for more with; undefined when this was all. */
  readonly cursor: number | undefined;
  readonly affected: number;
  readonly lastInsertId: number | bigint | undefined;
}

export interface ColumnInfo {
  readonly name: string;
  /** Whether the column is declared as JSON. */
  readonly json: boolean;
}

export interface Refusal {
  readonly message: string;
  readonly code: string | undefined;
  readonly position: number | undefined;
}

export type Reply = { readonly id: number } & ({ readonly ok: Piece | undefined } | { readonly error: Refusal });

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const INT32 = 3;
/** An integer beyond 32 bits that a double holds. */
const SAFE = 4;
const INT64 = 5;
const FLOAT = 6;
const BYTES = 7;
/** The next of the large values. */
const LARGE = 8;
/** From this length on, in bytes, a value goes on its own. */
const LARGE_BYTES = 1 << 18;

/** Writes rows into one growing buffer. */
export class Encoder {
  private bytes: Buffer = Buffer.alloc(1 << 14);
  private view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
  private large: ArrayBuffer[] = [];
  /** Bytes written, and those of large values. */
  length = 0;
  largeLength = 0;

  private room(needed: number): void {
    if (this.length + needed <= this.bytes.length) return;
    const bytes = Buffer.alloc(Math.max(this.bytes.length * 2, this.length + needed));
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset);
  }

  null(): void {
    this.room(1);
    this.bytes[this.length++] = NULL;
  }

  boolean(value: boolean): void {
    this.room(1);
    this.bytes[this.length++] = value ? TRUE : FALSE;
  }

  integer(value: bigint | number): void {
    this.room(9);
    const n = Number(value);
    if (n === (n | 0)) {
      this.bytes[this.length] = INT32;
      this.view.setInt32(this.length + 1, n);
      this.length += 5;
    } else if (Number.isSafeInteger(n)) {
      this.bytes[this.length] = SAFE;
      this.view.setFloat64(this.length + 1, n);
      this.length += 9;
    } else {
      this.bytes[this.length] = INT64;
      this.view.setBigInt64(this.length + 1, BigInt(value));
      this.length += 9;
    }
  }

  float(value: number): void {
    this.room(9);
    this.bytes[this.length] = FLOAT;
    this.view.setFloat64(this.length + 1, value);
    this.length += 9;
  }

  text(value: string): void {
    if (value.length >= LARGE_BYTES) {
      this.apart(new Uint8Array(Buffer.from(value, "utf8")));
      return;
    }
    this.room(5 + value.length * 3);
    const written = this.bytes.write(value, this.length + 5, "utf8");
    this.header(written);
  }

  blob(value: Uint8Array): void {
    if (value.length >= LARGE_BYTES) {
      this.apart(value);
      return;
    }
    this.room(5 + value.length);
    this.bytes.set(value, this.length + 5);
    this.header(value.length);
  }

  private apart({ buffer, byteOffset, length }: Uint8Array): void {
    this.room(1);
    this.bytes[this.length++] = LARGE;
    const isWhole = byteOffset === 0 && length === buffer.byteLength;
    this.large.push((isWhole ? buffer : buffer.slice(byteOffset, byteOffset + length)) as ArrayBuffer);
    this.largeLength += length;
  }

  private header(size: number): void {
    this.bytes[this.length] = BYTES;
    this.view.setUint32(this.length + 1, size);
    this.length += 5 + size;
  }

  /** What was written, to be handed over; the encoder starts anew. */
  take(): { rows: ArrayBuffer; large?: readonly ArrayBuffer[] } {
    const { buffer, byteOffset } = this.bytes;
    const rows = buffer.slice(byteOffset, byteOffset + this.length) as ArrayBuffer;
    const { large } = this;
    this.clear();
    return large.length === 0 ? { rows } : { rows, large };
  }

  clear(): void {
    this.length = 0;
    this.largeLength = 0;
    this.large = [];
  }
}

/** Reads the rows of a piece into `rows`; throws a DatabaseError when they do not fit into memory. */
export function decodeRows(piece: Piece, layout: Layout, rows: Rows): void {
  const { count, large = [] } = piece;
  if (piece.rows === undefined) return;
  const bytes = Buffer.from(piece.rows);
  const view = new DataView(piece.rows);
  let next = 0;
  const { slots, size } = layout;
  let at = 0;
  for (let row = 0; row < count; row++) {
    const values: Value[] = [undefined];
    for (let i = 1; i < size; i++) values.push(undefined);
    const start = at;
    for (let i = 0; i < slots.length; i++) {
      let value: Value;
      switch (bytes[at++]) {
        case INT32:
          value = view.getInt32(at);
          at += 4;
          break;
        case BYTES: {
          const length = view.getUint32(at);
          at += 4;
          value = bytes.toString("latin1", at, at + length);
          at += length;
          break;
        }
        case LARGE:
          value = takeLarge(large[next++]!, rows);
          break;
        case FLOAT: {
          const n = view.getFloat64(at);
          value = Number.isSafeInteger(n) ? new LuaFloat(n) : n;
          at += 8;
          break;
        }
        case SAFE:
          value = view.getFloat64(at);
          at += 8;
          break;
        case INT64:
          value = integer(view.getBigInt64(at));
          at += 8;
          break;
        case TRUE:
          value = true;
          break;
        case FALSE:
          value = false;
          break;
        default:
          value = undefined;
      }
      values[slots[i]!] = value;
    }
    rows.add(values, at - start);
  }
}

/** A large value as a string. Its bytes are freed at once, not when the engine comes to it. */
function takeLarge(buffer: ArrayBuffer, rows: Rows): string {
  rows.meter.add(buffer.byteLength);
  const text = Buffer.from(buffer).toString("latin1");
  buffer.transfer(0);
  return text;
}
