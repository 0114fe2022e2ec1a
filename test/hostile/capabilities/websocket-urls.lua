-- tries: to reach other hosts by the addresses of websockets
-- expects: ok
-- options: --allow-net=$HOST
local server = ...
for _, url in ipairs({ "ws://127.0.0.1:1/", "ws://localhost:1", "wss://127.0.0.1:1/", "ws://2130706433:1/", "ws://0x7f.1:1/", "ws://169.254.169.254/",
  "ws://[::ffff:127.0.0.1]:1/", "ws://" .. server:match("//(.*)") .. "@127.0.0.1:1/" }) do
  local ok, message = pcall(ws.connect, url)
  assert(not ok and message:find("is not allowed (--allow-net)", 1, true), url .. ": " .. tostring(message))
end
