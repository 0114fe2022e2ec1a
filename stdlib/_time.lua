--- Times as the APIs write them, and the clock that waiting goes by. Internal: `assay._http` hands these out.
--- Source: RFC 3339; RFC 9110 §5.6.7 for dates in headers.
local M = {}

--- Where time comes from. Tests put a virtual clock here.
M.clock = {
  --- Seconds on a clock that never goes back.
  now = monotonic or time,
  --- Seconds since 1970-01-01 UTC.
  time = time,
  sleep = sleep,
}

--- Days from 1970-01-01 to a date of the Gregorian calendar. The year begins in March here: then the leap day is its last.
local function days_of(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = year // 400
  local of_era = year - era * 400
  local of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local function date_of(days)
  days = days + 719468
  local era = days // 146097
  local rest = days - era * 146097
  local year = (rest - rest // 1460 + rest // 36524 - rest // 146096) // 365
  local of_year = rest - (365 * year + year // 4 - year // 100)
  local shifted = (5 * of_year + 2) // 153
  local month = shifted < 10 and shifted + 3 or shifted - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, of_year - (153 * shifted + 2) // 5 + 1
end

--- Unix seconds as RFC 3339 text in UTC, with milliseconds unless they are zero.
---@param seconds number
---@return string
function M.rfc3339(seconds)
  local ms = math.floor(seconds * 1000 + 0.5)
  local whole = ms // 1000
  local year, month, day = date_of(whole // 86400)
  local rest = whole % 86400
  local text = ("%04d-%02d-%02dT%02d:%02d:%02d"):format(year, month, day, rest // 3600, rest % 3600 // 60, rest % 60)
  return ms % 1000 == 0 and text .. "Z" or ("%s.%03dZ"):format(text, ms % 1000)
end

local DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

--- RFC 3339 text as Unix seconds (a float); nil when it is none.
---@param text any
---@return number?
function M.parse_time(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, rest =
    text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(.*)$")
  if not year then return nil end
  local fraction, zone = rest:match("^(%.%d+)(.*)$")
  zone = zone or rest
  local offset = 0
  if zone ~= "Z" and zone ~= "z" then
    local sign, hours, minutes = zone:match("^([+-])(%d%d):(%d%d)$")
    if not sign then return nil end
    offset = (hours * 3600 + minutes * 60) * (sign == "-" and -1 or 1)
  end
  month, day = tonumber(month), tonumber(day)
  if month < 1 or month > 12 or day < 1 or day > DAYS[month] then return nil end
  if tonumber(hour) > 23 or tonumber(minute) > 59 or tonumber(second) > 60 then return nil end
  local days = days_of(tonumber(year), month, day)
  return days * 86400 + hour * 3600 + minute * 60 + second - offset + (fraction and tonumber("0" .. fraction) or 0.0)
end

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

--- Seconds that a Retry-After header asks for; nil when it makes no sense.
---@param text string?
---@return number?
function M.retry_after(text)
  if not text then return nil end
  if text:find("^%s*%d+%s*$") then return tonumber(text) end
  local day, month, year, hour, minute, second = text:match("^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$")
  if not day or not MONTHS[month] then return nil end
  local at = days_of(tonumber(year), MONTHS[month], tonumber(day)) * 86400 + hour * 3600 + minute * 60 + second
  return math.max(0, at - M.clock.time())
end

return M
