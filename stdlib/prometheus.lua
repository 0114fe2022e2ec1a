--- Prometheus: queries, targets, rules and alerts through the HTTP API v1, and the reload of its configuration. Thanos,
--- Mimir, Cortex and VictoriaMetrics speak the same API, usually under a path prefix and with a tenant header.
---
--- Where a function takes `url`, it takes an address, a table `{ url = …, headers = … }` with the options of a client, or
--- a client; and `prometheus.client(url)` has all functions as methods. In loops use `query_vector`: `query` gives a bare
--- number when exactly one series is left.
--- Source: Prometheus HTTP API, prometheus.io/docs/prometheus/latest/querying/api.
--- Example: assert.gt(prometheus.query("http://prometheus:9090", 'count(up{job="api"} == 1)'), 0)
local H = require("assay._http")

local M = {}

local spec = {
  name = "prometheus",
  style = "call",
  methods = M,
  groups = {
    queries = {
      instant = "query", range = "query_range", vector = "query_vector", value = "query_value", wait = "wait_query",
      exemplars = "exemplars",
    },
    alerts = { "alerts", list = "alerts", firing = "firing" },
    targets = { "targets", list = "targets", metadata = "targets_metadata", down = "down_targets" },
    rules = { "rules", list = "rules" },
    labels = { "labels", list = "labels", values = "label_values" },
    series = { "series", list = "series" },
    config = { "config", get = "config", reload = "config_reload" },
  },
}

--- Characters of an address beyond which parameters travel in the body: proxies refuse long addresses.
local MAX_URL = 4000

--- A Prometheus server with all functions of this module as methods, `c:query("up")`, and grouped:
--- `c.queries:instant("up")`, `c.targets:list()`.
--- Source: Assay
---@param url string|assay.target the server's address, up to the prefix under which its API lives
---@param opts assay.options?
---@return table client
--- Raises "prometheus: invalid url 'URL'".
--- Example: local c = prometheus.client("http://mimir/prometheus", { headers = { ["X-Scope-OrgID"] = "team-a" } })
function M.client(url, opts)
  H.need("prometheus.client", "url", url)
  return H.client(spec, url, opts)
end

-- --- requests --------------------------------------------------------------------------------------------------------

local target = H.targets(spec)

local function fail(fn, reason)
  error(("prometheus.%s: %s"):format(fn, reason), 0)
end

--- What an answer carries, `data`.
local function data_of(fn, body)
  if type(body) ~= "table" then fail(fn, "unexpected response format") end
  if body.status ~= "success" then fail(fn, body.error or "unknown error") end
  for _, notes in ipairs({ body.warnings or {}, body.infos or {} }) do
    for _, note in ipairs(notes) do log.debug(("prometheus.%s: %s"):format(fn, note)) end
  end
  return body.data
end

local function get(c, fn, path, query, opts)
  return data_of(fn, (H.get(c, path, { fn = fn, query = query, opts = opts })))
end

--- As `get`, but with the parameters in the body where the address would become too long.
local function ask(c, fn, path, query, opts)
  local form = H.query(query):sub(2)
  if #c.url + #path + 1 + #form > MAX_URL then
    local body, response = H.post(c, path, form, {
      fn = fn, opts = opts, ok = { 200, 405 }, content_type = "application/x-www-form-urlencoded",
    })
    if response.status ~= 405 then return data_of(fn, body) end
  end
  return get(c, fn, path, query, opts)
end

local UNITS = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400, w = 604800, y = 31536000 }

--- Seconds of a duration such as `1m30s`, or of a number.
local function seconds_of(duration)
  local seconds = tonumber(duration)
  if seconds or duration == nil then return seconds end
  seconds = 0
  for count, unit in tostring(duration):gmatch("([%d.]+)(%a+)") do
    seconds = seconds + (tonumber(count) or 0) * (UNITS[unit] or 0)
  end
  return seconds
end

--- The options of a query's request. There `timeout` is what the server may take to evaluate the query: our own limit
--- must not be shorter, lest its error never arrives.
local function patient(c, opts)
  if not opts or opts.timeout == nil then return opts end
  local out = H.without(opts, "timeout")
  out.timeout = math.max(c.timeout or 30, seconds_of(opts.timeout) + 5)
  return out
end

local function end_of(opts)
  if opts.end_time ~= nil then return opts.end_time end
  return opts["end"]
end

-- --- queries ---------------------------------------------------------------------------------------------------------

local SPECIAL = { NaN = 0 / 0, ["+Inf"] = math.huge, Inf = math.huge, ["-Inf"] = -math.huge }

--- A sample's value, which arrives as text.
local function number(text)
  return tonumber(text) or SPECIAL[text] or text
end

local function histogram(raw)
  local buckets = {}
  for i, bucket in ipairs(raw.buckets or {}) do
    buckets[i] = { bucket[1], number(bucket[2]), number(bucket[3]), number(bucket[4]) }
  end
  return { count = number(raw.count), sum = number(raw.sum), buckets = buckets }
end

local function vector(result, with_time)
  local out = {}
  for i, sample in ipairs(result) do
    local point = sample.value or sample.histogram
    out[i] = {
      metric = sample.metric or {},
      value = sample.value and number(sample.value[2]),
      histogram = sample.histogram and histogram(sample.histogram[2]),
      time = with_time and point and point[1] or nil,
    }
  end
  return out
end

local function points(list, convert)
  if not list then return nil end
  local out = {}
  for i, point in ipairs(list) do out[i] = { point[1], convert(point[2]) } end
  return out
end

local function matrix(result)
  local out = {}
  for i, series in ipairs(result) do
    out[i] = {
      metric = series.metric or {},
      values = points(series.values, number) or {},
      histograms = points(series.histograms, histogram),
    }
  end
  return out
end

--- Runs an instant query; returns its result as it came, and of which type it is.
local function instant(fn, url, promql, opts)
  local c = target(fn, url, "promql", promql)
  opts = opts or {}
  local data = ask(c, fn, "/api/v1/query", {
    { "query", promql }, { "time", opts.time }, { "timeout", opts.timeout }, { "limit", opts.limit },
    { "lookback_delta", opts.lookback_delta }, { "stats", opts.stats },
  }, patient(c, opts))
  if type(data) ~= "table" or type(data.result) ~= "table" then fail(fn, "unexpected response format") end
  return data.result, data.resultType
end

--- Runs one instant query. NaN and the infinities come as such: compare a value with itself to notice NaN.
--- Source: Prometheus HTTP API, "Instant queries"
---@param url string|assay.target server address, such as "http://prometheus:9090"
---@param promql string
---@param opts { time: number|string|nil, timeout: number|string|nil, limit: integer?, lookback_delta: number|string|nil, stats: string? }?
---  time in Unix seconds or RFC 3339 (now); timeout and lookback_delta in seconds or as "30s"; also a client's options
---@return number|string|{ metric: table<string, string>, value: number?, histogram: table?, values: number[][]? }[] result
---  the bare value when exactly one series matches or for a scalar, text for a string; else one entry per series, for a
---  range selector with `values` as {Unix seconds, number}; a native histogram has `histogram` {count, sum, buckets}
--- Raises "prometheus.query: HTTP STATUS: BODY" when the server refuses the query, "prometheus.query: ERROR".
--- Example: assert.gt(prometheus.query("http://prometheus:9090", "count(up)"), 0)
function M.query(url, promql, opts)
  local result, kind = instant("query", url, promql, opts)
  if kind == "scalar" then return number(result[2]) end
  if kind == "string" then return result[2] end
  if kind == "matrix" then return matrix(result) end
  local list = vector(result)
  if #list == 1 and list[1].value ~= nil then return list[1].value end
  return list
end

--- Runs one instant query; always a list.
--- Source: Prometheus HTTP API, "Instant queries"
---@param url string|assay.target
---@param promql string
---@param opts table? as for `query`
---@return { metric: table<string, string>, value: number?, histogram: table?, time: number }[] samples time in Unix
---  seconds; a scalar is one sample without labels
--- Raises "prometheus.query_vector: HTTP STATUS: BODY", and for a range selector or a string.
--- Example: for _, sample in ipairs(prometheus.query_vector("http://prometheus:9090", "up == 0")) do log.warn(sample.metric.instance) end
function M.query_vector(url, promql, opts)
  local result, kind = instant("query_vector", url, promql, opts)
  if kind == "scalar" then return { { metric = {}, value = number(result[2]), time = result[1] } } end
  if kind == "matrix" or kind == "string" then fail("query_vector", ("the query gives a %s, not a vector"):format(kind)) end
  return vector(result, true)
end

--- Runs one instant query that gives one number.
--- Source: Prometheus HTTP API, "Instant queries"
---@param url string|assay.target
---@param promql string
---@param default any what to return when no series matches (nil)
---@param opts table? as for `query`
---@return number|any value
--- Raises "prometheus.query_value: expected one series, got 3", and as `query`.
--- Example: assert.eq(prometheus.query_value("http://prometheus:9090", "count(up == 0)", 0), 0)
function M.query_value(url, promql, default, opts)
  local result, kind = instant("query_value", url, promql, opts)
  if kind == "scalar" then return number(result[2]) end
  if kind == "matrix" or kind == "string" then fail("query_value", ("the query gives a %s, not a number"):format(kind)) end
  if #result == 0 then return default end
  if #result > 1 then fail("query_value", ("expected one series, got %d"):format(#result)) end
  local value = vector(result)[1].value
  if value == nil then fail("query_value", "the query gives a histogram, not a number") end
  return value
end

--- Runs one query over a range of time.
--- Source: Prometheus HTTP API, "Range queries"
---@param url string|assay.target
---@param promql string
---@param start_time number|string|nil Unix seconds or RFC 3339
---@param end_time number|string|nil the same
---@param step number|string|nil seconds, or a duration such as "30s"
---@param opts { timeout: number|string|nil, limit: integer?, lookback_delta: number|string|nil }? also a client's options
---@return { metric: table<string, string>, values: [number, string][], histograms: table[]? }[] series values as
---  {Unix seconds, text}, as in the API
--- Raises "prometheus.query_range: HTTP STATUS: BODY", "prometheus.query_range: ERROR".
--- Example: local series = prometheus.query_range("http://prometheus:9090", "up", time() - 3600, time(), "1m")
function M.query_range(url, promql, start_time, end_time, step, opts)
  local c = target("query_range", url, "promql", promql)
  opts = opts or {}
  local data = ask(c, "query_range", "/api/v1/query_range", {
    { "query", promql }, { "start", start_time }, { "end", end_time }, { "step", step }, { "timeout", opts.timeout },
    { "limit", opts.limit }, { "lookback_delta", opts.lookback_delta },
  }, patient(c, opts))
  if type(data) ~= "table" or type(data.result) ~= "table" then fail("query_range", "unexpected response format") end
  return data.result
end

--- Waits until the result of a query is as it should be: right after a rollout the first scrape is still to come.
--- Source: Prometheus HTTP API, "Instant queries"
---@param url string|assay.target
---@param promql string
---@param predicate fun(result: any): boolean gets what `query` returns
---@param timeout number? seconds (60)
---@param opts { interval: number? }? seconds between looks (2); also as for `query`
---@return any result the one that the predicate accepted
--- Raises "prometheus.wait_query: no expected result after 60s (last: …)", and 400, 401, 403, 422 at once.
--- Example: prometheus.wait_query("http://prometheus:9090", 'up{job="api"}', function(up) return up == 1 end, 120)
function M.wait_query(url, promql, predicate, timeout, opts)
  local c = target("wait_query", url, "promql", promql, "predicate", predicate)
  local limit, interval, more = H.waiting("prometheus.wait_query", timeout, opts, 60, 2)
  return H.poll({
    timeout = limit,
    interval = interval,
    message = ("prometheus.wait_query: no expected result after %s"):format(H.seconds(limit)),
    check = function()
      local result = M.query(c, promql, H.without(more, "interval", "timeout"))
      if predicate(result) then return { result } end
      return nil, type(result) == "table" and H.cut(H.json(result), 200) or tostring(result)
    end,
  })[1]
end

--- Exemplars: traces that stand for samples.
--- Source: Prometheus HTTP API, "Querying exemplars"
---@param url string|assay.target
---@param promql string
---@param opts { start: number|string|nil, end_time: number|string|nil }? Unix seconds or RFC 3339
---@return { seriesLabels: table<string, string>, exemplars: table[] }[] series
--- Raises "prometheus.exemplars: HTTP STATUS: BODY".
--- Example: local list = prometheus.exemplars("http://prometheus:9090", "request_seconds_bucket", { start = time() - 600 })
function M.exemplars(url, promql, opts)
  local c = target("exemplars", url, "promql", promql)
  opts = opts or {}
  return ask(c, "exemplars", "/api/v1/query_exemplars", {
    { "query", promql }, { "start", opts.start }, { "end", end_of(opts) },
  }, opts) or {}
end

-- --- alerts, targets, rules ------------------------------------------------------------------------------------------

--- Alerts that are pending or firing.
--- Source: Prometheus HTTP API, "Alerts"
---@param url string|assay.target
---@return { labels: table<string, string>, annotations: table<string, string>, state: "pending"|"firing", activeAt: string, value: string }[] alerts
--- Raises "prometheus.alerts: HTTP STATUS: BODY".
--- Example: assert.eq(#prometheus.alerts("http://prometheus:9090"), 0)
function M.alerts(url)
  local data = get(target("alerts", url), "alerts", "/api/v1/alerts")
  return data and data.alerts or {}
end

--- Alerts that are firing.
--- Source: Prometheus HTTP API, "Alerts"
---@param url string|assay.target
---@param alertname string? only those of this name
---@return table[] alerts as of `alerts`
--- Raises as `alerts`.
--- Example: assert.eq(#prometheus.firing("http://prometheus:9090", "NodeDown"), 0)
function M.firing(url, alertname)
  H.need("prometheus.firing", "url", url)
  local out = {}
  for _, alert in ipairs(M.alerts(url)) do
    local named = alertname == nil or (alert.labels or {}).alertname == alertname
    if named and alert.state == "firing" then out[#out + 1] = alert end
  end
  return out
end

--- What Prometheus scrapes, and what it dropped by relabelling.
--- Source: Prometheus HTTP API, "Targets"
---@param url string|assay.target
---@param opts { state: "active"|"dropped"|"any"|nil, scrape_pool: string? }? also a client's options
---@return { activeTargets: table[], droppedTargets: table[], droppedTargetCounts: table? } targets an active one has
---  labels, scrapePool, scrapeUrl, health "up", "down" or "unknown", lastError, lastScrape, lastScrapeDuration (seconds)
--- Raises "prometheus.targets: HTTP STATUS: BODY".
--- Example: assert.gt(#prometheus.targets("http://prometheus:9090", { state = "active" }).activeTargets, 0)
function M.targets(url, opts)
  local c = target("targets", url)
  opts = opts or {}
  local data = get(c, "targets", "/api/v1/targets", {
    { "state", opts.state }, { "scrapePool", opts.scrape_pool },
  }, opts) or {}
  data.activeTargets, data.droppedTargets = data.activeTargets or {}, data.droppedTargets or {}
  return data
end

--- Active targets that are not up.
--- Source: Prometheus HTTP API, "Targets"
---@param url string|assay.target
---@param opts { scrape_pool: string? }? also a client's options
---@return table[] targets as of `targets`, with scrapeUrl and lastError
--- Raises as `targets`.
--- Example: assert.eq(#prometheus.down_targets("http://prometheus:9090"), 0)
function M.down_targets(url, opts)
  H.need("prometheus.down_targets", "url", url)
  local asked, out = H.without(opts), {}
  asked.state = "active"
  for _, one in ipairs(M.targets(url, asked).activeTargets) do
    if one.health ~= "up" then out[#out + 1] = one end
  end
  return out
end

--- What the targets say about their metrics.
--- Source: Prometheus HTTP API, "Querying target metadata"
---@param url string|assay.target
---@param opts { match_target: string?, metric: string?, limit: integer? }? match_target is a selector in braces
---@return { target: table<string, string>, metric: string?, type: string, help: string, unit: string }[] metadata
---  without `metric` when the request named one
--- Raises "prometheus.targets_metadata: HTTP STATUS: BODY".
--- Example: local list = prometheus.targets_metadata("http://prometheus:9090", { metric = "up", match_target = '{job="api"}' })
function M.targets_metadata(url, opts)
  local c = target("targets_metadata", url)
  opts = opts or {}
  return get(c, "targets_metadata", "/api/v1/targets/metadata", {
    { "match_target", opts.match_target }, { "metric", opts.metric }, { "limit", opts.limit },
  }, opts) or {}
end

--- Groups of rules.
--- Source: Prometheus HTTP API, "Rules"
---@param url string|assay.target
---@param opts { type: "alert"|"record"|nil, rule_name: string|string[]|nil, rule_group: string|string[]|nil, file: string|string[]|nil, match: string|string[]|nil, exclude_alerts: boolean?, group_limit: integer?, group_next_token: string? }?
---@return { name: string, file: string, interval: number, rules: table[] }[] groups interval in seconds; a rule has
---  name, type "alerting" or "recording", query, health, lastError?, state?, alerts?
--- Raises "prometheus.rules: HTTP STATUS: BODY", 400 for an unknown type.
--- Example: assert.gt(#prometheus.rules("http://prometheus:9090", { type = "alert" }), 0)
function M.rules(url, opts)
  local c = target("rules", url)
  opts = opts or {}
  local data = get(c, "rules", "/api/v1/rules", {
    { "type", opts.type }, { "rule_name[]", opts.rule_name }, { "rule_group[]", opts.rule_group },
    { "file[]", opts.file }, { "match[]", opts.match }, { "exclude_alerts", opts.exclude_alerts },
    { "group_limit", opts.group_limit }, { "group_next_token", opts.group_next_token },
  }, opts)
  return data and data.groups or {}
end

--- The Alertmanagers that alerts are sent to.
--- Source: Prometheus HTTP API, "Alertmanagers"
---@param url string|assay.target
---@return { activeAlertmanagers: { url: string }[], droppedAlertmanagers: { url: string }[] } alertmanagers
--- Raises "prometheus.alertmanagers: HTTP STATUS: BODY".
--- Example: assert.gt(#prometheus.alertmanagers("http://prometheus:9090").activeAlertmanagers, 0)
function M.alertmanagers(url)
  local data = get(target("alertmanagers", url), "alertmanagers", "/api/v1/alertmanagers") or {}
  data.activeAlertmanagers, data.droppedAlertmanagers = data.activeAlertmanagers or {}, data.droppedAlertmanagers or {}
  return data
end

-- --- series and labels -----------------------------------------------------------------------------------------------

--- Series that match.
--- Source: Prometheus HTTP API, "Finding series by label matchers"
---@param url string|assay.target
---@param match_selectors string|string[] at least one, such as 'up{job="api"}'
---@param opts { start: number|string|nil, end_time: number|string|nil, limit: integer? }? Unix seconds or RFC 3339
---@return table<string, string>[] series labels, `__name__` included
--- Raises "prometheus.series: HTTP STATUS: BODY", "prometheus.series: match_selectors is required".
--- Example: assert.gt(#prometheus.series("http://prometheus:9090", { 'up{job="api"}' }), 0)
function M.series(url, match_selectors, opts)
  if type(match_selectors) == "table" and #match_selectors == 0 then match_selectors = nil end
  local c = target("series", url, "match_selectors", match_selectors)
  opts = opts or {}
  return ask(c, "series", "/api/v1/series", {
    { "match[]", match_selectors }, { "start", opts.start }, { "end", end_of(opts) }, { "limit", opts.limit },
  }, opts) or {}
end

--- Names of labels.
--- Source: Prometheus HTTP API, "Getting label names"
---@param url string|assay.target
---@param opts { match: string|string[]|nil, start: number|string|nil, end_time: number|string|nil, limit: integer? }?
---@return string[] names
--- Raises "prometheus.labels: HTTP STATUS: BODY".
--- Example: assert.contains(table.concat(prometheus.labels("http://prometheus:9090"), " "), "job")
function M.labels(url, opts)
  local c = target("labels", url)
  opts = opts or {}
  return ask(c, "labels", "/api/v1/labels", {
    { "match[]", opts.match }, { "start", opts.start }, { "end", end_of(opts) }, { "limit", opts.limit },
  }, opts) or {}
end

--- A label's name as it stands in a path: names outside the old character set need Prometheus' value escaping.
local function label_segment(name)
  if name:find("^[%a_][%w_]*$") or not utf8.len(name) then return H.seg(name) end
  local out = { "U__" }
  for _, code in utf8.codes(name) do
    local char = utf8.char(code)
    if char == "_" then
      char = "__"
    elseif not char:find("^[%w:]$") then
      char = ("_%x_"):format(code)
    end
    out[#out + 1] = char
  end
  return table.concat(out)
end

--- Values of one label.
--- Source: Prometheus HTTP API, "Querying label values"
---@param url string|assay.target
---@param label_name string
---@param opts { match: string|string[]|nil, start: number|string|nil, end_time: number|string|nil, limit: integer? }?
---@return string[] values
--- Raises "prometheus.label_values: HTTP STATUS: BODY".
--- Example: assert.gt(#prometheus.label_values("http://prometheus:9090", "job"), 0)
function M.label_values(url, label_name, opts)
  local c = target("label_values", url, "label_name", label_name)
  opts = opts or {}
  return get(c, "label_values", ("/api/v1/label/%s/values"):format(label_segment(label_name)), {
    { "match[]", opts.match }, { "start", opts.start }, { "end", end_of(opts) }, { "limit", opts.limit },
  }, opts) or {}
end

--- Type, help and unit of metrics, gathered from all targets.
--- Source: Prometheus HTTP API, "Querying metric metadata"
---@param url string|assay.target
---@param opts { metric: string?, limit: integer?, limit_per_metric: integer? }?
---@return table<string, { type: string, help: string, unit: string }[]> metadata by name of the metric
--- Raises "prometheus.metadata: HTTP STATUS: BODY".
--- Example: assert.eq(prometheus.metadata("http://prometheus:9090", { metric = "http_requests_total" }).http_requests_total[1].type, "counter")
function M.metadata(url, opts)
  local c = target("metadata", url)
  opts = opts or {}
  return get(c, "metadata", "/api/v1/metadata", {
    { "limit", opts.limit }, { "limit_per_metric", opts.limit_per_metric }, { "metric", opts.metric },
  }, opts) or {}
end

-- --- the server itself -----------------------------------------------------------------------------------------------

--- Makes Prometheus read its configuration again. Needs `--web.enable-lifecycle`.
--- Source: Prometheus management API, "Reload"
---@param url string|assay.target
---@return boolean reloaded false when the server refuses (403: not enabled, 500: the new configuration is bad)
--- Raises "prometheus.config_reload: POST /-/reload: REASON" without an answer.
--- Example: assert.eq(prometheus.config_reload("http://prometheus:9090"), true)
function M.config_reload(url)
  local c = target("config_reload", url)
  local _, response = H.post(c, "/-/reload", "", { fn = "config_reload", ok = H.any, raw = true })
  return response.status == 200
end

--- Whether a page of the management API answers 200. These pages live at the root of the server, even where the API is
--- reached through a prefix.
local function well(fn, url, path)
  local c = target(fn, url)
  local o = { fn = fn, ok = H.any, raw = true }
  local _, response = H.get(c, path, o)
  local root = c.url:match("^(%a+://[^/]+)/")
  if response.status == 404 and root then
    _, response = H.get(H.derive(c, { url = root }), path, o)
  end
  return response.status == 200
end

--- Whether the server is alive.
--- Source: Prometheus management API, "Health check"
---@param url string|assay.target
---@return boolean
--- Raises "prometheus.healthy: GET /-/healthy: REASON" without an answer.
--- Example: assert.eq(prometheus.healthy("http://prometheus:9090"), true)
function M.healthy(url)
  return well("healthy", url, "/-/healthy")
end

--- Whether the server is ready to answer queries.
--- Source: Prometheus management API, "Readiness check"
---@param url string|assay.target
---@return boolean
--- Raises "prometheus.ready: GET /-/ready: REASON" without an answer.
--- Example: assert.eq(prometheus.ready("http://prometheus:9090"), true)
function M.ready(url)
  return well("ready", url, "/-/ready")
end

local function status(fn, url, page)
  return get(target(fn, url), fn, "/api/v1/status/" .. page)
end

--- Version and build of the server.
--- Source: Prometheus HTTP API, "Build Information"
---@param url string|assay.target
---@return { version: string, revision: string, branch: string, buildDate: string, goVersion: string } info
--- Raises "prometheus.buildinfo: HTTP STATUS: BODY".
--- Example: log.info(prometheus.buildinfo("http://prometheus:9090").version)
function M.buildinfo(url)
  return status("buildinfo", url, "buildinfo")
end

--- How the server is doing: start time, last reload, retention.
--- Source: Prometheus HTTP API, "Runtime Information"
---@param url string|assay.target
---@return { startTime: string, reloadConfigSuccess: boolean, lastConfigTime: string, storageRetention: string } info
--- Raises "prometheus.runtimeinfo: HTTP STATUS: BODY".
--- Example: assert.eq(prometheus.runtimeinfo("http://prometheus:9090").reloadConfigSuccess, true)
function M.runtimeinfo(url)
  return status("runtimeinfo", url, "runtimeinfo")
end

--- The flags that the server was started with.
--- Source: Prometheus HTTP API, "Flags"
---@param url string|assay.target
---@return table<string, string> flags
--- Raises "prometheus.flags: HTTP STATUS: BODY".
--- Example: assert.eq(prometheus.flags("http://prometheus:9090")["web.enable-lifecycle"], "true")
function M.flags(url)
  return status("flags", url, "flags")
end

--- The configuration that is loaded.
--- Source: Prometheus HTTP API, "Config"
---@param url string|assay.target
---@return { yaml: string } config
--- Raises "prometheus.config: HTTP STATUS: BODY".
--- Example: assert.contains(prometheus.config("http://prometheus:9090").yaml, "scrape_configs")
function M.config(url)
  return status("config", url, "config")
end

--- How many series there are, and which names and labels have the most.
--- Source: Prometheus HTTP API, "TSDB Stats"
---@param url string|assay.target
---@param opts { limit: integer? }? entries of each statistic (10)
---@return { headStats: table, seriesCountByMetricName: { name: string, value: integer }[] } stats
--- Raises "prometheus.tsdb_status: HTTP STATUS: BODY".
--- Example: assert.lt(prometheus.tsdb_status("http://prometheus:9090").headStats.numSeries, 1000000)
function M.tsdb_status(url, opts)
  local c = target("tsdb_status", url)
  opts = opts or {}
  return get(c, "tsdb_status", "/api/v1/status/tsdb", { { "limit", opts.limit } }, opts)
end

--- Takes a snapshot of all data. Needs `--web.enable-admin-api`.
--- Source: Prometheus HTTP API, "Snapshot"
---@param url string|assay.target
---@param opts { skip_head: boolean? }? true: without what is not yet in a block
---@return string name of the folder below `snapshots` in the server's data folder
--- Raises "prometheus.snapshot: HTTP STATUS: BODY".
--- Example: log.info(prometheus.snapshot("http://prometheus:9090"))
function M.snapshot(url, opts)
  local c = target("snapshot", url)
  opts = opts or {}
  local body = H.post(c, "/api/v1/admin/tsdb/snapshot", "", {
    fn = "snapshot", ok = 200, query = { { "skip_head", opts.skip_head } }, opts = opts,
  })
  return (data_of("snapshot", body) or {}).name
end

return M
