import { expect, test } from "bun:test";
import { run, runError } from "../../lua.ts";
import { expressions } from "./expressions.ts";

expressions("pieces, manual §6.5", [
  [`("hello"):byte()`, "104"],
  [`("hello"):byte(-1)`, "111"],
  [`("hello"):byte(2, 4)`, "101 108 108"],
  [`("hello"):byte(10)`, ""],
  [`("hello"):byte(-10, 2)`, "104 101"],
  [`("hello"):byte(0, -5)`, "104"],
  [`string.byte(42, 1, -1)`, "52 50"],
  [`("x"):byte(math.mininteger, math.maxinteger)`, "120"],
  [`string.char()`, ""],
  [`string.char(0, 255, 65)`, "\\0\\255A"],
  [`string.char(("abcdefghijklmnop"):byte(1, -1))`, "abcdefghijklmnop"],
  [`string.char(256)`, "! bad argument #1 to 'char' (value out of range)"],
  [`string.char(1, -1)`, "! bad argument #2 to 'char' (value out of range)"],
  [`string.char(1.5)`, "! bad argument #1 to 'char' (number has no integer representation)"],
  [`("hello"):sub(2)`, "ello"],
  [`("hello"):sub(2, -2)`, "ell"],
  [`("hello"):sub(-100, 100)`, "hello"],
  [`("hello"):sub(4, 2)`, ""],
  [`("hello"):sub(math.mininteger, -math.maxinteger)`, ""],
  [`("hello"):sub(2.0, "3")`, "el"],
  [`("hello"):sub()`, "! bad argument #1 to 'sub' (number expected, got no value)"],
  [`("hello"):sub({})`, "! bad argument #1 to 'sub' (number expected, got table)"],
  [`string.len("a\\0b")`, "3"],
  [`string.len()`, "! bad argument #1 to 'len' (string expected, got no value)"],
  [`string.len(nil)`, "! bad argument #1 to 'len' (string expected, got nil)"],
  [`("Hello \\xC4\\xFF"):lower()`, "hello \\196\\255"],
  [`("Hello \\xE4\\xFF"):upper()`, "HELLO \\228\\255"],
  [`("abc"):reverse(), (""):reverse()`, "cba "],
  [`("0123456789"):rep(4):reverse():sub(1, 12)`, "987654321098"],
  [`("ab"):rep(3), ("ab"):rep(0), ("ab"):rep(-1)`, "ababab  "],
  [`("ab"):rep(3, "--"), ("x"):rep(1, "sep"), (""):rep(3, ",")`, "ab--ab--ab x ,,"],
  [`("x"):rep(math.maxinteger, "yy")`, "! resulting string too large"],
  [`("x"):rep(1 << 40)`, "! not enough memory"],
  [`#("x"):rep(100000)`, "100000"],
]);

expressions("arithmetic of strings, manual §3.4.3", [
  [`"10" + 1, "0x10" * "2", "3" ^ 2, -"2", "7" // "2", "7.0" % 4`, "11 32 9.0 -2 3 3.0"],
  [`"abc" + 1`, "! attempt to add a 'string' with a 'number'"],
  [`{} - "1"`, "! attempt to sub a 'table' with a 'string'"],
  [`-"x"`, "! attempt to unm a 'string' with a 'string'"],
  [`"a" // "b"`, "! attempt to idiv a 'string' with a 'string'"],
  [`"10" + setmetatable({}, { __add = function(a, b) return a .. "+table" end })`, "10+table"],
  [`"abc" * setmetatable({}, { __mul = function(a) for _ = 1, 3 do end return a, 2 end })`, "abc"],
  [`getmetatable("").__add("1", "2.5"), getmetatable("").__unm("3")`, "3.5 -3"],
  [`getmetatable("").__index == string, ("x").rep == string.rep`, "true true"],
]);

test("byte refuses more results than the stack holds", async () => {
  expect(await runError(`return string.byte(("x"):rep(1e7), 1, -1)`)).toEndWith("string slice too long)");
  expect(await run(`return select("#", string.byte(("x"):rep(1e5), 1, -1))`)).toEqual([100000]);
});

test("results that cannot fit the memory limit fail before they are made", async () => {
  const limits = { memoryBytes: 64 << 20, timeoutMs: 10_000 };
  for (const expression of [
    `("x"):rep(100000000)`,
    `("x"):rep(100, ("y"):rep(1000000))`,
    `("x"):rep(1000000):gsub("", ("y"):rep(1000000))`,
    `(("%s"):rep(90)):format(table.unpack((function() local t, s = {}, ("x"):rep(1000000) for i = 1, 90 do t[i] = s end return t end)()))`,
    `string.pack("c100000000", "x")`,
    `("a"):find(("a."):rep(1000000))`,
  ]) {
    expect(await run(`return pcall(function() return ${expression} end)`, { limits })).toEqual([
      false,
      "not enough memory",
    ]);
  }
});
