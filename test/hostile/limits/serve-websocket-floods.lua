-- tries: to fill the memory of a server by websockets whose messages nobody receives, or which take nothing (S14)
-- peak: 256
-- expects: ok
-- options: --timeout 60s
local address
async.spawn(function()
  http.serve(0, {
    GET = { ["/small"] = function() return "ok" end },
    WS = {
      ["/deaf"] = function() sleep(60) end,
      ["/flood"] = function(conn) while true do conn:send(("x"):rep(100000)) end end,
    },
  }, { host = "127.0.0.1", drain = 0, on_listen = function(a) address = a end })
end)
while not address do sleep(0.01) end
local conns = {}
for i = 1, 40 do
  conns[i] = ws.connect("ws://" .. address .. (i % 2 == 0 and "/flood" or "/deaf"))
  if i % 2 == 1 then async.spawn(function() pcall(function() for _ = 1, 30 do ws.send(conns[i], ("x"):rep(60000)) end end) end) end
end
sleep(1)
assert(http.get("http://" .. address .. "/small").body == "ok")
http.stop()
