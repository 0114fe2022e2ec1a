-- tries: to catch the stop in pcall, xpcall and coroutines (T02)
-- expects: stop
-- options: --timeout 1s
local function f() while true do end end
while true do pcall(f) xpcall(f, f) coroutine.resume(coroutine.create(f)) pcall(coroutine.wrap(f)) end
