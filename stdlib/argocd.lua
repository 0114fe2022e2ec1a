--- Argo CD: applications, their syncs and rollbacks, projects, repositories and clusters, through the API server.
---
--- A sync has only begun when `sync` returns: wait with `wait_synced` and `wait_healthy`, or use `sync_and_wait`. After a
--- push, `refresh` first: the server may compare with a revision that is minutes old.
--- Source: Argo CD API, argo-cd.readthedocs.io/en/stable/developer-guide/api-docs.
--- Example: local c = argocd.client("https://argocd-server.argocd", { token = env.get("ARGOCD_TOKEN") }); c:sync("shop")
local H = require("assay._http")

local M = {}

--- A connection to one Argo CD server.
---@class assay.argocd.client
---@field url string the server's address
---@field token string|(fun(): string?)? of the API, or of the session; read at every call
---@field username string? exchanged for a session's token before the first request
---@field password string?
local Client = {}

---@class assay.argocd.options: assay.options
---@field token string|(fun(): string?)?
---@field username string?
---@field password string?
---@field project string? the project of applications, unless a call names another
---@field app_namespace string? the namespace of applications, unless a call names another

---@class assay.argocd.app_options: assay.options
---@field project string? the application's project; with it an unknown application is 404, without it 403
---@field app_namespace string? the application's namespace

local login

local spec = {
  name = "argocd",
  methods = Client,
  -- The server refuses everything but GET without this header, as protection against forged requests.
  content_type = true,
  unauthorized = function(c, _, o)
    local state = H.state(c)
    if o.auth == false or state.session == nil or state.session ~= c.token then return false end
    login(c)
    return true
  end,
  groups = {
    apps = {
      list = "applications", get = "application", health = "app_health", sync = "sync", refresh = "refresh",
      rollback = "rollback", resources = "app_resources", manifests = "app_manifests", delete = "delete_app",
      is_healthy = "is_healthy", is_synced = "is_synced", wait_healthy = "wait_healthy", wait_synced = "wait_synced",
      sync_and_wait = "sync_and_wait", wait_operation = "wait_operation", exists = "app_exists", history = "history",
      terminate_operation = "terminate_operation", unhealthy_resources = "unhealthy_resources", create = "create_app",
      patch = "patch_app", set_image = "set_image", set_param = "set_param", logs = "logs", events = "events",
      run_action = "run_action",
    },
    projects = { "projects", list = "projects", get = "project" },
    repositories = { "repositories", list = "repositories", get = "repository" },
    clusters = { "clusters", list = "clusters", get = "cluster" },
    settings = { "settings", get = "settings" },
  },
}

--- Connects to a server.
--- Source: Assay
---@param url string its address, with the root path it is served under
---@param token string|assay.argocd.options|nil a token, or already the options
---@param opts assay.argocd.options?
---@return assay.argocd.client c
--- Raises "argocd: invalid url 'URL'".
--- Example: local c = argocd.client("https://argocd.example.com", { username = "ci", password = env.get("ARGOCD_PASSWORD") })
function M.client(url, token, opts)
  H.need("argocd.client", "url", url)
  local c = H.client(spec, url, token, opts)
  -- As fields of the client these names would hide its methods.
  c.default_project, c.default_app_namespace = rawget(c, "project"), rawget(c, "app_namespace")
  c.project, c.app_namespace = nil, nil
  return c
end

-- --- requests --------------------------------------------------------------------------------------------------------

--- Exchanges user and password for a token: the server knows no Basic authentication. A proxy that stands in its place
--- may know nothing else.
function login(c)
  local path = "/api/v1/session"
  local body, response = H.post(c, path, { username = c.username, password = c.password }, {
    auth = false, retry = false, ok = H.any,
  })
  local state = H.state(c)
  if H.route_missing(response) then
    state.basic = true
    return
  end
  if response.status ~= 200 then error(H.fail(c, "POST", path, response), 0) end
  if type(body) ~= "table" or not body.token then error(H.invalid_json(c, "POST", path, response, {}), 0) end
  state.session, c.token = body.token, body.token
end

--- Logs in before the first request, where that is the way.
local function enter(c)
  if (c.token == nil or c.token == "") and c.username ~= nil and c.password ~= nil and not H.state(c).basic then login(c) end
end

local function request(c, method, path, o)
  enter(c)
  o = o or {}
  o.ok = o.ok or 200
  return H.request(c, method, path, o)
end

local function get(c, path, query, opts)
  return (request(c, "GET", path, { query = query, opts = opts }))
end

local function items(c, path, query, opts)
  local list = get(c, path, query, opts)
  return list and list.items or {}
end

local function app_path(fn, name, after)
  H.need("argocd." .. fn, "name", name)
  return "/api/v1/applications/" .. H.seg(name) .. (after or "")
end

--- Where an application is: its project and namespace.
local function place(c, opts)
  opts = opts or {}
  return opts.project or c.default_project, opts.app_namespace or c.default_app_namespace
end

--- The parameters of an application call: first its own, then where the application is.
local function app_query(c, opts, query)
  local project, namespace = place(c, opts)
  query = query or {}
  query[#query + 1] = { "project", project }
  query[#query + 1] = { "appNamespace", namespace }
  return query
end

--- A body of an application call: always an object.
local function app_body(c, opts, body)
  body.project, body.appNamespace = place(c, opts)
  return H.object(body)
end

-- --- applications ----------------------------------------------------------------------------------------------------

--- Applications.
--- Source: Argo CD API, ApplicationService_List
---@param opts { project: string|string[]|nil, selector: string?, repo: string?, app_namespace: string? }? selector: by labels
---@return table[] applications
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: for _, app in ipairs(c:applications({ selector = "team=shop" })) do log.info(app.metadata.name) end
function Client:applications(opts)
  opts = opts or {}
  local project, namespace = place(self, opts)
  return items(self, "/api/v1/applications", {
    { "project", project }, { "selector", opts.selector }, { "repo", opts.repo }, { "appNamespace", namespace },
  }, opts)
end

--- One application.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param opts assay.argocd.app_options?
---@return table application `status` has health, sync, operationState, resources, history, conditions
--- Raises "argocd: GET PATH HTTP STATUS: BODY", 403 for an unknown name without `project`.
--- Example: assert.eq(c:application("shop").spec.project, "default")
function Client:application(name, opts)
  return (request(self, "GET", app_path("application", name), { query = app_query(self, opts), opts = opts, needed = true }))
end

local function status_of(app)
  return type(app) == "table" and type(app.status) == "table" and app.status or {}
end

--- How an application is.
--- Source: Argo CD documentation, "Resource Health"
---@param name string
---@param opts assay.argocd.app_options?
---@return { status: string?, sync: string?, message: string? } health status is Healthy, Progressing, Degraded,
---  Suspended, Missing or Unknown; sync is Synced, OutOfSync or Unknown
--- Raises as `application`.
--- Example: assert.eq(c:app_health("shop").status, "Healthy")
function Client:app_health(name, opts)
  H.need("argocd.app_health", "name", name)
  local status = status_of(self:application(name, opts))
  local health, sync = status.health or {}, status.sync or {}
  return { status = health.status, sync = sync.status, message = health.message }
end

--- Begins a sync.
--- Source: Argo CD API, ApplicationService_Sync
---@param name string
---@param opts { revision: string?, prune: boolean?, dry_run: boolean?, strategy: table?, resources: table[]?, sync_options: string[]?, retry_strategy: table?, infos: table[]?, project: string?, app_namespace: string? }?
---@return table application with its `operation`
--- Raises "argocd: POST PATH HTTP 400: BODY" while an operation is running, and for other failures.
--- Example: c:sync("shop", { prune = true, sync_options = { "ServerSideApply=true" } })
function Client:sync(name, opts)
  local path = app_path("sync", name, "/sync")
  local o = opts or {}
  local options = o.sync_options
  if type(options) == "string" then options = { options } end
  local strategy = o.strategy
  if type(strategy) == "table" then
    strategy = H.without(strategy)
    for _, key in ipairs({ "apply", "hook" }) do
      if type(strategy[key]) == "table" then strategy[key] = H.object(H.without(strategy[key])) end
    end
  end
  local dry_run = o.dry_run
  if dry_run == nil then dry_run = o.dryRun end
  local body = app_body(self, o, {
    revision = o.revision, prune = o.prune, dryRun = dry_run, strategy = strategy, resources = o.resources,
    syncOptions = options and { items = options } or o.syncOptions, retryStrategy = o.retry_strategy or o.retryStrategy,
    infos = o.infos,
  })
  return (request(self, "POST", path, { body = body, opts = opts }))
end

--- Compares an application with its source anew.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param opts { type: "normal"|"hard"|nil, project: string?, app_namespace: string? }? "hard": manifests are made anew too
---@return table application after the comparison
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: c:refresh("shop", { type = "hard" })
function Client:refresh(name, opts)
  local query = app_query(self, opts, { { "refresh", opts and opts.type or "normal" } })
  return get(self, app_path("refresh", name), query, opts)
end

--- Goes back to an earlier deployment. Automated sync must be off.
--- Source: Argo CD API, ApplicationService_Rollback
---@param name string
---@param id integer of an entry of `history`
---@param opts { prune: boolean?, dry_run: boolean?, project: string?, app_namespace: string? }?
---@return table application
--- Raises "argocd: POST PATH HTTP STATUS: BODY".
--- Example: c:rollback("shop", c:history("shop")[2].id)
function Client:rollback(name, id, opts)
  local path = app_path("rollback", name, "/rollback")
  H.need("argocd.rollback", "id", id)
  local o = opts or {}
  local body = app_body(self, o, { id = math.tointeger(tonumber(id)) or id, prune = o.prune, dryRun = o.dry_run })
  local ok, result = pcall(request, self, "POST", path, { body = body, opts = opts })
  if ok then return result end
  if not H.route_missing(result) then error(result, 0) end
  return (request(self, "PUT", path, { body = body, opts = opts }))
end

--- The resources of an application as a tree.
--- Source: Argo CD API, ApplicationService_ResourceTree
---@param name string
---@param opts assay.argocd.app_options?
---@return { nodes: table[], orphanedNodes: table[]?, hosts: table[]? } tree
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: for _, node in ipairs(c:app_resources("shop").nodes) do log.info(node.kind .. " " .. node.name) end
function Client:app_resources(name, opts)
  local tree = get(self, app_path("app_resources", name, "/resource-tree"), app_query(self, opts), opts) or {}
  tree.nodes = tree.nodes or {}
  return tree
end

--- The manifests that an application's source gives.
--- Source: Argo CD API, ApplicationService_GetManifests
---@param name string
---@param opts { revision: string?, project: string?, app_namespace: string? }?
---@return { manifests: string[], revision: string, namespace: string, server: string, sourceType: string } result
---  each manifest is JSON text
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:app_manifests("shop", { revision = "main" }).manifests, 0)
function Client:app_manifests(name, opts)
  local query = app_query(self, opts, { { "revision", opts and opts.revision } })
  return get(self, app_path("app_manifests", name, "/manifests"), query, opts)
end

--- Deletes an application; its resources too, unless `cascade` is false.
--- Source: Argo CD API, ApplicationService_Delete
---@param name string
---@param opts { cascade: boolean?, propagation_policy: "foreground"|"background"|"orphan"|nil, project: string?, app_namespace: string? }?
---@return table? answer
--- Raises "argocd: DELETE PATH HTTP STATUS: BODY".
--- Example: c:delete_app("preview-17", { propagation_policy = "foreground" })
function Client:delete_app(name, opts)
  local o = opts or {}
  return (request(self, "DELETE", app_path("delete_app", name), {
    query = app_query(self, o, { { "cascade", o.cascade }, { "propagationPolicy", o.propagation_policy } }),
    opts = opts,
  }))
end

--- Whether an application is healthy.
--- Source: Argo CD documentation, "Resource Health"
---@param name string
---@param opts assay.argocd.app_options?
---@return boolean
--- Raises as `application`.
--- Example: assert.eq(c:is_healthy("shop"), true)
function Client:is_healthy(name, opts)
  H.need("argocd.is_healthy", "name", name)
  return self:app_health(name, opts).status == "Healthy"
end

--- Whether an application is as its source says.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param opts assay.argocd.app_options?
---@return boolean
--- Raises as `application`.
--- Example: assert.eq(c:is_synced("shop"), true)
function Client:is_synced(name, opts)
  H.need("argocd.is_synced", "name", name)
  return self:app_health(name, opts).sync == "Synced"
end

--- The shared part of the waits: `judge(app)` returns whether it is so, and what was seen.
local function wait(c, fn, name, timeout_secs, opts, what, judge)
  H.need("argocd." .. fn, "name", name)
  local timeout, interval, options = H.waiting("argocd." .. fn, timeout_secs, opts, 300, 2)
  local last
  H.poll({
    timeout = timeout,
    interval = interval,
    message = ("argocd: timeout waiting for %s to %s"):format(name, what),
    check = function()
      last = c:application(name, { project = options.project, app_namespace = options.app_namespace })
      return judge(last)
    end,
  })
  return last
end

local function phase_of(app)
  local state = status_of(app).operationState
  return type(state) == "table" and state.phase or nil
end

local function is_operating(app)
  local phase = phase_of(app)
  return app.operation ~= nil or phase == "Running" or phase == "Terminating"
end

--- Waits until an application is healthy.
--- Source: Argo CD documentation, "Resource Health"
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, project: string?, app_namespace: string? }? seconds between looks (2)
---@return true
--- Raises "argocd: timeout waiting for NAME to become healthy (last: …)".
--- Example: c:wait_healthy("shop", 300)
function Client:wait_healthy(name, timeout_secs, opts)
  wait(self, "wait_healthy", name, timeout_secs, opts, "become healthy", function(app)
    local health = status_of(app).health or {}
    return health.status == "Healthy", health.message and ("%s: %s"):format(health.status, health.message) or health.status
  end)
  return true
end

--- Waits until an application is synced, and no operation is pending or running.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, project: string?, app_namespace: string? }? seconds between looks (2)
---@return true
--- Raises "argocd: timeout waiting for NAME to become synced (last: …)".
--- Example: c:wait_synced("shop", 300)
function Client:wait_synced(name, timeout_secs, opts)
  wait(self, "wait_synced", name, timeout_secs, opts, "become synced", function(app)
    local sync, phase = status_of(app).sync or {}, phase_of(app)
    local seen = phase and ("%s, operation %s"):format(sync.status or "Unknown", phase) or sync.status
    return sync.status == "Synced" and not is_operating(app), seen
  end)
  return true
end

--- Why an operation failed, with the resources that did.
local function failure_of(state)
  local parts = { state.message or "no message" }
  for _, resource in ipairs(state.syncResult and state.syncResult.resources or {}) do
    if resource.status == "SyncFailed" or resource.hookPhase == "Failed" or resource.hookPhase == "Error" then
      parts[#parts + 1] = ("%s/%s: %s"):format(resource.kind or "?", resource.name or "?", resource.message or "failed")
    end
  end
  return table.concat(parts, "; ")
end

--- Waits until an application's last operation has succeeded.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, project: string?, app_namespace: string? }? seconds between looks (2)
---@return true
--- Raises "argocd: operation on NAME failed: MESSAGE; KIND/NAME: MESSAGE …" at once,
--- "argocd: timeout waiting for NAME to finish its operation (last: …)".
--- Example: c:wait_operation("shop", 120)
function Client:wait_operation(name, timeout_secs, opts)
  local app = wait(self, "wait_operation", name, timeout_secs, opts, "finish its operation", function(app)
    return not is_operating(app) and phase_of(app) ~= nil, phase_of(app)
  end)
  if phase_of(app) == "Succeeded" then return true end
  error(("argocd: operation on %s failed: %s"):format(name, failure_of(app.status.operationState)), 0)
end

--- Refreshes and syncs an application, and waits until the operation has succeeded and the application is healthy.
--- Source: Argo CD API, ApplicationService_Sync
---@param name string
---@param opts table? as `sync`, with `interval`
---@param timeout_secs number? seconds for all (300)
---@return true
--- Raises as `refresh`, `sync`, `wait_operation` and `wait_healthy`.
--- Example: c:sync_and_wait("shop", { prune = true }, 600)
function Client:sync_and_wait(name, opts, timeout_secs)
  H.need("argocd.sync_and_wait", "name", name)
  if type(opts) == "number" then opts, timeout_secs = nil, opts end
  local timeout, interval, options = H.waiting("argocd.sync_and_wait", timeout_secs, opts or {}, 300, 2)
  local finish = H.clock.now() + timeout
  local where = { interval = interval, project = options.project, app_namespace = options.app_namespace }
  self:refresh(name, { project = options.project, app_namespace = options.app_namespace })
  self:sync(name, options)
  self:wait_operation(name, math.max(finish - H.clock.now(), 0), where)
  return self:wait_healthy(name, math.max(finish - H.clock.now(), 0), where)
end

--- Stops an application's running operation.
--- Source: Argo CD API, ApplicationService_TerminateOperation
---@param name string
---@param opts assay.argocd.app_options?
---@return table? answer
--- Raises "argocd: DELETE PATH HTTP STATUS: BODY".
--- Example: c:terminate_operation("shop")
function Client:terminate_operation(name, opts)
  return (request(self, "DELETE", app_path("terminate_operation", name, "/operation"), {
    query = app_query(self, opts), opts = opts,
  }))
end

--- Whether an application exists. Without a project, the server does not tell an absent one from a forbidden one.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param project string?
---@return boolean
--- Raises "argocd: GET PATH HTTP STATUS: BODY", 403 when no project is known.
--- Example: assert.eq(c:app_exists("shop", "default"), true)
function Client:app_exists(name, project)
  local where = { project = project }
  local known = place(self, where) ~= nil
  local _, response = request(self, "GET", app_path("app_exists", name), {
    query = app_query(self, where), ok = known and { 200, 403, 404 } or { 200, 404 },
  })
  return response.status == 200
end

--- The resources of an application that have a health other than "Healthy".
--- Source: Argo CD API, ApplicationService_Get and ApplicationService_ResourceTree
---@param name string
---@param opts assay.argocd.app_options?
---@return { kind: string, namespace: string?, name: string, status: string, message: string? }[] resources
--- Raises as `application` and `app_resources`.
--- Example: assert.eq(c:unhealthy_resources("shop"), {})
function Client:unhealthy_resources(name, opts)
  H.need("argocd.unhealthy_resources", "name", name)
  local out, seen = {}, {}
  local function add(list)
    for _, one in ipairs(list or {}) do
      local status = one.health and one.health.status
      local key = ("%s/%s/%s/%s"):format(one.group or "", one.kind, one.namespace or "", one.name)
      if status and status ~= "Healthy" and not seen[key] then
        seen[key] = true
        out[#out + 1] = {
          kind = one.kind, namespace = one.namespace, name = one.name, status = status, message = one.health.message,
        }
      end
    end
  end
  add(status_of(self:application(name, opts)).resources)
  add(self:app_resources(name, opts).nodes)
  return out
end

--- The deployments of an application, newest first.
--- Source: Argo CD API, ApplicationService_Get
---@param name string
---@param opts assay.argocd.app_options?
---@return { id: integer, revision: string, deployedAt: string }[] history
--- Raises as `application`.
--- Example: local previous = c:history("shop")[2].id
function Client:history(name, opts)
  H.need("argocd.history", "name", name)
  local out = {}
  for _, entry in ipairs(status_of(self:application(name, opts)).history or {}) do out[#out + 1] = entry end
  table.sort(out, function(a, b)
    return (a.id or 0) > (b.id or 0)
  end)
  return out
end

--- Creates an application.
--- Source: Argo CD API, ApplicationService_Create
---@param app { metadata: table, spec: table }
---@param opts { upsert: boolean?, validate: boolean? }? upsert: replace one that differs
---@return table application
--- Raises "argocd: POST PATH HTTP STATUS: BODY".
--- Example: c:create_app({ metadata = { name = "shop" }, spec = { project = "default" } }, { upsert = true })
function Client:create_app(app, opts)
  H.need("argocd.create_app", "app", app)
  local o = opts or {}
  return (request(self, "POST", "/api/v1/applications", {
    body = app, opts = opts, query = { { "upsert", o.upsert }, { "validate", o.validate } },
  }))
end

--- Changes an application by a patch.
--- Source: Argo CD API, ApplicationService_Patch
---@param name string
---@param patch table|string a table is written as JSON
---@param patch_type "merge"|"json"|nil ("merge")
---@param opts assay.argocd.app_options?
---@return table application
--- Raises "argocd: PATCH PATH HTTP STATUS: BODY".
--- Example: c:patch_app("shop", { spec = { source = { targetRevision = "v2" } } })
function Client:patch_app(name, patch, patch_type, opts)
  local path = app_path("patch_app", name)
  H.need("argocd.patch_app", "patch", patch)
  local words = type(patch) == "string" and patch or H.json(patch)
  local body = app_body(self, opts, { name = name, patch = words, patchType = patch_type or "merge" })
  return (request(self, "PATCH", path, { body = body, opts = opts }))
end

--- Reads an application, lets `change` alter one of its sources, and writes the spec back.
local function with_source(c, fn, name, opts, tool, change)
  local path = app_path(fn, name, "/spec")
  local app_spec = c:application(name, opts).spec or {}
  local source = app_spec.source
  local sources = app_spec.sources or {}
  if opts and opts.source then
    source = sources[opts.source]
  else
    for i = 1, #sources do
      if not source and sources[i][tool] then source = sources[i] end
    end
    source = source or sources[1]
  end
  if not source then error(("argocd.%s: application %s has no such source"):format(fn, name), 0) end
  source[tool] = source[tool] or {}
  change(source[tool])
  return (request(c, "PUT", path, { body = app_spec, query = app_query(c, opts), opts = opts }))
end

--- The name of an image without tag and digest, or what a Kustomize override is for.
local function image_name(image)
  local name = image:match("^([^=]+)=") or image:match("^([^@]+)@") or image
  return (name:gsub(":[^:/]*$", ""))
end

--- Sets an image of an application whose source is a Kustomize folder.
--- Source: Argo CD API, ApplicationService_UpdateSpec; "Kustomize"
---@param name string
---@param image string "registry/app:tag", "registry/app@sha256:…" or "name=registry/app:tag"
---@param opts { source: integer?, project: string?, app_namespace: string? }? source: which of several, from 1
---@return table spec
--- Raises as `application`; "argocd: PUT PATH HTTP STATUS: BODY".
--- Example: c:set_image("shop", "registry.example.com/shop:1.4.2")
function Client:set_image(name, image, opts)
  H.need("argocd.set_image", "name", name, "image", image)
  return with_source(self, "set_image", name, opts, "kustomize", function(kustomize)
    local images = kustomize.images or {}
    kustomize.images = images
    for i, one in ipairs(images) do
      if image_name(one) == image_name(image) then
        images[i] = image
        return
      end
    end
    images[#images + 1] = image
  end)
end

--- Sets a parameter of an application whose source is a Helm chart.
--- Source: Argo CD API, ApplicationService_UpdateSpec; "Helm"
---@param name string
---@param param string "image.tag"
---@param value string|number|boolean
---@param opts { source: integer?, project: string?, app_namespace: string? }? source: which of several, from 1
---@return table spec
--- Raises as `application`; "argocd: PUT PATH HTTP STATUS: BODY".
--- Example: c:set_param("shop", "image.tag", "1.4.2")
function Client:set_param(name, param, value, opts)
  H.need("argocd.set_param", "name", name, "param", param)
  if value == nil then H.need("argocd.set_param", "value", nil) end
  local text = math.type(value) and H.num(value) or tostring(value)
  return with_source(self, "set_param", name, opts, "helm", function(helm)
    local parameters = helm.parameters or {}
    helm.parameters = parameters
    for _, one in ipairs(parameters) do
      if one.name == param then
        one.value = text
        return
      end
    end
    parameters[#parameters + 1] = { name = param, value = text }
  end)
end

--- What one line of a log stream holds; nil for the last one, which only says that it is the last.
local function log_entry(name, line)
  local ok, entry = pcall(json.parse, line)
  if not ok or type(entry) ~= "table" then return nil end
  if entry.error then error(("argocd: logs of %s: %s"):format(name, entry.error.message or "unknown error"), 0) end
  return entry.result and not entry.result.last and entry.result or nil
end

--- Log lines of an application's pods.
--- Source: Argo CD API, ApplicationService_PodLogs
---@param name string
---@param opts { container: string?, pod: string?, namespace: string?, group: string?, kind: string?, resource: string?, tail: integer?, since: integer?, previous: boolean?, filter: string?, follow: boolean?, on_line: (fun(line: table): boolean?)?, project: string?, app_namespace: string? }?
---  tail: lines; since: seconds. follow: returns the lines as they come, for loops, until the containers end; or gives
---  them to on_line, which may return true to stop
---@return { content: string, podName: string?, timeStampStr: string? }[] lines with `follow` an iterator over them, or nil with `on_line`
--- Raises "argocd: GET PATH HTTP STATUS: BODY", "argocd: logs of NAME: MESSAGE".
--- Example: for _, line in ipairs(c:logs("shop", { tail = 50 })) do log.info(line.content) end
function Client:logs(name, opts)
  local path = app_path("logs", name, "/logs")
  local o = opts or {}
  local query = app_query(self, o, {
    { "namespace", o.namespace }, { "podName", o.pod }, { "container", o.container }, { "sinceSeconds", o.since },
    { "tailLines", o.tail }, { "follow", o.follow == true }, { "filter", o.filter }, { "group", o.group },
    { "kind", o.kind }, { "resourceName", o.resource }, { "previous", o.previous },
  })
  if not o.follow then
    local out = {}
    for line in request(self, "GET", path, { raw = true, opts = opts, query = query }):gmatch("[^\r\n]+") do
      out[#out + 1] = log_entry(name, line)
    end
    return out
  end
  enter(self)
  local stream = H.stream(self, "GET", path, { opts = opts, query = query })
  local next_line = stream:lines()
  local function following()
    repeat
      local line = next_line(stream)
      local entry = line and log_entry(name, line)
      if entry then return entry end
    until not line
  end
  if not o.on_line then return following, nil, nil, stream end
  local _ <close> = stream
  for entry in following do
    if o.on_line(entry) then return end
  end
end

--- The Kubernetes events of an application.
--- Source: Argo CD API, ApplicationService_ListResourceEvents
---@param name string
---@param opts assay.argocd.app_options?
---@return table[] events
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: for _, event in ipairs(c:events("shop")) do log.info(event.message) end
function Client:events(name, opts)
  return items(self, app_path("events", name, "/events"), app_query(self, opts), opts)
end

--- Runs an action of a resource, for example the restart of a Deployment.
--- Source: Argo CD API, ApplicationService_RunResourceAction
---@param name string
---@param resource { group: string?, version: string?, kind: string, namespace: string?, name: string }
---@param action string "restart"
---@param opts assay.argocd.app_options?
---@return table? answer
--- Raises "argocd: POST PATH HTTP STATUS: BODY".
--- Example: c:run_action("shop", { group = "apps", version = "v1", kind = "Deployment", namespace = "shop", name = "api" }, "restart")
function Client:run_action(name, resource, action, opts)
  local path = app_path("run_action", name, "/resource/actions")
  H.need("argocd.run_action", "resource", resource, "action", action)
  H.need("argocd.run_action", "kind", resource.kind, "resource name", resource.name)
  return (request(self, "POST", path, {
    body = H.json(action), opts = opts, query = app_query(self, opts, {
      { "namespace", resource.namespace }, { "resourceName", resource.name }, { "version", resource.version },
      { "group", resource.group }, { "kind", resource.kind },
    }),
  }))
end

-- --- projects, repositories, clusters --------------------------------------------------------------------------------

--- Projects.
--- Source: Argo CD API, ProjectService_List
---@return table[] projects
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:projects(), 0)
function Client:projects()
  return items(self, "/api/v1/projects")
end

--- One project.
--- Source: Argo CD API, ProjectService_Get
---@param name string
---@return table project
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.not_nil(c:project("default").spec)
function Client:project(name)
  H.need("argocd.project", "name", name)
  return get(self, "/api/v1/projects/" .. H.seg(name))
end

--- Repositories.
--- Source: Argo CD API, RepositoryService_List
---@return { repo: string, type: string, name: string?, project: string?, connectionState: table }[] repositories
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: for _, one in ipairs(c:repositories()) do assert.eq(one.connectionState.status, "Successful") end
function Client:repositories()
  return items(self, "/api/v1/repositories")
end

--- One repository.
--- Source: Argo CD API, RepositoryService_Get
---@param repo_url string
---@param opts { project: string?, force_refresh: boolean? }?
---@return table repository
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:repository("https://git.example.com/shop.git").type, "git")
function Client:repository(repo_url, opts)
  H.need("argocd.repository", "repo_url", repo_url)
  local o = opts or {}
  return get(self, "/api/v1/repositories/" .. H.strict(repo_url), {
    { "forceRefresh", o.force_refresh }, { "appProject", o.project },
  }, opts)
end

--- Clusters.
--- Source: Argo CD API, ClusterService_List
---@return { name: string, server: string, serverVersion: string?, connectionState: table, info: table }[] clusters
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:clusters(), 0)
function Client:clusters()
  return items(self, "/api/v1/clusters")
end

--- One cluster.
--- Source: Argo CD API, ClusterService_Get
---@param server_url string its address, or its name
---@return table cluster
--- Raises "argocd: GET PATH HTTP STATUS: BODY", 403 when unknown.
--- Example: assert.eq(c:cluster("https://kubernetes.default.svc").name, "in-cluster")
function Client:cluster(server_url)
  H.need("argocd.cluster", "server_url", server_url)
  local by_name = not server_url:find("://", 1, true) and "name" or nil
  return get(self, "/api/v1/clusters/" .. H.strict(server_url), { { "id.type", by_name } })
end

-- --- the server ------------------------------------------------------------------------------------------------------

--- The server's settings; fewer without login.
--- Source: Argo CD API, SettingsService_Get
---@return table settings
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: log.info(c:settings().url)
function Client:settings()
  return get(self, "/api/v1/settings")
end

--- The server's version.
--- Source: Argo CD API, VersionService_Version
---@return { Version: string, GitCommit: string?, BuildDate: string?, Platform: string? } version
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:version().Version, "v3")
function Client:version()
  return get(self, "/api/version")
end

--- ApplicationSets.
--- Source: Argo CD API, ApplicationSetService_List
---@return table[] sets
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:applicationsets(), 0)
function Client:applicationsets()
  return items(self, "/api/v1/applicationsets")
end

--- Who the client is to the server.
--- Source: Argo CD API, SessionService_GetUserInfo
---@return { loggedIn: boolean, username: string?, groups: string[]? } user
--- Raises "argocd: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:userinfo().loggedIn, true)
function Client:userinfo()
  return get(self, "/api/v1/session/userinfo")
end

return M
