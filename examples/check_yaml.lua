#!/usr/bin/assay
-- YAML: several documents, anchors, block text, and strings that look like something else.
local config = yaml.parse([[
service: &service
  name: api
  replicas: 3
  enabled: yes
copy: *service
script: |
  first
  second
]])
assert.eq(config.service.replicas, 3)
assert.eq(config.service.enabled, "yes", "YAML 1.2: yes is a string")
assert.eq(config.copy.name, "api")
assert.eq(config.script, "first\nsecond\n")

local again = yaml.parse(yaml.encode({ version = "1.10", port = 8080, list = { "a", "b" } }))
assert.eq(again.version, "1.10")
assert.eq(again.port, 8080)
log.info("yaml: ok")
