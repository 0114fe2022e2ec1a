--- Documents that describe Kubernetes objects, and where the objects are. Internal: `assay.k8s` uses it.
local H = require("assay._http")
local K = require("assay._kubernetes")
local kinds = require("assay._kinds")

local M = {}

--- The documents in a body: YAML or JSON text with any number, one table, a list of tables, or a List object.
function M.documents(body)
  local out = {}
  local function add(document)
    if type(document) ~= "table" then
      error(("k8s.apply: a document must be an object (got a %s)"):format(type(document)), 0)
    end
    if document.kind and tostring(document.kind):find("List$") and type(document.items) == "table" then
      for _, item in ipairs(document.items) do add(item) end
    elseif document.kind == nil and document[1] ~= nil then
      for _, item in ipairs(document) do add(item) end
    elseif next(document) ~= nil then
      out[#out + 1] = document
    end
  end
  if type(body) == "string" then
    local ok, parsed = pcall(yaml.parse_all, body)
    if not ok then error("k8s.apply: " .. tostring(parsed):gsub("^.-yaml%.parse_all: ", ""), 0) end
    for _, document in ipairs(parsed) do add(document) end
  else
    add(body)
  end
  return out
end

--- The path of the object that a document describes; kinds that are not known are looked up on the server.
---@param c table
---@param document table
---@param namespace string? for documents without one
---@return string
function M.path_of(c, document, namespace)
  local api_version, kind, metadata = document.apiVersion, document.kind, document.metadata
  if metadata ~= nil and type(metadata) ~= "table" then error("k8s.apply: metadata must be an object", 0) end
  H.need("k8s.apply", "apiVersion", api_version, "kind", kind, "metadata.name", metadata and metadata.name)
  if type(api_version) ~= "string" or type(kind) ~= "string" then
    error("k8s.apply: apiVersion and kind must be strings", 0)
  end
  local entry = kinds.of_document(api_version, kind)
  if not entry then
    local prefix = (api_version:find("/", 1, true) and "/apis/" or "/api/") .. api_version
    local function look()
      for _, found in ipairs(K.resources(c, prefix, { fn = "get" }) or {}) do
        if found.kind == kind then entry = { prefix = prefix, plural = found.name, namespaced = found.namespaced } end
      end
    end
    look()
    if not entry then
      -- Its definition may have been applied just now.
      H.state(c).resources = nil
      look()
    end
    if not entry then error(("k8s.apply: the server has no kind %s in %s"):format(kind, api_version), 0) end
  end
  local where = entry.namespaced and (metadata.namespace or namespace or K.default_namespace(c) or "default") or nil
  return K.path(entry.prefix, entry.plural, where, metadata.name)
end

return M
