-- tries: to hold the machine by very many intervals (T15)
-- expects: ok
local handles = {}
local ok, message = pcall(function()
  for i = 1, 1e6 do handles[i] = async.spawn_interval(function() end, 1000) end
end)
assert(not ok and (message:find("too many") or message:find("not enough memory")), message)
for _, h in ipairs(handles) do h:cancel() end
assert(async.spawn(function() return 1 end):await() == 1)
