-- A binary heap used as a priority queue.
local heap, size = {}, 0
local function push(v)
  size = size + 1
  local i = size
  while i > 1 do
    local parent = i // 2
    if heap[parent] <= v then break end
    heap[i] = heap[parent]
    i = parent
  end
  heap[i] = v
end
local function pop()
  local top, v = heap[1], heap[size]
  heap[size] = nil
  size = size - 1
  local i = 1
  while 2 * i <= size do
    local child = 2 * i
    if child < size and heap[child + 1] < heap[child] then child = child + 1 end
    if v <= heap[child] then break end
    heap[i] = heap[child]
    i = child
  end
  if size > 0 then heap[i] = v end
  return top
end
local x, sum = 12345, 0
for _ = 1, 800000 do x = (x * 48271) % 2147483647; push(x) end
for i = 1, 800000 do sum = (sum + pop() * (i % 3)) % 1000000007 end
print(sum)
