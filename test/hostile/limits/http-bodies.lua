-- tries: to fill memory by bodies, headers and status lines of a server (M16, H12, H13)
-- expects: ok
-- options: --timeout 60s
local server = ...
for path, want in pairs({ ["/endless"] = "max_body", ["/large"] = "max_body", ["/bomb"] = "max_body", ["/bombs"] = "max_body", ["/headers"] = "headers are too large",
  ["/header-flood"] = "headers are too large", ["/status-line"] = ".", ["/loop"] = "redirects" }) do
  local ok, message = pcall(http.get, server .. path, { timeout = 20 })
  assert(not ok and (message:find(want) or message:find("not enough memory")), path .. ": " .. tostring(message))
end
local ok, message = pcall(function() return http.get(server .. "/json"):json() end)
assert(not ok, "a million levels")
assert(http.get(server).body == "hello")
