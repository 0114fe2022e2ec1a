-- tries: to run for ever in a template
-- expects: stop
-- options: --timeout 1s
while true do template.render_string("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}") end
