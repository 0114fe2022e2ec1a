--- Grafana: health, data sources, dashboards, folders, alert rules and annotations.
---
--- A token belongs to one organisation; with a user and a password `org_id` chooses it. Data sources are best named by
--- their uid: recent servers do not answer for numbers any more. Times of annotations are in milliseconds.
--- Source: Grafana HTTP API, grafana.com/docs/grafana/latest/developers/http_api.
--- Example: local c = grafana.client("http://grafana.monitoring", { api_key = env.get("GRAFANA_TOKEN") })
local H = require("assay._http")

local M = {}

--- A connection to one Grafana.
---@class assay.grafana.client
---@field url string
---@field api_key string|(fun(): string?)? sent as Bearer; read at every call
---@field username string?
---@field password string?
---@field org_id integer|string|nil
local Client = {}

local spec = {
  name = "grafana",
  methods = Client,
  content_type = true,
  groups = {
    health = { "health", check = "health" },
    datasources = {
      "datasources", list = "datasources", get = "datasource", by_name = "datasource_by_name",
      health = "datasource_health", create = "create_datasource", update = "update_datasource", query = "query",
    },
    dashboards = {
      search = "search", get = "dashboard", exists = "dashboard_exists", save = "save_dashboard",
      delete = "delete_dashboard",
    },
    annotations = { "annotations", list = "annotations", create = "create_annotation", delete = "delete_annotation" },
    org = { "org", get = "org" },
    alerts = { "alerts", list = "alerts", rules = "alert_rules", state = "rule_state" },
    folders = { "folders", list = "folders", exists = "folder_exists", create = "create_folder" },
    service_accounts = { "service_accounts", list = "service_accounts", create_token = "create_token" },
  },
}

---@class assay.grafana.options: assay.options
---@field api_key string|(fun(): string?)? token of a service account, or an old API key
---@field token string|(fun(): string?)? the same
---@field username string?
---@field password string?
---@field org_id integer|string|nil value of X-Grafana-Org-Id

--- Connects to a Grafana.
--- Source: Assay
---@param url string its address, with the path below which it is served
---@param opts assay.grafana.options?
---@return assay.grafana.client c
--- Raises "grafana: invalid url 'URL'".
--- Example: local c = grafana.client("http://grafana.monitoring", { username = "admin", password = "secret" })
function M.client(url, opts)
  H.need("grafana.client", "url", url)
  return H.client(spec, url, opts)
end

local PAGE = 1000

--- The options of a request, with the organisation.
local function with_org(c, o)
  o = o or {}
  if c.org_id ~= nil then o.headers = { ["X-Grafana-Org-Id"] = tostring(c.org_id) } end
  return o
end

local function get(c, path, query, opts)
  return (H.get(c, path, with_org(c, { query = query, opts = opts })))
end

--- All pages of a list, or the one page that the options ask for.
local function paged(c, path, opts, query_of)
  if opts.limit ~= nil or opts.page ~= nil then return get(c, path, query_of(opts.limit, opts.page), opts) or {} end
  return H.pages(function(_, n)
    local items = get(c, path, query_of(PAGE, n), opts) or {}
    return items, #items >= PAGE and n + 1 or nil
  end)
end

--- Milliseconds as an integer: a fraction is refused, or taken for zero.
local function milliseconds(value)
  return math.type(value) == "float" and math.floor(value + 0.5) or value
end

--- Whether something is there.
local function exists(c, path)
  local _, response = H.get(c, path, with_org(c, { missing = true }))
  return response.status == 200
end

--- Deletes something; false when it is not there.
local function remove(c, path)
  local _, response = H.delete(c, path, with_org(c, { missing = true, raw = true }))
  return response.status ~= 404
end

--- How Grafana and its database are doing. Needs no credentials, and sends none.
--- Source: Grafana HTTP API, "Other API", GET /api/health
---@return { database: string, version: string, commit: string } health
--- Raises "grafana: GET /api/health HTTP STATUS: BODY", 503 when the database is failing.
--- Example: assert.eq(c:health().database, "ok")
function Client:health()
  return (H.get(self, "/api/health", { auth = false }))
end

--- The organisation that the credentials belong to.
--- Source: Grafana HTTP API, "Organization API"
---@return { id: integer, name: string, address: table? } org
--- Raises "grafana: GET /api/org HTTP STATUS: BODY".
--- Example: assert.eq(c:org().name, "Main Org.")
function Client:org()
  return get(self, "/api/org")
end

-- --- data sources ----------------------------------------------------------------------------------------------------

--- Data sources.
--- Source: Grafana HTTP API, "Data source API"
---@return { id: integer, uid: string, name: string, type: string, url: string, isDefault: boolean, readOnly: boolean }[] list
--- Raises "grafana: GET /api/datasources HTTP STATUS: BODY".
--- Example: assert.gt(#c:datasources(), 0)
function Client:datasources()
  return get(self, "/api/datasources") or {}
end

local GONE = { 200, 403, 404, 410 }

--- One data source.
--- Source: Grafana HTTP API, "Data source API"
---@param id_or_uid string|integer a uid; a number is the old id, looked for in the list where the server refuses it
---@return table datasource as of `datasources`
--- Raises "grafana: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(c:datasource("prometheus").type, "prometheus")
function Client:datasource(id_or_uid)
  H.need("grafana.datasource", "id_or_uid", id_or_uid)
  if not math.type(id_or_uid) then return get(self, "/api/datasources/uid/" .. H.seg(id_or_uid)) end
  local path = "/api/datasources/" .. H.seg(id_or_uid)
  local found, response = H.get(self, path, with_org(self, { ok = GONE }))
  if response.status == 200 then return found end
  for _, one in ipairs(self:datasources()) do
    if one.id == id_or_uid then return one end
  end
  error(H.fail(self, "GET", path, response), 0)
end

--- The data source of a name.
--- Source: Grafana HTTP API, "Data source API"
---@param name string
---@return table? datasource nil when there is none
--- Raises as `datasources`.
--- Example: assert.not_nil(c:datasource_by_name("Prometheus"))
function Client:datasource_by_name(name)
  H.need("grafana.datasource_by_name", "name", name)
  for _, one in ipairs(self:datasources()) do
    if one.name == name then return one end
  end
  return nil
end

--- Whether a data source works, as Grafana finds when it tries.
--- Source: Grafana HTTP API, "Data source API", "Check data source health"
---@param uid string
---@return { status: "OK"|"ERROR", message: string }? health nil when there is no such data source, or it cannot be checked
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:datasource_health("prometheus").status, "OK")
function Client:datasource_health(uid)
  H.need("grafana.datasource_health", "uid", uid)
  local path = ("/api/datasources/uid/%s/health"):format(H.seg(uid))
  local body, response = H.get(self, path, with_org(self, { missing = true, ok = { 200, 400 } }))
  if response.status == 400 and not (type(body) == "table" and body.status) then
    error(H.fail(self, "GET", path, response), 0)
  end
  return body
end

--- Creates a data source.
--- Source: Grafana HTTP API, "Data source API"
---@param datasource { name: string, type: string, access: string, url: string?, uid: string?, jsonData: table?, secureJsonData: table? }
---@return { id: integer, name: string, message: string, datasource: table } created
--- Raises "grafana: POST /api/datasources HTTP STATUS: BODY", 409 when the name is taken.
--- Example: c:create_datasource({ name = "Loki", type = "loki", access = "proxy", url = "http://loki" })
function Client:create_datasource(datasource)
  H.need("grafana.create_datasource", "datasource", datasource)
  return (H.post(self, "/api/datasources", datasource, with_org(self)))
end

--- Replaces a data source.
--- Source: Grafana HTTP API, "Data source API"
---@param uid string
---@param datasource table as of `create_datasource`
---@return { id: integer, name: string, message: string, datasource: table } updated
--- Raises "grafana: PUT PATH HTTP STATUS: BODY".
--- Example: c:update_datasource("loki", { name = "Loki", type = "loki", access = "proxy", url = "http://loki:3100" })
function Client:update_datasource(uid, datasource)
  H.need("grafana.update_datasource", "uid", uid, "datasource", datasource)
  return (H.put(self, "/api/datasources/uid/" .. H.seg(uid), datasource, with_org(self)))
end

--- Queries a data source.
--- Source: Grafana HTTP API, "Data source API", "Query a data source"
---@param uid string
---@param expr string the query, as Prometheus and Loki call it
---@param opts { from: string|number|nil, to: string|number|nil, instant: boolean?, max_data_points: integer?, interval_ms: integer?, fields: table? }?
---  times as "now-1h" or in milliseconds (the last hour); fields: what other kinds of data source want in the query
---@return table[] frames `{ schema, data }`
--- Raises "grafana: POST /api/ds/query HTTP STATUS: BODY", also when the answer holds an error.
--- Example: local frames = c:query("prometheus", "up", { instant = true })
function Client:query(uid, expr, opts)
  H.need("grafana.query", "uid", uid, "expr", expr)
  opts = opts or {}
  local query = H.without(opts.fields)
  query.refId, query.datasource, query.expr = "A", { uid = uid }, expr
  query.instant, query.maxDataPoints, query.intervalMs = opts.instant, opts.max_data_points, opts.interval_ms
  local function moment(value, default)
    return value == nil and default or math.type(value) and H.num(milliseconds(value)) or value
  end
  local body, response = H.post(self, "/api/ds/query", {
    queries = { query }, from = moment(opts.from, "now-1h"), to = moment(opts.to, "now"),
  }, with_org(self, { opts = opts }))
  local result = ((body or {}).results or {}).A or {}
  if result.error then error(H.fail(self, "POST", "/api/ds/query", response), 0) end
  return result.frames or {}
end

-- --- dashboards, folders ---------------------------------------------------------------------------------------------

--- Finds dashboards and folders.
--- Source: Grafana HTTP API, "Folder/Dashboard Search API"
---@param opts { query: string?, type: "dash-db"|"dash-folder"|nil, tag: string|string[]|nil, limit: integer?, page: integer?, folder_uids: string|string[]|nil, dashboard_uids: string|string[]|nil, starred: boolean?, sort: string? }?
---  tags must all fit; also a client's options
---@return { id: integer, uid: string, title: string, type: string, url: string, tags: string[], isStarred: boolean, folderUid: string?, folderTitle: string? }[] found
---  all of them, unless limit or page is given
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:search({ tag = { "deploy", "prod" } }), 0)
function Client:search(opts)
  opts = opts or {}
  return paged(self, "/api/search", opts, function(limit, page)
    return {
      { "query", opts.query }, { "type", opts.type }, { "tag", opts.tag }, { "limit", limit }, { "page", page },
      { "folderUIDs", opts.folder_uids }, { "dashboardUIDs", opts.dashboard_uids }, { "starred", opts.starred },
      { "sort", opts.sort },
    }
  end)
end

--- One dashboard.
--- Source: Grafana HTTP API, "Dashboard API"
---@param uid string
---@return { dashboard: table, meta: { slug: string, folderUid: string, folderTitle: string, version: integer, provisioned: boolean } } dashboard
--- Raises "grafana: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(c:dashboard("node-exporter").dashboard.title, "Nodes")
function Client:dashboard(uid)
  H.need("grafana.dashboard", "uid", uid)
  return get(self, "/api/dashboards/uid/" .. H.seg(uid))
end

--- Whether there is a dashboard.
--- Source: Grafana HTTP API, "Dashboard API"
---@param uid string
---@return boolean
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:dashboard_exists("node-exporter"), true)
function Client:dashboard_exists(uid)
  H.need("grafana.dashboard_exists", "uid", uid)
  return exists(self, "/api/dashboards/uid/" .. H.seg(uid))
end

--- Creates or updates a dashboard.
--- Source: Grafana HTTP API, "Dashboard API"
---@param dashboard table its model; without `uid` a new one
---@param opts { folder_uid: string?, overwrite: boolean?, message: string? }?
---@return { id: integer, uid: string, url: string, version: integer, status: string } saved
--- Raises "grafana: POST /api/dashboards/db HTTP STATUS: BODY", 412 when somebody else has changed it or the name is taken.
--- Example: c:save_dashboard({ uid = "smoke", title = "Smoke", panels = {} }, { overwrite = true })
function Client:save_dashboard(dashboard, opts)
  H.need("grafana.save_dashboard", "dashboard", dashboard)
  opts = opts or {}
  return (H.post(self, "/api/dashboards/db", {
    dashboard = H.object(H.without(dashboard)), folderUid = opts.folder_uid, overwrite = opts.overwrite,
    message = opts.message,
  }, with_org(self, { opts = opts })))
end

--- Deletes a dashboard.
--- Source: Grafana HTTP API, "Dashboard API"
---@param uid string
---@return boolean deleted false when there was none
--- Raises "grafana: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete_dashboard("smoke")
function Client:delete_dashboard(uid)
  H.need("grafana.delete_dashboard", "uid", uid)
  return remove(self, "/api/dashboards/uid/" .. H.seg(uid))
end

--- Folders: those at the root, or the children of one.
--- Source: Grafana HTTP API, "Folder API"
---@param opts { parent_uid: string?, limit: integer?, page: integer? }? also a client's options
---@return { id: integer, uid: string, title: string, parentUid: string? }[] folders all of them, unless limit or page is
---  given
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:folders(), 0)
function Client:folders(opts)
  opts = opts or {}
  return paged(self, "/api/folders", opts, function(limit, page)
    return { { "parentUid", opts.parent_uid }, { "limit", limit }, { "page", page } }
  end)
end

--- Whether there is a folder.
--- Source: Grafana HTTP API, "Folder API"
---@param uid string
---@return boolean
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:folder_exists("platform"), true)
function Client:folder_exists(uid)
  H.need("grafana.folder_exists", "uid", uid)
  return exists(self, "/api/folders/" .. H.seg(uid))
end

--- Creates a folder.
--- Source: Grafana HTTP API, "Folder API"
---@param title string
---@param opts { uid: string?, parent_uid: string? }?
---@return { id: integer, uid: string, title: string } folder
--- Raises "grafana: POST /api/folders HTTP STATUS: BODY", 409 when there is one.
--- Example: c:create_folder("Platform", { uid = "platform" })
function Client:create_folder(title, opts)
  H.need("grafana.create_folder", "title", title)
  opts = opts or {}
  return (H.post(self, "/api/folders", { title = title, uid = opts.uid, parentUid = opts.parent_uid }, with_org(self, {
    opts = opts,
  })))
end

-- --- annotations -----------------------------------------------------------------------------------------------------

--- Annotations.
--- Source: Grafana HTTP API, "Annotations API"
---@param opts { from: number?, to: number?, dashboard_id: integer?, dashboard_uid: string?, panel_id: integer?, limit: integer?, type: "alert"|"annotation"|nil, tags: string|string[]|nil, match_any: boolean? }?
---  times in milliseconds; 100 at most unless limit says more; tags must all fit, or any of them with match_any
---@return { id: integer, time: integer, timeEnd: integer?, text: string, tags: string[], dashboardUID: string?, panelId: integer? }[] annotations
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:annotations({ tags = { "deploy" }, from = (time() - 3600) * 1000 }), 0)
function Client:annotations(opts)
  opts = opts or {}
  return get(self, "/api/annotations", {
    { "from", milliseconds(opts.from) }, { "to", milliseconds(opts.to) }, { "dashboardId", opts.dashboard_id },
    { "dashboardUID", opts.dashboard_uid }, { "panelId", opts.panel_id }, { "limit", opts.limit },
    { "type", opts.type }, { "tags", opts.tags }, { "matchAny", opts.match_any },
  }, opts) or {}
end

--- Creates an annotation.
--- Source: Grafana HTTP API, "Annotations API"
---@param annotation { text: string, time: number?, timeEnd: number?, tags: string[]?, dashboardUID: string?, panelId: integer? }
---  times in milliseconds (now)
---@return { id: integer, message: string } created
--- Raises "grafana: POST /api/annotations HTTP STATUS: BODY".
--- Example: c:create_annotation({ text = "release 1.4.2", tags = { "deploy" }, time = time() * 1000 })
function Client:create_annotation(annotation)
  H.need("grafana.create_annotation", "annotation", annotation, "text", annotation and annotation.text)
  local body = H.without(annotation)
  body.time, body.timeEnd = milliseconds(annotation.time), milliseconds(annotation.timeEnd)
  return (H.post(self, "/api/annotations", body, with_org(self, { needed = true })))
end

--- Deletes an annotation.
--- Source: Grafana HTTP API, "Annotations API"
---@param id integer
---@return boolean deleted false when there was none
--- Raises "grafana: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete_annotation(17)
function Client:delete_annotation(id)
  H.need("grafana.delete_annotation", "id", id)
  return remove(self, "/api/annotations/" .. H.seg(id))
end

--- Marks the time that a function takes as a region.
--- Source: Grafana HTTP API, "Annotations API"
---@param text string
---@param tags string[]?
---@param fn fun(id: integer): any ...
---@return any ... what the function returns
--- Raises what the function raises, and "grafana: POST /api/annotations HTTP STATUS: BODY".
--- Example: c:annotate("migration", { "deploy" }, function() sleep(1) end)
function Client:annotate(text, tags, fn)
  H.need("grafana.annotate", "text", text, "fn", fn)
  local id = self:create_annotation({ text = text, tags = tags, time = H.clock.time() * 1000 }).id
  return H.around(fn, id, function()
    H.patch(self, "/api/annotations/" .. H.seg(id), { timeEnd = milliseconds(H.clock.time() * 1000) }, with_org(self))
  end)
end

-- --- alerts ----------------------------------------------------------------------------------------------------------

--- Alert rules, as provisioning knows them.
--- Source: Grafana HTTP API, "Alerting provisioning API"
---@return { uid: string, title: string, ruleGroup: string, folderUID: string, condition: string, data: table[], labels: table?, annotations: table?, isPaused: boolean }[] rules
--- Raises "grafana: GET /api/v1/provisioning/alert-rules HTTP STATUS: BODY".
--- Example: assert.gt(#c:alert_rules(), 0)
function Client:alert_rules()
  return get(self, "/api/v1/provisioning/alert-rules") or {}
end

--- Alerts of Grafana's own Alertmanager.
--- Source: Alertmanager API v2, getAlerts; below /api/alertmanager/grafana
---@param opts { active: boolean?, silenced: boolean?, inhibited: boolean?, filter: string|string[]|nil, receiver: string? }?
---  the booleans are true unless said otherwise
---@return { labels: table<string, string>, annotations: table<string, string>, status: table, startsAt: string }[] alerts
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#c:alerts({ silenced = false }), 0)
function Client:alerts(opts)
  opts = opts or {}
  return get(self, "/api/alertmanager/grafana/api/v2/alerts", {
    { "active", opts.active }, { "silenced", opts.silenced }, { "inhibited", opts.inhibited },
    { "filter", opts.filter }, { "receiver", opts.receiver },
  }, opts) or {}
end

--- Groups of alert rules, with state and health.
--- Source: Prometheus HTTP API, "Rules"; below /api/prometheus/grafana
---@return { name: string, file: string, interval: number, rules: table[] }[] groups
--- Raises "grafana: GET /api/prometheus/grafana/api/v1/rules HTTP STATUS: BODY".
--- Example: for _, group in ipairs(c:rule_state()) do log.info(group.name) end
function Client:rule_state()
  local body = get(self, "/api/prometheus/grafana/api/v1/rules") or {}
  return body.data and body.data.groups or {}
end

-- --- service accounts ------------------------------------------------------------------------------------------------

--- Service accounts.
--- Source: Grafana HTTP API, "Service account API"
---@param opts { query: string?, limit: integer?, page: integer? }? also a client's options
---@return { id: integer, name: string, login: string, role: string, isDisabled: boolean, tokens: integer }[] accounts all of
---  them, unless limit or page is given
--- Raises "grafana: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:service_accounts({ query = "assay" }), 0)
function Client:service_accounts(opts)
  opts = opts or {}
  local function page_of(limit, page)
    return get(self, "/api/serviceaccounts/search", {
      { "query", opts.query }, { "perpage", limit }, { "page", page },
    }, opts) or {}
  end
  if opts.limit ~= nil or opts.page ~= nil then return page_of(opts.limit, opts.page).serviceAccounts or {} end
  return H.pages(function(_, n)
    local items = page_of(PAGE, n).serviceAccounts or {}
    return items, #items >= PAGE and n + 1 or nil
  end)
end

--- Creates a token of a service account.
--- Source: Grafana HTTP API, "Service account API"
---@param id integer of the service account
---@param name string
---@param opts { seconds: integer? }? how long it is valid (for ever)
---@return { id: integer, name: string, key: string } token
--- Raises "grafana: POST PATH HTTP STATUS: BODY".
--- Example: local key = c:create_token(2, "assay", { seconds = 3600 }).key
function Client:create_token(id, name, opts)
  H.need("grafana.create_token", "id", id, "name", name)
  return (H.post(self, ("/api/serviceaccounts/%s/tokens"):format(H.seg(id)), {
    name = name, secondsToLive = opts and opts.seconds,
  }, with_org(self)))
end

return M
