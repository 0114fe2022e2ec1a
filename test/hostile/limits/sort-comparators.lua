-- tries: to confuse sort by comparators that contradict themselves, raise, wait or change the table (T03)
-- expects: ok
-- options: --timeout 30s
local function fill(n) local t = {} for i = 1, n do t[i] = (i * 7919) % n end return t end
pcall(table.sort, fill(1000), function() return true end)
pcall(table.sort, fill(1000), function() return math.random(2) == 1 end)
pcall(table.sort, fill(1000), function(a, b) return not (a < b) end)
local t = fill(1000)
pcall(table.sort, t, function(a, b) t[math.random(1000)] = nil return (a or 0) < (b or 0) end)
t = fill(1000)
pcall(table.sort, t, function(a, b) for i = 1001, 1100 do t[i] = i end return a < b end)
pcall(table.sort, fill(100), function(a, b) sleep(0) return a < b end)
pcall(table.sort, fill(100), function(a, b) error({}) end)
pcall(table.sort, { 1, "x", {}, true })
pcall(table.sort, setmetatable({}, { __len = function() return 100 end, __index = function() return 1 end, __newindex = function() error("no") end }))
t = fill(1000)
table.sort(t)
for i = 2, 1000 do assert(t[i - 1] <= t[i]) end
