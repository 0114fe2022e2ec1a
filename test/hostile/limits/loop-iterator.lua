-- tries: to run for ever in an iterator and in __pairs
-- expects: stop
-- options: --timeout 1s
for _ in function() return 1 end do end
