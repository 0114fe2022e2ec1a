-- tries: to go on after the stop by to-be-closed variables (T02)
-- expects: stop
-- options: --timeout 1s
local function f()
  local c <close> = setmetatable({}, { __close = function() while true do end end })
  while true do end
end
while true do pcall(f) end
