-- tries: to run for ever in a while loop (T01)
-- expects: stop
-- options: --timeout 1s
while true do end
