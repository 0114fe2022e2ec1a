-- tries: to get the debug library, io, or any function of theirs (V16)
-- expects: ok
for _, name in ipairs({ "debug", "io", "dofile", "loadfile", "newproxy", "setfenv", "getfenv", "module", "unpack", "loadstring",
  "process", "Bun", "globalThis", "console", "eval", "Function", "window", "self", "require_", "__filename", "import" }) do
  assert(_G[name] == nil and rawget(_G, name) == nil and package.loaded[name] == nil, name)
  assert(not pcall(require, name) or type(require(name)) ~= "table" or name == "self", name)
end
for _, name in ipairs({ "execute", "remove", "rename", "tmpname", "setlocale" }) do assert(os[name] == nil, name) end
assert(string.dump == nil and package.loadlib == nil and package.searchers == nil and package.searchpath == nil)
-- Everything that can be reached from the globals.
local seen, found = {}, 0
local function visit(value, path)
  if seen[value] then return end
  seen[value] = true
  if type(value) == "function" then found = found + 1 end
  if type(value) ~= "table" then return end
  for k, v in next, value do
    assert(not tostring(k):find("hook") and not tostring(k):find("upvalue") and not tostring(k):find("registry"), path)
    if type(v) == "table" or type(v) == "function" then visit(v, path .. "." .. tostring(k)) end
  end
  local m = getmetatable(value)
  if m then visit(m, path .. "#") end
end
visit(_G, "_G")
visit(getmetatable(""), "string")
assert(found > 100)
