-- tries: to run for ever in a numeric for (T01)
-- expects: stop
-- options: --timeout 1s
for i = 1, math.huge do end
