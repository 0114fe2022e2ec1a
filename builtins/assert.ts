/**
 * Assertions. `assert` is a table that can be called: `assert(v, message)` is Lua's own function (manual §6.2),
 * `assert.eq` and the others compare and show both values. (`type(assert)` is therefore "table".)
 */
import { compareError, lessThanValue } from "../interpreter/access.ts";
import { Continuation, call } from "../interpreter/call.ts";
import { failure, LuaError } from "../interpreter/error.ts";
import { awaited, runSteps, type Steps } from "../interpreter/library/steps.ts";
import { plainText, textOfResult } from "../interpreter/library/tostring.ts";
import { Event, metamethod } from "../interpreter/metatable.ts";
import {
  any,
  argumentError,
  callable,
  type Declaration,
  fn,
  library,
  number,
  optional,
  rawVariadic,
  rest,
  returns,
  string,
} from "../interpreter/native.ts";
import { suspend } from "../interpreter/nodes/node.ts";
import { type Registers, state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { caught } from "../interpreter/task.ts";
import { fromText } from "../interpreter/text.ts";
import {
  isNumber,
  type Results,
  rawEquals,
  results,
  SUSPENDED,
  type Suspended,
  toDouble,
  truthy,
  type Value,
} from "../interpreter/value.ts";
import { firstDifference, show } from "./difference.ts";
import { matchesPattern } from "./regex.ts";

/** `assert.eq failed: expected …, got … - message`. Texts, not bytes, except the script's own message. */
function failed(name: string, expected: string, got: string, message: string | undefined): LuaError {
  const text = fromText(`assert.${name} failed: expected ${expected}, got ${got}`);
  return failure(message === undefined ? text : `${text} - ${message}`);
}

// --- equality -------------------------------------------------------------------------------------------------------

function* assertEqual(got: Value, expected: Value, message: string | undefined): Steps<Results> {
  const difference = yield* firstDifference(got, expected);
  if (difference === undefined) return got;
  const where = difference.path === "$" ? "" : ` (at ${difference.path})`;
  throw failed("eq", show(difference.expected), show(difference.got) + where, message);
}

function* assertUnequal(got: Value, other: Value, message: string | undefined): Steps<Results> {
  if ((yield* firstDifference(got, other)) !== undefined) return got;
  throw failed("ne", `a value other than ${show(other)}`, show(got), message);
}

// --- order ----------------------------------------------------------------------------------------------------------

/** The four orders, each as a `<` of the two values in one order or the other, or the negation of it for numbers. */
interface Order {
  readonly name: string;
  readonly words: string;
  readonly swapped: boolean;
  readonly orEqual: boolean;
}

function* assertOrder(order: Order, got: Value, bound: Value, message: string | undefined): Steps<Results> {
  const [a, b] = order.swapped ? [bound, got] : [got, bound];
  let holds: boolean;
  if (isNumber(a) && isNumber(b)) {
    const x = typeof a === "bigint" ? a : toDouble(a);
    const y = typeof b === "bigint" ? b : toDouble(b);
    holds = order.orEqual ? x <= y : x < y; // nan satisfies neither
  } else if (typeof a === "string" && typeof b === "string") holds = order.orEqual ? a <= b : a < b;
  else if (metamethod(a, Event.Lt) !== undefined || metamethod(b, Event.Lt) !== undefined) {
    const given = order.orEqual ? lessOrEqual(a, b) : lessThanValue(a, b);
    holds = truthy(yield* awaited(given));
  } else holds = false;
  if (holds) return got;
  throw failed(order.name, `${order.words} ${show(bound)}`, show(got), message);
}

function lessOrEqual(a: Value, b: Value): Results | Suspended {
  const handler = metamethod(a, Event.Le) ?? metamethod(b, Event.Le);
  if (handler === undefined) throw failure(compareError(a, b));
  return call(handler, [a, b]);
}

// --- errors ---------------------------------------------------------------------------------------------------------

/** What `assert.raises` keeps while the function it called waits. */
interface Expectation {
  readonly pattern: string | undefined;
  readonly message: string | undefined;
  /** Native calls under way around the function. */
  readonly nativeCalls: number;
}

class Raises extends Continuation {
  override get handlesErrors(): boolean {
    return true;
  }
  override proceed(saved: unknown): never {
    state.coroutine.protectedCalls--;
    throw nothingRaised(saved as Expectation);
  }
  override handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    return raised(saved as Expectation, error);
  }
}
const RAISES = new Raises();

function assertRaises(fn: Value, pattern: string | undefined, message: string | undefined): Results | Suspended {
  const { top, nativeCalls, coroutine } = state;
  const expectation = { pattern, message, nativeCalls };
  let given: Results | Suspended;
  coroutine.protectedCalls++;
  try {
    given = call(fn, []);
  } catch (error) {
    state.top = top;
    state.records = [];
    return raised(expectation, error);
  }
  if (given === SUSPENDED) return suspend(RAISES, top, 0, expectation);
  coroutine.protectedCalls--;
  throw nothingRaised(expectation);
}

function nothingRaised({ pattern, message }: Expectation): LuaError {
  const expected = pattern === undefined ? "an error" : `an error matching ${show(pattern)}`;
  return failed("raises", expected, "none", message);
}

/** A function under `assert.raises` ended with an error; one that stops the script is not for it. */
function raised(expectation: Expectation, thrown: unknown): Results | Suspended {
  const error = caught(thrown);
  if (!(error instanceof LuaError)) throw error;
  state.coroutine.protectedCalls--;
  state.nativeCalls = expectation.nativeCalls;
  if (expectation.pattern === undefined) return error.value;
  return runSteps(checkRaised(expectation.pattern, expectation.message, error.value), error.value);
}

function* checkRaised(pattern: string, message: string | undefined, value: Value): Steps<Results> {
  const handler = typeof value === "string" ? undefined : metamethod(value, Event.ToString);
  const text = handler === undefined ? plainText(value) : textOfResult(yield* awaited(call(handler, [value])));
  // Messages are full of parentheses and dots: the bare text is tried first.
  if (text.includes(pattern) || matchesPattern("assert.raises", pattern, text)) return value;
  throw failed("raises", `an error matching ${show(pattern)}`, show(text), message);
}

// --- the library ----------------------------------------------------------------------------------------------------

const MESSAGE = optional(string("message", { summary: "added to the error" }));
const got = (summary = "what was got") => optional(any("got", { summary }));
const RETURNS = [returns("got", "any", "the first argument")];
const RAISES_FAILURE = ["an error that shows both values when the assertion does not hold"];

function orderRow(order: Order, example: string): Declaration {
  return fn(order.name, {
    summary: `Asserts that the first value is ${order.words} the second: numbers, strings, or values with \`__lt\` and \`__le\`.`,
    params: [got(), optional(any("bound")), MESSAGE],
    returns: RETURNS,
    raises: RAISES_FAILURE,
    source: "Assay",
    example,
    run: (value, bound, message) => runSteps(assertOrder(order, value, bound, message), value, bound),
  });
}

function simpleRow(
  name: string,
  summary: string,
  expected: string,
  holds: (value: Value) => boolean,
  example: string,
): Declaration {
  return fn(name, {
    summary,
    params: [got(), MESSAGE],
    returns: RETURNS,
    raises: RAISES_FAILURE,
    source: "Assay",
    example,
    run: (value, message) => {
      if (holds(value)) return value;
      throw failed(name, expected, show(value), message);
    },
  });
}

/** A number or string as bytes; undefined for other values. */
function textOrUndefined(value: Value): string | undefined {
  return typeof value === "string" || isNumber(value) ? plainText(value) : undefined;
}

function contains(value: Value, wanted: Value): boolean {
  if (value instanceof LuaTable) return value.toArray().some((element) => rawEquals(element, wanted));
  const text = textOrUndefined(value);
  const part = textOrUndefined(wanted);
  return text !== undefined && part !== undefined && text.includes(part);
}

export const assertLibrary = library(
  "assert",
  "Assertions: `assert(v, message)` as in Lua, and comparisons that show both values when they fail.",
  [
    fn("eq", {
      summary:
        "Asserts that two values are equal; tables are compared deeply, and the first difference is shown. Integers equal floats of the same value.",
      params: [got(), optional(any("expected", { summary: "what it should be" })), MESSAGE],
      returns: RETURNS,
      raises: RAISES_FAILURE,
      source: "Assay",
      example: `assert.eq({ 1, { a = 2 } }, { 1, { a = 2.0 } })`,
      run: (value, expected, message) =>
        rawEquals(value, expected) ? value : runSteps(assertEqual(value, expected, message), value, expected),
    }),
    fn("ne", {
      summary: "Asserts that two values differ; tables are compared deeply.",
      params: [got(), optional(any("other", { summary: "what it must not be" })), MESSAGE],
      returns: RETURNS,
      raises: RAISES_FAILURE,
      source: "Assay",
      example: `assert.ne({ 1 }, { 2 })`,
      run: (value, other, message) => runSteps(assertUnequal(value, other, message), value, other),
    }),
    orderRow({ name: "gt", words: "greater than", swapped: true, orEqual: false }, `assert.gt(2, 1)`),
    orderRow({ name: "ge", words: "at least", swapped: true, orEqual: true }, `assert.ge(1, 1)`),
    orderRow({ name: "lt", words: "less than", swapped: false, orEqual: false }, `assert.lt(1, 2)`),
    orderRow({ name: "le", words: "at most", swapped: false, orEqual: true }, `assert.le(1, 1)`),
    fn("contains", {
      summary: "Asserts that a string contains another (plain text, no pattern), or a list a value.",
      params: [got("string or list"), optional(any("part")), MESSAGE],
      returns: RETURNS,
      raises: RAISES_FAILURE,
      source: "Assay",
      example: `assert.contains("all good", "good")`,
      run: (value, part, message) => {
        if (contains(value, part)) return value;
        const kind = value instanceof LuaTable ? "a list" : "text";
        throw failed("contains", `${kind} containing ${show(part)}`, show(value), message);
      },
    }),
    fn("matches", {
      summary: "Asserts that a string matches a regular expression (as `regex.match`).",
      params: [got("string"), string("pattern", { summary: "RE2 syntax" }), MESSAGE],
      returns: RETURNS,
      raises: RAISES_FAILURE,
      source: "RE2 syntax, github.com/google/re2/wiki/Syntax",
      example: `assert.matches("v1.2.3", [[^v\\d+(\\.\\d+)*$]])`,
      run: (value, pattern, message) => {
        const text = textOrUndefined(value);
        if (text !== undefined && matchesPattern("assert.matches", pattern, text)) return value;
        throw failed("matches", `text matching ${show(pattern)}`, show(value), message);
      },
    }),
    simpleRow(
      "not_nil",
      "Asserts that a value is not nil.",
      "a value",
      (v) => v !== undefined,
      `assert.not_nil(false)`,
    ),
    simpleRow("is_nil", "Asserts that a value is nil.", "nil", (v) => v === undefined, `assert.is_nil(nil)`),
    simpleRow("is_true", "Asserts that a value is true itself.", "true", (v) => v === true, `assert.is_true(1 < 2)`),
    simpleRow(
      "is_false",
      "Asserts that a value is false itself.",
      "false",
      (v) => v === false,
      `assert.is_false(1 > 2)`,
    ),
    fn("raises", {
      summary: "Asserts that a function raises an error, and returns the error.",
      params: [
        callable("fn", { summary: "called without arguments", type: "fun(...): ..." }),
        optional(string("pattern", { summary: "text the error contains, or a regular expression it matches" })),
        MESSAGE,
      ],
      returns: [returns("error", "any", "what was raised")],
      raises: RAISES_FAILURE,
      source: "Assay",
      example: `assert.raises(function() error("no such host") end, "no such")`,
      run: (fn, pattern, message) => assertRaises(fn, pattern, message),
    }),
    fn("near", {
      summary: "Asserts that two numbers differ by at most a tolerance.",
      params: [got("number"), number("expected"), number("tolerance", { min: 0 }), MESSAGE],
      returns: RETURNS,
      raises: RAISES_FAILURE,
      source: "Assay",
      example: `assert.near(0.1 + 0.2, 0.3, 1e-9)`,
      run: (value, expected, tolerance, message) => {
        if (isNumber(value)) {
          const n = toDouble(value);
          if (n === expected || Math.abs(n - expected) <= tolerance) return value;
        }
        throw failed("near", `${plainText(expected)} within ${plainText(tolerance)}`, show(value), message);
      },
    }),
  ],
  undefined,
  [
    rawVariadic(
      "__call",
      {
        summary: "Raises an error when the value is false or nil; returns all its arguments otherwise.",
        params: [any("v"), optional(any("message", { summary: "the error object" })), rest(any("more"))],
        returns: [returns("…", "any", "all arguments")],
        raises: ["the message itself, without a position; `assertion failed!` without one"],
        source: "manual §6.2",
        example: `assert(1 + 1 == 2, "arithmetic")`,
      },
      luaAssert,
    ),
  ],
);

/** Lua's `assert`, behind the table it is called through. */
function luaAssert(args: Value[]): Results {
  const given = args.slice(1);
  if (truthy(given[0])) return results(given);
  // The table that is called is an argument too.
  if (given.length === 0) throw argumentError(2, "value expected");
  const message = given.length === 1 ? "assertion failed!" : given[1];
  if (typeof message === "string") throw failure(message);
  const error = new LuaError(message);
  error.coroutine = state.coroutine;
  error.base = state.top;
  throw error;
}
