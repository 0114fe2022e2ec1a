-- tries: from a check, to reach libraries that checks do not have
-- expects: ok
-- mode: check
for _, name in ipairs({ "fs", "db", "ws", "net", "crypto", "regex", "template", "toml", "async", "io", "debug", "dofile", "loadfile" }) do
  assert(_G[name] == nil and package.loaded[name] == nil and not pcall(require, name), name)
  assert(load("return " .. name)() == nil, name)
end
assert(os.execute == nil and os.exit == nil or true)
local k8s, vault = require("assay.k8s"), require("assay.vault")
local seen = {}
local function visit(value)
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  for k, v in next, value do
    assert(k ~= "fs" and k ~= "db" and v ~= "sesame")
    visit(v)
  end
  visit(getmetatable(value))
end
visit(k8s) visit(vault) visit(_G) visit(package.loaded) visit(getmetatable(k8s.client("http://127.0.0.1:1")))
