-- Manual §2.4: every event.
local log = {}
local mt = {}
for _, event in ipairs { "add", "sub", "mul", "div", "mod", "pow", "idiv", "band", "bor", "bxor", "shl", "shr", "concat" } do
  mt["__" .. event] = function(a, b) return event end
end
mt.__unm = function() return "unm" end
mt.__bnot = function() return "bnot" end
mt.__len = function() return 42 end
local v = setmetatable({}, mt)
assert(v + 1 == "add" and 1 - v == "sub" and v * v == "mul" and v / 2 == "div" and v % 2 == "mod" and v ^ 2 == "pow")
assert(v // 2 == "idiv" and v & 1 == "band" and 1 | v == "bor" and v ~ 1 == "bxor" and v << 1 == "shl" and v >> 1 == "shr")
assert(v .. "x" == "concat" and 1 .. v == "concat" and -v == "unm" and ~v == "bnot" and #v == 42)
----
-- Comparisons: __eq only for two tables, results as booleans; __lt and __le.
local mt = { __eq = function() return 1 end, __lt = function(a, b) return a.n < b.n end, __le = function(a, b) return a.n <= b.n end }
local a, b = setmetatable({ n = 1 }, mt), setmetatable({ n = 2 }, mt)
assert((a == b) == true and a ~= 1 and a < b and a <= b and not (a > b) and not (a >= b))
----
local x = {} < {} --! attempt to compare two table values
----
local x = 1 < "2" --! attempt to compare number with string
----
-- __index and __newindex: functions and chains of tables; raw access passes them by.
local base = { color = "red" }
local middle = setmetatable({}, { __index = base })
local top = setmetatable({}, { __index = middle })
assert(top.color == "red" and rawget(top, "color") == nil)
base.color = nil
assert(top.color == nil)
base.color = "blue"
assert(top.color == "blue")
local stored = {}
local proxy = setmetatable({}, {
  __index = function(_, k) return "?" .. k end,
  __newindex = function(_, k, v) stored[k] = v end,
})
proxy.a = 1
assert(stored.a == 1 and rawget(proxy, "a") == nil and proxy.b == "?b")
rawset(proxy, "a", 2)
proxy.a = 3
assert(proxy.a == 3 and stored.a == 1)
----
-- A metatable that changes is noticed at sites that have seen it before.
local class = { __index = { f = function() return 1 end } }
local object = setmetatable({}, class)
local results = {}
for i = 1, 4 do
  results[i] = object.f()
  if i == 2 then class.__index = { f = function() return 2 end } end
  if i == 3 then object.f = function() return 3 end end
end
assert(table.concat(results) == "1123")
----
-- __call, also through several of them.
local inner = setmetatable({}, { __call = function(self, ...) return select("#", ...), ... end })
local outer = setmetatable({}, { __call = inner })
assert(inner(1, 2) == 2 and outer(1, 2) == 3)
----
-- __pairs, __tostring, __name, __metatable.
local t = setmetatable({}, { __pairs = function() return function(_, k) if not k then return 1, "x" end end end })
for k, v in pairs(t) do assert(k == 1 and v == "x") end
assert(tostring(setmetatable({}, { __tostring = function() return "me" end })) == "me")
assert(tostring(setmetatable({}, { __name = "kind" })):find("^kind: "))
assert(getmetatable(setmetatable({}, { __metatable = "locked" })) == "locked")
----
setmetatable(setmetatable({}, { __metatable = 1 }), {}) --! cannot change a protected metatable
----
local t = setmetatable({}, { __index = function() error("inside", 0) end })
local ok, message = pcall(function() return t.x end)
assert(not ok and message == "inside")
