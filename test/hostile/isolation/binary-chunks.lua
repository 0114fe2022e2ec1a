-- tries: to run binary chunks, whole and damaged, from strings and files (D10)
-- expects: ok
local HEAD = "\27Lua\x55\0\x19\x93\r\n\x1a\n\4\8\8xV\0\0\0\0\0\0\0\0\0\0\0(w@"
for _, chunk in ipairs({ "\27", "\27Lua", HEAD, HEAD .. ("\0"):rep(100), HEAD .. ("\xff"):rep(1000), "\27LuaQ", "\27LJ\2" }) do
  for _, mode in ipairs({ "b", "bt", "t" }) do
    local f, message = load(chunk, "x", mode)
    assert(f == nil and type(message) == "string", mode)
  end
  local parts = { chunk:sub(1, 1), chunk:sub(2) }
  assert(load(function() return table.remove(parts, 1) end) == nil)
  local _, dir = ...
  fs.write(dir .. "/binary.lua", chunk)
  local ok, message = pcall(require, "binary")
  assert(not ok and not package.loaded.binary)
end
assert(load("return 1", "x", "b") == nil)
