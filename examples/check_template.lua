#!/usr/bin/assay
local text = template.render_string([[
{% for service in services -%}
{{ loop.index }}. {{ service.name | upper }}{% if service.port %} on {{ service.port }}{% endif %}
{% endfor %}]], { services = { { name = "api", port = 8080 }, { name = "worker" } } })
assert.contains(text, "1. API on 8080")
assert.contains(text, "2. WORKER")
log.info("template: ok")
