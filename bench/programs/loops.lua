-- Nested numeric loops over integers and floats.
local sum, x = 0, 0.25
for i = 1, 8000 do
  for j = 1, 8000 do
    sum = sum + (i ~ j) % 7
    if j % 3 == 0 then x = x * 0.999 + 0.1 end
  end
end
print(sum, string.format("%.6f", x))
