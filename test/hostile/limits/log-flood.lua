-- tries: to flood the log
-- expects: stop
-- options: --timeout 2s
local fields = { text = ("x"):rep(1e4) }
while true do log.info(("y"):rep(1e4), fields) end
