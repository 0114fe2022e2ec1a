-- tries: to wait for a websocket that says nothing (T13)
-- expects: stop
-- options: --timeout 2s
local c = ws.connect((...):gsub("^http", "ws") .. "/ws-silent") ws.recv(c)
