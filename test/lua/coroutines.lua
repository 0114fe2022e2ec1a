-- Manual §2.6, §6.2: values both ways, status, errors, closing.
local co = coroutine.create(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  return d + e, "end"
end)
assert(coroutine.status(co) == "suspended")
assert(select(2, coroutine.resume(co, 1, 2)) == 3)
assert(select(2, coroutine.resume(co, 10)) == 20)
local ok, sum, last = coroutine.resume(co, 3, 4)
assert(ok and sum == 7 and last == "end" and coroutine.status(co) == "dead")
assert(select(2, coroutine.resume(co)) == "cannot resume dead coroutine")
----
-- Yielding from anywhere: metamethods, iterators, protected calls, sort, gsub.
local function inside(body)
  local co = coroutine.wrap(function() return body() end)
  local got = {}
  for _ = 1, 100 do
    local v, done = co()
    if v == nil then break end
    got[#got + 1] = v
    if done then break end
  end
  return table.concat(got, " ")
end
local y = coroutine.yield
local mt = setmetatable({}, {
  __index = function(_, k) y("i" .. k) return 1 end,
  __add = function() y("add") return 2 end,
  __lt = function() y("lt") return true end,
  __concat = function() y("cat") return "c" end,
  __call = function(_, x) y("call" .. x) return x end,
  __eq = function() y("eq") return true end,
})
assert(inside(function()
  local a = mt.x + (mt + 1)
  local b = mt < mt and mt(5)
  local c = mt .. "z"
  return "end", true
end) == "ix add lt call5 cat end")
assert(inside(function()
  for v in function() return y("step") end do end
  return "end", true
end) == "step end")
assert(inside(function()
  local ok, e = pcall(function() y("before") error("x", 0) end)
  y(tostring(ok) .. e)
  table.sort({ 3, 2, 1 }, function(a, b) y("s") return a < b end)
  local s = ("ab"):gsub(".", function(c) y(c) return c:upper() end)
  return s, true
end):find("^before falsex s .*a b AB$"))
----
-- Errors pass out of a coroutine; wrap adds the position of its caller.
local co = coroutine.create(function() error({ code = 5 }) end)
local ok, e = coroutine.resume(co)
assert(not ok and e.code == 5 and coroutine.status(co) == "dead")
----
coroutine.wrap(function() error("lost", 0) end)() --! lost
----
-- Raised on behalf of native code: without a position.
local ok, e = pcall(function() coroutine.yield(1) end)
assert(not ok and e == "attempt to yield from outside a coroutine")
----
-- close runs pending to-be-closed variables and reports their errors.
local log = ""
local function closing(name, fail)
  return setmetatable({}, { __close = function(_, e) log = log .. name .. tostring(e) if fail then error(fail, 0) end end })
end
local co = coroutine.create(function()
  local a <close> = closing("a")
  local b <close> = closing("b", "broken")
  coroutine.yield()
end)
coroutine.resume(co)
local ok, e = coroutine.close(co)
assert(not ok and e == "broken" and log == "bnilabroken")
----
-- Running, isyieldable, resuming oneself.
local main, isMain = coroutine.running()
assert(isMain and coroutine.status(main) == "running" and not coroutine.isyieldable())
local co
co = coroutine.create(function()
  local ok, e = coroutine.resume(co)
  assert(not ok and e == "cannot resume non-suspended coroutine")
  return coroutine.isyieldable()
end)
assert(select(2, coroutine.resume(co)) == true)
----
-- Generators inside generators.
local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local function squares(source) return coroutine.wrap(function() for v in source do coroutine.yield(v * v) end end) end
local sum = 0
for v in squares(squares(range(20))) do sum = sum + v end
assert(sum == 722666)
