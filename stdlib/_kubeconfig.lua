--- Contexts of kubeconfig files: which server, and with which credentials. Internal: `assay._kubernetes` uses it.
--- Source: Kubernetes documentation, "Organizing Cluster Access Using kubeconfig Files";
--- kubernetes.io/docs/reference/config-api/kubeconfig.v1
local M = {}

--- Parsed files by path, as long as their text stays the same.
local parsed = {}

--- Raises for a file that is YAML, but no kubeconfig: what it means must not be guessed.
local function check(path, config)
  if config[1] ~= nil then error(("k8s: kubeconfig %s: not a mapping"):format(path), 0) end
  local current = config["current-context"]
  if current ~= nil and type(current) ~= "string" then
    error(("k8s: kubeconfig %s: current-context is not a name"):format(path), 0)
  end
  for list, field in pairs({ contexts = "context", clusters = "cluster", users = "user" }) do
    local entries = config[list]
    if entries ~= nil and (type(entries) ~= "table" or (next(entries) ~= nil and entries[1] == nil)) then
      error(("k8s: kubeconfig %s: %s is not a list"):format(path, list), 0)
    end
    for i, entry in ipairs(entries or {}) do
      local inner = type(entry) == "table" and entry[field]
      if type(entry) ~= "table" or type(entry.name) ~= "string" or (inner ~= nil and type(inner) ~= "table") then
        error(("k8s: kubeconfig %s: %s[%d] is not a name with a %s"):format(path, list, i, field), 0)
      end
    end
  end
end

local function read(path)
  if path:find("\0", 1, true) then error("k8s: the path of a kubeconfig contains a NUL byte", 0) end
  if not fs or not fs.exists(path) then return nil end
  local read_it, text = pcall(fs.read, path)
  if not read_it then
    error(("k8s: kubeconfig %s cannot be read: %s"):format(path, tostring(text):match("([^:]*)$"):match("%S.*")), 0)
  end
  local known = parsed[path]
  if known and known.text == text then return known.config end
  local ok, config = pcall(yaml.parse, text)
  if not ok or type(config) ~= "table" then error(("k8s: kubeconfig %s is not valid YAML"):format(path), 0) end
  check(path, config)
  parsed[path] = { text = text, config = config }
  return config
end

--- The files to look into, and whether they were named: a named file must be there when it is the only one.
---@param opts table?
---@return string[]
local function files(opts)
  local named = opts and opts.kubeconfig or env.get("KUBECONFIG")
  if named ~= nil and type(named) ~= "string" then
    error(("k8s: kubeconfig must be a path (got a %s)"):format(type(named)), 0)
  end
  local out = {}
  for path in (named or ""):gmatch("[^:]+") do out[#out + 1] = path end
  if #out > 0 then return out end
  local home = env.get("HOME")
  return home and home ~= "" and { home .. "/.kube/config" } or {}
end

--- Everything that the files say, merged: of entries with the same name the first counts.
---@param opts table? `kubeconfig`: a path, or several with colons between them
---@return { current: string?, contexts: table[], clusters: table<string, table>, users: table<string, table> }?
function M.load(opts)
  local out = { contexts = {}, clusters = {}, users = {} }
  local seen, found = {}, false
  for _, path in ipairs(files(opts)) do
    local config = read(path)
    if config then
      found = true
      local folder = path:match("^(.*)/[^/]*$") or "."
      local current = config["current-context"]
      if not out.current and current and current ~= "" then out.current = current end
      for _, entry in ipairs(config.contexts or {}) do
        if not seen[entry.name] then
          seen[entry.name] = true
          out.contexts[#out.contexts + 1] = { name = entry.name, context = entry.context or {} }
        end
      end
      for _, entry in ipairs(config.clusters or {}) do
        out.clusters[entry.name] = out.clusters[entry.name] or { entry = entry.cluster or {}, folder = folder }
      end
      for _, entry in ipairs(config.users or {}) do
        out.users[entry.name] = out.users[entry.name] or { entry = entry.user or {}, folder = folder }
      end
    end
  end
  return found and out or nil
end

--- A file named in an entry, relative to the kubeconfig that names it.
local function beside(place, path)
  if not path or path == "" then return nil end
  if type(path) ~= "string" then error("k8s: a path in the kubeconfig is not a string", 0) end
  return path:sub(1, 1) == "/" and path or place.folder .. "/" .. path
end

--- PEM text that an entry carries, or the path of the file that it names.
local function pem(place, what)
  local data = place.entry[what .. "-data"]
  if not data or data == "" then return beside(place, place.entry[what]) end
  local ok, text = pcall(base64.decode, data)
  -- Anything else would be taken for a path.
  if ok and text:find("-----BEGIN ", 1, true) then return text end
  error(("k8s: %s-data in the kubeconfig is not PEM text in base64"):format(what), 0)
end

---@class assay._kubeconfig.context
---@field name string
---@field server string
---@field namespace string?
---@field token string?
---@field token_file string?
---@field username string?
---@field password string?
---@field tls table settings as the http builtin takes them
---@field proxy string?

local function refuse(user, what)
  error(("k8s: user '%s' in the kubeconfig uses %s, which is not supported: give a token instead"):format(user, what), 0)
end

--- What a context says about how to reach its cluster. Raises when it does not exist, or needs what is not supported.
---@param config table what `load` gave
---@param name string
---@return assay._kubeconfig.context
function M.context(config, name)
  local context
  for _, entry in ipairs(config.contexts) do
    if entry.name == name then context = entry.context end
  end
  if not context then error(("k8s: context '%s' is not in the kubeconfig"):format(name), 0) end
  local cluster = config.clusters[context.cluster]
  if not cluster then
    error(("k8s: cluster '%s' of context '%s' is not in the kubeconfig"):format(tostring(context.cluster), name), 0)
  end
  if type(cluster.entry.server) ~= "string" or cluster.entry.server == "" then
    error(("k8s: cluster '%s' in the kubeconfig has no server"):format(context.cluster), 0)
  end
  local user = config.users[context.user]
  if context.user and context.user ~= "" and not user then
    error(("k8s: user '%s' of context '%s' is not in the kubeconfig"):format(context.user, name), 0)
  end
  user = user or { entry = {}, folder = "." }
  local token_file = beside(user, user.entry.tokenFile)
  if token_file and not user.entry.token and not fs.exists(token_file) then
    error(("k8s: the token file %s of user '%s' does not exist"):format(token_file, tostring(context.user)), 0)
  end
  local certificate = pem(user, "client-certificate")
  local token = user.entry.token
  if not token and not token_file and not certificate and not user.entry.username then
    local exec, provider = user.entry.exec, user.entry["auth-provider"]
    if exec then refuse(context.user, ("the exec plugin '%s'"):format(tostring(type(exec) == "table" and exec.command or exec))) end
    if provider then refuse(context.user, ("the auth provider '%s'"):format(tostring(type(provider) == "table" and provider.name or provider))) end
  end
  for _, field in ipairs({ "as", "as-uid", "as-groups", "as-user-extra" }) do
    if user.entry[field] ~= nil then refuse(context.user, ("impersonation ('%s')"):format(field)) end
  end
  local insecure = cluster.entry["insecure-skip-tls-verify"] == true
  return {
    name = name,
    server = cluster.entry.server,
    namespace = context.namespace,
    token = token,
    token_file = token_file,
    username = user.entry.username,
    password = user.entry.password,
    proxy = cluster.entry["proxy-url"],
    tls = {
      ca = not insecure and pem(cluster, "certificate-authority") or nil,
      cert = certificate,
      key = pem(user, "client-key"),
      insecure = insecure or nil,
      server_name = cluster.entry["tls-server-name"],
    },
  }
end

return M
