-- tries: to read or end what belongs to other tasks
-- expects: ok
local inner
local outer = async.spawn(function()
  inner = async.spawn(function() sleep(0.05) return "inner" end)
  return inner:await()
end)
assert(outer:await() == "inner" and inner:await() == "inner" and outer:await() == "inner")
local waiting = async.spawn(function() sleep(1000) end)
local also = async.spawn(function() return waiting:await() end)
waiting:cancel() waiting:cancel()
assert(not pcall(also.await, also) and not pcall(waiting.await, waiting))
local self
self = async.spawn(function() sleep(0.01) return self:await() end)
local ok, message = pcall(async.timeout, 0.5, function() return self:await() end)
assert(not ok and type(message) == "string")
self:cancel()
