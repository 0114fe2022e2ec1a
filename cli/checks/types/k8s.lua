-- The looks of a k8s check at the cluster: what is asked for, JSON with the request, JSON with what was seen.
local k8s = require("assay.k8s")
local K = require("assay._kubernetes")
local kinds = require("assay._kinds")

local request = json.parse((...))
local opts = request.opts or {}
local kind, namespace = request.kind, request.namespace

if request.crd then
  k8s.register_crd(kind, request.crd.group, request.crd.version, request.crd.plural, request.crd.cluster_scoped)
end

--- The objects that the check is about.
local function objects()
  if request.name then return { k8s.get_resource(namespace, kind, request.name, opts) } end
  local query = { label_selector = request.selector }
  for key, value in pairs(opts) do query[key] = value end
  return k8s.list(namespace, kind, query).items
end

local ROLLOUTS = { Deployment = true, StatefulSet = true, DaemonSet = true }

--- Waits until one object is ready by the rule of its kind.
local function wait(object, seconds)
  local name, exact = object.metadata.name, object.kind or request.object_kind
  local wanted = { interval = request.interval }
  for key, value in pairs(opts) do wanted[key] = value end
  if ROLLOUTS[exact] then
    wanted.kind = kind
    k8s.wait_rollout(namespace, name, seconds, wanted)
  else
    k8s.wait_ready(namespace, kind, name, seconds, wanted)
  end
end

local actions = {}

--- The objects as they are now.
function actions.get()
  return { objects = json.array(objects()) }
end

--- Waits until all of them are ready. One that does not exist yet may come.
function actions.wait()
  local ends = request.ends
  if request.name then
    local exact = kinds.find and kinds.find(kind)
    wait({ metadata = { name = request.name }, kind = exact and exact.kind }, math.max(0.1, ends - monotonic()))
    return actions.get()
  end
  local found = objects()
  while #found == 0 and monotonic() < ends do
    sleep(math.min(request.interval, math.max(0, ends - monotonic())))
    found = objects()
  end
  if #found == 0 then error(("no %s matches %s"):format(kind, request.selector), 0) end
  for _, object in ipairs(found) do wait(object, math.max(0, ends - monotonic())) end
  return actions.get()
end

--- What a reader of a failure would look at next: conditions, the last events, the log of a failing container.
function actions.explain()
  local out = json.object({})
  local ok, found = pcall(objects)
  local object = ok and found[1]
  if not object then return out end
  local conditions = json.array({})
  for _, one in ipairs(K.conditions(object)) do
    conditions[#conditions + 1] = { type = one.type, status = one.status, reason = one.reason, message = one.message }
  end
  out.conditions = conditions
  out.events = json.array({})
  local listed, events = pcall(k8s.events_for, namespace, object.kind or kind, object.metadata.name, opts)
  if listed then
    table.sort(events.items, function(a, b)
      return (a.lastTimestamp or a.eventTime or "") < (b.lastTimestamp or b.eventTime or "")
    end)
    for i = math.max(1, #events.items - 4), #events.items do
      local event = events.items[i]
      out.events[#out.events + 1] = ("%s: %s"):format(event.reason or "", event.message or "")
    end
  end
  out.logs = actions.logs(object)
  return out
end

--- The last lines of the first container that fails, among the pods of an object.
function actions.logs(object)
  local pods
  if object.kind == "Pod" or kind:lower():match("^po") then
    pods = { object }
  else
    local parts = {}
    local selector = object.spec and object.spec.selector
    for key, value in pairs(type(selector) == "table" and selector.matchLabels or {}) do parts[#parts + 1] = key .. "=" .. value end
    if #parts == 0 then return nil end
    table.sort(parts)
    local query = { label_selector = table.concat(parts, ",") }
    for key, value in pairs(opts) do query[key] = value end
    local ok, list = pcall(k8s.list_pods, namespace, query)
    pods = ok and list.items or {}
  end
  for _, pod in ipairs(pods) do
    for _, container in ipairs(pod.status and pod.status.containerStatuses or {}) do
      local terminated = (container.lastState or {}).terminated or (container.state or {}).terminated
      if not container.ready then
        local query = { container = container.name, tail = 20, previous = terminated ~= nil and (container.state or {}).waiting ~= nil }
        for key, value in pairs(opts) do query[key] = value end
        local ok, text = pcall(k8s.logs, namespace, pod.metadata.name, query)
        if ok and text ~= "" then return ("%s/%s:\n%s"):format(pod.metadata.name, container.name, text) end
      end
    end
  end
  return nil
end

return json.encode(actions[request.action]())
