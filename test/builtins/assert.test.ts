import { describe, expect, test } from "bun:test";
import { fromText } from "../../interpreter/text.ts";
import { errorOf, results } from "./script.ts";

const passing = [
  `assert.eq(1, 1)`,
  `assert.eq(1, 1.0)`,
  `assert.eq("a", "a")`,
  `assert.eq(nil, nil)`,
  `assert.eq({}, {})`,
  `assert.eq({ 1, { a = { true } } }, { 1, { a = { true } } })`,
  `assert.eq({ 2^53 }, { 2^53 | 0 })`,
  `local a, b = {}, {} a.self, b.self = a, b assert.eq(a, b)`,
  `local m = { __eq = function() return true end } assert.eq(setmetatable({ 1 }, m), setmetatable({ 2 }, m))`,
  `local m = { __eq = function() sleep(0.001) return true end } assert.eq({ setmetatable({ 1 }, m) }, { setmetatable({ 2 }, m) })`,
  `assert.ne(1, 2)`,
  `assert.ne(1, "1")`,
  `assert.ne({ 1 }, { 1, 2 })`,
  `assert.gt(2, 1)`,
  `assert.gt("b", "a")`,
  `assert.gt(math.maxinteger, 2^53)`,
  `assert.ge(1, 1.0)`,
  `assert.lt(1, 2)`,
  `assert.le(1, 1)`,
  `local m = { __lt = function(a, b) sleep(0) return a[1] < b[1] end } assert.lt(setmetatable({ 1 }, m), setmetatable({ 2 }, m))`,
  `assert.contains("all good", "good")`,
  `assert.contains("a.c", ".")`,
  `assert.contains({ "a", "b" }, "b")`,
  `assert.matches("v1.22", [[^v\\d+]])`,
  `assert.not_nil(false)`,
  `assert.is_nil(nil)`,
  `assert.is_nil((function() end)())`,
  `assert.is_true(true)`,
  `assert.is_false(false)`,
  `assert.near(0.1 + 0.2, 0.3, 1e-9)`,
  `assert.near(math.huge, math.huge, 0)`,
  `assert.raises(function() error("x") end)`,
  `assert.raises(function() error("bad argument (x)") end, "(x)")`,
  `assert.raises(function() error("code 42") end, [[code \\d+]])`,
  `assert.raises(function() sleep(0.001) error("late") end, "late")`,
  `assert.raises(function() local function f() return 1 + f() end f() end, "overflow")`,
  `assert(assert.raises(function() error({ code = 7 }) end).code == 7)`,
  `assert(assert.eq(5, 5) == 5)`,
  `assert(select("#", assert(1, nil, 3)) == 3)`,
  `assert(type(assert) == "table" and pcall(assert, true))`,
];

const failing: [code: string, message: string][] = [
  [
    `assert.eq("degraded", "ok", "Grafana database unhealthy")`,
    `assert.eq failed: expected "ok", got "degraded" - Grafana database unhealthy`,
  ],
  [`assert.eq(1, 2)`, `assert.eq failed: expected 2, got 1`],
  [`assert.eq(1, 2.0)`, `assert.eq failed: expected 2.0, got 1`],
  [`assert.eq(200, "200")`, `assert.eq failed: expected "200", got 200`],
  [`assert.eq(nil, false)`, `assert.eq failed: expected false, got nil`],
  [
    `assert.eq({ a = { b = { 1, 2 } } }, { a = { b = { 1, 3 } } })`,
    `assert.eq failed: expected 3, got 2 (at $.a.b[2])`,
  ],
  [`assert.eq({ 1 }, { 1, 2 })`, `assert.eq failed: expected 2, got nil (at $[2])`],
  [`assert.eq({ 1, x = 5 }, { 1 })`, `assert.eq failed: expected nil, got 5 (at $.x)`],
  [`assert.eq({ ["a b"] = 1 }, { ["a b"] = 2 }, "m")`, `assert.eq failed: expected 2, got 1 (at $["a b"]) - m`],
  [`assert.eq({ 1, 2, k = "v" }, 5)`, `assert.eq failed: expected 5, got {1, 2, k = "v"}`],
  [`assert.eq("a\\n\\"\\\\\\0", "b")`, `assert.eq failed: expected "b", got "a\\n\\"\\\\\\x00"`],
  [`assert.eq("é", "\\xff")`, `assert.eq failed: expected "\\xff", got "é"`],
  [`assert.eq(("x"):rep(1000), "y")`, `assert.eq failed: expected "y", got "${"x".repeat(200)}…" (1000 bytes)`],
  [`assert.ne(1, 1.0)`, `assert.ne failed: expected a value other than 1.0, got 1`],
  [`assert.ne({ 1 }, { 1 }, "same")`, `assert.ne failed: expected a value other than {1}, got {1} - same`],
  [`assert.gt(1, 2)`, `assert.gt failed: expected greater than 2, got 1`],
  [`assert.gt(nil, 2)`, `assert.gt failed: expected greater than 2, got nil`],
  [`assert.gt("3", 2)`, `assert.gt failed: expected greater than 2, got "3"`],
  [`assert.ge(1, 2, "m")`, `assert.ge failed: expected at least 2, got 1 - m`],
  [`assert.lt(2, 1)`, `assert.lt failed: expected less than 1, got 2`],
  [`assert.le(2, 1)`, `assert.le failed: expected at most 1, got 2`],
  [`assert.lt(0/0, 1)`, `assert.lt failed: expected less than 1, got -nan`],
  [`assert.contains("abc", "x")`, `assert.contains failed: expected text containing "x", got "abc"`],
  [`assert.contains(nil, "x", "m")`, `assert.contains failed: expected text containing "x", got nil - m`],
  [`assert.contains({ 1 }, 2)`, `assert.contains failed: expected a list containing 2, got {1}`],
  [`assert.matches("abc", "^b")`, `assert.matches failed: expected text matching "^b", got "abc"`],
  [`assert.matches("abc", "(")`, `assert.matches: bad pattern at position 1: missing closing )`],
  [`assert.not_nil(nil, "no version")`, `assert.not_nil failed: expected a value, got nil - no version`],
  [`assert.is_nil(0)`, `assert.is_nil failed: expected nil, got 0`],
  [`assert.is_true(1)`, `assert.is_true failed: expected true, got 1`],
  [`assert.is_false(nil)`, `assert.is_false failed: expected false, got nil`],
  [`assert.near(1, 2, 0.5)`, `assert.near failed: expected 2 within 0.5, got 1`],
  [`assert.near("1", 2, 0.5)`, `assert.near failed: expected 2 within 0.5, got "1"`],
  [`assert.near(0/0, 2, 0.5)`, `assert.near failed: expected 2 within 0.5, got -nan`],
  [`assert.raises(function() end)`, `assert.raises failed: expected an error, got none`],
  [`assert.raises(function() sleep(0) end, "x")`, `assert.raises failed: expected an error matching "x", got none`],
  [
    `assert.raises(function() error("boom", 0) end, "bang")`,
    `assert.raises failed: expected an error matching "bang", got "boom"`,
  ],
  [`assert.raises(5)`, `bad argument #1 to 'assert.raises' (function expected, got number)`],
  [`assert.eq(1, 1, {})`, `bad argument #3 to 'assert.eq' (string expected, got table)`],
  [`assert.near(1, "x", 1)`, `bad argument #2 to 'assert.near' (number expected, got string)`],
];

/** `assert` itself, as the reference answers: no position is added to a message. */
const plain: [code: string, message: string][] = [
  [`assert(false)`, "test:1: assertion failed!"],
  [`assert(nil, "why")`, "test:1: why"],
  [`assert(false, 5)`, "5"],
  [`assert()`, "test:1: bad argument #1 to 'assert' (value expected)"],
];

describe("assert", () => {
  test.each(passing)("%s", async (code) => {
    expect(await results(`${code} return "passed"`)).toEqual(["passed"]);
  });
  test.each(failing)("%s", async (code, message) => {
    expect(await errorOf(code)).toBe(fromText(`test:1: ${message}`));
  });
  test.each(plain)("%s", async (code, message) => {
    expect(await errorOf(code)).toBe(message);
  });
  test("a table as the error of assert is passed on", async () => {
    expect(await results(`local e = {} local ok, got = pcall(assert, false, e) return ok, got == e`)).toEqual([
      false,
      true,
    ]);
  });
  test("tables nested very deep", async () => {
    const source = `
      local function deep(leaf) local t = leaf for i = 1, 100000 do t = { t } end return t end
      assert.eq(deep(1), deep(1))
      return select(2, pcall(assert.eq, deep(1), deep(2)))`;
    const [error] = await results(source);
    expect(String(error)).toStartWith("assert.eq failed: expected 2, got 1 (at $");
    expect(String(error).length).toBeLessThan(300);
  });
  test("everything again, suspended at each step", async () => {
    for (const code of passing) expect(await results(`${code} return "passed"`, { pauseEvery: 1 })).toEqual(["passed"]);
  });
});
