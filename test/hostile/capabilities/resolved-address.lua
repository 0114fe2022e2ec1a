-- tries: to reach an address that is not allowed by a name that leads to it (H18)
-- expects: ok
-- options: --allow-net=10.0.0.0/8:*,192.0.2.1:* --timeout 10s
for _, url in ipairs({ "http://localhost:1/", "http://LOCALHOST:1/", "http://localhost.:1/", "http://ip6-localhost:1/", "http://0:1/", "http://0.0.0.0:1/", "http://[::]:1/",
  "http://127.1:1/", "http://0177.0.0.1:1/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/" }) do
  local ok, message = pcall(http.get, url, { timeout = 3 })
  assert(not ok and (message:find("is not allowed (--allow-net)", 1, true) or message:find("host not found")), url .. ": " .. tostring(message))
end
