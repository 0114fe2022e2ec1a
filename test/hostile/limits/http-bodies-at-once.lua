-- tries: to fill memory by many bodies at a time, each below its limit (M16)
-- expects: ok
-- options: --timeout 60s
local server = ...
local tasks = {}
for i = 1, 50 do tasks[i] = async.spawn(function() return http.get(server .. "/endless", { timeout = 20 }) end) end
for _, task in ipairs(tasks) do
  local ok, message = pcall(task.await, task)
  assert(not ok and (message:find("max_body") or message:find("not enough memory") or message:find("timed out")), tostring(message))
end
assert(http.get(server).body == "hello")
