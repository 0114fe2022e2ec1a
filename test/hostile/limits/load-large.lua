-- tries: to fill memory by compiling chunks that are small as texts and large as programs
-- expects: ok
-- options: --timeout 60s
local function bounded(text)
  local ok, message = pcall(load, text)
  assert(ok or tostring(message):find("not enough memory"), message)
  return ok
end
assert(bounded("return {" .. ("1,"):rep(1e5) .. "}"))
assert(not bounded("return {" .. ("1,"):rep(1e6) .. "}"))
assert(not bounded("do " .. ("x = y.z + 1 "):rep(3e5) .. " end"))
assert(bounded("--" .. ("x"):rep(1e7)))
assert(bounded("return '" .. ("x"):rep(1e7) .. "'"))
assert(load("return 1 + 1")() == 2)
