-- tries: to leave the template language by constructors, globals and filters
-- expects: ok
local TEMPLATES = {
  [[{{ range.constructor("return process")() }}]],
  [[{{ range.constructor.constructor("return process")() }}]],
  [[{{ ''.constructor }}]], [[{{ [].constructor.constructor("return this")() }}]], [[{{ {}.constructor }}]],
  [[{{ x.__proto__ }}]], [[{{ x['const' + 'ructor'] }}]], [[{{ x['const' ~ 'ructor'] }}]], [[{{ x["__proto__"]["toString"] }}]],
  [[{{ self }}]], [[{{ this }}]], [[{{ cycler.constructor }}]], [[{{ joiner.constructor }}]], [[{{ loop.constructor }}]],
  [[{{ f.constructor }}]], [[{{ f.call }}]], [[{{ f.apply }}]], [[{{ f.bind }}]], [[{{ process }}]], [[{{ globalThis }}]],
  [[{{ require }}]], [[{{ module }}]], [[{{ Bun }}]], [[{{ Object }}]], [[{{ Function }}]], [[{{ eval }}]],
  [[{{ x | attr('constructor') }}]], [[{{ x | map(attribute='constructor') | list }}]],
  [[{% set y = x.constructor %}{{ y }}]], [[{% for k in x.constructor %}{{ k }}{% endfor %}]],
  [[{{ "x".split.constructor }}]], [[{{ "x".__class__.__mro__ }}]], [[{{ x | groupby('constructor') }}]],
  [[{% macro m() %}{{ caller.constructor }}{% endmacro %}{{ m() }}]], [[{{ env.get }}]], [[{{ _G }}]],
}
for _, text in ipairs(TEMPLATES) do
  local ok, out = pcall(template.render_string, text, { x = { a = 1 }, f = function() end })
  out = tostring(out):lower()
  for _, word in ipairs({ "process", "native code", "%[object", "function%s*%(", "prototype", "=>" }) do
    assert(not (ok and out:find(word)), text .. " gave " .. out)
  end
end
