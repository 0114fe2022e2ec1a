-- Manual §3.4.10, §3.4.11: calls, varargs, closures, tail calls.
-- Lists of values are adjusted: only the last call of a list gives all its results.
local function two() return 1, 2 end
local function none() end
local t = { two(), two(), (two()) }
assert(#t == 3)
assert(select("#", two(), two()) == 3 and select("#", none()) == 0 and select("#", (none())) == 1)
local a, b, c = two()
assert(a == 1 and b == 2 and c == nil)
----
-- Extra arguments are in `...`, and with a name in a table (Lua 5.5).
local function count(...) return select("#", ...), ... end
assert(select("#", count(nil, nil)) == 3)
local function named(first, ...rest) return first, rest.n, rest[1], ... end
local first, n, one, again = named("a", nil, "b")
assert(first == "a" and n == 2 and one == nil and again == nil)
assert(select("#", named("a", nil, "b")) == 5)
----
-- Closures share the variables they see.
local function counter()
  local n = 0
  return function() n = n + 1 return n end, function() return n end
end
local step, read = counter()
local other = counter()
step() step()
assert(read() == 2 and other() == 1)
----
-- Proper tail calls need no stack.
local function loop(n) if n == 0 then return "done" end return loop(n - 1) end
assert(loop(20000) == "done")
local object = { n = 0 }
function object:run(k) self.n = k if k == 0 then return self end return self:run(k - 1) end
assert(object:run(20000) == object)
----
-- Recursion that is no tail call ends in an error that can be caught.
local function endless() return 1 + endless() end
local ok, message = pcall(endless)
assert(not ok and message:find("stack overflow", 1, true))
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
assert(depth(15000) == 15000)
----
local t = {}
t.missing() --! attempt to call a nil value (field 'missing')
----
local t = {}
t:missing() --! attempt to call a nil value (method 'missing')
----
undefined_function() --! attempt to call a nil value (global 'undefined_function')
----
-- Methods, string calls, table calls.
local o = { x = 1 }
function o.get(self) return self.x end
assert(o:get() == 1 and ("abc"):upper() == "ABC" and type {} == "table" and #type "x" == 6)
