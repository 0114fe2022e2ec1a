--- Kinds of Kubernetes objects by name: where the API has them. Internal: `assay.k8s` uses it.
--- Source: Kubernetes API reference, kubernetes.io/docs/reference/kubernetes-api; short names as kubectl knows them.
local K = require("assay._kubernetes")

local M = {}

---@class assay._kinds.kind
---@field kind string as objects carry it; the name given to `register_crd` for registered ones
---@field prefix string path of the group's version
---@field plural string
---@field namespaced boolean

--- By every name, in lower case.
---@type table<string, assay._kinds.kind>
local known = {}

local function add(prefix, namespaced, kind, names)
  local entry = { kind = kind, prefix = prefix, namespaced = namespaced, plural = names:match("^%S+") }
  known[kind:lower()] = entry
  for name in names:gmatch("%S+") do known[name] = entry end
end

--- One row: path, whether its kinds live in namespaces, then kinds with their plural and further names.
local ROWS = {
  { "/api/v1", true, {
    Pod = "pods po", Service = "services svc", Secret = "secrets", ConfigMap = "configmaps cm",
    Endpoints = "endpoints ep", ServiceAccount = "serviceaccounts sa", PersistentVolumeClaim = "persistentvolumeclaims pvc",
    LimitRange = "limitranges limits", ResourceQuota = "resourcequotas quota", Event = "events ev",
    ReplicationController = "replicationcontrollers rc", PodTemplate = "podtemplates",
  } },
  { "/api/v1", false, { Namespace = "namespaces ns", Node = "nodes no", PersistentVolume = "persistentvolumes pv" } },
  { "/apis/apps/v1", true, {
    Deployment = "deployments deploy", StatefulSet = "statefulsets sts", DaemonSet = "daemonsets ds",
    ReplicaSet = "replicasets rs", ControllerRevision = "controllerrevisions",
  } },
  { "/apis/batch/v1", true, { Job = "jobs", CronJob = "cronjobs cj" } },
  { "/apis/networking.k8s.io/v1", true, { Ingress = "ingresses ing", NetworkPolicy = "networkpolicies netpol" } },
  { "/apis/networking.k8s.io/v1", false, { IngressClass = "ingressclasses" } },
  { "/apis/storage.k8s.io/v1", false, {
    StorageClass = "storageclasses sc", VolumeAttachment = "volumeattachments", CSIDriver = "csidrivers",
    CSINode = "csinodes",
  } },
  { "/apis/rbac.authorization.k8s.io/v1", true, { Role = "roles", RoleBinding = "rolebindings" } },
  { "/apis/rbac.authorization.k8s.io/v1", false, { ClusterRole = "clusterroles", ClusterRoleBinding = "clusterrolebindings" } },
  { "/apis/autoscaling/v2", true, { HorizontalPodAutoscaler = "horizontalpodautoscalers hpa" } },
  { "/apis/policy/v1", true, { PodDisruptionBudget = "poddisruptionbudgets pdb" } },
  { "/apis/discovery.k8s.io/v1", true, { EndpointSlice = "endpointslices" } },
  { "/apis/coordination.k8s.io/v1", true, { Lease = "leases" } },
  { "/apis/scheduling.k8s.io/v1", false, { PriorityClass = "priorityclasses pc" } },
  { "/apis/node.k8s.io/v1", false, { RuntimeClass = "runtimeclasses" } },
  { "/apis/apiextensions.k8s.io/v1", false, { CustomResourceDefinition = "customresourcedefinitions crd crds" } },
  { "/apis/apiregistration.k8s.io/v1", false, { APIService = "apiservices" } },
  { "/apis/admissionregistration.k8s.io/v1", false, {
    ValidatingWebhookConfiguration = "validatingwebhookconfigurations",
    MutatingWebhookConfiguration = "mutatingwebhookconfigurations",
  } },
  { "/apis/certificates.k8s.io/v1", false, { CertificateSigningRequest = "certificatesigningrequests csr" } },
  { "/apis/gateway.networking.k8s.io/v1", true, { Gateway = "gateways gtw", HTTPRoute = "httproutes" } },
}
for _, row in ipairs(ROWS) do
  for kind, names in pairs(row[3]) do add(row[1], row[2], kind, names) end
end

--- Makes a kind known.
---@param kind string
---@param group string "" for the core group
---@param version string
---@param plural string
---@param cluster_scoped boolean?
function M.register(kind, group, version, plural, cluster_scoped)
  local entry = { kind = kind, prefix = K.prefix(group, version), namespaced = not cluster_scoped, plural = plural }
  known[kind:lower()] = entry
end

--- A kind by its name, plural or short name, whatever the case. Raises for an unknown one.
---@param kind any
---@return assay._kinds.kind
function M.find(kind)
  local entry = type(kind) == "string" and known[kind:lower()]
  if entry then return entry end
  local advice = "Use k8s.register_crd() for custom resources or k8s.get() with a raw path."
  error(("k8s: unknown resource kind '%s'. %s"):format(tostring(kind), advice), 0)
end

--- The kind that a document is of, if it is known in the same version.
---@param api_version string
---@param kind string
---@return assay._kinds.kind?
function M.of_document(api_version, kind)
  local entry = known[kind:lower()]
  if not entry then return nil end
  local prefix = (api_version:find("/", 1, true) and "/apis/" or "/api/") .. api_version
  return entry.prefix == prefix and entry or nil
end

--- The name of a kind as objects carry it; of an unknown one, what was given.
---@param kind string
---@return string
function M.camel_case(kind)
  local entry = known[tostring(kind):lower()]
  return entry and entry.kind or kind
end

return M
