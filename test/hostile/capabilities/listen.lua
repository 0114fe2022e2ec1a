-- tries: to listen where it may only connect (S10)
-- expects: ok
-- options: --allow-net=127.0.0.1:8080,example.invalid --timeout 10s
for _, options in ipairs({ {}, { host = "0.0.0.0" }, { host = "::" }, { host = "localhost" }, { host = "127.0.0.1" } }) do
  for _, port in ipairs({ 0, 8081, 22 }) do
    local ok, message = pcall(http.serve, port, { GET = {} }, options)
    assert(not ok and message:find("is not allowed (--allow-net)", 1, true), tostring(message))
  end
end
