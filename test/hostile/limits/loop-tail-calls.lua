-- tries: to run for ever by tail calls (T01, D02)
-- expects: stop
-- options: --timeout 1s
local function f() return f() end f()
