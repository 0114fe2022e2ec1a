import { expect, test } from "bun:test";
import { run, runError } from "../../lua.ts";
import { expressions } from "./expressions.ts";

expressions("string.find, manual §6.5", [
  [`("hello"):find("l")`, "3 3"],
  [`("hello"):find("xyz")`, "nil"],
  [`("hello"):find("")`, "1 0"],
  [`("hello"):find("", 6)`, "6 5"],
  [`("hello"):find("", 7)`, "nil"],
  [`("hello"):find("l", -2)`, "4 4"],
  [`("a.b"):find(".", 2, true)`, "2 2"],
  [`("a+b"):find("+", 1, true)`, "2 2"],
  [`("a+b"):find("%+")`, "2 2"],
  [`("a\\0b"):find("\\0")`, "2 2"],
  [`("a\\0b\\0"):find("%z", 3)`, "4 4"],
  [`("key = value"):find("(%w+)%s*=%s*(%w+)")`, "1 11 key value"],
  [`("abc"):find("b()")`, "2 2 3"],
  [`("x]y"):find("]"), ("x)y"):find(")")`, "2 2 2"],
]);

expressions("pattern items, manual §6.5.1", [
  [`("hello world"):match("%a+ %a+")`, "hello world"],
  [`("  x  "):match("^%s*(.-)%s*$")`, "x"],
  [`("2024-01-15"):match("(%d+)-(%d+)-(%d+)")`, "2024 01 15"],
  [`("aaa"):match("a-b"), ("aab"):match("a-b"), ("aab"):match("a-$")`, "nil aab "],
  [`("aXb"):match("%u"), ("aXb"):match("%U+"), ("a1"):match("%x%X?")`, "X a a"],
  [`("[]]"):match("[]]+"), ("a-z"):match("[a-]+"), ("a^b"):match("[b^]+")`, "]] a- ^b"],
  [`("x%]y"):match("[%]]"), ("q"):match("[^%a]"), ("\\200"):match("[\\128-\\255]")`, "] nil \\200"],
  [`("THE (quick) fox"):find("%((%a+)%)")`, "5 11 quick"],
  [`("f(a(b)c)d"):match("%b()"), ("(("):match("%b()"), ("xx"):match("%bxx")`, "(a(b)c) nil xx"],
  [`("THE (quick) fox"):gsub("%f[%a]%a+", "W")`, "W (W) W 3"],
  [`("abc"):find("%f[%z]"), ("abc"):find("%f[%w]")`, "4 1 0"],
  [`("abab xx"):match("(ab)%1"), ("=[[x]]="):match("%[(=*)%[(.-)%]%1%]")`, "ab  x"],
  [`("a$b"):match("a$b"), ("ab"):match("^b"), ("b^"):match("b^")`, "a$b nil b^"],
  [`("aaab"):match("a?a?a?a?ab"), ("ab"):match("a?b?c?")`, "aaab ab"],
  [`("abc"):match("()b()")`, "2 3"],
  [`("x"):match("(()x())")`, "x 1 2"],
]);

expressions("malformed patterns are errors only where the match gets to them", [
  [`("b"):find("a[")`, "nil"],
  [`("a"):find("a[")`, "! malformed pattern (missing ']')"],
  [`("a"):find("[a")`, "! malformed pattern (missing ']')"],
  [`("a"):find("[a%]")`, "! malformed pattern (missing ']')"],
  [`("a"):find("%")`, "! malformed pattern (ends with '%')"],
  [`("a"):find("%f")`, "! missing '[' after '%f' in pattern"],
  [`("a"):find("%bx")`, "! malformed pattern (missing arguments to '%b')"],
  [`("a"):find("(")`, "! unfinished capture"],
  [`("a"):find("(a")`, "! unfinished capture"],
  [`("a"):match("a)")`, "! invalid pattern capture"],
  [`("a"):find("%1")`, "! invalid capture index %1"],
  [`("a"):find("(a%1)")`, "! invalid capture index %1"],
  [`("a"):find("%0")`, "! invalid capture index %0"],
  [`("a"):find(("()"):rep(33))`, "! too many captures"],
  [`select("#", ("a"):find(("()"):rep(32)))`, "34"],
  [`("a"):rep(300):find(("a?"):rep(200) .. "b")`, "! pattern too complex"],
  [`("a"):rep(300):find(("a?"):rep(199))`, "1 199"],
  [`("a"):rep(300):find(("a?"):rep(200))`, "! pattern too complex"],
  [`("a"):rep(10):find(("a*"):rep(300))`, "1 10"],
  [`("(a"):gsub("(%(", "x")`, "xa 1"],
]);

expressions("string.gmatch", [
  [
    `(function() local t = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do t[#t + 1] = k .. v end return table.concat(t, " ") end)()`,
    "a1 b2",
  ],
  [`(function() local n = 0 for _ in ("abc"):gmatch("") do n = n + 1 end return n end)()`, "4"],
  [
    `(function() local t = {} for p in ("abc"):gmatch("()b?") do t[#t + 1] = p end return table.unpack(t) end)()`,
    "1 2 4",
  ],
  [
    `(function() local t = {} for w in ("^a b^"):gmatch("^%a") do t[#t + 1] = w end return table.unpack(t) end)()`,
    "^a",
  ],
  [`("one two"):gmatch("%a+", 5)()`, "two"],
  [`select("#", ("x"):gmatch("y")())`, "0"],
  [`(function() local f = ("x"):gmatch(".") return f(), f(), f() end)()`, "x nil"],
]);

expressions("string.gsub", [
  [`("hello"):gsub("l", "L")`, "heLLo 2"],
  [`("hello"):gsub("", "-")`, "-h-e-l-l-o- 6"],
  [`("hello"):gsub("l", "L", 1)`, "heLlo 1"],
  [`("hello"):gsub("l", "L", 0)`, "hello 0"],
  [`("abc"):gsub("%w", "%0%0"), (("abc"):gsub("%w", "%%%1"))`, "aabbcc %a%b%c"],
  [`("hello world"):gsub("(o)()", "<%1%2>")`, "hell<o6> w<o9>rld 2"],
  [`("abc"):gsub("b", 1.5)`, "a1.5c 1"],
  [`("abc abc"):gsub("^a", "x")`, "xbc abc 1"],
  [`("abc"):gsub("a*", "x")`, "xbxcx 3"],
  [`("abc"):gsub(".", { a = 1, b = true and "B", c = false })`, "1Bc 3"],
  [
    `("a b"):gsub("%a", setmetatable({}, { __index = function(_, k) for _ = 1, 3 do end return k:upper() end }))`,
    "A B 2",
  ],
  [`("a b"):gsub("%a", function(c) for _ = 1, 3 do end return c .. c end)`, "aa bb 2"],
  [`("abc"):gsub("^%a", function(c) for _ = 1, 3 do end return "<" .. c .. ">" end)`, "<a>bc 1"],
  [`("abcd"):gsub("(%a)(%a)", function(a, b) return b .. a end)`, "badc 2"],
  [`("abc"):gsub("%a", function() end)`, "abc 3"],
  [`("a.b"):gsub("%.", "%%")`, "a%b 1"],
  [`("abc"):gsub("b", "%2")`, "! invalid capture index %2"],
  [`("abc"):gsub("b", "%x")`, "! invalid use of '%' in replacement string"],
  [`("abc"):gsub("x", "%x")`, "abc 0"],
  [`("abc"):gsub("b", function() return {} end)`, "! invalid replacement value (a table)"],
  [`("abc"):gsub("b")`, "! bad argument #2 to 'gsub' (string/function/table expected, got no value)"],
  [`("abc"):gsub("b", true)`, "! bad argument #2 to 'gsub' (string/function/table expected, got boolean)"],
  [`pcall(string.gsub, "abc", "%a", function(c) if c == "b" then error("no " .. c, 0) end end)`, "false no b"],
  [
    `("x"):rep(5):gsub("x", function(c) return (("<%1>"):gsub("%%1", function() return c end)) end)`,
    "<x><x><x><x><x> 5",
  ],
  [`#("ab"):rep(20000):gsub("b", "%0%0")`, "60000"],
  [`#("abcdefghij"):rep(6000):gsub("j", ("-"):rep(3000), 3)`, "68997"],
]);

test("a replacement function may yield", async () => {
  const source = `
    local step = coroutine.wrap(function() return ("abc"):gsub(".", function(c) return coroutine.yield(c) end) end)
    local seen = step() .. step("1") .. step("2")
    local result, count = step("3")
    return seen, result, count`;
  expect(await run(source)).toEqual(["abc", "123", 3]);
});

test("nested substitutions do not disturb each other", async () => {
  const source = `
    local text = ("k=v;"):rep(50)
    return (text:gsub("(%w)=(%w)", function(k, v)
      return (k:rep(20):gsub("k", v)) .. "=" .. (v:rep(20):gsub("v", function(c) return c .. k end))
    end))`;
  const [text] = await run(source);
  expect(text).toBe(`${"v".repeat(20)}=${"vk".repeat(20)};`.repeat(50));
});

test("long matches count against the deadline", async () => {
  for (const expression of [
    `("a"):rep(60000):find(".-.-.-b")`,
    `("a"):rep(30):find(("a?"):rep(30) .. "b")`,
    `("x"):rep(150):find(("x*"):rep(5) .. "y")`,
    `("("):rep(1e6):gsub("%b()", "")`,
    `("a"):rep(1e6):find(".-b")`,
  ]) {
    const limits = { memoryBytes: 64 << 20, timeoutMs: 40 };
    const began = performance.now();
    expect(await runError(`return pcall(function() return ${expression} end)`, { limits })).toContain("timeout");
    expect(performance.now() - began).toBeLessThan(2000);
  }
});
