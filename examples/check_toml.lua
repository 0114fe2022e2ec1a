#!/usr/bin/assay
local config = toml.parse([[
title = "Assay"

[server]
port = 8080
hosts = ["a", "b"]
started = 2026-01-01T00:00:00Z
]])
assert.eq(config.title, "Assay")
assert.eq(config.server.port, 8080)
assert.eq(#config.server.hosts, 2)
assert.eq(toml.parse(toml.encode(config)).server.port, 8080)
log.info("toml: ok")
