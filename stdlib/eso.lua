--- External Secrets Operator: external secrets, stores and their cluster-wide variants, through the Kubernetes API.
---
--- "Synced" and "ready" mean that condition `Ready` is true; an ExternalSecret must also have been synchronised since
--- its last change. Current releases serve version v1, old ones only v1beta1: the newest that is served is used, unless
--- the client's option `api_version` names one.
--- Source: External Secrets Operator API, external-secrets.io/latest/api/spec.
--- Example: local c = eso.client(); c:wait_secret_synced("shop", "db-credentials", 120)
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- A connection to one Kubernetes API server.
---@class assay.eso.client
---@field url string the API server's address
---@field token string|(fun(): string?)? bearer token; read at every call
---@field api_version string? the version to use, instead of the newest that is served
local Client = {}

local GROUP = "external-secrets.io"
local EXTERNAL_SECRET = K.kind(GROUP, { "v1", "v1beta1" }, "externalsecrets")
local STORE = K.kind(GROUP, { "v1", "v1beta1" }, "secretstores")
local CLUSTER_STORE = K.kind(GROUP, { "v1", "v1beta1" }, "clustersecretstores")
local CLUSTER_SECRET = K.kind(GROUP, { "v1", "v1beta1" }, "clusterexternalsecrets")
local PUSH_SECRET = K.kind(GROUP, "v1alpha1", "pushsecrets")
local SECRET = K.kind("", "v1", "secrets")

local spec = K.spec({
  name = "eso",
  methods = Client,
  absent = { single = "nil", list = "raise" },
  groups = {
    external_secrets = {
      "external_secrets", list = "external_secrets", get = "external_secret", status = "external_secret_status",
      is_synced = "is_secret_synced", wait_synced = "wait_secret_synced", all_synced = "all_secrets_synced",
      force_sync = "force_sync",
    },
    secret_stores = {
      "secret_stores", list = "secret_stores", get = "secret_store", status = "secret_store_status",
      is_ready = "is_store_ready", all_ready = "all_stores_ready", wait_ready = "wait_store_ready",
    },
    cluster_secret_stores = {
      "cluster_secret_stores", list = "cluster_secret_stores", get = "cluster_secret_store",
      is_ready = "is_cluster_store_ready", all_ready = "all_cluster_stores_ready", wait_ready = "wait_cluster_store_ready",
    },
    cluster_external_secrets = {
      "cluster_external_secrets", list = "cluster_external_secrets", get = "cluster_external_secret",
      is_ready = "is_cluster_external_secret_ready",
    },
    push_secrets = { "push_secrets", list = "push_secrets", get = "push_secret", is_pushed = "is_pushed" },
  },
})

--- Connects to the Kubernetes API server that the operator runs on.
--- Source: Assay
---@param url string? its address; nil: the cluster we run in, or the kubeconfig's current context
---@param token string|table|nil bearer token, or already the options; nil: the pod's own
---@param opts assay.options? also `api_version`, to use no other
---@return assay.eso.client c
--- Raises "eso: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = eso.client("https://10.0.0.1:6443", "token", { api_version = "v1" })
function M.client(url, token, opts)
  return H.client(spec, url, token, opts)
end

local function one(c, fn, kind, namespace, name)
  H.need("eso." .. fn, "namespace", namespace, "name", name)
  return K.object(c, kind, namespace, name)
end

local function status_of(object)
  return type(object.status) == "table" and object.status or {}
end

-- --- external secrets ------------------------------------------------------------------------------------------------

--- Whether the last synchronisation worked, and was of the object as it is now: `syncedResourceVersion` begins with the
--- generation that was synchronised.
local function is_synced(object)
  if not K.is_true(object, "Ready") then return false end
  local generation = object.metadata and object.metadata.generation
  local synced = tostring(status_of(object).syncedResourceVersion or ""):match("^(%d+)%-")
  return synced == nil or generation == nil or tonumber(synced) == generation
end

--- External secrets.
--- Source: External Secrets Operator API, ExternalSecret
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "eso: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:external_secrets("shop").items, 0)
function Client:external_secrets(namespace)
  return K.collection(self, EXTERNAL_SECRET, namespace)
end

--- One external secret.
--- Source: External Secrets Operator API, ExternalSecret
---@param namespace string
---@param name string
---@return table? external_secret nil when absent
--- Raises "eso: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:external_secret("shop", "db-credentials").spec)
function Client:external_secret(namespace, name)
  return one(self, "external_secret", EXTERNAL_SECRET, namespace, name)
end

--- The name of the Secret that an ExternalSecret writes.
local function target_of(object)
  local binding, target = status_of(object).binding, object.spec and object.spec.target
  return type(binding) == "table" and binding.name or type(target) == "table" and target.name or object.metadata.name
end

--- Where an external secret stands.
--- Source: External Secrets Operator API, ExternalSecretStatus
---@param namespace string
---@param name string
---@return { ready: boolean, status: string, sync_hash: string, conditions: table[], message: string?, refresh_time: string?, secret_name: string } status
---  `status` is SecretSynced, SecretSyncedError, SecretDeleted, SecretMissing or Unknown
--- Raises "eso: ExternalSecret NAMESPACE/NAME not found", and as `external_secret`.
--- Example: assert.eq(c:external_secret_status("shop", "db-credentials").status, "SecretSynced")
function Client:external_secret_status(namespace, name)
  local object = one(self, "external_secret_status", EXTERNAL_SECRET, namespace, name)
  if not object then error(("eso: ExternalSecret %s/%s not found"):format(namespace, name), 0) end
  local condition, status = K.condition(object, "Ready") or {}, status_of(object)
  return {
    ready = is_synced(object),
    status = condition.reason or "Unknown",
    sync_hash = status.syncedResourceVersion or "",
    conditions = K.conditions(object),
    message = condition.message,
    refresh_time = status.refreshTime,
    secret_name = target_of(object),
  }
end

--- Whether an external secret has been synchronised since its last change; false when absent.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string
---@param name string
---@return boolean
--- Raises as `external_secret`.
--- Example: assert.eq(c:is_secret_synced("shop", "db-credentials"), true)
function Client:is_secret_synced(namespace, name)
  local object = one(self, "is_secret_synced", EXTERNAL_SECRET, namespace, name)
  return object ~= nil and is_synced(object)
end

--- Waits until an external secret has been synchronised.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "eso: ExternalSecret NAMESPACE/NAME not synced after Ns (last: …)", and 400, 401, 403 at once.
--- Example: c:wait_secret_synced("shop", "db-credentials", 120)
function Client:wait_secret_synced(namespace, name, timeout_secs, opts)
  H.need("eso.wait_secret_synced", "namespace", namespace, "name", name)
  local timeout, interval = H.waiting("eso.wait_secret_synced", timeout_secs, opts, 60, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("eso: ExternalSecret %s/%s not synced after %s"):format(namespace, name, H.seconds(timeout)),
    check = function()
      local object = K.object(self, EXTERNAL_SECRET, namespace, name)
      return object ~= nil and is_synced(object), K.seen(object, "Ready")
    end,
  })
end

local function synced_summary(items, namespace)
  return K.summary(items, is_synced, "synced", "failed", { namespace = namespace })
end

--- Counts the external secrets that are synchronised.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string? nil or "*": all; the names are then NAMESPACE/NAME
---@return { synced: integer, failed: integer, total: integer, failed_names: string[], reasons: table<string, string> }
--- Raises as `external_secrets`.
--- Example: assert.eq(c:all_secrets_synced("shop").failed, 0)
function Client:all_secrets_synced(namespace)
  return synced_summary(K.collection(self, EXTERNAL_SECRET, namespace).items, namespace)
end

--- Waits until all external secrets are synchronised.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string? nil or "*": all
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return table summary as of `all_secrets_synced`
--- Raises "eso: N of M ExternalSecrets not synced after Ns (last: NAME: REASON, …)".
--- Example: c:wait_all_synced("shop", 120)
function Client:wait_all_synced(namespace, timeout_secs, opts)
  local timeout, interval = H.waiting("eso.wait_all_synced", timeout_secs, opts, 60, 5)
  local last
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = function()
      local counts = last and ("%d of %d ExternalSecrets"):format(last.failed, last.total) or "ExternalSecrets"
      return ("eso: %s not synced after %s"):format(counts, H.seconds(timeout))
    end,
    check = function()
      last = synced_summary(K.collection(self, EXTERNAL_SECRET, namespace).items, namespace)
      local offenders = {}
      for i, name in ipairs(last.failed_names) do offenders[i] = name .. ": " .. (last.reasons[name] or "not synced yet") end
      return last.failed == 0 and last, table.concat(offenders, ", ")
    end,
  })
end

--- Makes the operator fetch a secret now.
--- Source: External Secrets Operator documentation, "How do I force a refresh"
---@param namespace string? nil: the cluster-wide variant, ClusterExternalSecret
---@param name string
---@param opts { wait: number?, interval: number? }? seconds to wait until it has been fetched (not at all)
---@return table external_secret
--- Raises "eso: PATCH PATH HTTP STATUS: BODY", "eso: ExternalSecret NAMESPACE/NAME not synced after Ns (last: …)".
--- Example: c:force_sync("shop", "db-credentials", { wait = 60 })
function Client:force_sync(namespace, name, opts)
  H.need("eso.force_sync", "name", name)
  local mark = H.num(math.floor(H.clock.time()))
  if namespace == nil then
    local annotations = { ["external-secrets.io/force-sync"] = mark }
    return K.patch(self, CLUSTER_SECRET, nil, name, { metadata = { annotations = annotations } })
  end
  local wait = opts and opts.wait
  local before = wait and K.object(self, EXTERNAL_SECRET, namespace, name)
  local patched = K.patch(self, EXTERNAL_SECRET, namespace, name, { metadata = { annotations = { ["force-sync"] = mark } } })
  if not wait then return patched end
  local timeout, interval = H.waiting("eso.force_sync", wait, opts, 60, 5)
  local fetched = before and H.parse_time(status_of(before).refreshTime) or -math.huge
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("eso: ExternalSecret %s/%s not synced after %s"):format(namespace, name, H.seconds(timeout)),
    check = function()
      local object = K.object(self, EXTERNAL_SECRET, namespace, name)
      local now = object and H.parse_time(status_of(object).refreshTime) or -math.huge
      return object and now > fetched and is_synced(object) and object, K.seen(object, "Ready")
    end,
  })
end

--- Names of the keys in the Secret that an external secret writes; never their values.
--- Source: External Secrets Operator API, ExternalSecretTarget
---@param namespace string
---@param name string
---@return string[]? keys sorted; nil when the external secret or its Secret is missing
--- Raises as `external_secret`.
--- Example: assert.eq(c:secret_keys("shop", "db-credentials")[1], "password")
function Client:secret_keys(namespace, name)
  local object = one(self, "secret_keys", EXTERNAL_SECRET, namespace, name)
  local secret = object and K.object(self, SECRET, namespace, target_of(object))
  if not secret then return nil end
  local keys = {}
  for key in pairs(secret.data or {}) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- Kubernetes events of an external secret, oldest first: what the provider said stands here.
--- Source: Kubernetes API, Event
---@param namespace string
---@param name string
---@return table[] events
--- Raises "eso: LIST PATH HTTP STATUS: BODY".
--- Example: for _, event in ipairs(c:events("shop", "db-credentials")) do log.info(event.message) end
function Client:events(namespace, name)
  H.need("eso.events", "namespace", namespace, "name", name)
  return K.events(self, "ExternalSecret", namespace, name)
end

-- --- stores ----------------------------------------------------------------------------------------------------------

--- Secret stores.
--- Source: External Secrets Operator API, SecretStore
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "eso: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:secret_stores("shop").items, 0)
function Client:secret_stores(namespace)
  return K.collection(self, STORE, namespace)
end

--- One secret store.
--- Source: External Secrets Operator API, SecretStore
---@param namespace string
---@param name string
---@return table? store nil when absent
--- Raises "eso: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:secret_store("shop", "vault").spec.provider)
function Client:secret_store(namespace, name)
  return one(self, "secret_store", STORE, namespace, name)
end

--- Where a secret store stands.
--- Source: External Secrets Operator API, SecretStoreStatus
---@param namespace string
---@param name string
---@return { ready: boolean, conditions: table[], reason: string?, message: string?, capabilities: string? } status
---  reason is Valid, InvalidProviderConfig, ValidationFailed …; capabilities are ReadOnly, WriteOnly or ReadWrite
--- Raises "eso: SecretStore NAMESPACE/NAME not found", and as `secret_store`.
--- Example: assert.eq(c:secret_store_status("shop", "vault").reason, "Valid")
function Client:secret_store_status(namespace, name)
  local store = one(self, "secret_store_status", STORE, namespace, name)
  if not store then error(("eso: SecretStore %s/%s not found"):format(namespace, name), 0) end
  local condition = K.condition(store, "Ready") or {}
  return {
    ready = K.is_true(store, "Ready"),
    conditions = K.conditions(store),
    reason = condition.reason,
    message = condition.message,
    capabilities = status_of(store).capabilities,
  }
end

--- Whether a secret store is ready; false when absent, or not validated yet.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string
---@param name string
---@return boolean
--- Raises as `secret_store`.
--- Example: assert.eq(c:is_store_ready("shop", "vault"), true)
function Client:is_store_ready(namespace, name)
  return K.is_true(one(self, "is_store_ready", STORE, namespace, name), "Ready")
end

local function wait_store(c, fn, kind, namespace, name, title, timeout_secs, opts)
  local timeout, interval = H.waiting(fn, timeout_secs, opts, 60, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("eso: %s not ready after %s"):format(title, H.seconds(timeout)),
    check = function()
      local store = K.object(c, kind, namespace, name)
      return K.is_true(store, "Ready"), K.seen(store, "Ready")
    end,
  })
end

--- Waits until a secret store is ready.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "eso: SecretStore NAMESPACE/NAME not ready after Ns (last: …)".
--- Example: c:wait_store_ready("shop", "vault")
function Client:wait_store_ready(namespace, name, timeout_secs, opts)
  H.need("eso.wait_store_ready", "namespace", namespace, "name", name)
  local title = ("SecretStore %s/%s"):format(namespace, name)
  return wait_store(self, "eso.wait_store_ready", STORE, namespace, name, title, timeout_secs, opts)
end

local function store_summary(items, o)
  return K.summary(items, function(store)
    return K.is_true(store, "Ready")
  end, "ready", "not_ready", o)
end

--- Counts the secret stores that are ready.
--- Source: External Secrets Operator API, condition Ready
---@param namespace string? nil or "*": all; the names are then NAMESPACE/NAME
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `secret_stores`.
--- Example: assert.eq(c:all_stores_ready("shop").not_ready, 0)
function Client:all_stores_ready(namespace)
  return store_summary(K.collection(self, STORE, namespace).items, { namespace = namespace })
end

--- Secret stores of the cluster.
--- Source: External Secrets Operator API, ClusterSecretStore
---@return { items: table[] } list
--- Raises "eso: LIST PATH HTTP STATUS: BODY".
--- Example: local stores = c:cluster_secret_stores().items
function Client:cluster_secret_stores()
  return K.collection(self, CLUSTER_STORE)
end

--- One secret store of the cluster.
--- Source: External Secrets Operator API, ClusterSecretStore
---@param name string
---@return table? store nil when absent
--- Raises "eso: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:cluster_secret_store("vault").spec)
function Client:cluster_secret_store(name)
  H.need("eso.cluster_secret_store", "name", name)
  return K.object(self, CLUSTER_STORE, nil, name)
end

--- Whether a secret store of the cluster is ready; false when absent.
--- Source: External Secrets Operator API, condition Ready
---@param name string
---@return boolean
--- Raises as `cluster_secret_store`.
--- Example: assert.eq(c:is_cluster_store_ready("vault"), true)
function Client:is_cluster_store_ready(name)
  H.need("eso.is_cluster_store_ready", "name", name)
  return K.is_true(K.object(self, CLUSTER_STORE, nil, name), "Ready")
end

--- Waits until a secret store of the cluster is ready.
--- Source: External Secrets Operator API, condition Ready
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "eso: ClusterSecretStore NAME not ready after Ns (last: …)".
--- Example: c:wait_cluster_store_ready("vault")
function Client:wait_cluster_store_ready(name, timeout_secs, opts)
  H.need("eso.wait_cluster_store_ready", "name", name)
  return wait_store(self, "eso.wait_cluster_store_ready", CLUSTER_STORE, nil, name, "ClusterSecretStore " .. name, timeout_secs, opts)
end

--- Counts the secret stores of the cluster that are ready.
--- Source: External Secrets Operator API, condition Ready
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `cluster_secret_stores`.
--- Example: assert.eq(c:all_cluster_stores_ready().not_ready, 0)
function Client:all_cluster_stores_ready()
  return store_summary(K.collection(self, CLUSTER_STORE).items, { cluster = true })
end

-- --- cluster-wide external secrets, and the other direction ----------------------------------------------------------

--- External secrets that are written to several namespaces.
--- Source: External Secrets Operator API, ClusterExternalSecret
---@return { items: table[] } list
--- Raises "eso: LIST PATH HTTP STATUS: BODY".
--- Example: local secrets = c:cluster_external_secrets().items
function Client:cluster_external_secrets()
  return K.collection(self, CLUSTER_SECRET)
end

--- One external secret that is written to several namespaces.
--- Source: External Secrets Operator API, ClusterExternalSecret
---@param name string
---@return table? external_secret nil when absent; `status.provisionedNamespaces`, `status.failedNamespaces`
--- Raises "eso: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:cluster_external_secret("none"), nil)
function Client:cluster_external_secret(name)
  H.need("eso.cluster_external_secret", "name", name)
  return K.object(self, CLUSTER_SECRET, nil, name)
end

--- Whether a cluster-wide external secret is ready, and has failed in no namespace; false when absent.
--- Source: External Secrets Operator API, ClusterExternalSecretStatus
---@param name string
---@return boolean
--- Raises as `cluster_external_secret`.
--- Example: assert.eq(c:is_cluster_external_secret_ready("none"), false)
function Client:is_cluster_external_secret_ready(name)
  H.need("eso.is_cluster_external_secret_ready", "name", name)
  local object = K.object(self, CLUSTER_SECRET, nil, name)
  if not K.is_true(object, "Ready") then return false end
  local failed = status_of(object).failedNamespaces
  return type(failed) ~= "table" or #failed == 0
end

--- Secrets that are written to a provider.
--- Source: External Secrets Operator API, PushSecret
---@param namespace string? nil or "*": all
---@return { items: table[] } list
--- Raises "eso: LIST PATH HTTP STATUS: BODY".
--- Example: local pushes = c:push_secrets("shop").items
function Client:push_secrets(namespace)
  return K.collection(self, PUSH_SECRET, namespace)
end

--- One secret that is written to a provider.
--- Source: External Secrets Operator API, PushSecret
---@param namespace string
---@param name string
---@return table? push_secret nil when absent
--- Raises "eso: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:push_secret("shop", "none"), nil)
function Client:push_secret(namespace, name)
  return one(self, "push_secret", PUSH_SECRET, namespace, name)
end

--- Whether a secret has been written to its provider; false when absent.
--- Source: External Secrets Operator API, PushSecret, condition Ready with reason Synced
---@param namespace string
---@param name string
---@return boolean
--- Raises as `push_secret`.
--- Example: assert.eq(c:is_pushed("shop", "none"), false)
function Client:is_pushed(namespace, name)
  return K.is_true(one(self, "is_pushed", PUSH_SECRET, namespace, name), "Ready")
end

return M
