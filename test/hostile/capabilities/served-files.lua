-- tries: to serve files from outside of a folder to whoever asks (S14)
-- expects: ok
local _, dir = ...
local address
local routes = { GET = {
  ["/files/*"] = function(req) return { file = req.params["*"], root = dir .. "/in" } end,
  ["/any/*"] = function(req) return { file = dir .. "/in/" .. req.params["*"] } end,
} }
async.spawn(function()
  http.serve(0, routes, { host = "127.0.0.1", on_listen = function(a) address = "http://" .. a end })
end)
while not address do sleep(0.01) end
for _, path in ipairs({ "../out/secret", "..%2fout%2fsecret", "%2e%2e/out/secret", "link/secret", "secret", "./link/../../out/secret", "/etc/passwd", "%2fetc%2fpasswd",
  "....//out/secret", "..\\out\\secret", "file%00.txt", "link%2fsecret" }) do
  local ok, r = pcall(http.get, address .. "/files/" .. path, { max_redirects = 0 })
  assert(not ok or r.status ~= 200, path)
end
assert(http.get(address .. "/files/file").status == 200 or http.get(address .. "/any/file").status == 200)
http.stop()
