--- Loki: pushes log lines, queries them with LogQL, looks at labels and streams.
---
--- Times may be Unix seconds (with a fraction), integer nanoseconds, digits of either, or RFC 3339 text. Instant queries
--- take metric expressions only; log selectors belong into `query_range`, which gives 100 lines unless `limit` says more.
--- Source: Loki HTTP API, grafana.com/docs/loki/latest/reference/loki-http-api.
--- Example: local c = loki.client("http://loki", { tenant = "prod" }); c:push({ job = "smoke" }, { "it works" })
local H = require("assay._http")

local M = {}

--- A connection to one Loki.
---@class assay.loki.client
---@field url string
---@field tenant string|string[]|nil
---@field token string|(fun(): string?)? bearer token; read at every call
local Client = {}

local spec = {
  name = "loki",
  methods = Client,
  groups = {
    logs = { push = "push", lines = "lines", count = "count", wait = "wait_line", delete = "delete" },
    queries = { instant = "query", range = "query_range", tail = "tail", stats = "stats", volume = "volume" },
    labels = { "labels", list = "labels", values = "label_values" },
    series = { "series", list = "series" },
    health = { ready = "ready", metrics = "metrics", buildinfo = "buildinfo" },
    rules = { "rules", list = "rules" },
    alerts = { "alerts", list = "alerts" },
  },
}

---@class assay.loki.options: assay.options
---@field tenant string|string[]|nil value of X-Scope-OrgID; several tenants are joined with "|"
---@field org_id string|string[]|nil the same
---@field token string|(fun(): string?)?
---@field username string?
---@field password string?

--- Connects to a Loki or its gateway.
--- Source: Assay
---@param url string its address
---@param opts assay.loki.options?
---@return assay.loki.client c
--- Raises "loki: invalid url 'URL'".
--- Example: local c = loki.client("http://loki-gateway", { tenant = "prod" })
function M.client(url, opts)
  H.need("loki.client", "url", url)
  return H.client(spec, url, opts)
end

local OPERATORS = { ["="] = true, ["!="] = true, ["=~"] = true, ["!~"] = true }

--- A LogQL selector of streams.
--- Source: LogQL, "Log stream selector", grafana.com/docs/loki/latest/query/log_queries
---@param labels table<string, string|{ [1]: "="|"!="|"=~"|"!~", [2]: string }> a value, or an operator and a value
---@return string selector with the labels in alphabetical order
--- Raises "loki.selector: invalid label name 'NAME'", "loki.selector: unknown operator 'OP'".
--- Example: assert.eq(loki.selector({ job = "api", level = { "=~", "warn|error" } }), '{job="api",level=~"warn|error"}')
function M.selector(labels)
  H.need("loki.selector", "labels", labels)
  local names, out = {}, {}
  for name in pairs(labels) do
    if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
      error(("loki.selector: invalid label name '%s'"):format(tostring(name)), 0)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    local operator, value = "=", labels[name]
    if type(value) == "table" then operator, value = value[1], value[2] end
    if not OPERATORS[operator] then error(("loki.selector: unknown operator '%s'"):format(tostring(operator)), 0) end
    value = tostring(value):gsub('[\\"\n]', { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" })
    out[i] = ('%s%s"%s"'):format(name, operator, value)
  end
  return "{" .. table.concat(out, ",") .. "}"
end

-- --- requests --------------------------------------------------------------------------------------------------------

--- The header that names the tenant, as the client's fields are now.
local function tenant(c)
  local name = c.tenant or c.org_id
  if type(name) == "table" then name = table.concat(name, "|") end
  return name and { ["X-Scope-OrgID"] = name } or nil
end

local function request(c, method, path, o)
  o.headers, o.hide_query = tenant(c), true
  return H.request(c, method, path, o)
end

local function data_of(body)
  if type(body) ~= "table" then return nil end
  return body.data
end

local function get(c, path, query, opts)
  return (request(c, "GET", path, { query = query, opts = opts }))
end

--- A time as the server reads it: with a point it takes a number for seconds, without by the count of digits.
local function moment(value)
  if math.type(value) ~= "float" then return value end
  local text = H.num(value)
  return text:find(".", 1, true) and text or text .. ".0"
end

local function end_of(opts)
  if opts.end_time ~= nil then return opts.end_time end
  return opts["end"]
end

--- Parameters that say which time a request is about.
local function span(opts, ...)
  local query = { ... }
  query[#query + 1] = { "start", moment(opts.start) }
  query[#query + 1] = { "end", moment(end_of(opts)) }
  query[#query + 1] = { "since", opts.since }
  return query
end

--- Nanoseconds as digits. Made of integers, because a float cannot hold them.
local function nanoseconds(value)
  if type(value) == "string" and value:find("^%d+$") then return value end
  if not math.type(value) then
    error("loki.push: a timestamp must be a number or a string of digits", 0)
  end
  -- Numbers below 1e12 are seconds: as nanoseconds they would lie within a quarter of an hour of 1970.
  if value >= 1e12 then return H.num(value) end
  local whole = math.floor(value)
  return ("%d"):format(whole * 1000000000 + math.floor((value - whole) * 1000000 + 0.5) * 1000)
end

-- --- writing ---------------------------------------------------------------------------------------------------------

--- Pushes log lines into one stream.
--- Source: Loki HTTP API, "Ingest logs"
---@param stream_labels table<string, string>
---@param entries (string|{ [1]: number|string, [2]: string, [3]: table<string, string>? })[] a line, stamped now; or time,
---  line and structured metadata. A time is in nanoseconds, or Unix seconds when below 1e12
---@return true
--- Raises "loki: POST /loki/api/v1/push HTTP STATUS: BODY": 400 for entries too old or too far ahead (others of the same
--- push may have been stored), 260 where ingestion is blocked.
--- Example: c:push({ job = "smoke" }, { "plain", { time(), "stamped", { trace_id = "a1" } } })
function Client:push(stream_labels, entries)
  H.need("loki.push", "stream_labels", stream_labels, "entries", entries)
  local values = {}
  -- One nanosecond apart, so that lines stamped here keep their order.
  local now = math.floor(H.clock.time() * 1000000) * 1000
  for i, entry in ipairs(type(entries) == "string" and { entries } or entries) do
    if type(entry) == "table" then
      local metadata = entry[3] or entry.metadata
      values[i] = {
        nanoseconds(entry[1] or entry.timestamp), entry[2] or entry.line, metadata and H.object(H.without(metadata)),
      }
    else
      values[i] = { ("%d"):format(now), entry }
      now = now + 1
    end
  end
  request(self, "POST", "/loki/api/v1/push", {
    body = { streams = { { stream = H.object(H.without(stream_labels)), values = values } } }, ok = { 204, 200 }, raw = true,
  })
  return true
end

--- Asks for the deletion of log lines; the compactor does it later.
--- Source: Loki HTTP API, "Request log deletion"
---@param query string selector, may have line filters
---@param start number|string Unix seconds or RFC 3339
---@param end_time number|string? the same (now)
---@return true
--- Raises "loki: POST /loki/api/v1/delete HTTP STATUS: BODY".
--- Example: c:delete('{job="smoke"}', time() - 3600)
function Client:delete(query, start, end_time)
  H.need("loki.delete", "query", query, "start", start)
  request(self, "POST", "/loki/api/v1/delete", {
    query = { { "query", query }, { "start", moment(start) }, { "end", moment(end_time) } }, body = "", raw = true,
  })
  return true
end

--- Deletions that were asked for.
--- Source: Loki HTTP API, "List log deletion requests"
---@return { request_id: string, query: string, start_time: number, end_time: number, status: string }[] requests
--- Raises "loki: GET /loki/api/v1/delete HTTP STATUS: BODY".
--- Example: assert.eq(c:deletions()[1].status, "received")
function Client:deletions()
  return get(self, "/loki/api/v1/delete") or {}
end

--- Takes a deletion back that has not been done yet.
--- Source: Loki HTTP API, "Request cancellation of a delete request"
---@param request_id string
---@param opts { force: boolean? }? true: also the rest of one that is under way
---@return true
--- Raises "loki: DELETE /loki/api/v1/delete HTTP STATUS: BODY".
--- Example: c:cancel_deletion("b2c3")
function Client:cancel_deletion(request_id, opts)
  H.need("loki.cancel_deletion", "request_id", request_id)
  request(self, "DELETE", "/loki/api/v1/delete", {
    query = { { "request_id", request_id }, { "force", opts and opts.force } }, opts = opts, raw = true,
  })
  return true
end

-- --- queries ---------------------------------------------------------------------------------------------------------

--- Runs an instant query: a metric expression.
--- Source: Loki HTTP API, "Query logs at a single point in time"
---@param logql string
---@param opts { limit: integer?, time: number|string|nil, direction: "forward"|"backward"|nil }? also a client's options
---@return table result of a vector `{ metric, value = {Unix seconds, text} }` each, of streams
---  `{ stream, values = {{nanoseconds as text, line}, …} }` each, of a scalar {Unix seconds, text}
--- Raises "loki: GET /loki/api/v1/query HTTP STATUS: BODY", 400 for a plain log selector.
--- Example: local result = c:query('sum(count_over_time({job="api"} |= "error" [5m]))')
function Client:query(logql, opts)
  H.need("loki.query", "logql", logql)
  opts = opts or {}
  local data = data_of(get(self, "/loki/api/v1/query", {
    { "query", logql }, { "limit", opts.limit }, { "time", moment(opts.time) }, { "direction", opts.direction },
  }, opts))
  return data and data.result or {}
end

--- Runs a query over a range of time.
--- Source: Loki HTTP API, "Query logs within a range of time"
---@param logql string
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, limit: integer?, step: number|string|nil, interval: number|string|nil, direction: "forward"|"backward"|nil }?
---  the last hour, 100 lines, the newest first unless said otherwise; also a client's options
---@return table[] result streams `{ stream, values = {{nanoseconds as text, line}, …} }`, or series
---  `{ metric, values = {{Unix seconds, text}, …} }`
--- Raises "loki: GET /loki/api/v1/query_range HTTP STATUS: BODY".
--- Example: local streams = c:query_range(loki.selector({ job = "smoke" }), { start = time() - 300, limit = 10 })
function Client:query_range(logql, opts)
  H.need("loki.query_range", "logql", logql)
  opts = opts or {}
  local query = span(opts, { "query", logql })
  for _, name in ipairs({ "limit", "step", "interval", "direction" }) do query[#query + 1] = { name, opts[name] } end
  local data = data_of(get(self, "/loki/api/v1/query_range", query, opts))
  return data and data.result or {}
end

--- Log lines of all streams together, the oldest first.
--- Source: Loki HTTP API, "Query logs within a range of time"
---@param logql string
---@param opts table? as for `query_range`
---@return { time: number, ns: string, line: string, labels: table<string, string> }[] lines time in Unix seconds, ns the
---  same exactly
--- Raises as `query_range`.
--- Example: for _, one in ipairs(c:lines('{job="api"} |= "error"')) do log.warn(one.line) end
function Client:lines(logql, opts)
  H.need("loki.lines", "logql", logql)
  local out = {}
  for _, stream in ipairs(self:query_range(logql, opts)) do
    for _, value in ipairs(stream.stream and stream.values or {}) do
      out[#out + 1] = {
        time = tonumber(value[1]) / 1e9, ns = value[1], line = value[2], labels = stream.stream, at = #out,
      }
    end
  end
  table.sort(out, function(a, b)
    -- Digits of different lengths do not compare as text.
    if #a.ns ~= #b.ns then return #a.ns < #b.ns end
    if a.ns ~= b.ns then return a.ns < b.ns end
    return a.at < b.at
  end)
  for _, one in ipairs(out) do one.at = nil end
  return out
end

--- Counts log lines.
--- Source: LogQL, "Metric queries", grafana.com/docs/loki/latest/query/metric_queries
---@param selector string may have line filters
---@param duration string how far back, such as "5m"
---@param opts table? as for `query`
---@return number
--- Raises as `query`.
--- Example: assert.eq(c:count('{job="api"} |= "error"', "5m"), 0)
function Client:count(selector, duration, opts)
  H.need("loki.count", "selector", selector, "duration", duration)
  local result = self:query(("sum(count_over_time(%s[%s]))"):format(selector, duration), opts)
  local first = result[1]
  return type(first) == "table" and first.value and tonumber(first.value[2]) or 0
end

--- Waits until a line matches.
--- Source: Loki HTTP API, "Query logs within a range of time"
---@param logql string
---@param timeout number? seconds (60)
---@param opts { interval: number }? seconds between looks (2); also as for `query_range`
---@return { time: number, ns: string, line: string, labels: table<string, string> }[] lines as of `lines`
--- Raises "loki: timeout waiting for a line that matches LOGQL", and 400, 401, 403 at once.
--- Example: c:wait_line('{job="smoke"} |= "run 17"', 30)
function Client:wait_line(logql, timeout, opts)
  H.need("loki.wait_line", "logql", logql)
  local limit, interval, more = H.waiting("loki.wait_line", timeout, opts, 60, 2)
  return H.poll({
    timeout = limit,
    interval = interval,
    message = "loki: timeout waiting for a line that matches " .. logql,
    check = function()
      local lines = self:lines(logql, H.without(more, "interval"))
      return #lines > 0 and lines
    end,
  })
end

--- Adds the lines of a frame of `tail` to what there is; returns how many they were.
local function take_frame(out, frame)
  local lines = 0
  if type(frame) ~= "table" then return lines end
  for _, stream in ipairs(frame.streams or {}) do
    out.streams[#out.streams + 1] = stream
    lines = lines + #(stream.values or {})
  end
  for _, entry in ipairs(frame.dropped_entries or {}) do out.dropped_entries[#out.dropped_entries + 1] = entry end
  return lines
end

--- Reads log lines as they arrive.
--- Source: Loki HTTP API, "Stream logs"
---@param logql string
---@param opts { limit: integer?, timeout: number?, start: number|string|nil, delay_for: integer? }? until 100 lines have
---  come or 10 seconds have passed; delay_for: seconds that slow ingesters get (0 to 5); also a client's options
---@return { streams: table[], dropped_entries: table[] } frames merged in the order of their arrival
--- Raises "loki: GET /loki/api/v1/tail HTTP STATUS: BODY".
--- Example: local seen = c:tail('{job="api"}', { limit = 5, timeout = 30 })
function Client:tail(logql, opts)
  H.need("loki.tail", "logql", logql)
  opts = opts or {}
  local limit, timeout = opts.limit or 100, opts.timeout or 10
  local finish = H.clock.now() + timeout
  local out = { streams = {}, dropped_entries = {} }
  local path, o = "/loki/api/v1/tail", {
    query = {
      { "query", logql }, { "limit", opts.limit }, { "start", moment(opts.start) }, { "delay_for", opts.delay_for },
    },
    headers = tenant(self),
    hide_query = true,
    shown = "/loki/api/v1/tail",
    opts = H.without(opts, "limit", "timeout"),
  }
  local opened, conn = pcall(H.websocket, self, path, o)
  if not opened then
    local parts = H.error(conn)
    if not parts or parts.status ~= 200 then error(conn, 0) end
    -- Not a websocket, but an answer: some proxies and old servers send one frame that way.
    take_frame(out, (H.get(self, path, o)))
    return out
  end
  local _ <close> = conn
  local lines = 0
  while lines < limit do
    local left = finish - H.clock.now()
    if left <= 0 then break end
    local ok, message = pcall(conn.recv, conn, left)
    if not ok or message == nil then break end
    local read, frame = pcall(json.parse, message)
    if read then lines = lines + take_frame(out, frame) end
  end
  return out
end

-- --- labels, streams -------------------------------------------------------------------------------------------------

--- Names of labels, of the last six hours unless said otherwise.
--- Source: Loki HTTP API, "Query labels"
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, query: string? }? query: a selector
---@return string[] names
--- Raises "loki: GET /loki/api/v1/labels HTTP STATUS: BODY".
--- Example: assert.contains(table.concat(c:labels(), " "), "job")
function Client:labels(opts)
  opts = opts or {}
  local query = span(opts)
  query[#query + 1] = { "query", opts.query }
  return data_of(get(self, "/loki/api/v1/labels", query, opts)) or {}
end

--- Values of one label, of the last six hours unless said otherwise.
--- Source: Loki HTTP API, "Query label values"
---@param label_name string
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, query: string? }? query: a selector
---@return string[] values
--- Raises "loki: GET /loki/api/v1/label/NAME/values HTTP STATUS: BODY".
--- Example: assert.gt(#c:label_values("job", { since = "24h" }), 0)
function Client:label_values(label_name, opts)
  H.need("loki.label_values", "label_name", label_name)
  opts = opts or {}
  local query = span(opts)
  query[#query + 1] = { "query", opts.query }
  return data_of(get(self, ("/loki/api/v1/label/%s/values"):format(H.seg(label_name)), query, opts)) or {}
end

--- Streams that match.
--- Source: Loki HTTP API, "Query streams"
---@param match_selectors string|string[] at least one
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string? }?
---@return table<string, string>[] labels of each stream
--- Raises "loki: GET /loki/api/v1/series HTTP STATUS: BODY".
--- Example: assert.gt(#c:series('{job="api"}'), 0)
function Client:series(match_selectors, opts)
  if type(match_selectors) == "table" and #match_selectors == 0 then match_selectors = nil end
  H.need("loki.series", "match_selectors", match_selectors)
  opts = opts or {}
  return data_of(get(self, "/loki/api/v1/series", span(opts, { "match[]", match_selectors }), opts)) or {}
end

--- How much there is of the streams that match.
--- Source: Loki HTTP API, "Query log statistics"
---@param query string selector
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string? }?
---@return { streams: integer, chunks: integer, entries: integer, bytes: integer } stats
--- Raises "loki: GET /loki/api/v1/index/stats HTTP STATUS: BODY".
--- Example: assert.gt(c:stats('{job="api"}').entries, 0)
function Client:stats(query, opts)
  H.need("loki.stats", "query", query)
  opts = opts or {}
  return get(self, "/loki/api/v1/index/stats", span(opts, { "query", query }), opts)
end

local function volume(c, path, query, opts)
  opts = opts or {}
  local list = span(opts, { "query", query })
  list[#list + 1] = { "limit", opts.limit }
  list[#list + 1] = { "step", opts.step }
  list[#list + 1] = { "targetLabels", opts.target_labels }
  list[#list + 1] = { "aggregateBy", opts.aggregate_by }
  local data = data_of(get(c, path, list, opts))
  return data and data.result or {}
end

--- Bytes by stream.
--- Source: Loki HTTP API, "Query log volume"
---@param query string selector
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, limit: integer?, target_labels: string?, aggregate_by: string? }?
---@return { metric: table<string, string>, value: table }[] result value as {Unix seconds, text}
--- Raises "loki: GET /loki/api/v1/index/volume HTTP STATUS: BODY".
--- Example: local result = c:volume('{job="api"}', { since = "1h" })
function Client:volume(query, opts)
  H.need("loki.volume", "query", query)
  return volume(self, "/loki/api/v1/index/volume", query, opts)
end

--- Bytes by stream over time.
--- Source: Loki HTTP API, "Query log volume"
---@param query string selector
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, limit: integer?, step: number|string|nil, target_labels: string?, aggregate_by: string? }?
---@return { metric: table<string, string>, values: table[] }[] result values as {Unix seconds, text}
--- Raises "loki: GET /loki/api/v1/index/volume_range HTTP STATUS: BODY".
--- Example: local result = c:volume_range('{job="api"}', { since = "1h", step = "5m" })
function Client:volume_range(query, opts)
  H.need("loki.volume_range", "query", query)
  return volume(self, "/loki/api/v1/index/volume_range", query, opts)
end

--- Fields that Loki finds in the lines of the streams that match.
--- Source: Loki HTTP API, "Detected fields"
---@param query string selector
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, limit: integer?, line_limit: integer? }?
---@return { label: string, type: string, cardinality: integer }[] fields
--- Raises "loki: GET /loki/api/v1/detected_fields HTTP STATUS: BODY".
--- Example: local fields = c:detected_fields('{job="api"}')
function Client:detected_fields(query, opts)
  H.need("loki.detected_fields", "query", query)
  opts = opts or {}
  local list = span(opts, { "query", query })
  list[#list + 1] = { "limit", opts.limit }
  list[#list + 1] = { "line_limit", opts.line_limit }
  local body = get(self, "/loki/api/v1/detected_fields", list, opts)
  return body and body.fields or {}
end

--- Patterns that Loki finds in the lines of the streams that match.
--- Source: Loki HTTP API, "Patterns detection"
---@param query string selector
---@param opts { start: number|string|nil, end_time: number|string|nil, since: string?, step: number|string|nil }?
---@return { pattern: string, samples: table[] }[] patterns
--- Raises "loki: GET /loki/api/v1/patterns HTTP STATUS: BODY".
--- Example: local patterns = c:patterns('{job="api"}', { since = "1h" })
function Client:patterns(query, opts)
  H.need("loki.patterns", "query", query)
  opts = opts or {}
  local list = span(opts, { "query", query })
  list[#list + 1] = { "step", opts.step }
  return data_of(get(self, "/loki/api/v1/patterns", list, opts)) or {}
end

-- --- the server itself -----------------------------------------------------------------------------------------------

--- Whether Loki is ready; it takes a while after its start.
--- Source: Loki HTTP API, "Readiness probe"
---@return boolean
--- Raises "loki: GET /ready: REASON" without an answer.
--- Example: assert.eq(c:ready(), true)
function Client:ready()
  local _, response = request(self, "GET", "/ready", { ok = H.any, raw = true })
  return response.status == 200
end

--- Loki's own metrics.
--- Source: Loki HTTP API, "Metrics"
---@return string text in Prometheus' format
--- Raises "loki: GET /metrics HTTP STATUS: BODY".
--- Example: assert.contains(c:metrics(), "loki_build_info")
function Client:metrics()
  return (request(self, "GET", "/metrics", { raw = true }))
end

--- Version and build of the server.
--- Source: Loki HTTP API, "Build information"
---@return { version: string, revision: string, branch: string, buildDate: string, goVersion: string } info
--- Raises "loki: GET /loki/api/v1/status/buildinfo HTTP STATUS: BODY".
--- Example: log.info(c:buildinfo().version)
function Client:buildinfo()
  return get(self, "/loki/api/v1/status/buildinfo")
end

--- Groups of the ruler's rules, with their state.
--- Source: Loki HTTP API, "List rules"
---@return table[] groups
--- Raises "loki: GET /prometheus/api/v1/rules HTTP STATUS: BODY".
--- Example: assert.gt(#c:rules(), 0)
function Client:rules()
  local data = data_of(get(self, "/prometheus/api/v1/rules"))
  return data and data.groups or {}
end

--- Alerts of the ruler that are pending or firing.
--- Source: Loki HTTP API, "List alerts"
---@return { labels: table<string, string>, annotations: table<string, string>, state: string }[] alerts
--- Raises "loki: GET /prometheus/api/v1/alerts HTTP STATUS: BODY".
--- Example: assert.eq(#c:alerts(), 0)
function Client:alerts()
  local data = data_of(get(self, "/prometheus/api/v1/alerts"))
  return data and data.alerts or {}
end

return M
