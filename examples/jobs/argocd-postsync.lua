#!/usr/bin/assay
-- Verification after an Argo CD sync, as a PostSync hook: the sync succeeds when this does. Waits until the application is
-- healthy, and then makes the requests that its users would make.
--
-- ARGOCD_SERVER, ARGOCD_TOKEN(_FILE)  the API server (https://argocd-server.argocd), and a token that may get the application
-- APP_NAME                            the application
-- SMOKE_URLS                          what must answer with 2xx, separated by blanks
-- EXPECTED_VERSION, VERSION_URL       optional: the JSON at this address must have this `version`
-- TIMEOUT                             seconds to wait for all that (300)
local argocd = require("assay.argocd")
local healthcheck = require("assay.healthcheck")

local function secret(name)
  local file = env.get(name .. "_FILE")
  return file and fs.read(file):match("^%s*(.-)%s*$") or env.require(name)
end

local app = env.require("APP_NAME")
local timeout = tonumber(env.get("TIMEOUT", "300"))
local deadline = monotonic() + timeout
local c = argocd.client(env.require("ARGOCD_SERVER"), secret("ARGOCD_TOKEN"))

-- Not wait_synced: the operation that runs this hook has not ended yet.
local ok, problem = pcall(c.wait_healthy, c, app, timeout)
if not ok then
  for _, resource in ipairs(c:unhealthy_resources(app)) do log.error("unhealthy", resource) end
  error(problem, 0)
end

local checks = {}
for url in env.get("SMOKE_URLS", ""):gmatch("%S+") do
  checks[#checks + 1] = { name = url, check = function() return healthcheck.endpoint(url) end }
end
local version_url = env.get("VERSION_URL")
if version_url then
  checks[#checks + 1] = {
    name = "version",
    check = function() return healthcheck.json_path(version_url, "version", env.require("EXPECTED_VERSION")) end,
  }
end
assert(#checks > 0, "nothing to verify: set SMOKE_URLS or VERSION_URL")

-- New pods are ready before every proxy knows them: several attempts, as long as there is time.
local left = math.max(0, math.floor(deadline - monotonic()))
local report = healthcheck.multi(checks, { parallel = 4, retries = math.min(5, left), retry_delay = 1 })
for _, result in ipairs(report.results) do
  log[result.ok and "info" or "error"](result.name, { ms = result.duration_ms, error = result.error })
end
report:assert()
log.info("verified", { app = app, checks = report.total })
