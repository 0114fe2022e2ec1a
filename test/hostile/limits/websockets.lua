-- tries: to fill memory by websockets: endless messages, fragments, bombs (H23)
-- expects: ok
-- options: --timeout 60s
local server = (...):gsub("^http", "ws")
for path, want in pairs({ ["/ws-endless"] = "1009", ["/ws-fragments"] = "pieces" , ["/ws-bomb"] = "100[29]" }) do
  local ok, message = pcall(function()
    local conn <close> = ws.connect(server .. path)
    return ws.recv(conn, 20)
  end)
  assert(not ok and (message:find(want) or message:find("not enough memory") or message:find("extension") or message:find("compress")), path .. ": " .. tostring(message))
end
local conn = ws.connect(server .. "/ws-silent", { max_message = 1000 })
assert(not pcall(ws.recv, conn, 0.1))
-- Nobody reads what is sent.
local ok = pcall(async.timeout, 2, function() for _ = 1, 1000 do ws.send(conn, ("x"):rep(1e6)) end end)
assert(not ok)
