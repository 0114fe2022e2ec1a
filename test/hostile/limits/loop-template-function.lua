-- tries: to run for ever in a function that a template calls
-- expects: stop
-- options: --timeout 1s
template.render_string("{{ f() }}", { f = function() while true do end end })
