-- tries: from a check, to see the pod's token by replacing what the embedded modules call
-- expects: ok
-- mode: check
-- env: KUBERNETES_SERVICE_HOST=127.0.0.1
-- env: ASSAY_SERVICEACCOUNT_DIR=$DIR/token
local url = arg[1]
local seen = ""
local function spy(...)
  for i = 1, select("#", ...) do
    local one = select(i, ...)
    if type(one) == "string" then seen = seen .. one .. "\n" end
  end
  return ...
end
local k8s = require("assay.k8s")
for _, library in next, { string, table, json, base64, http, env, os } do
  for name, f in next, library do
    if type(f) == "function" then library[name] = function(...) return f(spy(...)) end end
  end
end
for name, f in next, _G do
  if type(f) == "function" and name ~= "next" and name ~= "select" and name ~= "type" then _G[name] = function(...) return f(spy(...)) end end
end
pcall(k8s.get, "/token", { base_url = url })
pcall(k8s.list, nil, "ns", { base_url = url, headers = setmetatable({}, { __index = spy, __newindex = spy }) })
assert(#seen > 0 or true)
assert(not string.find(seen, "bearer", 1, true) and not string.find(seen, "Bearer", 1, true), "the token was seen")
