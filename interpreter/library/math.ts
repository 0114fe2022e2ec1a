/** The math library (manual §6.8). */
import { lessThanValue } from "../access.ts";
import { failure } from "../error.ts";
import {
  any,
  argumentError,
  checkInteger,
  checkNumber,
  integer,
  type Library,
  library,
  number,
  optional,
  type Parameter,
  type Row,
  rawFn,
  rawVariadic,
  rest,
  returns,
} from "../native.ts";
import { floatToInteger, toInteger } from "../number.ts";
import { state } from "../state.ts";
import {
  float,
  isInteger,
  isNumber,
  LuaFloat,
  type Results,
  type Suspended,
  truthy,
  type Value,
  integer as wrap,
} from "../value.ts";
import { randomOf } from "./random.ts";
import { awaited, runSteps, type Steps } from "./steps.ts";

const SOURCE = "Lua 5.5 manual §6.8";

/** A row for the functions here: what differs is little. */
function row(
  summary: string,
  params: Parameter[],
  result: string,
  example: string,
  raises: string[] = [],
): Omit<Row, "run"> {
  return { summary, params, returns: [returns("result", result)], raises, source: SOURCE, example };
}

const x = [number("x")];

/** A double as an integer if it has one's value and range, else as the float it is. */
function integral(n: number): Value {
  return Number.isSafeInteger(n) ? n + 0 : (floatToInteger(n) ?? n);
}

function floor(value: Value): Value {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : integral(Math.floor(value));
  if (typeof value === "bigint") return value;
  return integral(Math.floor(checkNumber(value, 1)));
}

function ceil(value: Value): Value {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : integral(Math.ceil(value));
  if (typeof value === "bigint") return value;
  return integral(Math.ceil(checkNumber(value, 1)));
}

function abs(value: Value): Value {
  if (typeof value === "number") return Math.abs(value); // a safe integer stays one, a float too
  if (typeof value === "bigint") return wrap(value < 0n ? -value : value);
  return float(Math.abs(checkNumber(value, 1)));
}

function fmod(a: Value, b: Value): Value {
  if (isInteger(a) && isInteger(b)) {
    if (b === 0) throw argumentError(2, "zero");
    if (typeof a === "number" && typeof b === "number") return (a % b) + 0;
    return wrap(BigInt(a) % BigInt(b));
  }
  // In this order: the reference's compiler has C evaluate the last argument first.
  const divisor = checkNumber(b, 2);
  return float(checkNumber(a, 1) % divisor);
}

function modf(value: Value): Results {
  if (isInteger(value)) return [value, new LuaFloat(0)];
  const n = checkNumber(value, 1);
  const whole = Math.trunc(n);
  return [integral(whole), float(n === whole ? 0 : n - whole)];
}

const view = new DataView(new ArrayBuffer(8));

/** The mantissa (0.5 up to 1) and the exponent of a double (C's `frexp`). */
function split(n: number): [mantissa: number, exponent: number] {
  if (n === 0 || !Number.isFinite(n)) return [n, 0];
  // Subnormal numbers have no exponent of their own: scale them up first.
  const scaled = Math.abs(n) < 2 ** -1022 ? n * 2 ** 54 : n;
  view.setFloat64(0, scaled);
  const high = view.getUint32(0);
  view.setUint32(0, (high & 0x800fffff) | 0x3fe00000);
  return [view.getFloat64(0), ((high >>> 20) & 0x7ff) - 1022 - (scaled === n ? 0 : 54)];
}

/** `m` * 2^`e`, rounded once (C's `ldexp`). */
function scale(m: number, e: number): number {
  const [mantissa, own] = split(m);
  const exponent = own + e;
  if (mantissa === 0 || !Number.isFinite(mantissa)) return mantissa;
  if (exponent > 1024) return mantissa * Number.POSITIVE_INFINITY;
  if (exponent < -1100) return mantissa * 0;
  // Both steps are exact, except for the second one where the result is subnormal.
  const step = exponent < 0 ? Math.min(exponent + 1000, 0) : exponent - 1;
  return mantissa * 2 ** step * 2 ** (exponent - step);
}

function log(value: Value, base: Value): Value {
  const n = checkNumber(value, 1);
  if (base === undefined) return float(Math.log(n));
  const b = checkNumber(base, 2);
  if (b === 2) return float(Math.log2(n));
  if (b === 10) return float(Math.log10(n));
  return float(Math.log(n) / Math.log(b));
}

/** The largest argument (or smallest), by `<`. */
function extreme(args: Value[], largest: boolean): Results | Suspended {
  let best = args[0];
  if (typeof best === "number") {
    let i = 1;
    for (; i < args.length; i++) {
      const value = args[i];
      if (typeof value !== "number") break;
      if (largest ? best < value : value < best) best = value;
    }
    if (i === args.length) return best;
  }
  if (args.length === 0) throw argumentError(1, "value expected");
  return runSteps(extremeSlowly(args, largest), ...args);
}

function* extremeSlowly(args: Value[], largest: boolean): Steps<Results> {
  let best = args[0];
  for (let i = 1; i < args.length; i++) {
    const value = args[i];
    if (truthy(yield* awaited(largest ? lessThanValue(best, value) : lessThanValue(value, best)))) best = value;
  }
  return best;
}

function type(value: Value): Value {
  if (isNumber(value)) return isInteger(value) ? "integer" : "float";
  if (state.argc === 0) throw argumentError(1, "value expected");
  return undefined;
}

function tointeger(value: Value): Value {
  const n = toInteger(value);
  if (n === undefined && state.argc === 0) throw argumentError(1, "value expected");
  return n;
}

function ult(a: Value, b: Value): Value {
  const m = checkInteger(a, 1);
  const n = checkInteger(b, 2);
  return m < 0 === n < 0 ? m < n : n < 0;
}

function random(a: Value, b: Value): Value {
  const generator = randomOf(state.vm);
  generator.next();
  let low: number | bigint = 1;
  let high: number | bigint;
  switch (state.argc) {
    case 0: {
      const n = generator.fraction();
      return n === 0 ? new LuaFloat(0) : n;
    }
    case 1:
      high = checkInteger(a, 1);
      if (high === 0) return wrap(generator.integer());
      break;
    case 2:
      low = checkInteger(a, 1);
      high = checkInteger(b, 2);
      break;
    default:
      throw failure("wrong number of arguments");
  }
  if (low > high) throw argumentError(1, "interval is empty");
  if (typeof low === "number" && typeof high === "number" && high - low <= Number.MAX_SAFE_INTEGER) {
    return low + generator.project(high - low);
  }
  return wrap(BigInt(low) + generator.projectWide(BigInt(high) - BigInt(low)));
}

function randomseed(a: Value, b: Value): Results {
  const generator = randomOf(state.vm);
  let first: bigint;
  let second: bigint;
  if (state.argc === 0) {
    first = crypto.getRandomValues(new BigInt64Array(1))[0]!;
    generator.next();
    second = generator.integer();
  } else {
    first = BigInt(checkInteger(a, 1));
    second = b === undefined ? 0n : BigInt(checkInteger(b, 2));
  }
  generator.seed(first, second);
  return [wrap(first), wrap(second)];
}

export const mathLibrary: Library = library(
  "math",
  "Mathematical functions.",
  [
    rawFn("abs", row("The absolute value, of the argument's own type.", x, "number", "assert(math.abs(-3) == 3)"), abs),
    rawFn("acos", row("The arc cosine, in radians.", x, "number", "assert(math.acos(1) == 0)"), (n) =>
      float(Math.acos(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn("asin", row("The arc sine, in radians.", x, "number", "assert(math.asin(0) == 0)"), (n) =>
      float(Math.asin(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn(
      "atan",
      row(
        "The arc tangent of y / x in radians, in the quadrant that the signs tell.",
        [number("y"), optional(number("x", { summary: "default 1" }))],
        "number",
        "assert(math.atan(1, 1) == math.pi / 4)",
      ),
      (y, n) => {
        const dividend = checkNumber(y, 1);
        return float(Math.atan2(dividend, n === undefined ? 1 : checkNumber(n, 2)));
      },
    ),
    rawFn(
      "ceil",
      row("The smallest integral value not below x.", x, "integer|number", "assert(math.ceil(1.2) == 2)"),
      ceil,
    ),
    rawFn("cos", row("The cosine of an angle in radians.", x, "number", "assert(math.cos(0) == 1)"), (n) =>
      float(Math.cos(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn("deg", row("An angle in degrees, from radians.", x, "number", "assert(math.deg(math.pi) == 180)"), (n) =>
      float(checkNumber(n, 1) * (180 / Math.PI)),
    ),
    rawFn("exp", row("e to the power of x.", x, "number", "assert(math.exp(0) == 1)"), (n) =>
      float(Math.exp(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn(
      "floor",
      row("The largest integral value not above x.", x, "integer|number", "assert(math.floor(-1.5) == -2)"),
      floor,
    ),
    rawFn(
      "fmod",
      row(
        "The remainder of x / y with the quotient rounded towards zero.",
        [number("x"), number("y")],
        "number",
        "assert(math.fmod(-7, 3) == -1)",
        ["Both are integers and y is zero."],
      ),
      fmod,
    ),
    rawFn(
      "frexp",
      {
        summary: "The mantissa m and the exponent e for which x = m * 2^e, with m from 0.5 up to 1.",
        params: x,
        returns: [returns("m", "number"), returns("e", "integer")],
        raises: [],
        source: SOURCE,
        example: "local m, e = math.frexp(8) assert(m == 0.5 and e == 4)",
      },
      (value) => {
        const [mantissa, exponent] = split(checkNumber(value, 1));
        return [float(mantissa), exponent];
      },
    ),
    rawFn(
      "ldexp",
      row("m * 2^e.", [number("m"), integer("e")], "number", "assert(math.ldexp(0.5, 4) == 8)"),
      (m, e) => {
        const mantissa = checkNumber(m, 1);
        return float(scale(mantissa, Number(BigInt.asIntN(32, BigInt(checkInteger(e, 2))))));
      },
    ),
    rawFn(
      "log",
      row(
        "The logarithm of x.",
        [number("x"), optional(number("base", { summary: "default e" }))],
        "number",
        "assert(math.log(8, 2) == 3)",
      ),
      log,
    ),
    rawVariadic(
      "max",
      row("The largest argument, by `<`.", [any("x"), rest(any("..."))], "any", "assert(math.max(1, 3, 2) == 3)", [
        "There is no argument, or two cannot be compared.",
      ]),
      (args) => extreme(args, true),
    ),
    rawVariadic(
      "min",
      row("The smallest argument, by `<`.", [any("x"), rest(any("..."))], "any", "assert(math.min(2, 1, 3) == 1)", [
        "There is no argument, or two cannot be compared.",
      ]),
      (args) => extreme(args, false),
    ),
    rawFn(
      "modf",
      {
        summary: "The integral part of x and its fractional part, which is always a float.",
        params: x,
        returns: [returns("whole", "integer|number"), returns("fraction", "number")],
        raises: [],
        source: SOURCE,
        example: "local whole, fraction = math.modf(-2.5) assert(whole == -2 and fraction == -0.5)",
      },
      modf,
    ),
    rawFn("rad", row("An angle in radians, from degrees.", x, "number", "assert(math.rad(180) == math.pi)"), (n) =>
      float(checkNumber(n, 1) * (Math.PI / 180)),
    ),
    rawFn(
      "random",
      row(
        "A pseudo-random number: a float from 0 up to 1, an integer from 1 to m, or one from m to n; " +
          "for m = 0 an integer of 64 random bits. Not for secrets.",
        [optional(integer("m")), optional(integer("n"))],
        "number",
        "local n = math.random(6) assert(n >= 1 and n <= 6)",
        ["The interval is empty.", "There are more than two arguments."],
      ),
      random,
    ),
    rawFn(
      "randomseed",
      {
        summary: "Seeds the generator: with two integers, the second 0 by default, or at random without arguments.",
        params: [optional(integer("x")), optional(integer("y"))],
        returns: [returns("x", "integer"), returns("y", "integer", "the seed that was used")],
        raises: [],
        source: SOURCE,
        example: "math.randomseed(42) local a = math.random(0) math.randomseed(42) assert(a == math.random(0))",
      },
      randomseed,
    ),
    rawFn("sin", row("The sine of an angle in radians.", x, "number", "assert(math.sin(0) == 0)"), (n) =>
      float(Math.sin(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn("sqrt", row("The square root.", x, "number", "assert(math.sqrt(9) == 3)"), (n) =>
      float(Math.sqrt(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn("tan", row("The tangent of an angle in radians.", x, "number", "assert(math.tan(0) == 0)"), (n) =>
      float(Math.tan(typeof n === "number" ? n : checkNumber(n, 1))),
    ),
    rawFn(
      "tointeger",
      row(
        "The integer that x can be converted to, else nil.",
        [any("x")],
        "integer?",
        `assert(math.tointeger("8") == 8)`,
      ),
      tointeger,
    ),
    rawFn(
      "type",
      row(
        `"integer" or "float"; nil for what is not a number.`,
        [any("x")],
        "string?",
        `assert(math.type(1.0) == "float")`,
      ),
      type,
    ),
    rawFn(
      "ult",
      row(
        "Whether m is below n when both are taken as unsigned integers.",
        [integer("m"), integer("n")],
        "boolean",
        "assert(math.ult(1, -1))",
      ),
      ult,
    ),
  ],
  () => ({
    huge: Number.POSITIVE_INFINITY,
    maxinteger: 0x7fff_ffff_ffff_ffffn,
    mininteger: -0x8000_0000_0000_0000n,
    pi: Math.PI,
  }),
);
