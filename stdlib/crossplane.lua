--- Crossplane: packages, definitions, compositions and managed resources, through the Kubernetes API.
---
--- Conditions count only when they are true and about the object as it is now. A list is empty where the kind is not
--- installed. Managed, composite and claimed resources are named by group, version and kind; the kind is the plural in
--- lower case as in addresses (`buckets`), or the CamelCase name (`Bucket`), which is then looked up.
--- Source: Crossplane API reference, docs.crossplane.io/latest/api.
--- Example: local c = crossplane.client(); assert.eq(c:all_providers_healthy().unhealthy, 0)
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- A connection to one Kubernetes API server.
---@class assay.crossplane.client
---@field url string the API server's address
---@field token string|(fun(): string?)? bearer token; read at every call
local Client = {}

local PKG, EXT = "pkg.crossplane.io", "apiextensions.crossplane.io"
local PROVIDER, PROVIDER_REVISION = K.kind(PKG, "v1", "providers"), K.kind(PKG, "v1", "providerrevisions")
local CONFIGURATION = K.kind(PKG, "v1", "configurations")
local CONFIGURATION_REVISION = K.kind(PKG, "v1", "configurationrevisions")
local FUNCTION = K.kind(PKG, { "v1", "v1beta1" }, "functions")
local FUNCTION_REVISION = K.kind(PKG, { "v1", "v1beta1" }, "functionrevisions")
local XRD = K.kind(EXT, { "v2", "v1" }, "compositeresourcedefinitions")
local COMPOSITION, COMPOSITION_REVISION = K.kind(EXT, "v1", "compositions"), K.kind(EXT, "v1", "compositionrevisions")
local ENVIRONMENT = K.kind(EXT, { "v1beta1", "v1alpha1" }, "environmentconfigs")
local MRD = K.kind(EXT, "v1alpha1", "managedresourcedefinitions")

local spec = K.spec({
  name = "crossplane",
  methods = Client,
  absent = { single = "nil", list = "empty" },
  groups = {
    providers = {
      "providers", list = "providers", get = "provider", is_healthy = "is_provider_healthy",
      is_installed = "is_provider_installed", status = "provider_status", all_healthy = "all_providers_healthy",
      wait_healthy = "wait_provider_healthy",
    },
    provider_revisions = { "provider_revisions", list = "provider_revisions", get = "provider_revision" },
    configurations = {
      "configurations", list = "configurations", get = "configuration", is_healthy = "is_configuration_healthy",
      is_installed = "is_configuration_installed", all_healthy = "all_configurations_healthy",
    },
    functions = {
      "functions", list = "functions", get = "xfunction", is_healthy = "is_function_healthy",
      all_healthy = "all_functions_healthy",
    },
    xrds = {
      "xrds", list = "xrds", get = "xrd", is_established = "is_xrd_established", is_offered = "is_xrd_offered",
      all_established = "all_xrds_established", wait_established = "wait_xrd_established",
    },
    compositions = {
      "compositions", list = "compositions", get = "composition", revisions = "composition_revisions",
    },
    managed_resources = {
      "managed_resources", get = "managed_resource", is_ready = "is_managed_ready", list = "managed_resources",
      status = "managed_status", wait_ready = "wait_managed_ready", all_ready = "all_managed_ready",
    },
  },
})

--- Connects to the Kubernetes API server that Crossplane runs on.
--- Source: Assay
---@param url string? its address; nil: the cluster we run in, or the kubeconfig's current context
---@param token string|table|nil bearer token, or already the options; nil: the pod's own
---@param opts assay.options?
---@return assay.crossplane.client c
--- Raises "crossplane: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = crossplane.client("https://10.0.0.1:6443", "token")
function M.client(url, token, opts)
  return H.client(spec, url, token, opts)
end

local function one(c, fn, kind, name)
  H.need("crossplane." .. fn, "name", name)
  return K.object(c, kind, nil, name)
end

local function status_of(object)
  return type(object.status) == "table" and object.status or {}
end

--- Counts the objects whose condition is true.
local function summary(items, condition, good, bad)
  return K.summary(items, function(object)
    return K.is_true(object, condition)
  end, good, bad, { cluster = true, condition = condition })
end

--- Waits until conditions of an object are true.
local function wait(fn, title, fetch, conditions, what, timeout_secs, opts)
  local timeout, interval = H.waiting("crossplane." .. fn, timeout_secs, opts, 300, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("crossplane: %s not %s after %s"):format(title, what, H.seconds(timeout)),
    check = function()
      local object, failing = fetch(), {}
      if not object then return false, "not found" end
      for _, condition in ipairs(conditions) do
        if not K.is_true(object, condition) then failing[#failing + 1] = K.seen(object, condition) end
      end
      return #failing == 0, table.concat(failing, "; ")
    end,
  })
end

-- --- providers -------------------------------------------------------------------------------------------------------

--- Providers.
--- Source: Crossplane API pkg.crossplane.io/v1, Provider
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:providers().items, 0)
function Client:providers()
  return K.collection(self, PROVIDER)
end

--- One provider.
--- Source: Crossplane API pkg.crossplane.io/v1, Provider
---@param name string
---@return table? provider nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:provider("provider-aws-s3").spec.package, "provider-aws-s3")
function Client:provider(name)
  return one(self, "provider", PROVIDER, name)
end

--- Whether a provider is healthy; false when absent. It says nothing about its credentials.
--- Source: Crossplane API pkg.crossplane.io/v1, condition Healthy
---@param name string
---@return boolean
--- Raises as `provider`.
--- Example: assert.eq(c:is_provider_healthy("provider-aws-s3"), true)
function Client:is_provider_healthy(name)
  return K.is_true(one(self, "is_provider_healthy", PROVIDER, name), "Healthy")
end

--- Whether a provider is installed; false when absent.
--- Source: Crossplane API pkg.crossplane.io/v1, condition Installed
---@param name string
---@return boolean
--- Raises as `provider`.
--- Example: assert.eq(c:is_provider_installed("provider-aws-s3"), true)
function Client:is_provider_installed(name)
  return K.is_true(one(self, "is_provider_installed", PROVIDER, name), "Installed")
end

--- Where a provider stands.
--- Source: Crossplane API pkg.crossplane.io/v1, ProviderStatus
---@param name string
---@return { installed: boolean, healthy: boolean, current_revision: string?, conditions: table[], package: string?, message: string? } status
---  message is that of a condition which is not true
--- Raises "crossplane: provider not found: NAME", and as `provider`.
--- Example: assert.eq(c:provider_status("provider-aws-s3").healthy, true)
function Client:provider_status(name)
  local provider = one(self, "provider_status", PROVIDER, name)
  if not provider then error("crossplane: provider not found: " .. name, 0) end
  local message
  for _, condition in ipairs(K.conditions(provider)) do
    if condition.status ~= "True" then message = message or K.why(condition) end
  end
  return {
    installed = K.is_true(provider, "Installed"),
    healthy = K.is_true(provider, "Healthy"),
    current_revision = status_of(provider).currentRevision,
    conditions = K.conditions(provider),
    package = provider.spec and provider.spec.package,
    message = message,
  }
end

--- Waits until a provider is installed and healthy.
--- Source: Crossplane API pkg.crossplane.io/v1, conditions Installed, Healthy
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "crossplane: provider NAME not healthy after Ns (last: …)".
--- Example: c:wait_provider_healthy("provider-aws-s3", 120)
function Client:wait_provider_healthy(name, timeout_secs, opts)
  H.need("crossplane.wait_provider_healthy", "name", name)
  return wait("wait_provider_healthy", "provider " .. name, function()
    return K.object(self, PROVIDER, nil, name)
  end, { "Installed", "Healthy" }, "healthy", timeout_secs, opts)
end

--- Counts the healthy providers.
--- Source: Crossplane API pkg.crossplane.io/v1, condition Healthy
---@return { healthy: integer, unhealthy: integer, total: integer, unhealthy_names: string[], reasons: table<string, string> }
--- Raises as `providers`.
--- Example: assert.eq(c:all_providers_healthy().unhealthy, 0)
function Client:all_providers_healthy()
  return summary(K.collection(self, PROVIDER).items, "Healthy", "healthy", "unhealthy")
end

--- Revisions of providers.
--- Source: Crossplane API pkg.crossplane.io/v1, ProviderRevision
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local revisions = c:provider_revisions().items
function Client:provider_revisions()
  return K.collection(self, PROVIDER_REVISION)
end

--- One revision of a provider.
--- Source: Crossplane API pkg.crossplane.io/v1, ProviderRevision
---@param name string
---@return table? revision nil when absent; `spec.desiredState` is Active or Inactive
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:provider_revision("provider-aws-s3-1").spec.desiredState, "Active")
function Client:provider_revision(name)
  return one(self, "provider_revision", PROVIDER_REVISION, name)
end

-- --- configurations and functions ------------------------------------------------------------------------------------

--- Configurations.
--- Source: Crossplane API pkg.crossplane.io/v1, Configuration
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local configurations = c:configurations().items
function Client:configurations()
  return K.collection(self, CONFIGURATION)
end

--- One configuration.
--- Source: Crossplane API pkg.crossplane.io/v1, Configuration
---@param name string
---@return table? configuration nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:configuration("platform").spec)
function Client:configuration(name)
  return one(self, "configuration", CONFIGURATION, name)
end

--- Whether a configuration is healthy; false when absent.
--- Source: Crossplane API pkg.crossplane.io/v1, condition Healthy
---@param name string
---@return boolean
--- Raises as `configuration`.
--- Example: assert.eq(c:is_configuration_healthy("platform"), true)
function Client:is_configuration_healthy(name)
  return K.is_true(one(self, "is_configuration_healthy", CONFIGURATION, name), "Healthy")
end

--- Whether a configuration is installed; false when absent.
--- Source: Crossplane API pkg.crossplane.io/v1, condition Installed
---@param name string
---@return boolean
--- Raises as `configuration`.
--- Example: assert.eq(c:is_configuration_installed("platform"), true)
function Client:is_configuration_installed(name)
  return K.is_true(one(self, "is_configuration_installed", CONFIGURATION, name), "Installed")
end

--- Counts the healthy configurations.
--- Source: Crossplane API pkg.crossplane.io/v1, condition Healthy
---@return { healthy: integer, unhealthy: integer, total: integer, unhealthy_names: string[], reasons: table<string, string> }
--- Raises as `configurations`.
--- Example: assert.eq(c:all_configurations_healthy().unhealthy, 0)
function Client:all_configurations_healthy()
  return summary(K.collection(self, CONFIGURATION).items, "Healthy", "healthy", "unhealthy")
end

--- Functions, in the newest version of the API that is served.
--- Source: Crossplane API pkg.crossplane.io/v1 or v1beta1, Function
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local functions = c:functions().items
function Client:functions()
  return K.collection(self, FUNCTION)
end

--- One function.
--- Source: Crossplane API pkg.crossplane.io/v1 or v1beta1, Function
---@param name string
---@return table? xfunction nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:xfunction("function-patch-and-transform").spec)
function Client:xfunction(name)
  return one(self, "xfunction", FUNCTION, name)
end

--- Whether a function is healthy; false when absent.
--- Source: Crossplane API pkg.crossplane.io/v1 or v1beta1, condition Healthy
---@param name string
---@return boolean
--- Raises as `xfunction`.
--- Example: assert.eq(c:is_function_healthy("function-patch-and-transform"), true)
function Client:is_function_healthy(name)
  return K.is_true(one(self, "is_function_healthy", FUNCTION, name), "Healthy")
end

--- Counts the healthy functions.
--- Source: Crossplane API pkg.crossplane.io/v1 or v1beta1, condition Healthy
---@return { healthy: integer, unhealthy: integer, total: integer, unhealthy_names: string[], reasons: table<string, string> }
--- Raises as `functions`.
--- Example: assert.eq(c:all_functions_healthy().unhealthy, 0)
function Client:all_functions_healthy()
  return summary(K.collection(self, FUNCTION).items, "Healthy", "healthy", "unhealthy")
end

local PACKAGES = {
  provider = { PROVIDER, PROVIDER_REVISION },
  configuration = { CONFIGURATION, CONFIGURATION_REVISION },
  ["function"] = { FUNCTION, FUNCTION_REVISION },
}

--- The version of a package that is active: the tag of its revision's image.
--- Source: Crossplane API pkg.crossplane.io/v1, ProviderRevisionSpec.image
---@param kind "provider"|"configuration"|"function"
---@param name string
---@return string? version nil when the package, its revision or the tag is missing
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:package_version("provider", "provider-aws-s3"), "v1.2.3")
function Client:package_version(kind, name)
  H.need("crossplane.package_version", "kind", kind, "name", name)
  local kinds = PACKAGES[tostring(kind):lower()]
  if not kinds then error(("crossplane.package_version: unknown kind '%s'"):format(tostring(kind)), 0) end
  local object = K.object(self, kinds[1], nil, name)
  local current = object and status_of(object).currentRevision
  local revision = current and K.object(self, kinds[2], nil, current)
  local image = revision and revision.spec and revision.spec.image
  -- The tag stands behind the last colon of the last part; a digest may follow it.
  return image and image:match("[^/]*$"):match("^[^@]*"):match(":(.+)$")
end

-- --- definitions and compositions ------------------------------------------------------------------------------------

--- Definitions of composite resources, in the newest version of the API that is served.
--- Source: Crossplane API apiextensions.crossplane.io/v2 or v1, CompositeResourceDefinition
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:xrds().items, 0)
function Client:xrds()
  return K.collection(self, XRD)
end

--- One definition of a composite resource.
--- Source: Crossplane API apiextensions.crossplane.io/v2 or v1, CompositeResourceDefinition
---@param name string such as "xbuckets.example.org"
---@return table? xrd nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:xrd("xbuckets.example.org").spec.names.kind, "XBucket")
function Client:xrd(name)
  return one(self, "xrd", XRD, name)
end

--- Whether a composite resource can be created; false when its definition is absent.
--- Source: Crossplane API apiextensions.crossplane.io, condition Established
---@param name string
---@return boolean
--- Raises as `xrd`.
--- Example: assert.eq(c:is_xrd_established("xbuckets.example.org"), true)
function Client:is_xrd_established(name)
  return K.is_true(one(self, "is_xrd_established", XRD, name), "Established")
end

--- Whether claims for a composite resource can be created; false when its definition is absent.
--- Source: Crossplane API apiextensions.crossplane.io, condition Offered
---@param name string
---@return boolean
--- Raises as `xrd`.
--- Example: assert.eq(c:is_xrd_offered("xbuckets.example.org"), false)
function Client:is_xrd_offered(name)
  return K.is_true(one(self, "is_xrd_offered", XRD, name), "Offered")
end

--- Waits until a composite resource can be created.
--- Source: Crossplane API apiextensions.crossplane.io, condition Established
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "crossplane: definition NAME not established after Ns (last: …)".
--- Example: c:wait_xrd_established("xbuckets.example.org")
function Client:wait_xrd_established(name, timeout_secs, opts)
  H.need("crossplane.wait_xrd_established", "name", name)
  return wait("wait_xrd_established", "definition " .. name, function()
    return K.object(self, XRD, nil, name)
  end, { "Established" }, "established", timeout_secs, opts)
end

--- Counts the definitions that are established.
--- Source: Crossplane API apiextensions.crossplane.io, condition Established
---@return { established: integer, not_established: integer, total: integer, not_established_names: string[], reasons: table<string, string> }
--- Raises as `xrds`.
--- Example: assert.eq(c:all_xrds_established().not_established, 0)
function Client:all_xrds_established()
  return summary(K.collection(self, XRD).items, "Established", "established", "not_established")
end

--- Compositions.
--- Source: Crossplane API apiextensions.crossplane.io/v1, Composition
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local compositions = c:compositions().items
function Client:compositions()
  return K.collection(self, COMPOSITION)
end

--- One composition.
--- Source: Crossplane API apiextensions.crossplane.io/v1, Composition
---@param name string
---@return table? composition nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:composition("xbuckets.aws").spec)
function Client:composition(name)
  return one(self, "composition", COMPOSITION, name)
end

--- Revisions of a composition, the newest first.
--- Source: Crossplane API apiextensions.crossplane.io/v1, CompositionRevision, label crossplane.io/composition-name
---@param name string? the composition; nil: of all
---@return table[] revisions
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local revisions = c:composition_revisions("xbuckets.aws")
function Client:composition_revisions(name)
  local query = name and { { "labelSelector", "crossplane.io/composition-name=" .. name } }
  local items = K.collection(self, COMPOSITION_REVISION, nil, query).items
  table.sort(items, function(a, b)
    return (a.spec and a.spec.revision or 0) > (b.spec and b.spec.revision or 0)
  end)
  return items
end

--- Environment configurations.
--- Source: Crossplane API apiextensions.crossplane.io/v1beta1 or v1alpha1, EnvironmentConfig
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local configs = c:environment_configs().items
function Client:environment_configs()
  return K.collection(self, ENVIRONMENT)
end

--- Definitions of managed resources (Crossplane 2).
--- Source: Crossplane API apiextensions.crossplane.io/v1alpha1, ManagedResourceDefinition
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: local definitions = c:mrds().items
function Client:mrds()
  return K.collection(self, MRD)
end

-- --- managed resources -----------------------------------------------------------------------------------------------

--- The plural that addresses use; a CamelCase kind is looked up in the group.
local function plural_of(c, group, version, kind)
  if not kind:find("%u") then return kind end
  for _, resource in ipairs(K.resources(c, K.prefix(group, version)) or {}) do
    if resource.kind == kind then return resource.name end
  end
  error(("crossplane: %s/%s has no kind %s"):format(group, version, kind), 0)
end

--- Fetches one resource of any kind.
local function resource(c, fn, group, version, kind, name, opts)
  H.need("crossplane." .. fn, "api_group", group, "version", version, "kind", kind, "name", name)
  c = H.with(c, opts)
  local plural = plural_of(c, group, version, kind)
  return K.object(c, K.kind(group, version, plural), opts and opts.namespace, name)
end

--- One managed resource.
--- Source: Crossplane documentation, "Managed Resources"
---@param api_group string such as "s3.aws.upbound.io"
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param opts { namespace: string }? for namespaced managed resources (Crossplane 2)
---@return table? resource nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:managed_resource("s3.aws.upbound.io", "v1beta1", "buckets", "logs").spec)
function Client:managed_resource(api_group, version, kind, name, opts)
  return resource(self, "managed_resource", api_group, version, kind, name, opts)
end

--- Whether a managed resource is ready; false when absent. A paused or misconfigured one may stay ready from before: see
--- `managed_status`.
--- Source: Crossplane documentation, "Managed Resources", condition Ready
---@param api_group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param opts { namespace: string }?
---@return boolean
--- Raises as `managed_resource`.
--- Example: assert.eq(c:is_managed_ready("s3.aws.upbound.io", "v1beta1", "buckets", "logs"), true)
function Client:is_managed_ready(api_group, version, kind, name, opts)
  return K.is_true(resource(self, "is_managed_ready", api_group, version, kind, name, opts), "Ready")
end

--- Managed resources of a kind.
--- Source: Crossplane documentation, "Managed Resources"
---@param api_group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param opts { namespace: string }? nil: all namespaces
---@return { items: table[] } list
--- Raises "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:managed_resources("s3.aws.upbound.io", "v1beta1", "buckets").items, 0)
function Client:managed_resources(api_group, version, kind, opts)
  H.need("crossplane.managed_resources", "api_group", api_group, "version", version, "kind", kind)
  local c = H.with(self, opts)
  local plural = plural_of(c, api_group, version, kind)
  return K.collection(c, K.kind(api_group, version, plural), opts and opts.namespace)
end

--- Where a managed resource stands.
--- Source: Crossplane documentation, "Managed Resources", conditions Ready, Synced
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param opts { namespace: string }?
---@return { ready: boolean, synced: boolean, reason: string?, message: string?, external_name: string? }? status nil when absent;
---  reason and message are those of the condition that is not true
--- Raises as `managed_resource`.
--- Example: assert.eq(c:managed_status("s3.aws.upbound.io", "v1beta1", "buckets", "logs").synced, true)
function Client:managed_status(group, version, kind, name, opts)
  local object = resource(self, "managed_status", group, version, kind, name, opts)
  if not object then return nil end
  local ready, synced = K.condition(object, "Ready"), K.condition(object, "Synced")
  local telling = synced and synced.status ~= "True" and synced or ready or {}
  local annotations = object.metadata and object.metadata.annotations or {}
  return {
    ready = K.is_true(object, "Ready"),
    synced = K.is_true(object, "Synced"),
    reason = telling.reason,
    message = telling.message,
    external_name = annotations["crossplane.io/external-name"],
  }
end

--- Waits until a managed resource is ready and in step with its specification.
--- Source: Crossplane documentation, "Managed Resources", conditions Ready, Synced
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, namespace: string? }? seconds between looks (5)
---@return true
--- Raises "crossplane: KIND NAME not ready after Ns (last: …)".
--- Example: c:wait_managed_ready("s3.aws.upbound.io", "v1beta1", "buckets", "logs", 600)
function Client:wait_managed_ready(group, version, kind, name, timeout_secs, opts)
  if type(timeout_secs) == "table" then timeout_secs, opts = nil, timeout_secs end
  H.need("crossplane.wait_managed_ready", "group", group, "version", version, "kind", kind, "name", name)
  return wait("wait_managed_ready", kind .. " " .. name, function()
    return resource(self, "wait_managed_ready", group, version, kind, name, opts)
  end, { "Ready", "Synced" }, "ready", timeout_secs, opts)
end

--- Counts the managed resources of all kinds that are ready. It asks for every kind, one after the other.
--- Source: Crossplane documentation, category "managed"
---@param opts { groups: string[]?, namespace: string? }? only these API groups
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string>, kinds: table<string, table> }
---  names are KIND/NAME; `kinds` has the same counts by PLURAL.GROUP
--- Raises "crossplane: GET PATH HTTP STATUS: BODY", "crossplane: LIST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:all_managed_ready().not_ready, 0)
function Client:all_managed_ready(opts)
  local wanted
  for _, group in ipairs(opts and opts.groups or {}) do
    wanted = wanted or {}
    wanted[group] = true
  end
  local out = { ready = 0, not_ready = 0, total = 0, not_ready_names = {}, reasons = {}, kinds = {} }
  local function add(group, found)
    local namespace = found.namespaced and opts and opts.namespace or nil
    local list = K.collection(self, K.kind(group.group, group.version, found.name), namespace)
    if #list.items == 0 then return end
    local counts = K.summary(list.items, function(object)
      return K.is_true(object, "Ready")
    end, "ready", "not_ready", { cluster = not found.namespaced })
    out.kinds[found.name .. "." .. group.group] = counts
    out.ready, out.not_ready, out.total = out.ready + counts.ready, out.not_ready + counts.not_ready, out.total + counts.total
    for _, name in ipairs(counts.not_ready_names) do
      local full = found.kind .. "/" .. name
      out.not_ready_names[#out.not_ready_names + 1] = full
      out.reasons[full] = counts.reasons[name]
    end
  end
  for _, group in ipairs(K.api_groups(self)) do
    local is_own = group.group:find("%.k8s%.io$") or not group.group:find(".", 1, true)
    if (wanted and wanted[group.group]) or (not wanted and not is_own) then
      for _, found in ipairs(K.resources(self, K.prefix(group.group, group.version)) or {}) do
        for _, category in ipairs(found.categories or {}) do
          if category == "managed" then add(group, found) end
        end
      end
    end
  end
  return out
end

-- --- composite resources and claims ----------------------------------------------------------------------------------

--- One composite resource.
--- Source: Crossplane documentation, "Composite Resources"
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param opts { namespace: string }? for namespaced composite resources (Crossplane 2)
---@return table? composite nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:composite("example.org", "v1", "xbuckets", "logs").spec)
function Client:composite(group, version, kind, name, opts)
  return resource(self, "composite", group, version, kind, name, opts)
end

--- Whether a composite resource is ready; false when absent.
--- Source: Crossplane documentation, "Composite Resources", condition Ready
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param opts { namespace: string }?
---@return boolean
--- Raises as `composite`.
--- Example: assert.eq(c:is_composite_ready("example.org", "v1", "xbuckets", "logs"), true)
function Client:is_composite_ready(group, version, kind, name, opts)
  return K.is_true(resource(self, "is_composite_ready", group, version, kind, name, opts), "Ready")
end

--- The resources that a composite resource is made of, and their state.
--- Source: Crossplane documentation, spec.crossplane.resourceRefs (version 2), spec.resourceRefs (version 1)
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param name string
---@param opts { namespace: string }?
---@return { apiVersion: string, kind: string, name: string, namespace: string?, found: boolean, ready: boolean, synced: boolean, message: string? }[]? resources
---  nil when the composite resource is absent
--- Raises as `composite`.
--- Example: for _, part in ipairs(c:composed("example.org", "v1", "xbuckets", "logs")) do assert.eq(part.ready, true) end
function Client:composed(group, version, kind, name, opts)
  local composite = resource(self, "composed", group, version, kind, name, opts)
  if not composite then return nil end
  local wanted = composite.spec or {}
  local references = type(wanted.crossplane) == "table" and wanted.crossplane.resourceRefs or wanted.resourceRefs
  local out = {}
  for _, reference in ipairs(type(references) == "table" and references or {}) do
    if reference.name and reference.name ~= "" then
      local part_group, part_version = reference.apiVersion:match("^(.*)/([^/]*)$")
      part_group, part_version = part_group or "", part_version or reference.apiVersion
      local found
      for _, one in ipairs(K.resources(self, K.prefix(part_group, part_version)) or {}) do
        if one.kind == reference.kind then found = one end
      end
      -- Parts of a namespaced composite live in its namespace.
      local namespace = found and found.namespaced and (reference.namespace or (composite.metadata or {}).namespace) or nil
      local object = found and K.object(self, K.kind(part_group, part_version, found.name), namespace, reference.name)
      local failing = object and not K.is_true(object, "Ready") and K.condition(object, "Ready")
      out[#out + 1] = {
        apiVersion = reference.apiVersion, kind = reference.kind, name = reference.name, namespace = namespace,
        found = object ~= nil, ready = K.is_true(object, "Ready"), synced = K.is_true(object, "Synced"),
        message = failing and K.why(failing) or nil,
      }
    end
  end
  return out
end

--- One claim (version 1 definitions).
--- Source: Crossplane 1 documentation, "Claims"
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param namespace string
---@param name string
---@return table? claim nil when absent
--- Raises "crossplane: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:claim("example.org", "v1", "buckets", "shop", "none"), nil)
function Client:claim(group, version, kind, namespace, name)
  H.need("crossplane.claim", "namespace", namespace)
  return resource(self, "claim", group, version, kind, name, { namespace = namespace })
end

--- Whether a claim is ready; false when absent.
--- Source: Crossplane 1 documentation, "Claims", condition Ready
---@param group string
---@param version string
---@param kind string plural in lower case, or CamelCase
---@param namespace string
---@param name string
---@return boolean
--- Raises as `claim`.
--- Example: assert.eq(c:is_claim_ready("example.org", "v1", "buckets", "shop", "none"), false)
function Client:is_claim_ready(group, version, kind, namespace, name)
  H.need("crossplane.is_claim_ready", "namespace", namespace)
  return K.is_true(resource(self, "is_claim_ready", group, version, kind, name, { namespace = namespace }), "Ready")
end

return M
