-- Manual §2.3, §6.1: error objects, positions, protected calls, handlers.
local ok, e = pcall(error, "text")
assert(not ok and e == "text")
ok, e = pcall(error, { 1 })
assert(not ok and e[1] == 1)
ok, e = pcall(error)
assert(not ok and e == "<no error object>")
assert(select("#", pcall(function() return 1, nil, nil end)) == 4)
----
error("here") --! here
----
local function check(n)
  if n < 0 then error("negative", 2) end
end
check(-1) --! negative
----
local t = nil
local x = t.field --! attempt to index a nil value (local 't')
----
local x = unknown.field --! attempt to index a nil value (global 'unknown')
----
local t = {}
t.a.b = 1 --! attempt to index a nil value (field 'a')
----
local t = {}
local n = t.count + 1 --! attempt to perform arithmetic on a nil value (field 'count')
----
local s = "a" .. {} --! attempt to concatenate a table value
----
local n = 1 // 0 --! attempt to divide by zero
----
local n = 1.5 | 1 --! number has no integer representation
----
local n = #5 --! attempt to get length of a number value
----
local t = {}
t[nil] = 1 --! table index is nil
----
string.rep() --! bad argument #1 to 'rep' (string expected, got no value)
----
("x"):rep({}) --! bad argument #1 to 'rep' (number expected, got table)
----
-- A message handler sees the error where it was raised.
local ok, e = xpcall(function() error("x", 0) end, function(m) return m .. "!" end)
assert(not ok and e == "x!")
ok, e = xpcall(function() local a = nil + 1 end, function(m) return #m end)
assert(not ok and math.type(e) == "integer")
assert(select(2, xpcall(function(...) return select("#", ...) end, print, 1, 2, 3)) == 3)
----
-- Errors inside errors, and nesting without end.
local ok, e = xpcall(error, function(m) error(m) end, "x")
assert(not ok)
local mt = {}
mt.__concat = function(a, b) return a .. b end
ok, e = pcall(function() return setmetatable({}, mt) .. "x" end)
assert(not ok and e:find("C stack overflow", 1, true))
----
-- assert returns its arguments, and raises any value.
assert(select("#", assert(1, 2, 3)) == 3)
local ok, e = pcall(assert, false, { 7 })
assert(not ok and e[1] == 7)
ok, e = pcall(assert, nil, "message")
assert(e == "message")
----
-- Found by the property tests, and as the reference has them.
local function message(f, ...) return select(2, pcall(f, ...)) end
assert(message(function() assert(false, "why") end):match("^errors.lua:%d+: why$"))
assert(message(assert, false, "why") == "why")
assert(message(function() for _ in pairs(nil) do end end):match("bad argument #1 to 'for iterator' %(table expected, got nil%)$"))
assert(message(function() for _ in nil do end end):match("attempt to call a nil value %(for iterator 'for iterator'%)$"))
assert(message(function() return ({})[-1].x end):match("%(field '%?'%)$"))
assert(message(function() return ({})["a\0b"].x end):match("%(field 'a'%)$"))
assert(message(function() return "10" // 0 end) == "attempt to divide by zero")
assert(message(function() return -2.0 ^ 63 | 0.5 end):match("number has no integer representation$"))
local extra = setmetatable({}, { __call = string.rep })
assert(message(function() extra("x") end):match("bad extra argument #1 to 'extra' %(string expected, got table%)$"))
local chain = setmetatable({}, { __call = 5 })
assert(message(function() chain() end):match("attempt to call a number value %(upvalue 'chain'%)$"))
----
-- nil as an error object: message handlers see it, nobody else does.
local seen = "nothing"
local ok, e = xpcall(error, function(m) seen = m end, nil)
assert(not ok and seen == nil and e == "<no error object>")
ok, e = xpcall(error, function() end, "x")
assert(not ok and e == "<no error object>")
assert(select(2, coroutine.resume(coroutine.create(error))) == "<no error object>")
----
-- Functions without results have none, whatever their arguments do on the way.
local o = setmetatable({}, { __tostring = function() return "" end })
assert(select("#", print(o)) == 0)
----
-- In a concatenation of several operands a result that cannot be joined is named after what stood in its place.
local function message(f, ...) return select(2, pcall(f, ...)) end
local o = setmetatable({}, { __concat = function() end })
local name = "n"
assert(message(function() return 1 .. "b" .. o end):match("attempt to concatenate a nil value %(constant 'b'%)$"))
assert(message(function() return 1 .. name .. o end):match("attempt to concatenate a nil value %(upvalue 'name'%)$"))
assert(message(function() return 1 .. #name .. o end):match("attempt to concatenate a nil value$"))
----
-- Iterators that loop over themselves run out of native calls, as metamethods do.
local function message(f, ...) return select(2, pcall(f, ...)) end
local function iterator() for _ in iterator do end end
assert(message(iterator):match("C stack overflow"))
assert(message(iterator):match("C stack overflow"))
local count = 0
for _ in function() count = count + 1 if count < 1000 then return count end end do end
assert(count == 1000)
----
-- Fields of a variable called _ENV are globals.
local function message(f, ...) return select(2, pcall(f, ...)) end
assert(message(load "_ENV.foo()"):match("%(global 'foo'%)$"))
assert(message(load "local _ENV = {} return _ENV.foo.bar"):match("%(global 'foo'%)$"))
assert(message(load "local e = _ENV e.foo()"):match("%(field 'foo'%)$"))
