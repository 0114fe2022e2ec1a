-- tries: to wait for what never comes (T13)
-- expects: stop
-- options: --timeout 1s
local c = async.channel(1) local other = async.spawn(function() sleep(1e9) end) other:await()
