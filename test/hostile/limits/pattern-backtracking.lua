-- tries: to run for ever in a pattern that backtracks (T04, T07)
-- expects: stop
-- options: --timeout 1s
("a"):rep(60000):find(".-.-.-.-b")
