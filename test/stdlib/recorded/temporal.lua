-- What a real Temporal answers to assay.temporal. Runs against the server, or against what it answered once.
local temporal = require("assay.temporal")
local url = ...
local c = temporal.client(url)
local function status(id, run) return c:workflow(id, run).workflowExecutionInfo.status:match("STATUS_(.*)") end

assert.eq(c:health(), true)
assert.matches(c:system_info().serverVersion, "^1\\.")
assert.not_nil(c:cluster_info().clusterName)
assert.eq(c:namespace("default").namespaceInfo.state, "NAMESPACE_STATE_REGISTERED")
assert.gt(#c:namespaces().namespaces, 0)
assert.raises(function() c:namespace("none") end, "temporal: GET /api/v1/namespaces/none HTTP 404: ")

-- a workflow that no worker takes
local started = c:start_workflow("order 17+a", {
  type = "Order", task_queue = "orders", input = { amount = 3 }, execution_timeout = 600,
})
assert.eq(started.started, true)
assert.matches(started.runId, "^[0-9a-f-]{36}$")
assert.raises(function()
  c:start_workflow("order 17+a", { type = "Order", task_queue = "orders" })
end, "HTTP 409: ")
assert.eq(status("order 17+a"), "RUNNING")
assert.eq(status("order 17+a", started.runId), "RUNNING")
assert.eq(c:is_workflow_running("order 17+a"), true)
assert.raises(function() c:workflow("order 17+a", "00000000-0000-0000-0000-000000000000") end, "HTTP 404: ")
assert.raises(function() c:workflow("none") end, "HTTP 404: ")
assert.raises(function() c:wait_workflow_complete("none", 5) end, "HTTP 404: ")
assert.eq(c:signal_workflow("order 17+a", "approve", { by = "ops" }), {})
assert.eq(c:signal_workflow("order 17+a", "go", nil, { args = { 1, "two" }, run_id = started.runId }), {})
local events = c:workflow_history("order 17+a").history.events
assert.eq(events[1].eventType, "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED")
assert.eq(c:workflow_history("order 17+a", started.runId, { maximum_page_size = 1 }).history.events[1].eventId, "1")
local signal = events[#events].workflowExecutionSignaledEventAttributes
assert.eq(signal.signalName, "go")
assert.eq(#signal.input, 2)
assert.eq(c:cancel_workflow("order 17+a"), {})
assert.eq(c:terminate_workflow("order 17+a", "test"), {})
assert.eq(status("order 17+a"), "TERMINATED")
assert.eq(c:is_workflow_running("order 17+a"), false)
assert.eq(c:wait_workflow_complete("order 17+a", 5).workflowExecutionInfo.historyLength, tostring(#events + 2))
assert.raises(function() c:signal_workflow("order 17+a", "late", nil) end, "HTTP 404: ")
assert.raises(function() c:result("order 17+a", nil, 5) end, "terminated")

-- signal with start, reset
c:signal_with_start("order-18", "approve", { type = "Order", task_queue = "orders" })
assert.eq(c:is_workflow_running("order-18"), true)
c:terminate_workflow("order-18", "done")

-- queues
local queue = c:task_queue("orders", { task_queue_type = "workflow", report_stats = true })
assert.eq(queue.pollers, {})
assert.eq(c:has_workers("orders"), false)
assert.raises(function() c:query_workflow("order-18", "state") end, "temporal: POST ")

-- schedules
assert.eq(c:schedules().schedules, {})
c:create_schedule("nightly", {
  spec = { interval = { { interval = "86400s" } } },
  action = { startWorkflow = { workflowId = "night", workflowType = { name = "Night" }, taskQueue = { name = "orders" } } },
})
assert.eq(c:schedule("nightly").schedule.action.startWorkflow.workflowId, "night")
c:pause_schedule("nightly", "maintenance")
assert.eq(c:schedule("nightly").schedule.state.paused, true)
assert.eq(c:schedule("nightly").schedule.state.notes, "maintenance")
c:unpause_schedule("nightly", "over")
assert.is_nil(c:schedule("nightly").schedule.state.paused)
c:trigger_schedule("nightly")
c:delete_schedule("nightly")
assert.raises(function() c:schedule("nightly") end, "HTTP 404: ")

-- visibility
assert.raises(function() c:workflows({ query = "Nope = 'x'" }) end, "HTTP 400: ")
local seen = c:search("WorkflowType = 'Order'")
assert.eq(type(seen.executions), "table")
assert.eq(math.type(c:count("WorkflowType = 'Order'")), "integer")
c:create_namespace("shop", "72h")
