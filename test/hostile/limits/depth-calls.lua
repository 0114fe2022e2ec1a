-- tries: to overflow stacks by calls, metamethods, coroutines, message handlers and the parser (D01, D03, D04, D06)
-- expects: ok
-- options: --timeout 60s
local function raises(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and tostring(message):find(pattern), tostring(message))
end
raises("stack overflow", function() local function f() return 1 + f() end return f() end)
raises("overflow", function() local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b end return t .. "x" end)
raises("overflow", function() local function f(s) return (s:gsub(".", f)) end return f("x") end)
raises("overflow", function() local function f(a, b) local t = { 1, 2, 3 } table.sort(t, f) return a < b end table.sort({ 3, 2, 1 }, f) end)
raises("overflow", function() local function f() return coroutine.wrap(f)() end return f() end)
raises("overflow", function() local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x end)
raises("overflow", function() local t = setmetatable({}, {}) getmetatable(t).__tostring = function(t) return tostring(t) end return tostring(t) end)
local ok, message = xpcall(error, function(e) error(e) end, "x")
assert(not ok and (tostring(message):find("error in error handling") or tostring(message):find("overflow")), tostring(message))
-- A chain of tables, and of __call.
local chain = { deep = 1 }
for _ = 1, 1e5 do chain = setmetatable({}, { __index = chain }) end
pcall(function() return chain.deep end)
local callable = function() return "called" end
for _ = 1, 15 do callable = setmetatable({}, { __call = callable }) end
pcall(callable)
for _ = 1, 300 do callable = setmetatable({}, { __call = callable }) end
assert(not pcall(callable))
-- Tail calls do not nest.
local function tail(n) if n == 0 then return "done" end return tail(n - 1) end
assert(tail(1e6) == "done")
-- The parser.
for _, piece in ipairs({ "(", "{", "[", "- ", "not ", "a.b.", "f(", "a=", "do ", "if x then ", "for i=1,2 do ", "function() ", "return function() ", "repeat ", "x..", "2^", "x[", "x:y(", "local x <close> = " }) do
  local f, syntax = load("return " .. piece:rep(1e5))
  assert(f == nil and #syntax < 500, piece)
  f, syntax = load(piece:rep(1e5))
  assert(f == nil and #syntax < 500, piece)
end
assert(select(2, load("return [" .. ("="):rep(1e5) .. "x")):find("invalid long string delimiter"))
assert(load("return [" .. ("="):rep(1e5) .. "[x]" .. ("="):rep(1e5) .. "]")() == "x")
assert(select(2, load("goto x; local a; ::x:: print(a)")):find("jumps into the scope of"))
for source, want in pairs({ ["return '\\x4'"] = "hexadecimal digit expected", ["return '\\300'"] = "decimal escape too large", ["return '\\u{80000000}'"] = "UTF%-8 value too large", ["return 3..2"] = "malformed number near '3..2'" }) do
  assert(select(2, load(source)):find(want), source)
end
assert(load("return 0xep1")() == 28.0)
