import { describe, test } from "bun:test";
import fc from "fast-check";
import { agree } from "./agreement.ts";
import { available, exact } from "./reference.ts";

/** Source of a float with exactly these bits. */
function bits(value: number): string {
  const bytes = new Uint8Array(new Float64Array([value]).buffer);
  return `(string.unpack("<d", "${[...bytes].map((byte) => `\\${byte}`).join("")}"))`;
}

const special = fc.constantFrom(
  0,
  -0,
  1,
  -1,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 63),
  1 / 0,
  -1 / 0,
  5e-324,
  1e15,
  1e16,
  0.1,
);
const double = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
  special,
);
const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n),
);
/** Decimal digits of the lowest integer are a float. */
const integerSource = integer.map((n) => (n === -(2n ** 63n) ? "math.mininteger" : `(${n})`));
const number = fc.oneof(integerSource, double.map(bits));

const flags = fc.constantFrom("", "", "-", "+", " ", "#", "0", "-+", "+0", "#0", "- ", "+#");
const width = fc.constantFrom("", "", "1", "5", "20", "99", "100");
const precision = fc.constantFrom("", "", ".", ".0", ".1", ".3", ".10", ".17", ".30", ".99", ".100");

function format(conversions: string, values: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(flags, width, precision, fc.constantFrom(...conversions), values)
    .map(([f, w, p, conversion, value]) => `out(pcall(string.format, "[%${f}${w}${p}${conversion}]", ${value}))`);
}

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 0, maxLength: 24 });
const hexDigits = fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF"), minLength: 0, maxLength: 20 });
const exponent = fc.tuple(fc.constantFrom("", "+", "-"), fc.integer({ min: 0, max: 400 })).map(([sign, n]) => sign + n);
/** Something like a numeral, manual §3.1. */
const numeral = fc.oneof(
  digits,
  fc.tuple(digits, digits).map(([a, b]) => `${a}.${b}`),
  fc.tuple(digits, digits, exponent).map(([a, b, e]) => `${a}.${b}e${e}`),
  fc.tuple(digits, exponent).map(([a, e]) => `${a}E${e}`),
  hexDigits.map((a) => `0x${a}`),
  fc.tuple(hexDigits, hexDigits).map(([a, b]) => `0X${a}.${b}`),
  fc.tuple(hexDigits, hexDigits, exponent).map(([a, b, e]) => `0x${a}.${b}p${e}`),
  fc.string({ unit: fc.constantFrom(..."0123456789abefxpXPE.+- _in"), maxLength: 8 }),
);
const space = fc.constantFrom("", "", "", " ", "\\t\\n", "  ", "\\0", "\\v", "\\160");
const numberText = fc
  .tuple(space, fc.constantFrom("", "", "-", "+", "- "), numeral, space)
  .map(([before, sign, text, after]) => `"${before}${sign}${text}${after}"`);

const operators = ["+", "-", "*", "/", "//", "%", "&", "|", "~", "<<", ">>", "==", "<", "<=", "~="];
const functions = [
  "math.max",
  "math.min",
  "math.fmod",
  "math.ult",
  "math.floor",
  "math.ceil",
  "math.abs",
  "math.tointeger",
];

const properties: [name: string, runs: number, cases: fc.Arbitrary<string>][] = [
  ["string.format of floats", 500, format("eEfFgG", double.map(bits))],
  ["string.format of floats in hexadecimal", 233, format("aA", double.map(bits))],
  ["string.format of integers", 233, format("dixXoc", integerSource)],
  ["string.format of either", 166, format(`dxaegqu${exact ? "s" : ""}`, number)],
  ["%q", 100, number.map((n) => `local s = string.format("%q", ${n}) out(s, load("return " .. s)())`)],
  ["tonumber", 833, numberText.map((text) => `out(tonumber(${text}))`)],
  [
    "tonumber with a base",
    266,
    fc
      .tuple(
        fc.string({ unit: fc.constantFrom(..."0123456789abczXYZ -"), maxLength: 16 }),
        fc.integer({ min: 1, max: 37 }),
      )
      .map(([text, base]) => `out(pcall(tonumber, "${text}", ${base}))`),
  ],
  [
    "numerals",
    500,
    numeral.map((text) => `out(pcall(load, "return ${text}")) out(pcall(load("return ${text}") or id))`),
  ],
  [
    "arithmetic and comparisons",
    666,
    fc
      .tuple(number, fc.constantFrom(...operators), number)
      .map(
        ([a, op, b]) =>
          `local a, b = ${a}, ${b} out(pcall(function() return a ${op} b end)) out(a == b, a < b, a <= b)`,
      ),
  ],
  [
    "arithmetic of numbers as text",
    233,
    fc
      .tuple(numberText, fc.constantFrom(...operators), number)
      .map(([a, op, b]) => `out(pcall(function() return ${a} ${op} ${b} end)) out(pcall(function() return -${a} end))`),
  ],
  [
    "functions of math",
    333,
    fc.tuple(fc.constantFrom(...functions), number, number).map(([f, a, b]) => `out(pcall(${f}, ${a}, ${b}))`),
  ],
  [
    "unary operators and conversions",
    166,
    number.map((n) => `local n = ${n} out(-n, n + 0.0, math.type(n)) out(pcall(function() return ~n, n | 0 end))`),
  ],
  [
    "numeric for",
    233,
    fc
      .tuple(number, number, number)
      .map(
        ([a, b, c]) =>
          `local n = 0 out(pcall(function() for i = ${a}, ${b}, ${c} do n = n + 1 if n > 5 then break end out(i) end end))`,
      ),
  ],
];

describe.skipIf(!available)("numbers", () => {
  test.each(properties)(
    "%s",
    async (_name, runs, cases) => {
      await agree({ cases, source: (text) => text, runs });
    },
    600_000,
  );
});
