-- tries: to fill memory by a body whose every byte is a chunk of its own (M16, H13)
-- peak: 256
-- expects: ok
-- options: --timeout 60s
local server = ...
local ok, message = pcall(http.get, server .. "/bytes", { max_body = 3000000 })
assert(not ok and message:find("max_body"), message)
assert(http.get(server).body == "hello")
