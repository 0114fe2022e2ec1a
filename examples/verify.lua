-- A script of a check file: it passes when it ends without an error.
local resp = http.get(env.get("SERVICE_URL", "http://grafana.monitoring:80/api/health"))
assert.eq(resp.status, 200)
