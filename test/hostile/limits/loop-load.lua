-- tries: to run for ever in the function that load reads from (T18)
-- expects: stop
-- options: --timeout 1s
load(function() return " " end)
