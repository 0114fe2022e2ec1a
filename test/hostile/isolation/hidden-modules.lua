-- tries: from a check, to use the modules that only the embedded modules use
-- expects: ok
-- mode: check
for _, name in ipairs({ "_http", "_kubernetes", "_kubeconfig", "_exec", "_url", "_wait", "_documents" }) do
  local ok, message = pcall(require, "assay." .. name)
  assert(not ok and message:find("only"), name)
  assert(package.loaded["assay." .. name] == nil, name)
end
require("assay.k8s")
for name in next, package.loaded do assert(not name:find("^assay%._"), name) end
