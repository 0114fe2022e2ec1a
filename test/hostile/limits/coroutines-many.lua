-- tries: to keep 100 000 suspended coroutines (M14)
-- expects: ok
-- options: --timeout 60s
-- A hundred thousand need more than 64 MB.
local kept = {}
local ok, message = pcall(function()
  for i = 1, 1e5 do
    kept[i] = coroutine.create(function(a) local b = a coroutine.yield(b) return b end)
    assert(coroutine.resume(kept[i], i))
  end
end)
assert(ok or message:find("not enough memory"), message)
local last = #kept
kept = { kept[1], kept[last // 2], kept[last - 1] }
collectgarbage()
for _, co in ipairs(kept) do assert(coroutine.resume(co)) end
