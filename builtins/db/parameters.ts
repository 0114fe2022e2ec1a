/** Parameters of a statement: the script's list of values, checked and counted. */
import { typeName } from "../../interpreter/error.ts";
import { argumentError } from "../../interpreter/native.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { LuaFloat, Userdata, type Value } from "../../interpreter/value.ts";
import type { Dialect, Scanned } from "./statement.ts";

/** A parameter as the drivers get it; nil and `db.null` are undefined. */
export type Parameter = undefined | boolean | string | number | bigint | LuaFloat | LuaTable;

/** Kinds of the sentinels that stand for NULL. */
export const NULL_KIND = "db.null";
const NULL_KINDS = new Set([NULL_KIND, "json.null"]);

/** More than any database takes (PostgreSQL 65535, MariaDB 65535, SQLite 32766). */
const MOST = 65_535;

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
      if (value instanceof LuaFloat || value instanceof LuaTable) return value;
      if (value instanceof Userdata && NULL_KINDS.has(value.kind)) return undefined;
      throw argumentError(
        index,
        `parameter ${position}: nil, boolean, number, string or table expected, got ${typeName(value)}`,
      );
  }
}
