-- tries: to break pattern matching by depth, captures and malformed patterns
-- expects: ok
-- options: --timeout 60s
local function raises(message, f, ...)
  local ok, got = pcall(f, ...)
  assert(not ok and got:find(message, 1, true), tostring(got))
end
raises("pattern too complex", string.find, ("a"):rep(2000), ("a?"):rep(2000) .. "b")
raises("too many captures", string.find, "x", ("()"):rep(33))
raises("invalid capture index %1", string.find, "x", "%1")
raises("malformed pattern", string.find, "x", "[a")
raises("malformed pattern", string.find, "x", "%")
raises("missing '[' after '%f'", string.find, "x", "%f")
raises("unfinished capture", string.find, "x", "(x")
raises("invalid use of '%' in replacement string", string.gsub, "x", "x", "%")
raises("invalid conversion '%y' to 'format'", string.format, "%y", 1)
raises("invalid conversion", string.format, "%100d", 1)
raises("invalid conversion", string.format, "%.100d", 1)
raises("invalid conversion", string.format, "%", 1)
raises("no integer representation", string.format, "%d", 1.5)
assert(#string.format("%99.99f", 1e308) == 409)
assert(#string.format("%99s", ("x"):rep(10)) == 99)
raises("contains zeros", string.format, "%10s", "a\0b")
raises("out of limits", string.pack, "i17", 1)
raises("too short", string.unpack, "s4", "\xff\xff\xff\x7f")
raises("unfinished string", string.unpack, "z", "abc")
raises("value out of range", utf8.char, -1)
raises("invalid UTF-8", utf8.codepoint, "\xff")
assert(select(2, utf8.len("\xf4\x90\x80\x80")) == 1)
for _, pattern in ipairs({ ("[" ):rep(1e5), ("%b()"):rep(1e4), ("(.-)"):rep(32), ("%f[a]"):rep(1e4), ("x*"):rep(1e5) }) do
  pcall(string.find, ("x"):rep(100), pattern, 1)
end
