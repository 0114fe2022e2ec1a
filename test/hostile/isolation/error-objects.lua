-- tries: to catch a JavaScript error instead of a Lua value, by stack overflows, huge numbers and odd arguments
-- expects: ok
local function deep() return 1 + deep() end
local meta = setmetatable({}, { __index = function(t, k) return t[k] end })
local ATTEMPTS = {
  deep,
  function() return meta.x end,
  function() return ("x"):rep(-1):rep(1 << 62) .. ("x"):rep(1 << 62) end,
  function() return table.unpack({}, 1, 1e8) end,
  function() return table.concat({ {} }) end,
  function() return string.char(256) end,
  function() return json.encode({ f = print }) end,
  function() return json.parse("{") end,
  function() return yaml.parse("a: [") end,
  function() return toml.parse("=") end,
  function() return regex.match("(", "x") end,
  function() return template.render_string("{{") end,
  function() return base64.decode("=") end,
  function() return crypto.hash("x", "none") end,
  function() return crypto.jwt_sign({}, "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----") end,
  function() return fs.read("/nonexistent") end,
  function() return http.get("http://127.0.0.1:1/") end,
  function() return db.connect("sqlite::memory:"):query("select") end,
  function() return ws.connect("ws://127.0.0.1:1/") end,
  function() return load("x = = 1")() end,
  function() return nil .. {} end,
  function() return (1 < {}) end,
  function() return coroutine.resume(coroutine.running()), error(nil) end,
  function() return string.format("%d", 1.5) end,
  function() return math.tointeger({}), ("x").y.z end,
}
for i, attempt in ipairs(ATTEMPTS) do
  local ok, message = pcall(attempt)
  local kind = type(message)
  assert(not ok and (kind == "string" or kind == "nil"), ("%d: %s %s"):format(i, ok, kind))
  if kind == "string" then
    assert(not message:find("TypeError") and not message:find("RangeError") and not message:find("%.ts:"), message)
    assert(not message:find("undefined") and not message:find("object Object"), message)
  end
  xpcall(attempt, function(m) assert(getmetatable(m) == nil or type(m) == "string") end)
end
