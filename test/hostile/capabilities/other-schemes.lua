-- tries: to read files and the like by URLs of other schemes (H11)
-- expects: ok
for _, url in ipairs({ "file:///etc/passwd", "FILE:///etc/passwd", "data:,x", "blob:x", "s3://b/k", "unix:/run/x", "ftp://127.0.0.1/", "javascript:1",
  "about:blank", "http:/etc/passwd", "http:///etc/passwd", "//etc/passwd", "/etc/passwd", "etc", "http://", "http:\\\\127.0.0.1\\", "", "http://127.0.0.1:99999/",
  "http://127.0.0.1:-1/", "http://a b/", "http://127.0.0.1\r\nX: y/", "http://127.0.0.1/\0", "gopher://x", "ws://127.0.0.1:1", "bun:test", "node:fs" }) do
  for _, call in ipairs({ http.get, function(u) return http.client({ base_url = u }):get("/") end, http.stream and function(u) return http.stream("GET", u) end }) do
    local ok = pcall(call, url)
    assert(not ok, url)
  end
  assert(not pcall(ws.connect, url == "ws://127.0.0.1:1" and "http://x" or url), url)
end
