--- Objects of kinds that move between versions of their API: reading, listing and changing them in the version that is
--- served. Internal: a part of `assay._kubernetes`, which hands these functions out.
--- Source: Kubernetes API concepts, kubernetes.io/docs/reference/using-api/api-concepts
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

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
  local pinned = H.field(c, "api_version")
  return pinned and #kind.versions > 1 and { pinned } or kind.versions
end

local OK_OR_404 = { 200, 404 }

--- One object; nil when it does not exist, unless the module's rule is to raise.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string?
---@param name string
---@return table?
function M.object(c, kind, namespace, name)
  local spec = H.spec(c)
  local path
  local body, response = M.versions(c, kind.group .. "/" .. kind.plural, versions_of(c, kind), function(version)
    path = K.path(K.prefix(kind.group, version), kind.plural, namespace, name)
    return H.get(c, path, { ok = OK_OR_404, needed = true })
  end)
  if response.status == 404 then
    if spec.absent.single == "nil" then return nil end
    error(H.fail(c, "GET", path, response), 0)
  end
  return body
end

--- A collection as a list object with all its pages.
---@param c table
---@param kind assay._kubernetes.kind
---@param namespace string? nil or "*": all namespaces
---@param query table? parameters, as for `H.query`
---@return table list with `items`, always a table
function M.collection(c, kind, namespace, query)
  local spec = H.spec(c)
  local as = spec.list_as or "LIST"
  local path
  local function first()
    local _, response
    local list
    list, response = M.versions(c, kind.group .. "/" .. kind.plural, versions_of(c, kind), function(version)
      path = K.path(K.prefix(kind.group, version), kind.plural, namespace)
      return H.get(c, path, { ok = OK_OR_404, as = as, query = query })
    end, true)
    if response.status == 404 then
      if spec.absent.list == "empty" then return { items = {} } end
      error(H.fail(c, "GET", path .. H.query(query), response, { as = as }), 0)
    end
    return list or {}
  end
  return K.all_pages(first, function(token)
    local more = table.move(query or {}, 1, #(query or {}), 1, {})
    more[#more + 1] = { "limit", K.PAGE }
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
    path = K.path(K.prefix(kind.group, version), kind.plural, namespace, name) .. (subresource and "/" .. subresource or "")
    return H.patch(c, path, patch, { ok = H.any, needed = true, content_type = "application/merge-patch+json" })
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
    path = K.path(K.prefix(kind.group, version), kind.plural, namespace)
    local object = make(kind.group == "" and version or kind.group .. "/" .. version)
    return H.post(c, path, object, { ok = H.any, needed = true, query = query })
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
    if not object then error(("%s: %s not found"):format(H.spec(c).name, title), 0) end
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
    local path = K.path(prefix or K.prefix(kind.group, kind.versions[1]), kind.plural, namespace, name) .. "/status"
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
  for _, group in ipairs((H.get(c, "/apis", { needed = true })).groups or {}) do
    local preferred = group.preferredVersion or (group.versions or {})[1]
    if preferred then out[#out + 1] = { group = group.name, version = preferred.version } end
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
