--- Temporal: workflows, task queues, schedules and namespaces, through the HTTP API of the frontend (port 7243, not the
--- gRPC port 7233 and not the web interface).
---
--- 64-bit numbers in answers are strings ("12"), durations are like "259200s", and what is empty is left out. Lists show
--- a workflow that was just started only after a moment; `workflow` knows it at once.
--- Source: Temporal API, github.com/temporalio/api, temporal/api/workflowservice/v1/service.proto.
--- Example: local c = temporal.client("http://temporal-frontend:7243"); c:signal_workflow("order-17", "approve", { by = "ops" })
local H = require("assay._http")

local M = {}

--- A connection to one frontend.
---@class assay.temporal.client
---@field url string the server's address
---@field api_key string? bearer token; read at every call
---@field default_ns string the namespace of calls that name none
local Client = {}

---@class assay.temporal.options: assay.options
---@field namespace string? "default" unless said
---@field api_key string?

---@class assay.temporal.call: assay.options
---@field namespace string? another than the client's
---@field run_id string? one run of the workflow; the latest without it

local spec = {
  name = "temporal",
  methods = Client,
  -- The server chooses its encoding by these headers, also for GET.
  content_type = true,
  groups = {
    namespaces = { "namespaces", list = "namespaces", get = "namespace", create = "create_namespace" },
    workflows = {
      "workflows", list = "workflows", get = "workflow", history = "workflow_history", signal = "signal_workflow",
      terminate = "terminate_workflow", cancel = "cancel_workflow", search = "search", is_running = "is_workflow_running",
      wait_complete = "wait_workflow_complete", start = "start_workflow", result = "result", query = "query_workflow",
      count = "count", each = "each_workflow", signal_with_start = "signal_with_start", update = "update_workflow",
      reset = "reset_workflow",
    },
    task_queues = { get = "task_queue", has_workers = "has_workers" },
    schedules = {
      "schedules", list = "schedules", get = "schedule", pause = "pause_schedule", unpause = "unpause_schedule",
      trigger = "trigger_schedule", create = "create_schedule", delete = "delete_schedule",
    },
  },
}

local IDENTITY = "assay"
local STATUS = "WORKFLOW_EXECUTION_STATUS_"

--- Connects to a frontend.
--- Source: Assay
---@param url string the address of its HTTP port
---@param opts assay.temporal.options?
---@return assay.temporal.client c
--- Raises "temporal: invalid url 'URL'".
--- Example: local c = temporal.client("http://temporal-frontend:7243", { namespace = "shop" })
function M.client(url, opts)
  H.need("temporal.client", "url", url)
  local c = H.client(spec, url, opts)
  -- As a field of the client this name would hide a method.
  c.default_ns = rawget(c, "namespace") or c.default_ns or "default"
  c.namespace = nil
  return c
end

-- --- requests --------------------------------------------------------------------------------------------------------

--- An option under our name, or under the API's.
local function pick(opts, name, original)
  if opts == nil then return nil end
  if opts[name] ~= nil then return opts[name] end
  return opts[original]
end

local function get(c, path, query, opts)
  return (H.get(c, path, { query = query, opts = opts }))
end

local function post(c, path, body, opts)
  return (H.post(c, path, H.object(body), { ok = 200, opts = opts }))
end

local function in_namespace(c, opts, path)
  return ("/api/v1/namespaces/%s%s"):format(H.seg(opts and opts.namespace or c.default_ns or "default"), path)
end

--- A name in a path. The server decodes the path before it looks for the route, so a slash cannot be expressed.
local function named(fn, what, name)
  H.need("temporal." .. fn, what, name)
  if tostring(name):find("/", 1, true) then
    error(("temporal.%s: a %s with '/' cannot be addressed over HTTP"):format(fn, what), 0)
  end
  return H.seg(name)
end

local function workflow_path(c, fn, workflow_id, opts, after)
  return in_namespace(c, opts, ("/workflows/%s%s"):format(named(fn, "workflow_id", workflow_id), after or ""))
end

--- A body of a call about a workflow. Which run is meant belongs here: query parameters are not read.
local function about(workflow_id, opts, body)
  local run_id = opts and opts.run_id
  body.workflowExecution = run_id and { workflowId = workflow_id, runId = run_id } or nil
  body.identity = IDENTITY
  return body
end

--- Arguments as payloads: the server turns plain JSON into them, if it is a list.
local function payloads(input, args)
  if args ~= nil then return type(args) == "table" and #args > 0 and json.array(args) or nil end
  if input == nil then return nil end
  if type(input) == "table" and type(input.payloads) == "table" then return input end
  return { input }
end

local function decoded_payload(payload)
  if type(payload) ~= "table" or type(payload.metadata) ~= "table" or payload.metadata.encoding == nil then return payload end
  local encoding = base64.decode(payload.metadata.encoding)
  local data = base64.decode(payload.data or "")
  if encoding == "binary/null" then return nil end
  return encoding:find("^json/") and json.parse(data) or data
end

--- The first value of payloads, in the plain form or the long one.
local function decoded(values)
  if type(values) ~= "table" then return values end
  return decoded_payload((values.payloads or values)[1])
end

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

--- A duration as the API reads it: "30s". Takes seconds, or a count with a unit.
local function duration(value)
  if value == nil then return nil end
  if math.type(value) then return H.seconds(value) end
  local count, unit = tostring(value):match("^([%d.]+)([smhd])$")
  return count and H.seconds(tonumber(count) * UNITS[unit]) or value
end

local function enum(prefix, value)
  if type(value) ~= "string" or value:sub(1, #prefix) == prefix then return value end
  return prefix .. value:upper()
end

local function with_list(answer, field)
  answer = answer or {}
  answer[field] = answer[field] or {}
  return answer
end

-- --- the server ------------------------------------------------------------------------------------------------------

--- Whether the server answers.
--- Source: Temporal API, GetSystemInfo
---@return boolean
--- Raises "temporal: GET PATH: REASON" when there is no answer at all.
--- Example: assert.eq(c:health(), true)
function Client:health()
  local _, response = H.get(self, "/api/v1/system-info", { ok = H.any, lenient = true })
  if response.status == 404 then _, response = H.get(self, "/health", { ok = H.any, lenient = true }) end
  return response.status == 200
end

--- The server's version and what it can do.
--- Source: Temporal API, GetSystemInfo
---@return { serverVersion: string, capabilities: table } info
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.contains(c:system_info().serverVersion, "1.")
function Client:system_info()
  return get(self, "/api/v1/system-info")
end

--- The cluster's name, version and stores.
--- Source: Temporal API, GetClusterInfo
---@return { serverVersion: string, clusterId: string, clusterName: string } info
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:cluster_info().clusterName, "active")
function Client:cluster_info()
  return get(self, "/api/v1/cluster-info")
end

--- Namespaces, one page of them.
--- Source: Temporal API, ListNamespaces
---@param opts { page_size: integer?, next_page_token: string? }?
---@return { namespaces: table[], nextPageToken: string? } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:namespaces().namespaces[1].namespaceInfo.name, "default")
function Client:namespaces(opts)
  return with_list(get(self, "/api/v1/namespaces", {
    { "pageSize", pick(opts, "page_size", "pageSize") },
    { "nextPageToken", pick(opts, "next_page_token", "nextPageToken") },
  }, opts), "namespaces")
end

--- One namespace.
--- Source: Temporal API, DescribeNamespace
---@param name string
---@return { namespaceInfo: table, config: table, isGlobalNamespace: boolean? } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:namespace("shop").config.workflowExecutionRetentionTtl, "259200s")
function Client:namespace(name)
  H.need("temporal.namespace", "name", name)
  return get(self, "/api/v1/namespaces/" .. H.seg(name))
end

--- Creates a namespace. Requests may fail for some seconds afterwards, until all servers know it.
--- Source: Temporal API, RegisterNamespace
---@param name string
---@param retention number|string how long closed workflows are kept: seconds, or "72h", "3d"
---@param opts { description: string?, owner_email: string? }?
---@return table answer
--- Raises "temporal: POST PATH HTTP 409: BODY" when it exists, and for other failures.
--- Example: c:create_namespace("shop", "3d")
function Client:create_namespace(name, retention, opts)
  H.need("temporal.create_namespace", "name", name, "retention", retention)
  return post(self, "/api/v1/namespaces", {
    namespace = name, workflowExecutionRetentionPeriod = duration(retention),
    description = opts and opts.description, ownerEmail = opts and opts.owner_email,
  }, opts)
end

-- --- workflows -------------------------------------------------------------------------------------------------------

--- Workflows, one page of them.
--- Source: Temporal API, ListWorkflowExecutions
---@param opts { query: string?, page_size: integer?, next_page_token: string?, namespace: string? }? query: a list filter
---@return { executions: table[], nextPageToken: string? } answer
--- Raises "temporal: GET PATH HTTP 400: BODY" for a bad filter, and for other failures.
--- Example: assert.eq(#c:workflows({ query = "ExecutionStatus = 'Failed'" }).executions, 0)
function Client:workflows(opts)
  return with_list(get(self, in_namespace(self, opts, "/workflows"), {
    { "query", opts and opts.query },
    { "pageSize", pick(opts, "page_size", "pageSize") },
    { "nextPageToken", pick(opts, "next_page_token", "nextPageToken") },
  }, opts), "executions")
end

--- Workflows that a filter selects, one page of them.
--- Source: Temporal documentation, "List Filter"
---@param query string
---@param opts { page_size: integer?, next_page_token: string?, namespace: string? }?
---@return { executions: table[], nextPageToken: string? } answer
--- Raises as `workflows`.
--- Example: assert.eq(#c:search("WorkflowType = 'Order' AND ExecutionStatus = 'Failed'").executions, 0)
function Client:search(query, opts)
  H.need("temporal.search", "query", query)
  local options = H.without(opts)
  options.query = query
  return self:workflows(options)
end

--- Calls a function with each workflow that a filter selects, page by page.
--- Source: Temporal API, ListWorkflowExecutions
---@param query string? all without it
---@param fn fun(execution: table): boolean? false ends it
---@param opts { page_size: integer?, namespace: string? }?
---@return integer count of the calls
--- Raises as `workflows`.
--- Example: c:each_workflow("ExecutionStatus = 'Running'", function(one) log.info(one.execution.workflowId) end)
function Client:each_workflow(query, fn, opts)
  H.need("temporal.each_workflow", "fn", fn)
  local options, seen, count = H.without(opts), {}, 0
  options.query = query
  while true do
    local answer = self:workflows(options)
    for _, one in ipairs(answer.executions) do
      count = count + 1
      if fn(one) == false then return count end
    end
    local token = answer.nextPageToken
    -- A token that comes again would never end.
    if token == nil or token == "" or seen[token] then return count end
    seen[token] = true
    options.next_page_token = token
  end
end

--- How many workflows a filter selects.
--- Source: Temporal API, CountWorkflowExecutions
---@param query string? all without it
---@param opts { namespace: string? }?
---@return integer count
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:count("ExecutionStatus = 'Failed'"), 0)
function Client:count(query, opts)
  local answer = get(self, in_namespace(self, opts, "/workflow-count"), { { "query", query } }, opts)
  return math.tointeger(tonumber(answer and answer.count or 0)) or 0
end

--- Sorts out a run id that may be left out, with the options in its place.
local function run_of(run_id, opts)
  if type(run_id) == "table" then run_id, opts = nil, run_id end
  if run_id == "" then run_id = nil end
  return run_id or opts and opts.run_id or nil, opts
end

--- One workflow, its latest run unless one is named.
--- Source: Temporal API, DescribeWorkflowExecution
---@param workflow_id string
---@param run_id string?
---@param opts { namespace: string? }?
---@return { workflowExecutionInfo: table, executionConfig: table, pendingActivities: table[]?, pendingChildren: table[]? } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY", 404 for an unknown one.
--- Example: assert.eq(c:workflow("order-17").workflowExecutionInfo.type.name, "Order")
function Client:workflow(workflow_id, run_id, opts)
  run_id, opts = run_of(run_id, opts)
  local path = workflow_path(self, "workflow", workflow_id, opts)
  return get(self, path, { { "execution.runId", run_id }, { "runId", run_id } }, opts)
end

--- The events of a workflow, one page of them.
--- Source: Temporal API, GetWorkflowExecutionHistory
---@param workflow_id string
---@param run_id string?
---@param opts { maximum_page_size: integer?, next_page_token: string?, wait_new_event: boolean?, history_event_filter_type: integer?, namespace: string? }?
---  history_event_filter_type: 1 all, 2 only the event that closed it
---@return { history: { events: table[] }, nextPageToken: string? } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#c:workflow_history("order-17").history.events, 0)
function Client:workflow_history(workflow_id, run_id, opts)
  run_id, opts = run_of(run_id, opts)
  local path = workflow_path(self, "workflow_history", workflow_id, opts, "/history")
  local answer = get(self, path, {
    { "execution.runId", run_id }, { "runId", run_id },
    { "maximumPageSize", pick(opts, "maximum_page_size", "maximumPageSize") },
    { "nextPageToken", pick(opts, "next_page_token", "nextPageToken") },
    { "waitNewEvent", pick(opts, "wait_new_event", "waitNewEvent") },
    { "historyEventFilterType", pick(opts, "history_event_filter_type", "historyEventFilterType") },
  }, opts) or {}
  answer.history = with_list(answer.history, "events")
  return answer
end

--- Sends a signal to a running workflow.
--- Source: Temporal API, SignalWorkflowExecution
---@param workflow_id string
---@param signal_name string
---@param input any? the signal's argument
---@param opts { args: any[]?, run_id: string?, namespace: string? }? args: several arguments, instead of `input`
---@return table answer usually empty
--- Raises "temporal: POST PATH HTTP 404: BODY" when the workflow is closed or unknown, and for other failures.
--- Example: c:signal_workflow("order-17", "approve", { by = "ops" })
function Client:signal_workflow(workflow_id, signal_name, input, opts)
  local path = workflow_path(self, "signal_workflow", workflow_id, opts, "/signal")
  local name = named("signal_workflow", "signal_name", signal_name)
  local body = about(workflow_id, opts, { input = payloads(input, opts and opts.args), requestId = crypto.uuid() })
  local ok, result = pcall(post, self, path .. "/" .. name, body, opts)
  if ok then return result end
  if not H.route_missing(result) then error(result, 0) end
  body.signalName = signal_name
  return post(self, path, body, opts)
end

--- Ends a workflow without letting it clean up.
--- Source: Temporal API, TerminateWorkflowExecution
---@param workflow_id string
---@param reason string?
---@param opts assay.temporal.call?
---@return table answer empty
--- Raises "temporal: POST PATH HTTP STATUS: BODY", 404 when it is closed or unknown.
--- Example: c:terminate_workflow("order-17", "duplicate")
function Client:terminate_workflow(workflow_id, reason, opts)
  local path = workflow_path(self, "terminate_workflow", workflow_id, opts, "/terminate")
  return post(self, path, about(workflow_id, opts, { reason = reason }), opts)
end

--- Asks a workflow to end.
--- Source: Temporal API, RequestCancelWorkflowExecution
---@param workflow_id string
---@param opts { reason: string?, run_id: string?, namespace: string? }?
---@return table answer empty
--- Raises "temporal: POST PATH HTTP STATUS: BODY", 404 when it is closed or unknown.
--- Example: c:cancel_workflow("order-17", { reason = "out of stock" })
function Client:cancel_workflow(workflow_id, opts)
  local path = workflow_path(self, "cancel_workflow", workflow_id, opts, "/cancel")
  return post(self, path, about(workflow_id, opts, { reason = opts and opts.reason, requestId = crypto.uuid() }), opts)
end

local function status_of(answer)
  local info = answer and answer.workflowExecutionInfo
  return info and info.status
end

local function is_open(status)
  return status == STATUS .. "RUNNING" or status == STATUS .. "PAUSED"
end

--- Whether a workflow runs, or is paused.
--- Source: Temporal API, WorkflowExecutionStatus
---@param workflow_id string
---@param opts assay.temporal.call?
---@return boolean
--- Raises as `workflow`.
--- Example: assert.eq(c:is_workflow_running("order-17"), true)
function Client:is_workflow_running(workflow_id, opts)
  H.need("temporal.is_workflow_running", "workflow_id", workflow_id)
  return is_open(status_of(self:workflow(workflow_id, opts and opts.run_id, opts)))
end

--- Polls, but takes "not found" for what it is: the workflow will not appear by waiting.
local function poll(plan)
  local check, failed = plan.check, nil
  plan.check = function()
    local ok, result, seen = pcall(check)
    if ok then return result, seen end
    local parts = H.error(result)
    if not (parts and parts.status == 404) then error(result, 0) end
    failed = result
    return true
  end
  local result = H.poll(plan)
  if failed then error(failed, 0) end
  return result
end

--- Waits until a workflow has ended, well or not.
--- Source: Temporal API, DescribeWorkflowExecution
---@param workflow_id string
---@param timeout_secs number? seconds (300)
---@param opts { interval: number?, run_id: string?, namespace: string? }? seconds between looks (5)
---@return table workflow as `workflow` gives it; look at `workflowExecutionInfo.status`
--- Raises "temporal: timeout waiting for workflow ID to complete (last: …)"; as `workflow`, 404 at once.
--- Example: assert.eq(c:wait_workflow_complete("order-17", 120).workflowExecutionInfo.status, "WORKFLOW_EXECUTION_STATUS_COMPLETED")
function Client:wait_workflow_complete(workflow_id, timeout_secs, opts)
  named("wait_workflow_complete", "workflow_id", workflow_id)
  local timeout, interval, options = H.waiting("temporal.wait_workflow_complete", timeout_secs, opts, 300, 5)
  return poll({
    timeout = timeout,
    interval = interval,
    message = ("temporal: timeout waiting for workflow %s to complete"):format(workflow_id),
    check = function()
      local answer = self:workflow(workflow_id, options.run_id, H.without(options, "timeout"))
      local status = status_of(answer)
      return status ~= nil and not is_open(status) and answer, status
    end,
  })
end

--- The body of a request that starts a workflow.
local function start_body(fn, opts)
  H.need("temporal." .. fn, "type", opts and opts.type, "task_queue", opts and opts.task_queue)
  local memo, attributes = opts.memo, opts.search_attributes
  if memo and not memo.fields then memo = { fields = memo } end
  if attributes and not attributes.indexedFields then attributes = { indexedFields = attributes } end
  return {
    workflowType = { name = opts.type },
    taskQueue = { name = opts.task_queue },
    input = payloads(opts.input, opts.args),
    workflowExecutionTimeout = duration(opts.execution_timeout),
    workflowRunTimeout = duration(opts.run_timeout),
    workflowTaskTimeout = duration(opts.task_timeout),
    workflowStartDelay = duration(opts.start_delay),
    workflowIdReusePolicy = enum("WORKFLOW_ID_REUSE_POLICY_", opts.reuse_policy),
    workflowIdConflictPolicy = enum("WORKFLOW_ID_CONFLICT_POLICY_", opts.conflict_policy),
    cronSchedule = opts.cron,
    memo = memo,
    searchAttributes = attributes,
    identity = IDENTITY,
    requestId = crypto.uuid(),
  }
end

--- Starts a workflow.
--- Source: Temporal API, StartWorkflowExecution
---@param workflow_id string
---@param opts { type: string, task_queue: string, input: any, args: any[]?, execution_timeout: number|string|nil, run_timeout: number|string|nil, task_timeout: number|string|nil, start_delay: number|string|nil, reuse_policy: string?, conflict_policy: string?, cron: string?, memo: table?, search_attributes: table?, namespace: string? }
---  args: several arguments, instead of `input`; times: seconds, or "30s", "1h"; policies: "reject_duplicate", "use_existing" …
---@return { runId: string, started: boolean } answer
--- Raises "temporal: POST PATH HTTP 409: BODY" when it runs already, and for other failures.
--- Example: local run = c:start_workflow("order-17", { type = "Order", task_queue = "orders", input = { id = 17 } }).runId
function Client:start_workflow(workflow_id, opts)
  local path = workflow_path(self, "start_workflow", workflow_id, opts)
  return post(self, path, start_body("start_workflow", opts), H.without(opts))
end

--- Sends a signal to a workflow, which is started when it does not run.
--- Source: Temporal API, SignalWithStartWorkflowExecution
---@param workflow_id string
---@param signal_name string
---@param opts table as `start_workflow`, with `signal_input` or `signal_args`
---@return { runId: string, started: boolean } answer
--- Raises "temporal: POST PATH HTTP STATUS: BODY".
--- Example: c:signal_with_start("cart-1", "add", { type = "Cart", task_queue = "carts", signal_input = { item = 3 } })
function Client:signal_with_start(workflow_id, signal_name, opts)
  local name = named("signal_with_start", "signal_name", signal_name)
  local path = workflow_path(self, "signal_with_start", workflow_id, opts, "/signal-with-start/" .. name)
  local body = start_body("signal_with_start", opts)
  body.signalInput = payloads(opts.signal_input, opts.signal_args)
  return post(self, path, body, opts)
end

--- Of each event that ends a workflow: its attributes, and how it ended.
local ENDINGS = {
  workflowExecutionCompletedEventAttributes = "completed",
  workflowExecutionFailedEventAttributes = "failed",
  workflowExecutionTimedOutEventAttributes = "timed out",
  workflowExecutionCanceledEventAttributes = "was canceled",
  workflowExecutionTerminatedEventAttributes = "was terminated",
  workflowExecutionContinuedAsNewEventAttributes = "continued as new",
}

local function ending_of(events)
  local last = events[#events]
  for field, how in pairs(ENDINGS) do
    if last and last[field] then return how, last[field] end
  end
  return nil
end

--- What a failure says, with its causes.
local function message_of(failure)
  local parts = {}
  while type(failure) == "table" and #parts < 10 do
    parts[#parts + 1] = failure.message
    failure = failure.cause
  end
  return #parts > 0 and table.concat(parts, ": ") or nil
end

--- Waits for a workflow's result. A workflow that continues as a new run is followed.
--- Source: Temporal API, GetWorkflowExecutionHistory
---@param workflow_id string
---@param run_id string?
---@param timeout_secs number? seconds (300)
---@param opts { namespace: string? }?
---@return any result decoded
--- Raises "temporal: workflow ID failed: MESSAGE" (or timed out, was canceled, was terminated),
--- "temporal: timeout waiting for the result of workflow ID"; as `workflow_history`, 404 at once.
--- Example: assert.eq(c:result("order-17").total, 42)
function Client:result(workflow_id, run_id, timeout_secs, opts)
  named("result", "workflow_id", workflow_id)
  run_id, opts = run_of(run_id, opts)
  local timeout, interval, options = H.waiting("temporal.result", timeout_secs, opts, 300, 1)
  local token
  local how, attributes
  poll({
    timeout = timeout,
    interval = interval,
    message = ("temporal: timeout waiting for the result of workflow %s"):format(workflow_id),
    check = function()
      local answer = self:workflow_history(workflow_id, run_id, {
        namespace = options.namespace, next_page_token = token, wait_new_event = true, history_event_filter_type = 2,
      })
      token = answer.nextPageToken ~= "" and answer.nextPageToken or nil
      how, attributes = ending_of(answer.history.events)
      if how ~= "continued as new" then return how end
      run_id, token = attributes.newExecutionRunId, nil
      return false, how
    end,
  })
  if how == "completed" then return decoded(attributes.result) end
  local reason = message_of(attributes.failure) or attributes.reason
  error(("temporal: workflow %s %s%s"):format(workflow_id, how, reason and reason ~= "" and ": " .. reason or ""), 0)
end

--- Asks a workflow a question.
--- Source: Temporal API, QueryWorkflow
---@param workflow_id string
---@param query_type string
---@param args any[]? the query's arguments
---@param opts assay.temporal.call?
---@return any result decoded
--- Raises "temporal: POST PATH HTTP STATUS: BODY", "temporal: query TYPE of workflow ID rejected (STATUS)".
--- Example: assert.eq(c:query_workflow("order-17", "state"), "shipped")
function Client:query_workflow(workflow_id, query_type, args, opts)
  local name = named("query_workflow", "query_type", query_type)
  local path = workflow_path(self, "query_workflow", workflow_id, opts, "/query/" .. name)
  local run_id = opts and opts.run_id
  local answer = post(self, path, {
    query = H.object({ queryArgs = payloads(nil, args) }),
    execution = run_id and { workflowId = workflow_id, runId = run_id } or nil,
  }, opts) or {}
  if answer.queryRejected then
    local status = tostring(answer.queryRejected.status or "unknown")
    error(("temporal: query %s of workflow %s rejected (%s)"):format(query_type, workflow_id, status), 0)
  end
  return decoded(answer.queryResult)
end

--- Changes a workflow's state, and waits for what it answers.
--- Source: Temporal API, UpdateWorkflowExecution
---@param workflow_id string
---@param name string
---@param args any[]? the update's arguments
---@param opts assay.temporal.call?
---@return any result decoded
--- Raises "temporal: POST PATH HTTP STATUS: BODY", "temporal: update NAME of workflow ID failed: MESSAGE".
--- Example: assert.eq(c:update_workflow("cart-1", "add", { { item = 3 } }), 1)
function Client:update_workflow(workflow_id, name, args, opts)
  local segment = named("update_workflow", "name", name)
  local path = workflow_path(self, "update_workflow", workflow_id, opts, "/update/" .. segment)
  local body = about(workflow_id, opts, {
    waitPolicy = { lifecycleStage = "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED" },
    request = {
      meta = { updateId = crypto.uuid(), identity = IDENTITY }, input = { name = name, args = payloads(nil, args) },
    },
  })
  body.identity = nil
  local outcome = (post(self, path, body, opts) or {}).outcome or {}
  if outcome.failure then
    error(("temporal: update %s of workflow %s failed: %s"):format(name, workflow_id, message_of(outcome.failure) or "?"), 0)
  end
  return decoded(outcome.success)
end

--- Lets a workflow run again from an event of its history.
--- Source: Temporal API, ResetWorkflowExecution
---@param workflow_id string
---@param opts { event_id: integer, reason: string?, run_id: string?, namespace: string? } event_id: of the completed,
---  failed or timed-out workflow task to go back to
---@return { runId: string } answer the new run
--- Raises "temporal: POST PATH HTTP STATUS: BODY".
--- Example: local run = c:reset_workflow("order-17", { event_id = 4, reason = "bad deploy" }).runId
function Client:reset_workflow(workflow_id, opts)
  local path = workflow_path(self, "reset_workflow", workflow_id, opts, "/reset")
  H.need("temporal.reset_workflow", "event_id", opts and opts.event_id)
  return post(self, path, about(workflow_id, opts, {
    workflowTaskFinishEventId = opts.event_id, reason = opts.reason, requestId = crypto.uuid(),
  }), opts)
end

-- --- task queues -----------------------------------------------------------------------------------------------------

--- Types of task queues; in query strings they are numbers.
local QUEUE_TYPES = { workflow = 1, activity = 2, nexus = 3 }

local function queue_type(fn, value)
  if value == nil or math.type(value) then return value end
  local name = tostring(value):lower():gsub("^task_queue_type_", "")
  return QUEUE_TYPES[name] or error(("temporal.%s: unknown task queue type '%s'"):format(fn, tostring(value)), 0)
end

--- Who polls a task queue.
--- Source: Temporal API, DescribeTaskQueue
---@param name string
---@param opts { task_queue_type: "workflow"|"activity"|"nexus"|integer|nil, report_stats: boolean?, include_task_queue_status: boolean?, namespace: string? }?
---@return { pollers: { identity: string, lastAccessTime: string }[], stats: table?, taskQueueStatus: table? } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY", "temporal.task_queue: unknown task queue type 'TYPE'".
--- Example: assert.gt(#c:task_queue("orders", { task_queue_type = "activity" }).pollers, 0)
function Client:task_queue(name, opts)
  local path = in_namespace(self, opts, "/task-queues/" .. named("task_queue", "name", name))
  return with_list(get(self, path, {
    { "taskQueueType", queue_type("task_queue", pick(opts, "task_queue_type", "taskQueueType")) },
    { "reportStats", pick(opts, "report_stats", "reportStats") },
    { "includeTaskQueueStatus", pick(opts, "include_task_queue_status", "includeTaskQueueStatus") },
  }, opts), "pollers")
end

--- Whether workers have polled a task queue lately.
--- Source: Temporal API, DescribeTaskQueue
---@param task_queue string
---@param type "workflow"|"activity"|"nexus"|nil ("workflow")
---@param max_age number? seconds (120)
---@param opts { namespace: string? }?
---@return boolean
--- Raises as `task_queue`.
--- Example: assert.eq(c:has_workers("orders", "activity"), true)
function Client:has_workers(task_queue, type, max_age, opts)
  named("has_workers", "task_queue", task_queue)
  local options = H.without(opts)
  options.task_queue_type = queue_type("has_workers", type or "workflow")
  local since = H.clock.time() - (max_age or 120)
  for _, poller in ipairs(self:task_queue(task_queue, options).pollers) do
    local at = H.parse_time(poller.lastAccessTime)
    if at and at >= since then return true end
  end
  return false
end

-- --- schedules -------------------------------------------------------------------------------------------------------

--- Schedules, one page of them.
--- Source: Temporal API, ListSchedules
---@param opts { maximum_page_size: integer?, next_page_token: string?, query: string?, namespace: string? }?
---@return { schedules: table[], nextPageToken: string? } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: for _, one in ipairs(c:schedules().schedules) do log.info(one.scheduleId) end
function Client:schedules(opts)
  return with_list(get(self, in_namespace(self, opts, "/schedules"), {
    { "maximumPageSize", pick(opts, "maximum_page_size", "maximumPageSize") },
    { "nextPageToken", pick(opts, "next_page_token", "nextPageToken") },
    { "query", opts and opts.query },
  }, opts), "schedules")
end

local function schedule_path(c, fn, schedule_id, opts, after)
  return in_namespace(c, opts, ("/schedules/%s%s"):format(named(fn, "schedule_id", schedule_id), after or ""))
end

--- One schedule.
--- Source: Temporal API, DescribeSchedule
---@param schedule_id string
---@param opts { namespace: string? }?
---@return { schedule: table, info: table, conflictToken: string } answer
--- Raises "temporal: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(c:schedule("nightly").schedule.state.paused, nil)
function Client:schedule(schedule_id, opts)
  return get(self, schedule_path(self, "schedule", schedule_id, opts), nil, opts)
end

local function patch_schedule(c, fn, schedule_id, opts, patch)
  local path = schedule_path(c, fn, schedule_id, opts, "/patch")
  return post(c, path, { patch = patch, identity = IDENTITY, requestId = crypto.uuid() }, opts)
end

--- Pauses a schedule.
--- Source: Temporal API, PatchSchedule
---@param schedule_id string
---@param note string? why
---@param opts { namespace: string? }?
---@return table answer empty
--- Raises "temporal: POST PATH HTTP STATUS: BODY".
--- Example: c:pause_schedule("nightly", "maintenance")
function Client:pause_schedule(schedule_id, note, opts)
  return patch_schedule(self, "pause_schedule", schedule_id, opts, { pause = note or "paused by assay" })
end

--- Lets a schedule go on.
--- Source: Temporal API, PatchSchedule
---@param schedule_id string
---@param note string? why
---@param opts { namespace: string? }?
---@return table answer empty
--- Raises "temporal: POST PATH HTTP STATUS: BODY".
--- Example: c:unpause_schedule("nightly")
function Client:unpause_schedule(schedule_id, note, opts)
  return patch_schedule(self, "unpause_schedule", schedule_id, opts, { unpause = note or "unpaused by assay" })
end

--- Runs a schedule's action now.
--- Source: Temporal API, PatchSchedule
---@param schedule_id string
---@param opts { overlap_policy: string?, namespace: string? }? overlap_policy: "skip", "allow_all", "cancel_other" …
---@return table answer empty
--- Raises "temporal: POST PATH HTTP STATUS: BODY".
--- Example: c:trigger_schedule("nightly", { overlap_policy = "allow_all" })
function Client:trigger_schedule(schedule_id, opts)
  local policy = enum("SCHEDULE_OVERLAP_POLICY_", opts and opts.overlap_policy)
  return patch_schedule(self, "trigger_schedule", schedule_id, opts, {
    triggerImmediately = H.object({ overlapPolicy = policy }),
  })
end

--- Creates a schedule.
--- Source: Temporal API, CreateSchedule
---@param schedule_id string
---@param schedule { spec: table, action: table, policies: table?, state: table? }
---@param opts { namespace: string? }?
---@return { conflictToken: string } answer
--- Raises "temporal: POST PATH HTTP 409: BODY" when it exists, and for other failures.
--- Example: c:create_schedule("nightly", { spec = { cronString = { "0 3 * * *" } }, action = { startWorkflow = { workflowId = "nightly", workflowType = { name = "Report" }, taskQueue = { name = "reports" } } } })
function Client:create_schedule(schedule_id, schedule, opts)
  local path = schedule_path(self, "create_schedule", schedule_id, opts)
  H.need("temporal.create_schedule", "schedule", schedule)
  return post(self, path, { schedule = schedule, identity = IDENTITY, requestId = crypto.uuid() }, opts)
end

--- Deletes a schedule; workflows that it started go on.
--- Source: Temporal API, DeleteSchedule
---@param schedule_id string
---@param opts { namespace: string? }?
---@return table answer empty
--- Raises "temporal: DELETE PATH HTTP STATUS: BODY", 404 when there is none.
--- Example: c:delete_schedule("nightly")
function Client:delete_schedule(schedule_id, opts)
  return (H.delete(self, schedule_path(self, "delete_schedule", schedule_id, opts), {
    query = { { "identity", IDENTITY } }, opts = opts,
  }))
end

return M
