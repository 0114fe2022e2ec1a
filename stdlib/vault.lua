--- Vault and OpenBao: secrets, policies, auth methods, engines, tokens, transit and PKI.
---
--- Paths are written without "/v1/". What is not there reads as nil, and lists as empty; "permission denied" always
--- raises. A version of a secret that was deleted reads as nil too: `kv_versions` tells the difference.
--- Source: Vault HTTP API, developer.hashicorp.com/vault/api-docs; OpenBao API, openbao.org/api-docs.
--- Example: local c = vault.client("http://vault:8200", env.get("VAULT_TOKEN")); assert.eq(c:is_sealed(), false)
local H = require("assay._http")

local M = {}

--- A connection to one server.
---@class assay.vault.client
---@field url string the server's address
---@field token string|(fun(): string?)? sent as X-Vault-Token; read at every call
---@field namespace string? sent as X-Vault-Namespace
---@field wrap_ttl string|integer? sent as X-Vault-Wrap-TTL: answers come wrapped
---@field strict boolean? true: reading below a mount that does not exist raises
local Client = {}

---@class assay.vault.options: assay.options
---@field namespace string? sent as X-Vault-Namespace
---@field wrap_ttl string|integer? sent as X-Vault-Wrap-TTL
---@field strict boolean? true: reading below a mount that does not exist raises, instead of giving nil

local spec = {
  name = "vault",
  methods = Client,
  token_header = "X-Vault-Token",
  -- Agents and proxies refuse requests without it, as protection against forged ones.
  headers = { ["X-Vault-Request"] = "true" },
  groups = {
    kv = {
      get = "kv_get", put = "kv_put", delete = "kv_delete", list = "kv_list", metadata = "kv_metadata",
      patch = "kv_patch", undelete = "kv_undelete", destroy = "kv_destroy", delete_all = "kv_delete_all",
      versions = "kv_versions",
    },
    sys = { health = "health", seal_status = "seal_status", is_sealed = "is_sealed", is_initialized = "is_initialized" },
    policies = {
      get = "policy_get", create = "policy_put", delete = "policy_delete", list = "policy_list", ensure = "ensure_policy",
    },
    auth = {
      enable = "auth_enable", disable = "auth_disable", methods = "auth_list", config = "auth_config",
      create_role = "auth_create_role", get_role = "auth_read_role", list_roles = "auth_list_roles", ensure = "ensure_auth",
    },
    engines = {
      enable = "engine_enable", disable = "engine_disable", list = "engine_list", tune = "engine_tune",
      ensure = "ensure_engine",
    },
    tokens = {
      create = "token_create", lookup = "token_lookup", lookup_self = "token_lookup_self", revoke = "token_revoke",
      revoke_self = "token_revoke_self", renew = "token_renew", renew_self = "token_renew_self",
    },
    transit = {
      encrypt = "transit_encrypt", decrypt = "transit_decrypt", create_key = "transit_create_key",
      list_keys = "transit_list_keys", rewrap = "transit_rewrap", sign = "transit_sign", verify = "transit_verify",
    },
    pki = {
      issue = "pki_issue", ca_cert = "pki_ca_cert", create_role = "pki_create_role", sign = "pki_sign",
      revoke = "pki_revoke",
    },
  },
}

local MAX_REDIRECTS = 10
--- How often a request is repeated that a replica could not serve yet (412), and after how many seconds.
local REPLICA_TRIES, REPLICA_PAUSE = 3, 0.5

--- A variable of the environment under OpenBao's name, else under Vault's.
local function variable(name)
  for _, prefix in ipairs({ "BAO_", "VAULT_" }) do
    local value = env.get(prefix .. name)
    if value and value ~= "" then return value end
  end
  return nil
end

--- Connects to a server.
--- Source: Assay
---@param url string? its address; nil: BAO_ADDR or VAULT_ADDR, then with …_TOKEN, …_CACERT and …_NAMESPACE of the environment
---@param token string|table|nil a token, or already the options; nil or "": requests go without one
---@param opts assay.vault.options?
---@return assay.vault.client c
--- Raises "vault: invalid url 'URL'".
--- Example: local c = vault.client("https://vault:8200", "s.token", { ca_file = "/tls/ca.crt", namespace = "team-a" })
function M.client(url, token, opts)
  if url ~= nil and url ~= "" then return H.client(spec, url, token, opts) end
  local address = variable("ADDR")
  H.need("vault.client", "url", address)
  local c = H.client(spec, address, token, opts)
  c.token = c.token or variable("TOKEN")
  c.namespace = c.namespace or variable("NAMESPACE")
  if not c.ca then c.ca_file = c.ca_file or variable("CACERT") end
  return c
end

-- --- requests --------------------------------------------------------------------------------------------------------

local function option(c, opts, key)
  local value = opts and opts[key]
  if value == nil then value = c[key] end
  return value
end

--- What becomes of a redirect: the client and the path of the next request.
local function redirected(c, at, method, path, response)
  local location = response.headers.location or ""
  local origin, rest = location:match("^(%a+://[^/?#]+)(/[^#]*)")
  if not origin then
    origin, rest = at.url:match("^%a+://[^/]+"), location:match("^/[^/][^#]*")
  end
  if not rest then error(("vault: %s %s: unusable redirect"):format(method, path), 0) end
  if at.url:lower():find("^https:") and not origin:lower():find("^https:") then
    error(("vault: %s %s: refused a redirect from https to http"):format(method, path), 0)
  end
  return H.derive(c, { url = origin }), rest
end

--- A request with the server's own headers. Standby nodes send to the active one: there the token must go too, which is
--- why redirects are followed here.
local function request(c, method, path, o)
  o = o or {}
  local headers = o.headers or {}
  headers["X-Vault-Namespace"] = o.namespace ~= false and option(c, o.opts, "namespace") or nil
  headers["X-Vault-Wrap-TTL"] = o.wrap ~= false and option(c, o.opts, "wrap_ttl") or nil
  o.headers, o.redirects = headers, 0
  local reading = method == "GET"
  local fine = o.ok or function(status)
    return reading and status == 200 or not reading and status >= 200 and status < 300
  end
  local function follows(status)
    return status == 307 or status == 308 or reading and (status == 301 or status == 302)
  end
  local tries, hops, at, target = 0, 0, c, path
  o.ok = function(status)
    return fine(status) or follows(status) or status == 412 and tries < REPLICA_TRIES
  end
  while true do
    local body, response = H.request(at, method, target, o)
    local status = response.status
    if fine(status) or o.missing and status == 404 then return body, response end
    if status == 412 then
      tries = tries + 1
      H.clock.sleep(REPLICA_PAUSE)
    else
      hops = hops + 1
      if hops > MAX_REDIRECTS then
        error(("vault: %s %s: more than %d redirects"):format(method, path, MAX_REDIRECTS), 0)
      end
      at, target = redirected(c, at, o.as or method, path, response)
      -- The redirect's address has the query already.
      o.query = nil
    end
  end
end

--- The options of a call that are about the request, not for the API.
local OURS = {
  "timeout", "headers", "ca_file", "ca", "insecure", "cert_file", "key_file", "retries", "retry_delay", "proxy",
  "namespace", "wrap_ttl", "mount",
}

--- A body from what the caller gave: always an object, and a table of our own.
local function object(t, fn)
  if t ~= nil and type(t) ~= "table" then error(("vault.%s: a table is required"):format(fn), 0) end
  return H.object(H.without(t))
end

--- A body from the options of a call, in which the fields that are maps stay maps when they are empty.
local function fields(opts, fn)
  local body = object(H.without(opts, table.unpack(OURS)), fn)
  for _, key in ipairs({ "config", "options", "meta", "metadata" }) do
    if type(body[key]) == "table" and next(body[key]) == nil then body[key] = H.object() end
  end
  return body
end

local function post(c, path, body, opts)
  return (request(c, "POST", path, { body = body or H.object(), opts = opts }))
end

local function remove(c, path)
  request(c, "DELETE", path)
end

--- An answer's envelope; nil when there is nothing at the path. With `strict`, a mount that does not exist raises.
local function get(c, path, query, opts)
  local body, response = request(c, "GET", path, { query = query, opts = opts, missing = true })
  if response.status == 404 and option(c, opts, "strict") and response.body:find("no handler for route", 1, true) then
    error(H.fail(c, "GET", path .. H.query(query), response), 0)
  end
  return body
end

local function data_of(body)
  return type(body) == "table" and body.data or nil
end

--- The keys below a path. The parameter is used because not every proxy lets the method LIST through.
local function keys(c, path, opts, verb)
  opts = opts or {}
  local body = request(c, "GET", path, {
    as = "LIST", missing = true, opts = opts,
    query = { { verb or "list", true }, { "after", opts.after }, { "limit", opts.limit } },
  })
  local data = data_of(body)
  return data and data.keys or {}
end

--- A path of the API, from a mount or path that may have slashes.
local function at(before, path, after)
  return "/v1/" .. before .. H.segs(path) .. (after or "")
end

local function need(fn, ...)
  H.need("vault." .. fn, ...)
end

-- --- any path --------------------------------------------------------------------------------------------------------

--- Reads a path.
--- Source: Vault HTTP API, "Vault HTTP API"
---@param path string "secret/data/shop/db"; a query string is kept
---@param opts assay.vault.options?
---@return table? data nil when there is nothing
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:read("kv1/shop").username, "shop")
function Client:read(path, opts)
  need("read", "path", path)
  local plain, query = path:match("^([^?]*)(%??.*)$")
  need("read", "path", plain)
  return data_of(get(self, at("", plain, query ~= "?" and query or ""), nil, opts))
end

--- Writes to a path.
--- Source: Vault HTTP API, "Vault HTTP API"
---@param path string
---@param payload table? an empty object without it
---@param opts assay.vault.options?
---@return table? envelope nil when the server answers without a body
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:write("kv1/shop", { username = "shop" })
function Client:write(path, payload, opts)
  need("write", "path", path)
  return post(self, at("", path), object(payload, "write"), opts)
end

--- Deletes a path.
--- Source: Vault HTTP API, "Vault HTTP API"
---@param path string
---@return nil
--- Raises "vault: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete("kv1/shop")
function Client:delete(path)
  need("delete", "path", path)
  remove(self, at("", path))
end

--- The keys below a path; those that are folders end in "/".
--- Source: Vault HTTP API, "Vault HTTP API"
---@param path string
---@param opts { after: string?, limit: integer? }? OpenBao only: a page of the list
---@return string[] keys empty when there is nothing
--- Raises "vault: LIST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:list("kv1")[1], "shop")
function Client:list(path, opts)
  need("list", "path", path)
  return keys(self, at("", path), opts)
end

--- The keys below a path and all its folders. OpenBao only.
--- Source: OpenBao API, "SCAN"
---@param path string
---@param opts { after: string?, limit: integer? }? a page of the list
---@return string[] keys empty when there is nothing
--- Raises "vault: LIST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:scan("secret/metadata"), { "shop/db" })
function Client:scan(path, opts)
  need("scan", "path", path)
  return keys(self, at("", path), opts, "scan")
end

-- --- KV version 2 ----------------------------------------------------------------------------------------------------

local function kv(fn, mount, part, key)
  need(fn, "mount", mount, "key", key)
  return at("", mount, "/" .. part .. "/" .. H.segs(key))
end

--- Reads a secret of a KV engine, version 2.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@param opts { version: integer? }? an older version
---@return { data: table, metadata: table }? secret nil when absent, or when that version is deleted
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:kv_get("secret", "shop/db").data.username, "shop")
function Client:kv_get(mount, key, opts)
  local body = get(self, kv("kv_get", mount, "data", key), { { "version", opts and opts.version } }, opts)
  local data = data_of(body)
  return data and data.data ~= nil and data or nil
end

--- Writes a secret: a new version that replaces all its fields.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@param data table
---@param opts { cas: integer? }? only when this is the current version; 0: only when there is none
---@return table? envelope `data.version` is the new version
--- Raises "vault: POST PATH HTTP 400: BODY" when `cas` is not the current version, and for other failures.
--- Example: assert.eq(c:kv_put("secret", "shop/db", { username = "shop" }, { cas = 0 }).data.version, 1)
function Client:kv_put(mount, key, data, opts)
  local path = kv("kv_put", mount, "data", key)
  need("kv_put", "data", data)
  local options = opts and opts.cas ~= nil and { cas = opts.cas } or nil
  return post(self, path, { data = object(data, "kv_put"), options = options }, opts)
end

--- Hides the newest version of a secret; `kv_undelete` brings it back.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@return nil
--- Raises "vault: DELETE PATH HTTP STATUS: BODY".
--- Example: c:kv_delete("secret", "shop/db")
function Client:kv_delete(mount, key)
  remove(self, kv("kv_delete", mount, "data", key))
end

--- The keys below a prefix; those that are folders end in "/".
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param prefix string? the engine's root without it
---@param opts { after: string?, limit: integer? }? OpenBao only: a page of the list
---@return string[] keys empty when there is nothing
--- Raises "vault: LIST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:kv_list("secret", "shop"), { "db" })
function Client:kv_list(mount, prefix, opts)
  need("kv_list", "mount", mount)
  local inside = prefix and prefix:find("[^/]") and H.segs(prefix) or ""
  return keys(self, at("", mount, "/metadata/" .. inside), opts)
end

--- What is known about a secret and its versions.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@return table? envelope `data` has current_version, versions, custom_metadata …; nil when absent
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:kv_metadata("secret", "shop/db").data.current_version, 3)
function Client:kv_metadata(mount, key)
  return get(self, kv("kv_metadata", mount, "metadata", key))
end

--- Changes some fields of a secret, as a new version; `json.null` takes a field away.
--- Source: Vault HTTP API, "KV secrets engine - version 2"; RFC 7396
---@param mount string
---@param key string
---@param data table
---@param opts { cas: integer? }? only when this is the current version
---@return table? envelope `data.version` is the new version
--- Raises "vault: PATCH PATH HTTP STATUS: BODY", 404 when there is no such secret.
--- Example: c:kv_patch("secret", "shop/db", { password = "new" })
function Client:kv_patch(mount, key, data, opts)
  local path = kv("kv_patch", mount, "data", key)
  need("kv_patch", "data", data)
  local body = { data = object(data, "kv_patch"), options = opts and opts.cas ~= nil and { cas = opts.cas } or nil }
  return (request(self, "PATCH", path, { body = body, opts = opts, content_type = "application/merge-patch+json" }))
end

local function of_versions(c, fn, part, mount, key, versions)
  local path = kv(fn, mount, part, key)
  need(fn, "versions", versions)
  if type(versions) ~= "table" then versions = { versions } end
  post(c, path, { versions = versions })
end

--- Brings deleted versions back.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@param versions integer|integer[]
---@return nil
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:kv_undelete("secret", "shop/db", { 2 })
function Client:kv_undelete(mount, key, versions)
  of_versions(self, "kv_undelete", "undelete", mount, key, versions)
end

--- Removes the data of versions for good.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@param versions integer|integer[]
---@return nil
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:kv_destroy("secret", "shop/db", { 1, 2 })
function Client:kv_destroy(mount, key, versions)
  of_versions(self, "kv_destroy", "destroy", mount, key, versions)
end

--- Removes a secret with all its versions for good.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@return nil
--- Raises "vault: DELETE PATH HTTP STATUS: BODY".
--- Example: c:kv_delete_all("secret", "shop/db")
function Client:kv_delete_all(mount, key)
  remove(self, kv("kv_delete_all", mount, "metadata", key))
end

--- The versions of a secret, newest first.
--- Source: Vault HTTP API, "KV secrets engine - version 2"
---@param mount string
---@param key string
---@return { version: integer, created_time: string, deletion_time: string, destroyed: boolean }[] versions empty when absent
--- Raises as `kv_metadata`.
--- Example: assert.eq(c:kv_versions("secret", "shop/db")[1].version, 3)
function Client:kv_versions(mount, key)
  local data = data_of(get(self, kv("kv_versions", mount, "metadata", key)))
  local out = {}
  for version, about in pairs(data and data.versions or {}) do
    local one = H.without(about)
    one.version = math.tointeger(tonumber(version))
    out[#out + 1] = one
  end
  table.sort(out, function(a, b)
    return a.version > b.version
  end)
  return out
end

-- --- the server ------------------------------------------------------------------------------------------------------

--- How the server is; sealed and standby nodes answer too.
--- Source: Vault HTTP API, "/sys/health"
---@return { initialized: boolean, sealed: boolean, standby: boolean, version: string, http_status: integer } health
--- Raises "vault: GET /v1/sys/health HTTP STATUS: BODY" when the answer is somebody else's.
--- Example: assert.eq(c:health().sealed, false)
function Client:health()
  local path = "/v1/sys/health"
  local body, response = request(self, "GET", path, {
    ok = H.any, auth = false, retry = false, namespace = false, wrap = false,
  })
  if type(body) ~= "table" or body.initialized == nil then error(H.fail(self, "GET", path, response), 0) end
  body.http_status = response.status
  return body
end

--- Whether the server is sealed, and how far unsealing is.
--- Source: Vault HTTP API, "/sys/seal-status"
---@return { type: string, initialized: boolean, sealed: boolean, t: integer, n: integer, progress: integer, version: string } status
--- Raises "vault: seal-status HTTP STATUS: BODY".
--- Example: assert.eq(c:seal_status().sealed, false)
function Client:seal_status()
  local body, response = request(self, "GET", "/v1/sys/seal-status", {
    ok = H.any, auth = false, namespace = false, wrap = false,
  })
  if response.status == 200 then return body or {} end
  error(("vault: seal-status HTTP %d: %s"):format(response.status, H.cut(response.body, 4096)), 0)
end

--- Whether the server is sealed.
--- Source: Vault HTTP API, "/sys/seal-status"
---@return boolean
--- Raises as `seal_status`.
--- Example: assert.eq(c:is_sealed(), false)
function Client:is_sealed()
  return self:seal_status().sealed == true
end

--- Whether the server has been initialised.
--- Source: Vault HTTP API, "/sys/seal-status"
---@return boolean
--- Raises as `seal_status`.
--- Example: assert.eq(c:is_initialized(), true)
function Client:is_initialized()
  return self:seal_status().initialized == true
end

-- --- policies --------------------------------------------------------------------------------------------------------

local function policy_path(fn, name)
  need(fn, "name", name)
  return "/v1/sys/policies/acl/" .. H.seg(name)
end

--- Reads a policy.
--- Source: Vault HTTP API, "/sys/policies"
---@param name string
---@return { name: string, policy: string, rules: string }? policy its text, under both names; nil when absent
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:policy_get("shop").policy, "secret/data/shop")
function Client:policy_get(name)
  local body = get(self, policy_path("policy_get", name))
  local policy = body and (data_of(body) or body)
  if not policy then return nil end
  local text = policy.policy or policy.rules
  policy.policy, policy.rules = text, text
  return policy
end

--- Writes a policy.
--- Source: Vault HTTP API, "/sys/policies"
---@param name string
---@param rules string
---@return nil
--- Raises "vault: PUT PATH HTTP STATUS: BODY".
--- Example: c:policy_put("shop", 'path "secret/data/shop/*" { capabilities = ["read"] }')
function Client:policy_put(name, rules)
  local path = policy_path("policy_put", name)
  need("policy_put", "rules", rules)
  request(self, "PUT", path, { body = { policy = rules } })
end

--- Deletes a policy.
--- Source: Vault HTTP API, "/sys/policies"
---@param name string
---@return nil
--- Raises "vault: DELETE PATH HTTP STATUS: BODY".
--- Example: c:policy_delete("shop")
function Client:policy_delete(name)
  remove(self, policy_path("policy_delete", name))
end

--- The names of all policies.
--- Source: Vault HTTP API, "/sys/policies"
---@return string[] names
--- Raises "vault: LIST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:policy_list(), "default")
function Client:policy_list()
  return keys(self, "/v1/sys/policies/acl")
end

--- Writes a policy unless it reads so already; surrounding space does not count.
--- Source: Vault HTTP API, "/sys/policies"
---@param name string
---@param rules string
---@return boolean changed
--- Raises as `policy_get` and `policy_put`.
--- Example: assert.eq(c:ensure_policy("shop", 'path "secret/data/shop/*" { capabilities = ["read"] }'), false)
function Client:ensure_policy(name, rules)
  need("ensure_policy", "name", name, "rules", rules)
  local policy = self:policy_get(name)
  local function bare(text)
    return text:match("^%s*(.-)%s*$")
  end
  if policy and bare(policy.policy or "") == bare(rules) then return false end
  self:policy_put(name, rules)
  return true
end

-- --- auth methods and engines ----------------------------------------------------------------------------------------

local function enable(c, where, fn, path, kind, opts)
  need(fn, "path", path, "type", kind)
  local body = fields(opts, fn)
  body.type = kind
  post(c, at(where, path), body, opts)
end

--- The mounts under a path of the system's, by their names with "/" at the end.
local function mounts(c, path)
  local body = get(c, path)
  return body and (data_of(body) or body)
end

--- Enables an auth method.
--- Source: Vault HTTP API, "/sys/auth"
---@param path string where
---@param auth_type string "kubernetes", "approle", "jwt" …
---@param opts { description: string?, config: table?, options: table? }?
---@return nil
--- Raises "vault: POST PATH HTTP 400: BODY" when the path is in use, and for other failures.
--- Example: c:auth_enable("kubernetes", "kubernetes", { description = "the cluster's pods" })
function Client:auth_enable(path, auth_type, opts)
  enable(self, "sys/auth/", "auth_enable", path, auth_type, opts)
end

--- Disables an auth method; the tokens it gave are revoked.
--- Source: Vault HTTP API, "/sys/auth"
---@param path string
---@return nil
--- Raises "vault: DELETE PATH HTTP STATUS: BODY".
--- Example: c:auth_disable("approle")
function Client:auth_disable(path)
  need("auth_disable", "path", path)
  remove(self, at("sys/auth/", path))
end

--- The auth methods.
--- Source: Vault HTTP API, "/sys/auth"
---@return table<string, { type: string, accessor: string, config: table }> methods by path with "/" at the end
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:auth_list()["token/"].type, "token")
function Client:auth_list()
  return mounts(self, "/v1/sys/auth")
end

--- Configures an auth method.
--- Source: Vault HTTP API, "Kubernetes auth method" and others
---@param path string
---@param config table
---@return table? envelope
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:auth_config("kubernetes", { kubernetes_host = "https://kubernetes.default.svc" })
function Client:auth_config(path, config)
  need("auth_config", "path", path)
  return post(self, at("auth/", path, "/config"), object(config, "auth_config"))
end

--- Where an auth method keeps its roles: the token method in `roles`.
local function role_path(fn, path, role_name)
  need(fn, "path", path, "role_name", role_name)
  local mount = H.segs(path)
  return ("/v1/auth/%s/%s/%s"):format(mount, mount == "token" and "roles" or "role", H.seg(role_name))
end

--- Writes a role of an auth method.
--- Source: Vault HTTP API, "Kubernetes auth method" and others
---@param path string
---@param role_name string
---@param role_config table
---@return table? envelope
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:auth_create_role("kubernetes", "shop", { bound_service_account_names = { "shop" }, token_policies = { "shop" } })
function Client:auth_create_role(path, role_name, role_config)
  return post(self, role_path("auth_create_role", path, role_name), object(role_config, "auth_create_role"))
end

--- Reads a role of an auth method.
--- Source: Vault HTTP API, "Kubernetes auth method" and others
---@param path string
---@param role_name string
---@return table? data nil when absent
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:auth_read_role("kubernetes", "shop").token_policies, { "shop" })
function Client:auth_read_role(path, role_name)
  return data_of(get(self, role_path("auth_read_role", path, role_name)))
end

--- The names of an auth method's roles, under either of the paths that methods use.
--- Source: Vault HTTP API, "Kubernetes auth method" and others
---@param path string
---@return string[] names empty when there are none
--- Raises "vault: LIST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:auth_list_roles("kubernetes"), { "shop" })
function Client:auth_list_roles(path)
  need("auth_list_roles", "path", path)
  local body, response
  for _, part in ipairs({ "/role", "/roles" }) do
    body, response = request(self, "GET", at("auth/", path, part), {
      as = "LIST", missing = true, query = { { "list", true } },
    })
    if response.status ~= 404 then break end
  end
  local data = data_of(body)
  return data and data.keys or {}
end

--- Enables a secrets engine.
--- Source: Vault HTTP API, "/sys/mounts"
---@param path string where
---@param engine_type string "kv", "transit", "pki", "database" …
---@param opts { description: string?, config: table?, options: table? }? for KV version 2: `options = { version = "2" }`
---@return nil
--- Raises "vault: POST PATH HTTP 400: BODY" when the path is in use, and for other failures.
--- Example: c:engine_enable("secret", "kv", { options = { version = "2" } })
function Client:engine_enable(path, engine_type, opts)
  enable(self, "sys/mounts/", "engine_enable", path, engine_type, opts)
end

--- Disables a secrets engine; its data is gone.
--- Source: Vault HTTP API, "/sys/mounts"
---@param path string
---@return nil
--- Raises "vault: DELETE PATH HTTP STATUS: BODY".
--- Example: c:engine_disable("old")
function Client:engine_disable(path)
  need("engine_disable", "path", path)
  remove(self, at("sys/mounts/", path))
end

--- The secrets engines.
--- Source: Vault HTTP API, "/sys/mounts"
---@return table<string, { type: string, options: table?, config: table }> engines by path with "/" at the end
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:engine_list()["secret/"].type, "kv")
function Client:engine_list()
  return mounts(self, "/v1/sys/mounts")
end

--- Changes the settings of a secrets engine.
--- Source: Vault HTTP API, "/sys/mounts"
---@param path string
---@param config table `default_lease_ttl`, `max_lease_ttl`, `description`, `options` …
---@return nil
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:engine_tune("pki", { max_lease_ttl = "87600h" })
function Client:engine_tune(path, config)
  need("engine_tune", "path", path)
  post(self, at("sys/mounts/", path, "/tune"), object(config, "engine_tune"))
end

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

--- A setting in the form in which the server gives it back: durations as seconds.
local function settled(value)
  if type(value) == "string" and value:find("^[%d.]+[smhd]") then
    if value:gsub("[%d.]+[smhd]", "") ~= "" then return value end
    local seconds = 0
    for count, unit in value:gmatch("([%d.]+)([smhd])") do seconds = seconds + (tonumber(count) or 0) * UNITS[unit] end
    return H.num(seconds)
  end
  return tostring(value)
end

local function same(wanted, has)
  if type(wanted) ~= "table" or type(has) ~= "table" then return settled(wanted) == settled(has) end
  for key, value in pairs(wanted) do
    if not same(value, has[key]) then return false end
  end
  return #wanted == #has
end

--- Enables a mount, or changes what differs from `opts`. Returns whether something was done.
local function ensure(c, fn, where, title, path, kind, opts)
  need(fn, "path", path, "type", kind)
  opts = opts or {}
  local has = (mounts(c, "/v1/" .. where:sub(1, -2)) or {})[path:match("^/*(.-)/*$") .. "/"]
  if not has then
    enable(c, where, fn, path, kind, opts)
    return true
  end
  if has.type ~= kind then error(("vault.%s: %s %s is of type %s"):format(fn, title, path, tostring(has.type)), 0) end
  local changes = H.object()
  for key, value in pairs(opts.config or {}) do
    if not same(value, (has.config or {})[key]) then changes[key] = value end
  end
  if opts.description ~= nil and opts.description ~= has.description then changes.description = opts.description end
  if opts.options and not same(opts.options, has.options or {}) then changes.options = opts.options end
  if next(changes) == nil then return false end
  post(c, at(where, path, "/tune"), changes)
  return true
end

--- Enables a secrets engine unless it is there; changes settings that differ.
--- Source: Vault HTTP API, "/sys/mounts"
---@param path string
---@param engine_type string
---@param opts { description: string?, config: table?, options: table? }? only what is named here is compared
---@return boolean changed
--- Raises "vault.ensure_engine: engine PATH is of type TYPE"; as `engine_list`, `engine_enable`, `engine_tune`.
--- Example: assert.eq(c:ensure_engine("secret", "kv", { options = { version = "2" } }), false)
function Client:ensure_engine(path, engine_type, opts)
  return ensure(self, "ensure_engine", "sys/mounts/", "engine", path, engine_type, opts)
end

--- Enables an auth method unless it is there; changes settings that differ.
--- Source: Vault HTTP API, "/sys/auth"
---@param path string
---@param auth_type string
---@param opts { description: string?, config: table?, options: table? }? only what is named here is compared
---@return boolean changed
--- Raises "vault.ensure_auth: auth method PATH is of type TYPE"; as `auth_list`, `auth_enable`.
--- Example: assert.eq(c:ensure_auth("kubernetes", "kubernetes"), true)
function Client:ensure_auth(path, auth_type, opts)
  return ensure(self, "ensure_auth", "sys/auth/", "auth method", path, auth_type, opts)
end

-- --- tokens ----------------------------------------------------------------------------------------------------------

local function auth_of(body)
  return type(body) == "table" and body.auth or nil
end

--- Creates a token.
--- Source: Vault HTTP API, "Token auth method"
---@param opts { policies: string[]?, ttl: string?, period: string?, renewable: boolean?, display_name: string?, meta: table<string, string>?, no_parent: boolean?, wrap_ttl: string? }?
---@return { client_token: string, accessor: string, policies: string[], lease_duration: integer, renewable: boolean }? auth
---  nil when the answer is wrapped
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: local token = c:token_create({ policies = { "shop" }, ttl = "1h" }).client_token
function Client:token_create(opts)
  return auth_of(post(self, "/v1/auth/token/create", fields(opts, "token_create"), opts))
end

--- Looks a token up.
--- Source: Vault HTTP API, "Token auth method"
---@param token_value string
---@return { id: string, policies: string[], ttl: integer, expire_time: string?, renewable: boolean } data
--- Raises "vault: POST PATH HTTP 403: BODY" for an unknown token, and for other failures.
--- Example: assert.gt(c:token_lookup("s.token").ttl, 0)
function Client:token_lookup(token_value)
  need("token_lookup", "token", token_value)
  return data_of(post(self, "/v1/auth/token/lookup", { token = token_value }))
end

--- Looks the client's own token up.
--- Source: Vault HTTP API, "Token auth method"
---@return { id: string, policies: string[], ttl: integer, expire_time: string?, renewable: boolean } data
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:token_lookup_self().policies, "shop")
function Client:token_lookup_self()
  return data_of(get(self, "/v1/auth/token/lookup-self"))
end

--- Revokes a token and all that it created.
--- Source: Vault HTTP API, "Token auth method"
---@param token_value string
---@return nil
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:token_revoke("s.token")
function Client:token_revoke(token_value)
  need("token_revoke", "token", token_value)
  post(self, "/v1/auth/token/revoke", { token = token_value })
end

--- Revokes the client's own token.
--- Source: Vault HTTP API, "Token auth method"
---@return nil
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:token_revoke_self()
function Client:token_revoke_self()
  post(self, "/v1/auth/token/revoke-self")
end

--- Renews a token.
--- Source: Vault HTTP API, "Token auth method"
---@param token_value string
---@param increment string|integer? for how long from now
---@return table? auth
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:token_renew("s.token", "1h").lease_duration, 3600)
function Client:token_renew(token_value, increment)
  need("token_renew", "token", token_value)
  return auth_of(post(self, "/v1/auth/token/renew", { token = token_value, increment = increment }))
end

--- Renews the client's own token.
--- Source: Vault HTTP API, "Token auth method"
---@param increment string|integer? for how long from now
---@return table? auth
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:token_renew_self("1h")
function Client:token_renew_self(increment)
  return auth_of(post(self, "/v1/auth/token/renew-self", H.object({ increment = increment })))
end

-- --- transit ---------------------------------------------------------------------------------------------------------

local function transit(fn, part, key_name, opts)
  need(fn, "key_name", key_name)
  return at("", opts and opts.mount or "transit", ("/%s/%s"):format(part, H.seg(key_name)))
end

--- Posts to a key's path; the options of the call that the API knows go into the body.
local function transit_post(c, fn, part, key_name, body, opts)
  for key, value in pairs(fields(opts, fn)) do
    if body[key] == nil then body[key] = value end
  end
  return data_of(post(c, transit(fn, part, key_name, opts), body, opts)) or {}
end

--- Encrypts bytes with a key that stays with the server.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param key_name string
---@param plaintext string bytes
---@param opts { mount: string?, context: string?, key_version: integer? }? mount: "transit"; context: base64
---@return string? ciphertext "vault:v1:…"
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:transit_encrypt("orders", "4111"), "vault:v1:")
function Client:transit_encrypt(key_name, plaintext, opts)
  if plaintext == nil then need("transit_encrypt", "plaintext", nil) end
  local body = { plaintext = base64.encode(plaintext) }
  return transit_post(self, "transit_encrypt", "encrypt", key_name, body, opts).ciphertext
end

--- Decrypts what `transit_encrypt` gave.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param key_name string
---@param ciphertext string "vault:v1:…"
---@param opts { mount: string?, context: string? }? mount: "transit"; context: base64
---@return string? plaintext bytes
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:transit_decrypt("orders", "vault:v1:abcd"), "4111")
function Client:transit_decrypt(key_name, ciphertext, opts)
  need("transit_decrypt", "key_name", key_name, "ciphertext", ciphertext)
  local data = transit_post(self, "transit_decrypt", "decrypt", key_name, { ciphertext = ciphertext }, opts)
  return data.plaintext and base64.decode(data.plaintext)
end

--- Creates a key.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param key_name string
---@param opts { mount: string?, type: string?, derived: boolean?, exportable: boolean? }? mount: "transit"
---@return table? envelope
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:transit_create_key("orders", { type = "aes256-gcm96" })
function Client:transit_create_key(key_name, opts)
  return post(self, transit("transit_create_key", "keys", key_name, opts), fields(opts, "transit_create_key"), opts)
end

--- The names of all keys.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param opts { mount: string? }? mount: "transit"
---@return string[] names
--- Raises "vault: LIST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:transit_list_keys(), "orders")
function Client:transit_list_keys(opts)
  return keys(self, at("", opts and opts.mount or "transit", "/keys"), opts)
end

--- Encrypts a ciphertext anew, with the newest version of its key.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param key_name string
---@param ciphertext string
---@param opts { mount: string?, context: string?, key_version: integer? }? mount: "transit"; context: base64
---@return string? ciphertext
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:transit_rewrap("orders", "vault:v1:abcd"), "vault:v2:")
function Client:transit_rewrap(key_name, ciphertext, opts)
  need("transit_rewrap", "key_name", key_name, "ciphertext", ciphertext)
  return transit_post(self, "transit_rewrap", "rewrap", key_name, { ciphertext = ciphertext }, opts).ciphertext
end

--- Signs bytes.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param key_name string
---@param input string bytes
---@param opts { mount: string?, hash_algorithm: string?, key_version: integer? }? mount: "transit"
---@return string? signature "vault:v1:…"
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: local signature = c:transit_sign("release", "v1.4.2")
function Client:transit_sign(key_name, input, opts)
  if input == nil then need("transit_sign", "input", nil) end
  return transit_post(self, "transit_sign", "sign", key_name, { input = base64.encode(input) }, opts).signature
end

--- Whether a signature is that of these bytes.
--- Source: Vault HTTP API, "Transit secrets engine"
---@param key_name string
---@param input string bytes
---@param signature string "vault:v1:…"
---@param opts { mount: string?, hash_algorithm: string? }? mount: "transit"
---@return boolean
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:transit_verify("release", "v1.4.2", "vault:v1:abcd"), true)
function Client:transit_verify(key_name, input, signature, opts)
  if input == nil then need("transit_verify", "input", nil) end
  need("transit_verify", "signature", signature)
  local body = { input = base64.encode(input), signature = signature }
  return transit_post(self, "transit_verify", "verify", key_name, body, opts).valid == true
end

-- --- PKI -------------------------------------------------------------------------------------------------------------

local function pki(fn, mount, part, role_name)
  need(fn, "mount", mount, "role_name", role_name)
  return at("", mount, ("/%s/%s"):format(part, H.seg(role_name)))
end

--- Issues a certificate with a new private key.
--- Source: Vault HTTP API, "PKI secrets engine"
---@param mount string
---@param role_name string
---@param opts { common_name: string, alt_names: string?, ip_sans: string?, ttl: string?, format: string? }
---@return { certificate: string, private_key: string, private_key_type: string, issuing_ca: string, ca_chain: string[]?, serial_number: string, expiration: integer } data
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:pki_issue("pki", "shop", { common_name = "shop.example.com" }).certificate, "BEGIN")
function Client:pki_issue(mount, role_name, opts)
  return data_of(post(self, pki("pki_issue", mount, "issue", role_name), fields(opts, "pki_issue"), opts))
end

--- The certificate of an engine's authority.
--- Source: Vault HTTP API, "PKI secrets engine"
---@param mount string? "pki"
---@return string pem
--- Raises "vault: pki ca cert HTTP STATUS": 204 when there is none yet.
--- Example: assert.contains(c:pki_ca_cert(), "BEGIN CERTIFICATE")
function Client:pki_ca_cert(mount)
  local body, response = request(self, "GET", at("", mount or "pki", "/ca/pem"), {
    ok = H.any, auth = false, raw = true, wrap = false,
  })
  if response.status == 200 then return body end
  error(("vault: pki ca cert HTTP %d"):format(response.status), 0)
end

--- Writes a role of a PKI engine.
--- Source: Vault HTTP API, "PKI secrets engine"
---@param mount string
---@param role_name string
---@param opts table `allowed_domains`, `allow_subdomains`, `max_ttl` …
---@return table? envelope
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:pki_create_role("pki", "shop", { allowed_domains = { "example.com" }, allow_subdomains = true })
function Client:pki_create_role(mount, role_name, opts)
  return post(self, pki("pki_create_role", mount, "roles", role_name), object(opts, "pki_create_role"))
end

--- Signs a certificate request.
--- Source: Vault HTTP API, "PKI secrets engine"
---@param mount string
---@param role_name string
---@param csr string PEM
---@param opts { common_name: string?, alt_names: string?, ttl: string?, format: string? }?
---@return { certificate: string, issuing_ca: string, ca_chain: string[]?, serial_number: string, expiration: integer } data
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: local signed = c:pki_sign("pki", "shop", "-----BEGIN CERTIFICATE REQUEST-----")
function Client:pki_sign(mount, role_name, csr, opts)
  local path = pki("pki_sign", mount, "sign", role_name)
  need("pki_sign", "csr", csr)
  local body = fields(opts, "pki_sign")
  body.csr = csr
  return data_of(post(self, path, body, opts))
end

--- Revokes a certificate.
--- Source: Vault HTTP API, "PKI secrets engine"
---@param mount string
---@param serial_number string
---@return { revocation_time: integer }? data
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:pki_revoke("pki", "39:dd:2e")
function Client:pki_revoke(mount, serial_number)
  need("pki_revoke", "mount", mount, "serial_number", serial_number)
  return data_of(post(self, at("", mount, "/revoke"), { serial_number = serial_number }))
end

-- --- leases, wrapping, permissions -----------------------------------------------------------------------------------

--- Renews a lease.
--- Source: Vault HTTP API, "/sys/leases"
---@param lease_id string
---@param increment integer? seconds from now
---@return { lease_id: string, lease_duration: integer, renewable: boolean }? lease
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:lease_renew("database/creds/shop/1", 600).lease_duration, 600)
function Client:lease_renew(lease_id, increment)
  need("lease_renew", "lease_id", lease_id)
  return post(self, "/v1/sys/leases/renew", { lease_id = lease_id, increment = increment })
end

--- Revokes a lease.
--- Source: Vault HTTP API, "/sys/leases"
---@param lease_id string
---@return nil
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: c:lease_revoke("database/creds/shop/1")
function Client:lease_revoke(lease_id)
  need("lease_revoke", "lease_id", lease_id)
  post(self, "/v1/sys/leases/revoke", { lease_id = lease_id })
end

--- New credentials for a database.
--- Source: Vault HTTP API, "Database secrets engine"
---@param mount string
---@param role string
---@return { username: string, password: string, lease_id: string, lease_duration: integer, renewable: boolean }? credentials
---  nil when there is no such role
--- Raises "vault: GET PATH HTTP STATUS: BODY".
--- Example: local username = c:db_creds("database", "shop").username
function Client:db_creds(mount, role)
  need("db_creds", "mount", mount, "role", role)
  local body = get(self, at("", mount, "/creds/" .. H.seg(role)))
  if not body then return nil end
  local out = H.without(body.data)
  out.lease_id, out.lease_duration, out.renewable = body.lease_id, body.lease_duration, body.renewable
  return out
end

--- Stores data under a token that can be used once.
--- Source: Vault HTTP API, "/sys/wrapping/wrap"
---@param data table
---@param ttl string|integer? ("5m")
---@return { token: string, ttl: integer, creation_time: string } wrap_info
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: local token = c:wrap({ password = "sesame" }, "10m").token
function Client:wrap(data, ttl)
  need("wrap", "data", data)
  local body = post(self, "/v1/sys/wrapping/wrap", object(data, "wrap"), { wrap_ttl = ttl or "5m" })
  return type(body) == "table" and body.wrap_info or nil
end

--- What a wrapping token holds; it works once.
--- Source: Vault HTTP API, "/sys/wrapping/unwrap"
---@param token string
---@return table? data of the wrapped answer, or its `auth` when it is a token
--- Raises "vault: POST PATH HTTP 400: BODY" when the token has been used, and for other failures.
--- Example: assert.eq(c:unwrap("s.wrapping").password, "sesame")
function Client:unwrap(token)
  need("unwrap", "token", token)
  local body = request(self, "POST", "/v1/sys/wrapping/unwrap", { body = { token = token }, wrap = false })
  return data_of(body) or auth_of(body)
end

--- What the client's token may do with a path.
--- Source: Vault HTTP API, "/sys/capabilities-self"
---@param path string
---@return string[] capabilities "create", "read", "update", "delete", "list", "sudo", "root", "deny" …
--- Raises "vault: POST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:capabilities("secret/data/shop/db"), "read")
function Client:capabilities(path)
  need("capabilities", "path", path)
  local body = post(self, "/v1/sys/capabilities-self", { paths = { path } }) or {}
  return (body.data or body)[path] or body.capabilities or {}
end

-- --- getting started -------------------------------------------------------------------------------------------------

--- Waits until the server answers.
--- Source: Vault HTTP API, "/sys/health"
---@param url string|assay.target|assay.vault.client
---@param opts { timeout: number?, interval: number?, health_path: string?, unsealed: boolean? }? timeout: 60 seconds;
---  interval: 2 seconds; unsealed: wait for an initialised, unsealed node
---@return true
--- Raises "vault.wait: not reachable at URL after Ns (last: …)".
--- Example: vault.wait("http://vault:8200", { unsealed = true })
function M.wait(url, opts)
  need("wait", "url", url)
  local timeout, interval, options = H.waiting("vault.wait", opts and opts.timeout, opts, 60, 2)
  local c = H.derive(H.target(spec, url), H.without(options, "timeout", "interval", "health_path", "unsealed"))
  local code = options.unsealed and 503 or 200
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = function()
      return ("vault.wait: not reachable at %s after %s"):format(c.url, H.seconds(timeout))
    end,
    check = function()
      request(c, "GET", options.health_path or "/v1/sys/health", {
        auth = false, raw = true, retry = false, namespace = false, wrap = false,
        query = { { "standbyok", true }, { "sealedcode", code }, { "uninitcode", options.unsealed and 501 or 200 } },
      })
      return true
    end,
  })
end

--- The pod's own token, for a login. Scripts of checks do not choose who sees it: the environment names the server.
local function pod_token(c)
  if confined then
    local own = variable("ADDR")
    own = own and H.client(spec, own).url
    if c.url ~= own or c.proxy or c.insecure or c.ca then
      error("vault.login: in a check the pod's token is sent to BAO_ADDR or VAULT_ADDR only: give a jwt", 0)
    end
  end
  return require("assay._kubernetes").sa_token()
end

--- What each way to log in sends: the path after the mount, and the body.
local LOGINS = {
  kubernetes = function(opts, c)
    local jwt = opts.jwt or pod_token(c)
    need("login", "role", opts.role, "jwt", jwt)
    return "/login", { role = opts.role, jwt = jwt }
  end,
  approle = function(opts)
    need("login", "role_id", opts.role_id)
    return "/login", { role_id = opts.role_id, secret_id = opts.secret_id }
  end,
  jwt = function(opts)
    need("login", "jwt", opts.jwt)
    return "/login", { role = opts.role, jwt = opts.jwt }
  end,
  userpass = function(opts)
    need("login", "username", opts.username, "password", opts.password)
    return "/login/" .. H.seg(opts.username), { password = opts.password }
  end,
}
LOGINS.ldap = LOGINS.userpass

--- Logs in; returns a client that holds the token.
--- Source: Vault HTTP API, "Kubernetes", "AppRole", "JWT/OIDC", "Userpass" and "LDAP auth method"
---@param url string|assay.target|nil as for `client`
---@param method "kubernetes"|"approle"|"jwt"|"userpass"|"ldap"
---@param opts { mount: string?, role: string?, jwt: string?, role_id: string?, secret_id: string?, username: string?, password: string? }
---  mount: the method's name; jwt for kubernetes: the pod's own; also all options of a client
---@return assay.vault.client c
--- Raises "vault.login: unknown method 'METHOD'", "vault: POST PATH HTTP STATUS: BODY".
--- Example: local c = vault.login("http://vault:8200", "kubernetes", { role = "shop" })
function M.login(url, method, opts)
  need("login", "method", method)
  opts = opts or {}
  local make = LOGINS[method]
  if not make then error(("vault.login: unknown method '%s'"):format(tostring(method)), 0) end
  local c = M.client(url, H.without(opts, "mount", "role", "jwt", "role_id", "secret_id", "username", "password"))
  local path, body = make(opts, c)
  local answer = request(c, "POST", at("auth/", opts.mount or method, path), { body = body, auth = false, wrap = false })
  local auth = auth_of(answer)
  if not auth or not auth.client_token then error("vault.login: the server gave no token", 0) end
  c.token = auth.client_token
  return c
end

--- Waits for the server, and takes the token from a Secret of the cluster.
--- Source: Assay
---@param url string?
---@param opts { secret_namespace: string?, secret_name: string?, secret_key: string?, timeout: number?, k8s: table? }?
---  defaults: "secrets", "openbao-root-token", "root-token"; k8s: options of the module k8s
---@return assay.vault.client c
--- Raises "vault.authenticated_client: secret NAMESPACE/NAME has no key 'KEY'"; as `wait` and `k8s.get_secret`.
--- Example: local c = vault.authenticated_client("http://openbao.openbao:8200")
function M.authenticated_client(url, opts)
  opts = opts or {}
  local c = M.client(url, H.without(opts, "secret_namespace", "secret_name", "secret_key", "timeout", "interval", "k8s"))
  M.wait(c, { timeout = opts.timeout, interval = opts.interval })
  local namespace, name = opts.secret_namespace or "secrets", opts.secret_name or "openbao-root-token"
  local key = opts.secret_key or "root-token"
  local token = require("assay.k8s").get_secret(namespace, name, opts.k8s)[key]
  token = token and token:match("^%s*(.-)%s*$")
  if not token or token == "" then
    error(("vault.authenticated_client: secret %s/%s has no key '%s'"):format(namespace, name, key), 0)
  end
  c.token = token
  return c
end

--- Reads a secret, or makes it when it is missing.
--- Source: Assay
---@param client assay.vault.client
---@param mount string of a KV engine, version 2
---@param path string
---@param check_key string a field that a complete secret has
---@param generator fun(): table what is stored otherwise; it replaces the whole secret
---@return table data
--- Raises as `kv_get` and `kv_put`.
--- Example: vault.ensure_credentials(c, "secret", "shop/db", "password", function() return { password = crypto.random(24) } end)
function M.ensure_credentials(client, mount, path, check_key, generator)
  need("ensure_credentials", "client", client, "check_key", check_key, "generator", generator)
  local secret = client:kv_get(mount, path)
  if secret and secret.data[check_key] ~= nil then return secret.data end
  local data = generator()
  client:kv_put(mount, path, data)
  return data
end

--- Makes sure that a secret has all the fields that are needed.
--- Source: Assay
---@param client assay.vault.client
---@param mount string of a KV engine, version 2
---@param path string
---@param expected_keys string[]
---@return table data
--- Raises "vault.assert_secret: MOUNT/PATH does not exist", "vault.assert_secret: MOUNT/PATH has no key 'KEY'".
--- Example: local data = vault.assert_secret(c, "secret", "shop/db", { "username", "password" })
function M.assert_secret(client, mount, path, expected_keys)
  need("assert_secret", "client", client)
  local secret = client:kv_get(mount, path)
  if not secret then error(("vault.assert_secret: %s/%s does not exist"):format(mount, path), 0) end
  for _, key in ipairs(expected_keys or {}) do
    if secret.data[key] == nil then
      error(("vault.assert_secret: %s/%s has no key '%s'"):format(mount, path, key), 0)
    end
  end
  return secret.data
end

return M
