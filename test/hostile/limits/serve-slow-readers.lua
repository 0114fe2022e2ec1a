-- tries: to fill memory by asking a server for much and reading nothing of it (S12)
-- peak: 256
-- expects: ok
-- options: --timeout 60s
local address
async.spawn(function()
  http.serve(0, { GET = { ["/"] = function() return ("x"):rep(9000000) end, ["/small"] = function() return "ok" end } },
    { host = "127.0.0.1", on_listen = function(a) address = "http://" .. a end })
end)
while not address do sleep(0.01) end
local streams = {}
for i = 1, 30 do
  local ok, stream = pcall(http.stream, "GET", address .. "/")
  streams[#streams + 1] = ok and stream or nil
end
sleep(0.5)
assert(http.get(address .. "/small").body == "ok")
for _, stream in ipairs(streams) do stream:close() end
sleep(0.2)
assert(#http.get(address .. "/").body == 9000000)
http.stop()
