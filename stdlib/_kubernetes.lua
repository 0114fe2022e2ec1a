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
  local ok, text = pcall(fs.read, path)
  if not ok then
    error(("k8s: credentials in %s cannot be read: %s"):format(path, tostring(text):match("([^:]*)$"):match("%S.*")), 0)
  end
  text = text:match("^%s*(.-)%s*$")
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

--- Whether the cluster's names end so: then the pod's own resolver looks for names in `svc.` of it. Any other domain
--- may be anybody's.
local function is_cluster_domain(domain)
  if not domain or not fs then return false end
  local ok, text = pcall(fs.read, "/etc/resolv.conf")
  for list in (ok and text or ""):gmatch("%f[^\0\n]search%s+([^\n]*)") do
    for one in list:gmatch("%S+") do
      if one:lower() == "svc." .. domain then return true end
    end
  end
  return false
end

--- Whether an address is the API server of the cluster we run in: nobody else may see the pod's token.
local function own_cluster(parts)
  if parts.host == "kubernetes" or parts.host == "kubernetes.default" then return true end
  local domain = parts.host:match("^kubernetes%.default%.svc(.*)$")
  if domain == "" or domain == ".cluster.local" or (domain and is_cluster_domain(domain:match("^%.(.+)$"))) then return true end
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
  if not name and opts.kubeconfig then error("k8s: the kubeconfig has no current-context", 0) end
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
    local name = H.spec(c).name
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
  if H.field(c, "token") ~= nil or (o.opts and o.opts.token ~= nil) then return false end
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
    local expired, given = false, { [token or ""] = true }
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
      local about = type(page) == "table" and page.metadata
      local following = type(about) == "table" and about.continue or ""
      -- A part of a list must not pass for all of it.
      if following ~= "" and given[following] then error("k8s: the server leads in a circle through the pages of a list", 0) end
      given[following] = true
      return page and page.items, following
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

--- The items of a collection as a list object. Asked for a page, exactly that page; otherwise all of them.
---@param c table
---@param path string
---@param opts { label_selector: string?, field_selector: string?, limit: integer?, continue: string? }?
---@return table list
function M.list(c, path, opts)
  opts = opts or {}
  local query = { { "labelSelector", opts.label_selector }, { "fieldSelector", opts.field_selector } }
  if opts.limit ~= nil or opts.continue ~= nil then
    query[3], query[4] = { "limit", opts.limit }, { "continue", opts.continue }
    local page = H.get(c, path, { fn = "get", query = query })
    if type(page) == "table" then page.items = page.items or {} end
    return page
  end
  return M.all_pages(function()
    return (H.get(c, path, { fn = "get", query = query, needed = true }))
  end, function(token)
    local more = { query[1], query[2], { "limit", M.PAGE }, { "continue", token } }
    return (H.get(c, path, { fn = "get", query = more }))
  end)
end

-- --- parts -----------------------------------------------------------------------------------------------------------

--- What not every module needs, by the file that has it: loaded when it is first asked for.
local PARTS = {
  _objects = "kind versions object collection patch create set_condition resources api_groups events",
  _conditions = "condition conditions is_stale is_true why seen summary",
}
local part_of = {}
for file, names in pairs(PARTS) do
  for name in names:gmatch("%S+") do part_of[name] = "assay." .. file end
end

return setmetatable(M, {
  __index = function(_, name)
    if not part_of[name] then return nil end
    M[name] = require(part_of[name])[name]
    return M[name]
  end,
})
