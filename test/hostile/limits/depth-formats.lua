-- tries: to break parsers and encoders by values nested very deep (D16)
-- expects: ok
-- options: --timeout 60s
local N = 100000
local function deep(n, make)
  local t = {}
  for _ = 1, n do t = make(t) end
  return t
end
local function refused(name, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, name)
  assert(message:find("deep") or message:find("depth") or message:find("nest") or message:find("not enough memory") or message:find("overflow") or message:find("limit")
    or message:find("too large"), name .. ": " .. message)
end
local list, map = deep(N, function(t) return { t } end), deep(N, function(t) return { a = t } end)
for name, encode in pairs({ json = json.encode, yaml = yaml.encode, toml = function(t) return toml.encode({ a = t }) end }) do
  refused(name .. " list", encode, list)
  refused(name .. " map", encode, map)
end
pcall(assert.eq, list, deep(N, function(t) return { t } end))
refused("log", function() log.info("x", map) error("deep") end)
refused("jwt", crypto.jwt_sign, { a = list }, "key")
list, map = nil, nil
for name, text in pairs({ list = ("["):rep(N), map = ('{"a":'):rep(N), closed = ("["):rep(N) .. ("]"):rep(N), values = ("[1,"):rep(N) }) do
  refused("json.parse " .. name, json.parse, text)
end
for name, text in pairs({ flow = ("["):rep(N), map = ("{a: "):rep(N), lists = ("- "):rep(N), keys = ("? "):rep(N) }) do
  refused("yaml.parse " .. name, yaml.parse, text)
end
refused("toml.parse list", toml.parse, "a = " .. ("["):rep(N))
refused("toml.parse map", toml.parse, "a = " .. ("{b="):rep(N))
pcall(toml.parse, "[" .. ("a."):rep(N) .. "a]")
pcall(yaml.parse, (function() local t = {} for i = 1, 3000 do t[i] = (" "):rep(i) .. "a:" end return table.concat(t, "\n") end)())
assert(json.parse("[[1]]")[1][1] == 1)
