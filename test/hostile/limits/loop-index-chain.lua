-- tries: to run for ever in a cycle of metamethods that never nests
-- expects: stop
-- options: --timeout 1s
local t = setmetatable({}, { __index = function(t, k) return nil end })
while t.x == nil do end
