import { describe, expect, test } from "bun:test";
import { run, runError, runPausing } from "../../lua.ts";
import { expressions } from "./expressions.ts";

/** A table that hides its elements behind metamethods, which wait: `proxy({1, 2})` gives it and the elements. */
const PROXY = `(function(t) local log = {} return setmetatable({}, {
  __index = function(_, k) return t[k] end,
  __newindex = function(_, k, v) t[k] = v end,
  __len = function() return #t end}), t end)`;

expressions("insert and remove, manual §6.6", [
  [
    `(function() local t = {} table.insert(t, 1) table.insert(t, 1, 0) table.insert(t, 3, 2) return table.concat(t, " ") end)()`,
    "0 1 2",
  ],
  [`(function() local t = {1, 2, 3} table.insert(t, 2, nil) return t[1], t[2], t[3], t[4] end)()`, "1 nil 2 3"],
  [`(function() local t = {[2] = "b"} table.insert(t, "a") return #t, t[1], t[2] end)()`, "2 a b"],
  [`(function() local t = {1, 2, 3, [5] = 5} table.insert(t, 1, 0) return #t, t[5] end)()`, "5 5"],
  [
    `(function() local t = {} for i = 1, 100 do table.insert(t, 1, i) end return #t, t[1], t[50], t[100] end)()`,
    "100 100 51 1",
  ],
  [`table.insert({}, 1, 2, 3)`, "! wrong number of arguments to 'insert'"],
  [`table.insert({1})`, "! wrong number of arguments to 'insert'"],
  [`table.insert({1, 2, 3}, 5, 2)`, "! bad argument #2 to 'insert' (position out of bounds)"],
  [`table.insert({1, 2, 3}, 0, 2)`, "! bad argument #2 to 'insert' (position out of bounds)"],
  [`table.insert({}, 1.5, 2)`, "! bad argument #2 to 'insert' (number has no integer representation)"],
  [`table.insert({}, "x", 2)`, "! bad argument #2 to 'insert' (number expected, got string)"],
  [`table.insert(nil, 1)`, "! bad argument #1 to 'insert' (table expected, got nil)"],
  [`table.insert("x", 1)`, "! bad argument #1 to 'insert' (table expected, got string)"],
  [
    `(function() local a = setmetatable({}, {__len = function() return math.maxinteger end}) table.insert(a, 20) return next(a) end)()`,
    "-9223372036854775808 20",
  ],
  [`table.insert(setmetatable({}, {__len = function() return "x" end}), 1)`, "! object length is not an integer"],
  [`table.remove({}), table.remove({1, 2}), table.remove({1, 2}, 1)`, "nil 2 1"],
  [`(function() local t = {1, 2, 3, 4} return table.remove(t, 2), table.concat(t, " "), #t end)()`, "2 1 3 4 3"],
  [`(function() local t = {1, 2} return table.remove(t, 3), table.remove(t, #t), #t end)()`, "nil 2 1"],
  [`(function() local t = {[0] = "zero"} return table.remove(t), t[0], table.remove(t, 0) end)()`, "zero nil nil"],
  [`table.remove({1, 2, 3}, 5)`, "! bad argument #2 to 'remove' (position out of bounds)"],
  [`table.remove({1, 2, 3}, -1)`, "! bad argument #2 to 'remove' (position out of bounds)"],
  [`table.remove({1, 2, 3}, {})`, "! bad argument #2 to 'remove' (number expected, got table)"],
  [
    `(function() local p, t = ${PROXY}({}) for i = 1, 5 do table.insert(p, 1, i) end table.insert(p, 6) return #t, table.concat(t, " "), table.remove(p), table.remove(p, 1), table.concat(t, " ") end)()`,
    "6 5 4 3 2 1 6 6 5 4 3 2 1",
  ],
]);

expressions("concat", [
  [`table.concat({}), table.concat({}, "x"), table.concat({1})`, "  1"],
  [
    `table.concat({1, 2.5, 3.0, "x", -0.0, 1e100, 2^53, math.mininteger}, ", ")`,
    "1, 2.5, 3.0, x, -0.0, 1e+100, 9007199254740992.0, -9223372036854775808",
  ],
  [
    `table.concat({"a", "b", "c"}, "-", 2), table.concat({"a", "b", "c"}, "-", 2, 2), table.concat({"a", "b", "c"}, "-", 3, 2)`,
    "b-c b ",
  ],
  [`table.concat({"a", "b"}, 1)`, "a1b"],
  [`table.concat({[5] = "x", [6] = "y"}, "", 5, 6)`, "xy"],
  [`table.concat({[math.maxinteger] = "alo"}, "x", math.maxinteger, math.maxinteger)`, "alo"],
  [
    `table.concat({[math.maxinteger - 1] = "a", [math.maxinteger] = "b"}, "-", math.maxinteger - 1, math.maxinteger)`,
    "a-b",
  ],
  [`table.concat({}, "x", math.maxinteger, math.mininteger)`, ""],
  [`table.concat({}, "x", 1, math.maxinteger)`, "! invalid value (nil) at index 1 in table for 'concat'"],
  [`table.concat({1, {}, 3})`, "! invalid value (table) at index 2 in table for 'concat'"],
  [`table.concat({1, setmetatable({}, {__name = "X"})})`, "! invalid value (table) at index 2 in table for 'concat'"],
  [`table.concat({1, 2}, {})`, "! bad argument #2 to 'concat' (string expected, got table)"],
  [`table.concat({}, "", "x")`, "! bad argument #3 to 'concat' (number expected, got string)"],
  [`table.concat(5)`, "! bad argument #1 to 'concat' (table expected, got number)"],
  [`table.concat((${PROXY}({1, 2, "x"})), "-")`, "1-2-x"],
  [
    `table.concat(setmetatable({1, nil, 3}, {__index = function(_, i) return i * 10 end, __len = function() return 4 end}), " ")`,
    "1 20 3 40",
  ],
  [`table.concat(setmetatable({}, {__index = error, __len = function() return 0 end}))`, ""],
]);

expressions("move", [
  [`table.concat(table.move({1, 2, 3}, 1, 3, 2), " ")`, "1 1 2 3"],
  [`table.concat(table.move({1, 2, 3}, 2, 3, 1), " ")`, "2 3 3"],
  [`table.concat(table.move({1, 2, 3}, 1, 3, 1, {}), " ")`, "1 2 3"],
  [`table.concat(table.move({1, 2, 3}, 1, 3, 3), " ")`, "1 2 1 2 3"],
  [`(function() local t = table.move({1, 2, 3}, 1, 0, 3) return #t end)()`, "3"],
  [
    `(function() local t = table.move({[math.maxinteger] = 7}, math.maxinteger, math.maxinteger, math.mininteger) return t[math.mininteger] end)()`,
    "7",
  ],
  [
    `(function() local t = table.move({[math.mininteger] = 7}, math.mininteger, math.mininteger, -1) return t[-1] end)()`,
    "7",
  ],
  [`table.move({1, 2, 3}, 1, math.maxinteger, 2)`, "! bad argument #4 to 'move' (destination wrap around)"],
  [`table.move({}, -1, math.maxinteger, 2)`, "! bad argument #3 to 'move' (too many elements to move)"],
  [`table.move({}, 1, 2)`, "! bad argument #4 to 'move' (number expected, got no value)"],
  [`table.move({}, 1, 2, 3, 4)`, "! bad argument #5 to 'move' (table expected, got number)"],
  [`table.move(1, 1, 2, 3)`, "! bad argument #1 to 'move' (table expected, got number)"],
  [`(function() local p, t = ${PROXY}({1, 2, 3}) table.move(p, 1, 3, 2) return table.concat(t, " ") end)()`, "1 1 2 3"],
  [
    `(function() local p, t = ${PROXY}({}) return table.move({1, 2, 3}, 1, 3, 1, p) == p, table.concat(t, " ") end)()`,
    "true 1 2 3",
  ],
]);

expressions("pack, unpack and create", [
  [`table.pack().n, table.pack(nil).n, table.pack(1, nil, 3, nil).n, #table.pack(1, 2)`, "0 1 4 2"],
  [`(function() local t = table.pack("a", nil, "c") return t[1], t[2], t[3], next({}) end)()`, "a nil c nil"],
  [`table.unpack({1, 2, 3})`, "1 2 3"],
  [`table.unpack({1, 2, 3}, 2), table.unpack({1, 2, 3}, 2, 3)`, "2 2 3"],
  [`select("#", table.unpack({}, 1, 3)), select("#", table.unpack({})), select("#", table.unpack({1}, 1, 0))`, "3 0 0"],
  [`table.unpack({1, 2}, -1, 1)`, "nil nil 1"],
  [`table.unpack({[math.maxinteger] = 20}, math.maxinteger - 1, math.maxinteger)`, "nil 20"],
  [`table.unpack({[math.mininteger] = 12}, math.mininteger, math.mininteger + 1)`, "12 nil"],
  [`select("#", table.unpack({}, 1, 100000))`, "100000"],
  [`table.unpack({}, 1, 1e6)`, "! too many results to unpack"],
  [`table.unpack({}, 0, math.maxinteger)`, "! too many results to unpack"],
  [`table.unpack({}, math.mininteger, math.maxinteger)`, "! too many results to unpack"],
  [`table.unpack("abc", 1, 2)`, "nil nil"],
  [`table.unpack(setmetatable({}, {__index = function(_, i) return i end, __len = function() return 3 end}))`, "1 2 3"],
  [`table.unpack()`, "! attempt to get length of a nil value"],
  [`table.unpack(5, 1, 2)`, "! attempt to index a number value"],
  [`table.unpack({}, "x")`, "! bad argument #2 to 'unpack' (number expected, got string)"],
  [`#table.create(100), #table.create(0, 10), next(table.create(5, 5))`, "0 0 nil"],
  [`table.create(-1)`, "! bad argument #1 to 'create' (out of range)"],
  [`table.create(1, 2^31)`, "! bad argument #2 to 'create' (out of range)"],
  [`table.create(0, 2^31 - 1)`, "! table overflow"],
  [`table.create()`, "! bad argument #1 to 'create' (number expected, got no value)"],
]);

const SORTED = `(function(t, f) table.sort(t, f) local s = {} for i = 1, #t do s[i] = tostring(t[i]) end return table.concat(s, " ") end)`;

expressions("sort", [
  [`${SORTED}({3, 1, 2})`, "1 2 3"],
  [`${SORTED}({})`, ""],
  [`${SORTED}({2, 1})`, "1 2"],
  [`${SORTED}({"b", "a", "\\200", "B", ""})`, " B a b \\200"],
  [
    `${SORTED}({3, 1.5, -1, 2^53, math.maxinteger, math.mininteger, -0.0, 1/0, -1/0})`,
    "-inf -9223372036854775808 -1 -0.0 1.5 3 9007199254740992.0 9223372036854775807 inf",
  ],
  [`${SORTED}({3, 1, 2}, function(a, b) return a > b end)`, "3 2 1"],
  [`${SORTED}({3, 1, 2}, nil)`, "1 2 3"],
  [`${SORTED}({"10", "9", "1"}, function(a, b) return tonumber(a) < tonumber(b) end)`, "1 9 10"],
  [
    `(function() local t = {} for i = 1, 300 do t[i] = (i * 7919) % 307 end table.sort(t, function(a, b) return a < b end) for i = 2, 300 do assert(t[i - 1] <= t[i]) end return #t end)()`,
    "300",
  ],
  [
    `(function() local t = {} for i = 1, 50 do t[i] = setmetatable({v = (i * 37) % 51}, {__lt = function(a, b) return a.v < b.v end}) end table.sort(t) for i = 2, 50 do assert(t[i - 1].v <= t[i].v) end return t[1].v end)()`,
    "1",
  ],
  [
    `(function() local p, t = ${PROXY}({5, 3, 4, 1, 2, 9, 8}) table.sort(p) return table.concat(t, " ") end)()`,
    "1 2 3 4 5 8 9",
  ],
  [
    `(function() local p, t = ${PROXY}({5, 3, 4, 1, 2, 9, 8}) table.sort(p, function(a, b) return a > b end) return table.concat(t, " ") end)()`,
    "9 8 5 4 3 2 1",
  ],
  [`table.sort({1, "x"})`, "! attempt to compare string with number"],
  [`table.sort({{}, {}})`, "! attempt to compare two table values"],
  [`table.sort({1, nil, 3}, function(a, b) return a < b end)`, "! attempt to compare nil with number"],
  [`table.sort({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, function() return true end)`, "! invalid order function for sorting"],
  [`table.sort({3, 2, 1}, function() error("no", 0) end)`, "! no"],
  [`table.sort({1, 2}, 5)`, "! bad argument #2 to 'sort' (function expected, got number)"],
  [`table.sort({1}, 5)`, ""],
  [
    `table.sort(setmetatable({}, {__len = function() return math.maxinteger end}))`,
    "! bad argument #1 to 'sort' (array too big)",
  ],
  [`table.sort(setmetatable({}, {__len = function() return -1 end}))`, ""],
  [`table.sort(5)`, "! bad argument #1 to 'sort' (table expected, got number)"],
]);

describe("waiting", () => {
  test("an order function may yield", async () => {
    const source = `
      local t, log = {}, {}
      for i = 1, 60 do t[i] = (i * 37) % 61 end
      local co = coroutine.wrap(function()
        table.sort(t, function(a, b) coroutine.yield(a, b) return a < b end)
        return "done"
      end)
      local waits = 0
      while co() ~= "done" do waits = waits + 1 end
      for i = 2, 60 do assert(t[i - 1] < t[i]) end
      return waits > 100`;
    expect(await run(source)).toEqual([true]);
  });

  test("two sorts may take turns", async () => {
    const source = `
      local function sorting(n)
        local t = {}
        for i = 1, n do t[i] = (i * 7) % 29 end
        return coroutine.wrap(function() table.sort(t, function(a, b) coroutine.yield() return a > b end) return table.concat(t, " ") end)
      end
      local a, b, left, right = sorting(20), sorting(28)
      repeat left = left or a() right = right or b() until left and right
      return left, right`;
    const expected = (n: number) =>
      Array.from({ length: n }, (_, i) => ((i + 1) * 7) % 29)
        .sort((a, b) => b - a)
        .join(" ");
    expect(await run(source)).toEqual([expected(20), expected(28)]);
  });

  test("the answers come in the same order whether comparisons wait or not", async () => {
    const source = `
      local log, t = {}, {}
      for i = 1, 90 do t[i] = (i * 53) % 71 end
      table.sort(t, function(a, b) log[#log + 1] = a .. "<" .. b return a < b end)
      return table.concat(log, " ")`;
    expect(await runPausing(source, 1)).toEqual(await run(source));
  });

  test("a sort inside its own order function overflows", async () => {
    const source = `
      local function order(a, b) table.sort({2, 1, 3}, order) return a < b end
      local function sort() table.sort({2, 1}, sort) end
      sort()`;
    expect(await runError(source)).toContain("C stack overflow");
  });
});

describe("limits", () => {
  const limits = { memoryBytes: 32 << 20, timeoutMs: 300 };

  test("concat of endless elements is bounded", async () => {
    const source = `return table.concat(setmetatable({}, {__index = function() return ("x"):rep(1000) end, __len = function() return math.maxinteger end}))`;
    expect(await runError(source, { limits: { ...limits, timeoutMs: 20_000 } })).toBe("not enough memory");
    expect(await runError(source.replace(`("x"):rep(1000)`, `""`), { limits })).toContain("timeout");
  });

  test("long loops obey the deadline", async () => {
    expect(await runError(`table.move({}, 1, 2^52 | 0, 2, {})`, { limits })).toContain("timeout");
    expect(
      await runError(`local t = setmetatable({}, {__len = function() return 2^40 | 0 end}) table.insert(t, 1, 1)`, {
        limits,
      }),
    ).toContain("timeout");
  });

  test("create asks for its memory", async () => {
    expect(await runError(`return table.create(2^31 - 1)`, { limits })).toContain("not enough memory");
  });
});
