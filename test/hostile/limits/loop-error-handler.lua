-- tries: to run for ever in a message handler (T02, D05)
-- expects: stop
-- options: --timeout 1s
xpcall(error, function() while true do end end)
