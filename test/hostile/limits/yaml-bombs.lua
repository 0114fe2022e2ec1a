-- tries: to expand aliases, merges and anchors without end
-- expects: ok
-- options: --timeout 30s
local lines = { "a: &a [x, x, x, x, x, x, x, x, x, x]" }
for i = 1, 9 do
  local name, last = string.char(97 + i), string.char(96 + i)
  lines[#lines + 1] = ("%s: &%s [%s]"):format(name, name, ("*" .. last .. ", "):rep(10):sub(1, -3))
end
local function refused(text)
  local ok, result = pcall(yaml.parse, text)
  assert(not ok and type(result) == "string", "accepted")
end
refused(table.concat(lines, "\n"))
local merges = { "m0: &m0 {a: 1}" }
for i = 1, 4000 do merges[#merges + 1] = ("m%d: &m%d {<<: [*m%d, *m%d], k%d: 1}"):format(i, i, i - 1, math.max(0, i - 2), i) end
pcall(yaml.parse, table.concat(merges, "\n"))
refused("a: &a [*a]")
refused("&a {b: *a}")
refused("a: &a {<<: *a}")
pcall(yaml.parse, "? &a [1]\n: *a")
pcall(yaml.parse, "&a ? *a : *a")
pcall(yaml.parse, ("&a "):rep(1e5) .. "x")
pcall(yaml.parse, ("!"):rep(1e5) .. " x")
pcall(yaml.parse, ("a: |" .. ("9"):rep(1e4) .. "\n x"))
pcall(yaml.parse, ("- &a%d x\n"):rep(1e5))
pcall(yaml.parse, ("%TAG ! x\n"):rep(1e5) .. "--- x")
pcall(yaml.parse_all, ("---\n"):rep(1e6))
pcall(yaml.parse, ("a: b\n"):rep(1e5))
pcall(yaml.parse, "\"" .. ("\\x41"):rep(1e6) .. "\"")
pcall(yaml.parse, (" "):rep(1e6) .. "\t- x")
pcall(yaml.parse, "!!js/function 'function(){}'")
assert(yaml.parse("a: 1").a == 1)
