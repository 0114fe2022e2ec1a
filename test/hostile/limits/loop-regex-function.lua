-- tries: to run for ever in the replacement function of regex.replace
-- expects: stop
-- options: --timeout 1s
regex.replace("x", "x", function() while true do end end)
