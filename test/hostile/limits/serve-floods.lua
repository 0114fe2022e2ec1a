-- tries: as a client, to bring down a server of Assay: floods, slow and broken requests, all from inside (S05, S07)
-- peak: 256
-- expects: ok
-- options: --timeout 60s
local address, port
local server = async.spawn(function()
  http.serve(0, { GET = { ["/"] = function(req) return "ok" end, ["/error"] = function() error("the inner " .. "part") end, ["/table"] = function() return { body = {} } end,
    ["/header"] = function() return { headers = { A = "a\r\nX: y" } } end, ["/status"] = function() return { status = 99 } end, ["/nothing"] = function() return { 1, 2 } end,
    ["/number"] = function() return 5 end, ["/true"] = function() return true end, ["/cycle"] = function() local t = {} t.t = t return { json = t } end,
    ["/memory"] = function() local t = {} for i = 1, math.huge do t[i] = i end end, ["/deep"] = function() local function f() return 1 + f() end return f() end },
    POST = { ["/"] = function(req) return tostring(#req.body) end } },
    { host = "127.0.0.1", header_timeout = 1, body_timeout = 1, max_body = 1000, on_listen = function(a, p) address, port = "http://" .. a, p end })
end)
while not address do sleep(0.01) end
for _, path in ipairs({ "/error", "/table", "/header", "/status", "/nothing", "/number", "/true", "/cycle", "/memory", "/deep" }) do
  local r = http.get(address .. path)
  assert(r.status == 500 and r.headers["x-request-id"] and not r.body:find("inner"), path .. " " .. r.status)
end
assert(http.post(address .. "/", ("x"):rep(2000)).status == 413)
assert(http.post(address .. "/", ("x"):rep(1000)).body == "1000")
assert(http.get(address .. "/").body == "ok")
local all = {}
for i = 1, 300 do all[i] = async.spawn(function() return http.get(address .. "/").status end) end
for _, status in ipairs(async.all(all)) do assert(status == 200) end
http.stop()
