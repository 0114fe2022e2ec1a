#!/usr/bin/assay
-- Would a restore work tonight? Asks Velero, without credentials for the object store: every schedule is enabled, its last
-- good backup is recent enough, it saved something and had no errors, and the places that backups go to are available.
--
-- MAX_AGE_HOURS      26
-- VELERO_NAMESPACE   velero
-- SCHEDULES          optional: schedules that must be there, separated by blanks
-- In a pod, its service account needs get and list on backups, schedules and backupstoragelocations of velero.io.
local velero = require("assay.velero")

local max_age = tonumber(env.get("MAX_AGE_HOURS", "26"))
local c = velero.client(nil, nil, env.get("VELERO_NAMESPACE", "velero"))

local problems = {}
local function complain(text, ...)
  problems[#problems + 1] = text:format(...)
  log.error(problems[#problems])
end

local schedules = c:schedules()
if #schedules == 0 then complain("there are no schedules") end

local known = {}
for _, schedule in ipairs(schedules) do
  local name = schedule.metadata.name
  known[name] = true
  if not c:is_schedule_enabled(name) then complain("schedule %s is paused or not enabled", name) end

  local age = c:backup_age(name)
  if age == nil then
    complain("schedule %s has no completed backup", name)
  else
    local hours = age / 3600
    local last = c:latest_completed_backup(name).metadata.name
    local status = c:backup_status(last)
    if hours > max_age then complain("schedule %s: the last good backup is %.1f hours old", name, hours) end
    if status.errors > 0 then complain("backup %s has %d errors", last, status.errors) end
    if status.items_backed_up == 0 then complain("backup %s is empty", last) end
    log.info("last good backup", { schedule = name, backup = last, hours = math.floor(hours), items = status.items_backed_up })
  end
end
for name in env.get("SCHEDULES", ""):gmatch("%S+") do
  if not known[name] then complain("schedule %s is missing", name) end
end

local places = c:all_bsl_available()
if places.total == 0 then complain("there is no backup storage location") end
for _, name in ipairs(places.unavailable_names) do
  complain("storage location %s is not available: %s", name, places.reasons[name] or "no reason given")
end

if #problems > 0 then error(("backups are not in order: %s"):format(table.concat(problems, "; ")), 0) end
log.info("backups are in order", { schedules = #schedules })
