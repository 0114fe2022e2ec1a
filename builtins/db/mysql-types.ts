/** MySQL's and MariaDB's types: what the library decodes from the binary protocol, as Lua values. */

import { LuaTable } from "../../interpreter/table.ts";
import { fromText } from "../../interpreter/text.ts";
import { float, integer, type Value } from "../../interpreter/value.ts";
import { decodeJson } from "./json.ts";
import { rfc3339 } from "./timestamp.ts";

/** What the library tells about a column. */
export interface ColumnInfo {
  readonly type: string;
  readonly columnLength: number;
  readonly scale: number;
  name(): string;
  signed(): boolean;
  isDataTypeFormatJson(): boolean;
}

/** How the values of a column become Lua values. */
export interface Column {
  readonly decode: (value: unknown) => Value;
  /** Later, in the task that waits. */
  readonly convert: ((value: Value) => Value) | undefined;
}

/** A number in a float column: 4 bytes are printed as the server prints them, not with the digits of 8. */
function decodeFloat32(value: unknown): Value {
  const n = value as number;
  if (!Number.isFinite(n)) return n;
  // The shortest decimal that is this 4-byte float.
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(n.toPrecision(digits));
    if (Math.fround(short) === n) return float(short);
  }
  return float(n);
}

function decodeBigint(value: unknown): Value {
  const n = value as bigint;
  // UNSIGNED goes beyond Lua's integers: such values come as floats would lose digits, so they stay text.
  return n > 0x7fff_ffff_ffff_ffffn ? n.toString() : integer(n);
}

/** BIT(n) as an integer, BIT(1) as a boolean. */
function decodeBit(value: unknown): Value {
  let n = 0n;
  for (const byte of value as Uint8Array) n = (n << 8n) | BigInt(byte);
  return integer(n);
}

/** TINYINT(1) is how these servers spell BOOLEAN; other numbers in such a column stay numbers. */
function decodeBoolean(value: unknown): Value {
  return value === 0 ? false : value === 1 ? true : (value as number);
}

function decodeBytes(value: unknown): Value {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : fromText(String(value));
}

/** Text; SET columns come as lists. */
function decodeText(value: unknown): Value {
  if (typeof value === "string") return fromText(value);
  if (value instanceof Uint8Array) return decodeBytes(value);
  if (Array.isArray(value)) return LuaTable.fromArray(value.map((item) => fromText(String(item))));
  if (typeof value === "object") return decodeJson(fromText(JSON.stringify(value)));
  return fromText(String(value));
}

const INTEGER: Column = { decode: (value) => value as number, convert: undefined };
const BIGINT: Column = { decode: decodeBigint, convert: undefined };
const DOUBLE: Column = { decode: (value) => float(value as number), convert: undefined };
const FLOAT: Column = { decode: decodeFloat32, convert: undefined };
const DECIMAL_TEXT: Column = { decode: (value) => String(value), convert: undefined };
const DECIMAL: Column = { decode: (value) => float(Number(value)), convert: undefined };
const BOOLEAN: Column = { decode: decodeBoolean, convert: undefined };
const BIT: Column = { decode: decodeBit, convert: undefined };
const BIT1: Column = { decode: (value) => (value as Uint8Array)[0] === 1, convert: undefined };
const TIMESTAMP: Column = { decode: (value) => rfc3339(String(value)), convert: undefined };
const TIME: Column = { decode: (value) => String(value), convert: undefined };
const JSON_COLUMN: Column = { decode: decodeText, convert: decodeJson };
const TEXT: Column = { decode: decodeText, convert: undefined };

export function columnOf(info: ColumnInfo, numeric: "float" | "string"): Column {
  switch (info.type) {
    case "TINY":
      return info.columnLength === 1 && info.signed() ? BOOLEAN : INTEGER;
    case "SHORT":
    case "INT24":
    case "INT":
    case "YEAR":
      return INTEGER;
    case "BIGINT":
      return BIGINT;
    case "FLOAT":
      return FLOAT;
    case "DOUBLE":
      return DOUBLE;
    case "DECIMAL":
    case "NEWDECIMAL":
      return numeric === "float" ? DECIMAL : DECIMAL_TEXT;
    case "BIT":
      return info.columnLength === 1 ? BIT1 : BIT;
    case "TIMESTAMP":
    case "DATETIME":
      return TIMESTAMP;
    case "TIME":
      return info.scale > 0 && info.scale < 7 ? timeWith(info.scale) : TIME_WHOLE;
    case "DATE":
      return TIME;
    case "JSON":
      return JSON_COLUMN;
    default:
      return info.isDataTypeFormatJson() ? JSON_COLUMN : TEXT;
  }
}

/** The library prints every TIME with six digits behind the point. */
const TIME_WHOLE: Column = { decode: (value) => String(value).replace(/\.0+$/, ""), convert: undefined };

function timeWith(scale: number): Column {
  return {
    decode: (value) => {
      const text = String(value);
      const point = text.indexOf(".");
      return point < 0 ? text : text.slice(0, point + 1 + scale);
    },
    convert: undefined,
  };
}
