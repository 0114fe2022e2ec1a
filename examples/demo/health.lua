#!/usr/bin/assay
-- The main job: ask a service how it is, look at the answer, fail loudly if it is not well.
local url = env.get("DEMO_URL", "http://127.0.0.1:8080")

local resp = http.get(url .. "/health")
assert.eq(resp.status, 200, "the service does not respond")

local health = json.parse(resp.body)
assert.eq(health.database, "ok", "its database is unhealthy")
log.info("healthy: version=" .. health.version)

-- Several requests at once.
local tasks = {}
for i = 1, 5 do
  tasks[i] = async.spawn(function() return http.get(url .. "/visits"):json().visits end)
end
assert.eq(#async.all(tasks), 5)

-- What was seen goes into a database.
local results = db.connect("sqlite::memory:")
db.execute(results, "create table results (service text, status text, version text)")
db.execute(results, "insert into results values ($1, $2, $3)", { "demo", health.status, health.version })
for _, row in ipairs(db.query(results, "select service, status, version from results")) do
  print(("%s is %s (version %s)"):format(row.service, row.status, row.version))
end
db.close(results)
