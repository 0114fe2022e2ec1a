-- tries: to change what load, _ENV and upvalues give to other code
-- expects: ok
local env = setmetatable({}, { __index = function(_, k) return nil end })
local f = load("return _ENV, print, string", "x", "t", env)
local e, p, s = f()
assert(e == env and p == nil and s == nil)
assert(not pcall(load("x.y = 1", "x", "t", env)))
local g = load("local _ENV <const> = ... return http", "x", "t", {})
assert(g({}) == nil)
assert(load("return ...", "=(load)", "t", nil)(5) == 5)
assert(not pcall(load("return os.getenv('PATH')", "x", "t", nil)))
