/**
 * SQLite stores integers, floats, text and bytes; what else a value means is in the declared type of its column. Only
 * values that fit the declaration are converted, so nothing is lost.
 */

import type { SqliteValue } from "./sqlite-engine.ts";
import type { Encoder } from "./sqlite-wire.ts";
import { rfc3339 } from "./timestamp.ts";

/** Writes a value of a column. */
export type Writer = (encoder: Encoder, value: SqliteValue) => void;

/** Any value as it is stored. */
export function writeAsIs(encoder: Encoder, value: SqliteValue): void {
  switch (typeof value) {
    case "bigint":
      encoder.integer(value);
      break;
    case "number":
      encoder.float(value);
      break;
    case "string":
      encoder.text(value);
      break;
    default:
      if (value === null || value === undefined) encoder.null();
      else encoder.blob(value);
  }
}

/** BOOLEAN: 0 and 1 are false and true. */
function writeBoolean(encoder: Encoder, value: SqliteValue): void {
  if (value === 0n || value === 1n) encoder.boolean(value === 1n);
  else writeAsIs(encoder, value);
}

/** DATETIME and TIMESTAMP: text as SQLite's own functions write it. */
function writeTime(encoder: Encoder, value: SqliteValue): void {
  if (typeof value === "string") encoder.text(rfc3339(value));
  else writeAsIs(encoder, value);
}

export function writerOf(declared: string | null): Writer {
  if (declared === null) return writeAsIs;
  if (/^bool(?:ean)?$/i.test(declared)) return writeBoolean;
  if (/^(?:datetime|timestamp)/i.test(declared)) return writeTime;
  return writeAsIs;
}

export function isJson(declared: string | null): boolean {
  return declared !== null && /^jsonb?$/i.test(declared);
}
