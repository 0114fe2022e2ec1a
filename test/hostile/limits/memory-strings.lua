-- tries: to use up memory by the functions of strings (M01, M02, M04, M11)
-- expects: ok
-- options: --timeout 60s
local function no_memory(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and tostring(message):find("not enough memory"), message)
end
no_memory(function() return ("x"):rep(1 << 40) end)
no_memory(function() local s = "x" while true do s = s .. s end end)
no_memory(function() return ("x"):rep(1e6):gsub("", ("y"):rep(1e6)) end)
no_memory(function() return ("x"):rep(1e6, ("y"):rep(1e6)) end)
no_memory(function() local s = ("x"):rep(1e6) local t = {} for i = 1, 1000 do t[i] = s end return table.concat(t) end)
assert(select(2, pcall(string.rep, "x", math.maxinteger, "yy")):find("resulting string too large"))
assert(select(2, pcall(string.byte, ("x"):rep(2e7), 1, -1)):find("string slice too long"))
assert(select(2, pcall(table.unpack, {}, 1, 1e8)):find("too many results to unpack"))
assert(select(2, pcall(string.char, table.unpack({}, 1, 200))):find("number expected"))
assert(#("x"):rep(1e6) == 1e6)
