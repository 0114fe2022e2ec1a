-- tries: to fill memory by streams of unpacked bombs that nobody reads (H12)
-- peak: 256
-- expects: ok
-- options: --timeout 60s
local server = ...
local streams = {}
for i = 1, 8 do streams[i] = http.stream("GET", server .. "/bombs") end
sleep(2)
for _, stream in ipairs(streams) do assert(#stream:read() < 1 << 20) end
-- A line that does not end is the script's own.
local ok, message = pcall(streams[1].line, streams[1])
assert(not ok and (message:find("not enough memory") or message:find("a line is longer")), message)
for _, stream in ipairs(streams) do stream:close() end
assert(http.get(server).body == "hello")
