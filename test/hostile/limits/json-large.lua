-- tries: to use up memory and time by large documents in all formats
-- expects: ok
-- options: --timeout 60s
local function bounded(f, ...)
  collectgarbage()
  local ok, message = pcall(f, ...)
  assert(ok or type(message) == "string" and (message:find("not enough memory") or message:find("limit") or message:find("too ")), tostring(message))
end
bounded(function() return json.parse("[" .. ("1,"):rep(3e6) .. "1]") end)
bounded(function() return json.parse("[" .. ("{},"):rep(1e6) .. "1]") end)
bounded(function() return json.parse('{"a":"' .. ("x"):rep(2e7) .. '"}') end)
bounded(function() return json.parse('["' .. ("\\u0041"):rep(1e6) .. '"]') end)
bounded(function() return json.parse("[" .. ("1"):rep(1e6) .. "]") end)
bounded(function() return json.parse("[1" .. ("0"):rep(1e6) .. "e-" .. ("9"):rep(1000) .. "]") end)
bounded(function() local t = {} for i = 1, 1e5 do t["k" .. i] = ("x"):rep(100) end return json.encode(t, { indent = 16 }) end)
bounded(function() local s = ("\1"):rep(5e6) return json.encode({ s, s, s, s }) end)
bounded(function() return yaml.parse(("- 1\n"):rep(3e5)) end)
bounded(function() return yaml.parse("a: " .. ("x"):rep(5e6)) end)
bounded(function() return toml.parse("a = [" .. ("1,"):rep(3e5) .. "]") end)
bounded(function() return toml.parse(("[a]\n"):rep(1) .. ("k = 1\n"):rep(1)) end)
bounded(function() return base64.encode(("x"):rep(2e7)) end)
bounded(function() return base64.decode(("QUJD"):rep(4e6)) end)
assert(#json.parse("[1,2]") == 2)
