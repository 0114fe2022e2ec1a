-- Primes below eight million.
local n, count = 8000000, 0
local composite = {}
for i = 2, n do
  if not composite[i] then
    count = count + 1
    for j = i * i, n, i do composite[j] = true end
  end
end
print(count)
