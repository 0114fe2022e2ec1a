-- tries: to break at whatever allocation fails: with hardly any memory, everything is tried (M22)
-- expects: ok
-- options: --memory-limit 2MB --timeout 60s
local WORK = {
  function(n) return #("x"):rep(n * 100) end, function(n) local t = {} for i = 1, n do t[i] = { i } end return #t end,
  function(n) local t = {} for i = 1, n do t[i] = i end return #json.encode(t) end, function(n) return #json.parse("[" .. ("1,"):rep(n) .. "1]") end,
  function(n) return #yaml.parse(("- 1\n"):rep(n)) end, function(n) return #template.render_string("{% for i in range(" .. n .. ") %}{{ i }}{% endfor %}") end,
  function(n) return #regex.find_all("a", ("a"):rep(n)) end, function(n) return #base64.encode(("x"):rep(n * 50)) end,
  function(n) local co = {} for i = 1, n // 10 do co[i] = coroutine.create(function() coroutine.yield() end) assert(coroutine.resume(co[i])) end return #co end,
  function(n) local hs = {} for i = 1, n // 100 do hs[i] = async.spawn(function() sleep(0) end) end async.all(hs) return #hs end,
  function(n) local t = {} for i = 1, n do t[i] = math.random() end table.sort(t) return #t end,
  function(n) return #("a,b"):rep(n):gsub(",", "--") end, function(n) return #toml.encode({ a = ("x"):rep(n) }) end,
  function(n) return load("return {" .. ("1,"):rep(n) .. "}")()[1] end, function(n) return #crypto.hash(("x"):rep(n * 50)) end,
}
for i, work in ipairs(WORK) do
  local failed = 0
  local n = 10
  while failed < 1 and n < 1e7 do
    local ok, message = pcall(work, n)
    if not ok then
      failed = failed + 1
      assert(type(message) == "string" and (message:find("not enough memory") or message:find("too ") or message:find("overflow") or message:find("limit")), i .. ": " .. tostring(message))
    end
    n = n * 5
    collectgarbage()
  end
  assert(pcall(work, 10), i)
end
