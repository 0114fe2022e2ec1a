-- tries: to run for ever in a repeat loop
-- expects: stop
-- options: --timeout 1s
repeat until false
