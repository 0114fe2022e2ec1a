import { expect, test } from "bun:test";
import { run } from "../../lua.ts";
import { expressions } from "./expressions.ts";

expressions("rounding, manual §6.8", [
  [`math.floor(3.7), math.floor(-3.2), math.floor(5), math.floor(-0.0)`, "3 -4 5 0"],
  [`math.ceil(3.2), math.ceil(-3.7), math.ceil(-0.5), math.ceil("2.5")`, "4 -3 0 3"],
  [
    `math.floor(2^53), math.floor(2^62), math.floor(2^63), math.floor(-2^63)`,
    "9007199254740992 4611686018427387904 9.2233720368547758e+18 -9223372036854775808",
  ],
  [`math.floor(1/0), math.ceil(-1/0)`, "inf -inf"],
  [`math.modf(3.5)`, "3 0.5"],
  [`math.modf(-3.5)`, "-3 -0.5"],
  [`math.modf(5)`, "5 0.0"],
  [`math.modf(-1/0)`, "-inf 0.0"],
  [
    `math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), math.tointeger({}), math.tointeger(2^63)`,
    "3 nil 8 nil nil",
  ],
  [`math.tointeger()`, "! bad argument #1 to 'tointeger' (value expected)"],
  [`math.floor("x")`, "! bad argument #1 to 'floor' (number expected, got string)"],
  [`math.floor()`, "! bad argument #1 to 'floor' (number expected, got no value)"],
]);

expressions("integers and floats", [
  [
    `math.abs(-5), math.abs(-5.0), math.abs(math.mininteger), math.abs(-0.0), math.abs("-2")`,
    "5 5.0 -9223372036854775808 0.0 2.0",
  ],
  [`math.type(1), math.type(1.0), math.type("1"), math.type(nil)`, "integer float nil nil"],
  [`math.type()`, "! bad argument #1 to 'type' (value expected)"],
  [
    `math.ult(1, -1), math.ult(-1, 1), math.ult(-2, -1), math.ult(math.maxinteger, math.mininteger)`,
    "true false true true",
  ],
  [
    `math.fmod(-6, 4), math.fmod(6, -4), math.fmod(-6, 2), math.fmod(5.5, -2), math.fmod(math.mininteger, -1)`,
    "-2 2 0 1.5 0",
  ],
  [`math.fmod(math.mininteger, 10), math.fmod(7, math.maxinteger)`, "-8 7"],
  [`math.fmod(1, 0)`, "! bad argument #2 to 'fmod' (zero)"],
  [`math.max(1, 2.5, -1), math.min(3, 1, 2), math.max(2, 2.0), math.min(2.0, 2)`, "2.5 1 2 2.0"],
  [`math.max(math.maxinteger, 2^53), math.min(math.mininteger, -1/0)`, "9223372036854775807 -inf"],
  [`math.max("10", "9"), math.max("a")`, "9 a"],
  [`math.max()`, "! bad argument #1 to 'max' (value expected)"],
  [`math.max(1, "2")`, "! attempt to compare number with string"],
  [
    `(function() local mt = { __lt = function(a, b) for _ = 1, 3 do end return a.n < b.n end } local o = function(n) return setmetatable({ n = n }, mt) end return math.max(o(1), o(7), o(3)).n, math.min(o(4), o(2)).n end)()`,
    "7 2",
  ],
  [
    `math.maxinteger, math.mininteger, math.pi, math.huge`,
    "9223372036854775807 -9223372036854775808 3.1415926535897931 inf",
  ],
]);

expressions("functions of floats", [
  [`math.sqrt(2), math.sqrt(9), math.exp(0), math.exp(1)`, "1.4142135623730951 3.0 1.0 2.7182818284590451"],
  [`math.sin(0), math.cos(0), math.tan(0), math.asin(1), math.acos(1)`, "0.0 1.0 0.0 1.5707963267948966 0.0"],
  [`math.atan(1), math.atan(1, -1), math.atan(-0.0, -1)`, "0.78539816339744828 2.3561944901923448 -3.1415926535897931"],
  [`math.log(8, 2), math.log(1000, 10), math.log(27, 3), math.log(1), math.log(0)`, "3.0 3.0 3.0 0.0 -inf"],
  [`math.deg(math.pi), math.rad(180)`, "180.0 3.1415926535897931"],
  [`math.frexp(8)`, "0.5 4"],
  [`math.frexp(-0.0)`, "-0.0 0"],
  [`math.frexp(2^-1074)`, "0.5 -1073"],
  [
    `math.ldexp(0.5, 4), math.ldexp(1, -1074), math.ldexp(1, 5000), math.ldexp(3, -1075)`,
    "8.0 4.94065645841247e-324 inf 9.88131291682493e-324",
  ],
]);

expressions("math.random gives the reference's numbers for a seed", [
  [`math.randomseed(42)`, "42 0"],
  [`math.randomseed(1, 2)`, "1 2"],
  [
    `(function() math.randomseed(42) return math.random(), math.random(10), math.random(0) end)()`,
    "0.93081217803956817 2 -8358531260401861301",
  ],
  [
    `(function() math.randomseed(7, -3) return math.random(-5, 5), math.random(1 << 40), math.random(math.mininteger, math.maxinteger) end)()`,
    "4 776320001684 6445862007698944162",
  ],
  [`math.random(2, 1)`, "! bad argument #1 to 'random' (interval is empty)"],
  [`math.random(1, 2, 3)`, "! wrong number of arguments"],
  [`math.random(1.5)`, "! bad argument #1 to 'random' (number has no integer representation)"],
  [`math.randomseed("x")`, "! bad argument #1 to 'randomseed' (number expected, got string)"],
  [`math.random(3, 3)`, "3"],
]);

test("each virtual machine has a generator of its own, seeded at random", async () => {
  const draw = () => run(`return math.random(0), math.random(0)`);
  expect(await draw()).not.toEqual(await draw());
  const source = `local a, b = math.randomseed() local n = math.random(0) math.randomseed(a, b) return n == math.random(0)`;
  expect(await run(source)).toEqual([true]);
});
