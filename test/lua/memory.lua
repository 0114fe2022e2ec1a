-- Manual §2.5: weak tables, ephemerons, finalizers.
local weak = setmetatable({}, { __mode = "v" })
weak[1] = {}
weak[2] = "strings stay"
local kept = {}
weak[3] = kept
collectgarbage()
assert(weak[1] == nil and weak[2] == "strings stay" and weak[3] == kept)
----
local keys = setmetatable({}, { __mode = "k" })
do
  local k = {}
  keys[k] = { k }
end
collectgarbage()
assert(next(keys) == nil)
----
-- Finalizers run in the reverse order of marking, and may bring the object back for once.
local order = {}
local back
for i = 1, 3 do
  setmetatable({ i }, { __gc = function(o) order[#order + 1] = o[1] back = o end })
end
collectgarbage()
assert(table.concat(order) == "321" and back[1] == 1)
collectgarbage()
assert(#order == 3)
----
-- collectgarbage tells what is in use.
local before = collectgarbage("count")
local big = ("x"):rep(1000000)
assert(collectgarbage("count") - before > 900)
big = nil
collectgarbage()
assert(collectgarbage("count") - before < 100 and collectgarbage("isrunning") == true)
