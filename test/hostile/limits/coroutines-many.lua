-- tries: to keep 100 000 suspended coroutines
-- expects: ok
local kept = {}
local ok, message = pcall(function()
  for i = 1, 1e5 do
    kept[i] = coroutine.create(function(a) local b = a coroutine.yield(b) return b end)
    coroutine.resume(kept[i], i)
  end
end)
assert(ok or message:find("not enough memory"), message)
for i, co in ipairs(kept) do if i % 1000 == 0 then local _, v = coroutine.resume(co) assert(v == i) end end
