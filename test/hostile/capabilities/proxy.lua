-- tries: to get around the list of hosts by a proxy
-- expects: ok
-- options: --allow-net=$HOST
local server = ...
for _, call in ipairs({
  function() return http.get("http://example.invalid/", { proxy = server }) end,
  function() return http.get("https://example.invalid/", { proxy = server }) end,
  function() return http.get("http://169.254.169.254/", { proxy = server }) end,
  function() return http.get(server, { proxy = "http://127.0.0.1:1" }) end,
  function() return http.get(server, { proxy = "http://evil.invalid:3128" }) end,
  function() return ws.connect("ws://example.invalid/", { proxy = server }) end,
}) do
  local ok, message = pcall(call)
  assert(not ok and message:find("is not allowed (--allow-net)", 1, true), tostring(message))
end
assert(http.get(server, { proxy = server }).body == "hello")
