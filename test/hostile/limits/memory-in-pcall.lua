-- tries: to go on for ever at the memory limit, catching each error (M21)
-- peak: 340
-- expects: stop
-- options: --timeout 4s
local keep = {}
while true do
  pcall(function() for i = 1, math.huge do keep[#keep + 1] = ("x"):rep(1e5) .. i end end)
  if math.random(10) == 1 then keep = {} end
end
