-- tries: to confuse the shapes that tables share by order, deletion and number of their keys
-- expects: ok
local tables = {}
for i = 1, 200 do
  local t = {}
  for j = 1, 40 do t["k" .. (j * i % 41)] = j end
  for j = 1, 40, 2 do t["k" .. j] = nil end
  t["k" .. i], t[i], t[i + 0.5] = i, i, i
  tables[i] = t
end
for i, t in ipairs(tables) do
  assert(t["k" .. i] == i and t[i] == i and t[i + 0.5] == i)
  local n = 0
  for k, v in next, t do n = n + 1 assert(t[k] == v) end
  assert(n >= 3)
end
local many = {}
for i = 1, 5000 do many["key" .. i] = i end
for i = 1, 5000 do assert(many["key" .. i] == i) end
assert(({}).key1 == nil)
