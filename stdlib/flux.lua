--- Flux: sources, kustomizations, Helm releases, notifications and image policies, through the Kubernetes API.
---
--- "Ready" means that condition `Ready` is true and about the object as it is now. It does not say which revision: for
--- that, compare `last_applied_revision` with `source_revision`. Suspended objects keep their last condition.
--- Source: Flux API references, fluxcd.io/flux/components.
--- Example: local c = flux.client(); assert.eq(c:is_kustomization_ready("flux-system", "apps"), true)
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- A connection to one Kubernetes API server.
---@class assay.flux.client
---@field url string the API server's address
---@field token string|(fun(): string?)? bearer token; read at every call
local Client = {}

local SOURCE, IMAGE = "source.toolkit.fluxcd.io", "image.toolkit.fluxcd.io"
local NOTIFICATION = "notification.toolkit.fluxcd.io"

local GIT = K.kind(SOURCE, "v1", "gitrepositories", "GitRepository")
local HELM_REPO = K.kind(SOURCE, "v1", "helmrepositories", "HelmRepository")
local HELM_CHART = K.kind(SOURCE, "v1", "helmcharts", "HelmChart")
local OCI = K.kind(SOURCE, { "v1", "v1beta2" }, "ocirepositories", "OCIRepository")
local BUCKET = K.kind(SOURCE, { "v1", "v1beta2" }, "buckets", "Bucket")
local KUSTOMIZATION = K.kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
local HELM_RELEASE = K.kind("helm.toolkit.fluxcd.io", { "v2", "v2beta2" }, "helmreleases", "HelmRelease")
local ALERT = K.kind(NOTIFICATION, { "v1beta3", "v1beta2" }, "alerts", "Alert")
local PROVIDER = K.kind(NOTIFICATION, { "v1beta3", "v1beta2" }, "providers", "Provider")
local RECEIVER = K.kind(NOTIFICATION, "v1", "receivers", "Receiver")
local IMAGE_POLICY = K.kind(IMAGE, { "v1", "v1beta2" }, "imagepolicies", "ImagePolicy")
local IMAGE_REPO = K.kind(IMAGE, { "v1", "v1beta2" }, "imagerepositories", "ImageRepository")
local IMAGE_UPDATE = K.kind(IMAGE, { "v1", "v1beta2", "v1beta1" }, "imageupdateautomations", "ImageUpdateAutomation")

--- All kinds, by their names in lower case.
local KINDS = {}
for _, one in ipairs({
  GIT, HELM_REPO, HELM_CHART, OCI, BUCKET, KUSTOMIZATION, HELM_RELEASE, ALERT, PROVIDER, RECEIVER, IMAGE_POLICY,
  IMAGE_REPO, IMAGE_UPDATE,
}) do
  KINDS[one.name:lower()] = one
end

local spec = K.spec({
  name = "flux",
  methods = Client,
  absent = { single = "nil", list = "raise" },
  groups = {
    git_repos = { list = "git_repositories", get = "git_repository", is_ready = "is_git_repo_ready" },
    helm_repos = { list = "helm_repositories", get = "helm_repository", is_ready = "is_helm_repo_ready" },
    helm_charts = { "helm_charts", list = "helm_charts", get = "helm_chart", is_ready = "is_helm_chart_ready" },
    oci_repos = { list = "oci_repositories", get = "oci_repository", is_ready = "is_oci_repository_ready" },
    buckets = { "buckets", list = "buckets", get = "bucket", is_ready = "is_bucket_ready" },
    kustomizations = {
      "kustomizations", list = "kustomizations", get = "kustomization", is_ready = "is_kustomization_ready",
      status = "kustomization_status", all_ready = "all_kustomizations_ready", inventory = "inventory",
    },
    helm_releases = {
      "helm_releases", list = "helm_releases", get = "helm_release", is_ready = "is_helm_release_ready",
      status = "helm_release_status", all_ready = "all_helm_releases_ready",
    },
    notifications = { alerts = "alerts", providers = "providers_list", receivers = "receivers" },
    image_policies = { "image_policies", list = "image_policies", get = "image_policy" },
    sources = { all_ready = "all_sources_ready" },
  },
})

--- Connects to the Kubernetes API server that Flux runs on.
--- Source: Assay
---@param url string? its address; nil: the cluster we run in, or the kubeconfig's current context
---@param token string|table|nil bearer token, or already the options; nil: the pod's own
---@param opts assay.options?
---@return assay.flux.client c
--- Raises "flux: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = flux.client("https://10.0.0.1:6443", "token")
function M.client(url, token, opts)
  return H.client(spec, url, token, opts)
end

local function one(c, fn, of, namespace, name)
  H.need("flux." .. fn, "namespace", namespace, "name", name)
  return K.object(c, of, namespace, name)
end

local function kind_of(fn, name)
  H.need("flux." .. fn, "kind", name)
  return KINDS[tostring(name):lower()] or error(("flux.%s: unknown kind '%s'"):format(fn, tostring(name)), 0)
end

--- Some kinds are read by others and never get a status: repositories of type oci, alerts and providers.
local function is_static(object, of)
  if of == ALERT or of == PROVIDER then return #K.conditions(object) == 0 end
  return of == HELM_REPO and object.spec ~= nil and object.spec.type == "oci" and #K.conditions(object) == 0
end

local function is_ready(object, of)
  if not object then return false end
  return K.is_true(object, "Ready") or is_static(object, of)
end

local function status_of(object)
  return type(object.status) == "table" and object.status or {}
end

-- --- sources ---------------------------------------------------------------------------------------------------------

--- Git repositories.
--- Source: Flux Source API v1, GitRepository
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:git_repositories("flux-system").items, 0)
function Client:git_repositories(namespace)
  return K.collection(self, GIT, namespace)
end

--- One Git repository.
--- Source: Flux Source API v1, GitRepository
---@param namespace string
---@param name string
---@return table? repository nil when absent; `status.artifact.revision` is like "main@sha1:…"
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:git_repository("flux-system", "apps").status.artifact.revision, "main@")
function Client:git_repository(namespace, name)
  return one(self, "git_repository", GIT, namespace, name)
end

--- Whether a Git repository is ready; false when absent.
--- Source: Flux Source API v1, GitRepository
---@param namespace string
---@param name string
---@return boolean
--- Raises as `git_repository`.
--- Example: assert.eq(c:is_git_repo_ready("flux-system", "apps"), true)
function Client:is_git_repo_ready(namespace, name)
  return is_ready(one(self, "is_git_repo_ready", GIT, namespace, name), GIT)
end

--- Helm repositories.
--- Source: Flux Source API v1, HelmRepository
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:helm_repositories("flux-system").items, 0)
function Client:helm_repositories(namespace)
  return K.collection(self, HELM_REPO, namespace)
end

--- One Helm repository.
--- Source: Flux Source API v1, HelmRepository
---@param namespace string
---@param name string
---@return table? repository nil when absent
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:helm_repository("flux-system", "podinfo").spec.url)
function Client:helm_repository(namespace, name)
  return one(self, "helm_repository", HELM_REPO, namespace, name)
end

--- Whether a Helm repository is ready; false when absent. One of type oci without conditions counts as ready: it is
--- static and never gets a status.
--- Source: Flux Source API v1, HelmRepository
---@param namespace string
---@param name string
---@return boolean
--- Raises as `helm_repository`.
--- Example: assert.eq(c:is_helm_repo_ready("flux-system", "podinfo"), true)
function Client:is_helm_repo_ready(namespace, name)
  return is_ready(one(self, "is_helm_repo_ready", HELM_REPO, namespace, name), HELM_REPO)
end

--- Helm charts.
--- Source: Flux Source API v1, HelmChart
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:helm_charts("flux-system").items, 0)
function Client:helm_charts(namespace)
  return K.collection(self, HELM_CHART, namespace)
end

--- One Helm chart.
--- Source: Flux Source API v1, HelmChart
---@param namespace string
---@param name string
---@return table? chart nil when absent
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:helm_chart("flux-system", "shop-podinfo").spec.chart, "podinfo")
function Client:helm_chart(namespace, name)
  return one(self, "helm_chart", HELM_CHART, namespace, name)
end

--- Whether a Helm chart is ready; false when absent.
--- Source: Flux Source API v1, HelmChart
---@param namespace string
---@param name string
---@return boolean
--- Raises as `helm_chart`.
--- Example: assert.eq(c:is_helm_chart_ready("flux-system", "shop-podinfo"), true)
function Client:is_helm_chart_ready(namespace, name)
  return is_ready(one(self, "is_helm_chart_ready", HELM_CHART, namespace, name), HELM_CHART)
end

--- OCI repositories, in the newest version of the API that is served.
--- Source: Flux Source API v1 or v1beta2, OCIRepository
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY", 404 once all versions have been tried.
--- Example: assert.gt(#c:oci_repositories("flux-system").items, 0)
function Client:oci_repositories(namespace)
  return K.collection(self, OCI, namespace)
end

--- One OCI repository.
--- Source: Flux Source API v1 or v1beta2, OCIRepository
---@param namespace string
---@param name string
---@return table? repository nil when absent
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:oci_repository("flux-system", "manifests").status.artifact.revision, "sha256:")
function Client:oci_repository(namespace, name)
  return one(self, "oci_repository", OCI, namespace, name)
end

--- Whether an OCI repository is ready; false when absent.
--- Source: Flux Source API v1 or v1beta2, OCIRepository
---@param namespace string
---@param name string
---@return boolean
--- Raises as `oci_repository`.
--- Example: assert.eq(c:is_oci_repository_ready("flux-system", "manifests"), true)
function Client:is_oci_repository_ready(namespace, name)
  return is_ready(one(self, "is_oci_repository_ready", OCI, namespace, name), OCI)
end

--- Buckets.
--- Source: Flux Source API v1 or v1beta2, Bucket
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY", 404 once all versions have been tried.
--- Example: local buckets = c:buckets("flux-system").items
function Client:buckets(namespace)
  return K.collection(self, BUCKET, namespace)
end

--- One bucket.
--- Source: Flux Source API v1 or v1beta2, Bucket
---@param namespace string
---@param name string
---@return table? bucket nil when absent
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:bucket("flux-system", "none"), nil)
function Client:bucket(namespace, name)
  return one(self, "bucket", BUCKET, namespace, name)
end

--- Whether a bucket is ready; false when absent.
--- Source: Flux Source API v1 or v1beta2, Bucket
---@param namespace string
---@param name string
---@return boolean
--- Raises as `bucket`.
--- Example: assert.eq(c:is_bucket_ready("flux-system", "none"), false)
function Client:is_bucket_ready(namespace, name)
  return is_ready(one(self, "is_bucket_ready", BUCKET, namespace, name), BUCKET)
end

--- Whether a list failed because its kind is not installed.
local function is_not_served(message)
  local parts = H.error(message)
  return parts ~= nil and parts.status == 404
end

local function summary(items, of, namespace)
  return K.summary(items, function(object)
    return is_ready(object, of)
  end, "ready", "not_ready", { namespace = namespace })
end

--- Counts the sources that are ready: Git, Helm and OCI repositories, and buckets. A kind that is not served counts as
--- empty, except for Git and Helm repositories.
--- Source: Flux Source API
---@param namespace string? nil or "*": all
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:all_sources_ready("flux-system").not_ready, 0)
function Client:all_sources_ready(namespace)
  local items, of = {}, {}
  for _, source in ipairs({ GIT, HELM_REPO, OCI, BUCKET }) do
    local ok, list = pcall(K.collection, self, source, namespace)
    if not ok and not (is_not_served(list) and (source == OCI or source == BUCKET)) then error(list, 0) end
    for _, object in ipairs(ok and list.items or {}) do
      items[#items + 1] = object
      of[object] = source
    end
  end
  return K.summary(items, function(object)
    return is_ready(object, of[object])
  end, "ready", "not_ready", { namespace = namespace })
end

-- --- kustomizations and Helm releases --------------------------------------------------------------------------------

--- Kustomizations.
--- Source: Flux Kustomize API v1, Kustomization
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:kustomizations().items, 0)
function Client:kustomizations(namespace)
  return K.collection(self, KUSTOMIZATION, namespace)
end

--- One Kustomization.
--- Source: Flux Kustomize API v1, Kustomization
---@param namespace string
---@param name string
---@return table? kustomization nil when absent
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:kustomization("flux-system", "apps").spec.path, "./apps")
function Client:kustomization(namespace, name)
  return one(self, "kustomization", KUSTOMIZATION, namespace, name)
end

--- Whether a Kustomization is ready; false when absent.
--- Source: Flux Kustomize API v1, Kustomization
---@param namespace string
---@param name string
---@return boolean
--- Raises as `kustomization`.
--- Example: assert.eq(c:is_kustomization_ready("flux-system", "apps"), true)
function Client:is_kustomization_ready(namespace, name)
  return is_ready(one(self, "is_kustomization_ready", KUSTOMIZATION, namespace, name), KUSTOMIZATION)
end

local function message_of(object)
  local condition = K.condition(object, "Ready")
  return condition and condition.message
end

--- What a Kustomization has applied.
--- Source: Flux Kustomize API v1, KustomizationStatus
---@param namespace string
---@param name string
---@return { ready: boolean, revision: string, last_applied_revision: string, conditions: table[], suspended: boolean, message: string? }? status
---  nil when absent; the revisions (attempted, applied) are "" when unknown
--- Raises as `kustomization`.
--- Example: assert.contains(c:kustomization_status("flux-system", "apps").last_applied_revision, "main@")
function Client:kustomization_status(namespace, name)
  local object = one(self, "kustomization_status", KUSTOMIZATION, namespace, name)
  if not object then return nil end
  local status = status_of(object)
  return {
    ready = is_ready(object, KUSTOMIZATION),
    revision = status.lastAttemptedRevision or "",
    last_applied_revision = status.lastAppliedRevision or "",
    conditions = K.conditions(object),
    suspended = object.spec ~= nil and object.spec.suspend == true,
    message = message_of(object),
  }
end

--- Objects that a Kustomization manages.
--- Source: Flux Kustomize API v1, ResourceInventory
---@param namespace string
---@param name string
---@return { namespace: string, name: string, group: string, kind: string, version: string }[]? objects nil when absent
--- Raises as `kustomization`.
--- Example: assert.eq(c:inventory("flux-system", "apps")[1].kind, "Deployment")
function Client:inventory(namespace, name)
  local object = one(self, "inventory", KUSTOMIZATION, namespace, name)
  if not object then return nil end
  local inventory, out = status_of(object).inventory, {}
  for _, entry in ipairs(type(inventory) == "table" and inventory.entries or {}) do
    -- namespace_name_group_kind; a colon in the name is written as two underscores.
    local of, rest = entry.id:match("^([^_]*)_(.*)$")
    local object_name, group, kind = (rest or ""):match("^(.*)_([^_]*)_([^_]*)$")
    if object_name then
      object_name = object_name:gsub("__", ":")
      out[#out + 1] = { namespace = of, name = object_name, group = group, kind = kind, version = entry.v }
    end
  end
  return out
end

--- The revision that the source of a Kustomization has now, for comparison with what was applied.
--- Source: Flux Kustomize API v1, CrossNamespaceSourceReference
---@param namespace string
---@param kustomization string
---@return string? revision nil when the Kustomization or its source is absent, or nothing has been fetched
--- Raises as `kustomization`.
--- Example: assert.eq(c:source_revision("flux-system", "apps"), c:kustomization_status("flux-system", "apps").last_applied_revision)
function Client:source_revision(namespace, kustomization)
  local object = one(self, "source_revision", KUSTOMIZATION, namespace, kustomization)
  local reference = object and object.spec and object.spec.sourceRef
  local of = reference and KINDS[tostring(reference.kind):lower()]
  if not of then return nil end
  local source = K.object(self, of, reference.namespace or namespace, reference.name)
  local artifact = source and status_of(source).artifact
  return type(artifact) == "table" and artifact.revision or nil
end

--- Helm releases, in the newest version of the API that is served.
--- Source: Flux Helm API v2 or v2beta2, HelmRelease
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY", 404 once all versions have been tried.
--- Example: assert.gt(#c:helm_releases().items, 0)
function Client:helm_releases(namespace)
  return K.collection(self, HELM_RELEASE, namespace)
end

--- One Helm release.
--- Source: Flux Helm API v2 or v2beta2, HelmRelease
---@param namespace string
---@param name string
---@return table? release nil when absent
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:helm_release("shop", "podinfo").spec)
function Client:helm_release(namespace, name)
  return one(self, "helm_release", HELM_RELEASE, namespace, name)
end

--- Whether a Helm release is ready; false when absent.
--- Source: Flux Helm API v2 or v2beta2, HelmRelease
---@param namespace string
---@param name string
---@return boolean
--- Raises as `helm_release`.
--- Example: assert.eq(c:is_helm_release_ready("shop", "podinfo"), true)
function Client:is_helm_release_ready(namespace, name)
  return is_ready(one(self, "is_helm_release_ready", HELM_RELEASE, namespace, name), HELM_RELEASE)
end

--- The chart version that is deployed: a field in the old API, the newest deployed entry of the history in the new one.
local function deployed_version(status)
  if status.lastAppliedRevision and status.lastAppliedRevision ~= "" then return status.lastAppliedRevision end
  for _, entry in ipairs(type(status.history) == "table" and status.history or {}) do
    if entry.status == "deployed" then return entry.chartVersion or "" end
  end
  return ""
end

--- What a Helm release has deployed.
--- Source: Flux Helm API v2, HelmReleaseStatus
---@param namespace string
---@param name string
---@return { ready: boolean, revision: string, last_applied_revision: string, conditions: table[], suspended: boolean, message: string?, failures: integer, release_status: string? }? status
---  nil when absent; the revisions (attempted, deployed) are chart versions, "" when unknown
--- Raises as `helm_release`.
--- Example: assert.eq(c:helm_release_status("shop", "podinfo").last_applied_revision, "6.5.4")
function Client:helm_release_status(namespace, name)
  local object = one(self, "helm_release_status", HELM_RELEASE, namespace, name)
  if not object then return nil end
  local status = status_of(object)
  local newest = type(status.history) == "table" and status.history[1]
  return {
    ready = is_ready(object, HELM_RELEASE),
    revision = status.lastAttemptedRevision or "",
    last_applied_revision = deployed_version(status),
    conditions = K.conditions(object),
    suspended = object.spec ~= nil and object.spec.suspend == true,
    message = message_of(object),
    failures = status.failures or 0,
    release_status = newest and newest.status or nil,
  }
end

--- Counts the Kustomizations that are ready.
--- Source: Flux Kustomize API v1, Kustomization
---@param namespace string? nil or "*": all; the names are then NAMESPACE/NAME
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `kustomizations`.
--- Example: assert.eq(c:all_kustomizations_ready().not_ready, 0)
function Client:all_kustomizations_ready(namespace)
  return summary(K.collection(self, KUSTOMIZATION, namespace).items, KUSTOMIZATION, namespace)
end

--- Counts the Helm releases that are ready.
--- Source: Flux Helm API v2, HelmRelease
---@param namespace string? nil or "*": all; the names are then NAMESPACE/NAME
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `helm_releases`.
--- Example: assert.eq(c:all_helm_releases_ready("shop").not_ready, 0)
function Client:all_helm_releases_ready(namespace)
  return summary(K.collection(self, HELM_RELEASE, namespace).items, HELM_RELEASE, namespace)
end

-- --- notifications and images ----------------------------------------------------------------------------------------

--- Alerts.
--- Source: Flux Notification API v1beta3 or v1beta2, Alert
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: local alerts = c:alerts("flux-system").items
function Client:alerts(namespace)
  return K.collection(self, ALERT, namespace)
end

--- Providers: where alerts are sent.
--- Source: Flux Notification API v1beta3 or v1beta2, Provider
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: local providers = c:providers_list("flux-system").items
function Client:providers_list(namespace)
  return K.collection(self, PROVIDER, namespace)
end

--- Receivers: webhooks that trigger reconciliations.
--- Source: Flux Notification API v1, Receiver
---@param namespace string? nil or "*": all
---@return { items: table[] } list the address is in `status.webhookPath`
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: local receivers = c:receivers("flux-system").items
function Client:receivers(namespace)
  return K.collection(self, RECEIVER, namespace)
end

--- Image policies.
--- Source: Flux Image API v1 or v1beta2, ImagePolicy
---@param namespace string? nil or "*": all
---@return { items: table[] } list the latest image is in `status.latestRef` (`name`, `tag`, `digest?`), in older
---  releases in `status.latestImage`
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: local policies = c:image_policies("flux-system").items
function Client:image_policies(namespace)
  return K.collection(self, IMAGE_POLICY, namespace)
end

--- One image policy, and the image that it has chosen.
--- Source: Flux Image API v1 or v1beta2, ImagePolicy
---@param namespace string
---@param name string
---@return table? policy nil when absent
---@return string? image such as "ghcr.io/org/app:1.2.3"
--- Raises "flux: GET PATH HTTP STATUS: BODY".
--- Example: local _, image = c:image_policy("flux-system", "podinfo"); assert.contains(image, ":")
function Client:image_policy(namespace, name)
  local object = one(self, "image_policy", IMAGE_POLICY, namespace, name)
  if not object then return nil end
  local status = status_of(object)
  local latest = status.latestRef
  if type(latest) == "table" and latest.name then
    local digest = latest.digest and latest.digest ~= "" and "@" .. latest.digest or ""
    return object, latest.name .. ":" .. (latest.tag or "") .. digest
  end
  return object, status.latestImage
end

--- Image repositories; the last scan is in `status.lastScanResult`.
--- Source: Flux Image API v1 or v1beta2, ImageRepository
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: local repositories = c:image_repositories("flux-system").items
function Client:image_repositories(namespace)
  return K.collection(self, IMAGE_REPO, namespace)
end

--- Image update automations; the last push is in `status.lastPushCommit` and `status.lastPushTime`.
--- Source: Flux Image API v1, v1beta2 or v1beta1, ImageUpdateAutomation
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: local automations = c:image_update_automations("flux-system").items
function Client:image_update_automations(namespace)
  return K.collection(self, IMAGE_UPDATE, namespace)
end

-- --- acting ----------------------------------------------------------------------------------------------------------

--- Whether a revision that was asked for has been applied: as a whole, or its part behind the last ":" or "/".
local function has_revision(object, wanted)
  if not wanted then return true end
  local status = status_of(object)
  local artifact = type(status.artifact) == "table" and status.artifact.revision
  local applied = artifact or deployed_version(status)
  local function short(text)
    return text:match("[^:/]*$")
  end
  return applied == wanted or (applied ~= "" and short(applied) == short(wanted))
end

local function revision_of(object)
  local status = status_of(object)
  local artifact = type(status.artifact) == "table" and status.artifact.revision
  return artifact or deployed_version(status)
end

--- Waits until an object is ready, and has applied a revision if one is given.
--- Source: Flux API, conditions Ready and Stalled
---@param kind string in lower case: gitrepository, ocirepository, bucket, helmrepository, helmchart, kustomization, helmrelease …
---@param namespace string
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, revision: string? }? seconds between looks (5); revision that must be applied, whole
---  or only its commit, digest or version
---@return true
--- Raises "flux: KIND NAMESPACE/NAME not ready after Ns (last: …)"; at once "flux: KIND NAMESPACE/NAME stalled: REASON" when
--- Flux has given up, and 400, 401, 403.
--- Example: c:wait_ready("kustomization", "flux-system", "apps", 120)
function Client:wait_ready(kind, namespace, name, timeout_secs, opts)
  local of = kind_of("wait_ready", kind)
  H.need("flux.wait_ready", "namespace", namespace, "name", name)
  local timeout, interval, options = H.waiting("flux.wait_ready", timeout_secs, opts, 300, 5)
  local title = ("%s %s/%s"):format(tostring(kind):lower(), namespace, name)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("flux: %s not ready after %s"):format(title, H.seconds(timeout)),
    check = function()
      local object = K.object(self, of, namespace, name)
      if not object then return false, "not found" end
      if K.is_true(object, "Stalled") then
        error(("flux: %s stalled: %s"):format(title, K.why(K.condition(object, "Stalled")) or "no reason given"), 0)
      end
      if not is_ready(object, of) then return false, K.seen(object, "Ready") end
      return has_revision(object, options.revision), "revision " .. revision_of(object)
    end,
  })
end

local function annotate(c, of, namespace, name, annotations)
  return K.patch(c, of, namespace, name, { metadata = { annotations = annotations } })
end

--- The source that a Kustomization or Helm release takes its content from.
local function source_of(object, namespace)
  local wanted = object.spec or {}
  local chart = type(wanted.chart) == "table" and wanted.chart.spec or nil
  local reference = wanted.sourceRef or wanted.chartRef or (chart and chart.sourceRef)
  if not reference then return nil end
  return KINDS[tostring(reference.kind):lower()], reference.namespace or namespace, reference.name
end

--- Makes Flux reconcile an object now, and waits until it has.
--- Source: Flux documentation, annotations reconcile.fluxcd.io/requestedAt, forceAt, resetAt
---@param kind string in lower case, as for `wait_ready`
---@param namespace string
---@param name string
---@param opts { timeout: number?, interval: number?, with_source: boolean?, force: boolean?, reset: boolean?, wait: boolean? }?
---  seconds to wait (300) and between looks (2); the source first; upgrade a Helm release even without changes; forget
---  its failures; false: do not wait
---@return table object
--- Raises "flux: KIND NAMESPACE/NAME not reconciled after Ns (last: …)", "flux: PATCH PATH HTTP STATUS: BODY".
--- Example: c:reconcile("kustomization", "flux-system", "apps", { with_source = true })
function Client:reconcile(kind, namespace, name, opts)
  local of = kind_of("reconcile", kind)
  H.need("flux.reconcile", "namespace", namespace, "name", name)
  opts = opts or {}
  local timeout, interval = H.waiting("flux.reconcile", opts.timeout, opts, 300, 2)
  if opts.with_source then
    local object = K.object(self, of, namespace, name)
    local source, source_namespace, source_name = source_of(object or {}, namespace)
    if source and source_name then
      Client.reconcile(self, source.name, source_namespace, source_name, { timeout = timeout, interval = interval })
    end
  end
  local mark = H.rfc3339(H.clock.time())
  local annotations = { ["reconcile.fluxcd.io/requestedAt"] = mark }
  if opts.force then annotations["reconcile.fluxcd.io/forceAt"] = mark end
  if opts.reset then annotations["reconcile.fluxcd.io/resetAt"] = mark end
  local patched = annotate(self, of, namespace, name, annotations)
  if opts.wait == false then return patched end
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("flux: %s %s/%s not reconciled after %s"):format(of.name:lower(), namespace, name, H.seconds(timeout)),
    check = function()
      local object = K.object(self, of, namespace, name)
      return object and status_of(object).lastHandledReconcileAt == mark and object, K.seen(object, "Ready")
    end,
  })
end

local function set_suspend(c, fn, kind, namespace, name, value)
  local of = kind_of(fn, kind)
  H.need("flux." .. fn, "namespace", namespace, "name", name)
  return K.patch(c, of, namespace, name, { spec = { suspend = value } })
end

--- Stops the reconciliation of an object.
--- Source: Flux API, spec.suspend
---@param kind string in lower case, as for `wait_ready`
---@param namespace string
---@param name string
---@return table object
--- Raises "flux: PATCH PATH HTTP STATUS: BODY".
--- Example: c:suspend("kustomization", "flux-system", "apps")
function Client:suspend(kind, namespace, name)
  return set_suspend(self, "suspend", kind, namespace, name, true)
end

--- Starts the reconciliation of a suspended object again.
--- Source: Flux API, spec.suspend
---@param kind string in lower case, as for `wait_ready`
---@param namespace string
---@param name string
---@return table object
--- Raises "flux: PATCH PATH HTTP STATUS: BODY".
--- Example: c:resume("kustomization", "flux-system", "apps")
function Client:resume(kind, namespace, name)
  return set_suspend(self, "resume", kind, namespace, name, false)
end

--- Kubernetes events of an object, oldest first.
--- Source: Kubernetes API, Event
---@param kind string in lower case, as for `wait_ready`
---@param namespace string
---@param name string
---@return table[] events
--- Raises "flux: LIST PATH HTTP STATUS: BODY".
--- Example: for _, event in ipairs(c:events("kustomization", "flux-system", "apps")) do log.info(event.message) end
function Client:events(kind, namespace, name)
  local of = kind_of("events", kind)
  H.need("flux.events", "namespace", namespace, "name", name)
  return K.events(self, of.name, namespace, name)
end

--- Everything that is not ready, of all kinds that are installed.
--- Source: Flux API, condition Ready
---@param namespace string? nil or "*": all
---@return { kind: string, namespace: string, name: string, reason: string?, message: string? }[] objects
--- Raises "flux: LIST PATH HTTP STATUS: BODY" for failures other than 404.
--- Example: assert.eq(#c:not_ready("shop"), 0)
function Client:not_ready(namespace)
  local out = {}
  for _, of in ipairs({
    GIT, OCI, BUCKET, HELM_REPO, HELM_CHART, KUSTOMIZATION, HELM_RELEASE, RECEIVER, IMAGE_REPO, IMAGE_POLICY,
    IMAGE_UPDATE,
  }) do
    local ok, list = pcall(K.collection, self, of, namespace)
    if not ok and not is_not_served(list) then error(list, 0) end
    for _, object in ipairs(ok and list.items or {}) do
      if not is_ready(object, of) then
        local condition, metadata = K.condition(object, "Ready") or {}, object.metadata or {}
        out[#out + 1] = {
          kind = of.name, namespace = metadata.namespace, name = metadata.name or "unknown",
          reason = condition.reason, message = condition.message,
        }
      end
    end
  end
  return out
end

return M
