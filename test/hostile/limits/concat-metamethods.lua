-- tries: to keep table.concat, sort, unpack and others busy by metamethods that say there is no end (M07, M08)
-- expects: ok
-- options: --timeout 30s
local endless = setmetatable({}, { __index = function() return "x" end, __len = function() return math.maxinteger end })
local function bounded(f, ...)
  local co = async.spawn(function(...) return pcall(f, ...) end, ...)
  local ok, message = pcall(async.timeout, 2, function() return co:await() end)
  co:cancel()
end
bounded(table.concat, endless)
bounded(table.unpack, endless)
bounded(table.sort, endless)
bounded(table.insert, endless, 1, 1)
bounded(table.remove, endless, 1)
bounded(json.encode, endless)
assert(1 + 1 == 2)
