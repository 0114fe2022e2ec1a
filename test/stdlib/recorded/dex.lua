-- What a real Dex answers to assay.dex. Runs against the server, or against what it answered once.
local dex = require("assay.dex")
local url = (...) .. "/dex"

local document = dex.discovery(url)
assert.eq(document.issuer, url)
assert.eq(dex.issuer(url), url)
assert.eq(dex.jwks(url).keys[1].alg, "RS256")
assert.eq({ dex.health(url), dex.ready(url) }, { true, true })
assert.eq(dex.has_endpoint(url, "userinfo_endpoint"), true)
assert.eq(dex.has_endpoint(url, "end_session_endpoint"), false)
assert.contains(dex.supported_scopes(url), "offline_access")
assert.eq(dex.supported_response_types(url), { "code" })
assert.eq(dex.supports_grant_type(url, "client_credentials"), true)
assert.eq(dex.supports_scope(url, "nope"), false)
assert.eq(dex.validate_config(url), { ok = true, errors = {} })
assert.contains(dex.validate_config(url, { issuer = "https://public.example" }).errors[1], "issuer mismatch: expected https://public.example")
assert.contains(dex.validate_config((...)).errors[1], "discovery failed: dex.discovery: HTTP 404: 404 page not found")
assert.is_nil(dex.admin_version(url))
assert.eq(dex.wait_ready(url, 5), true)

local app = { client_id = "example-app", client_secret = "app-secret", scope = "openid email" }
local function with(fields)
  local out = {}
  for _, from in ipairs({ app, fields }) do
    for key, value in pairs(from) do out[key] = value end
  end
  return out
end
local person = { grant_type = "password", username = "admin@example.com", password = "password" }
local tokens = dex.token(url, with(person))
assert.eq(tokens.token_type, "bearer")
assert.eq(dex.userinfo(url, tokens.access_token).email, "admin@example.com")
local seen = dex.introspect(url, tokens.access_token, { client_id = app.client_id, client_secret = app.client_secret })
assert.eq({ seen.active, seen.client_id }, { true, "example-app" })
local _, reason = dex.verify(url, tokens.id_token, { audience = "other" })
assert.contains(reason, "not for this audience")
assert.raises(function() dex.userinfo(url, "garbage") end, "dex.userinfo: HTTP 403: ")
assert.raises(function() dex.token(url, with({ grant_type = "password", username = "x", password = "y" })) end, "dex.token: HTTP 401: ")
assert.raises(function() dex.token(url, with({ grant_type = "client_credentials", client_secret = "no" })) end, "invalid_client")

local codes = dex.device(url, { client_id = "cli", scope = "openid" })
assert.matches(codes.user_code, "^[A-Z]{4}-[A-Z]{4}$")
