-- table.sort with and without a comparator, and a quicksort in Lua.
local function numbers(n)
  local t, x = {}, 42
  for i = 1, n do x = (x * 1103515245 + 12345) % 2147483648; t[i] = x end
  return t
end
local a = numbers(1000000)
table.sort(a)
local b = numbers(300000)
table.sort(b, function(x, y) return x > y end)
local c = numbers(700000)
local function quick(t, lo, hi)
  while lo < hi do
    local p, i, j = t[(lo + hi) // 2], lo, hi
    while i <= j do
      while t[i] < p do i = i + 1 end
      while t[j] > p do j = j - 1 end
      if i <= j then t[i], t[j] = t[j], t[i]; i = i + 1; j = j - 1 end
    end
    quick(t, lo, j)
    lo = i
  end
end
quick(c, 1, #c)
print(a[1], a[#a], b[1], b[#b], c[1], c[#c])
