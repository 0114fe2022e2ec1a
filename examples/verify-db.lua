-- A script of a check file, with an environment of its own: see checks-services.yaml. Scripts of checks have no `db`
-- (a check of `type: sql` queries databases), so this one asks the service which database it is connected to.
local database = env.require("DB_URL"):match("([^/?]+)%??[^/]*$")

local status = http.get("https://api.example.com/status"):json()
assert.eq(status.database, database, "the service uses another database")
return { database = database, connections = status.connections }
