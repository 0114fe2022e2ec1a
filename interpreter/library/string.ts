/** The string library (manual §6.5), and the metatable that all strings share. */
import { Continuation, call } from "../call.ts";
import { basicType, failure } from "../error.ts";
import { NativeFunction } from "../function.ts";
import { chargeString } from "../memory.ts";
import { metatableOf } from "../metatable.ts";
import {
  any,
  argumentError,
  boolean,
  checkIndex,
  checkInteger,
  checkString,
  integer,
  type Library,
  library,
  optional,
  type Parameter,
  type Row,
  rawFn,
  rawVariadic,
  rest,
  returns,
  string,
} from "../native.ts";
import { suspend } from "../nodes/node.ts";
import { toNumber } from "../number.ts";
import { ADD, DIV, IDIV, MOD, MUL, type Operator, POW, SUB, UNM, ZeroDivision } from "../operators.ts";
import { MAX_REGISTERS, state } from "../state.ts";
import type { LuaTable } from "../table.ts";
import { first, NOTHING, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { format } from "./format.ts";
import { pack, packSize, unpack } from "./pack.ts";
import { endIndex, find, gmatch, matchString, startIndex } from "./search.ts";
import { reserveString } from "./size.ts";
import { gsub } from "./substitute.ts";

// --- bytes and pieces -------------------------------------------------------------------------------------------------

function sub(subject: Value, from: Value, to: Value): Value {
  const s = typeof subject === "string" ? subject : checkString(subject, 1);
  const length = s.length;
  const start = startIndex(checkIndex(from, 2), length);
  const end = to === undefined ? length : endIndex(checkIndex(to, 3), length);
  if (start >= end) return "";
  if (end - start === length) return s;
  chargeString(end - start);
  return s.substring(start, end);
}

/** Registers that are left out of what results may fill. */
const SPARE = 3;

function byte(subject: Value, from: Value, to: Value): Results {
  const s = typeof subject === "string" ? subject : checkString(subject, 1);
  const position = from === undefined ? 1 : checkIndex(from, 2);
  const start = startIndex(position, s.length);
  const end = to === undefined ? endIndex(position, s.length) : endIndex(checkIndex(to, 3), s.length);
  const count = end - start;
  if (count === 1) return s.charCodeAt(start);
  if (count <= 0) return NOTHING;
  if (count > MAX_REGISTERS - SPARE - state.top) throw failure("stack overflow (string slice too long)");
  const codes: Value[] = [];
  for (let i = start; i < end; i++) codes.push(s.charCodeAt(i));
  return codes;
}

function char(args: Value[]): Value {
  for (let i = 0; i < args.length; i++) {
    const code = args[i];
    const n = typeof code === "number" && Number.isSafeInteger(code) ? code : checkInteger(code, i + 1);
    if (n < 0 || n > 255) throw argumentError(i + 1, "value out of range");
    args[i] = n;
  }
  chargeString(args.length);
  const codes = args as number[];
  if (codes.length === 1) return String.fromCharCode(codes[0]!);
  if (codes.length <= 8) {
    let text = "";
    for (let i = 0; i < codes.length; i++) text += String.fromCharCode(codes[i]!);
    return text;
  }
  return Buffer.from(codes).toString("latin1");
}

function len(subject: Value): Value {
  return typeof subject === "string" ? subject.length : checkString(subject, 1).length;
}

/** The longest string the reference would try to make (`MAX_SIZE`). */
const MAX_SIZE = 2n ** 63n - 1n;

function rep(subject: Value, times: Value, between: Value): Value {
  const s = checkString(subject, 1);
  const n = checkIndex(times, 2);
  const separator = between === undefined ? "" : checkString(between, 3);
  if (n <= 0) return "";
  const unit = s.length + separator.length;
  // Exact where rounding could hide which side of the limit it is.
  if (unit * n >= 2 ** 62 && BigInt(unit) > MAX_SIZE / BigInt(checkInteger(times, 2))) {
    throw failure("resulting string too large");
  }
  const length = unit * n - separator.length;
  if (length > 64) reserveString(length);
  chargeString(length);
  return separator === "" ? s.repeat(length === 0 ? 0 : n) : (s + separator).repeat(n - 1) + s;
}

/** Strings shorter than this are reversed char by char, which costs less than a trip through a buffer. */
const SHORT = 24;

function reverse(subject: Value): Value {
  const s = checkString(subject, 1);
  if (s.length > SHORT) {
    reserveString(s.length);
    chargeString(s.length);
    return Buffer.from(s, "latin1").reverse().toString("latin1");
  }
  chargeString(s.length);
  let reversed = "";
  for (let i = s.length - 1; i >= 0; i--) reversed += s.charAt(i);
  return reversed;
}

/** Strings up to this length are made without a look at the memory limit. */
const UNCHECKED = 100_000;

const NOT_ASCII = /[\x80-\xff]/;

/** Letters beyond ASCII are no letters in the C locale, but JavaScript would change them. */
function lower(subject: Value): Value {
  const s = checkString(subject, 1);
  if (s.length > UNCHECKED) reserveString(s.length);
  chargeString(s.length);
  return NOT_ASCII.test(s) ? s.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : s.toLowerCase();
}

function upper(subject: Value): Value {
  const s = checkString(subject, 1);
  if (s.length > UNCHECKED) reserveString(s.length);
  chargeString(s.length);
  return NOT_ASCII.test(s) ? s.replace(/[a-z]+/g, (letters) => letters.toUpperCase()) : s.toUpperCase();
}

// --- the metatable ----------------------------------------------------------------------------------------------------

/** What the reference says when arithmetic on strings fails: `attempt to add a 'string' with a 'number'`. */
export function stringArithmeticError(event: string, a: Value, b: Value): string {
  return `attempt to ${event.replace("__", "")} a '${basicType(a)}' with a '${basicType(b)}'`;
}

class FirstContinuation extends Continuation {
  override proceed(_saved: unknown, value: Results): Results | Suspended {
    return first(value);
  }
}
const FIRST = new FirstContinuation();

/**
 * A metamethod of strings: arithmetic on what they can be converted to. If they cannot, the second operand's
 * metamethod is the last chance; the first one's would have been called instead of this.
 */
function arithmetic(event: string, operator: Operator): NativeFunction {
  const run = (a?: Value, second?: Value): Results | Suspended => {
    // With one argument the reference finds its converted copy in the second place.
    const b = state.argc === 1 ? a : second;
    if (toNumber(a) !== undefined && toNumber(b) !== undefined) {
      try {
        return operator.raw(operator === UNM ? b : a, b); // a unary operator gets its operand twice
      } catch (error) {
        throw error instanceof ZeroDivision ? failure(error.message, 0) : error;
      }
    }
    const handler = typeof b === "string" ? undefined : metatableOf(b)?.getString(event);
    if (handler === undefined) throw failure(stringArithmeticError(event, a, b));
    const given = call(handler, [a, b]);
    return given === SUSPENDED ? suspend(FIRST, state.top, 0) : first(given);
  };
  return new NativeFunction(event, run, undefined);
}

const ARITHMETIC: [event: string, operator: Operator][] = [
  ["__add", ADD],
  ["__sub", SUB],
  ["__mul", MUL],
  ["__mod", MOD],
  ["__pow", POW],
  ["__div", DIV],
  ["__idiv", IDIV],
  ["__unm", UNM],
];

/** The metatable of a virtual machine's strings; `strings` is its string library. */
export function stringMetatable(vm: VirtualMachine, strings: Value = vm.globals.getString("string")): LuaTable {
  const metatable = vm.newTable();
  for (const [event, operator] of ARITHMETIC) metatable.setConstant(event, arithmetic(event, operator));
  metatable.setConstant("__index", strings);
  return metatable;
}

// --- rows -------------------------------------------------------------------------------------------------------------

const SOURCE = "Lua 5.5 manual §6.5";
const PATTERNS = "Lua 5.5 manual §6.5, §6.5.1 (patterns)";
const PACKING = "Lua 5.5 manual §6.5, §6.5.2 (format strings)";

function row(
  summary: string,
  params: Parameter[],
  result: string,
  example: string,
  raises: string[] = [],
): Omit<Row, "run"> {
  return { summary, params, returns: [returns("result", result)], raises, source: SOURCE, example };
}

const s = string("s");
const pattern = string("pattern");
const init = optional(integer("init", { summary: "where to begin, from 1; default 1, negative from the end" }));
const MALFORMED = "The pattern is malformed or too complex.";
const TOO_LARGE = "The result is too large for the memory.";

/** A replacement: `gsub` accepts any of three types. */
const replacement: Parameter = {
  ...any("repl", {
    summary: "text with %0 to %9 for captures, a table to look the first capture up in, or a function",
  }),
  type: "string|table|fun(...: string|integer): any",
};

export const stringLibrary: Library = library("string", "Strings of bytes, patterns, and binary formats.", [
  rawFn(
    "byte",
    {
      ...row(
        "The values of the bytes from position i to j.",
        [s, optional(integer("i", { summary: "default 1" })), optional(integer("j", { summary: "default i" }))],
        "integer",
        `assert(string.byte("A") == 65)`,
        ["There would be more results than the stack can hold."],
      ),
      returns: [returns("...", "integer")],
    },
    byte,
  ),
  rawVariadic(
    "char",
    row(
      "The string of the given bytes.",
      [rest(integer("byte", { summary: "0 to 255" }))],
      "string",
      `assert(string.char(72, 105) == "Hi")`,
      ["A value is not from 0 to 255."],
    ),
    char,
  ),
  rawVariadic(
    "find",
    {
      summary: "Where the first match of a pattern begins and ends, followed by its captures; nil if there is none.",
      params: [s, pattern, init, optional(boolean("plain", { summary: "the pattern is a plain text" }))],
      returns: [returns("first", "integer?"), returns("last", "integer?"), returns("...", "string|integer")],
      raises: [MALFORMED],
      source: PATTERNS,
      example: `local first, last, word = ("key = value"):find("= (%w+)") assert(first == 5 and last == 11 and word == "value")`,
    },
    find,
  ),
  rawVariadic(
    "format",
    row(
      "Formats values as C's printf does: %d %i %u %c %x %X %o %e %E %f %g %G %a %A %p %s, and %q for a Lua literal.",
      [string("format"), rest(any("..."))],
      "string",
      `assert(("%5.2f|%-4s|%03d"):format(1.5, "ab", 7) == " 1.50|ab  |007")`,
      ["The format is malformed, or an argument does not fit it."],
    ),
    format,
  ),
  rawFn(
    "gmatch",
    {
      summary: "Iterates over the matches of a pattern: their captures, or the whole matches.",
      params: [s, pattern, init],
      returns: [returns("iterator", "fun(): string|integer|nil, ...")],
      raises: [MALFORMED],
      source: PATTERNS,
      example: `local words = {} for word in ("a b"):gmatch("%w+") do words[#words + 1] = word end assert(#words == 2)`,
    },
    gmatch,
  ),
  rawVariadic(
    "gsub",
    {
      summary: "Replaces matches of a pattern; a function or table that gives nil or false keeps the match.",
      params: [s, pattern, replacement, optional(integer("n", { summary: "replacements at most; default all" }))],
      returns: [returns("result", "string"), returns("count", "integer", "replacements made")],
      raises: [MALFORMED, "The replacement is neither a string nor a number.", TOO_LARGE],
      source: PATTERNS,
      example: `assert(("hello world"):gsub("o", "0") == "hell0 w0rld")`,
    },
    gsub,
  ),
  rawFn("len", row("The count of bytes.", [s], "integer", `assert(string.len("abc") == 3)`), len),
  rawFn(
    "lower",
    row("With the letters A to Z in lower case.", [s], "string", `assert(("ABC"):lower() == "abc")`),
    lower,
  ),
  rawFn(
    "match",
    {
      summary: "The captures of the first match of a pattern, or the whole match; nil if there is none.",
      params: [s, pattern, init],
      returns: [returns("...", "string|integer|nil")],
      raises: [MALFORMED],
      source: PATTERNS,
      example: `assert(("v1.25"):match("(%d+)%.(%d+)") == "1")`,
    },
    matchString,
  ),
  rawFn(
    "rep",
    row(
      "A string n times, with a separator in between.",
      [s, integer("n"), optional(string("sep", { summary: "default empty" }))],
      "string",
      `assert(("ab"):rep(3, ",") == "ab,ab,ab")`,
      [TOO_LARGE],
    ),
    rep,
  ),
  rawFn(
    "reverse",
    row("With the bytes in reverse order.", [s], "string", `assert(("abc"):reverse() == "cba")`),
    reverse,
  ),
  rawFn(
    "sub",
    row(
      "The bytes from position i to j; negative positions count from the end.",
      [s, integer("i"), optional(integer("j", { summary: "default -1" }))],
      "string",
      `assert(("hello"):sub(-3) == "llo")`,
    ),
    sub,
  ),
  rawFn(
    "upper",
    row("With the letters a to z in upper case.", [s], "string", `assert(("abc"):upper() == "ABC")`),
    upper,
  ),
  rawVariadic(
    "pack",
    {
      summary: "Values in binary form.",
      params: [string("fmt"), rest(any("..."))],
      returns: [returns("bytes", "string")],
      raises: ["The format is malformed, or a value does not fit it."],
      source: PACKING,
      example: `assert(string.pack("<I2", 258) == "\\2\\1")`,
    },
    pack,
  ),
  rawFn(
    "packsize",
    {
      summary: "The count of bytes that `string.pack` makes by a format of fixed length.",
      params: [string("fmt")],
      returns: [returns("size", "integer")],
      raises: ["The format is malformed, of variable length, or too large."],
      source: PACKING,
      example: `assert(string.packsize("<i4 i8") == 12)`,
    },
    packSize,
  ),
  rawFn(
    "unpack",
    {
      summary: "The values that bytes stand for, then the position behind them.",
      params: [string("fmt"), s, optional(integer("pos", { summary: "default 1" }))],
      returns: [returns("...", "any"), returns("next", "integer")],
      raises: ["The format is malformed, or the data are too short for it."],
      source: PACKING,
      example: `assert(string.unpack("<I2", "\\2\\1") == 258)`,
    },
    unpack,
  ),
]);
