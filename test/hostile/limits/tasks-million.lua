-- tries: to start a million tasks that wait (M21)
-- expects: error done
local ok, message = pcall(function()
  for _ = 1, 1e6 do async.spawn(function() sleep(1000) end) end
end)
assert(not ok and (message:find("too many") or message:find("not enough memory")), message)
error("done")
