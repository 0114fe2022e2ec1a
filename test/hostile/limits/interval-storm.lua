-- tries: to start intervals without end
-- expects: stop
-- options: --timeout 3s
for i = 1, 1e9 do async.spawn_interval(function() end, 1) if i % 100 == 0 then sleep(0.001) end end
