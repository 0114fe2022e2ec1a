-- tries: to be redirected to where it may not connect, and to other schemes (H10)
-- expects: ok
-- options: --allow-net=$HOST
local server = ...
for _, target in ipairs({ "http://127.0.0.1:1/", "http://169.254.169.254/", "http://2852039166/", "http://localhost:22/", "//127.0.0.1:9/",
  "https://example.invalid/", "file:///etc/passwd", "data:,x", "javascript:alert(1)", "unix:/x", "s3://b/k", "http://[::ffff:7f00:1]:1/" }) do
  local ok, message = pcall(http.get, server .. "/redirect?" .. target)
  assert(not ok and (message:find("is not allowed") or message:find("scheme") or message:find("URL") or message:find("http")), target .. ": " .. tostring(message))
end
assert(http.get(server .. "/redirect?/").body == "hello")
local ok, message = pcall(http.get, server .. "/loop")
assert(not ok and message:find("more than 10 redirects"), message)
