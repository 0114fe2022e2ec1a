-- Allocation of many small tables.
local function bottomUp(depth)
  if depth == 0 then return {} end
  depth = depth - 1
  return { bottomUp(depth), bottomUp(depth) }
end
local function check(tree)
  if tree[1] then return 1 + check(tree[1]) + check(tree[2]) end
  return 1
end
local maxDepth = 15
local long = bottomUp(maxDepth)
for depth = 4, maxDepth, 4 do
  local n = 1 << (maxDepth - depth + 4)
  local sum = 0
  for _ = 1, n do sum = sum + check(bottomUp(depth)) end
  print(n, depth, sum)
end
print(check(long))
