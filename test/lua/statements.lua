-- Manual §3.3: blocks, control structures, assignments, declarations.
-- Multiple assignment evaluates everything before it assigns anything (§3.3.3).
local i, a = 3, {}
i, a[i] = i + 1, 20
assert(i == 4 and a[3] == 20 and a[4] == nil)
local x, y, z = 1, 2
x, y = y, x
assert(x == 2 and y == 1 and z == nil)
local t = { 1, 2, 3 }
t[1], t[2], t[3] = t[3], t[1], t[2]
assert(t[1] == 3 and t[2] == 1 and t[3] == 2)
----
-- Numeric loops (§3.3.5): the limit is fixed at the start, the step may be negative or a float.
local seen = {}
for i = 10, 1, -4 do seen[#seen + 1] = i end
assert(table.concat(seen, " ") == "10 6 2")
seen = {}
for x = 1, 2, 0.25 do seen[#seen + 1] = x end
assert(#seen == 5 and seen[5] == 2.0 and math.type(seen[1]) == "float")
local n = 0
for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end
assert(n == 2)
n = 0
for i = (1 << 53) - 2, (1 << 53) + 1 do n = n + 1 end
assert(n == 4)
for i = 1, 0 do error("never") end
for i = math.mininteger, -1e100 do error("never") end
----
for i = 1, 10, 0 do end --! 'for' step is zero
----
for i = 1, {} do end --! bad 'for' limit (number expected, got table)
----
-- Each turn of a loop has a variable of its own, which closures keep.
local fs = {}
for i = 1, 3 do fs[i] = function() return i end end
for _, v in ipairs({ "a", "b" }) do fs[#fs + 1] = function() return v end end
assert(fs[1]() == 1 and fs[3]() == 3 and fs[4]() == "a" and fs[5]() == "b")
----
-- Loops, break and goto (§3.3.4).
local out = {}
for i = 1, 5 do
  if i == 2 then goto continue end
  if i == 5 then break end
  out[#out + 1] = i
  ::continue::
end
assert(table.concat(out) == "134")
local n = 0
::again::
n = n + 1
if n < 10 then goto again end
assert(n == 10)
repeat local done = n > 3; n = n - 1 until done
assert(n == 9)
while true do n = n - 1 if n == 0 then break end end
----
-- A goto backwards makes new variables, so that closures differ.
local fs = {}
do
  local k = 0
  ::top::
  local v = k
  fs[#fs + 1] = function() v = v + 1 return v end
  k = k + 1
  if k < 3 then goto top end
end
assert(fs[1]() == 1 and fs[1]() == 2 and fs[2]() == 2 and fs[3]() == 3)
----
-- Constants (§3.3.7) are part of the program.
local limit <const> = 10
local function f() return limit * 2 end
assert(f() == 20)
local ok, message = load("local x <const> = 1; x = 2", "=c")
assert(not ok and message == "c:1: attempt to assign to const variable 'x'")
ok, message = load("for i = 1, 2 do i = 3 end", "=c")
assert(not ok and message == "c:1: attempt to assign to const variable 'i'")
----
-- Global declarations (§3.3.7): once one is in scope, other names must be declared.
assert(load("global print; print = print", "=g"))
local ok, message = load("global print; x = 1", "=g")
assert(not ok and message == "g:1: variable 'x' not declared")
ok, message = load("global <const> print; print = 1", "=g")
assert(not ok and message == "g:1: attempt to assign to const variable 'print'")
assert(load("global *; x = 1", "=g"))
global function declared_here() return 5 end
global assert
assert(declared_here() == 5)
----
-- The environment (§2.2): globals are fields of _ENV.
local function sandbox()
  local _ENV = { value = 3 }
  other = value + 1
  return other
end
assert(sandbox() == 4 and other == nil)
_ENV.named = 7
assert(named == 7)
----
-- A local is read when the operator needs it: what a call on the right makes of it counts, as in the reference.
local a = 1
local function f() a = a + 10 return 1 end
local function from(n, ...) a = n return ... end
assert(from(1, a + f()) == 12 and from(1, a - f()) == 10 and from(1, a // f()) == 11)
assert(from(1, a < f()) == false and from(1, a > f()) == true and from(1, a == f()) == false)
assert(from(1, a .. f()) == "11" and from(1, a + 1 + f()) == 3 and from(1, f() + a) == 12)
local t, u, k = { 5 }, { 7, 8 }, 1
local function exchange() t, u = u, t return 2 end
assert(t[exchange()] == 8)
t[1] = exchange()
assert(t[1] == 2 and u[1] == 7)
t.x = exchange()
assert(t.x == 2 and u.x == nil)
local function following() k = k + 1 return "v" end
t[k] = following()
assert(t[2] == "v" and t[1] == 7)
----
-- Loops with a NaN in them, as the reference has them: nothing says that they are over before they began.
local function turns(a, b, c)
  local n = 0
  for _ = a, b, c do
    n = n + 1
    if n == 5 then break end
  end
  return n
end
local nan <const> = 0 / 0
assert(turns(nan, 1, 1) == 1 and turns(1.0, nan, 1) == 1 and turns(nan, nan, -1) == 1)
assert(turns(1, nan, -1) == 5 and turns(1, nan, 1) == 0 and turns(1, 2, nan) == 0 and turns(math.mininteger, nan, -1) == 1)
