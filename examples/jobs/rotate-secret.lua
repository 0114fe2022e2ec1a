#!/usr/bin/assay
-- Rotates a database password that is kept in Vault (or OpenBao): makes a new one, sets it in PostgreSQL, tries it, and
-- stores it. Whatever fails on the way, the password in Vault is the one that works.
--
-- VAULT_ADDR                              address of the server
-- VAULT_TOKEN or VAULT_ROLE               a token, or the role of the Kubernetes auth method to log in with
-- SECRET_MOUNT, SECRET_PATH               where the secret is ("secret", "shop/db"); its fields: username, password
-- ADMIN_DATABASE_URL(_FILE)               postgres:// of a user who may alter roles
local vault = require("assay.vault")

local function secret(name)
  local file = env.get(name .. "_FILE")
  return file and fs.read(file):match("^%s*(.-)%s*$") or env.require(name)
end

local mount, path = env.get("SECRET_MOUNT", "secret"), env.require("SECRET_PATH")
local admin_url = secret("ADMIN_DATABASE_URL")

local role = env.get("VAULT_ROLE")
local store = role and vault.login(nil, "kubernetes", { role = role }) or vault.client()

local current = store:kv_get(mount, path)
assert(current, ("there is no secret %s/%s"):format(mount, path))
local username, old = current.data.username, current.data.password

local admin <close> = db.connect(admin_url)

local function set_password(password)
  -- ALTER ROLE takes no parameters: the server itself quotes name and password.
  local quoting = "select format('alter role %I with password %L', $1::text, $2::text) as sql"
  admin:execute(assert(admin:query_one(quoting, { username, password })).sql)
end

--- Logs in as the application will: through the same address, with its own name.
local function try(password)
  local url = admin_url:gsub("//[^@]*@", function() return ("//%s:%s@"):format(username, password) end)
  local conn <close> = db.connect(url)
  assert.eq(conn:query("select current_user::text as name"), { { name = username } })
end

local new = crypto.random(40)
set_password(new)

local ok, problem = pcall(function()
  try(new)
  -- `cas`: refused when somebody else has written the secret since it was read.
  local data = { username = username, password = new, rotated_at = os.date("!%Y-%m-%dT%H:%M:%SZ") }
  return store:kv_patch(mount, path, data, { cas = current.metadata.version })
end)
if not ok then
  set_password(old)
  error(("not rotated, the old password is back: %s"):format(problem), 0)
end

log.info("rotated", { secret = mount .. "/" .. path, user = username, version = problem.data.version })
