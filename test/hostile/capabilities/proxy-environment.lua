-- tries: to connect by a proxy of the environment to what is not allowed (H22)
-- expects: ok
-- options: --allow-net=$HOST
-- env: HTTP_PROXY=$SERVER
-- env: http_proxy=$SERVER
-- env: HTTPS_PROXY=$SERVER
for _, url in ipairs({ "http://example.invalid/", "https://example.invalid/", "http://169.254.169.254/" }) do
  local ok, message = pcall(http.get, url)
  assert(not ok and message:find("is not allowed (--allow-net)", 1, true), tostring(message))
end
