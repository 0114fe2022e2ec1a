/**
 * The raw operations behind Lua's operators (manual §3.4.1–§3.4.6), without metamethods. The nodes have fast paths
 * of their own for the common operand types; whatever those do not cover comes here.
 */

import { add, and, multiply, or, shiftLeft, shiftRight, subtract, xor } from "./int64.ts";
import { Event } from "./metatable.ts";
import { big, formatNumber, toInteger, toNumber } from "./number.ts";
import { power } from "./power.ts";
import { float, integer, isInteger, isNumber, LuaFloat, toDouble, type Value } from "./value.ts";

export { and, or, power, shiftLeft, shiftRight, xor };

/** An arithmetic or bitwise operator. */
export interface Operator {
  readonly symbol: string;
  readonly event: Event;
  /** What error messages say was attempted: `perform arithmetic on`. */
  readonly verb: string;
  readonly bitwise: boolean;
  /** The operation on operands that are not both plain numbers; `undefined` when it needs a metamethod. */
  readonly raw: (a: Value, b: Value) => Value;
  /** The operation on floats, for arithmetic operators. */
  readonly onFloats: ((a: number, b: number) => number) | undefined;
}

/** Raised for a division of integers by zero; the node adds the position. */
export class ZeroDivision {
  constructor(readonly message: string) {}
}

const DIVIDE_BY_ZERO = new ZeroDivision("attempt to divide by zero");
const MODULO_BY_ZERO = new ZeroDivision("attempt to perform 'n%0'");

export function integerFloorDivide(a: number, b: number): number {
  if (b === 0) throw DIVIDE_BY_ZERO;
  const rest = a % b;
  const quotient = (a - rest) / b; // exact: rounding a / b itself could go up to the next integer
  return (rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient) + 0;
}

export function integerModulo(a: number, b: number): number {
  if (b === 0) throw MODULO_BY_ZERO;
  const rest = a % b;
  return rest === 0 ? 0 : rest < 0 !== b < 0 ? rest + b : rest;
}

export function floatModulo(a: number, b: number): number {
  const rest = a % b;
  return (rest > 0 ? b < 0 : rest < 0 && b !== rest && b > 0) ? rest + b : rest;
}

function bigFloorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw DIVIDE_BY_ZERO;
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function bigModulo(a: bigint, b: bigint): bigint {
  if (b === 0n) throw MODULO_BY_ZERO;
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

type Integer = number | bigint;

/** A division, which needs no speed beyond 53 bits. */
function onBigints(operation: (a: bigint, b: bigint) => bigint): (a: Integer, b: Integer) => Integer {
  return (a, b) => integer(operation(big(a), big(b)));
}

/** An operator on two integers or two floats, after the conversions of manual §3.4.3. */
function arithmetic(
  onIntegers: ((a: Integer, b: Integer) => Integer) | undefined,
  onFloats: (a: number, b: number) => number,
): (a: Value, b: Value) => Value {
  return (a, b) => {
    if (onIntegers !== undefined && isInteger(a) && isInteger(b)) return onIntegers(a, b);
    const x = toNumber(a);
    if (x === undefined) return undefined;
    const y = toNumber(b);
    if (y === undefined) return undefined;
    if (onIntegers !== undefined && isInteger(x) && isInteger(y)) return onIntegers(x, y);
    return float(onFloats(toDouble(x), toDouble(y)));
  };
}

function bitwise(operation: (a: number | bigint, b: number | bigint) => Value): (a: Value, b: Value) => Value {
  return (a, b) => {
    // Strings are not coerced here: that is left to metamethods of the string type.
    const x = typeof a === "string" ? undefined : toInteger(a);
    const y = typeof b === "string" ? undefined : toInteger(b);
    return x === undefined || y === undefined ? undefined : operation(x, y);
  };
}

/** The low 32 bits of a safe integer, as an int32; undefined for anything else. */
export function low(value: Value): number | undefined {
  if (typeof value !== "number") return undefined;
  const n = +value;
  return Number.isSafeInteger(n) ? n | 0 : undefined;
}

/** The low 32 bits of `x >> y`, where they can be had from doubles. */
export function lowOfShift(x: unknown, y: unknown): number | undefined {
  if (typeof x !== "number" || typeof y !== "number" || x < 0 || y < 0 || y >= 64) return undefined;
  return Number.isSafeInteger(x) && Number.isSafeInteger(y) ? low(shiftRight(x, y)) : undefined;
}

const row = (
  symbol: string,
  event: Event,
  onIntegers: ((a: Integer, b: Integer) => Integer) | undefined,
  onFloats: (a: number, b: number) => number,
): Operator => ({
  symbol,
  event,
  verb: "perform arithmetic on",
  bitwise: false,
  raw: arithmetic(onIntegers, onFloats),
  onFloats,
});
const bitRow = (
  symbol: string,
  event: Event,
  operation: (a: number | bigint, b: number | bigint) => Value,
): Operator => ({
  symbol,
  event,
  verb: "perform bitwise operation on",
  bitwise: true,
  raw: bitwise(operation),
  onFloats: undefined,
});

export const ADD = row("+", Event.Add, add, (a, b) => a + b);
export const SUB = row("-", Event.Sub, subtract, (a, b) => a - b);
export const MUL = row("*", Event.Mul, multiply, (a, b) => a * b);
export const MOD = row("%", Event.Mod, onBigints(bigModulo), floatModulo);
export const POW = row("^", Event.Pow, undefined, power);
export const DIV = row("/", Event.Div, undefined, (a, b) => a / b);
export const IDIV = row("//", Event.IDiv, onBigints(bigFloorDivide), (a, b) => Math.floor(a / b));
export const BAND = bitRow("&", Event.BAnd, and);
export const BOR = bitRow("|", Event.BOr, or);
export const BXOR = bitRow("~", Event.BXor, xor);
export const SHL = bitRow("<<", Event.Shl, shiftLeft);
export const SHR = bitRow(">>", Event.Shr, shiftRight);
export const UNM: Operator = {
  ...row("-", Event.Unm, undefined, (a) => -a),
  raw: (a) => {
    const x = toNumber(a);
    if (x === undefined) return undefined;
    if (typeof x === "bigint") return integer(-x);
    if (x instanceof LuaFloat) return float(-x.n);
    return Number.isSafeInteger(x) ? 0 - x : float(-x);
  },
};
export const BNOT: Operator = {
  ...bitRow("~", Event.BNot, () => undefined),
  raw: (a) => {
    const x = typeof a === "string" ? undefined : toInteger(a);
    return x === undefined ? undefined : xor(x, -1);
  },
};

/** `a .. b` when both are strings or numbers. */
export function concatenate(a: Value, b: Value): string | undefined {
  const left = typeof a === "string" ? a : isNumber(a) ? formatNumber(a) : undefined;
  if (left === undefined) return undefined;
  const right = typeof b === "string" ? b : isNumber(b) ? formatNumber(b) : undefined;
  return right === undefined ? undefined : left + right;
}

/** `a < b` for two numbers or two strings, `undefined` when it needs a metamethod. */
export function lessThan(a: Value, b: Value): boolean | undefined {
  if (typeof a === "string") return typeof b === "string" ? a < b : undefined;
  return isNumber(a) && isNumber(b) ? comparable(a) < comparable(b) : undefined;
}

/** `a <= b` likewise. */
export function lessEqual(a: Value, b: Value): boolean | undefined {
  if (typeof a === "string") return typeof b === "string" ? a <= b : undefined;
  return isNumber(a) && isNumber(b) ? comparable(a) <= comparable(b) : undefined;
}

/** A number as JavaScript compares it: exactly, also a bigint with a float. */
function comparable(value: number | bigint | LuaFloat): number | bigint {
  return value instanceof LuaFloat ? value.n : value;
}
