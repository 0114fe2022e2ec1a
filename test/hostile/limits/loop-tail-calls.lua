-- tries: to run for ever by tail calls
-- expects: stop
-- options: --timeout 1s
local function f() return f() end f()
