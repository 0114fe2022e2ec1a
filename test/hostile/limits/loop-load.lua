-- tries: to run for ever in the function that load reads from, which also meets the memory limit (T18)
-- expects: stop
-- options: --timeout 1s
while true do load(function() return " " end) end
