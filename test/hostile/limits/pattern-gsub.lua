-- tries: to run for ever in gsub with a quadratic pattern (T08)
-- expects: stop
-- options: --timeout 1s
("("):rep(3e6):gsub("%b()", "")
