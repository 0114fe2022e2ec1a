#!/usr/bin/assay
assert.eq(crypto.hash("hello"), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
assert.eq(#crypto.hash("hello", "sha512"), 128)
assert.eq(#crypto.random(16), 16)
assert.ne(crypto.random(32), crypto.random(32))

local token = crypto.jwt_sign({ iss = "assay", exp = time() + 300 }, "a secret of sufficient length for this", "HS256")
assert.matches(token, [[^[\w-]+\.[\w-]+\.[\w-]+$]])
local claims = crypto.jwt_verify(token, "a secret of sufficient length for this", { algorithms = { "HS256" } })
assert.eq(claims.iss, "assay")
log.info("crypto: ok")
