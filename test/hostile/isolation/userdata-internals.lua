-- tries: to look into handles: their fields, metatables, order and length
-- expects: ok
local conn <close> = db.connect("sqlite::memory:")
local handle = async.spawn(function() end)
local channel = async.channel(1)
for _, one in ipairs({ conn, handle, channel, json.null, db.null }) do
  for _, key in ipairs({ "constructor", "__proto__", "data", "kind", "socket", "vm", "session", "pool", "task", "host" }) do
    local ok, value = pcall(function() return one[key] end)
    assert(not ok or value == nil or type(value) == "function", tostring(one) .. "." .. key)
  end
  assert(not pcall(function() one.x = 1 end), "assignment")
  assert(not pcall(function() return one + 1 end), "operators")
  assert(not pcall(next, one) and not pcall(function() for _ in pairs(one) do end end) and not pcall(rawset, one, 1, 1) and not pcall(rawget, one, 1), "raw")
  assert(not pcall(setmetatable, one, {}), "setmetatable")
  assert(not tostring(one):find("object") and not tostring(one):find("[{}]"), tostring(one))
  local metatable = getmetatable(one)
  if type(metatable) == "table" then
    -- What it changes for its own machine is no way out; methods check what they get.
    for name, method in next, metatable.__index or {} do
      if type(method) == "function" then assert(not pcall(method, {}), name) assert(not pcall(method, conn == one and handle or conn), name) end
    end
  end
end
