-- tries: to read with --deny-read
-- expects: ok
-- options: --deny-read
local server, dir = ...
for name, call in pairs({
  read = function() fs.read(dir .. "/in/file") end, exists = function() fs.exists(dir .. "/in/file") end, stat = function() fs.stat(dir .. "/in/file") end,
  list = function() fs.list(dir .. "/in") end, copy = function() fs.copy(dir .. "/in/file", dir .. "/in/new") end, render = function() template.render(dir .. "/in/file") end,
  ca = function() http.get("https://127.0.0.1:1", { tls = { ca = dir .. "/in/file" } }) end, stdin = function() fs.read("/dev/stdin") end,
  sqlite = function() db.connect("sqlite://" .. dir .. "/in/file") end,
}) do
  local ok, message = pcall(call)
  assert(not ok and message:find("is not allowed (--deny-read)", 1, true), name .. ": " .. tostring(message))
end
