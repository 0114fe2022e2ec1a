-- tries: to run for ever in a pattern that backtracks
-- expects: stop
-- options: --timeout 1s
("a"):rep(60000):find(".-.-.-.-b")
