-- tries: to use up memory by tables, keys and varargs (M05)
-- expects: ok
-- options: --timeout 60s
local function no_memory(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and (tostring(message):find("not enough memory") or tostring(message):find("too many") or tostring(message):find("overflow")), message)
end
no_memory(function() local t = {} for i = 1, math.huge do t[i] = i end end)
no_memory(function() local t = {} for i = 1, math.huge do t["k" .. i] = i end end)
no_memory(function() local t = {} for i = 1, math.huge do t = { t } end end)
assert(select(2, pcall(table.move, { 1, 2, 3 }, 1, math.maxinteger, 2)):find("destination wrap around"))
assert(select(2, pcall(table.concat, {}, "x", 1, math.maxinteger)):find("invalid value %(nil%) at index 1"))
assert(#table.pack(1, 2, 3) == 3)
