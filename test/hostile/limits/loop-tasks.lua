-- tries: to run for ever by tasks that start tasks
-- expects: stop
-- options: --timeout 2s
local function f() async.spawn(f) end f() sleep(1000)
