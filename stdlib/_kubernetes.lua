--- The Kubernetes API server: what the modules that talk to it share. Internal: scripts use the modules.
--- Source: Kubernetes API concepts, kubernetes.io/docs/reference/using-api/api-concepts; "Accessing the API from a Pod",
--- kubernetes.io/docs/tasks/run-application/access-api-from-pod
local H = require("assay._http")
local errors = require("assay._error")
local url = require("assay._url")

local M = {}

--- Items asked for per page, once a list turns out to have pages.
M.PAGE = 500

-- --- where the API server is, and who we are there --------------------------------------------------------------------

--- The folder with a pod's credentials.
local function folder()
  return env.get("ASSAY_SERVICEACCOUNT_DIR") or "/var/run/secrets/kubernetes.io/serviceaccount"
end

--- A credential file's text without surrounding space, read anew each time: the kubelet rewrites these files.
local function credential_file(path)
  if not fs or not fs.exists(path) then return nil end
  local text = fs.read(path):match("^%s*(.-)%s*$")
  return text ~= "" and text or nil
end

--- The API server's address as the pod's environment gives it; nil outside of pods.
---@return string?
function M.incluster()
  local host = env.get("KUBERNETES_SERVICE_HOST")
  if not host or host == "" then return nil end
  local port = env.get("KUBERNETES_SERVICE_PORT_HTTPS") or env.get("KUBERNETES_SERVICE_PORT")
  if not port or port == "" then port = "443" end
  if host:find(":", 1, true) and host:sub(1, 1) ~= "[" then host = "[" .. host .. "]" end
  return ("https://%s:%s"):format(host, port)
end

--- The pod's own token; nil when there is none.
---@return string?
function M.sa_token()
  return credential_file(folder() .. "/token")
end

--- The path of the cluster's authority; nil when there is none.
---@return string?
function M.sa_ca()
  local path = folder() .. "/ca.crt"
  return fs and fs.exists(path) and path or nil
end

--- The pod's own namespace; nil outside of pods.
---@return string?
function M.sa_namespace()
  return credential_file(folder() .. "/namespace")
end

--- Whether an address is the API server of the cluster we run in: nobody else may see the pod's token.
local function own_cluster(parts)
  if parts.host == "kubernetes" or parts.host == "kubernetes.default" then return true end
  if parts.host:find("^kubernetes%.default%.svc$") or parts.host:find("^kubernetes%.default%.svc%.[%w.-]+$") then return true end
  local own = M.incluster()
  own = own and url.parse(own)
  return own ~= nil and own.host == parts.host and own.port == parts.port
end

--- The context that scripts chose by `k8s.use_context`.
local chosen

---@param name string?
function M.use_context(name)
  chosen = name
end

--- The kubeconfig context that applies: the one asked for, or the files' current one when we are in no cluster.
local function context_of(opts)
  local name = opts.context or chosen or env.get("ASSAY_K8S_CONTEXT")
  if name == "" then name = nil end
  if not name and not opts.kubeconfig and M.incluster() then return nil end
  local kubeconfig = require("assay._kubeconfig")
  local config = kubeconfig.load(opts)
  if not config then
    if name or opts.kubeconfig then error("k8s: there is no kubeconfig file", 0) end
    return nil
  end
  name = name or config.current
  return name and kubeconfig.context(config, name)
end

--- The contexts of the kubeconfig files, and the one in use.
---@param opts table?
---@return string[] names, string? current
function M.contexts(opts)
  local config = require("assay._kubeconfig").load(opts)
  local names = {}
  for _, entry in ipairs(config and config.contexts or {}) do names[#names + 1] = entry.name end
  return names, opts and opts.context or chosen or env.get("ASSAY_K8S_CONTEXT") or (config and config.current)
end

--- The `address` of a module's specification: where requests go when the script gave no address.
local function address(c)
  local context = context_of(c)
  if context then
    local parts = url.parse(context.server)
    if not parts then errors.invalid_url("k8s", context.server) end
    H.state(c).context = context
    context.base = parts.base
    return parts.base
  end
  local own = M.incluster()
  if not own then
    local name = getmetatable(c).spec.name
    error(name .. ": not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)", 0)
  end
  return own
end

--- The `connection` of a module's specification.
local function connection(c, parts)
  local context = H.state(c).context
  if context and context.base == parts.base then
    return {
      token = context.token or (context.token_file and credential_file(context.token_file)),
      username = context.username,
      password = context.password,
      tls = context.tls,
      proxy = context.proxy,
    }
  end
  if own_cluster(parts) then return { token = M.sa_token(), tls = { ca = M.sa_ca() } } end
  return {}
end

--- The `unauthorized` of a module's specification: a token from a file may have been replaced just now.
local function unauthorized(c, parts, o)
  if c.token ~= nil or (o.opts and o.opts.token ~= nil) then return false end
  local context = H.state(c).context
  if context and context.base == parts.base then return context.token == nil and context.token_file ~= nil end
  return own_cluster(parts) and M.sa_token() ~= nil
end

--- The namespace that a context or the pod names; nil when neither does.
---@param c table
---@return string?
function M.default_namespace(c)
  local context = H.state(c).context
  return context and context.namespace or M.sa_namespace()
end

---@class assay._kubernetes.absent What 404 means to a module.
---@field single "nil"|"raise" for one object
---@field list "empty"|"raise" for a collection

--- Completes a module's description of itself (see _http.lua) for the Kubernetes API.
---@param spec table name, methods, groups; absent (see above); list_as: the method of list calls in messages ("LIST")
---@return table spec
function M.spec(spec)
  spec.address, spec.connection, spec.unauthorized = address, connection, unauthorized
  return spec
end

-- --- objects and collections ------------------------------------------------------------------------------------------

---@class assay._kubernetes.kind
---@field group string "" for the core group
---@field versions string[] newest first
---@field plural string
---@field name string? the kind as objects carry it

--- A kind of object, as the functions below want it.
---@param group string
---@param versions string[]|string
---@param plural string
---@param name string?
---@return assay._kubernetes.kind
function M.kind(group, versions, plural, name)
  return { group = group, versions = type(versions) == "table" and versions or { versions }, plural = plural, name = name }
end

--- The path of a group's version.
---@param group string
---@param version string
---@return string
function M.prefix(group, version)
  return group == "" and "/api/" .. H.seg(version) or ("/apis/%s/%s"):format(H.seg(group), H.seg(version))
end

--- The path of a collection, or of one object in it. Without a namespace (nil or "*"): of all namespaces.
---@param prefix string
---@param plural string
---@param namespace string?
---@param name string?
---@return string
function M.path(prefix, plural, namespace, name)
  local path = prefix
  if namespace ~= nil and namespace ~= "*" then path = path .. "/namespaces/" .. H.seg(namespace) end
  path = path .. "/" .. H.seg(plural)
  return name ~= nil and path .. "/" .. H.seg(name) or path
end

--- Whether a 404 says that this version of the API is not served, rather than that the object is missing.
local function not_served(response)
  local ok, status = pcall(json.parse, response.body)
  if not ok or type(status) ~= "table" or status.kind ~= "Status" then return true end
  local details = status.details
  return type(details) ~= "table" or details.name == nil or details.name == ""
end

--- Does something with the newest version of a kind that is served, and remembers which one that was.
--- `attempt(version)` makes a request that takes 404 for an answer, and returns body and response.
---@param c table
---@param key string what the memory is about
---@param list string[] newest first
---@param attempt fun(version: string): any, table
---@param any_404 boolean? for collections every 404 means that the version is not served
---@return any body, table response, string version
function M.versions(c, key, list, attempt, any_404)
  local state = H.state(c)
  state.versions = state.versions or {}
  local known = state.versions[key]
  if known then
    local body, response = attempt(known)
    return body, response, known
  end
  local body, response, version
  for _, one in ipairs(list) do
    body, response = attempt(one)
    version = one
    if response.status ~= 404 or not (any_404 or not_served(response)) then
      state.versions[key] = one
      break
    end
  end
  return body, response, version
end

--- A client may pin the version of the kinds that have moved between versions.
local function versions_of(c, kind)
  return c.api_version and #kind.versions > 1 and { c.api_version } or kind.versions
end

local OK_OR_404 = { 200, 404 }

--- One object; nil when it does not exist, unless the module's rule is to raise.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string?
---@param name string
---@return table?
function M.object(c, kind, namespace, name)
  local spec = getmetatable(c).spec
  local path
  local body, response = M.versions(c, kind.group .. "/" .. kind.plural, versions_of(c, kind), function(version)
    path = M.path(M.prefix(kind.group, version), kind.plural, namespace, name)
    return H.get(c, path, { ok = OK_OR_404 })
  end)
  if response.status == 404 then
    if spec.absent.single == "nil" then return nil end
    error(H.fail(c, "GET", path, response), 0)
  end
  return body
end

--- All pages of a collection as one list object; `first` fetches the first page, `more` the following ones.
--- Source: Kubernetes API concepts, "Retrieving large results sets in chunks".
---@param first fun(): table?
---@param more fun(token: string): table? gets the token of the page; raises 410 when the token is too old
---@return table? list
function M.all_pages(first, more)
  for attempt = 1, 2 do
    local list = first()
    if type(list) ~= "table" then return list end
    local metadata = type(list.metadata) == "table" and list.metadata or {}
    local token = metadata.continue
    local expired = false
    local function fetch(current)
      if current == nil then return list.items, token end
      local ok, page = pcall(more, current)
      if not ok then
        local parts = errors.parse(page)
        -- The list has changed too much since: pages of different states must not be mixed.
        if attempt == 1 and parts and parts.status == 410 then
          expired = true
          return nil, nil
        end
        error(page, 0)
      end
      return page and page.items, page and page.metadata and page.metadata.continue
    end
    if token == nil or token == "" then
      list.items = list.items or {}
      return list
    end
    local items = H.pages(fetch)
    if not expired then
      list.items = items
      metadata.continue, metadata.remainingItemCount = nil, nil
      return list
    end
  end
end

--- A collection as a list object with all its pages.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string? nil or "*": all namespaces
---@param query table? parameters, as for `H.query`
---@return table list with `items`, always a table
function M.collection(c, kind, namespace, query)
  local spec = getmetatable(c).spec
  local as = spec.list_as or "LIST"
  local path
  local function first()
    local _, response
    local list
    list, response = M.versions(c, kind.group .. "/" .. kind.plural, versions_of(c, kind), function(version)
      path = M.path(M.prefix(kind.group, version), kind.plural, namespace)
      return H.get(c, path, { ok = OK_OR_404, as = as, query = query })
    end, true)
    if response.status == 404 then
      if spec.absent.list == "empty" then return { items = {} } end
      error(H.fail(c, "GET", path .. H.query(query), response, { as = as }), 0)
    end
    return list or {}
  end
  return M.all_pages(first, function(token)
    local more = table.move(query or {}, 1, #(query or {}), 1, {})
    more[#more + 1] = { "limit", M.PAGE }
    more[#more + 1] = { "continue", token }
    return (H.get(c, path, { as = as, query = more }))
  end)
end

--- Merge-patches an object in the version that is served.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string?
---@param name string
---@param patch table
---@param subresource string?
---@return table
function M.patch(c, kind, namespace, name, patch, subresource)
  local path
  local body, response = M.versions(c, kind.group .. "/" .. kind.plural, versions_of(c, kind), function(version)
    path = M.path(M.prefix(kind.group, version), kind.plural, namespace, name) .. (subresource and "/" .. subresource or "")
    return H.patch(c, path, patch, { ok = H.any, content_type = "application/merge-patch+json" })
  end)
  if response.status < 200 or response.status > 299 then error(H.fail(c, "PATCH", path, response), 0) end
  return body
end

--- Creates an object in the version that is served.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string?
---@param make fun(api_version: string): table
---@param query table?
---@return table
function M.create(c, kind, namespace, make, query)
  local path
  local body, response = M.versions(c, kind.group .. "/" .. kind.plural, versions_of(c, kind), function(version)
    path = M.path(M.prefix(kind.group, version), kind.plural, namespace)
    local object = make(kind.group == "" and version or kind.group .. "/" .. version)
    return H.post(c, path, object, { ok = H.any, query = query })
  end)
  if response.status < 200 or response.status > 299 then error(H.fail(c, "POST", path .. H.query(query), response), 0) end
  return body
end

--- Sets a condition in an object's status, as a controller would: the object is read and written back, again when
--- somebody else has changed it in between.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string?
---@param name string
---@param title string the object, for the message when it is absent
---@param condition table without times
---@return table object
function M.set_condition(c, kind, namespace, name, title, condition)
  for attempt = 1, 3 do
    local object = M.object(c, kind, namespace, name)
    if not object then error(("%s: %s not found"):format(getmetatable(c).spec.name, title), 0) end
    object.status = type(object.status) == "table" and object.status or {}
    local kept = {}
    for _, one in ipairs(object.status.conditions or {}) do
      if one.type ~= condition.type then kept[#kept + 1] = one end
    end
    local set = { lastTransitionTime = H.rfc3339(H.clock.time() // 1), observedGeneration = object.metadata.generation }
    for key, value in pairs(condition) do set[key] = value end
    kept[#kept + 1] = set
    object.status.conditions = kept
    local prefix = object.apiVersion and (object.apiVersion:find("/", 1, true) and "/apis/" or "/api/") .. object.apiVersion
    local path = M.path(prefix or M.prefix(kind.group, kind.versions[1]), kind.plural, namespace, name) .. "/status"
    local body, response = H.put(c, path, object, { ok = H.any })
    if response.status < 300 then return body end
    if response.status ~= 409 or attempt == 3 then error(H.fail(c, "PUT", path, response), 0) end
  end
end

-- --- what the server has ----------------------------------------------------------------------------------------------

--- The kinds of one version of a group; nil when it is not served.
--- Source: Kubernetes API concepts, "API discovery"
---@param c table
---@param prefix string such as "/apis/apps/v1"
---@param o table? further fields of the request
---@return { name: string, kind: string, namespaced: boolean, categories: string[]? }[]?
function M.resources(c, prefix, o)
  local state = H.state(c)
  state.resources = state.resources or {}
  if state.resources[prefix] then return state.resources[prefix] end
  local request = H.without(o)
  request.ok = OK_OR_404
  local body, response = H.get(c, prefix, request)
  if response.status == 404 then return nil end
  local out = {}
  for _, resource in ipairs(body and body.resources or {}) do
    -- What has a slash is a part of something else.
    if not resource.name:find("/", 1, true) then out[#out + 1] = resource end
  end
  state.resources[prefix] = out
  return out
end

--- All groups with the version of each that the server prefers.
---@param c table
---@return { group: string, version: string }[]
function M.api_groups(c)
  local out = {}
  for _, group in ipairs((H.get(c, "/apis")).groups or {}) do
    local preferred = group.preferredVersion or (group.versions or {})[1]
    if preferred then out[#out + 1] = { group = group.name, version = preferred.version } end
  end
  return out
end

-- --- conditions and summaries -----------------------------------------------------------------------------------------

--- The entry of `status.conditions` of a type; nil when there is none.
---@param object table?
---@param kind string the condition's `type`
---@return table?
function M.condition(object, kind)
  local status = object and object.status
  local list = type(status) == "table" and status.conditions
  for _, one in ipairs(type(list) == "table" and list or {}) do
    if one.type == kind then return one end
  end
  return nil
end

--- The conditions of an object, always a list.
---@param object table?
---@return table[]
function M.conditions(object)
  local status = object and object.status
  return type(status) == "table" and status.conditions or {}
end

--- Whether a status is about an earlier state of the object than the one it is in now.
---@param object table
---@param condition table?
---@return boolean
function M.is_stale(object, condition)
  local generation = object.metadata and object.metadata.generation
  if not math.type(generation) then return false end
  local observed = object.status and object.status.observedGeneration
  if math.type(observed) and observed < generation then return true end
  observed = condition and condition.observedGeneration
  return math.type(observed) ~= nil and observed < generation
end

--- Whether a condition is there, "True", and about the object as it is now.
---@param object table?
---@param kind string
---@return boolean
function M.is_true(object, kind)
  local condition = M.condition(object, kind)
  return condition ~= nil and condition.status == "True" and not M.is_stale(object, condition)
end

--- Reason and message of a condition, as one text; nil without them.
---@param condition table?
---@return string?
function M.why(condition)
  if not condition then return nil end
  local reason, message = condition.reason or "", condition.message or ""
  if reason == "" and message == "" then return nil end
  return (reason ~= "" and message ~= "") and reason .. ": " .. message or reason .. message
end

--- What is known about an object that is not there yet, for the text of a wait that gave up.
---@param object table?
---@param kind string
---@return string
function M.seen(object, kind)
  if not object then return "not found" end
  local condition = M.condition(object, kind)
  if not condition then return "no condition " .. kind end
  local text = kind .. "=" .. tostring(condition.status)
  local why = M.why(condition)
  if why then text = text .. ", " .. why end
  return M.is_stale(object, condition) and text .. " (of an earlier generation)" or text
end

--- An object's name for a list of offenders; with its namespace where several are listed.
local function offender(object, with_namespace)
  local metadata = object.metadata or {}
  local name = metadata.name or "unknown"
  return with_namespace and metadata.namespace and metadata.namespace .. "/" .. name or name
end

--- Counts the objects of a list by a predicate.
---@param items table[]
---@param holds fun(object: table): boolean
---@param good string the field that counts those for which it holds
---@param bad string the field that counts the others; their names are in `<bad>_names`
---@param o { namespace: string?, cluster: boolean?, condition: string?, why: (fun(object: table): string?)? }?
---@return table summary with `total` and `reasons` too
function M.summary(items, holds, good, bad, o)
  o = o or {}
  local names, reasons = {}, {}
  local out = { [good] = 0, [bad] = 0, total = 0, [bad .. "_names"] = names, reasons = reasons }
  local with_namespace = not o.cluster and (o.namespace == nil or o.namespace == "*")
  for _, object in ipairs(items) do
    out.total = out.total + 1
    if holds(object) then
      out[good] = out[good] + 1
    else
      out[bad] = out[bad] + 1
      local name = offender(object, with_namespace)
      names[#names + 1] = name
      reasons[name] = o.why and o.why(object) or M.why(M.condition(object, o.condition or "Ready"))
    end
  end
  return out
end

--- Events about an object, oldest first.
---@param c table
---@param object_kind string such as "Kustomization"
---@param namespace string?
---@param name string
---@return table[]
function M.events(c, object_kind, namespace, name)
  local selector = ("involvedObject.kind=%s,involvedObject.name=%s"):format(object_kind, name)
  local list = M.collection(c, M.kind("", "v1", "events"), namespace, { { "fieldSelector", selector } })
  table.sort(list.items, function(a, b)
    local first = a.lastTimestamp or a.eventTime or a.metadata.creationTimestamp or ""
    local second = b.lastTimestamp or b.eventTime or b.metadata.creationTimestamp or ""
    return first < second
  end)
  return list.items
end

return M
