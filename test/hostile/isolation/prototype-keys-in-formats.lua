-- tries: to set or read prototypes by keys of JSON, YAML, TOML, headers, query strings and templates (V14)
-- expects: ok
local KEYS = { "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf" }
for _, key in ipairs(KEYS) do
  assert(json.parse("{}")[key] == nil and yaml.parse("{a: 1}")[key] == nil and toml.parse("a = 1")[key] == nil, key)
  for _, parsed in ipairs({
    json.parse(('{"%s": {"polluted": true}, "a": 1}'):format(key)),
    yaml.parse(("%s: {polluted: true}\na: 1"):format(key)),
    toml.parse(("%s = {polluted = true}\na = 1"):format(key)),
  }) do
    assert(parsed[key].polluted == true and parsed.polluted == nil and parsed.a == 1, key)
    assert(json.parse(json.encode(parsed))[key].polluted == true, key)
    assert(yaml.parse(yaml.encode(parsed))[key].polluted == true, key)
    assert(toml.parse(toml.encode(parsed))[key].polluted == true, key)
  end
  assert(({}).polluted == nil and json.parse("{}").polluted == nil, key)
  assert(env.get(key) == nil and os.getenv(key) == nil, key)
  assert(template.render_string("[{{ x." .. key .. " }}|{{ " .. key .. " }}]", { x = {} }) == "[|]", key)
  local r = http.get(..., { headers = { ["x-" .. key] = "1" }, query = { [key] = "1" } })
  assert(r.headers[key] == nil and r[key] == nil, key)
end
