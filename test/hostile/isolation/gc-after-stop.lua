-- tries: to go on after the time limit from __close and __gc (T02)
-- expects: stop
-- options: --timeout 1s
setmetatable(_G, { __gc = function() while true do end end })
local a <close> = setmetatable({}, { __close = function() while true do end end })
local b <close> = setmetatable({}, { __close = function() sleep(1000) end })
while true do end
