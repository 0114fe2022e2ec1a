-- tries: to change the methods of strings for the libraries' own code
-- expects: ok
local strings = getmetatable("")
strings.__index = function(s, key) return function() return "broken " .. key end end
strings.__add = function() return "added" end
strings.__eq = function() return true end
strings.__lt = function() return true end
strings.__len = function() return 7 end
string.rep, string.format, string.sub, string.byte = nil, nil, nil, nil
for name in next, string do string[name] = function() error("replaced") end end
table.insert, table.concat, table.sort = error, error, error
tostring, tonumber, type, pairs, ipairs, next_, select = error, error, error, error, error, error, error
assert(#"abc" == 3)
assert(json.encode({ a = { 1, 2 } }) == '{"a":[1,2]}')
assert(json.parse('{"a":"b"}').a == "b")
assert(yaml.parse("a: [1, x]").a[2] == "x")
assert(yaml.encode({ a = "b" }) == "a: b\n")
assert(toml.parse("a = 'b'").a == "b")
assert(base64.decode(base64.encode("xyz")) == "xyz")
assert(regex.replace("b", "abc", "x") == "axc")
assert(template.render_string("{{ a | upper }}", { a = "b" }) == "B")
assert(http.get(..., {}).body == "hello")
assert.eq({ 1 }, { 1 })
