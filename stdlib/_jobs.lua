--- Running a Kubernetes job to its end. Internal: a part of `assay.k8s`.
--- Source: Kubernetes documentation, "Jobs"
local H = require("assay._http")
local K = require("assay._kubernetes")
local readiness = require("assay._readiness")

local M = {}

--- The manifest of a job from a manifest, a job's specification, or an image with a command.
local function job_manifest(given)
  if given.kind == "Job" then return H.without(given) end
  local wanted = given.template and H.without(given, "name")
  if not wanted then
    H.need("k8s.run_job", "image", given.image)
    local variables = {}
    for name, value in pairs(given.env or {}) do
      variables[#variables + 1] = type(value) == "table" and value or { name = name, value = tostring(value) }
    end
    local container = {
      name = "main", image = given.image, command = given.command, args = given.args,
      env = #variables > 0 and variables or nil,
    }
    wanted = {
      backoffLimit = 0,
      template = {
        spec = { restartPolicy = "Never", containers = { container }, serviceAccountName = given.service_account },
      },
    }
  end
  return { apiVersion = "batch/v1", kind = "Job", metadata = { name = given.name }, spec = wanted }
end

--- The logs of a job's pods, one after the other.
local function job_logs(c, namespace, name)
  local ok, pods = pcall(K.list, c, K.path("/api/v1", "pods", namespace), { label_selector = "job-name=" .. name })
  local texts, code = {}, nil
  for _, pod in ipairs(ok and pods.items or {}) do
    for _, container in ipairs(pod.status and pod.status.containerStatuses or {}) do
      local path = K.path("/api/v1", "pods", namespace, pod.metadata.name) .. "/log"
      local found, text = pcall(H.get, c, path, { fn = "logs", query = { { "container", container.name } }, raw = true })
      if found and text then texts[#texts + 1] = text end
      local ended = container.state and container.state.terminated
      if ended and math.type(ended.exitCode) then code = ended.exitCode end
    end
  end
  return table.concat(texts), code
end

---@class assay._jobs.run
---@field path string of the collection
---@field namespace string
---@field given table as `k8s.run_job` takes it
---@field keep boolean? do not delete it
---@field timeout number seconds
---@field interval number seconds

--- Creates a job, waits for its end, collects its logs, and deletes it.
---@param c table
---@param w assay._jobs.run
---@return table result as of `k8s.run_job`
function M.run(c, w)
  local manifest = job_manifest(w.given)
  manifest.metadata = H.without(manifest.metadata)
  if not manifest.metadata.name then manifest.metadata.generateName = manifest.metadata.generateName or "assay-" end
  local name = (H.post(c, w.path, manifest, { fn = "post" })).metadata.name
  local path = w.path .. "/" .. H.seg(name)
  local function remove()
    if w.keep then return end
    pcall(H.delete, c, path, { fn = "delete", query = { { "propagationPolicy", "Background" } }, lenient = true })
  end
  local _ <close> = setmetatable({}, { __close = remove })
  local job = H.poll({
    timeout = w.timeout,
    interval = w.interval,
    message = ("k8s.run_job: job/%s not finished after %s"):format(name, H.seconds(w.timeout)),
    check = function()
      local current = H.get(c, path, { fn = "get" })
      local ready, seen = readiness.is_ready("Job", current)
      return (ready or readiness.failure("Job", current) ~= nil) and current, seen
    end,
  })
  local logs, code = job_logs(c, w.namespace, name)
  local reason = readiness.failure("Job", job)
  return { name = name, succeeded = reason == nil, reason = reason, logs = logs, exit_code = code }
end

return M
