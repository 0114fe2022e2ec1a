-- tries: to write with --readonly
-- expects: ok
-- options: --readonly
local server, dir = ...
for name, call in pairs({
  write = function() fs.write(dir .. "/in/new", "x") end, append = function() fs.append(dir .. "/in/file", "x") end, mkdir = function() fs.mkdir(dir .. "/in/new") end,
  remove = function() fs.remove(dir .. "/in/file") end, rename = function() fs.rename(dir .. "/in/file", dir .. "/in/new") end,
  copy = function() fs.copy(dir .. "/in/file", dir .. "/in/new") end, tempdir = function() fs.tempdir() end,
  download = function() http.get(server, { download = dir .. "/in/new" }) end, sqlite = function() db.connect("sqlite://" .. dir .. "/in/new") end,
  stdout = function() fs.write("/dev/stdout", "x") end, shm = function() fs.write("/dev/shm/hostile", "x") end,
  nothing = function() fs.write("/dev/null", "x") end, fd = function() fs.write("/proc/self/fd/1", "x") end,
}) do
  local ok, message = pcall(call)
  assert(not ok and message:find("is not allowed (--readonly)", 1, true), name .. ": " .. tostring(message))
end
assert(fs.read(dir .. "/in/file") == "inside" and #fs.list(dir .. "/in") == 3)
