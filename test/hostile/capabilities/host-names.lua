-- tries: to pass for an allowed host: longer names, credentials, ports, case, look-alikes, final dots (H19)
-- expects: ok
-- options: --timeout 15s --allow-net=api.example.invalid
local function refused(url)
  local ok, message = pcall(http.get, url, { timeout = 2 })
  assert(not ok and (message:find("is not allowed (--allow-net)", 1, true) or message:find("invalid URL") or message:find("host")), url .. ": " .. message)
  return message:find("is not allowed", 1, true) ~= nil
end
for _, url in ipairs({ "http://api.example.invalid.evil.invalid/", "http://evilapi.example.invalid/", "http://api.example.invalid@evil.invalid/",
  "http://api.example.invalid:8443/", "http://api.example.invalid:80@evil.invalid/", "http://аpi.example.invalid/", "http://api.example.invalid./",
  "http://xn--pi-6kc.example.invalid/", "http://evil.invalid/api.example.invalid", "http://evil.invalid#api.example.invalid",
  "http://evil.invalid?api.example.invalid", "http://example.invalid/", "http://127.0.0.1/", "http://localhost/", "http://[::1]/" }) do
  assert(refused(url), url)
end
-- These are it: they fail for want of an address only.
for _, url in ipairs({ "http://api.example.invalid/", "http://API.EXAMPLE.INVALID/", "https://api.example.invalid:443/", "http://u:p@api.example.invalid/" }) do
  assert(not refused(url), url)
end
