-- tries: to tell something to whoever answers for a domain, by looking up names that are not allowed
-- expects: ok
-- options: --allow-net=api.example.invalid:443,127.0.0.1:1 --timeout 10s
for _, call in ipairs({
  function() return http.get("http://data.evil.invalid/") end, function() return ws.connect("ws://data.evil.invalid") end,
  function() return net.tcp("data.evil.invalid", 80) end, function() return net.resolve("data.evil.invalid") end,
  function() return net.resolve("data.evil.invalid", { type = "TXT" }) end, function() return db.connect("postgres://u@data.evil.invalid/x") end,
  function() return db.connect("mysql://u@data.evil.invalid/x") end, function() return http.serve(0, {}, { host = "data.evil.invalid" }) end,
  function() return http.get("https://api.example.invalid/", { proxy = "http://data.evil.invalid:80" }) end,
}) do
  local ok, message = pcall(call)
  assert(not ok and message:find("is not allowed (--allow-net)", 1, true), tostring(message))
end
