--- When a Kubernetes object is ready, when a rollout is finished, and when waiting is of no use. Internal: `assay.k8s`
--- uses it.
--- Source: kubectl rollout status, kubectl wait; Kubernetes documentation, "Deployments", "Jobs", "Pod Lifecycle".
local K = require("assay._kubernetes")

local M = {}

local function table_of(value)
  return type(value) == "table" and value or {}
end

--- Field that an empty value is left out of: 0 when absent.
local function count(value)
  return math.type(value) and value or 0
end

local function of(n, what, desired)
  return ("%d of %d %s"):format(n, desired, what)
end

local function workload(object)
  local wanted, status = table_of(object.spec), table_of(object.status)
  if K.is_stale(object) then return false, "change not observed yet" end
  local desired = math.type(wanted.replicas) and wanted.replicas or count(status.replicas)
  local ready = count(status.readyReplicas)
  if desired <= 0 then return false, "no replicas wanted" end
  if ready < desired then return false, of(ready, "ready", desired) end
  return true, desired
end

local function updated(object, desired)
  local status = table_of(object.status)
  if status.observedGeneration == nil then return true end
  local n = count(status.updatedReplicas)
  return n >= desired, of(n, "updated", desired)
end

local rules = {}

function rules.Deployment(object)
  local ready, desired = workload(object)
  if not ready then return ready, desired end
  return updated(object, desired)
end

rules.ReplicaSet = workload

function rules.StatefulSet(object)
  local ready, desired = workload(object)
  if not ready then return ready, desired end
  local strategy = table_of(table_of(object.spec).updateStrategy)
  local partition = table_of(strategy.rollingUpdate).partition
  if strategy.type == "OnDelete" or count(partition) > 0 then return true end
  return updated(object, desired)
end

function rules.DaemonSet(object)
  local status, strategy = table_of(object.status), table_of(table_of(object.spec).updateStrategy)
  if K.is_stale(object) then return false, "change not observed yet" end
  local desired, ready = count(status.desiredNumberScheduled), count(status.numberReady)
  if desired <= 0 then return false, "no nodes to run on" end
  if ready < desired then return false, of(ready, "ready", desired) end
  if status.observedGeneration ~= nil and (strategy.type or "RollingUpdate") == "RollingUpdate" then
    local n = count(status.updatedNumberScheduled)
    return n >= desired, of(n, "updated", desired)
  end
  return true
end

function rules.Job(object)
  local status = table_of(object.status)
  if #K.conditions(object) > 0 then
    return K.is_true(object, "Complete"), of(count(status.succeeded), "succeeded", count(table_of(object.spec).completions))
  end
  local wanted = table_of(object.spec).completions
  wanted = math.type(wanted) and wanted or 1
  return count(status.succeeded) >= wanted, of(count(status.succeeded), "succeeded", wanted)
end

local function by_condition(kind)
  return function(object)
    return K.is_true(object, kind), K.seen(object, kind)
  end
end
rules.CustomResourceDefinition, rules.APIService = by_condition("Established"), by_condition("Available")

function rules.Service(object)
  if table_of(object.spec).type ~= "LoadBalancer" then return true end
  local ingress = table_of(table_of(object.status).loadBalancer).ingress
  return #table_of(ingress) > 0, "no load balancer address yet"
end

--- Kinds that have no status: there is nothing to wait for.
for name in ([[ConfigMap Secret ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding NetworkPolicy StorageClass
  IngressClass LimitRange Endpoints EndpointSlice Event Lease PriorityClass RuntimeClass PodTemplate ControllerRevision
  CSIDriver CSINode ValidatingWebhookConfiguration MutatingWebhookConfiguration]]):gmatch("%S+") do
  rules[name] = function()
    return true
  end
end

local READY_PHASES = { Active = true, Running = true, Bound = true, Ready = true }

--- Whether an object is ready by the rule of its kind, and what is missing if it is not.
---@param kind string as objects carry it
---@param object table
---@return boolean ready, string? seen
function M.is_ready(kind, object)
  local rule = rules[kind]
  if rule then
    local ready, seen = rule(object)
    return ready, not ready and seen or nil
  end
  if K.condition(object, "Ready") then return K.is_true(object, "Ready"), K.seen(object, "Ready") end
  local phase = table_of(object.status).phase
  return READY_PHASES[phase] == true, phase and "phase " .. tostring(phase) or "no status"
end

-- --- rollouts --------------------------------------------------------------------------------------------------------

---@class assay._readiness.rollout
---@field desired integer
---@field updated integer
---@field ready integer
---@field available integer
---@field unavailable integer
---@field total integer pods of all revisions
---@field observed integer? generation that the counts are about
---@field generation integer?
---@field complete boolean

local function summary(object, desired, current, ready, available, unavailable, total)
  local status = table_of(object.status)
  return {
    desired = desired,
    updated = current,
    ready = ready,
    available = available,
    unavailable = unavailable,
    total = total,
    observed = status.observedGeneration,
    generation = table_of(object.metadata).generation,
  }
end

local rollouts = {}

function rollouts.Deployment(object)
  local wanted, status = table_of(object.spec), table_of(object.status)
  local desired = math.type(wanted.replicas) and wanted.replicas or count(status.replicas)
  local out = summary(object, desired, count(status.updatedReplicas), count(status.readyReplicas),
    count(status.availableReplicas), count(status.unavailableReplicas), count(status.replicas))
  out.complete = not K.is_stale(object)
    and out.updated == desired
    and (status.availableReplicas == nil or out.available >= desired)
    and (status.replicas == nil or out.total <= out.updated)
    and out.ready == desired
  return out
end

function rollouts.StatefulSet(object)
  local wanted, status = table_of(object.spec), table_of(object.status)
  local strategy = table_of(wanted.updateStrategy)
  local desired = math.type(wanted.replicas) and wanted.replicas or count(status.replicas)
  local ready = count(status.readyReplicas)
  local out = summary(object, desired, count(status.updatedReplicas), ready, count(status.availableReplicas),
    math.max(desired - ready, 0), count(status.replicas))
  local partition = count(table_of(strategy.rollingUpdate).partition)
  local current
  if strategy.type == "OnDelete" then
    current = true
  elseif partition > 0 then
    current = out.updated >= desired - partition
  else
    current = status.updateRevision == status.currentRevision
  end
  out.complete = not K.is_stale(object) and ready >= desired and current
  return out
end

function rollouts.DaemonSet(object)
  local status, strategy = table_of(object.status), table_of(table_of(object.spec).updateStrategy)
  local desired = count(status.desiredNumberScheduled)
  local out = summary(object, desired, count(status.updatedNumberScheduled), count(status.numberReady),
    count(status.numberAvailable), count(status.numberUnavailable), count(status.currentNumberScheduled))
  local current = strategy.type == "OnDelete" or out.updated >= desired
  out.complete = not K.is_stale(object) and current and out.available >= desired
  return out
end

--- How far a rollout is, by the rules of `kubectl rollout status`.
---@param kind string Deployment, StatefulSet or DaemonSet
---@param object table
---@return assay._readiness.rollout
function M.rollout(kind, object)
  local rule = rollouts[kind] or error(("k8s.rollout_status: %s has no rollouts"):format(kind), 0)
  return rule(object)
end

-- --- what does not heal ----------------------------------------------------------------------------------------------

--- Reasons for which a container waits in vain until somebody changes something.
local HOPELESS = {
  ImagePullBackOff = true, ErrImageNeverPull = true, InvalidImageName = true, CreateContainerConfigError = true,
  CrashLoopBackOff = true,
}

--- Why a pod will not become ready by itself; nil when it may.
---@param pod table
---@return string?
local function pod_failure(pod)
  local status = table_of(pod.status)
  for _, list in ipairs({ table_of(status.initContainerStatuses), table_of(status.containerStatuses) }) do
    for _, container in ipairs(list) do
      local waiting = table_of(table_of(container.state).waiting)
      if HOPELESS[waiting.reason] then
        local text = ("container %s: %s"):format(tostring(container.name), K.why(waiting))
        local last = table_of(table_of(container.lastState).terminated)
        if math.type(last.exitCode) then text = ("%s (exit code %d)"):format(text, last.exitCode) end
        return text
      end
    end
  end
  local scheduled = K.condition(pod, "PodScheduled")
  if scheduled and scheduled.status == "False" and scheduled.reason == "Unschedulable" then return K.why(scheduled) end
  if status.phase == "Failed" then return K.why(status) or "pod failed" end
  return nil
end
M.pod_failure = pod_failure

--- Why an object will not become ready by itself; nil when it may.
---@param kind string as objects carry it
---@param object table
---@return string?
function M.failure(kind, object)
  if kind == "Pod" then return pod_failure(object) end
  if kind == "Job" then
    local failed = K.condition(object, "Failed")
    return failed and failed.status == "True" and (K.why(failed) or "no reason given") or nil
  end
  if kind == "Deployment" and not K.is_stale(object) then
    local progressing = K.condition(object, "Progressing")
    if progressing and progressing.status == "False" and progressing.reason == "ProgressDeadlineExceeded" then
      return K.why(progressing)
    end
  end
  return nil
end

return M
