-- tries: to fill memory by messages that nobody receives, before and while the websocket is closed (H23)
-- expects: ok
-- options: --timeout 30s
local server = (...):gsub("^http", "ws")
local conn = ws.connect(server .. "/ws-flood")
sleep(0.5)
assert(#ws.recv(conn) == 1000)
local begun = monotonic()
ws.close(conn)
assert(monotonic() - begun < 5, "a sender that goes on is not waited for")
-- One left open ends with the script.
ws.connect(server .. "/ws-flood")
sleep(0.5)
