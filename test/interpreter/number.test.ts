import { expect, test } from "bun:test";
import { exponential, fixed, general } from "../../interpreter/decimal.ts";
import { formatNumber, parseNumber } from "../../interpreter/number.ts";
import { power } from "../../interpreter/power.ts";
import { float, LuaFloat } from "../../interpreter/value.ts";

test.each([
  // float, its text: manual §3.4.3; 15 digits if they read back, else 17
  [0, "0.0"],
  [-0, "-0.0"],
  [3, "3.0"],
  [0.1, "0.1"],
  [0.1 + 0.2, "0.30000000000000004"],
  [1 / 3, "0.33333333333333331"],
  [123456.789, "123456.789"],
  [0.000123, "0.000123"],
  [0.00001, "1e-05"],
  [1e14, "100000000000000.0"],
  [1e15, "1e+15"],
  [2 ** 53, "9007199254740992.0"],
  [1e16, "1e+16"],
  [1e100, "1e+100"],
  [5e-324, "4.94065645841247e-324"],
  [2 ** -25, "2.9802322387695312e-08"], // 18 digits, the last one a tie
  [-1.5, "-1.5"],
  [Infinity, "inf"],
  [-Infinity, "-inf"],
])("tostring(%p) is %s", (n, text) => {
  expect(formatNumber(float(n))).toBe(text);
});

test.each([
  ["0", 0],
  ["-0", 0],
  ["  12\t\n", 12],
  ["+7", 7],
  ["007", 7],
  ["9007199254740993", 9007199254740993n],
  ["9223372036854775807", 9223372036854775807n],
  ["-9223372036854775808", -9223372036854775808n],
  ["9223372036854775808", 2 ** 63],
  ["1e400", Infinity],
  [".5", 0.5],
  ["5.", new LuaFloat(5)],
  ["1e2", new LuaFloat(100)],
  ["-0.0", new LuaFloat(-0)],
  ["3e-2", 0.03],
  ["0x10", 16],
  ["-0xff", -255],
  ["0xffffffffffffffff", -1],
  ["0x1ffffffffffffffff", -1],
  ["0x.8p1", new LuaFloat(1)],
  ["0xA.8", 10.5],
  ["0x1p-1074", 5e-324],
  ["0x1p-1075", new LuaFloat(0)],
  ["0x1.8p-1075", 5e-324],
  ["0x1.fffffffffffff8p1023", Infinity],
  [`0x${"f".repeat(400)}.8`, Infinity],
  [`0x0.${"0".repeat(300)}1p1204`, new LuaFloat(1)],
] as const)("tonumber(%p)", (text, n) => {
  expect(parseNumber(text)).toEqual(n);
});

test.each([
  "",
  " ",
  "0x",
  "0x.",
  "0x.p1",
  "0x1p",
  "1e",
  "1e+",
  ".",
  "1..2",
  "1 2",
  "- 1",
  "--1",
  "1\0",
  "inf",
  "nan",
  "1_0",
  "\u00a01",
])("tonumber(%p) is nil", (text) => {
  expect(parseNumber(text)).toBeUndefined();
});

test("long numerals take linear time", () => {
  const ones = "1".repeat(2_000_000);
  const began = performance.now();
  expect(parseNumber(`${ones}x`)).toBeUndefined();
  expect(parseNumber(ones)).toBe(Infinity);
  expect(parseNumber(`0x${ones}`)).toBe(0x1111111111111111n);
  expect(parseNumber(`0x.${ones}`)).toBe(1 / 15);
  expect(performance.now() - began).toBeLessThan(2000);
});

test("digits are rounded as C does it, ties to even", () => {
  expect([0.5, 1.5, 2.5].map((n) => fixed(n, 0))).toEqual(["0", "2", "2"]);
  expect([0.125, 0.375, 2.675, 1.005].map((n) => fixed(n, 2))).toEqual(["0.12", "0.38", "2.67", "1.00"]);
  expect(fixed(1e22, 1)).toBe("10000000000000000000000.0");
  expect(fixed(5e-324, 3)).toBe("0.000");
  expect(fixed(0.1, 25)).toBe("0.1000000000000000055511151");
  expect(exponential(2.5e15, 0)).toEqual({ mantissa: "2", exponent: 15 });
  expect(exponential(9.5, 0)).toEqual({ mantissa: "1", exponent: 1 });
  expect(exponential(4.5e22, 0)).toEqual({ mantissa: "4", exponent: 22 });
  expect([15, 25, 999999.5, 0.00001234].map((n) => general(n, 1))).toEqual(["2e+01", "2e+01", "1e+06", "1e-05"]);
  expect([1 / 7, 100, 1e6, 12345678].map((n) => general(n, 6))).toEqual(["0.142857", "100", "1e+06", "1.23457e+07"]);
  expect(general(0.5, 3, true)).toBe("0.500");
});

test.each([
  [2, 10, 1024],
  [10, 22, 1e22],
  [10, 15, 1e15],
  [3, 41, 3.6472996377170788e19],
  [1.1, 30, 17.449402268886448],
  [1.0000001, 999, 1.0000999049852339],
  [2, -1, 0.5],
  [2, 0.5, Math.SQRT2],
  [-8, 3, -512],
  [10, 308, 1e308],
  [0.5, 1000, 2 ** -1000],
  [0.3, 600, 1.873927704e-314],
  [10, 400, Infinity],
  [1, NaN, 1],
  [-1, Infinity, 1],
  [0, 0, 1],
])("%p ^ %p", (a, b, result) => {
  expect(power(a, b)).toBe(result);
});
