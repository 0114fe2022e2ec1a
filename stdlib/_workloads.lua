--- Waiting for Kubernetes objects: until they are ready, rolled out, or as `kubectl wait` wants them; with the reason, at
--- once, when that cannot be. Internal: a part of `assay.k8s`.
--- Source: kubectl wait, kubectl rollout status
local H = require("assay._http")
local K = require("assay._kubernetes")
local readiness = require("assay._readiness")

local M = {}

---@class assay._workloads.wait
---@field path string of the object
---@field title string `kind/name`, for messages
---@field timeout number seconds
---@field interval number seconds
---@field kind string the kind as objects carry it
---@field namespace string?
---@field name string

local function get(c, path)
  return (H.get(c, path, { fn = "get", needed = true }))
end

--- The last events about an object, as one text; "" when there are none, or we may not see them.
local function events_text(c, namespace, kind, name)
  local selector = ("involvedObject.kind=%s,involvedObject.name=%s"):format(kind, name)
  local ok, found = pcall(K.list, c, K.path("/api/v1", "events", namespace), { field_selector = selector })
  if not ok or type(found) ~= "table" then return "" end
  table.sort(found.items, function(a, b)
    return (a.lastTimestamp or a.eventTime or "") < (b.lastTimestamp or b.eventTime or "")
  end)
  local texts = {}
  for i = math.max(1, #found.items - 2), #found.items do
    texts[#texts + 1] = K.why(found.items[i])
  end
  return #texts > 0 and ("; events: %s"):format(table.concat(texts, "; ")) or ""
end

local function selector_of(object)
  local parts = {}
  for key, value in pairs(object.spec and object.spec.selector and object.spec.selector.matchLabels or {}) do
    parts[#parts + 1] = key .. "=" .. value
  end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, ",") or nil
end

--- What pods of a workload's newest revision cannot heal from, by pod; nil when there is none, or we may not look.
local function failing_pods(c, namespace, kind, object)
  local selector = selector_of(object)
  if not selector then return nil end
  local ok, pods = pcall(K.list, c, K.path("/api/v1", "pods", namespace), { label_selector = selector })
  if not ok or type(pods) ~= "table" then return nil end
  local current
  if kind == "Deployment" then
    -- Pods of earlier revisions may fail as they like: they are being replaced.
    local annotation = "deployment.kubernetes.io/revision"
    local revision = (object.metadata.annotations or {})[annotation]
    local found, sets = pcall(K.list, c, K.path("/apis/apps/v1", "replicasets", namespace), { label_selector = selector })
    for _, set in ipairs(found and type(sets) == "table" and sets.items or {}) do
      if revision and (set.metadata.annotations or {})[annotation] == revision then
        current = (set.metadata.labels or {})["pod-template-hash"]
      end
    end
    if not current then return nil end
  end
  local revisions = { StatefulSet = object.status and object.status.updateRevision }
  local texts = {}
  for _, pod in ipairs(pods.items) do
    local labels = pod.metadata and pod.metadata.labels or {}
    local is_current = (current == nil or labels["pod-template-hash"] == current)
      and (revisions[kind] == nil or labels["controller-revision-hash"] == revisions[kind])
    local why = is_current and pod.metadata.deletionTimestamp == nil and readiness.pod_failure(pod)
    if why then texts[#texts + 1] = ("pod %s: %s"):format(pod.metadata.name, why) end
  end
  return #texts > 0 and table.concat(texts, "; ") or nil
end

local HAS_PODS = { Deployment = true, StatefulSet = true, DaemonSet = true, ReplicaSet = true }

--- Raises that the object will not get there by itself.
local function fail(c, fn, w, why)
  error(("k8s.%s: %s failed: %s%s"):format(fn, w.title, why, events_text(c, w.namespace, w.kind, w.name)), 0)
end

--- Waits until an object is ready.
---@param c table
---@param w assay._workloads.wait
---@return true
function M.wait_ready(c, w)
  return H.poll({
    timeout = w.timeout,
    interval = w.interval,
    message = ("k8s.wait_ready: %s not ready after %s"):format(w.title, H.seconds(w.timeout)),
    check = function()
      local object = get(c, w.path)
      local ready, seen = readiness.is_ready(w.kind, object)
      if ready then return true end
      local why = readiness.failure(w.kind, object)
      if not why and HAS_PODS[w.kind] then why = failing_pods(c, w.namespace, w.kind, object) end
      if why then fail(c, "wait_ready", w, why) end
      return false, seen
    end,
  })
end

--- Waits until a rollout is finished.
---@param c table
---@param w assay._workloads.wait
---@return table status as of `k8s.rollout_status`
function M.wait_rollout(c, w)
  return H.poll({
    timeout = w.timeout,
    interval = w.interval,
    message = ("k8s.wait_rollout: %s not rolled out after %s"):format(w.title, H.seconds(w.timeout)),
    check = function()
      local object = get(c, w.path)
      local status = readiness.rollout(w.kind, object)
      if status.complete then return status end
      local pods, why = failing_pods(c, w.namespace, w.kind, object), readiness.failure(w.kind, object)
      if why or pods then fail(c, "wait_rollout", w, why and pods and why .. "; " .. pods or why or pods) end
      local text = "%d of %d updated, %d ready, %d available"
      return false, text:format(status.updated, status.desired, status.ready, status.available)
    end,
  })
end

--- Whether an object has the value at a JSONPath that is wanted, and what it has.
local function has_value(object, wanted)
  local found = require("assay._jsonpath").find(object, wanted.jsonpath)
  local text = found[1] ~= nil and (math.type(found[1]) and H.num(found[1]) or tostring(found[1])) or nil
  if wanted.value == nil then return text ~= nil and text ~= "", "no value" end
  local value = math.type(wanted.value) and H.num(wanted.value) or tostring(wanted.value)
  return text == value, text and "value " .. text or "no value"
end

--- Whether a condition of an object has the status that is wanted, and what it has.
local function has_condition(object, wanted)
  for _, condition in ipairs(K.conditions(object)) do
    if tostring(condition.type):lower() == wanted.condition:lower() then
      local status = tostring(wanted.status or "True"):lower()
      local met = tostring(condition.status):lower() == status and not K.is_stale(object, condition)
      return met, K.seen(object, condition.type)
    end
  end
  return false, "no condition " .. wanted.condition
end

--- Waits for something about an object.
---@param c table
---@param w { path: string, title: string, timeout: number, interval: number, wanted: table }
---@return true
function M.wait_for(c, w)
  local wanted = w.wanted
  local what = wanted.deleted and "deletion" or wanted.jsonpath or "condition " .. wanted.condition
  return H.poll({
    timeout = w.timeout,
    interval = w.interval,
    message = ("k8s.wait_for: %s %s not met after %s"):format(w.title, what, H.seconds(w.timeout)),
    check = function()
      local object, response = H.get(c, w.path, { fn = "get", ok = { 200, 404 } })
      if response.status == 404 then return wanted.deleted == true, "not found" end
      if wanted.deleted then return false, "still there" end
      return (wanted.jsonpath and has_value or has_condition)(object, wanted)
    end,
  })
end

return M
