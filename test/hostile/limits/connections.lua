-- tries: to open connections, databases and servers without end
-- expects: ok
-- options: --timeout 60s
local server = ...
local kept = {}
local ok, message = pcall(function()
  for i = 1, 2000 do kept[i] = db.connect("sqlite::memory:") end
end)
assert(not ok and (message:find("too many") or message:find("not enough memory")), tostring(message))
for _, c in ipairs(kept) do c:close() end
kept = {}
ok, message = pcall(function()
  for i = 1, 5000 do kept[i] = ws.connect((server:gsub("^http", "ws")) .. "/ws-silent") end
end)
assert(not ok and (message:find("too many") or message:find("not enough memory")), tostring(message))
assert(http.get(server).body == "hello")
