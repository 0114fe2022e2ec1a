-- tries: to run for ever in a repeat loop (T01)
-- expects: stop
-- options: --timeout 1s
repeat until false
