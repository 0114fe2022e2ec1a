/** Parameters of a statement: the script's list of values, checked and counted. */
import { typeName } from "../../interpreter/error.ts";
import { argumentError } from "../../interpreter/native.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { LuaFloat, Userdata, type Value } from "../../interpreter/value.ts";
import { encodeJson } from "./json.ts";
import type { Dialect, Scanned } from "./statement.ts";

/** A parameter as the drivers get it; nil and `db.null` are undefined. */
export type Parameter = undefined | boolean | string | number | bigint | LuaFloat | TableParameter;

/** A table among the parameters, taken apart while the script cannot change it. */
export class TableParameter {
  constructor(
    /** As JSON, in UTF-8; a message instead if it cannot be written so. */
    readonly json: string | { readonly error: string },
    /** As a list, for PostgreSQL's arrays; undefined when it is none. */
    readonly list: ArrayElement[] | undefined,
  ) {}
}

/** An element of an array; a table that is no list is its JSON. */
export type ArrayElement =
  | undefined
  | boolean
  | string
  | number
  | bigint
  | LuaFloat
  | ArrayElement[]
  | { json: string };

/** Kinds of the sentinels that stand for NULL. */
export const NULL_KIND = "db.null";
const NULL_KINDS = new Set([NULL_KIND, "json.null"]);

/** More than any database takes (PostgreSQL 65535, MariaDB 65535, SQLite 32766). */
const MOST = 65_535;
/** What its library lets through, in whose words the error would be otherwise. */
const POSTGRES_MOST = 65_533;

/**
 * The values for a statement's placeholders. A hole or `db.null` is NULL; how many were given is the highest index,
 * or field `n` as `table.pack` sets it. `index` is the argument's, for the errors.
 */
export function bind(params: LuaTable | undefined, statement: Scanned, dialect: Dialect, index: number): Parameter[] {
  if (statement.named !== undefined) {
    throw argumentError(index - 1, `named parameter ${statement.named}: use ${dialect === "mysql" ? "?" : "$1 or ?"}`);
  }
  const wanted = statement.parameters;
  const given = params === undefined ? 0 : count(params, index);
  if (given !== wanted) {
    const hint = given < wanted && params !== undefined ? "; db.null stands for a nil at the end" : "";
    throw argumentError(index, `${wanted} parameter${wanted === 1 ? "" : "s"} expected, got ${given}${hint}`);
  }
  if (dialect === "postgres" && wanted > POSTGRES_MOST) {
    throw argumentError(index, `too many parameters: ${wanted} (PostgreSQL takes at most ${POSTGRES_MOST})`);
  }
  const values: Parameter[] = new Array(wanted);
  for (let i = 0; i < wanted; i++) values[i] = accept(params!.getIndex(i + 1), i + 1, dialect, index);
  return values;
}

function count(params: LuaTable, index: number): number {
  const inArray = params.array.length - 1;
  if (params.shape.keys.length === 1) return inArray;
  let highest = inArray;
  params.forEach((key, value) => {
    if (typeof key === "number" && Number.isSafeInteger(key) && key > 0) {
      if (key > highest) highest = key;
    } else if (key === "n" && typeof value === "number" && Number.isSafeInteger(value)) {
      if (value > highest) highest = value;
    } else throw argumentError(index, `list of parameters expected, got a table with key ${show(key)}`);
  });
  if (highest > MOST) throw argumentError(index, `too many parameters: ${highest}`);
  return highest;
}

function show(key: Value): string {
  return typeof key === "string" ? `'${key.slice(0, 40)}'` : `of type ${typeName(key)}`;
}

function accept(value: Value, position: number, dialect: Dialect, index: number): Parameter {
  switch (typeof value) {
    case "undefined":
    case "boolean":
    case "string":
    case "bigint":
      return value;
    case "number":
      if (!Number.isFinite(value) && dialect !== "postgres") {
        // MySQL has neither; SQLite stores infinities but makes NULL of a NaN.
        if (dialect === "mysql" || Number.isNaN(value)) {
          const name = Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
          throw argumentError(index, `parameter ${position}: ${name} cannot be stored`);
        }
      }
      return value;
    default:
      if (value instanceof LuaFloat) return value;
      if (isNull(value)) return undefined;
      if (value instanceof LuaTable) return takeApart(value, position, dialect, index);
      throw argumentError(
        index,
        `parameter ${position}: nil, boolean, number, string or table expected, got ${typeName(value)}`,
      );
  }
}

function isNull(value: Value): boolean {
  return value instanceof Userdata && NULL_KINDS.has(value.kind);
}

function takeApart(value: LuaTable, position: number, dialect: Dialect, index: number): TableParameter {
  const json = encodeJson(value);
  if (dialect === "postgres") return new TableParameter(json, elements(value, 0));
  if (typeof json !== "string") throw argumentError(index, `parameter ${position}: ${json.error}`);
  return new TableParameter(json, undefined);
}

/** PostgreSQL's arrays have six dimensions at most (MAXDIM). */
const MOST_DIMENSIONS = 6;

/** The elements of a list, nil where it has holes; undefined if the table has other keys or what no array holds. */
function elements(list: LuaTable, depth: number): ArrayElement[] | undefined {
  let length = list.array.length - 1;
  let isList = depth < MOST_DIMENSIONS;
  if (list.shape.keys.length > 1) {
    list.forEach((key) => {
      if (typeof key !== "number" || !Number.isSafeInteger(key) || key < 1 || key > 1e6) isList = false;
      else if (key > length) length = key;
    });
  }
  if (!isList) return undefined;
  const out: ArrayElement[] = new Array(length);
  for (let i = 0; i < length; i++) {
    const value = list.getIndex(i + 1);
    switch (typeof value) {
      case "undefined":
      case "boolean":
      case "string":
      case "number":
      case "bigint":
        out[i] = value;
        break;
      default:
        if (value instanceof LuaFloat) out[i] = value;
        else if (isNull(value)) out[i] = undefined;
        else if (value instanceof LuaTable) {
          const inner = elements(value, depth + 1);
          if (inner !== undefined && inner.length > 0) out[i] = inner;
          else {
            const json = encodeJson(value);
            if (typeof json !== "string") return undefined;
            out[i] = { json };
          }
        } else return undefined;
    }
  }
  return out;
}
