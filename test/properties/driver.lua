-- Runs the cases of a property test, in any implementation of Lua: `return run` where run(source) is the text of all
-- that the case printed, returned or raised. Both sides load this file, so that only the language can differ.

local MAX_STEPS <const> = 2000
local MAX_LINES <const> = 300
local MAX_TEXT <const> = 200

local format, concat, byte = string.format, table.concat, string.byte
local mathtype, tointeger = math.type, math.tointeger

-- A value in a form that tells types apart and has no addresses in it.
local function show(v)
  local kind = type(v)
  if kind == "string" then return '"' .. v .. '"' end
  if kind == "number" then
    if mathtype(v) == "integer" then return format("%d", v) end
    if v ~= v then return "nan" end
    return v == tointeger(v) and format("%.1f", v) or format("%.17g", v)
  end
  if kind == "nil" or kind == "boolean" then return tostring(v) end
  return kind
end

-- tostring for cases: no addresses.
local function str(v)
  local kind = type(v)
  if kind == "table" then
    local mt = getmetatable(v)
    if type(mt) == "table" and mt.__tostring then return tostring(v) end
    return kind
  end
  if kind == "function" or kind == "thread" or kind == "userdata" then return kind end
  return tostring(v)
end

-- Its argument, or an empty table instead of one whose length is open: with holes there are several borders.
local function dense(v)
  if type(v) ~= "table" then return v end
  local count, last = 0, 0
  for k in next, v do
    if mathtype(k) == "integer" and k > 0 then
      count = count + 1
      if k > last then last = k end
    end
  end
  return count == last and v or {}
end

local function copy(t)
  local new = {}
  for k, v in pairs(t) do new[k] = v end
  return new
end

local libraries <const> = { "string", "table", "math", "utf8", "coroutine" }

return function(source)
  local lines, steps = {}, 0
  local function write(text)
    if #lines < MAX_LINES then lines[#lines + 1] = text end
  end
  local function print_values(...)
    local parts = {}
    for i = 1, select("#", ...) do parts[i] = show((select(i, ...))) end
    write(concat(parts, " "))
  end
  local env = copy(_G)
  for _, name in ipairs(libraries) do env[name] = copy(_G[name]) end
  env._G = env
  env.arg = nil -- only one side has it
  env.out = print_values
  env.print = print_values
  env.str = str
  env.id = function(...) return ... end
  env.dense = dense
  env.cut = function(v) return type(v) == "string" and v:sub(1, MAX_TEXT) or v end
  -- Bounds what a case does, with the same step count everywhere.
  env.tick = function()
    steps = steps + 1
    if steps > MAX_STEPS then error("out of steps", 0) end
  end
  local chunk, message = load(source, "=case", "t", env)
  if not chunk then return "does not compile: " .. message end
  local function finish(ok, ...)
    write(ok and "returned" or "raised")
    print_values(...)
  end
  finish(pcall(chunk, 3, "arg", 2.5))
  return concat(lines, "\n")
end
