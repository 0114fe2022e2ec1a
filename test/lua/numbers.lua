-- The same seed gives the same numbers, in every kind of call.
local function draw()
  math.randomseed(2024, 7)
  local t = {}
  for i = 1, 50 do
    t[#t + 1] = math.random()
    t[#t + 1] = math.random(i)
    t[#t + 1] = math.random(-i, i * 1000)
    t[#t + 1] = math.random(0)
    t[#t + 1] = math.random(math.mininteger, math.maxinteger >> i)
  end
  return table.concat(t, " ")
end
assert(draw() == draw())
----
-- Random numbers stay where they belong, and get everywhere there.
local seen = {}
for _ = 1, 500 do
  local x = math.random()
  assert(math.type(x) == "float" and x >= 0 and x < 1)
  local n = math.random(3, 7)
  assert(math.type(n) == "integer" and n >= 3 and n <= 7)
  seen[n] = true
  assert(math.random(5, 5) == 5)
  assert(math.random(math.maxinteger - 1, math.maxinteger) >= math.maxinteger - 1)
end
assert(seen[3] and seen[4] and seen[5] and seen[6] and seen[7])
----
-- Every float reads back from its text, in decimal and in hexadecimal.
local x = 0.1
for _ = 1, 300 do
  for _, n in ipairs { x, -x, 1 / x, x * 1e250, x / 1e300 } do
    assert(tonumber(tostring(n)) == n)
    assert(tonumber(("%a"):format(n)) == n)
    assert(tonumber(("%.17g"):format(n)) == n)
  end
  x = x * 1.37
end
----
-- Taking numbers apart and putting them together.
for _, n in ipairs { 1.0, -3.75, 2.0^-1074, 1e308, 0.1, -0.0 } do
  local m, e = math.frexp(n)
  assert(math.ldexp(m, e) == n)
  local whole, fraction = math.modf(n)
  assert(whole + fraction == n and math.type(fraction) == "float")
  assert(math.floor(n) <= n and math.ceil(n) >= n)
end
----
-- Floor division and modulo belong together; fmod goes with truncation.
for a = -7, 7 do
  for b = -3, 3 do
    if b ~= 0 then
      assert(a // b * b + a % b == a)
      assert(math.fmod(a, b) == a - b * math.tointeger(math.modf(a / b)))
      assert(math.fmod(a + 0.0, b) == math.fmod(a, b))
    end
  end
end
----
-- max and min follow `<`, metamethods included.
local mt = { __lt = function(a, b) return a.key < b.key end }
local function item(key) return setmetatable({ key = key }, mt) end
assert(math.max(item(1), item(3), item(2)).key == 3)
assert(math.min(item(2), item(1), item(3)).key == 1)
local ok, message = pcall(math.max, 1, {})
assert(not ok and message == "attempt to compare number with table")
----
math.floor({})                                 --! bad argument #1 to 'floor' (number expected, got table)
----
math.random(0x7FFFFFFF, -1)                    --! bad argument #1 to 'random' (interval is empty)
----
local huge = math.tointeger(2^63) or math.fmod(1, 0)  --! bad argument #2 to 'fmod' (zero)
----
-- Low bits of products and shifts that need all 64 bits, and more, are exact behind a mask or a remainder.
local h, prime, seed = 0xcbf29ce4, 16777619, 2147483647
assert((h * prime) & 0xffffffff == 0xf2ecfaec)
assert((h * prime + 7) % 256 == 0xf3)
assert((seed * 1103515245 + 12345) % 2147483648 == 1043980748)
assert((-seed * 1103515245) % 2147483648 == 1103515245)
assert((seed * 1103515245) % 4294967296 == 1043968403)
assert((-7 * prime) % 8 == 3 and (-7 * 3.0) % 8 == 3.0 and math.type((-7 * 3.0) % 8) == "float")
assert(("7" * prime) % 8 == 5)
assert(not pcall(function() return ({} * prime) % 8 end))
assert((math.mininteger * prime) % 4 == 0 and (math.maxinteger * math.maxinteger) & 0xff == 1)
----
-- A float constant stays a float while the other operand waits.
local function f() return 3 end
assert(math.type(0.0 * f()) == "float" and math.type(2.0 + f()) == "float" and math.type(5.0 - f()) == "float")
assert(1.0 / f() == 1 / 3)
----
-- Bits of integers beyond 32 bits, with operands of either sign.
local a, b = 0xf0f0f0f0f0, -0x0f0f0f0f0f
assert(a & 0xff00ff00 == 0xf000f000 and ~0xf0f0f0f0 & 0xffffffff == 0x0f0f0f0f)
assert(a & b == 0xf0f0f0f0f0 and a | 1 == 0xf0f0f0f0f1 and a ~ b == -0xffffffffff and -1 & a == a)
assert(0x80000000 | 1 == 0x80000001 and 0x80000000 ~ 0xffffffff == 0x7fffffff and -2 & 0x80000001 == 0x80000000)
----
-- 64 bits wrap around and stay integers, on both sides of what a double holds exactly.
local edge <const> = (1 << 53) - 1
assert(math.type(~edge) == "integer" and ~edge == -edge - 1 and ~~edge == edge and ~(edge + 1) == -edge - 2)
assert(edge * edge == -18014398509481983 and edge + edge == 18014398509481982 and -edge - 2 == -9007199254740993)
assert(math.maxinteger * 3 == math.maxinteger - 2 and math.mininteger * -1 == math.mininteger)
assert(math.maxinteger + 1 == math.mininteger and math.mininteger - 1 == math.maxinteger)
local x = 88172645463325252 -- xorshift64 (Marsaglia)
for _ = 1, 1000 do
  x = x ~ (x << 13)
  x = x ~ (x >> 7)
  x = x ~ (x << 17)
end
assert(x == 1363160026601443621)
local h = 0xcbf29ce484222325 -- FNV-1a
for i = 0, 255 do h = (h ~ i) * 0x100000001b3 end
assert(h == 0x4242dc5249c33625)
local s = 1 -- a linear congruential generator
for _ = 1, 1000 do s = s * 6364136223846793005 + 1442695040888963407 end
assert(s == -785878792658960727)
----
-- Subtracting the constant 0 is adding it, in the reference as here; any other zero is subtracted.
local z, n = -0.0, 0
assert(1 / (z - 0) == math.huge and 1 / (-0.0 - 0) == math.huge and 1 / (z - n) == -math.huge and 1 / (z - 0.0) == -math.huge)
