#!/usr/bin/assay
local bytes = "any bytes: \0\xff"
assert.eq(base64.decode(base64.encode(bytes)), bytes)
assert.eq(base64.encode("hello"), "aGVsbG8=")
assert.raises(function() base64.decode("not base64!") end)
log.info("base64: ok")
