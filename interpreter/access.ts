/** Indexing, assignment, length, comparison and concatenation with metamethods (manual §2.4), for nodes and native code. */
import { call, callMetamethod, callWithTwo } from "./call.ts";
import { failure, runtimeError, typeName } from "./error.ts";
import { LuaFunction, NativeFunction } from "./function.ts";
import { Event, eventOf, metamethod, metatableOf } from "./metatable.ts";
import { type Resumable, type Site, suspend } from "./nodes/node.ts";
import { concatenate, lessEqual, lessThan, type Operator, ZeroDivision } from "./operators.ts";
import type { Registers } from "./state.ts";
import { LuaTable } from "./table.ts";
import {
  first,
  float,
  isNumber,
  LuaFloat,
  type Results,
  rawEquals,
  SUSPENDED,
  type Suspended,
  type Value,
} from "./value.ts";

/** How many tables an `__index` or `__newindex` chain may have (MAXTAGLOOP). */
const MAX_CHAIN = 2000;

/** Stages that nodes with metamethods share: a metamethod is under way, and what its results are good for. */
export const META_VALUE = 9;
export const META_DONE = 10;
export const META_TRUE = 11;
export const META_FALSE = 12;

/** A node that may call metamethods. */
export type MetaNode = Site & Resumable;

/** The name of an operand in an error message, such as ` (local 'x')`. */
export interface Described {
  describe(): string;
}

/**
 * `object[key]` beyond the fast path of a node. `described` is the node of `object`. Leaves a record with stage
 * META_VALUE if a metamethod has to wait.
 */
export function index(
  R: Registers,
  base: number,
  node: MetaNode,
  object: Value,
  key: Value,
  described: Described,
): Value | Suspended {
  let at = object;
  for (let i = 0; i < MAX_CHAIN; i++) {
    let handler: Value;
    if (at instanceof LuaTable) {
      const value = at.get(key);
      if (value !== undefined || at.metatable === undefined) return value;
      handler = eventOf(at.metatable, Event.Index);
      if (handler === undefined) return undefined;
    } else {
      const metatable = metatableOf(at);
      handler = metatable === undefined ? undefined : eventOf(metatable, Event.Index);
      if (handler === undefined) {
        throw runtimeError(
          R,
          base,
          node,
          `attempt to index a ${typeName(at)} value${i === 0 ? describeIndexed(described, key) : ""}`,
        );
      }
    }
    if (handler instanceof LuaFunction || handler instanceof NativeFunction) {
      const given = callWithTwo(R, base, node, handler, at, key);
      if (given === SUSPENDED) return suspend(node, base, META_VALUE);
      return Array.isArray(given) ? given[0] : given;
    }
    at = handler;
  }
  throw runtimeError(R, base, node, "'__index' chain too long; possible loop");
}

function describeIndexed(described: Described, _key: Value): string {
  return described.describe();
}

/** Words the error for a key that no table can have. */
export function keyError(key: Value): string | undefined {
  if (key === undefined) return "table index is nil";
  return typeof key === "number" && Number.isNaN(key) ? "table index is NaN" : undefined;
}

/**
 * `object[key] = value` beyond the fast path of a node. Returns undefined when done, SUSPENDED after leaving a record
 * with stage META_DONE. `isConstant` says that the key is a string that stands in the program.
 */
export function setIndex(
  R: Registers,
  base: number,
  node: MetaNode,
  object: Value,
  key: Value,
  value: Value,
  described: Described,
  isConstant = false,
): undefined | Suspended {
  let at = object;
  for (let i = 0; i < MAX_CHAIN; i++) {
    let handler: Value;
    if (at instanceof LuaTable) {
      const metatable = at.metatable;
      handler = metatable === undefined ? undefined : eventOf(metatable, Event.NewIndex);
      if (handler === undefined || at.get(key) !== undefined) {
        const wrong = keyError(key);
        if (wrong !== undefined) throw runtimeError(R, base, node, wrong);
        if (isConstant) at.setConstant(key as string, value);
        else at.set(key, value);
        return undefined;
      }
    } else {
      const metatable = metatableOf(at);
      handler = metatable === undefined ? undefined : eventOf(metatable, Event.NewIndex);
      if (handler === undefined) {
        throw runtimeError(
          R,
          base,
          node,
          `attempt to index a ${typeName(at)} value${i === 0 ? described.describe() : ""}`,
        );
      }
    }
    if (handler instanceof LuaFunction || handler instanceof NativeFunction) {
      const given = callMetamethod(R, base, node, handler, [at, key, value]);
      return given === SUSPENDED ? suspend(node, base, META_DONE) : undefined;
    }
    at = handler;
  }
  throw runtimeError(R, base, node, "'__newindex' chain too long; possible loop");
}

/** An arithmetic or bitwise operation beyond the fast path of a node. */
export function operate(
  R: Registers,
  base: number,
  node: MetaNode,
  operator: Operator,
  a: Value,
  b: Value,
  left: Described,
  right: Described,
): Value | Suspended {
  if (a instanceof LuaTable && a.metatable !== undefined) {
    const handler = eventOf(a.metatable, operator.event);
    if (handler !== undefined) {
      const given = callWithTwo(R, base, node, handler, a, b);
      return given === SUSPENDED ? suspend(node, base, META_VALUE) : first(given);
    }
  }
  // Floats with integer values are common in numeric code; everything else here is rare.
  const { onFloats } = operator;
  if (onFloats !== undefined) {
    const x = a instanceof LuaFloat ? a.n : typeof a === "number" ? a : undefined;
    const y = b instanceof LuaFloat ? b.n : typeof b === "number" ? b : undefined;
    if (x !== undefined && y !== undefined && !(isSafe(a) && isSafe(b))) return float(onFloats(x, y));
  }
  let raw: Value;
  try {
    raw = operator.raw(a, b);
  } catch (error) {
    if (!(error instanceof ZeroDivision)) throw error;
    const failed = runtimeError(R, base, node, error.message);
    // The string library's metamethods do the arithmetic of strings: native code, without a position.
    if (typeof a === "string" || typeof b === "string") failed.value = error.message;
    throw failed;
  }
  if (raw !== undefined) return raw;
  const handler = metamethod(a, operator.event) ?? metamethod(b, operator.event);
  if (handler !== undefined) {
    const given = callWithTwo(R, base, node, handler, a, b);
    return given === SUSPENDED ? suspend(node, base, META_VALUE) : first(given);
  }
  throw runtimeError(R, base, node, operandError(operator, a, b, left, right));
}

/** Whether a number is an integer in the safe range, so that the operation might have to be done on integers. */
function isSafe(value: Value): boolean {
  return typeof value === "number" && Number.isSafeInteger(value);
}

function operandError(operator: Operator, a: Value, b: Value, left: Described, right: Described): string {
  if (operator.bitwise && isNumber(a) && isNumber(b)) {
    const name = (isIntegral(a) ? right : left).describe();
    return `number${name} has no integer representation`;
  }
  // Blames the second operand only when the first is acceptable, as the reference does.
  const firstFits = operator.bitwise ? isNumber(a) : isNumber(a) || typeof a === "string";
  const [value, described] = firstFits ? [b, right] : [a, left];
  return `attempt to ${operator.verb} a ${typeName(value)} value${described.describe()}`;
}

function isIntegral(value: Value): boolean {
  return (
    typeof value === "bigint" ||
    (typeof value === "number" ? Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 : true)
  );
}

/** `a .. b` beyond the fast path. */
export function concat(
  R: Registers,
  base: number,
  node: MetaNode,
  a: Value,
  b: Value,
  left: Described,
  right: Described,
): Value | Suspended {
  const joined = concatenate(a, b);
  if (joined !== undefined) return joined;
  const handler = metamethod(a, Event.Concat) ?? metamethod(b, Event.Concat);
  if (handler === undefined) {
    const [value, described] = typeof a === "string" || isNumber(a) ? [b, right] : [a, left];
    throw runtimeError(R, base, node, `attempt to concatenate a ${typeName(value)} value${described.describe()}`);
  }
  const given = callWithTwo(R, base, node, handler, a, b);
  return given === SUSPENDED ? suspend(node, base, META_VALUE) : first(given);
}

/** `#value` beyond the fast path. */
export function length(
  R: Registers,
  base: number,
  node: MetaNode,
  value: Value,
  described: Described,
): Value | Suspended {
  if (typeof value === "string") return value.length;
  const handler = metamethod(value, Event.Len);
  if (handler === undefined) {
    if (value instanceof LuaTable) return value.length();
    throw runtimeError(R, base, node, `attempt to get length of a ${typeName(value)} value${described.describe()}`);
  }
  const given = callWithTwo(R, base, node, handler, value, value);
  return given === SUSPENDED ? suspend(node, base, META_VALUE) : first(given);
}

/** `a == b` beyond identity; `expected` false gives `~=`. Leaves stage META_TRUE or META_FALSE. */
export function equals(
  R: Registers,
  base: number,
  node: MetaNode,
  a: Value,
  b: Value,
  expected: boolean,
): boolean | Suspended {
  if (rawEquals(a, b)) return expected;
  const handler = equalityHandler(a, b);
  if (handler === undefined) return !expected;
  const given = callWithTwo(R, base, node, handler, a, b);
  if (given === SUSPENDED) return suspend(node, base, expected ? META_TRUE : META_FALSE);
  const value = first(given);
  return (value !== undefined && value !== false) === expected;
}

/** Only two tables or two userdata have an `__eq` (manual §2.4). */
function equalityHandler(a: Value, b: Value): Value {
  if (typeof a !== "object" || typeof b !== "object") return undefined;
  if (a instanceof LuaTable !== b instanceof LuaTable) return undefined;
  return metamethod(a, Event.Eq) ?? metamethod(b, Event.Eq);
}

/** `a < b` (or `a <= b`) beyond the fast path. Leaves stage META_TRUE. */
export function compare(
  R: Registers,
  base: number,
  node: MetaNode,
  a: Value,
  b: Value,
  orEqual: boolean,
): boolean | Suspended {
  const raw = orEqual ? lessEqual(a, b) : lessThan(a, b);
  if (raw !== undefined) return raw;
  const event = orEqual ? Event.Le : Event.Lt;
  const handler = metamethod(a, event) ?? metamethod(b, event);
  if (handler === undefined) throw runtimeError(R, base, node, compareError(a, b));
  const given = callWithTwo(R, base, node, handler, a, b);
  if (given === SUSPENDED) return suspend(node, base, META_TRUE);
  const value = first(given);
  return value !== undefined && value !== false;
}

export function compareError(a: Value, b: Value): string {
  const left = typeName(a);
  const right = typeName(b);
  return left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`;
}

// --- for native functions: the caller leaves its own continuation record when these return SUSPENDED ------------------

/** `object[key]` from native code; the results' first value is the element. */
export function indexValue(object: Value, key: Value): Results | Suspended {
  let at = object;
  for (let i = 0; i < MAX_CHAIN; i++) {
    if (at instanceof LuaTable) {
      const value = at.get(key);
      if (value !== undefined || at.metatable === undefined) return value;
    }
    const handler = metamethod(at, Event.Index);
    if (handler === undefined) {
      if (at instanceof LuaTable) return undefined;
      throw failure(`attempt to index a ${typeName(at)} value`, 0);
    }
    if (handler instanceof LuaFunction || handler instanceof NativeFunction) return call(handler, [at, key]);
    at = handler;
  }
  throw failure("'__index' chain too long; possible loop", 0);
}

/** `object[key] = value` from native code. */
export function setIndexValue(object: Value, key: Value, value: Value): Results | Suspended {
  let at = object;
  for (let i = 0; i < MAX_CHAIN; i++) {
    const handler = metamethod(at, Event.NewIndex);
    if (at instanceof LuaTable) {
      if (handler === undefined || at.get(key) !== undefined) {
        const wrong = keyError(key);
        if (wrong !== undefined) throw failure(wrong, 0);
        at.set(key, value);
        return undefined;
      }
    } else if (handler === undefined) throw failure(`attempt to index a ${typeName(at)} value`, 0);
    if (handler instanceof LuaFunction || handler instanceof NativeFunction) return call(handler, [at, key, value]);
    at = handler;
  }
  throw failure("'__newindex' chain too long; possible loop", 0);
}

/** `#object` from native code, as results whose first value must still be checked to be an integer. */
export function lengthOf(object: Value): Results | Suspended {
  if (typeof object === "string") return object.length;
  const handler = metamethod(object, Event.Len);
  if (handler !== undefined) return call(handler, [object, object]);
  if (object instanceof LuaTable) return object.length();
  throw failure(`attempt to get length of a ${typeName(object)} value`, 0);
}

/** `a < b` from native code: a boolean, or the results of a metamethod, to be taken for their truth. */
export function lessThanValue(a: Value, b: Value): Results | Suspended {
  const raw = lessThan(a, b);
  if (raw !== undefined) return raw;
  const handler = metamethod(a, Event.Lt) ?? metamethod(b, Event.Lt);
  if (handler === undefined) throw failure(compareError(a, b), 0);
  return call(handler, [a, b]);
}

/** `a == b` from native code: a boolean, or the results of a metamethod, to be taken for their truth. */
export function equalsValue(a: Value, b: Value): Results | Suspended {
  if (rawEquals(a, b)) return true;
  const handler = equalityHandler(a, b);
  return handler === undefined ? false : call(handler, [a, b]);
}
