-- tries: from a check, to change the methods of strings under the embedded modules
-- expects: ok
-- mode: check
assert(getmetatable("") == "string" and not pcall(setmetatable, "", {}))
string.upper = function() return "changed" end
string.shout = function(s) return s .. "!" end
assert(("a"):upper() == "A" and string.upper("a") == "changed" and ("a"):shout() == "a!")
for name in next, string do string[name] = nil end
assert(("a"):rep(3) == "aaa" and ("%d"):format(7) == "7" and #("x"):rep(2) == 2)
assert(require("assay.k8s"))
