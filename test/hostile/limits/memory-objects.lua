-- tries: to use up memory by closures, coroutines, metatables and keys that are objects (M06)
-- expects: ok
-- options: --timeout 60s
local function no_memory(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and tostring(message):find("not enough memory"), message)
end
no_memory(function() local t = {} for i = 1, math.huge do t[i] = function() return i end end end)
no_memory(function() local t = {} for i = 1, math.huge do t[{}] = i end end)
no_memory(function() local t = {} for i = 1, math.huge do t[i] = coroutine.create(print) end end)
no_memory(function() local t = {} for i = 1, math.huge do t[i] = setmetatable({}, { __index = {} }) end end)
