-- Backtracking over small arrays.
local N = 10
local count = 0
local cols, diag1, diag2 = {}, {}, {}
local function place(row)
  if row > N then count = count + 1 return end
  for c = 1, N do
    if not cols[c] and not diag1[row + c] and not diag2[row - c + N] then
      cols[c], diag1[row + c], diag2[row - c + N] = true, true, true
      place(row + 1)
      cols[c], diag1[row + c], diag2[row - c + N] = false, false, false
    end
  end
end
for _ = 1, 8 do place(1) end
print(count)
