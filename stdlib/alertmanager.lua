--- Alertmanager: alerts and how they are grouped, test alerts, and silences around a maintenance, through the API v2.
--- The Alertmanagers inside Grafana and Mimir answer too, at an address with their prefix.
---
--- Where a function takes `url`, it takes an address without `/api/v2`, a table `{ url = …, token = … }` with the options
--- of a client, or a client; and `alertmanager.client(url)` has all functions as methods. A filter is a matcher as text,
--- such as `severity=~"critical|page"`.
--- Source: Alertmanager API v2, github.com/prometheus/alertmanager, api/v2/openapi.yaml.
--- Example: local id = alertmanager.silence_alert("http://alertmanager:9093", "NodeDown", 0.5, { comment = "kernel upgrade" })
local H = require("assay._http")

local M = {}

local spec = {
  name = "alertmanager",
  style = "call",
  methods = M,
  groups = {
    alerts = {
      "alerts", list = "alerts", post = "post_alerts", groups = "alert_groups", is_firing = "is_firing",
      active_count = "active_count", is_silenced = "is_silenced", send = "send", wait_firing = "wait_firing",
      wait_resolved = "wait_resolved",
    },
    silences = {
      "silences", list = "silences", get = "silence", create = "create_silence", delete = "delete_silence",
      silence_alert = "silence_alert", ensure = "ensure_silence", expire = "expire_silences", with = "with_silence",
    },
    status = { "status", get = "status" },
    receivers = { "receivers", list = "receivers" },
  },
}

--- An Alertmanager with all functions of this module as methods, `c:is_firing("NodeDown")`, and grouped:
--- `c.silences:list()`.
--- Source: Assay
---@param url string|assay.target the server's address, up to the prefix under which its API lives
---@param opts assay.options?
---@return table client
--- Raises "alertmanager: invalid url 'URL'".
--- Example: local c = alertmanager.client("http://alertmanager:9093")
function M.client(url, opts)
  H.need("alertmanager.client", "url", url)
  return H.client(spec, url, opts)
end

local target = H.targets(spec)

--- A time as the API takes it: a number is Unix seconds.
local function stamp(value)
  if not math.type(value) then return value end
  -- Rounded down, because a silence must not begin later than it was asked for.
  return H.rfc3339(math.floor(value * 1000) / 1000)
end

--- A matcher as text that demands equality.
local function equals(name, value)
  return ('%s="%s"'):format(name, (value:gsub('[\\"\n]', { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" })))
end

-- --- alerts ----------------------------------------------------------------------------------------------------------

--- Alerts that are not resolved. `active = true` alone is the default and does not leave suppressed ones out: say
--- `silenced = false, inhibited = false` for that.
--- Source: Alertmanager API v2, getAlerts
---@param url string|assay.target
---@param opts { active: boolean?, silenced: boolean?, inhibited: boolean?, unprocessed: boolean?, filter: string|string[]|nil, receiver: string?, receiver_matchers: string|string[]|nil }?
---  the booleans are true unless said otherwise; receiver is an anchored regular expression; also a client's options
---@return { labels: table<string, string>, annotations: table<string, string>, startsAt: string, endsAt: string, updatedAt: string, fingerprint: string, receivers: { name: string }[], status: { state: "unprocessed"|"active"|"suppressed", silencedBy: string[], inhibitedBy: string[] } }[] alerts
--- Raises "alertmanager.alerts: HTTP STATUS: BODY".
--- Example: local pages = alertmanager.alerts("http://alertmanager:9093", { silenced = false, filter = 'severity="page"' })
function M.alerts(url, opts)
  local c = target("alerts", url)
  opts = opts or {}
  return (H.get(c, "/api/v2/alerts", {
    fn = "alerts",
    opts = opts,
    query = {
      { "active", opts.active }, { "silenced", opts.silenced }, { "inhibited", opts.inhibited },
      { "unprocessed", opts.unprocessed }, { "filter", opts.filter }, { "receiver", opts.receiver },
      { "receiver_matchers", opts.receiver_matchers },
    },
  })) or {}
end

--- An alert as it is sent.
local function outgoing(alert)
  local out = H.without(alert)
  out.labels = H.object(H.without(alert.labels))
  if alert.annotations then out.annotations = H.object(H.without(alert.annotations)) end
  out.startsAt, out.endsAt = stamp(alert.startsAt), stamp(alert.endsAt)
  return out
end

--- Sends alerts, as Prometheus does. They show up in `alert_groups` only after `group_wait`.
--- Source: Alertmanager API v2, postAlerts
---@param url string|assay.target
---@param alerts { labels: table<string, string>, annotations: table<string, string>?, startsAt: string|number|nil, endsAt: string|number|nil, generatorURL: string? }[]
---  times as RFC 3339 or Unix seconds; without endsAt an alert resolves after `resolve_timeout`
---@return true
--- Raises "alertmanager.post_alerts: HTTP STATUS: BODY".
--- Example: alertmanager.post_alerts("http://alertmanager:9093", { { labels = { alertname = "Test", severity = "none" } } })
function M.post_alerts(url, alerts)
  local c = target("post_alerts", url, "alerts", alerts)
  local body = {}
  for i, alert in ipairs(alerts.labels and { alerts } or alerts) do body[i] = outgoing(alert) end
  H.post(c, "/api/v2/alerts", body, { fn = "post_alerts", ok = 200, raw = true })
  return true
end

--- Sends one test alert that begins now.
--- Source: Alertmanager API v2, postAlerts
---@param url string|assay.target
---@param name string its label `alertname`
---@param labels table<string, string>? further labels
---@param annotations table<string, string>?
---@param duration number? seconds until it resolves (`resolve_timeout` of the server)
---@return true
--- Raises as `post_alerts`.
--- Example: alertmanager.send("http://alertmanager:9093", "PathTest", { severity = "none" }, { summary = "a test" }, 60)
function M.send(url, name, labels, annotations, duration)
  local c = target("send", url, "name", name)
  local all, now = H.without(labels), H.clock.time()
  all.alertname = name
  return M.post_alerts(c, { {
    labels = all, annotations = annotations, startsAt = now, endsAt = duration and now + duration,
  } })
end

--- Alerts as notifications group them.
--- Source: Alertmanager API v2, getAlertGroups
---@param url string|assay.target
---@param opts { active: boolean?, silenced: boolean?, inhibited: boolean?, muted: boolean?, filter: string|string[]|nil, receiver: string?, receiver_matchers: string|string[]|nil }?
---  as for `alerts`
---@return { labels: table<string, string>, receiver: { name: string }, alerts: table[] }[] groups
--- Raises "alertmanager.alert_groups: HTTP STATUS: BODY".
--- Example: assert.eq(#alertmanager.alert_groups("http://alertmanager:9093", { receiver = "pager" }), 0)
function M.alert_groups(url, opts)
  local c = target("alert_groups", url)
  opts = opts or {}
  return (H.get(c, "/api/v2/alerts/groups", {
    fn = "alert_groups",
    opts = opts,
    query = {
      { "active", opts.active }, { "silenced", opts.silenced }, { "inhibited", opts.inhibited }, { "muted", opts.muted },
      { "filter", opts.filter }, { "receiver", opts.receiver }, { "receiver_matchers", opts.receiver_matchers },
    },
  })) or {}
end

local function firing(c, filter)
  return M.alerts(c, { active = true, silenced = false, inhibited = false, filter = filter })
end

--- Whether an alert is firing, neither silenced nor inhibited.
--- Source: Alertmanager API v2, getAlerts
---@param url string|assay.target
---@param alertname string
---@return boolean
--- Raises as `alerts`.
--- Example: assert.eq(alertmanager.is_firing("http://alertmanager:9093", "NodeDown"), false)
function M.is_firing(url, alertname)
  return #firing(target("is_firing", url, "alertname", alertname), equals("alertname", alertname)) > 0
end

--- Whether there is an alert of a name that a silence suppresses.
--- Source: Alertmanager API v2, getAlerts
---@param url string|assay.target
---@param alertname string
---@return boolean
--- Raises as `alerts`.
--- Example: assert.eq(alertmanager.is_silenced("http://alertmanager:9093", "NodeDown"), true)
function M.is_silenced(url, alertname)
  local c = target("is_silenced", url, "alertname", alertname)
  for _, alert in ipairs(M.alerts(c, { filter = equals("alertname", alertname) })) do
    if #((alert.status or {}).silencedBy or {}) > 0 then return true end
  end
  return false
end

--- How many alerts are firing, neither silenced nor inhibited.
--- Source: Alertmanager API v2, getAlerts
---@param url string|assay.target
---@return integer
--- Raises as `alerts`.
--- Example: assert.eq(alertmanager.active_count("http://alertmanager:9093"), 0)
function M.active_count(url)
  return #firing(target("active_count", url))
end

local function wait(fn, url, name, timeout, opts, state, check)
  local c = target(fn, url, "name", name)
  local limit, interval = H.waiting("alertmanager." .. fn, timeout, opts, 60, 2)
  return H.poll({
    timeout = limit,
    interval = interval,
    message = ("alertmanager.%s: alert %s not %s after %s"):format(fn, name, state, H.seconds(limit)),
    check = function()
      return check(c, equals("alertname", name))
    end,
  })
end

--- Waits until an alert is firing, neither silenced nor inhibited.
--- Source: Alertmanager API v2, getAlerts
---@param url string|assay.target
---@param name string
---@param timeout number? seconds (60)
---@param opts { interval: number }? seconds between looks (2)
---@return true
--- Raises "alertmanager.wait_firing: alert NAME not firing after 60s", and 400, 401, 403 at once.
--- Example: alertmanager.wait_firing("http://alertmanager:9093", "PathTest", 30)
function M.wait_firing(url, name, timeout, opts)
  return wait("wait_firing", url, name, timeout, opts, "firing", function(c, filter)
    return #firing(c, filter) > 0
  end)
end

--- Waits until there is no alert of a name, not even a suppressed one.
--- Source: Alertmanager API v2, getAlerts
---@param url string|assay.target
---@param name string
---@param timeout number? seconds (60)
---@param opts { interval: number }? seconds between looks (2)
---@return true
--- Raises "alertmanager.wait_resolved: alert NAME not resolved after 60s", and 400, 401, 403 at once.
--- Example: alertmanager.wait_resolved("http://alertmanager:9093", "PathTest", 300)
function M.wait_resolved(url, name, timeout, opts)
  return wait("wait_resolved", url, name, timeout, opts, "resolved", function(c, filter)
    return #M.alerts(c, { filter = filter }) == 0
  end)
end

-- --- silences --------------------------------------------------------------------------------------------------------

--- Silences, expired ones too unless left out.
--- Source: Alertmanager API v2, getSilences
---@param url string|assay.target
---@param opts { filter: string|string[]|nil, active: boolean?, pending: boolean?, expired: boolean? }? the booleans are
---  for newer servers; also a client's options
---@return { id: string, status: { state: "active"|"pending"|"expired" }, matchers: table[], startsAt: string, endsAt: string, updatedAt: string, createdBy: string, comment: string }[] silences
--- Raises "alertmanager.silences: HTTP STATUS: BODY".
--- Example: for _, one in ipairs(alertmanager.silences("http://alertmanager:9093")) do log.info(one.id .. " " .. one.status.state) end
function M.silences(url, opts)
  local c = target("silences", url)
  opts = opts or {}
  return (H.get(c, "/api/v2/silences", {
    fn = "silences",
    opts = opts,
    query = {
      { "filter", opts.filter }, { "active", opts.active }, { "pending", opts.pending }, { "expired", opts.expired },
    },
  })) or {}
end

--- One silence.
--- Source: Alertmanager API v2, getSilence
---@param url string|assay.target
---@param id string
---@return table silence as of `silences`
--- Raises "alertmanager.silence: HTTP STATUS: BODY", 404 included.
--- Example: local one = alertmanager.silence("http://alertmanager:9093", "6ab9bd44-5a4d-4e4f-8a5a-0d1b7c9f0f11")
function M.silence(url, id)
  local c = target("silence", url, "id", id)
  return (H.get(c, "/api/v2/silence/" .. H.seg(id), { fn = "silence" }))
end

local function matchers_of(list)
  local out = {}
  for i, matcher in ipairs(list or {}) do
    out[i] = H.without(matcher)
    if matcher.isRegex == nil then out[i].isRegex = false end
    if matcher.isEqual == nil then out[i].isEqual = true end
  end
  return out
end

--- Creates a silence, or updates the one whose `id` it has.
--- Source: Alertmanager API v2, postSilences
---@param url string|assay.target
---@param silence { id: string?, matchers: { name: string, value: string, isRegex: boolean?, isEqual: boolean? }[], startsAt: string|number, endsAt: string|number, createdBy: string, comment: string }
---  times as RFC 3339 or Unix seconds
---@return { silenceID: string } created an update may give a new id
--- Raises "alertmanager.create_silence: HTTP STATUS: BODY", 404 for an unknown id.
--- Example: alertmanager.create_silence("http://alertmanager:9093", { matchers = { { name = "job", value = "api" } },
---   startsAt = time(), endsAt = time() + 600, createdBy = "deploy", comment = "rollout" })
function M.create_silence(url, silence)
  local c = target("create_silence", url, "silence", silence)
  local body = H.without(silence)
  body.matchers = matchers_of(silence.matchers)
  body.startsAt, body.endsAt = stamp(silence.startsAt), stamp(silence.endsAt)
  return (H.post(c, "/api/v2/silences", body, { fn = "create_silence", ok = 200, needed = true }))
end

--- Expires a silence; it stays visible in the state "expired".
--- Source: Alertmanager API v2, deleteSilence
---@param url string|assay.target
---@param id string
---@return true
--- Raises "alertmanager.delete_silence: HTTP STATUS: BODY".
--- Example: alertmanager.delete_silence("http://alertmanager:9093", "6ab9bd44-5a4d-4e4f-8a5a-0d1b7c9f0f11")
function M.delete_silence(url, id)
  local c = target("delete_silence", url, "id", id)
  H.delete(c, "/api/v2/silence/" .. H.seg(id), { fn = "delete_silence", ok = 200, raw = true })
  return true
end

local function positive_hours(fn, name, hours)
  if not math.type(hours) or not (hours > 0) then
    error(("alertmanager.%s: %s must be a number above 0"):format(fn, name), 0)
  end
end

--- A silence that begins now.
local function silence_of(matchers, hours, opts)
  opts = opts or {}
  local now = H.clock.time()
  return {
    matchers = matchers,
    startsAt = now,
    endsAt = now + hours * 3600,
    createdBy = opts.created_by or "assay",
    comment = opts.comment or "Silenced by assay",
  }
end

--- Silences an alert from now on.
--- Source: Alertmanager API v2, postSilences
---@param url string|assay.target
---@param alertname string
---@param duration_hours number above 0, such as 0.5
---@param opts { created_by: string?, comment: string?, matchers: table[]? }? by "assay", "Silenced by assay"; matchers are
---  added to that of the name
---@return string id
--- Raises as `create_silence`, "alertmanager.silence_alert: duration_hours must be a number above 0".
--- Example: local id = alertmanager.silence_alert("http://alertmanager:9093", "NodeDown", 0.5)
function M.silence_alert(url, alertname, duration_hours, opts)
  local c = target("silence_alert", url, "alertname", alertname, "duration_hours", duration_hours)
  positive_hours("silence_alert", "duration_hours", duration_hours)
  local matchers = { { name = "alertname", value = alertname } }
  for _, matcher in ipairs(opts and opts.matchers or {}) do matchers[#matchers + 1] = matcher end
  return M.create_silence(c, silence_of(matchers, duration_hours, opts)).silenceID
end

--- Expires every silence that somebody made, so that a clean-up may run twice.
--- Source: Alertmanager API v2, getSilences, deleteSilence
---@param url string|assay.target
---@param opts { created_by: string?, comment_prefix: string? } at least one; both must fit
---@return string[] ids of those that were active or pending
--- Raises as `silences` and `delete_silence`, "alertmanager.expire_silences: created_by or comment_prefix is required".
--- Example: alertmanager.expire_silences("http://alertmanager:9093", { created_by = "deploy" })
function M.expire_silences(url, opts)
  local c = target("expire_silences", url)
  opts = opts or {}
  local by, prefix = opts.created_by, opts.comment_prefix
  -- Without either this would expire the silences of everybody.
  if (by == nil or by == "") and (prefix == nil or prefix == "") then
    error("alertmanager.expire_silences: created_by or comment_prefix is required", 0)
  end
  local ids = {}
  for _, one in ipairs(M.silences(c)) do
    local fits = (not by or one.createdBy == by) and (not prefix or (one.comment or ""):sub(1, #prefix) == prefix)
    if fits and (one.status or {}).state ~= "expired" then
      M.delete_silence(c, one.id)
      ids[#ids + 1] = one.id
    end
  end
  return ids
end

--- Matchers as one text, whatever their order.
local function fingerprint(matchers)
  local out = {}
  for i, one in ipairs(matchers_of(matchers)) do
    local operator = (one.isEqual and "=" or "!") .. (one.isRegex and "~" or "=")
    out[i] = ("%q%s%q"):format(one.name, operator, one.value)
  end
  table.sort(out)
  return table.concat(out, ",")
end

local function seconds_of(moment)
  return math.type(moment) and moment or H.parse_time(moment) or 0
end

--- Makes sure that a silence is in force: an active one with the same matchers and creator is used, and extended if it
--- ends earlier.
--- Source: Alertmanager API v2, getSilences, postSilences
---@param url string|assay.target
---@param silence table as for `create_silence`
---@return string id
--- Raises as `silences` and `create_silence`.
--- Example: alertmanager.ensure_silence("http://alertmanager:9093", { matchers = { { name = "job", value = "api" } },
---   startsAt = time(), endsAt = time() + 600, createdBy = "deploy", comment = "rollout" })
function M.ensure_silence(url, silence)
  local c = target("ensure_silence", url, "silence", silence)
  local wanted, found = fingerprint(silence.matchers), nil
  for _, one in ipairs(M.silences(c)) do
    local same = (one.status or {}).state == "active" and one.createdBy == silence.createdBy
      and fingerprint(one.matchers) == wanted
    if same and (not found or seconds_of(one.endsAt) > seconds_of(found.endsAt)) then found = one end
  end
  if not found then return M.create_silence(c, silence).silenceID end
  -- The server keeps milliseconds.
  if seconds_of(found.endsAt) >= seconds_of(silence.endsAt) - 0.001 then return found.id end
  local longer = H.without(found, "status", "updatedAt")
  longer.endsAt = silence.endsAt
  return M.create_silence(c, longer).silenceID
end

--- Runs a function while a silence is in force; the silence expires even when the function raises.
--- Source: Alertmanager API v2, postSilences, deleteSilence
---@param url string|assay.target
---@param matchers { name: string, value: string, isRegex: boolean?, isEqual: boolean? }[]
---@param hours number how long the silence lasts should the script be killed
---@param fn fun(id: string): any ...
---@return any ... what the function returns
--- Raises what the function raises, and as `create_silence` and `delete_silence`.
--- Example: alertmanager.with_silence("http://alertmanager:9093", { { name = "job", value = "api" } }, 1, function() sleep(1) end)
function M.with_silence(url, matchers, hours, fn)
  local c = target("with_silence", url, "matchers", matchers, "hours", hours, "fn", fn)
  positive_hours("with_silence", "hours", hours)
  local id = M.create_silence(c, silence_of(matchers, hours)).silenceID
  return H.around(fn, id, function()
    M.delete_silence(c, id)
  end)
end

-- --- the server itself -----------------------------------------------------------------------------------------------

--- Version, configuration and cluster of the server.
--- Source: Alertmanager API v2, getStatus
---@param url string|assay.target
---@return { cluster: { name: string?, status: "ready"|"settling"|"disabled", peers: table[]? }, versionInfo: { version: string }, config: { original: string }, uptime: string } status
--- Raises "alertmanager.status: HTTP STATUS: BODY".
--- Example: log.info(alertmanager.status("http://alertmanager:9093").versionInfo.version)
function M.status(url)
  return (H.get(target("status", url), "/api/v2/status", { fn = "status" }))
end

--- Whether the cluster has settled.
--- Source: Alertmanager API v2, getStatus
---@param url string|assay.target
---@param peers integer? the least number of members
---@return boolean
--- Raises as `status`.
--- Example: assert.eq(alertmanager.cluster_ready("http://alertmanager:9093", 3), true)
function M.cluster_ready(url, peers)
  local cluster = (M.status(target("cluster_ready", url)) or {}).cluster or {}
  return cluster.status == "ready" and #(cluster.peers or {}) >= (peers or 0)
end

--- Receivers of notifications.
--- Source: Alertmanager API v2, getReceivers
---@param url string|assay.target
---@param opts { receiver_matchers: string|string[]|nil }? for newer servers; also a client's options
---@return { name: string, labels: table<string, string>? }[] receivers
--- Raises "alertmanager.receivers: HTTP STATUS: BODY".
--- Example: assert.eq(alertmanager.receivers("http://alertmanager:9093")[1].name, "default")
function M.receivers(url, opts)
  local c = target("receivers", url)
  opts = opts or {}
  return (H.get(c, "/api/v2/receivers", {
    fn = "receivers", opts = opts, query = { { "receiver_matchers", opts.receiver_matchers } },
  })) or {}
end

local function manage(fn, url, method, path, body)
  local c = target(fn, url)
  local _, response = H.request(c, method, path, { fn = fn, ok = H.any, raw = true, body = body })
  return response.status == 200
end

--- Whether the server is alive.
--- Source: Alertmanager management API, "Health check"
---@param url string|assay.target
---@return boolean
--- Raises "alertmanager.healthy: GET /-/healthy: REASON" without an answer.
--- Example: assert.eq(alertmanager.healthy("http://alertmanager:9093"), true)
function M.healthy(url)
  return manage("healthy", url, "GET", "/-/healthy")
end

--- Whether the server is ready to serve.
--- Source: Alertmanager management API, "Readiness check"
---@param url string|assay.target
---@return boolean
--- Raises "alertmanager.ready: GET /-/ready: REASON" without an answer.
--- Example: assert.eq(alertmanager.ready("http://alertmanager:9093"), true)
function M.ready(url)
  return manage("ready", url, "GET", "/-/ready")
end

--- Makes Alertmanager read its configuration again.
--- Source: Alertmanager management API, "Reload"
---@param url string|assay.target
---@return boolean reloaded false when the new configuration is bad
--- Raises "alertmanager.reload: POST /-/reload: REASON" without an answer.
--- Example: assert.eq(alertmanager.reload("http://alertmanager:9093"), true)
function M.reload(url)
  return manage("reload", url, "POST", "/-/reload", "")
end

return M
