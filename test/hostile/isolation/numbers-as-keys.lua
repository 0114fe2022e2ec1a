-- tries: to reach elements by keys that JavaScript takes for the same
-- expects: ok
local t = { 10, 20, 30 }
assert(t["1"] == nil and t["0"] == nil and t[-1] == nil and t[1.5] == nil and t["length"] == nil and t[2 ^ 53] == nil)
t["1"], t[1.0], t[-0.0] = "text", "one", "zero"
assert(t[1] == "one" and t["1"] == "text" and t[0] == "zero" and #t == 3)
assert(not pcall(function() t[0 / 0] = 1 end) and not pcall(function() t[nil] = 1 end))
t[math.maxinteger], t[math.mininteger], t[2 ^ 63], t[1 << 53] = 1, 2, 3, 4
assert(t[math.maxinteger] == 1 and t[math.mininteger] == 2 and t[2.0 ^ 63] == 3 and t[2 ^ 53] == 4 and t["9007199254740992"] == nil)
local u = { [true] = 1, [false] = 2, ["true"] = 3 }
assert(u[true] == 1 and u[false] == 2 and u["true"] == 3 and u["false"] == nil)
