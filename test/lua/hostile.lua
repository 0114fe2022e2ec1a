-- The language's rows of the list of hostile inputs, by their ids, and neighbours of theirs.
local function fails(message, f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok and e == message, tostring(e))
end
-- M01, M02, M08, M10, M13
fails("resulting string too large", string.rep, "x", math.maxinteger, "yy")
fails("resulting string too large", string.rep, "ab", math.maxinteger)
assert((""):rep(1e15 | 0) == "")
fails("invalid value (nil) at index 1 in table for 'concat'", table.concat, {}, "x", 1, math.maxinteger)
fails("bad argument #4 to 'table.move' (destination wrap around)", table.move, { 1, 2, 3 }, 1, math.maxinteger, 2)
fails("bad argument #3 to 'table.move' (too many elements to move)", table.move, {}, 0, math.maxinteger, 1)
fails("too many results to unpack", table.unpack, {}, 1, math.maxinteger)
fails("too many results to unpack", table.unpack, {}, math.mininteger, math.maxinteger)
assert(table.move({ [math.mininteger] = 1 }, math.mininteger, math.mininteger, 1)[1] == 1)
fails("bad argument #2 to 'table.insert' (position out of bounds)", table.insert, {}, 5, 1)
fails("wrong number of arguments to 'insert'", table.insert, {}, 1, 2, 3)
fails("bad argument #2 to 'table.remove' (position out of bounds)", table.remove, { 1, 2, 3 }, -1)
fails("bad argument #1 to 'table.create' (out of range)", table.create, -1)
----
-- T05, T16, T17
local ok, e = pcall(string.find, ("a"):rep(2000), ("a?"):rep(2000) .. "b")
assert(e == "pattern too complex")
for step = 0, 0.0 do
  local ok, e = pcall(load("for i = 1, 10, ... do end", "=t"), step)
  assert(e == "t:1: 'for' step is zero")
end
assert(type(collectgarbage("step", math.maxinteger)) == "boolean")
----
-- D02, D04, D05, D06, D09: depth
local function count(n) if n == 0 then return "done" end return count(n - 1) end
assert(count(3e4) == "done")
local function fails(message, f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok and e:sub(-#message) == message, tostring(e))
end
local joined = setmetatable({}, { __concat = function(a, b) return a .. b end })
fails("C stack overflow", function() return joined .. "x" end)
local function again(s) return (s:gsub("a", again)) end
fails("C stack overflow", again, "a")
local function wrap() return coroutine.wrap(wrap)() end
fails("C stack overflow", wrap)
local function compare(a, b) table.sort({ 2, 1 }, compare) return a < b end
fails("C stack overflow", table.sort, { 2, 1 }, compare)
local ok, e = xpcall(error, function(e) error(e) end, "x")
assert(ok == false and type(e) == "string")
----
-- D03: metamethods that are chains of tables
local function chain(event, length)
  local t = {}
  for _ = 1, length do t = setmetatable({}, { [event] = t }) end
  return t
end
local t = chain("__index", 1990)
assert(t.x == nil)
local long, longer = chain("__index", 2100), chain("__newindex", 2100)
local ok, e = pcall(load("local t = ... return t.x", "=t"), long)
assert(e == "t:1: '__index' chain too long; possible loop")
local ok, e = pcall(load("local t = ... t.x = 1", "=t"), longer)
assert(e == "t:1: '__newindex' chain too long; possible loop")
local loop = {}
setmetatable(loop, { __call = loop })
local ok, e = pcall(load("local t = ... t()", "=t"), loop)
assert(e == "t:1: '__call' chain too long")
local ok, e = pcall(loop)
assert(e == "'__call' chain too long")
----
-- D03, V12: the limits of a function, and of a vararg table
local function message(source) return (select(2, load(source, "=t"))) end
assert(message("return " .. ("1,"):rep(254) .. "1") == "t:1: too many returns (limit is 255) in main function near <eof>")
assert(message("local a" .. (", a"):rep(200)):find("t:1: too many local variables (limit is 200) in main function near ", 1, true))
assert(message("return " .. ("("):rep(300) .. "1" .. (")"):rep(300)) == "C stack overflow")
assert(message("x = " .. ("{"):rep(300)) == "C stack overflow")
assert(#load("return {" .. ("1,"):rep(70000) .. "}")() == 70000)
local ok, e = pcall(load("return (function(...t) t.n = 1e8 | 0 return ... end)()", "=t"))
assert(e == "t:1: stack overflow")
local ok, e = pcall(load("return (function(...t) t.n = -1 return ... end)()", "=t"))
assert(e == "t:1: vararg table has no proper 'n'")
----
-- D07, D08, D10, D11, D13, D15: what load refuses
local function message(source, mode) return (select(2, load(source, "=t", mode))) end
assert(message("return [" .. ("="):rep(100000) .. "x"):find("^t:1: invalid long string delimiter near"))
local signs = ("="):rep(100000)
assert(load("return [" .. signs .. "[x]" .. signs .. "]")() == "x")
assert(message("\27Lua", "t") == "attempt to load a binary chunk (mode is 't')")
assert(message("return 1", "b") == "attempt to load a text chunk (mode is 'b')")
assert(message("return 1", "") == "attempt to load a text chunk (mode is '')")
assert(message("goto x; local a; ::x:: print(a)") == "t:1: <goto x> at line 1 jumps into the scope of 'a'")
assert(message("return '\\x4'") == "t:1: hexadecimal digit expected near ''\\x4''")
assert(message("return '\\300'") == "t:1: decimal escape too large near ''\\300''")
assert(message("return '\\u{80000000}'") == "t:1: UTF-8 value too large near ''\\u{80000000'")
assert(message("return 3..2") == "t:1: malformed number near '3..2'")
assert(load("return 0xep1")() == 28.0)
-- readers give numbers as well, and are told where they are called
local parts = { "return ", 42 }
assert(load(function() return table.remove(parts, 1) end)() == 42)
local ok, e = load(function() return {} end)
assert(ok == nil and e:find("^hostile.lua:%d+: reader function must return a string$"), e)
----
-- D17
local function fails(message, pattern, ...)
  local ok, e = pcall(string.find, ..., pattern)
  assert(not ok and e == message, tostring(e))
end
fails("too many captures", ("()"):rep(33), "abc")
fails("invalid capture index %1", "%1", "abc")
fails("malformed pattern (missing ']')", "[a", "abc")
fails("malformed pattern (ends with '%')", "%", "abc")
fails("missing '[' after '%f' in pattern", "%f", "abc")
fails("malformed pattern (missing arguments to '%b')", "%bx", "abc")
fails("unfinished capture", "(", "abc")
----
-- V01, V02, V04, V05: numbers
assert(math.maxinteger + 1 == math.mininteger and math.mininteger // -1 == math.mininteger and math.mininteger % -1 == 0)
assert(math.maxinteger < math.maxinteger + 0.0 and 2 ^ 53 == 2 ^ 53 + 1 and math.maxinteger + 0.0 ~= math.maxinteger)
assert(1 << 64 == 0 and 1 << -1 == 0 and -1 >> 63 == 1 and "10" + 1 == 11 and "0x10" * 1 == 16)
local turns = 0
for _ = math.maxinteger - 1, math.maxinteger do turns = turns + 1 end
assert(turns == 2)
for _ = math.mininteger + 1, math.mininteger, -1 do turns = turns + 1 end
assert(turns == 4)
for _ = 1, 0, math.mininteger do turns = turns + 1 end
assert(turns == 5)
----
-- V07, V08, V10, V11: formats
local function fails(message, f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok and e == message, tostring(e))
end
fails("bad argument #2 to 'string.format' (number has no integer representation)", string.format, "%d", 1.5)
fails("invalid conversion specification: '%100d'", string.format, "%100d", 1)
fails("invalid conversion specification: '%.100d'", string.format, "%.100d", 1)
fails("invalid conversion '%y' to 'format'", string.format, "%y", 1)
fails("invalid conversion '%' to 'format'", string.format, "%", 1)
fails("bad argument #2 to 'string.format' (string contains zeros)", string.format, "%10s", "a\0b")
assert(#string.format("%99.99f", 1e308) == 409)
fails("integral size (17) out of limits [1,16]", string.pack, "i17", 1)
fails("bad argument #2 to 'string.unpack' (data string too short)", string.unpack, "s4", "\xff\xff\xff\x7f")
fails("bad argument #2 to 'string.unpack' (unfinished string for format 'z')", string.unpack, "z", "abc")
fails("bad argument #1 to 'utf8.char' (value out of range)", utf8.char, -1)
fails("invalid UTF-8 code", utf8.codepoint, "\xff")
local n, at = utf8.len("\xf4\x90\x80\x80")
assert(n == nil and at == 1)
----
-- V13, V15: keys
local t = {}
assert(select(2, pcall(rawset, t, nil, 1)) == "table index is nil")
assert(select(2, pcall(rawset, t, 0 / 0, 1)) == "table index is NaN")
t[2 ^ 53] = "same"
assert(t[2 ^ 53 | 0] == "same" and math.type(next(t)) == "integer")
-- a float is no key, not even where it equals one
local ok, e = pcall(next, { 1, 2, 3 }, 2.0)
assert(e == "invalid key to 'next'")
assert(next({ 1, 2, 3 }, 2) == 3)
----
-- V14: names that mean something to JavaScript
for _, name in ipairs({ "__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "length" }) do
  local t = {}
  assert(t[name] == nil and _G[name] == nil and ("")[name] == nil)
  t[name] = 1
  assert(t[name] == 1 and next(t) == name and rawlen(t) == 0)
end
