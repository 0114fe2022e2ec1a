-- tries: to break arithmetic and arguments by the ends of the ranges (V01, V09)
-- expects: ok
assert(math.maxinteger + 1 == math.mininteger and math.mininteger // -1 == math.mininteger and math.mininteger % -1 == 0)
assert(math.maxinteger < math.maxinteger + 0.0 and 2 ^ 53 == 2 ^ 53 + 1 and math.maxinteger + 0.0 ~= math.maxinteger)
assert(1 << 64 == 0 and 1 << -1 == 0 and -1 >> 63 == 1 and "10" + 1 == 11 and "0x10" * 1 == 16)
local turns = 0
for _ = math.maxinteger - 1, math.maxinteger do turns = turns + 1 end
assert(turns == 2 and select(2, pcall(load("for i = 1, 10, 0 do end"))):find("'for' step is zero"))
for _, n in ipairs({ 1e10, -1, 0.5, "9x", 2 ^ 63, -2 ^ 63, math.huge, -math.huge, 0 / 0, math.mininteger, math.maxinteger, {} }) do
  for name, call in pairs({ random = function() return crypto.random(n) end, bytes = function() return crypto.random_bytes(n) end, sleep = function() return async.timeout(0.05, function() sleep(n) end) end,
    timeout = function() return http.get("http://127.0.0.1:1", { timeout = n }) end, channel = function() return async.channel(n) end, port = function() return net.tcp("127.0.0.1", n) end,
    interval = function() async.spawn_interval(print, n):cancel() error("x") end, serve = function() return http.serve(n, {}) end, indent = function() return json.encode({}, { indent = n }) end,
    body = function() return http.get("http://127.0.0.1:1", { max_body = n }) end, recv = function() return ws.recv(n) end, rep = function() return #("ab"):rep(n) > 1e9 end,
    size = function() return fs.read("/dev/zero", { max_size = n }) end, concurrency = function() return async.map({ 1 }, print, { concurrency = n }) end,
  }) do
    local ok, value = pcall(call)
    assert(not ok and type(value) == "string" and not value:find("internal error") or ok, name .. " " .. tostring(n))
    if name == "sleep" and ok then assert(type(n) == "number" and n < 0.1 or n ~= n, "slept through " .. tostring(n)) end
  end
end
collectgarbage("step", math.maxinteger)
