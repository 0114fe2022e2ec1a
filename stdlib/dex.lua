--- Dex: discovery document, signing keys, health, scopes and grants of an OpenID Connect provider, and tokens from it.
--- All but `health`, `ready` and `telemetry` works for any provider.
---
--- Where a function takes `url`, it takes the issuer's address including its path, a table `{ url = …, ca_file = … }` with
--- the options of a client, or a client; and `dex.client(url)` has the functions as methods. Endpoints are where the
--- discovery document says; where that host cannot be reached, as from inside a cluster, they are sought below `url`.
--- Source: OpenID Connect Discovery 1.0, openid.net/specs/openid-connect-discovery-1_0.html; dexidp.io/docs.
--- Example: local report = dex.validate_config("https://dex.example.com/dex"); assert.eq(report.ok, true, table.concat(report.errors, "; "))
local H = require("assay._http")

local M = {}

--- What a client has. There `token` is the credential, so that function is `c.tokens:get(…)`.
local methods = setmetatable({}, {
  __index = function(_, name)
    if name == "token" then return nil end
    return M[name == "get_token" and "token" or name]
  end,
})

local spec = {
  name = "dex",
  style = "call",
  methods = methods,
  groups = {
    discovery = { "discovery", config = "discovery", jwks = "jwks", issuer = "issuer", has_endpoint = "has_endpoint" },
    tokens = { get = "get_token", verify = "verify", introspect = "introspect" },
    health = { "health", check = "health", ready = "ready", wait = "wait_ready" },
    scopes = { list = "supported_scopes", supports = "supports_scope" },
    grants = {
      list = "supported_grant_types", supports = "supports_grant_type", response_types = "supported_response_types",
    },
  },
}

--- A provider with all functions of this module as methods, `c:jwks()`, and grouped: `c.scopes:list()`. Only `token` is
--- `c.tokens:get(fields)` there.
--- Source: Assay
---@param url string|assay.target the issuer's address, including its path
---@param opts assay.options?
---@return table client
--- Raises "dex: invalid url 'URL'".
--- Example: local c = dex.client("https://dex.example.com/dex", { ca_file = "/etc/ca.pem" })
function M.client(url, opts)
  H.need("dex.client", "url", url)
  return H.client(spec, url, opts)
end

local target = H.targets(spec)

-- --- discovery -------------------------------------------------------------------------------------------------------

--- The discovery document.
--- Source: OpenID Connect Discovery 1.0 §4
---@param url string|assay.target
---@return { issuer: string, authorization_endpoint: string, token_endpoint: string, jwks_uri: string, userinfo_endpoint: string?, scopes_supported: string[], response_types_supported: string[], grant_types_supported: string[] } document
--- Raises "dex.discovery: HTTP STATUS: BODY"; 404 when the issuer's path is missing from `url`.
--- Example: log.info(dex.discovery("https://dex.example.com/dex").token_endpoint)
function M.discovery(url)
  local c = target("discovery", url)
  local document = H.get(c, "/.well-known/openid-configuration", { fn = "discovery" })
  if type(document) ~= "table" then error("dex.discovery: unexpected response format", 0) end
  return document
end

local function trimmed(address)
  return (tostring(address):gsub("/+$", ""))
end

--- What follows a base in an address; nil when the address is not below it.
local function below(base, address)
  base = trimmed(base)
  local rest = address:sub(#base + 1)
  return address:sub(1, #base) == base and rest:find("^/") and rest or nil
end

local function headers_without_authorization(headers)
  local out = {}
  for name, value in pairs(headers or {}) do
    if name:lower() ~= "authorization" then out[name] = value end
  end
  return out
end

--- Sends a request to an endpoint of the discovery document. Its host is the document's choice: the user's own
--- credentials and headers go there only if it is the host that they were given for. `o.bearer` is sent as the token.
local function ask(c, fn, document, endpoint, method, o)
  local address = document[endpoint]
  if type(address) ~= "string" or address == "" then
    error(("dex.%s: discovery response missing %s"):format(fn, endpoint), 0)
  end
  o = o or {}
  o.fn = fn
  local function send(base, path)
    local own = base == c.url
    local fields = { url = base, headers = not own and {} or nil }
    if o.bearer then
      fields.token, fields.headers = o.bearer, own and headers_without_authorization(c.headers) or {}
    elseif not own then
      o.auth = false
    end
    return (H.request(H.derive(c, fields), method, path, o))
  end
  local near = below(c.url, address)
  if near then return send(c.url, near) end
  local origin, path = address:match("^(https?://[^/?#]+)([^#]*)")
  if not origin then error(("dex.%s: invalid %s '%s'"):format(fn, endpoint, H.shown(address)), 0) end
  if path:sub(1, 1) ~= "/" then path = "/" .. path end
  local ok, result = pcall(send, origin, path)
  if ok then return result end
  local parts, rest = H.error(result), document.issuer and below(document.issuer, address)
  -- An answer, even a bad one, is final; so is a POST that may have arrived.
  local unreachable = parts and parts.path and not parts.status and not parts.body:find("^invalid JSON")
    and (method == "GET" or not parts.body:find("^timeout"))
  if not unreachable or not rest then error(result, 0) end
  if not o.bearer then o.auth = nil end
  return send(c.url, rest)
end

--- The keys that tokens are signed with. They rotate: do not look for a certain one.
--- Source: OpenID Connect Discovery 1.0 §3, jwks_uri; RFC 7517
---@param url string|assay.target
---@return { keys: { kty: string, kid: string, alg: string, use: string, n: string, e: string }[] } jwks
--- Raises "dex.jwks: HTTP STATUS: BODY", "dex.jwks: discovery response missing jwks_uri", and as `discovery`.
--- Example: assert.gt(#dex.jwks("https://dex.example.com/dex").keys, 0)
function M.jwks(url)
  local c = target("jwks", url)
  return ask(c, "jwks", M.discovery(c), "jwks_uri", "GET")
end

--- The issuer as the discovery document names it.
--- Source: OpenID Connect Discovery 1.0 §3
---@param url string|assay.target
---@return string
--- Raises as `discovery`.
--- Example: assert.eq(dex.issuer("https://dex.example.com/dex"), "https://dex.example.com/dex")
function M.issuer(url)
  return M.discovery(target("issuer", url)).issuer
end

--- Whether the discovery document has a key.
--- Source: OpenID Connect Discovery 1.0 §3
---@param url string|assay.target
---@param endpoint_name string such as "userinfo_endpoint"
---@return boolean
--- Raises as `discovery`.
--- Example: assert.eq(dex.has_endpoint("https://dex.example.com/dex", "device_authorization_endpoint"), true)
function M.has_endpoint(url, endpoint_name)
  return M.discovery(target("has_endpoint", url, "endpoint_name", endpoint_name))[endpoint_name] ~= nil
end

--- Scopes that the provider supports.
--- Source: OpenID Connect Discovery 1.0 §3, scopes_supported
---@param url string|assay.target
---@return string[]
--- Raises as `discovery`.
--- Example: assert.contains(table.concat(dex.supported_scopes("https://dex.example.com/dex"), " "), "groups")
function M.supported_scopes(url)
  return M.discovery(target("supported_scopes", url)).scopes_supported or {}
end

--- Response types that the provider supports.
--- Source: OpenID Connect Discovery 1.0 §3, response_types_supported
---@param url string|assay.target
---@return string[]
--- Raises as `discovery`.
--- Example: assert.eq(dex.supported_response_types("https://dex.example.com/dex")[1], "code")
function M.supported_response_types(url)
  return M.discovery(target("supported_response_types", url)).response_types_supported or {}
end

--- Grant types that the provider supports.
--- Source: OpenID Connect Discovery 1.0 §3, grant_types_supported
---@param url string|assay.target
---@return string[]
--- Raises as `discovery`.
--- Example: assert.gt(#dex.supported_grant_types("https://dex.example.com/dex"), 0)
function M.supported_grant_types(url)
  return M.discovery(target("supported_grant_types", url)).grant_types_supported or {}
end

local function contains(list, value)
  for _, one in ipairs(list) do
    if one == value then return true end
  end
  return false
end

--- Whether the provider supports a scope.
--- Source: OpenID Connect Discovery 1.0 §3, scopes_supported
---@param url string|assay.target
---@param scope string
---@return boolean
--- Raises as `discovery`.
--- Example: assert.eq(dex.supports_scope("https://dex.example.com/dex", "offline_access"), true)
function M.supports_scope(url, scope)
  return contains(M.supported_scopes(target("supports_scope", url, "scope", scope)), scope)
end

--- Whether the provider supports a grant type.
--- Source: OpenID Connect Discovery 1.0 §3, grant_types_supported
---@param url string|assay.target
---@param grant_type string
---@return boolean
--- Raises as `discovery`.
--- Example: assert.eq(dex.supports_grant_type("https://dex.example.com/dex", "refresh_token"), true)
function M.supports_grant_type(url, grant_type)
  return contains(M.supported_grant_types(target("supports_grant_type", url, "grant_type", grant_type)), grant_type)
end

--- What is wrong beyond what every client trips over.
local function strict_errors(c, document, errors)
  local ok, keys = pcall(ask, c, "jwks", document, "jwks_uri", "GET")
  if not ok then
    errors[#errors + 1] = "keys failed: " .. tostring(keys)
  elseif type(keys) ~= "table" or #(keys.keys or {}) == 0 then
    errors[#errors + 1] = "no signing keys"
  end
  local issuer = tostring(document.issuer)
  if not issuer:find("^https://") then errors[#errors + 1] = "issuer is not https: " .. issuer end
  if not contains(document.scopes_supported or {}, "openid") then errors[#errors + 1] = "missing scope openid" end
  for _, name in ipairs({ "authorization_endpoint", "token_endpoint", "jwks_uri" }) do
    local address = document[name]
    if type(address) == "string" and not below(issuer, address) then
      errors[#errors + 1] = ("%s is not below the issuer: %s"):format(name, address)
    end
  end
end

--- Checks the discovery document.
--- Source: OpenID Connect Discovery 1.0 §3, §4.3
---@param url string|assay.target
---@param opts { issuer: string?, strict: boolean? }? the issuer to expect instead of `url`, such as the public address
---  when asking through a service's; strict: also keys, https, the scope openid, and endpoints below the issuer
---@return { ok: boolean, errors: string[] } report
--- Raises nothing.
--- Example: local report = dex.validate_config("http://dex.auth:5556/dex", { issuer = "https://dex.example.com/dex" })
function M.validate_config(url, opts)
  opts = opts or {}
  local errors, c = {}, nil
  local ok, document = pcall(function()
    c = target("validate_config", url)
    return M.discovery(c)
  end)
  if not ok then return { ok = false, errors = { "discovery failed: " .. tostring(document) } } end
  local expected, issuer = opts.issuer or c.url, document.issuer
  if issuer == nil or issuer == "" then
    errors[1] = "missing issuer"
  elseif trimmed(issuer) ~= trimmed(expected) then
    errors[1] = ("issuer mismatch: expected %s, got %s"):format(expected, issuer)
  end
  for _, name in ipairs({ "authorization_endpoint", "token_endpoint", "jwks_uri" }) do
    if document[name] == nil or document[name] == "" then errors[#errors + 1] = "missing " .. name end
  end
  if opts.strict then strict_errors(c, document, errors) end
  return { ok = #errors == 0, errors = errors }
end

-- --- the server itself -----------------------------------------------------------------------------------------------

local function healthy(fn, url)
  local _, response = H.get(target(fn, url), "/healthz", { fn = fn, ok = H.any, raw = true })
  return response.status == 200
end

--- Whether Dex and its storage work.
--- Source: dexidp.io/docs, "Health checks"
---@param url string|assay.target
---@return boolean
--- Raises "dex.health: GET /healthz: REASON" without an answer.
--- Example: assert.eq(dex.health("https://dex.example.com/dex"), true)
function M.health(url)
  return healthy("health", url)
end

--- The same as `health`.
--- Source: dexidp.io/docs, "Health checks"
---@param url string|assay.target
---@return boolean
--- Raises "dex.ready: GET /healthz: REASON" without an answer.
--- Example: assert.eq(dex.ready("https://dex.example.com/dex"), true)
function M.ready(url)
  return healthy("ready", url)
end

--- Waits until Dex is healthy and serves its discovery document.
--- Source: dexidp.io/docs, "Health checks"
---@param url string|assay.target
---@param timeout number? seconds (60)
---@param opts { interval: number }? seconds between looks (2)
---@return true
--- Raises "dex.wait_ready: not ready after 60s (last: …)", and 400, 401, 403 at once.
--- Example: dex.wait_ready("https://dex.example.com/dex", 120)
function M.wait_ready(url, timeout, opts)
  local c = target("wait_ready", url)
  local limit, interval = H.waiting("dex.wait_ready", timeout, opts, 60, 2)
  return H.poll({
    timeout = limit,
    interval = interval,
    message = "dex.wait_ready: not ready after " .. H.seconds(limit),
    check = function()
      if not M.health(c) then return nil, "unhealthy" end
      return M.discovery(c).issuer ~= nil, "no issuer"
    end,
  })
end

--- Health by part, from the telemetry port.
--- Source: dexidp.io/docs, "Health checks"
---@param url string|assay.target the telemetry address, such as "http://dex:5558"
---@return { ok: boolean, details: any } health details as the server words them
--- Raises "dex.telemetry: GET /healthz/ready: REASON" without an answer.
--- Example: assert.eq(dex.telemetry("http://dex:5558").ok, true)
function M.telemetry(url)
  local c = target("telemetry", url)
  local body, response = H.get(c, "/healthz/ready", { fn = "telemetry", ok = H.any, lenient = true })
  return { ok = response.status == 200, details = body }
end

--- The version, where a sidecar tells it: Dex itself does so over gRPC only.
--- Source: Assay
---@param url string|assay.target
---@return table? version nil for any failure
--- Raises nothing.
--- Example: local version = dex.admin_version("https://dex.example.com/dex")
function M.admin_version(url)
  local ok, body = pcall(function()
    return (H.get(target("admin_version", url), "/api/v1/version", { fn = "admin_version" }))
  end)
  return ok and body or nil
end

-- --- tokens ----------------------------------------------------------------------------------------------------------

--- Fields as a form, in alphabetical order.
local function form(fields)
  local names, list = {}, {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = { name, fields[name] } end
  return H.query(list):sub(2)
end

local function post(c, fn, endpoint, fields)
  return ask(c, fn, M.discovery(c), endpoint, "POST", {
    body = form(fields), content_type = "application/x-www-form-urlencoded", ok = 200, auth = false,
  })
end

--- Gets tokens.
--- Source: RFC 6749 §4.3, §4.4, §6; RFC 8693; OpenID Connect Core 1.0 §3.1.3
---@param url string|assay.target
---@param fields { grant_type: string, client_id: string?, client_secret: string?, scope: string?, username: string?, password: string?, refresh_token: string?, [string]: string }
---  all are sent, as a form
---@return { access_token: string, token_type: string, expires_in: integer, id_token: string?, refresh_token: string? } tokens
--- Raises "dex.token: HTTP STATUS: BODY", "dex.token: discovery response missing token_endpoint", and as `discovery`.
--- Example: local tokens = dex.token("https://dex.example.com/dex", { grant_type = "password", client_id = "cli",
---   client_secret = "secret", username = "admin@example.com", password = "password", scope = "openid email" })
function M.token(url, fields)
  local c = target("token", url, "fields", fields, "grant_type", type(fields) == "table" and fields.grant_type or nil)
  return post(c, "token", "token_endpoint", fields)
end

--- What the provider knows about the user of an access token.
--- Source: OpenID Connect Core 1.0 §5.3
---@param url string|assay.target
---@param access_token string
---@return { sub: string, email: string?, name: string?, groups: string[]? } claims
--- Raises "dex.userinfo: HTTP STATUS: BODY", and as `discovery`.
--- Example: log.info(dex.userinfo("https://dex.example.com/dex", "access-token").email)
function M.userinfo(url, access_token)
  local c = target("userinfo", url, "access_token", access_token)
  return ask(c, "userinfo", M.discovery(c), "userinfo_endpoint", "GET", { bearer = access_token })
end

--- What the provider knows about a token.
--- Source: RFC 7662
---@param url string|assay.target
---@param token string
---@param fields { client_id: string?, client_secret: string?, token_type_hint: string? }? sent with it, as a form
---@return { active: boolean, sub: string?, exp: integer?, client_id: string? } state
--- Raises "dex.introspect: HTTP STATUS: BODY", and as `discovery`.
--- Example: assert.eq(dex.introspect("https://dex.example.com/dex", "access-token").active, true)
function M.introspect(url, token, fields)
  local c = target("introspect", url, "token", token)
  local all = H.without(fields)
  all.token = token
  return post(c, "introspect", "introspection_endpoint", all)
end

--- Starts the device flow. Then `token` with the grant type "urn:ietf:params:oauth:grant-type:device_code" asks for the
--- tokens.
--- Source: RFC 8628 §3.1
---@param url string|assay.target
---@param fields { client_id: string, client_secret: string?, scope: string? } sent as a form
---@return { device_code: string, user_code: string, verification_uri: string, expires_in: integer, interval: integer } codes
--- Raises "dex.device: HTTP STATUS: BODY", and as `discovery`.
--- Example: log.info(dex.device("https://dex.example.com/dex", { client_id = "cli", scope = "openid" }).user_code)
function M.device(url, fields)
  local c = target("device", url, "fields", fields, "client_id", type(fields) == "table" and fields.client_id or nil)
  return post(c, "device", "device_authorization_endpoint", fields)
end

--- One element of DER (ITU-T X.690 §8.1).
local function der(tag, content)
  local size = #content
  if size < 128 then return string.char(tag, size) .. content end
  local bytes = ""
  while size > 0 do
    bytes, size = string.char(size & 255) .. bytes, size >> 8
  end
  return string.char(tag, 128 | #bytes) .. bytes .. content
end

local function unsigned(bytes)
  bytes = bytes:gsub("^\0+", "")
  if bytes == "" or bytes:byte() > 127 then bytes = "\0" .. bytes end
  return der(2, bytes)
end

local function unurl(text)
  text = text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  return base64.decode(text .. ("="):rep(-#text % 4))
end

-- Identifiers of algorithms and curves: RFC 3279 §2.3.1, RFC 5480 §2.1.1.
local RSA = der(0x30, der(6, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01") .. "\5\0")
local EC = der(6, "\x2A\x86\x48\xCE\x3D\x02\x01")
local CURVES = {
  ["P-256"] = { oid = der(6, "\x2A\x86\x48\xCE\x3D\x03\x01\x07"), size = 32, algorithms = { "ES256" } },
  ["P-384"] = { oid = der(6, "\x2B\x81\x04\x00\x22"), size = 48, algorithms = { "ES384" } },
}

--- A public key in PEM form, and the algorithms it may be used with; nil for kinds that are not supported.
local function pem_of(key)
  local head, bits, algorithms
  if key.kty == "RSA" and key.n and key.e then
    head, bits = RSA, der(0x30, unsigned(unurl(key.n)) .. unsigned(unurl(key.e)))
    algorithms = { "RS256", "RS384", "RS512" }
  elseif key.kty == "EC" and CURVES[key.crv] and key.x and key.y then
    local curve = CURVES[key.crv]
    local function coordinate(text)
      local bytes = unurl(text)
      return ("\0"):rep(curve.size - #bytes) .. bytes
    end
    head, bits = der(0x30, EC .. curve.oid), "\4" .. coordinate(key.x) .. coordinate(key.y)
    algorithms = curve.algorithms
  else
    return nil
  end
  local text = base64.encode(der(0x30, head .. der(3, "\0" .. bits)))
  return ("-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n"):format(text:gsub("." .. (".?"):rep(63), "%0\n")), algorithms
end

--- Verifies an ID token: its signature by the provider's keys, issuer, audience and times.
--- Source: OpenID Connect Core 1.0 §3.1.3.7; RFC 7517, RFC 7519
---@param url string|assay.target
---@param id_token string
---@param opts { audience: string|string[], issuer: string?, leeway: number? } issuer: that of the discovery document;
---  leeway in seconds (0)
---@return table? claims, string? reason nil and why when the token is not good
--- Raises as `discovery` and `jwks`.
--- Example: local claims, reason = dex.verify("https://dex.example.com/dex", "id-token", { audience = "cli" })
function M.verify(url, id_token, opts)
  local c = target("verify", url, "id_token", id_token, "audience", opts and opts.audience)
  local document = M.discovery(c)
  local function why(message)
    return (tostring(message):gsub("^.-crypto%.jwt_%a+: ", ""))
  end
  local read, _, header = pcall(crypto.jwt_decode, id_token)
  if not read then return nil, why(_) end
  local keys = ask(c, "jwks", document, "jwks_uri", "GET") or {}
  local audience = type(opts.audience) == "table" and opts.audience or { opts.audience }
  local reason = header.kid and ("no key '%s'"):format(header.kid) or "no key"
  for _, key in ipairs(keys.keys or {}) do
    local fits = (key.use == nil or key.use == "sig") and (header.kid == nil or key.kid == header.kid)
    local pem, algorithms = nil, nil
    if fits then pem, algorithms = pem_of(key) end
    if pem then
      local ok, claims = pcall(crypto.jwt_verify, id_token, pem, {
        algorithms = key.alg and contains(algorithms, key.alg) and { key.alg } or algorithms,
        audience = audience,
        issuer = { opts.issuer or document.issuer },
        leeway = opts.leeway,
        now = H.clock.time(),
      })
      if ok then return claims end
      reason = why(claims)
    end
  end
  return nil, reason
end

return M
