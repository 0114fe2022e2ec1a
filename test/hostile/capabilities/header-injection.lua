-- tries: to add headers and requests by line breaks in header values, names, methods, URLs and cookies (H01, H02)
-- expects: ok
local server = ...
for _, headers in ipairs({ { A = "a\r\nX: y" }, { A = "a\nb" }, { A = "a\0b" }, { ["X: y"] = "1" }, { [""] = "1" }, { ["X\r\n"] = "1" }, { ["X\n"] = "1" },
  { ["X Y"] = "1" }, { A = { "ok", "a\r\nb" } }, { Host = "evil\r\nX: y" } }) do
  assert(not pcall(http.get, server, { headers = headers }))
  assert(not pcall(ws.connect, (server:gsub("^http", "ws")), { headers = headers }))
end
for _, method in ipairs({ "GET / HTTP/1.1\r\nX: y", "", "FOO BAR", "G\0T", "G\rT", "é" }) do
  assert(not pcall(http.request, method, server), method)
end
for _, options in ipairs({ { bearer = "a\r\nb" }, { auth = { "a\r\nb", "c\nd" } } }) do
  local ok, r = pcall(http.get, server .. "/token", options)
  assert(not ok or not r.body:find("\n"))
end
assert(not pcall(http.get, server .. "/ HTTP/1.1\r\nX: y\r\n\r\n"))
assert(not pcall(http.get, server, { headers = { ["Content-Length"] = "5", ["Transfer-Encoding"] = "chunked" } }) or true)
