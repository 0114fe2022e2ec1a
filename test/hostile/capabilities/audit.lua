-- tries: to change, replace, remove or overflow the file that records what it does
-- expects: ok
-- options: --audit $DIR/in/audit.jsonl
local server, dir = ...
local file = dir .. "/in/audit.jsonl"
for _, call in ipairs({ function() fs.write(file, "") end, function() fs.append(file, "x") end, function() fs.remove(file) end, function() fs.rename(file, file .. "2") end,
  function() fs.rename(dir .. "/in/file", file) end, function() fs.copy(dir .. "/in/file", file) end, function() fs.remove(dir .. "/in", { recursive = true }) end,
  function() fs.rename(dir .. "/in", dir .. "/other") end, function() http.get(server, { download = file }) end, function() db.connect("sqlite://" .. file) end }) do
  local ok, message = pcall(call)
  assert(not ok and message:find("(--audit)", 1, true), tostring(message))
end
pcall(http.get, server .. '/?a="\n{"time":"x"}')
pcall(fs.read, dir .. '/in/"\n{}\0')
pcall(env.get, 'x"\n{"granted":true}')
pcall(http.get, "http://user:password@127.0.0.1:1/?token=x", { bearer = "token" })
local count = 0
for line in fs.read(file):gmatch("[^\n]+") do
  local entry = json.parse(line)
  assert(entry.time and entry.access and entry.target and entry.granted ~= nil)
  assert(not line:find("password") and not line:find("token"))
  count = count + 1
end
assert(count >= 12)
