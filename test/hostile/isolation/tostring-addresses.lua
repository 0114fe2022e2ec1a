-- tries: to learn addresses or source code by tostring of functions, tables and handles
-- expects: ok
for _, one in ipairs({ print, http.get, function() return "secret source" end, {}, coroutine.create(print), async.channel(1) }) do
  for _, text in ipairs({ tostring(one), ("%p"):format(one), ("%s"):format(one) }) do
    assert(#text < 60 and not text:find("return") and not text:find("=>") and not text:find("native code"), text)
  end
end
assert(tostring(print) == tostring(print) and tostring({}) ~= tostring({}))
