#!/usr/bin/assay
-- A gate for a deployment pipeline: asks Prometheus whether the service objectives hold, prints a table, and fails when
-- one does not. No data is a failure too: a service nobody measures is not known to be well.
--
--   assay slo-gate.lua slo.yaml
--
-- PROMETHEUS_URL   http://prometheus.monitoring:9090
-- slo.yaml         a list of { name, query, max and/or min, unit? }
local prometheus = require("assay.prometheus")

local url = env.require("PROMETHEUS_URL")
local file = assert(arg[1], "usage: slo-gate.lua FILE.yaml")
local objectives = yaml.parse(fs.read(file))
assert(type(objectives) == "table" and #objectives > 0, file .. " holds no objectives")

--- Asks for one objective; its row of the table.
local function evaluate(objective)
  assert(objective.min or objective.max, ("%s: neither min nor max"):format(objective.name))
  local ok, value = pcall(prometheus.query_value, url, objective.query)
  if not ok then return { name = objective.name, problem = value } end
  if value == nil then return { name = objective.name, problem = "no data" } end
  local problem
  -- Written so that NaN, which compares false with everything, does not pass.
  if objective.max and not (value <= objective.max) then problem = ("above %g"):format(objective.max) end
  if objective.min and not (value >= objective.min) then problem = ("below %g"):format(objective.min) end
  return { name = objective.name, value = value, unit = objective.unit, problem = problem }
end

local violated = {}
for _, row in ipairs(async.map(objectives, evaluate, { concurrency = 5 })) do
  local value = row.value and ("%.4g%s"):format(row.value, row.unit or "") or "-"
  print(("%-4s  %-24s %-12s %s"):format(row.problem and "FAIL" or "ok", row.name, value, row.problem or ""))
  if row.problem then violated[#violated + 1] = row.name end
end
if #violated > 0 then error(("%d of %d objectives violated: %s"):format(#violated, #objectives, table.concat(violated, ", ")), 0) end
