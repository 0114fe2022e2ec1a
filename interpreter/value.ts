import type { Coroutine } from "./coroutine.ts";
import type { LuaFunction, NativeFunction } from "./function.ts";
import type { LuaTable } from "./table.ts";

/**
 * A Lua value as JavaScript holds it (manual §2.1; the table in docs/architecture.md).
 *
 * - nil is `undefined`; booleans are booleans.
 * - A string is a byte string: one char (0–255) per byte.
 * - A `number` is a Lua integer when it is a safe integer, otherwise a Lua float.
 * - A `bigint` is a Lua integer outside the safe range, always within int64.
 * - A `LuaFloat` is a float whose value happens to be a safe integer.
 */
export type Value =
  | undefined
  | boolean
  | string
  | number
  | bigint
  | LuaFloat
  | LuaTable
  | LuaFunction
  | NativeFunction
  | Coroutine
  | Userdata;

/** What a call gives: one value as it is, none or several as an array. An array is never a Lua value. */
export type Results = Value | Value[];

/** Returned instead of a value by whatever has to wait; see task.ts. */
export const SUSPENDED: unique symbol = Symbol("suspended");
export type Suspended = typeof SUSPENDED;

/** The results of a call that returns nothing. Shared: never to be changed. */
export const NOTHING: Value[] = [];

/** A float whose value is a safe integer (`3.0`, `-0.0`); every other float is a plain number. */
export class LuaFloat {
  constructor(readonly n: number) {}
}

/** A value of the host: a connection, a socket, a file. Lua code sees only its metatable's methods. */
export class Userdata {
  metatable: LuaTable | undefined = undefined;
  /** Up to one Lua value attached by `debug.setuservalue`. */
  user: Value = undefined;
  /** Lua values that the host's data hold, for the census. */
  references: (() => Iterable<Value>) | undefined = undefined;
  /** The census that last visited it; see collector.ts. */
  epoch = 0;
  constructor(
    /** What `luaL_checkudata` would compare, such as `FILE*`. */
    readonly kind: string,
    /** The host's own data; never reachable from Lua. */
    readonly data: unknown,
    metatable?: LuaTable,
  ) {
    this.metatable = metatable;
  }
}

/** A float result of arithmetic as a Lua value. */
export function float(n: number): number | LuaFloat {
  return Number.isSafeInteger(n) ? new LuaFloat(n) : n;
}

/** Wraps to int64 and normalises: the integer `n` as a Lua value. */
export { wrapped as integer } from "./int64.ts";

/** The first of a call's results, nil when there are none. */
export function first(results: Results): Value {
  return Array.isArray(results) ? results[0] : results;
}

/** A call's results as an array. */
export function list(results: Results): Value[] {
  return Array.isArray(results) ? results : [results];
}

/** Values as a call's results: one value directly, others as the array itself. */
export function results(values: Value[]): Results {
  return values.length === 1 ? values[0] : values;
}

export function truthy(value: Value): boolean {
  return value !== undefined && value !== false;
}

export function isInteger(value: Value): value is number | bigint {
  return typeof value === "number" ? Number.isSafeInteger(value) : typeof value === "bigint";
}

export function isFloat(value: Value): value is number | LuaFloat {
  return typeof value === "number" ? !Number.isSafeInteger(value) : value instanceof LuaFloat;
}

export function isNumber(value: Value): value is number | bigint | LuaFloat {
  return typeof value === "number" || typeof value === "bigint" || value instanceof LuaFloat;
}

/** Any Lua number as a JavaScript number; integers beyond 2^53 are rounded. */
export function toDouble(value: number | bigint | LuaFloat): number {
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : value.n;
}

/** Primitive equality without metamethods (manual §3.4.4): `lua_rawequal`. */
export function rawEquals(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof LuaFloat) {
    if (b instanceof LuaFloat) return a.n === b.n;
    return typeof b === "number" && a.n === b;
  }
  if (b instanceof LuaFloat) return typeof a === "number" && a === b.n;
  // A safe integer never equals a bigint (normalised), but a float of 2^53 and beyond may.
  if (typeof a === "bigint") return typeof b === "number" && floatEqualsBig(b, a);
  if (typeof b === "bigint") return typeof a === "number" && floatEqualsBig(a, b);
  return false;
}

function floatEqualsBig(f: number, i: bigint): boolean {
  return Number.isInteger(f) && BigInt(f) === i;
}
