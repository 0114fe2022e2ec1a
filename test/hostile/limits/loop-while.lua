-- tries: to run for ever in a while loop
-- expects: stop
-- options: --timeout 1s
while true do end
