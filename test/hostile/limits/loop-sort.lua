-- tries: to run for ever in the comparator of sort (T03)
-- expects: stop
-- options: --timeout 1s
table.sort({ 3, 2, 1 }, function() while true do end end)
