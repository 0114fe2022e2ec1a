--- The messages of failed requests: written in one place, and read again where a wait has to judge them. Internal:
--- `assay._http` hands these out.
local url = require("assay._url")

local M = {}

--- Bytes of a response's body that a message repeats.
local MAX_BODY = 4096

--- The longest beginning of a text that is not longer than `limit` bytes and does not split a UTF-8 character.
---@param text string
---@param limit integer
---@return string
function M.cut(text, limit)
  if #text <= limit then return text end
  local last = limit
  while last > limit - 4 and last > 0 and text:byte(last + 1) & 0xC0 == 0x80 do last = last - 1 end
  return text:sub(1, last)
end

---@param body string?
---@return string
function M.body(body)
  body = body or ""
  if #body <= MAX_BODY then return body end
  return ("%s …(%d bytes)"):format(M.cut(body, MAX_BODY), #body)
end

--- How a module words the failure of a request, by its style. `name` is the module, `fn` the function (or verb).
---@type table<string, fun(name: string, fn: string?, method: string, path: string, status: integer, body: string): string>
M.styles = {
  -- prometheus.query: HTTP 400: …
  call = function(name, fn, _, _, status, body)
    return ("%s.%s: HTTP %d: %s"):format(name, fn, status, body)
  end,
  -- k8s.get: HTTP 404 /api/v1/…: …
  verb = function(name, fn, _, path, status, body)
    return ("%s.%s: HTTP %d %s: %s"):format(name, fn, status, path, body)
  end,
  -- vault: GET /v1/… HTTP 403: …
  path = function(name, _, method, path, status, body)
    return ("%s: %s %s HTTP %d: %s"):format(name, method, path, status, body)
  end,
}

--- Why a request got no answer, in stable words, from what the http builtin raised.
---@param message any
---@return string
function M.reason(message)
  local text = tostring(message)
  text = text:match("http%.%l+: %u+ %S+: (.*)$") or text:match("ws%.connect: wss?://%S+: (.*)$")
    or text:match("http%.%l+: (.*)$") or text:match("ws%.connect: (.*)$") or text
  text = text:gsub("^timed out after", "timeout after")
  if text:find("^certificate ") or text:find("^self%-signed") then text = "certificate verify failed: " .. text end
  return text
end

---@class assay._http.error
---@field module string
---@field fn string? the function or verb, where the module's messages name it
---@field method string?
---@field path string?
---@field status integer? nil when there was no answer
---@field body string? what the server said, or why there was no answer

--- Reads a message of a failed request back into its parts; nil for any other error.
---@param err any
---@return assay._http.error?
function M.parse(err)
  if type(err) ~= "string" then return nil end
  local module, fn, status, path, body = err:match("^([%w_]+)%.([%w_]+): HTTP (%d%d%d) (/%S*): (.*)$")
  if module then return { module = module, fn = fn, path = path, status = tonumber(status), body = body } end
  module, fn, status, body = err:match("^([%w_]+)%.([%w_]+): HTTP (%d%d%d): (.*)$")
  if module then return { module = module, fn = fn, status = tonumber(status), body = body } end
  local method
  module, method, path, status, body = err:match("^([%w_]+): (%u+) (/%S*) HTTP (%d%d%d): (.*)$")
  if module then
    return { module = module, method = method, path = path, status = tonumber(status), body = body }
  end
  module, method, path, body = err:match("^([%w_.]+): (%u+) (/%S*): (.*)$")
  if module then
    local name, call = module:match("^([%w_]+)%.([%w_]+)$")
    return { module = name or module, fn = call, method = method, path = path, body = body }
  end
  module, status, body = err:match("^([%w_]+): [^\n]- HTTP (%d%d%d):? ?(.*)$")
  if module then return { module = module, status = tonumber(status), body = body } end
  return nil
end

--- Whether an error may pass by itself: no answer, not found yet, too busy, or the server's own trouble.
---@param err any
---@return boolean
function M.passing(err)
  local parts = M.parse(err)
  if not parts then return false end
  local status = parts.status
  return status == nil or status == 404 or status == 408 or status == 429 or status >= 500
end

--- Raises unless every value is there: `need("vault.kv_get", "mount", mount, "key", key)`. An empty string counts as
--- missing, because an empty name turns "get" into "list" and "delete one" into "delete all".
---@param fn string the full name of the function, for the message
---@param ... any name, value, name, value …
function M.need(fn, ...)
  for i = 1, select("#", ...), 2 do
    local name, value = select(i, ...)
    if value == nil or value == "" then error(("%s: %s is required"):format(fn, name), 0) end
    if value == "." or value == ".." then error(("%s: %s must not be '%s'"):format(fn, name, value), 0) end
  end
end

---@param prefix string
---@param given any
function M.invalid_url(prefix, given)
  error(("%s: invalid url '%s'"):format(prefix, url.shown(given)), 0)
end

return M
