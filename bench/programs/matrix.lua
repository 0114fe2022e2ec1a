-- Multiplication of matrices held as tables of rows.
local n = 240
local function make(seed)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = (i * seed + j) % 10 + 0.5 end
    m[i] = row
  end
  return m
end
local function multiply(a, b)
  local c = {}
  for i = 1, n do
    local ai, row = a[i], {}
    for j = 1, n do
      local sum = 0
      for k = 1, n do sum = sum + ai[k] * b[k][j] end
      row[j] = sum
    end
    c[i] = row
  end
  return c
end
local m = make(3)
for _ = 1, 3 do m = multiply(make(7), make(11)) end
print(m[1][1], m[n][n])
