-- Complex iteration on floats.
local size, limit, inside = 900, 50, 0
for py = 0, size - 1 do
  local ci = 2.0 * py / size - 1.0
  for px = 0, size - 1 do
    local cr = 2.0 * px / size - 1.5
    local zr, zi, i = 0.0, 0.0, 0
    while i < limit and zr * zr + zi * zi < 4.0 do
      zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
      i = i + 1
    end
    if i == limit then inside = inside + 1 end
  end
end
print(inside)
