-- tries: from a check, to read files by way of the embedded modules' options
-- expects: ok
-- mode: check
-- env: HOME=$DIR
local server, dir = arg[1], arg[2]
local k8s, vault, hc = require("assay.k8s"), require("assay.vault"), require("assay.healthcheck")
local function try(f, ...)
  local _, a, b = pcall(f, ...)
  for _, one in ipairs({ a, b }) do
    local text = type(one) == "table" and json.encode(one) or tostring(one)
    assert(not text:find("ses" .. "ame") and not text:find("root:"), text)
  end
end
for _, path in ipairs({ dir .. "/out/secret", "/etc/passwd", "/proc/self/environ" }) do
  try(k8s.get, "/x", { kubeconfig = path })
  try(k8s.get, "/token", { base_url = server, ca_file = path, cert_file = path, key_file = path })
  try(k8s.get, "/token", { base_url = server, ca = "x", ca_file = path })
  try(k8s.contexts, { kubeconfig = path })
  try(http.get, server, { tls = { ca = path } })
  try(http.get, server, { download = dir .. "/in/new" })
  try(vault.client(server, nil, { ca_file = path }).read, vault.client(server), "x")
end
