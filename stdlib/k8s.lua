--- Kubernetes: raw requests on any path, objects by kind, and the everyday checks of a job after a deployment. It does
--- what kubectl does in small jobs.
---
--- Every function takes options last: `base_url` (address of the API server), `token`, `context` and `kubeconfig`, and
--- those of every client. Without them: the context chosen by `use_context` or ASSAY_K8S_CONTEXT, else the cluster we run
--- in, else the current context of the kubeconfig (KUBECONFIG, ~/.kube/config). Kinds go by their name, plural or short
--- name, in any case. A namespace of nil or "*" means all where several objects are asked for.
--- Source: Kubernetes API reference, kubernetes.io/docs/reference/kubernetes-api.
--- Example: k8s.wait_ready("shop", "deployment", "api", 180)
local H = require("assay._http")
local K = require("assay._kubernetes")
local kinds = require("assay._kinds")
-- What only some scripts need is loaded by the functions that need it.

local M = {}

---@class assay.k8s.options: assay.options
---@field base_url string? address of the API server
---@field token string|(fun(): string?)? bearer token
---@field context string? name of a kubeconfig context
---@field kubeconfig string? path of a kubeconfig file, or several with colons between them

local spec = K.spec({ name = "k8s", style = "verb", absent = { single = "raise", list = "raise" } })
--- Clients with the functions as methods; see `M.client`.
local bound = K.spec({ name = "k8s", style = "verb", methods = {}, absent = spec.absent })

--- The client for one call.
local function target(opts)
  if H.spec(opts) == bound then return opts end
  local c = H.client(spec, { url = opts and (opts.base_url or opts.url) }, H.without(opts, "url", "base_url"))
  if opts then H.state(c).notes = H.state(opts) end
  return c
end

-- --- places ----------------------------------------------------------------------------------------------------------

--- A client whose methods are the functions of this module, with options in common.
--- Source: Assay
---@param url string|assay.k8s.options|nil address of the API server; nil: as without a client
---@param opts assay.k8s.options?
---@return table c
--- Raises "k8s: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = k8s.client("https://10.0.0.1:6443", { token = "token" })
function M.client(url, opts)
  if type(url) == "table" then
    url, opts = nil, url
  end
  if not next(bound.methods) then require("assay._bound").add(M, bound.methods) end
  return H.client(bound, { url = url or (opts and (opts.base_url or opts.url)) }, H.without(opts, "url", "base_url"))
end

--- Chooses the kubeconfig context that all modules for Kubernetes use from here on, unless told otherwise.
--- Source: kubectl config use-context
---@param name string? nil: none
--- Raises nothing: an unknown name raises when it is used.
--- Example: k8s.use_context("staging"); k8s.use_context(nil)
function M.use_context(name)
  K.use_context(name)
end

--- The contexts of the kubeconfig files.
--- Source: kubectl config get-contexts
---@param opts { kubeconfig: string? }?
---@return string[] names, string? current
--- Raises "k8s: kubeconfig PATH is not valid YAML".
--- Example: local names, current = k8s.contexts()
function M.contexts(opts)
  return K.contexts(opts)
end

-- --- kinds and paths -------------------------------------------------------------------------------------------------

--- Makes a custom kind known to all functions of this module.
--- Source: Kubernetes API concepts, "Resource URIs"
---@param kind string
---@param api_group string "" for the core group
---@param version string
---@param plural string as in addresses
---@param cluster_scoped boolean? whether its objects live outside of namespaces (false)
--- Raises "k8s.register_crd: ARGUMENT is required".
--- Example: k8s.register_crd("certificate", "cert-manager.io", "v1", "certificates")
function M.register_crd(kind, api_group, version, plural, cluster_scoped)
  H.need("k8s.register_crd", "kind", kind)
  if api_group == nil then error("k8s.register_crd: api_group is required", 0) end
  H.need("k8s.register_crd", "version", version, "plural", plural)
  kinds.register(kind, api_group, version, plural, cluster_scoped)
end

local function resource_path(fn, namespace, kind, name)
  H.need("k8s." .. fn, "kind", kind, "name", name)
  local entry = kinds.find(kind)
  if not entry.namespaced then return K.path(entry.prefix, entry.plural, nil, name), entry end
  if namespace == nil or namespace == "" or namespace == "*" then
    error(("k8s: namespace is required for %s"):format(tostring(kind)), 0)
  end
  H.need("k8s." .. fn, "namespace", namespace)
  return K.path(entry.prefix, entry.plural, namespace, name), entry
end

--- The path of one object.
--- Source: Kubernetes API concepts, "Resource URIs"
---@param namespace string? not used for kinds outside of namespaces
---@param kind string
---@param name string
---@return string path
--- Raises "k8s: unknown resource kind 'KIND'. …", "k8s: name is required", "k8s: namespace is required for KIND".
--- Example: assert.eq(k8s._resource_path("shop", "deploy", "api"), "/apis/apps/v1/namespaces/shop/deployments/api")
function M._resource_path(namespace, kind, name)
  return (resource_path("_resource_path", namespace, kind, name))
end

--- The path of a collection.
--- Source: Kubernetes API concepts, "Resource URIs"
---@param namespace string? nil or "*": all
---@param kind string
---@return string path
--- Raises "k8s: unknown resource kind 'KIND'. …".
--- Example: assert.eq(k8s._list_path("shop", "pods"), "/api/v1/namespaces/shop/pods")
function M._list_path(namespace, kind)
  local entry = kinds.find(kind)
  if entry.namespaced and namespace ~= nil then H.need("k8s", "namespace", namespace) end
  return K.path(entry.prefix, entry.plural, entry.namespaced and namespace or nil)
end

-- --- raw requests ----------------------------------------------------------------------------------------------------

--- Fetches what is at a path.
--- Source: Kubernetes API reference
---@param path string as it stands; it may have a query
---@param opts assay.k8s.options?
---@return any body decoded, or as text when it is not JSON (`/healthz`, `/metrics`)
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.eq(k8s.get("/readyz"), "ok")
function M.get(path, opts)
  H.need("k8s.get", "path", path)
  return (H.get(target(opts), path, { fn = "get", lenient = true }))
end

local list = K.list

local function get(c, path)
  return (H.get(c, path, { fn = "get", needed = true }))
end

--- How a body goes out: tables as JSON, text that looks like it too, other text as YAML.
local function content_type(body)
  if type(body) ~= "string" then return "application/json" end
  return body:find("^%s*[%[{]") and "application/json" or "application/yaml"
end

--- Creates something.
--- Source: Kubernetes API reference
---@param path string
---@param body table|string a table or JSON text, else YAML
---@param opts assay.k8s.options?
---@return any body nil when the answer is empty
--- Raises "k8s.post: HTTP STATUS PATH: BODY".
--- Example: k8s.post("/api/v1/namespaces", { metadata = { name = "shop" } })
function M.post(path, body, opts)
  H.need("k8s.post", "path", path)
  return (H.post(target(opts), path, body, { fn = "post", content_type = content_type(body), lenient = true }))
end

--- Replaces something.
--- Source: Kubernetes API reference
---@param path string
---@param body table|string as for `post`
---@param opts assay.k8s.options?
---@return any body
--- Raises "k8s.put: HTTP STATUS PATH: BODY": 409 when it has changed since it was read.
--- Example: local node = k8s.get("/api/v1/nodes/node-1"); k8s.put("/api/v1/nodes/node-1", node)
function M.put(path, body, opts)
  H.need("k8s.put", "path", path)
  return (H.put(target(opts), path, body, { fn = "put", content_type = content_type(body), lenient = true }))
end

local PATCH_TYPES = {
  merge = "application/merge-patch+json",
  strategic = "application/strategic-merge-patch+json",
  json = "application/json-patch+json",
  apply = "application/apply-patch+yaml",
}

--- A path with further parameters, whether it has some or not.
local function with_query(path, list)
  local query = H.query(list)
  return path:find("?", 1, true) and path .. query:gsub("^?", "&") or path .. query
end

local function patch(c, path, body, opts)
  opts = opts or {}
  local kind = opts.type or (type(body) == "table" and body[1] ~= nil and "json") or "merge"
  local type_of = opts.content_type or PATCH_TYPES[kind] or error(("k8s.patch: unknown type '%s'"):format(tostring(kind)), 0)
  if type_of == PATCH_TYPES.apply then
    path = with_query(path, { { "fieldManager", opts.field_manager or "assay" }, { "force", opts.force } })
  end
  return (H.patch(c, path, body, { fn = "patch", content_type = type_of, lenient = true }))
end

--- Changes something.
--- Source: Kubernetes API concepts, "Patch types", "Server-Side Apply"
---@param path string
---@param body table|string
---@param opts { type: "merge"|"strategic"|"json"|"apply"|nil, content_type: string?, field_manager: string?, force: boolean? }?
---  also all other options; without a type a list is a JSON patch, everything else a merge patch; field_manager
---  ("assay") and force are for server-side apply
---@return any body
--- Raises "k8s.patch: HTTP STATUS PATH: BODY".
--- Example: k8s.patch("/api/v1/namespaces/shop", { metadata = { labels = { team = "a" } } })
function M.patch(path, body, opts)
  H.need("k8s.patch", "path", path, "body", body)
  return patch(target(opts), path, body, opts)
end

--- Deletes something.
--- Source: Kubernetes API reference, DeleteOptions
---@param path string of an object, or of a collection, then without a slash at the end
---@param opts { propagation_policy: "Background"|"Foreground"|"Orphan"|nil, grace_period: integer? }? also all other options
--- Raises "k8s.delete: HTTP STATUS PATH: BODY", "k8s.delete: a path must not end with '/' (got 'PATH')": a name that
--- turns out to be empty must not delete all.
--- Example: k8s.delete("/api/v1/namespaces/shop/pods/api-1", { grace_period = 0 })
function M.delete(path, opts)
  H.need("k8s.delete", "path", path)
  if path:match("^[^?#]*"):find("[/\\]%s*$") then
    error(("k8s.delete: a path must not end with '/' (got '%s')"):format(path), 0)
  end
  opts = opts or {}
  path = with_query(path, { { "propagationPolicy", opts.propagation_policy }, { "gracePeriodSeconds", opts.grace_period } })
  H.delete(target(opts), path, { fn = "delete", lenient = true })
end

-- --- objects ---------------------------------------------------------------------------------------------------------

--- Fetches one object.
--- Source: Kubernetes API reference
---@param namespace string? not used for kinds outside of namespaces
---@param kind string
---@param name string
---@param opts assay.k8s.options?
---@return table object
--- Raises "k8s.get: HTTP STATUS PATH: BODY", 404 when it does not exist.
--- Example: assert.eq(k8s.get_resource("shop", "deployment", "api").metadata.name, "api")
function M.get_resource(namespace, kind, name, opts)
  local path = resource_path("get_resource", namespace, kind, name)
  return get(target(opts), path)
end

--- Lists objects.
--- Source: Kubernetes API concepts, "Collections", "Retrieving large results sets in chunks"
---@param namespace string? nil or "*": all
---@param kind string
---@param opts { label_selector: string?, field_selector: string?, limit: integer?, continue: string? }? also all other
---  options; without `limit` and `continue` all pages are fetched
---@return { items: table[], metadata: table } list
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: for _, pod in ipairs(k8s.list("shop", "pod", { label_selector = "app=api" }).items) do log.info(pod.metadata.name) end
function M.list(namespace, kind, opts)
  return list(target(opts), M._list_path(namespace, kind), opts)
end

--- Creates an object.
--- Source: Kubernetes API reference
---@param namespace string?
---@param kind string
---@param body table|string as for `post`
---@param opts assay.k8s.options?
---@return table object as created
--- Raises "k8s.post: HTTP STATUS PATH: BODY", 409 when it exists.
--- Example: k8s.create("shop", "configmap", { metadata = { name = "flags" }, data = { beta = "on" } })
function M.create(namespace, kind, body, opts)
  H.need("k8s.create", "body", body)
  local entry = kinds.find(kind)
  if entry.namespaced and (namespace == nil or namespace == "*") then
    error(("k8s: namespace is required for %s"):format(tostring(kind)), 0)
  end
  local path = M._list_path(namespace, kind)
  return (H.post(target(opts), path, body, { fn = "post", content_type = content_type(body) }))
end

--- Replaces an object.
--- Source: Kubernetes API reference
---@param namespace string?
---@param kind string
---@param name string
---@param body table|string as for `post`
---@param opts assay.k8s.options?
---@return table object
--- Raises "k8s.put: HTTP STATUS PATH: BODY", 409 when it has changed since it was read.
--- Example: local map = k8s.get_resource("shop", "cm", "flags"); k8s.update("shop", "cm", "flags", map)
function M.update(namespace, kind, name, body, opts)
  local path = resource_path("update", namespace, kind, name)
  H.need("k8s.update", "body", body)
  return (H.put(target(opts), path, body, { fn = "put", content_type = content_type(body) }))
end

--- Changes an object.
--- Source: Kubernetes API concepts, "Patch types"
---@param namespace string?
---@param kind string
---@param name string
---@param body table|string
---@param opts table? as for `patch`
---@return table object
--- Raises "k8s.patch: HTTP STATUS PATH: BODY".
--- Example: k8s.patch_resource("shop", "configmap", "flags", { data = { beta = "off" } })
function M.patch_resource(namespace, kind, name, body, opts)
  local path = resource_path("patch_resource", namespace, kind, name)
  H.need("k8s.patch_resource", "body", body)
  return patch(target(opts), path, body, opts)
end

--- Deletes an object. What belongs to it is deleted in the background, unless a policy says otherwise.
--- Source: Kubernetes API reference, DeleteOptions
---@param namespace string?
---@param kind string
---@param name string
---@param opts table? as for `delete`
--- Raises "k8s.delete: HTTP STATUS PATH: BODY", 404 when it does not exist.
--- Example: k8s.delete_resource("shop", "configmap", "flags")
function M.delete_resource(namespace, kind, name, opts)
  local path = resource_path("delete_resource", namespace, kind, name)
  opts = opts or {}
  path = with_query(path, {
    { "propagationPolicy", opts.propagation_policy or "Background" }, { "gracePeriodSeconds", opts.grace_period },
  })
  H.delete(target(opts), path, { fn = "delete", lenient = true })
end

--- Whether an object exists.
--- Source: Kubernetes API reference
---@param namespace string?
---@param kind string
---@param name string
---@param opts assay.k8s.options?
---@return boolean
--- Raises "k8s.exists: HTTP STATUS PATH: BODY" for every status but 200 and 404: not being allowed to look is no answer.
--- Example: assert.eq(k8s.exists("shop", "secret", "none"), false)
function M.exists(namespace, kind, name, opts)
  local path = resource_path("exists", namespace, kind, name)
  local _, response = H.get(target(opts), path, { fn = "exists", ok = { 200, 404 } })
  return response.status == 200
end

--- Adds the decoded values of an object's field.
local function decode_into(out, path, field, values)
  for key, value in pairs(type(values) == "table" and values or {}) do
    local ok, bytes = pcall(base64.decode, value)
    if not ok then error(("k8s.get: %s: %s of key '%s' is not base64"):format(path, field, tostring(key)), 0) end
    out[key] = bytes
  end
  return out
end

--- The values of a Secret, decoded.
--- Source: Kubernetes API reference, Secret v1
---@param namespace string
---@param name string
---@param opts assay.k8s.options?
---@return table<string, string> data bytes by key
--- Raises "k8s.get: HTTP STATUS PATH: BODY", "k8s.get: PATH: data of key 'KEY' is not base64".
--- Example: assert.eq(k8s.get_secret("shop", "db-credentials").username, "shop")
function M.get_secret(namespace, name, opts)
  local path = resource_path("get_secret", namespace, "secret", name)
  return decode_into({}, path, "data", get(target(opts), path).data)
end

--- The values of a ConfigMap, binary ones too.
--- Source: Kubernetes API reference, ConfigMap v1
---@param namespace string
---@param name string
---@param opts assay.k8s.options?
---@return table<string, string> data
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.eq(k8s.get_configmap("shop", "flags").beta, "on")
function M.get_configmap(namespace, name, opts)
  local path = resource_path("get_configmap", namespace, "configmap", name)
  local map = get(target(opts), path)
  return decode_into(type(map.data) == "table" and map.data or {}, path, "binaryData", map.binaryData)
end

local function set_metadata(fn, field, namespace, kind, name, values, value, opts)
  local path = resource_path(fn, namespace, kind, name)
  H.need("k8s." .. fn, "values", values)
  if type(values) == "table" then
    opts = value
  else
    if value == nil then value = false end
    values = { [values] = value }
  end
  local set = {}
  for key, one in pairs(values) do
    -- Null removes a key; Lua tables cannot hold it.
    set[key] = (one == false or one == json.null) and json.null or (math.type(one) and H.num(one)) or tostring(one)
  end
  local body = { metadata = { [field] = H.object(set) } }
  return (H.patch(target(opts), path, body, { fn = "patch", content_type = PATCH_TYPES.merge }))
end

--- Sets annotations.
--- Source: kubectl annotate
---@param namespace string?
---@param kind string
---@param name string
---@param values table<string, string|false>|string annotations by key, false to remove one; or one key
---@param value string? the value of that key; nil removes it. After a table: the options.
---@param opts assay.k8s.options?
---@return table object
--- Raises "k8s.patch: HTTP STATUS PATH: BODY".
--- Example: k8s.annotate("shop", "deployment", "api", { ["example.com/checked"] = "yes", ["example.com/old"] = false })
function M.annotate(namespace, kind, name, values, value, opts)
  return set_metadata("annotate", "annotations", namespace, kind, name, values, value, opts)
end

--- Sets labels.
--- Source: kubectl label
---@param namespace string?
---@param kind string
---@param name string
---@param values table<string, string|false>|string labels by key, false to remove one; or one key
---@param value string? the value of that key; nil removes it. After a table: the options.
---@param opts assay.k8s.options?
---@return table object
--- Raises "k8s.patch: HTTP STATUS PATH: BODY".
--- Example: k8s.label("shop", "deployment", "api", "tier", "web")
function M.label(namespace, kind, name, values, value, opts)
  return set_metadata("label", "labels", namespace, kind, name, values, value, opts)
end

-- --- apply -----------------------------------------------------------------------------------------------------------

--- Creates or changes objects as their documents say, by server-side apply.
--- Source: Kubernetes documentation, "Server-Side Apply"
---@param body string|table YAML or JSON text with one or more documents, a document, or a list of them
---@param opts { namespace: string?, field_manager: string?, force: boolean?, dry_run: boolean? }? also all other options;
---  namespace for documents without one (the context's or the pod's own, else "default"); force takes fields over that
---  others manage
---@return table[] objects as they are now
--- Raises "k8s.patch: HTTP STATUS PATH: BODY", 409 when others manage a field; "k8s.apply: the server has no kind KIND in
--- VERSION".
--- Example: k8s.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flags, namespace: shop}\ndata: {beta: 'on'}")
function M.apply(body, opts)
  H.need("k8s.apply", "body", body)
  opts = opts or {}
  local documents = require("assay._documents")
  local c, out = target(opts), {}
  for _, document in ipairs(documents.documents(body)) do
    if type(document.metadata) == "table" and document.metadata.managedFields ~= nil then
      document = H.without(document)
      document.metadata = H.without(document.metadata, "managedFields")
    end
    out[#out + 1] = (H.patch(c, documents.path_of(c, document, opts.namespace), document, {
      fn = "patch",
      content_type = PATCH_TYPES.apply,
      query = {
        { "fieldManager", opts.field_manager or "assay" }, { "force", opts.force }, { "dryRun", opts.dry_run and "All" or nil },
      },
    }))
  end
  return out
end

-- --- pods, events, nodes ---------------------------------------------------------------------------------------------

--- Lists pods.
--- Source: Kubernetes API reference, Pod v1
---@param namespace string? nil or "*": all
---@param opts table? as for `list`
---@return { items: table[], metadata: table } list
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.gt(#k8s.list_pods("shop", { label_selector = "app=api" }).items, 0)
function M.list_pods(namespace, opts)
  return M.list(namespace, "pod", opts)
end

--- Lists events.
--- Source: Kubernetes API reference, Event v1
---@param namespace string? nil or "*": all
---@param opts table? as for `list`
---@return { items: table[], metadata: table } list
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: for _, event in ipairs(k8s.list_events("shop", { field_selector = "type=Warning" }).items) do log.warn(event.message) end
function M.list_events(namespace, opts)
  return M.list(namespace, "event", opts)
end

--- Lists the events about an object.
--- Source: Kubernetes API reference, Event v1, involvedObject
---@param namespace string?
---@param kind string
---@param name string
---@param opts table? as for `list`, and `uid` of the object
---@return { items: table[], metadata: table } list
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: local events = k8s.events_for("shop", "deployment", "api").items
function M.events_for(namespace, kind, name, opts)
  H.need("k8s.events_for", "kind", kind, "name", name)
  local selector = ("involvedObject.kind=%s,involvedObject.name=%s"):format(kinds.camel_case(kind), name)
  if opts and opts.uid then selector = selector .. ",involvedObject.uid=" .. opts.uid end
  if opts and opts.field_selector then selector = selector .. "," .. opts.field_selector end
  local c = target(opts)
  return list(c, M._list_path(namespace, "event"), setmetatable({ field_selector = selector }, { __index = opts }))
end

local PHASES = { Running = "running", Pending = "pending", Succeeded = "succeeded", Failed = "failed" }

--- Counts pods by phase.
--- Source: Kubernetes documentation, "Pod Lifecycle"
---@param namespace string? nil or "*": all
---@param opts table? as for `list`
---@return { running: integer, pending: integer, succeeded: integer, failed: integer, unknown: integer, total: integer }
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.eq(k8s.pod_status("shop").failed, 0)
function M.pod_status(namespace, opts)
  local out = { running = 0, pending = 0, succeeded = 0, failed = 0, unknown = 0, total = 0 }
  for _, pod in ipairs(M.list_pods(namespace, opts).items) do
    local phase = PHASES[pod.status and pod.status.phase] or "unknown"
    out[phase] = out[phase] + 1
    out.total = out.total + 1
  end
  return out
end

--- The addresses of a service that are ready to answer.
--- Source: Kubernetes API reference, Endpoints v1, EndpointSlice v1
---@param namespace string
---@param name string the service
---@param opts assay.k8s.options?
---@return string[] addresses
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.gt(#k8s.service_endpoints("shop", "api"), 0)
function M.service_endpoints(namespace, name, opts)
  local path = resource_path("service_endpoints", namespace, "endpoints", name)
  local c = target(opts)
  return require("assay._endpoints").addresses(c, path, namespace, name)
end

--- The roles of a node, which are keys of its labels.
local function roles_of(node)
  local out = {}
  for label, value in pairs(node.metadata and node.metadata.labels or {}) do
    local role = label:match("^node%-role%.kubernetes%.io/(.+)$") or (label == "kubernetes.io/role" and value)
    if role then out[#out + 1] = role end
  end
  table.sort(out)
  return out
end

--- All nodes at a glance.
--- Source: Kubernetes API reference, Node v1
---@param opts assay.k8s.options?
---@return { name: string, ready: boolean, roles: string[], capacity: table, allocatable: table, unschedulable: boolean, version: string? }[] nodes
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: for _, node in ipairs(k8s.node_status()) do assert.eq(node.ready, true, node.name) end
function M.node_status(opts)
  local out = {}
  for i, node in ipairs(list(target(opts), "/api/v1/nodes").items) do
    local status = node.status or {}
    out[i] = {
      name = node.metadata and node.metadata.name or "unknown",
      ready = K.is_true(node, "Ready"),
      roles = roles_of(node),
      capacity = status.capacity or {},
      allocatable = status.allocatable or {},
      unschedulable = node.spec ~= nil and node.spec.unschedulable == true,
      version = status.nodeInfo and status.nodeInfo.kubeletVersion,
    }
  end
  return out
end

--- Whether a namespace exists.
--- Source: Kubernetes API reference, Namespace v1
---@param name string
---@param opts assay.k8s.options?
---@return boolean
--- Raises "k8s.exists: HTTP STATUS PATH: BODY" for every status but 200 and 404.
--- Example: assert.eq(k8s.namespace_exists("shop"), true)
function M.namespace_exists(name, opts)
  H.need("k8s.namespace_exists", "name", name)
  return M.exists(nil, "namespace", name, opts)
end

--- The log of a container.
--- Source: Kubernetes API reference, Pod v1, "read log of the specified Pod"
---@param namespace string
---@param pod_name string
---@param opts { container: string?, tail: integer?, previous: boolean?, since: number?, since_time: string?, timestamps: boolean?, limit_bytes: integer?, follow: boolean?, on_line: (fun(line: string): boolean?)? }?
---  also all other options. tail: last lines; since: seconds; since_time: RFC 3339. follow: returns the lines as they
---  come, for loops, until the container ends; or gives them to on_line, which may return true to stop
---@return string|fun(): string? text the log, possibly empty; with `follow` an iterator, or nil with `on_line`
--- Raises "k8s.logs: HTTP STATUS PATH: BODY", 400 when a container must be named.
--- Example: assert.contains(k8s.logs("shop", "api-1", { tail = 10 }), "listening")
function M.logs(namespace, pod_name, opts)
  H.need("k8s.logs", "namespace", namespace, "pod_name", pod_name)
  opts = opts or {}
  local c, path = target(opts), K.path("/api/v1", "pods", namespace, pod_name) .. "/log"
  local query = {
    { "tailLines", opts.tail }, { "container", opts.container }, { "previous", opts.previous or nil },
    { "sinceSeconds", opts.since and math.ceil(opts.since) }, { "sinceTime", opts.since_time },
    { "timestamps", opts.timestamps or nil }, { "limitBytes", opts.limit_bytes }, { "follow", opts.follow or nil },
  }
  if not opts.follow then
    return (H.get(c, path, { fn = "logs", query = query, raw = true })) or ""
  end
  local stream = H.stream(c, "GET", path, { fn = "logs", query = query, accept = "*/*" })
  if not opts.on_line then return stream:lines() end
  for line in stream:lines() do
    if opts.on_line(line) then break end
  end
end

--- Runs a command in a container.
--- Source: Kubernetes API reference, Pod v1, "connect GET requests to exec of Pod"; subprotocol v5.channel.k8s.io
---@param namespace string
---@param pod string
---@param command string|string[] program and arguments; a string is a program without any
---@param opts { container: string?, stdin: string?, tty: boolean?, timeout_secs: number? }? also all other options; at
---  most 60 seconds unless said otherwise
---@return { stdout: string, stderr: string, exit_code: integer } result whatever the exit code
--- Raises "k8s.exec: HTTP STATUS PATH: REASON", and when the command could not be run or did not end in time.
--- Example: assert.eq(k8s.exec("shop", "api-1", { "cat", "/etc/hostname" }).exit_code, 0)
function M.exec(namespace, pod, command, opts)
  H.need("k8s.exec", "namespace", namespace, "pod", pod, "command", command)
  if type(command) == "string" then command = { command } end
  if #command == 0 then error("k8s.exec: command is required", 0) end
  opts = opts or {}
  return require("assay._exec").run(target(opts), {
    path = K.path("/api/v1", "pods", namespace, pod) .. "/exec",
    command = command,
    container = opts.container,
    stdin = opts.stdin,
    tty = opts.tty,
    timeout = opts.timeout_secs or 60,
  })
end

-- --- readiness -------------------------------------------------------------------------------------------------------

--- Whether an object is ready, by the rule of its kind: replicas that are ready and of the newest revision, condition
--- Ready, Complete for jobs, phase Active, Running or Bound; kinds without a status are ready when they exist. A status
--- about an earlier generation does not count.
--- Source: kubectl wait, kubectl rollout status
---@param namespace string?
---@param kind string
---@param name string
---@param opts assay.k8s.options?
---@return boolean
--- Raises "k8s.get: HTTP STATUS PATH: BODY", 404 when it does not exist.
--- Example: assert.eq(k8s.is_ready("shop", "deployment", "api"), true)
function M.is_ready(namespace, kind, name, opts)
  local path, entry = resource_path("is_ready", namespace, kind, name)
  return (require("assay._readiness").is_ready(entry.kind, get(target(opts), path)))
end

--- Waits until an object is ready. It ends early when that will not happen by itself: a job has failed, a rollout has
--- exceeded its deadline, a pod (of the newest revision) cannot be scheduled, pull its image, or stay up.
--- Source: kubectl wait, kubectl rollout status
---@param namespace string?
---@param kind string
---@param name string
---@param timeout_secs number? seconds (60)
---@param opts { interval: number? }? seconds between looks (2); also all other options
---@return true
--- Raises "k8s.wait_ready: KIND/NAME not ready after Ns (last: …)"; at once "k8s.wait_ready: KIND/NAME failed: REASON", and
--- 400, 401, 403, 422 as `get`.
--- Example: k8s.wait_ready("shop", "deployment", "api", 180)
function M.wait_ready(namespace, kind, name, timeout_secs, opts)
  local path, entry = resource_path("wait_ready", namespace, kind, name)
  local timeout, interval, options = H.waiting("k8s.wait_ready", timeout_secs, opts, 60, 2)
  return require("assay._workloads").wait_ready(target(options), {
    path = path, kind = entry.kind, namespace = namespace, name = name, timeout = timeout, interval = interval,
    title = ("%s/%s"):format(tostring(kind):lower(), name),
  })
end

--- How far a rollout is.
--- Source: kubectl rollout status
---@param namespace string
---@param name string
---@param opts { kind: "deployment"|"statefulset"|"daemonset"|nil }? deployment unless said otherwise; also all other options
---@return { desired: integer, updated: integer, ready: integer, available: integer, unavailable: integer, complete: boolean, total: integer, observed: integer?, generation: integer? } status
---  total: pods of all revisions; observed: the generation that the counts are about
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.eq(k8s.rollout_status("shop", "api").complete, true)
function M.rollout_status(namespace, name, opts)
  local path, entry = resource_path("rollout_status", namespace, opts and opts.kind or "deployment", name)
  return require("assay._readiness").rollout(entry.kind, get(target(opts), path))
end

--- Waits until a rollout is finished. It ends early as `wait_ready` does.
--- Source: kubectl rollout status
---@param namespace string
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, kind: string? }? seconds between looks (2); deployment unless said otherwise; also all
---  other options
---@return table status as of `rollout_status`
--- Raises "k8s.wait_rollout: KIND/NAME not rolled out after Ns (last: …)", at once "k8s.wait_rollout: KIND/NAME failed: REASON".
--- Example: k8s.wait_rollout("shop", "api", 300)
function M.wait_rollout(namespace, name, timeout_secs, opts)
  local timeout, interval, options = H.waiting("k8s.wait_rollout", timeout_secs, opts, 300, 2)
  local kind = options.kind or "deployment"
  local path, entry = resource_path("wait_rollout", namespace, kind, name)
  return require("assay._workloads").wait_rollout(target(options), {
    path = path, kind = entry.kind, namespace = namespace, name = name, timeout = timeout, interval = interval,
    title = ("%s/%s"):format(tostring(kind):lower(), name),
  })
end

--- Waits for something about an object, as `kubectl wait` does.
--- Source: kubectl wait
---@param namespace string?
---@param kind string
---@param name string
---@param wanted { condition: string?, status: string?, jsonpath: string?, value: string?, deleted: boolean? } a condition with a
---  status ("True"); a JSONPath with a value (any); or that the object is gone
---@param timeout_secs number? seconds (60)
---@param opts { interval: number? }? seconds between looks (2); also all other options
---@return true
--- Raises "k8s.wait_for: KIND/NAME WHAT not met after Ns (last: …)", and 400, 401, 403, 422 as `get`.
--- Example: k8s.wait_for("shop", "job", "migrate", { condition = "Complete" }, 120)
function M.wait_for(namespace, kind, name, wanted, timeout_secs, opts)
  local path = resource_path("wait_for", namespace, kind, name)
  if type(wanted) ~= "table" or not (wanted.condition or wanted.jsonpath or wanted.deleted) then
    error("k8s.wait_for: condition, jsonpath or deleted is required", 0)
  end
  local timeout, interval, options = H.waiting("k8s.wait_for", timeout_secs, opts, 60, 2)
  return require("assay._workloads").wait_for(target(options), {
    path = path, wanted = wanted, timeout = timeout, interval = interval,
    title = ("%s/%s"):format(tostring(kind):lower(), name),
  })
end

-- --- acting ----------------------------------------------------------------------------------------------------------

--- Sets the number of replicas.
--- Source: kubectl scale; Kubernetes API reference, Scale v1
---@param namespace string
---@param kind string
---@param name string
---@param replicas integer
---@param opts assay.k8s.options?
---@return table scale
--- Raises "k8s.patch: HTTP STATUS PATH: BODY".
--- Example: k8s.scale("shop", "deployment", "api", 3)
function M.scale(namespace, kind, name, replicas, opts)
  local path = resource_path("scale", namespace, kind, name)
  if not math.tointeger(replicas) then error("k8s.scale: replicas must be an integer", 0) end
  local body = { spec = { replicas = replicas } }
  return (H.patch(target(opts), path .. "/scale", body, { fn = "patch", content_type = PATCH_TYPES.merge }))
end

--- Replaces the pods of a workload, one after the other.
--- Source: kubectl rollout restart
---@param namespace string
---@param kind string
---@param name string
---@param opts assay.k8s.options?
---@return table object
--- Raises "k8s.patch: HTTP STATUS PATH: BODY".
--- Example: k8s.restart("shop", "deployment", "api"); k8s.wait_rollout("shop", "api")
function M.restart(namespace, kind, name, opts)
  local path = resource_path("restart", namespace, kind, name)
  local annotations = { ["kubectl.kubernetes.io/restartedAt"] = H.rfc3339(H.clock.time() // 1) }
  local body = { spec = { template = { metadata = { annotations = annotations } } } }
  return (H.patch(target(opts), path, body, { fn = "patch", content_type = PATCH_TYPES.merge }))
end

--- Whether we may do something.
--- Source: kubectl auth can-i; Kubernetes API reference, SelfSubjectAccessReview v1
---@param verb string such as "get" or "create"
---@param resource string a kind, or a plural, with its group behind a dot ("widgets.example.com") and a part behind a slash ("pods/log")
---@param opts { namespace: string?, name: string? }? also all other options
---@return boolean allowed, string? reason
--- Raises "k8s.post: HTTP STATUS PATH: BODY".
--- Example: assert.eq(k8s.can_i("get", "pods", { namespace = "shop" }), true)
function M.can_i(verb, resource, opts)
  H.need("k8s.can_i", "verb", verb, "resource", resource)
  opts = opts or {}
  local main, part = resource:match("^([^/]+)/?(.*)$")
  local plural, group = main:match("^([^.]+)%.?(.*)$")
  if group == "" then
    local ok, entry = pcall(kinds.find, plural)
    if ok then plural, group = entry.plural, entry.prefix:match("^/apis/([^/]+)/") or "" end
  end
  local attributes = {
    verb = verb, resource = plural, group = group, subresource = part ~= "" and part or nil, namespace = opts.namespace,
    name = opts.name,
  }
  local review = H.post(target(opts), "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
    apiVersion = "authorization.k8s.io/v1", kind = "SelfSubjectAccessReview", spec = { resourceAttributes = attributes },
  }, { fn = "post" })
  local status = review and review.status or {}
  return status.allowed == true, status.reason or status.evaluationError
end

--- The version of the API server.
--- Source: kubectl version
---@param opts assay.k8s.options?
---@return { major: string, minor: string, gitVersion: string } version
--- Raises "k8s.get: HTTP STATUS PATH: BODY".
--- Example: assert.eq(k8s.version().major, "1")
function M.version(opts)
  return get(target(opts), "/version")
end

--- Whether the API server is well.
--- Source: Kubernetes documentation, "Kubernetes API health endpoints"
---@param path string? "/readyz" unless said otherwise; "/livez"
---@param opts assay.k8s.options?
---@return boolean well, string text what it said
--- Raises "k8s.get: HTTP STATUS PATH: BODY" for 401, 403 and 404.
--- Example: assert.eq(k8s.healthz(), true)
function M.healthz(path, opts)
  if type(path) == "table" then
    path, opts = nil, path
  end
  local text, response = H.get(target(opts), path or "/readyz", {
    fn = "get",
    raw = true,
    ok = function(status)
      return status == 200 or status >= 500
    end,
  })
  return response.status == 200, text
end

--- Watches objects: what there is (as ADDED), then what changes. It goes on until it is told to stop, also over broken
--- connections; when the server has forgotten what happened in between, everything is told anew as ADDED.
--- Source: Kubernetes API concepts, "Efficient detection of changes"
---@param namespace string? nil or "*": all
---@param kind string
---@param fn (fun(event: "ADDED"|"MODIFIED"|"DELETED", object: table): boolean?)? returns true to stop; nil: an iterator is
---  returned, `for event, object in k8s.watch("shop", "pod") do`
---@param opts { label_selector: string?, field_selector: string?, resource_version: string?, timeout_secs: number? }? also all
---  other options; resource_version: only what comes after; timeout_secs: the end of it
---@return fun(): (string, table)? next only without `fn`
--- Raises "k8s.watch: HTTP STATUS PATH: BODY" for failures that do not pass.
--- Example: k8s.watch("shop", "pod", function(event, pod) return pod.metadata.name == "api-1" end, { timeout_secs = 10 })
function M.watch(namespace, kind, fn, opts)
  if type(fn) == "table" then
    fn, opts = nil, fn
  end
  opts = opts or {}
  local path = M._list_path(namespace, kind)
  local next_one, closing = require("assay._watch").events(target(opts), path, opts)
  if not fn then return next_one, nil, nil, closing end
  local _ <close> = closing
  for event, object in next_one do
    if fn(event, object) then return end
  end
end

--- Runs a job: creates it, waits for its end, collects its logs, and deletes it.
--- Source: Kubernetes documentation, "Jobs"
---@param namespace string
---@param spec table a Job's manifest, a job's `spec`, or `image` with `command`, `args`, `env` and `name`
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, keep: boolean? }? seconds between looks (2); true: do not delete it; also all other options
---@return { name: string, succeeded: boolean, reason: string?, logs: string, exit_code: integer? } result
--- Raises "k8s.run_job: job/NAME not finished after Ns (last: …)", "k8s.post: HTTP STATUS PATH: BODY".
--- Example: local result = k8s.run_job("shop", { name = "migrate", image = "shop:1", command = { "migrate" } }, 60)
function M.run_job(namespace, spec, timeout_secs, opts)
  H.need("k8s.run_job", "namespace", namespace, "spec", spec)
  local timeout, interval, options = H.waiting("k8s.run_job", timeout_secs, opts, 300, 2)
  return require("assay._jobs").run(target(options), {
    path = M._list_path(namespace, "job"), namespace = namespace, given = spec, keep = options.keep,
    timeout = timeout, interval = interval,
  })
end

-- --- groups and clients ----------------------------------------------------------------------------------------------

bound.groups = {
  resources = {
    get = "get_resource", list = "list", create = "create", update = "update", patch = "patch_resource",
    delete = "delete_resource", exists = "exists", is_ready = "is_ready", wait_ready = "wait_ready", watch = "watch",
    wait_for = "wait_for",
  },
  secrets = { get = "get_secret" },
  configmaps = { get = "get_configmap" },
  pods = { list = "list_pods", status = "pod_status", logs = "logs", exec = "exec" },
  services = { endpoints = "service_endpoints" },
  deployments = { rollout_status = "rollout_status", wait_rollout = "wait_rollout" },
  nodes = { status = "node_status" },
  namespaces = { exists = "namespace_exists" },
  events = { list = "list_events", for_resource = "events_for" },
}
H.groups(M, bound.groups)

return M
