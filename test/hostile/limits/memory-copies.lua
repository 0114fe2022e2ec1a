-- tries: to multiply large strings by the copies and the garbage of functions that work on them
-- expects: ok
-- options: --timeout 60s
local s, kept = ("x"):rep(2e7), nil
local CALLS = {
  function() return s:upper() end, function() return s:reverse() end, function() return (s:gsub("y", "z")) end, function() return ("%s%s"):format(s, s) end,
  function() return ("%q"):format(("\1"):rep(1e6)) end, function() return table.concat({ s, s }) end, function() return ("x"):rep(6e7) end, function() return string.pack("s4", s) end,
  function() return json.encode({ s }) end, function() return yaml.encode({ a = s }) end, function() return toml.encode({ a = s }) end, function() return base64.encode(s) end,
  function() return crypto.hash(s) end, function() return template.render_string("{{ s }}{{ s }}", { s = s }) end, function() return regex.match("y", s) end, function() return s < s .. "a" end,
  function() local t = {} for i = 1, 1e9 do t[i] = s:sub(i) end end,
  function() local t = {} for i = 1, 1e9 do t[i] = (1 << 62) + i end end, function() local t = {} for i = 1, 1e9 do t[i] = i + 0.0 end end,
}
for i, call in ipairs(CALLS) do
  for _ = 1, 2 do
    local ok, result = pcall(call)
    assert(ok or tostring(result):find("not enough memory"), i .. ": " .. tostring(result):sub(1, 200))
    kept = ok and result
  end
end
assert(#s == 2e7)
