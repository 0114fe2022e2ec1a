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
