-- tries: to run for ever in an exponential pattern (T05)
-- expects: stop
-- options: --timeout 1s
("a"):rep(30):find(("a?"):rep(30) .. ("a"):rep(30) .. "b")
("x"):rep(150):find(("x*"):rep(5) .. "y")
("x"):rep(300):find(("x*"):rep(9) .. "y")
