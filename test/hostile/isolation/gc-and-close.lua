-- tries: to run code from __gc and __close at odd moments: in errors, in collections, after the end
-- expects: exit 0 closed
local resurrected
for i = 1, 1000 do
  setmetatable({}, { __gc = function(o) resurrected = o if i % 100 == 0 then error("gc") end end })
end
collectgarbage()
do
  local ok = pcall(function()
    local a <close> = setmetatable({}, { __close = function(_, e) error("second") end })
    local b <close> = setmetatable({}, { __close = function(_, e) sleep(0.001) error(e) end })
    error("first")
  end)
  assert(not ok)
end
local co = coroutine.wrap(function()
  local c <close> = setmetatable({}, { __close = function() coroutine.yield(1) end })
  error("x")
end)
pcall(co) pcall(co)
setmetatable({}, { __gc = function() while true do local t = {} t[1] = setmetatable({}, { __gc = function() end }) break end end })
setmetatable(_G, { __gc = function() print("closed") end })
local last <close> = setmetatable({}, { __close = function() print("closed") end })
