-- A script of a check file: it passes when it ends without an error. See checks.yaml.
local resp = http.get("http://grafana.monitoring:80/api/datasources/proxy/1/-/healthy")
assert.eq(resp.status, 200, "Grafana does not reach Prometheus")
