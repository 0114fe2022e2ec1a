-- tries: to run for ever or use up memory in regular expressions (T10, T11)
-- expects: ok
-- options: --timeout 60s
local function bounded(f, ...)
  local ok, message = pcall(f, ...)
  assert(ok or type(message) == "string", tostring(message))
  return ok, message
end
assert(regex.match("^(?:a|b)+$", ("a"):rep(300000)))
for _, pattern in ipairs({ "a{1000}{1000}{1000}", "(a{1000}){1000}", "((a{100}){100}){100}", "a{1001}", "(?=a)", "(?<=a)b", "(a)\\1", "(?P<", "[", "(", "*", "a**", "\\",
  "(?i)(?x)", "[[:foo:]]", "\\p{Foo}", "(" .. ("("):rep(1e5), ("a"):rep(1e6) .. "*", ("(a?)"):rep(1e4), ("(?:"):rep(5000) .. "a" .. (")"):rep(5000), "[" .. ("a-z"):rep(1e5) .. "]" }) do
  bounded(regex.match, pattern, ("a"):rep(100))
end
bounded(regex.match, "(a+)+$", ("a"):rep(1e5) .. "b")
bounded(regex.match, "(a|aa)+$", ("a"):rep(1e5) .. "b")
bounded(regex.match, "(.*)*(.*)*(.*)*b", ("a"):rep(1e4))
bounded(regex.match, ("a?"):rep(50) .. ("a"):rep(50), ("a"):rep(50))
bounded(regex.find_all, "", ("x"):rep(1e6))
bounded(regex.find_all, ".", ("x"):rep(1e6))
bounded(regex.replace, "", ("x"):rep(1e6), ("y"):rep(1e4))
bounded(regex.replace, "(x)", ("x"):rep(1e5), ("$1"):rep(1000))
bounded(regex.split, "", ("x"):rep(1e6))
assert(regex.match("a", "a"))
