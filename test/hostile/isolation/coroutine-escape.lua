-- tries: to confuse tasks by resuming, closing and yielding across everything
-- expects: ok
local function across(name, f)
  local co = coroutine.create(f)
  for _ = 1, 50 do
    if coroutine.status(co) == "dead" then break end
    coroutine.resume(co, 1)
  end
  coroutine.close(co)
end
local y = coroutine.yield
across("sort", function() table.sort({ 3, 2, 1, 5, 4 }, function(a, b) y() return a < b end) end)
across("gsub", function() ("abc"):gsub(".", function(c) y() return c end) end)
across("load", function() load(function() y() return nil end) end)
across("tostring", function() tostring(setmetatable({}, { __tostring = function() y() return "x" end })) end)
across("regex", function() regex.replace(".", "abc", function() y() return "" end) end)
across("template", function() template.render_string("{{ f() }}", { f = function() y() return 1 end }) end)
across("json", function() json.encode(setmetatable({}, { __pairs = function(t) y() return next, t end })) end)
across("async", function() async.spawn(function() pcall(y) end) end)
across("map", function() async.map({ 1, 2 }, function() y() end) end)
across("transaction", function()
  local c <close> = db.connect("sqlite::memory:")
  db.transaction(c, function() y() c:query("select 1") y() end)
end)
across("close", function() local _ <close> = setmetatable({}, { __close = function() y() end }) y() end)
across("metamethods", function() return setmetatable({}, { __add = function() y() end }) + 1 end)
across("require", function() package.preload.x = function() y() return 1 end require("x") end)
local main = coroutine.running()
assert(not coroutine.resume(main) and not pcall(coroutine.close, main))
local self
self = coroutine.wrap(function() self() end)
assert(not pcall(self))
async.spawn(function() assert(not coroutine.resume(main)) end):await()
