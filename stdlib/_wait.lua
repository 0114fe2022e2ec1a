--- Waiting until something is so: one loop for all `wait_*` functions. Internal: `assay._http` hands these out.
local errors = require("assay._error")
local times = require("assay._time")
local url = require("assay._url")

local M = {}

--- When the wait that a coroutine is in must be over, so that its requests do not outlast it.
local ends = setmetatable({}, { __mode = "k" })

--- Seconds that a request may take at most because of the wait it belongs to; nil outside of waits.
---@return number?
function M.left()
  local at = ends[coroutine.running()]
  -- Even a wait without any time left checks once.
  return at and math.max(at - times.clock.now(), 1)
end

--- Seconds that a server has asked to be left alone, by the coroutine whose wait it was about.
local asked = setmetatable({}, { __mode = "k" })

--- Notes that a server wants no request for some seconds; a wait that is under way keeps to it.
---@param seconds number?
function M.postpone(seconds)
  local thread = coroutine.running()
  if seconds and ends[thread] then asked[thread] = seconds end
end

--- Sorts out the last arguments of a wait function, where the time-out may be left out.
---@param fn string the full name of the function, for messages
---@param timeout number|table|nil seconds, or already the options
---@param opts table? `interval` in seconds
---@param default number seconds
---@param interval number seconds
---@return number timeout, number interval, table opts
function M.arguments(fn, timeout, opts, default, interval)
  if type(timeout) == "table" and opts == nil then
    timeout, opts = nil, timeout
  end
  opts = opts or {}
  if type(opts) ~= "table" then error(("%s: options must be a table (got a %s)"):format(fn, type(opts)), 0) end
  timeout = timeout == nil and default or timeout
  interval = opts.interval == nil and interval or opts.interval
  if not math.type(timeout) or not (timeout >= 0) then error(fn .. ": timeout must be a number of seconds", 0) end
  if not math.type(interval) or not (interval > 0) then error(fn .. ": interval must be a number of seconds above 0", 0) end
  return timeout, interval, opts
end

---@class assay._wait.plan
---@field timeout number seconds
---@field interval number seconds
---@field check fun(): any, string? a true value ends the wait; else the second result says what was seen
---@field message string|fun(): string what is raised when the time is over, without the last state

--- Checks until it holds; returns the check's first result. Errors that may pass count as "not yet", others are raised.
---@param plan assay._wait.plan
---@return any
function M.poll(plan)
  local clock = times.clock
  local thread = coroutine.running()
  local outer = ends[thread]
  local finish = clock.now() + plan.timeout
  if outer and outer < finish then finish = outer end
  while true do
    ends[thread], asked[thread] = finish, nil
    local ok, result, seen = pcall(plan.check)
    local pause = math.max(plan.interval, asked[thread] or 0)
    ends[thread], asked[thread] = outer, nil
    if ok and result then return result end
    if not ok then
      if not errors.passing(result) then error(result, 0) end
      seen = result
    end
    local left = finish - clock.now()
    if left <= 0 then
      local text = type(plan.message) == "function" and plan.message() or plan.message
      if seen ~= nil and seen ~= "" then text = ("%s (last: %s)"):format(text, seen) end
      error(text, 0)
    end
    clock.sleep(math.min(pause, left))
  end
end

--- Seconds as messages write them.
---@param seconds number
---@return string
function M.seconds(seconds)
  return url.num(seconds) .. "s"
end

return M
