#!/usr/bin/assay
-- Restarts workloads one after the other, and waits for each: the next one starts only when the last is well again.
--
--   assay rolling-restart.lua NAMESPACE [KIND/NAME…]
--
-- SELECTOR   instead of names: labels that choose Deployments, such as app.kubernetes.io/part-of=shop
-- TIMEOUT    seconds for each (300)
-- In a pod, its service account needs get, list and patch on the workloads, and list on pods and replicasets.
local k8s = require("assay.k8s")

local namespace = arg[1] or error("usage: rolling-restart.lua NAMESPACE [KIND/NAME…]", 0)
local timeout = tonumber(env.get("TIMEOUT", "300"))

local workloads = {}
for i = 2, #arg do
  local kind, name = arg[i]:match("^([^/]+)/([^/]+)$")
  assert(kind, arg[i] .. ": expected KIND/NAME, such as deployment/api")
  workloads[#workloads + 1] = { kind = kind, name = name }
end
local selector = env.get("SELECTOR")
if selector then
  for _, item in ipairs(k8s.list(namespace, "deployment", { label_selector = selector }).items) do
    workloads[#workloads + 1] = { kind = "deployment", name = item.metadata.name }
  end
end
assert(#workloads > 0, "nothing to restart")

-- What is not well before is not touched: the restart would get the blame, and take down what is left.
for _, it in ipairs(workloads) do
  assert(k8s.is_ready(namespace, it.kind, it.name), ("%s/%s is not ready, nothing was restarted"):format(it.kind, it.name))
end

for i, it in ipairs(workloads) do
  local started = monotonic()
  k8s.restart(namespace, it.kind, it.name)
  local ok, problem = pcall(k8s.wait_rollout, namespace, it.name, timeout, { kind = it.kind })
  if not ok then error(("%s; %d of %d restarted before it"):format(problem, i - 1, #workloads), 0) end
  log.info("restarted", { workload = it.kind .. "/" .. it.name, seconds = math.floor(monotonic() - started) })
end
