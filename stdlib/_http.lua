--- Requests to JSON APIs: what all modules for products share. Internal: scripts use the modules.
---
--- A module describes itself once, and is then a list of paths and result shapes:
---
---     local H = require("assay._http")
---     local M, Client = {}, {}
---     local spec = { name = "argocd", methods = Client, content_type = true, groups = {
---       apps = { list = "applications", sync = "sync" },            -- c.apps:list() is c:applications()
---       stages = { "stages", get = "stage" } } }                    -- c:stages(…) still works: the group is callable
---     function M.client(url, token, opts) return H.client(spec, url, token, opts) end
---     function Client:application(name)
---       H.need("argocd.application", "name", name)
---       return (H.get(self, "/api/v1/applications/" .. H.seg(name)))
---     end
---
--- Function style (prometheus and the like): `spec.style = "call"`, `spec.methods = M`, every function begins with
--- `local c = H.target(spec, url)` (a string, a target table, or a client: `M.client` needs nothing more than
--- `H.client(spec, url, opts)`), and its requests name it: `H.get(c, "/api/v1/alerts", { fn = "alerts" })`.
---
--- `spec`: name; style "path" (default), "call" or "verb" (see _error.lua); methods; groups; token_header (the header
--- that carries the token instead of Authorization); content_type (true: send Content-Type on every request); headers
--- (sent always); address(c) (the base address when there is no `url`); connection(c, base) (what is used where the
--- user gave nothing: `token`, `username`, `password`, `tls`, `proxy`); unauthorized(c, base) (true: repeat the request
--- once after 401).
---
--- Requests: `get post put patch delete list head` (`list` is GET under the name LIST in messages), or
--- `request(c, method, path, o)`. They return the decoded body (nil when empty) and the response. `stream(c, method,
--- path, o)` and `websocket(c, path, o)` return the builtins' handles. Fields of `o`:
---   query     ordered list of {name, value}, see _url.lua
---   body      table: sent as JSON; string: sent as it is, with `content_type`
---   headers   further headers; those of the user win
---   ok        statuses that succeed: a number, a list or a function(status), `H.any` for all; default 200 for GET,
---             2xx for the rest. Of a status from 300 on the body comes back as text when it is not JSON.
---   missing   true: 404 gives nil (and the response) instead of an error
---   hide_query  true: the path in messages goes without the query
---   raw       true: the body comes back as text, not decoded
---   lenient   true: a body that is not JSON comes back as text
---   needed    true: an empty answer is an error, because the caller cannot do without
---   fn        name of the function, for messages in the styles "call" and "verb"
---   as        the method as messages name it;  shown: the path as messages name it
---   opts      the options of the call, as the user gave them: timeout, headers, ca_file, retries … override the client's
---   auth      false: send no credentials;  retry: false: never repeat;  redirects: how many to follow
---
--- Also here: `seg strict segs query num` (_url.lua), `rfc3339 parse_time clock` (_time.lua), `need error fail`
--- (_error.lua), `poll waiting seconds` (_wait.lua), `object json pages group groups
--- field derive with without route_missing any targets around`.
local errors = require("assay._error")
local times = require("assay._time")
local url = require("assay._url")
local wait = require("assay._wait")

local M = {
  seg = url.seg,
  strict = url.strict,
  segs = url.segs,
  query = url.query,
  num = url.num,
  rfc3339 = times.rfc3339,
  parse_time = times.parse_time,
  clock = times.clock,
  need = errors.need,
  shown = url.shown,
  error = errors.parse,
  cut = errors.cut,
  poll = wait.poll,
  waiting = wait.arguments,
  seconds = wait.seconds,
}

--- Seconds a request may take unless the script says otherwise.
local TIMEOUT = 30
--- The longest pause before a request is repeated, in seconds; a server's own wish may be longer.
local MAX_PAUSE = 30
local MAX_RETRY_AFTER = 120
local MAX_PAGES = 1000
--- Statuses that a repetition may cure.
local BUSY = { [429] = true, [502] = true, [503] = true, [504] = true }

-- --- groups ---------------------------------------------------------------------------------------------------------

--- A table of methods that can be called too: `c:stages(ns)` and `c.stages:list(ns)`.
---@param fn function? what a call of the group does; gets the receiver first
---@param methods table<string, function> each gets the group as its first argument
---@return table
function M.group(fn, methods)
  if not fn then return methods end
  return setmetatable(methods, {
    __call = function(_, ...)
      return fn(...)
    end,
  })
end

--- The group that `rows` describes, for one client: names of the client's methods by short name, and at [1] what the
--- group itself does when it is called.
local function client_group(c, methods, rows)
  local out = {}
  for short, name in pairs(rows) do
    if short ~= 1 then
      out[short] = function(_, ...)
        return methods[name](c, ...)
      end
    end
  end
  return M.group(rows[1] and methods[rows[1]], out)
end

--- Adds groups to a module of functions: `M.pods:list(ns)` is `M.list_pods(ns)`.
---@param module table
---@param groups table<string, table<string, string>>
function M.groups(module, groups)
  for group, rows in pairs(groups) do
    local out = {}
    for short, name in pairs(rows) do
      if short ~= 1 then
        out[short] = function(_, ...)
          return module[name](...)
        end
      end
    end
    module[group] = M.group(rows[1] and module[rows[1]], out)
  end
end

-- --- clients --------------------------------------------------------------------------------------------------------

---@class assay.options Options of every client, and of calls that take options.
---@field timeout number? seconds for a whole request (30)
---@field headers table<string, string|number|(string|number)[]>? further request headers
---@field ca_file string? PEM file of authorities to trust in addition to the system's
---@field ca string? the same as PEM text
---@field insecure boolean? true: do not verify the server's certificate
---@field cert_file string? PEM file of the client certificate
---@field key_file string? PEM file of its key
---@field retries integer? further attempts of reading requests after transport errors, 429, 502, 503, 504 (0)
---@field retry_delay number? seconds before the first of them, doubled each time (1)
---@field proxy string? address of the proxy, instead of the one that the environment names

---@class assay.target: assay.options A place to talk to, where a function takes an address.
---@field url string
---@field token string|(fun(): string?)? bearer token
---@field api_key string? bearer token, where a product calls it so
---@field username string?
---@field password string?

--- What a client keeps for itself: warnings given, versions found.
local states = setmetatable({}, { __mode = "k" })

--- The description that each client belongs to. Not in its metatable: scripts of checks must not get at the functions
--- of a description, which know the pod's credentials.
local specs = setmetatable({}, { __mode = "k" })

local function described(c, spec)
  specs[c] = spec
  return c
end

--- The description of a client; nil for anything else.
---@param c any
---@return table?
function M.spec(c)
  return c ~= nil and specs[c] or nil
end

--- The private notes about a client, a table to read and write.
---@param c table
---@return table
function M.state(c)
  local state = states[c]
  if not state then
    state = {}
    states[c] = state
  end
  return state
end

local function metatable_of(spec)
  if not spec.metatable then
    local methods, groups = spec.methods or {}, spec.groups or {}
    spec.metatable = {
      __index = function(c, key)
        local rows = groups[key]
        if rows == nil then return methods[key] end
        local group = client_group(c, methods, rows)
        rawset(c, key, group)
        return group
      end,
    }
  end
  return spec.metatable
end

--- A field of a client, as scripts set it: never a method or a group that happens to have the name of an option.
---@param c table
---@param key string
---@return any
function M.field(c, key)
  while specs[c] do
    local value = rawget(c, key)
    if value ~= nil then return value end
    -- The client that this one is derived from; methods hang on a function.
    c = getmetatable(c).__index
    if type(c) ~= "table" then return nil end
  end
  return c[key]
end
local field = M.field

--- Checks an address, and moves credentials that it carries into their fields.
local function settle(spec, c)
  if field(c, "url") == nil and spec.address then rawset(c, "url", spec.address(c)) end
  local given = field(c, "url")
  local parts = url.parse(given)
  if not parts then errors.invalid_url(spec.name, given) end
  rawset(c, "url", parts.base)
  if parts.user and field(c, "username") == nil and field(c, "password") == nil then
    rawset(c, "username", parts.user)
    rawset(c, "password", parts.password)
  end
  return c
end

--- A client object: a plain table with the address, the credentials and the options as fields, read at every call.
---@param spec table what the module says about itself
---@param target string|table|nil the address, or a table with `url` and options
---@param token string|function|table|nil a token, or already the options
---@param opts table?
---@return table c
function M.client(spec, target, token, opts)
  local c = {}
  local function take(fields)
    for key, value in pairs(fields) do c[key] = value end
  end
  if type(target) == "table" then take(target) else c.url = target end
  if type(token) == "table" then take(token) elseif token ~= nil then c.token = token end
  if opts then take(opts) end
  return settle(spec, described(setmetatable(c, metatable_of(spec)), spec))
end

--- The client that a function got as its `url` argument: an address, a target table, or a client.
---@param spec table
---@param target any
---@return table c
function M.target(spec, target)
  local metatable = metatable_of(spec)
  if type(target) == "table" then
    if specs[target] == spec and getmetatable(target) == metatable then return target end
    local c = described(setmetatable({}, { __index = target }), spec)
    states[c] = M.state(target)
    return settle(spec, c)
  end
  if target == nil or target == "" then error(spec.name .. ": url is required", 0) end
  return settle(spec, described(setmetatable({ url = target }, metatable), spec))
end

--- How the functions of a module find out whom they talk to: `target(fn, url, name, value, …)` raises when the address,
--- or another argument that is required, is missing.
---@param spec table
---@return fun(fn: string, url: any, ...): table
function M.targets(spec)
  return function(fn, url, ...)
    errors.need(spec.name .. "." .. fn, "url", url, ...)
    return M.target(spec, url)
  end
end

--- Calls a function with a value, and undoes something afterwards, however the function ends.
---@param fn fun(value: any): any ...
---@param value any
---@param undo fun() its error is raised, unless the function raised one, which says more
---@return any ...
function M.around(fn, value, undo)
  local _ <close> = setmetatable({}, {
    __close = function(_, raised)
      local ok, why = pcall(undo)
      if ok then return end
      if raised == nil then error(why, 0) end
      log.warn(why)
    end,
  })
  return fn(value)
end

local function spec_of(c)
  return M.spec(c) or error("not a client: call the constructor first", 0)
end

--- A copy of an options table without some of its keys: those that mean something else to the API.
---@param opts table?
---@param ... string
---@return table
function M.without(opts, ...)
  if opts ~= nil and type(opts) ~= "table" then
    error(("options must be a table (got a %s)"):format(type(opts)), 0)
  end
  local out = {}
  for key, value in pairs(opts or {}) do out[key] = value end
  for _, key in ipairs({ ... }) do out[key] = nil end
  return out
end

--- An option of a request: the call's own, else the client's.
local function option(c, o, key)
  local opts = o.opts
  local value = opts and opts[key]
  if value == nil then value = field(c, key) end
  return value
end

-- --- bodies ---------------------------------------------------------------------------------------------------------

--- Marks a table so that it is encoded as a JSON object even when it is empty. Nil gives an empty object.
---@param t table?
---@return table
function M.object(t)
  return json.object(t or {})
end

--- A value with integral floats as integers, because Go's decoders refuse `1.0` for an integer. Only tables that hold
--- such a float are copied: the others keep what they know about having been an array or an object.
local function integral(value, depth)
  if math.type(value) == "float" then return math.tointeger(value) or value end
  if type(value) ~= "table" or depth > 200 then return value end
  local copy
  for key, one in pairs(value) do
    local made = integral(one, depth + 1)
    if not rawequal(made, one) or math.type(made) ~= math.type(one) then
      copy = copy or setmetatable({}, getmetatable(value))
      copy[key] = made
    end
  end
  if not copy then return value end
  for key, one in pairs(value) do
    if copy[key] == nil then copy[key] = one end
  end
  return copy
end

--- A value as JSON text.
---@param value any
---@return string
function M.json(value)
  return json.encode(integral(value, 0))
end

-- --- requests -------------------------------------------------------------------------------------------------------

local function trimmed(spec, value)
  if type(value) == "function" then value = value() end
  if value == nil then return nil end
  if type(value) ~= "string" and type(value) ~= "number" then
    error(("%s: a token must be a string (got a %s)"):format(spec.name, type(value)), 0)
  end
  value = tostring(value):match("^%s*(.-)%s*$")
  return value ~= "" and value or nil
end

--- Whether a request would show credentials that are not the script's own to somebody on the way: a proxy that the
--- script has chosen, unless the connection through it is verified as the credentials' owner wants it.
local function astray(c, o, given, parts)
  local proxy = option(c, o, "proxy")
  if not confined or proxy == nil or proxy == false or proxy == given.proxy then return false end
  return parts.scheme ~= "https" or not not (option(c, o, "insecure") or option(c, o, "ca") or option(c, o, "ca_file"))
end

--- The credentials of a request: the name and value of a header, or nothing, and the secret in it.
local function credentials(c, o, spec, given, parts)
  if o.auth == false then return nil end
  local token = trimmed(spec, option(c, o, "token"))
  if not token and spec.token_header == nil then token = trimmed(spec, option(c, o, "api_key")) end
  local username, password = option(c, o, "username"), option(c, o, "password")
  if not token and username == nil and not astray(c, o, given, parts) then
    token, username, password = trimmed(spec, given.token), given.username, given.password
  end
  if token then
    if spec.token_header then return spec.token_header, token, token end
    return "Authorization", "Bearer " .. token, token
  end
  if spec.token_header == nil and username ~= nil and password ~= nil then
    return "Authorization", "Basic " .. base64.encode(username .. ":" .. password), password
  end
  return nil
end

--- Headers of a request, each once: later sources replace earlier ones, whatever their case.
local function merged(sources)
  local names, values = {}, {}
  for i = 1, sources.n do
    for name, value in pairs(sources[i] or {}) do
      local key = tostring(name):lower()
      names[key], values[key] = name, value
    end
  end
  local out = {}
  for key, name in pairs(names) do out[name] = values[key] end
  return out
end

--- A client like another, with some fields changed for one call.
---@param c table
---@param fields table
---@return table
function M.derive(c, fields)
  local out = described(setmetatable(M.without(fields), { __index = c }), spec_of(c))
  states[out] = M.state(c)
  return out
end

--- A client with the options of one call over its own; headers are put over each other one by one.
---@param c table
---@param opts table?
---@return table
function M.with(c, opts)
  if opts == nil then return c end
  local out = M.derive(c, opts)
  local headers = field(c, "headers")
  if opts.headers and headers then out.headers = merged({ headers, opts.headers, n = 2 }) end
  return out
end

local function tls_of(c, o, spec, base, tls)
  local ca, ca_file, insecure = option(c, o, "ca"), option(c, o, "ca_file"), option(c, o, "insecure")
  local cert, key = option(c, o, "cert_file"), option(c, o, "key_file")
  local notes = M.state(c).notes or M.state(c)
  if insecure == true and not notes.warned then
    notes.warned = true
    log.warn(("%s: the certificate of %s is not verified (insecure)"):format(spec.name, base))
  end
  -- Anything else would be taken for a path, and shown in messages.
  if ca and not tostring(ca):find("-----BEGIN ", 1, true) then error(spec.name .. ": ca must be PEM text (ca_file is for paths)", 0) end
  if ca and ca_file then ca = ca .. "\n" .. fs.read(ca_file) end
  ca = ca or ca_file
  tls = {
    ca = ca or not insecure and tls.ca or nil,
    cert = cert or tls.cert,
    key = key or tls.key,
    insecure = insecure == true or (not ca and insecure == nil and tls.insecure) or nil,
    server_name = tls.server_name,
  }
  return next(tls) and tls or nil
end

local function succeeds(ok, method, status)
  if ok == nil then
    if method == "GET" or method == "HEAD" then return status == 200 end
    return status >= 200 and status < 300
  end
  if type(ok) == "function" then return ok(status) end
  if type(ok) == "table" then
    for _, one in ipairs(ok) do
      if one == status then return true end
    end
    return false
  end
  return ok == status
end

--- What comes before method and path when there was no usable answer.
local function prefix(spec, o)
  return spec.style ~= nil and spec.style ~= "path" and o.fn and spec.name .. "." .. o.fn or spec.name
end

--- The message of a failed request, as README §8 words it.
---@param c table
---@param method string
---@param path string
---@param response { status: integer, body: string }
---@param o table?
---@return string
function M.fail(c, method, path, response, o)
  o = o or {}
  local spec = spec_of(c)
  local style = errors.styles[spec.style or "path"]
  return style(spec.name, o.fn, o.as or method, o.shown or path, response.status, errors.body(response.body))
end

--- A message without the secret that was sent, should the server have repeated it.
local function concealed(text, secret)
  if not secret or #secret < 6 then return text end
  local first, last = text:find(secret, 1, true)
  while first do
    text = text:sub(1, first - 1) .. "***" .. text:sub(last + 1)
    first, last = text:find(secret, first, true)
  end
  return text
end

--- The base address of a client as it is now: scripts may have changed its field.
local function base_of(c, spec)
  local given = field(c, "url")
  local state = M.state(c)
  if state.given ~= given or not state.parts then
    state.given, state.parts = given, url.parse(given)
    if not state.parts then errors.invalid_url(spec.name, given) end
  end
  return state.parts
end

local function retry_pause(response, delay)
  local asked = response and times.retry_after(response.headers["retry-after"])
  if asked then return math.min(asked, MAX_RETRY_AFTER) end
  return math.min(delay, MAX_PAUSE)
end

--- What a request is sent with, made anew for each attempt: tokens may have changed.
local function prepare(c, spec, parts, o)
  local given = spec.connection and spec.connection(c, parts, o) or {}
  local header, value, secret = credentials(c, o, spec, given, parts)
  local body, content_type = o.body, o.content_type
  if type(body) == "table" then
    body, content_type = M.json(body), content_type or "application/json"
  end
  local sources = {
    {
      Accept = o.accept or not o.raw and "application/json" or nil,
      ["Content-Type"] = content_type or spec.content_type and "application/json" or nil,
    },
    header and { [header] = value },
    spec.headers,
    o.headers,
    field(c, "headers"),
    o.opts and o.opts.headers,
    n = 6,
  }
  local timeout, left = option(c, o, "timeout") or TIMEOUT, wait.left()
  return {
    headers = merged(sources),
    body = body,
    timeout = left and math.min(timeout, left) or timeout,
    tls = tls_of(c, o, spec, parts.base, given.tls or {}),
    proxy = option(c, o, "proxy") or given.proxy,
    max_redirects = o.redirects,
    max_body = o.max_body,
  }, secret
end

--- Raises for a path that would not lead where it seems to: names that scripts have put into it may come from anywhere.
local function check_path(spec, o, path)
  -- Whatever came before the first slash would change which host the credentials go to.
  if not path:find("^/") then error(("%s: a path must begin with '/' (got '%s')"):format(prefix(spec, o), path), 0) end
  if not path:find("%.") and not path:find("%%2[eE]") then return end
  for segment in path:match("^[^?#]*"):gmatch("[^/\\]+") do
    local plain = segment:gsub("%%2[eE]", ".")
    if plain == "." or plain == ".." then
      error(("%s: a path must not contain '%s' (got '%s')"):format(prefix(spec, o), segment, path), 0)
    end
  end
end

--- Sends a request, and again where that may help. Returns the response, whatever its status, and what a message must
--- not show. Raises when there is none.
---@param through function? the function of the http builtin that sends it
---@return table response, string? secret
local function send(c, method, path, o, through)
  local spec = spec_of(c)
  check_path(spec, o, path)
  local attempts = (method == "GET" or method == "HEAD") and o.retry ~= false and option(c, o, "retries") or 0
  local delay = option(c, o, "retry_delay") or 1
  local renewed = false
  while true do
    local parts = base_of(c, spec)
    local request, secret = prepare(c, spec, parts, o)
    local ok, response = pcall(through or http.request, method, parts.base .. path, request)
    if ok and response.status == 401 and not renewed and spec.unauthorized and spec.unauthorized(c, parts, o) then
      renewed = true
    elseif attempts > 0 and (not ok or BUSY[response.status]) then
      attempts = attempts - 1
      times.clock.sleep(math.min(retry_pause(ok and response, delay), wait.left() or math.huge))
      delay = delay * 2
    elseif ok then
      return response, secret
    else
      local reason = concealed(errors.reason(response), secret)
      error(("%s: %s %s: %s"):format(prefix(spec, o), o.as or method, o.shown or path, reason), 0)
    end
  end
end

--- The message for an answer that should have been JSON: what a login page behind a proxy produces.
---@return string
function M.invalid_json(c, method, path, response, o)
  return ("%s: %s %s: invalid JSON in response (content-type %s): %s"):format(
    prefix(spec_of(c), o), o.as or method, o.shown or path, response.headers["content-type"] or "none",
    errors.cut(response.body, 200))
end

--- `http.stream` in the shape that `send` wants: with the status as a field.
local function opened(method, address, request)
  local handle = http.stream(method, address, request)
  return { status = handle:status(), headers = handle:headers(), handle = handle }
end

--- The response's body as JSON; raises when it is none.
local function decode(c, method, path, response, o)
  local body = response.body
  if body == nil or body == "" then return nil end
  local ok, value = pcall(json.parse, body)
  -- None of the APIs says anything in a bare number or string: a proxy's page may.
  if ok and (value == nil or type(value) == "table" or o.lenient) then return value end
  -- Of an answer that is no success, but was expected, only the status counts.
  if o.lenient or response.status >= 300 then return body end
  error(M.invalid_json(c, method, path, response, o), 0)
end

--- Sends a request; returns the decoded body and the response. The fields of `o` are described at the top of this file.
---@param c table a client
---@param method string
---@param path string what follows the base address, encoded
---@param o table?
---@return any body, table response
function M.request(c, method, path, o)
  o = o or {}
  path = path .. url.query(o.query)
  if o.query and not o.shown and o.hide_query then o.shown = path:match("^[^?]*") end
  local response, secret = send(c, method, path, o)
  if o.missing and response.status == 404 then return nil, response end
  if not succeeds(o.ok, method, response.status) then
    if BUSY[response.status] then wait.postpone(times.retry_after(response.headers["retry-after"])) end
    error(concealed(M.fail(c, method, path, response, o), secret), 0)
  end
  if o.raw then return response.body, response end
  local value = decode(c, method, path, response, o)
  if value == nil and o.needed and response.status < 300 then error(M.invalid_json(c, method, path, response, o), 0) end
  return value, response
end

--- Sends a request whose response's body is read while it arrives: returns the http builtin's stream. `o` is as for
--- `request`; a status that is no success raises.
---@return table stream
function M.stream(c, method, path, o)
  o = o or {}
  path = path .. url.query(o.query)
  local stream, secret = send(c, method, path, o, opened)
  if succeeds(o.ok, method, stream.status) then return stream.handle end
  local parts, size = {}, 0
  while size <= 65536 do
    local ok, bytes = pcall(stream.handle.read, stream.handle, 5)
    if not ok or not bytes then break end
    parts[#parts + 1] = bytes
    size = size + #bytes
  end
  stream.handle:close()
  error(concealed(M.fail(c, method, path, { status = stream.status, body = table.concat(parts) }, o), secret), 0)
end

--- Opens a websocket at a path, with the client's credentials and options. `o` is as for `request`, and has
--- `subprotocols`. A server that answers with a status raises as a failed GET does.
---@return table conn
function M.websocket(c, path, o)
  o = o or {}
  path = path .. url.query(o.query)
  local spec = spec_of(c)
  local parts = base_of(c, spec)
  local request, secret = prepare(c, spec, parts, o)
  local ok, conn = pcall(ws.connect, (parts.base:gsub("^http", "ws")) .. path, {
    headers = request.headers,
    timeout = request.timeout,
    tls = request.tls,
    proxy = request.proxy,
    subprotocols = o.subprotocols,
    max_message = o.max_message,
  })
  if ok then return conn end
  local reason = errors.reason(conn)
  local status, words = reason:match("^HTTP (%d%d%d):? ?(.*)$")
  if status then error(M.fail(c, "GET", path, { status = tonumber(status), body = words }, o), 0) end
  error(("%s: %s %s: %s"):format(prefix(spec, o), o.as or "GET", o.shown or path, concealed(reason, secret)), 0)
end

--- For `ok`: every status is an answer.
function M.any()
  return true
end

---@return any body, table response
function M.get(c, path, o)
  return M.request(c, "GET", path, o)
end

--- GET of a collection: `LIST` in the messages.
---@return any body, table response
function M.list(c, path, o)
  o = o or {}
  o.as = o.as or "LIST"
  return M.request(c, "GET", path, o)
end

---@return any body, table response
function M.head(c, path, o)
  return M.request(c, "HEAD", path, o)
end

---@return any body, table response
function M.delete(c, path, o)
  return M.request(c, "DELETE", path, o)
end

local function with_body(method)
  ---@return any body, table response
  return function(c, path, body, o)
    o = o or {}
    if body ~= nil then o.body = body end
    return M.request(c, method, path, o)
  end
end

--- `post(c, path, body, o)`; put and patch alike.
M.post, M.put, M.patch = with_body("POST"), with_body("PUT"), with_body("PATCH")

--- Whether an answer says that the server does not know the route at all, rather than that an object is missing: 404,
--- 405 or 501 without the JSON object that the product's own errors have.
---@param err any an error message, or a response
---@return boolean
function M.route_missing(err)
  local parts = type(err) == "table" and err or errors.parse(err)
  if not parts or (parts.status ~= 404 and parts.status ~= 405 and parts.status ~= 501) then return false end
  local ok, value = pcall(json.parse, parts.body or "")
  return not (ok and type(value) == "table" and next(value) ~= nil)
end

-- --- pages ----------------------------------------------------------------------------------------------------------

--- Collects a list that comes in pages. `fn(token, n)` fetches page number n (from 1; its token is nil for the first)
--- and returns its items and the token of the next page, nil or "" after the last.
---@param fn fun(token: any, n: integer): table?, any
---@return table items
function M.pages(fn)
  local out, seen, token = {}, {}, nil
  for n = 1, MAX_PAGES do
    local items, next_token = fn(token, n)
    for _, item in ipairs(items or {}) do out[#out + 1] = item end
    if next_token == nil or next_token == "" then return out end
    if seen[next_token] then
      log.warn("a list's next page has been read already: stopped there")
      return out
    end
    seen[next_token] = true
    token = next_token
  end
  log.warn(("a list has more than %d pages: stopped there"):format(MAX_PAGES))
  return out
end

return M
