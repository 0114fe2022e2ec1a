-- tries: to run for ever in the replacement function of gsub (T03)
-- expects: stop
-- options: --timeout 1s
("x"):rep(10):gsub("x", function() while true do end end)
