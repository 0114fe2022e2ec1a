-- tries: to get past the time limit in one call of regex (T12)
-- expects: stop
-- options: --timeout 2s
local text = ("a"):rep(2e6)
while true do regex.find_all("(a|b|ab|ba|aba)*?c", text) end
