-- tries: to reach JavaScript's prototypes by the keys of tables and strings (V14)
-- expects: ok
local KEYS = { "__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__",
  "__lookupGetter__", "isPrototypeOf", "length", "call", "apply", "bind", "caller", "arguments", "then", "toJSON" }
for _, key in ipairs(KEYS) do
  local t = {}
  assert(t[key] == nil and ({ 1, 2 })[key] == nil and ("x")[key] == nil, key)
  t[key] = 1
  assert(t[key] == 1 and next(t) == key and ({})[key] == nil, key)
  t[key] = nil
  assert(next(t) == nil, key)
  assert(string[key] == nil and http[key] == nil and _G[key] == nil and package.loaded[key] == nil, key)
end
-- Shapes are shared between tables: what one of them gets, the others do not.
local a, b = { x = 1 }, { x = 1 }
a.__proto__ = { y = 2 }
assert(b.__proto__ == nil and a.y == nil and b.y == nil)
