-- Manual §3.3.8: to-be-closed variables, however their block is left.
local log
local function c(name) return setmetatable({}, { __close = function(_, e) log[#log + 1] = name .. (e and ":" .. tostring(e) or "") end }) end
local function run(f) log = {} local r = table.pack(pcall(f)) return table.concat(log, " "), table.unpack(r, 2, r.n) end
assert(run(function() local a <close> = c "a" local b <close> = c "b" end) == "b a")
assert(run(function() do local a <close> = c "a" end log[#log + 1] = "after" end) == "a after")
local order, value = run(function() local a <close> = c "a" return (function() log[#log + 1] = "r" return 5 end)() end)
assert(order == "r a" and value == 5)
assert(run(function() for i = 1, 2 do local a <close> = c(i) if i == 2 then break end end end) == "1 2")
assert(run(function() local a <close> = c "a" error("e", 0) end) == "a:e")
assert(run(function() for i = 1, 2 do local a <close> = c(i) goto next ::next:: end end) == "1 2")
----
-- nil and false are allowed; an error while closing replaces the one before.
local x <close> = nil
local y <close> = false
local ok, e = pcall(function()
  local a <close> = setmetatable({}, { __close = function(_, e) error("second after " .. e, 0) end })
  error("first", 0)
end)
assert(not ok and e == "second after first")
----
local x <close> = 42 --! variable 'x' got a non-closable value
----
-- The fourth value of a generic for is closed when the loop ends.
local closed = 0
local function iterate(n)
  local guard = setmetatable({}, { __close = function() closed = closed + 1 end })
  return function(_, i) if i < n then return i + 1 end end, nil, 0, guard
end
for i in iterate(3) do end
for i in iterate(3) do break end
pcall(function() for i in iterate(3) do error("x") end end)
assert(closed == 3)
----
-- A coroutine that dies of an error keeps its variables until it is closed; wrap closes it at once. Manual §6.2.
local log = {}
local function closing(name, raises)
  return setmetatable({}, { __close = function(_, e)
    log[#log + 1] = name .. ":" .. tostring(e)
    if raises then error(raises, 0) end
  end })
end
local function body()
  local a <close> = closing("a")
  local b <close> = closing("b", "second")
  pcall(function()
    local c <close> = closing("c")
    error("inside", 0)
  end)
  error("first", 0)
end
local co = coroutine.create(body)
local ok, e = coroutine.resume(co)
assert(not ok and e == "first" and table.concat(log, " ") == "c:inside" and coroutine.status(co) == "dead")
ok, e = coroutine.close(co)
assert(not ok and e == "second" and table.concat(log, " ") == "c:inside b:first a:second")
assert(coroutine.close(co) == true)
log = {}
ok, e = pcall(coroutine.wrap(body))
assert(not ok and e == "second" and table.concat(log, " ") == "c:inside b:first a:second")
