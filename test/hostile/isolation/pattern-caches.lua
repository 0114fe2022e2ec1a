-- tries: to confuse caches of patterns and templates by keys that look alike
-- expects: ok
for _, key in ipairs({ "__proto__", "constructor", "toString", "a\0b", "a", "\0", "" }) do
  assert(regex.match(key == "" and "^$" or regex and key:gsub("%z", "\\x00"), key) ~= nil, key)
  assert(select(2, pcall(string.find, key, key, 1, true)))
  local text = key:gsub("%z", "0")
  assert(template.render_string(text) == text)
end
assert(template.render_string("a{{ x }}", { x = 1 }) == "a1")
assert(template.render_string("a{{ x }}", { x = 2 }) == "a2")
assert(template.render_string("a\n{{ x }}\n", {}, { trim_blocks = true }) ~= nil)
for i = 1, 3000 do
  regex.match("a" .. i, "a" .. i)
  if i % 10 == 0 then template.render_string(("x"):rep(i)) end
end
assert(regex.match("a1", "a1") and not regex.match("a2", "a1"))
