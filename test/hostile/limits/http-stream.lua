-- tries: to fill memory by a stream that nobody reads
-- expects: ok
-- options: --timeout 30s
local server = ...
local streams = {}
for i = 1, 10 do streams[i] = http.stream("GET", server .. "/endless") end
sleep(1)
for _, stream in ipairs(streams) do stream:close() end
assert(http.get(server).body == "hello")
