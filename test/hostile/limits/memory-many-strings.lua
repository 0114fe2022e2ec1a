-- tries: to use up memory by very many strings, large and small (M03)
-- expects: ok
-- options: --timeout 60s
local function no_memory(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and tostring(message):find("not enough memory"), message)
end
no_memory(function() local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end end)
no_memory(function() local t = {} for i = 1, 1e9 do t[i] = i .. "" .. i end end)
