--- URLs of requests: base addresses, path segments, query strings. Internal: `assay._http` hands these out.
--- Source: RFC 3986.
local M = {}

local function percent(byte)
  return ("%%%02X"):format(byte:byte())
end

--- What an error message may show of an address: no credentials, and no line breaks.
---@param url any
---@return string
function M.shown(url)
  local text = tostring(url):gsub("^(%a[%w+.-]*:)(/*).*@", "%1%2"):gsub("%c", percent)
  return text
end

local function decoded(text)
  local bytes = text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end)
  return bytes
end

---@class assay._url.base
---@field base string scheme, host, port and path prefix, without trailing slashes and credentials
---@field scheme "http"|"https"
---@field host string lower case, without brackets
---@field port integer
---@field user string? decoded
---@field password string? decoded

--- Reads a base address. Returns nil when it is none.
---@param url any
---@return assay._url.base?
function M.parse(url)
  if type(url) ~= "string" or url:find("[%c%s\\?#]") then return nil end
  local scheme, authority, path = url:match("^(%a+)://([^/]+)(.*)$")
  scheme = scheme and scheme:lower()
  if scheme ~= "http" and scheme ~= "https" then return nil end
  local credentials, place = authority:match("^(.*)@([^@]*)$")
  place = place or authority
  local host, port = place:match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then
    host, port = place:match("^([^%[%]:@]+):?(%d*)$")
  end
  if not host or (port ~= "" and tonumber(port) > 65535) then return nil end
  local user, password
  if credentials then
    user, password = credentials:match("^([^:]*):?(.*)$")
  end
  return {
    base = scheme .. "://" .. place .. path:gsub("/+$", ""),
    scheme = scheme,
    host = host:gsub("^%[(.*)%]$", "%1"):lower(),
    port = port ~= "" and tonumber(port) or scheme == "https" and 443 or 80,
    user = user and decoded(user),
    password = password and decoded(password),
  }
end

--- A number as the APIs read it: integral values as plain digits whatever their size, others with at most nine
--- decimals.
---@param n number
---@return string
function M.num(n)
  if math.type(n) == "integer" then return ("%d"):format(n) end
  if n ~= n or n == math.huge or n == -math.huge then return tostring(n) end
  local text = ("%.9f"):format(n):gsub("%.?0+$", "", 1)
  if n == math.floor(n) then text = ("%.0f"):format(n) end
  return text == "-0" and "0" or text
end

local function text_of(value)
  if math.type(value) then return M.num(value) end
  if type(value) == "string" then return value end
  error(("a path segment must be a string (got %s)"):format(type(value)), 0)
end

local function checked(value)
  local text = text_of(value)
  if text == "" then error("a path segment must not be empty", 0) end
  -- Whoever normalises the URL on the way would take these away, and with them the name.
  if text == "." or text == ".." then error(("invalid path segment '%s'"):format(text), 0) end
  return text
end

--- One path segment: what RFC 3986 allows in one (`pchar`) stays, everything else is percent-encoded.
---@param value string|number
---@return string
function M.seg(value)
  return (checked(value):gsub("[^%w%-._~!$&'()*+,;=:@]", percent))
end

--- One path segment or query part in which only unreserved characters stay.
---@param value string|number
---@return string
function M.strict(value)
  return (checked(value):gsub("[^%w%-._~]", percent))
end

--- A slash-separated path, encoded segment by segment. Slashes at its ends are dropped.
---@param path string
---@return string
function M.segs(path)
  local out = {}
  for part in (text_of(path):gsub("^/+", ""):gsub("/+$", "") .. "/"):gmatch("([^/]*)/") do
    out[#out + 1] = M.seg(part)
  end
  return table.concat(out, "/")
end

local function encode(value)
  if type(value) == "boolean" then return tostring(value) end
  return (text_of(value):gsub("[^%w%-._~]", percent))
end

--- A query string from `{ {name, value}, … }`, in that order: nil is left out, a list repeats the parameter.
---@param list { [1]: string, [2]: string|number|boolean|(string|number|boolean)[]|nil }[]?
---@return string query `?name=value&…`, or "" without parameters
function M.query(list)
  local out = {}
  for _, pair in ipairs(list or {}) do
    local name, value = encode(pair[1]), pair[2]
    if type(value) == "table" then
      for _, one in ipairs(value) do out[#out + 1] = name .. "=" .. encode(one) end
    elseif value ~= nil then
      out[#out + 1] = name .. "=" .. encode(value)
    end
  end
  return #out == 0 and "" or "?" .. table.concat(out, "&")
end

return M
