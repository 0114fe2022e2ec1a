--- Velero: backups, restores, schedules and locations, through the Kubernetes API.
---
--- Lists are empty where Velero is not installed. Phases of a backup: New, Queued, ReadyToStart, FailedValidation,
--- InProgress, WaitingForPluginOperations, WaitingForPluginOperationsPartiallyFailed, Finalizing,
--- FinalizingPartiallyFailed, Completed, PartiallyFailed, Failed, Deleting. Not completed does not mean failed.
--- Source: Velero API types, velero.io/docs/main/api-types.
--- Example: local c = velero.client(); local backup = c:latest_completed_backup("daily"); assert.not_nil(backup)
local H = require("assay._http")
local K = require("assay._kubernetes")

local M = {}

--- A connection to one Kubernetes API server.
---@class assay.velero.client
---@field url string the API server's address
---@field token string|(fun(): string?)? bearer token; read at every call
---@field namespace string where Velero runs
local Client = {}

local function kind(plural)
  return K.kind("velero.io", "v1", plural)
end

local BACKUP, RESTORE, SCHEDULE = kind("backups"), kind("restores"), kind("schedules")
local BSL, VSL, REPOSITORY = kind("backupstoragelocations"), kind("volumesnapshotlocations"), kind("backuprepositories")
local DELETE_REQUEST, DOWNLOAD_REQUEST = kind("deletebackuprequests"), kind("downloadrequests")
local STATUS_REQUEST, POD_VOLUME_BACKUP = kind("serverstatusrequests"), kind("podvolumebackups")
local DATA_UPLOAD = K.kind("velero.io", "v2alpha1", "datauploads")

local spec = K.spec({
  name = "velero",
  methods = Client,
  list_as = "GET",
  absent = { single = "nil", list = "empty" },
  groups = {
    backups = {
      "backups", list = "backups", get = "backup", status = "backup_status", is_completed = "is_backup_completed",
      is_failed = "is_backup_failed", latest = "latest_backup", latest_completed = "latest_completed_backup",
      age = "backup_age", create = "create_backup", wait = "wait_backup", delete = "delete_backup", logs = "backup_logs",
      errors = "backup_errors",
    },
    restores = {
      "restores", list = "restores", get = "restore", status = "restore_status", is_completed = "is_restore_completed",
      create = "create_restore", wait = "wait_restore",
    },
    schedules = {
      "schedules", list = "schedules", get = "schedule", status = "schedule_status", is_enabled = "is_schedule_enabled",
      all_enabled = "all_schedules_enabled", pause = "pause_schedule", resume = "resume_schedule", run = "run_schedule",
    },
    storage_locations = {
      list = "backup_storage_locations", get = "backup_storage_location", is_available = "is_bsl_available",
      all_available = "all_bsl_available",
    },
    volume_snapshots = { list = "volume_snapshot_locations", get = "volume_snapshot_location", is_available = "is_vsl_available" },
    repositories = { list = "backup_repositories", get = "backup_repository", all_ready = "all_repositories_ready" },
  },
})

--- Connects to the Kubernetes API server that Velero runs on.
--- Source: Assay
---@param url string? its address; nil: the cluster we run in, or the kubeconfig's current context
---@param token string|table|nil bearer token, or already the options; nil: the pod's own
---@param namespace string|table|nil where Velero runs ("velero"), or already the options
---@param opts assay.options?
---@return assay.velero.client c
--- Raises "velero: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)" without an address.
--- Example: local c = velero.client("https://10.0.0.1:6443", "token", "velero")
function M.client(url, token, namespace, opts)
  if type(namespace) == "table" then
    namespace, opts = nil, namespace
  end
  local c = H.client(spec, url, token, opts)
  c.namespace = namespace or c.namespace or "velero"
  return c
end

local function one(c, fn, of, name)
  H.need("velero." .. fn, "name", name)
  return K.object(c, of, c.namespace, name)
end

local function list(c, of, query)
  return K.collection(c, of, c.namespace, query).items
end

local function status_of(object)
  return type(object.status) == "table" and object.status or {}
end

local function existing(c, fn, of, title, name)
  return one(c, fn, of, name) or error(("velero: %s %s not found"):format(title, name), 0)
end

--- A name as the value of a label, as Velero makes it: at most 63 characters, the end of longer ones a hash.
local function label_value(name)
  if #name <= 63 then return name end
  return name:sub(1, 57) .. crypto.hash(name, "sha256"):sub(1, 6)
end

-- --- backups ---------------------------------------------------------------------------------------------------------

--- Backups.
--- Source: Velero API, Backup
---@return table[] backups
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:backups(), 0)
function Client:backups()
  return list(self, BACKUP)
end

--- One backup.
--- Source: Velero API, Backup
---@param name string
---@return table? backup nil when absent
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:backup("daily-1").status.phase, "Completed")
function Client:backup(name)
  return one(self, "backup", BACKUP, name)
end

--- Where a backup stands.
--- Source: Velero API, BackupStatus
---@param name string
---@return { phase: string?, started: string?, completed: string?, expiration: string?, errors: integer, warnings: integer, items_backed_up: integer, items_total: integer, failure_reason: string?, validation_errors: string[] } status
---  times are RFC 3339; items_total is an estimate while the backup runs
--- Raises "velero: backup NAME not found", and as `backup`.
--- Example: assert.eq(c:backup_status("daily-1").errors, 0)
function Client:backup_status(name)
  local status = status_of(existing(self, "backup_status", BACKUP, "backup", name))
  local progress = type(status.progress) == "table" and status.progress or {}
  return {
    phase = status.phase,
    started = status.startTimestamp,
    completed = status.completionTimestamp,
    expiration = status.expiration,
    errors = status.errors or 0,
    warnings = status.warnings or 0,
    items_backed_up = progress.itemsBackedUp or status.itemsBackedUp or 0,
    items_total = progress.totalItems or status.totalItems or 0,
    failure_reason = status.failureReason,
    validation_errors = status.validationErrors or {},
  }
end

--- Whether a backup is complete; false when absent.
--- Source: Velero API, BackupPhase
---@param name string
---@return boolean
--- Raises as `backup`.
--- Example: assert.eq(c:is_backup_completed("daily-1"), true)
function Client:is_backup_completed(name)
  local backup = one(self, "is_backup_completed", BACKUP, name)
  return backup ~= nil and status_of(backup).phase == "Completed"
end

local FAILED = { Failed = true, PartiallyFailed = true, FailedValidation = true }

--- Whether a backup has failed, also in part; false when absent or still running.
--- Source: Velero API, BackupPhase
---@param name string
---@return boolean
--- Raises as `backup`.
--- Example: assert.eq(c:is_backup_failed("daily-1"), false)
function Client:is_backup_failed(name)
  local backup = one(self, "is_backup_failed", BACKUP, name)
  return backup ~= nil and FAILED[status_of(backup).phase] == true
end

--- Backups of a schedule; of all when it is nil.
local function of_schedule(c, schedule)
  if schedule == nil then return list(c, BACKUP) end
  local value, out = label_value(schedule), {}
  for _, backup in ipairs(list(c, BACKUP, { { "labelSelector", "velero.io/schedule-name=" .. value } })) do
    local labels = backup.metadata and backup.metadata.labels
    if labels and labels["velero.io/schedule-name"] == value then out[#out + 1] = backup end
  end
  return out
end

--- The backup for which `time_of` is latest; those for which it is nil do not count.
local function newest(backups, time_of)
  local found, at
  for _, backup in ipairs(backups) do
    local time = time_of(backup)
    if time and (not found or time > at) then
      found, at = backup, time
    end
  end
  return found, at
end

--- The newest backup of a schedule, whatever its phase: it may be running. See `latest_completed_backup`.
--- Source: Velero API, label velero.io/schedule-name
---@param schedule_name string
---@return table? backup nil when there is none
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:latest_backup("daily").metadata.name, "daily-1")
function Client:latest_backup(schedule_name)
  H.need("velero.latest_backup", "schedule_name", schedule_name)
  return (newest(of_schedule(self, schedule_name), function(backup)
    return H.parse_time(backup.metadata and backup.metadata.creationTimestamp) or -math.huge
  end))
end

local function completed_at(backup)
  local status = status_of(backup)
  return status.phase == "Completed" and H.parse_time(status.completionTimestamp) or nil
end

--- The backup that was completed last.
--- Source: Velero API, BackupStatus
---@param schedule string? nil: of any schedule, or none
---@return table? backup nil when there is none
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:latest_completed_backup("daily").metadata.name, "daily-1")
function Client:latest_completed_backup(schedule)
  return (newest(of_schedule(self, schedule), completed_at))
end

--- How old the last good backup is.
--- Source: Velero API, BackupStatus.completionTimestamp
---@param schedule string? nil: of any schedule, or none
---@return number? seconds since it was completed; nil when there is none
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.lt(c:backup_age("daily"), 26 * 3600)
function Client:backup_age(schedule)
  local _, at = newest(of_schedule(self, schedule), completed_at)
  return at and H.clock.time() - at
end

--- Keys in snake_case as the API writes them; the tables below them are taken as they are.
local function camel_case(fields)
  local out = {}
  for key, value in pairs(fields) do
    out[(tostring(key):gsub("_(%l)", string.upper))] = value
  end
  return out
end

local function create(c, of, object_kind, metadata, wanted)
  metadata.namespace = c.namespace
  return K.create(c, of, c.namespace, function(api_version)
    return { apiVersion = api_version, kind = object_kind, metadata = metadata, spec = H.object(wanted) }
  end)
end

--- Starts a backup.
--- Source: Velero API, Backup
---@param name string
---@param spec table? fields of the backup's specification, in snake_case or camelCase (`included_namespaces`, `ttl`,
---  `storage_location` …); `from_schedule`: a schedule whose template is used
---@return table backup
--- Raises "velero: schedule NAME not found", "velero: POST PATH HTTP STATUS: BODY" (409 when it exists).
--- Example: c:create_backup("before-upgrade", { included_namespaces = { "shop" }, ttl = "72h" }); c:wait_backup("before-upgrade")
function Client:create_backup(name, spec)
  H.need("velero.create_backup", "name", name)
  local wanted = camel_case(spec or {})
  local metadata = { name = name }
  local schedule_name = wanted.fromSchedule
  wanted.fromSchedule = nil
  if schedule_name then
    local schedule = existing(self, "create_backup", SCHEDULE, "schedule", schedule_name)
    local template = schedule.spec and schedule.spec.template or {}
    for key, value in pairs(template) do
      if wanted[key] == nil and key ~= "metadata" then wanted[key] = value end
    end
    local labels = { ["velero.io/schedule-name"] = label_value(schedule_name) }
    local given = template.metadata and template.metadata.labels or schedule.metadata.labels or {}
    for key, value in pairs(given) do labels[key] = value end
    metadata.labels = labels
  end
  return create(self, BACKUP, "Backup", metadata, wanted)
end

--- Waits until something has reached a final phase.
local function wait_final(c, fn, of, title, name, timeout_secs, opts)
  local timeout, interval = H.waiting("velero." .. fn, timeout_secs, opts, 600, 5)
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("velero: %s %s not finished after %s"):format(title, name, H.seconds(timeout)),
    check = function()
      local object = one(c, fn, of, name)
      if not object then return false, "not found" end
      local status = status_of(object)
      if FAILED[status.phase] then
        local reasons = { status.failureReason }
        for _, reason in ipairs(status.validationErrors or {}) do reasons[#reasons + 1] = reason end
        error(("velero: %s %s %s: %d errors, %d warnings%s"):format(title, name, status.phase, status.errors or 0,
          status.warnings or 0, #reasons > 0 and ": " .. table.concat(reasons, "; ") or ""), 0)
      end
      return status.phase == "Completed" and object, "phase " .. (status.phase or "New")
    end,
  })
end

--- Waits until a backup is complete.
--- Source: Velero API, BackupPhase
---@param name string
---@param timeout_secs number? seconds (600)
---@param opts { interval: number }? seconds between looks (5)
---@return table backup
--- Raises at once "velero: backup NAME PHASE: N errors, M warnings: REASON" when it fails, also in part; and
--- "velero: backup NAME not finished after Ns (last: …)".
--- Example: c:wait_backup("daily-1", 60)
function Client:wait_backup(name, timeout_secs, opts)
  return wait_final(self, "wait_backup", BACKUP, "backup", name, timeout_secs, opts)
end

--- Deletes a backup with its data, and waits until Velero has done so.
--- Source: Velero API, DeleteBackupRequest
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number }? seconds between looks (5)
---@return true
--- Raises "velero: backup NAME not found", "velero: backup NAME not deleted: REASON", "velero: backup NAME not deleted after
--- Ns (last: …)".
--- Example: c:delete_backup("before-upgrade")
function Client:delete_backup(name, timeout_secs, opts)
  local backup = existing(self, "delete_backup", BACKUP, "backup", name)
  local timeout, interval = H.waiting("velero.delete_backup", timeout_secs, opts, 300, 5)
  local labels = { ["velero.io/backup-name"] = label_value(name), ["velero.io/backup-uid"] = backup.metadata.uid }
  local request = create(self, DELETE_REQUEST, "DeleteBackupRequest",
    { generateName = name .. "-", labels = labels }, { backupName = name })
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("velero: backup %s not deleted after %s"):format(name, H.seconds(timeout)),
    check = function()
      local current = K.object(self, DELETE_REQUEST, self.namespace, request.metadata.name)
      -- A request that was carried out is deleted with the backup.
      if not current then return K.object(self, BACKUP, self.namespace, name) == nil, "request gone, backup still there" end
      local status = status_of(current)
      if status.phase == "Processed" and status.errors and #status.errors > 0 then
        error(("velero: backup %s not deleted: %s"):format(name, table.concat(status.errors, "; ")), 0)
      end
      return status.phase == "Processed", "request " .. (status.phase or "New")
    end,
  })
end

--- Fetches a file about a backup from the object store, by way of an address that Velero signs.
local function download(c, fn, target, name)
  existing(c, fn, BACKUP, "backup", name)
  local request = create(c, DOWNLOAD_REQUEST, "DownloadRequest", { generateName = name:sub(1, 200) .. "-" },
    { target = { kind = target, name = name } })
  local address = H.poll({
    timeout = 60,
    interval = 1,
    message = ("velero: no download address for backup %s after 60s"):format(name),
    check = function()
      local current = K.object(c, DOWNLOAD_REQUEST, c.namespace, request.metadata.name)
      local url = current and status_of(current).downloadURL
      return url ~= nil and url ~= "" and url, "request " .. (current and status_of(current).phase or "New")
    end,
  })
  local base, path, query = address:match("^(%a+://[^/]+)(/[^?]*)(.*)$")
  if not base then error(("velero: backup %s has an unusable download address"):format(name), 0) end
  -- Neither the cluster's credentials nor its authority are meant for the object store; the signature is secret too.
  local store = H.client({ name = "velero" }, base, {
    timeout = c.timeout, insecure = c.insecure, ca_file = c.ca_file, ca = c.ca, proxy = c.proxy,
  })
  return require("assay._gzip").unpack((H.get(store, path .. query, { raw = true, shown = path })))
end

--- The log of a backup, as text.
--- Source: Velero API, DownloadRequest, kind BackupLog
---@param name string
---@return string log
--- Raises "velero: backup NAME not found", "velero: POST PATH HTTP STATUS: BODY", "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:backup_logs("daily-1"), "level=info")
function Client:backup_logs(name)
  return download(self, "backup_logs", "BackupLog", name)
end

--- What went wrong in a backup.
--- Source: Velero API, DownloadRequest, kind BackupResults
---@param name string
---@return { errors: table, warnings: table } results
--- Raises as `backup_logs`.
--- Example: local problems = c:backup_errors("daily-1")
function Client:backup_errors(name)
  local text = download(self, "backup_errors", "BackupResults", name)
  local ok, results = pcall(json.parse, text)
  if not ok or type(results) ~= "table" then error(("velero: the results of backup %s are not JSON"):format(name), 0) end
  return { errors = results.errors or {}, warnings = results.warnings or {} }
end

--- Backups of pod volumes that belong to a backup.
--- Source: Velero API, PodVolumeBackup, label velero.io/backup-name
---@param backup string
---@return table[] pod_volume_backups
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: for _, volume in ipairs(c:pod_volume_backups("daily-1")) do log.info(volume.status.phase) end
function Client:pod_volume_backups(backup)
  H.need("velero.pod_volume_backups", "backup", backup)
  return list(self, POD_VOLUME_BACKUP, { { "labelSelector", "velero.io/backup-name=" .. label_value(backup) } })
end

--- Uploads of snapshot data that belong to a backup.
--- Source: Velero API v2alpha1, DataUpload, label velero.io/backup-name
---@param backup string
---@return table[] data_uploads
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: for _, upload in ipairs(c:data_uploads("daily-1")) do log.info(upload.status.phase) end
function Client:data_uploads(backup)
  H.need("velero.data_uploads", "backup", backup)
  return list(self, DATA_UPLOAD, { { "labelSelector", "velero.io/backup-name=" .. label_value(backup) } })
end

-- --- restores --------------------------------------------------------------------------------------------------------

--- Restores.
--- Source: Velero API, Restore
---@return table[] restores
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: local restores = c:restores()
function Client:restores()
  return list(self, RESTORE)
end

--- One restore.
--- Source: Velero API, Restore
---@param name string
---@return table? restore nil when absent
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:restore("daily-1-again").spec.backupName, "daily-1")
function Client:restore(name)
  return one(self, "restore", RESTORE, name)
end

--- Where a restore stands.
--- Source: Velero API, RestoreStatus
---@param name string
---@return { phase: string?, started: string?, completed: string?, errors: integer, warnings: integer, items_restored: integer, items_total: integer, failure_reason: string?, validation_errors: string[] } status
--- Raises "velero: restore NAME not found", and as `restore`.
--- Example: assert.eq(c:restore_status("daily-1-again").phase, "Completed")
function Client:restore_status(name)
  local status = status_of(existing(self, "restore_status", RESTORE, "restore", name))
  local progress = type(status.progress) == "table" and status.progress or {}
  return {
    phase = status.phase,
    started = status.startTimestamp,
    completed = status.completionTimestamp,
    errors = status.errors or 0,
    warnings = status.warnings or 0,
    items_restored = progress.itemsRestored or 0,
    items_total = progress.totalItems or 0,
    failure_reason = status.failureReason,
    validation_errors = status.validationErrors or {},
  }
end

--- Whether a restore is complete; false when absent.
--- Source: Velero API, RestorePhase
---@param name string
---@return boolean
--- Raises as `restore`.
--- Example: assert.eq(c:is_restore_completed("daily-1-again"), true)
function Client:is_restore_completed(name)
  local restore = one(self, "is_restore_completed", RESTORE, name)
  return restore ~= nil and status_of(restore).phase == "Completed"
end

--- Starts a restore.
--- Source: Velero API, Restore
---@param name string
---@param spec table `backup`: the backup's name; further fields of the specification, in snake_case or camelCase
---@return table restore
--- Raises "velero: POST PATH HTTP STATUS: BODY" (409 when it exists).
--- Example: c:create_restore("again", { backup = "daily-1", included_namespaces = { "shop" } })
function Client:create_restore(name, spec)
  H.need("velero.create_restore", "name", name, "spec", spec)
  local wanted = camel_case(spec)
  wanted.backupName = wanted.backupName or wanted.backup
  wanted.backup = nil
  if not wanted.scheduleName then H.need("velero.create_restore", "backup", wanted.backupName) end
  return create(self, RESTORE, "Restore", { name = name }, wanted)
end

--- Waits until a restore is complete.
--- Source: Velero API, RestorePhase
---@param name string
---@param timeout_secs number? seconds (600)
---@param opts { interval: number }? seconds between looks (5)
---@return table restore
--- Raises at once "velero: restore NAME PHASE: N errors, M warnings: REASON" when it fails, also in part; and
--- "velero: restore NAME not finished after Ns (last: …)".
--- Example: c:wait_restore("daily-1-again", 60)
function Client:wait_restore(name, timeout_secs, opts)
  return wait_final(self, "wait_restore", RESTORE, "restore", name, timeout_secs, opts)
end

-- --- schedules -------------------------------------------------------------------------------------------------------

--- Schedules.
--- Source: Velero API, Schedule
---@return table[] schedules
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:schedules(), 0)
function Client:schedules()
  return list(self, SCHEDULE)
end

--- One schedule.
--- Source: Velero API, Schedule
---@param name string
---@return table? schedule nil when absent
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:schedule("daily").spec.schedule, "0 3 * * *")
function Client:schedule(name)
  return one(self, "schedule", SCHEDULE, name)
end

--- Where a schedule stands.
--- Source: Velero API, ScheduleStatus
---@param name string
---@return { phase: string?, last_backup: string?, validation_errors: string[], paused: boolean, cron: string?, last_skipped: string? } status
--- Raises "velero: schedule NAME not found", and as `schedule`.
--- Example: assert.eq(c:schedule_status("daily").cron, "0 3 * * *")
function Client:schedule_status(name)
  local schedule = existing(self, "schedule_status", SCHEDULE, "schedule", name)
  local status, wanted = status_of(schedule), schedule.spec or {}
  return {
    phase = status.phase,
    last_backup = status.lastBackup,
    validation_errors = status.validationErrors or {},
    paused = wanted.paused == true,
    cron = wanted.schedule,
    last_skipped = status.lastSkipped,
  }
end

--- A paused schedule keeps its phase.
local function is_enabled(schedule)
  return status_of(schedule).phase == "Enabled" and not (schedule.spec and schedule.spec.paused)
end

--- Whether a schedule is enabled and not paused; false when absent.
--- Source: Velero API, SchedulePhase, ScheduleSpec.paused
---@param name string
---@return boolean
--- Raises as `schedule`.
--- Example: assert.eq(c:is_schedule_enabled("daily"), true)
function Client:is_schedule_enabled(name)
  local schedule = one(self, "is_schedule_enabled", SCHEDULE, name)
  return schedule ~= nil and is_enabled(schedule)
end

local function phase_text(object)
  local status = status_of(object)
  local text = "phase " .. (status.phase or "New")
  if object.spec and object.spec.paused then text = text .. ", paused" end
  return status.message and status.message ~= "" and text .. ": " .. status.message or text
end

local function summary(items, holds, good, bad)
  return K.summary(items, holds, good, bad, { cluster = true, why = phase_text })
end

--- Counts the schedules that are enabled and not paused.
--- Source: Velero API, SchedulePhase
---@return { enabled: integer, disabled: integer, total: integer, disabled_names: string[], reasons: table<string, string> }
--- Raises as `schedules`.
--- Example: assert.eq(c:all_schedules_enabled().disabled, 0)
function Client:all_schedules_enabled()
  return summary(list(self, SCHEDULE), is_enabled, "enabled", "disabled")
end

local function set_paused(c, fn, name, value)
  H.need("velero." .. fn, "name", name)
  return K.patch(c, SCHEDULE, c.namespace, name, { spec = { paused = value } })
end

--- Stops a schedule from making backups.
--- Source: Velero API, ScheduleSpec.paused
---@param name string
---@return table schedule
--- Raises "velero: PATCH PATH HTTP STATUS: BODY".
--- Example: c:pause_schedule("daily")
function Client:pause_schedule(name)
  return set_paused(self, "pause_schedule", name, true)
end

--- Lets a paused schedule make backups again.
--- Source: Velero API, ScheduleSpec.paused
---@param name string
---@return table schedule
--- Raises "velero: PATCH PATH HTTP STATUS: BODY".
--- Example: c:resume_schedule("daily")
function Client:resume_schedule(name)
  return set_paused(self, "resume_schedule", name, false)
end

--- Starts a backup from a schedule's template now; its name is the schedule's with the time behind it.
--- Source: Velero documentation, "Backup reference", from-schedule
---@param name string
---@return table backup
--- Raises "velero: schedule NAME not found", "velero: POST PATH HTTP STATUS: BODY".
--- Example: local backup = c:run_schedule("daily")
function Client:run_schedule(name)
  H.need("velero.run_schedule", "name", name)
  local stamp = H.rfc3339(H.clock.time() // 1):gsub("[^%d]", "")
  return Client.create_backup(self, ("%s-%s"):format(name, stamp), { from_schedule = name })
end

-- --- locations and repositories --------------------------------------------------------------------------------------

--- Places that backups are stored in.
--- Source: Velero API, BackupStorageLocation
---@return table[] locations
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:backup_storage_locations(), 0)
function Client:backup_storage_locations()
  return list(self, BSL)
end

--- One place that backups are stored in.
--- Source: Velero API, BackupStorageLocation
---@param name string
---@return table? location nil when absent
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:backup_storage_location("default").status.phase, "Available")
function Client:backup_storage_location(name)
  return one(self, "backup_storage_location", BSL, name)
end

local function is_available(location)
  return status_of(location).phase == "Available"
end

--- Whether a place for backups is available; false when absent. Velero looks once a minute.
--- Source: Velero API, BackupStorageLocationPhase
---@param name string
---@return boolean
--- Raises as `backup_storage_location`.
--- Example: assert.eq(c:is_bsl_available("default"), true)
function Client:is_bsl_available(name)
  local location = one(self, "is_bsl_available", BSL, name)
  return location ~= nil and is_available(location)
end

--- Counts the places for backups that are available.
--- Source: Velero API, BackupStorageLocationPhase
---@return { available: integer, unavailable: integer, total: integer, unavailable_names: string[], reasons: table<string, string> }
--- Raises as `backup_storage_locations`.
--- Example: assert.eq(c:all_bsl_available().unavailable, 0)
function Client:all_bsl_available()
  return summary(list(self, BSL), is_available, "available", "unavailable")
end

--- Places that volume snapshots are stored in.
--- Source: Velero API, VolumeSnapshotLocation
---@return table[] locations
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: local locations = c:volume_snapshot_locations()
function Client:volume_snapshot_locations()
  return list(self, VSL)
end

--- One place that volume snapshots are stored in.
--- Source: Velero API, VolumeSnapshotLocation
---@param name string
---@return table? location nil when absent
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:volume_snapshot_location("none"), nil)
function Client:volume_snapshot_location(name)
  return one(self, "volume_snapshot_location", VSL, name)
end

--- Whether a place for volume snapshots is available; false when absent.
--- Source: Velero API, VolumeSnapshotLocationPhase
---@param name string
---@return boolean
--- Raises as `volume_snapshot_location`.
--- Example: assert.eq(c:is_vsl_available("none"), false)
function Client:is_vsl_available(name)
  local location = one(self, "is_vsl_available", VSL, name)
  return location ~= nil and is_available(location)
end

--- Repositories that file-system backups are kept in.
--- Source: Velero API, BackupRepository
---@return table[] repositories `status.phase` is New, Ready or NotReady
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: local repositories = c:backup_repositories()
function Client:backup_repositories()
  return list(self, REPOSITORY)
end

--- One repository that file-system backups are kept in.
--- Source: Velero API, BackupRepository
---@param name string
---@return table? repository nil when absent
--- Raises "velero: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:backup_repository("none"), nil)
function Client:backup_repository(name)
  return one(self, "backup_repository", REPOSITORY, name)
end

--- Counts the repositories that are ready.
--- Source: Velero API, BackupRepositoryPhase
---@return { ready: integer, not_ready: integer, total: integer, not_ready_names: string[], reasons: table<string, string> }
--- Raises as `backup_repositories`.
--- Example: assert.eq(c:all_repositories_ready().not_ready, 0)
function Client:all_repositories_ready()
  return summary(list(self, REPOSITORY), function(repository)
    return status_of(repository).phase == "Ready"
  end, "ready", "not_ready")
end

--- The version of the Velero server, and its plugins.
--- Source: Velero API, ServerStatusRequest
---@param timeout_secs number? seconds (30)
---@return string version, { name: string, kind: string }[] plugins
--- Raises "velero: no server status after Ns (last: …)", "velero: POST PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:server_version(), "v1.")
function Client:server_version(timeout_secs)
  local timeout = H.waiting("velero.server_version", timeout_secs, nil, 30, 1)
  local request = create(self, STATUS_REQUEST, "ServerStatusRequest", { generateName = "assay-" }, {})
  local status = H.poll({
    timeout = timeout,
    interval = 1,
    message = "velero: no server status after " .. H.seconds(timeout),
    check = function()
      local current = K.object(self, STATUS_REQUEST, self.namespace, request.metadata.name)
      local seen = current and status_of(current) or {}
      return seen.phase == "Processed" and seen, "request " .. (seen.phase or "New")
    end,
  })
  return status.serverVersion, status.plugins or {}
end

return M
