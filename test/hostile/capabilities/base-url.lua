-- tries: to leave the host of a client's base address by its paths (H04)
-- expects: ok
local server = ...
local c = http.client({ base_url = server })
for _, path in ipairs({ "//evil.invalid/x", "http://evil.invalid/", "https://evil.invalid", "\\\\evil.invalid\\", "@evil.invalid/", "/../../x",
  ":80@evil.invalid/", ".evil.invalid/", "/\t/evil.invalid", "?x", "#x" }) do
  local ok, result = pcall(c.get, c, path, { timeout = 2 })
  assert(ok and result.url:sub(1, #server) == server or not ok and not result:find("evil.invalid:"), path .. ": " .. tostring(ok and result.url or result))
end
