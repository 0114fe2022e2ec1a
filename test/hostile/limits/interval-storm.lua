-- tries: to start intervals without end (T15)
-- expects: stop
-- options: --timeout 3s
for i = 1, 900 do async.spawn_interval(function() for j = 1, 1000 do end end, 0.001) end
while true do sleep(0.001) end
