-- tries: to flood the output faster than it is read (K22)
-- expects: stop
-- options: --timeout 2s
local line = ("x"):rep(1e5)
while true do print(line) io_ = log end
