-- tries: to run for ever in a transaction
-- expects: stop
-- options: --timeout 1s
db.transaction(db.connect("sqlite::memory:"), function() while true do end end)
