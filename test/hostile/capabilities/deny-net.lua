-- tries: to connect or to listen with --deny-net
-- expects: ok
-- options: --deny-net --timeout 10s
local server = ...
for _, call in ipairs({
  function() return http.get(server) end, function() return ws.connect((server:gsub("http", "ws"))) end, function() return net.tcp("127.0.0.1", 1) end,
  function() return net.tls("127.0.0.1", 1) end, function() return net.resolve("localhost") end, function() return db.connect("postgres://u@127.0.0.1/x") end,
  function() return db.connect("mysql://u@127.0.0.1/x") end, function() return db.connect("postgres:///x?host=/run/x") end,
  function() return http.serve(0, { GET = {} }) end, function() return http.serve(0, { GET = {} }, { host = "127.0.0.1" }) end,
  function() return http.serve(0, { GET = {} }, { host = "example.invalid" }) end,
  function() return require("assay.prometheus").query(server, "up") end,
  function() return http.client({ base_url = server }):get("/") end,
}) do
  local ok, message = pcall(call)
  assert(not ok and message:find("is not allowed (--deny-net)", 1, true), tostring(message))
end
