import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Fixture, json, type Reply, rows, script, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local temporal = require("assay.temporal") local c = temporal.client(URL .. "/", { namespace = "shop", api_key = "sesame" })
crypto.uuid = function() return "id" end`;
const N = "/api/v1/namespaces/shop";
const W = `${N}/workflows/order-17`;
const S = "WORKFLOW_EXECUTION_STATUS_";
const refused = (status: number, message = "no"): Reply => json({ code: 5, message, details: [] }, status);
const said = JSON.stringify({ code: 5, message: "no", details: [] });
const nth =
  (...replies: Reply[]) =>
  (_: unknown, n: number) =>
    replies[Math.min(n, replies.length) - 1]!;
const workflow = (status: string) => json({ workflowExecutionInfo: { status: S + status, historyLength: "12" } });
const history = (event?: object, nextPageToken?: string) =>
  json({ history: { events: event ? [event] : [] }, nextPageToken });
const ids = { identity: "assay", requestId: "id" };
const base64 = (value: string) => Buffer.from(value).toString("base64");
const payload = (value: unknown) => ({
  metadata: { encoding: base64("json/plain") },
  data: base64(JSON.stringify(value)),
});

describe("reading", () => {
  const calls: Record<string, string> = {
    [`system_info()`]: "/api/v1/system-info",
    [`cluster_info()`]: "/api/v1/cluster-info",
    [`namespaces({ page_size = 2, next_page_token = "a+/=" })`]:
      "/api/v1/namespaces?pageSize=2&nextPageToken=a%2B%2F%3D",
    [`namespace("other")`]: "/api/v1/namespaces/other",
    [`workflows()`]: `${N}/workflows`,
    [`workflows({ query = "WorkflowType = 'a b'", page_size = 10.0, next_page_token = "t", namespace = "x y" })`]:
      "/api/v1/namespaces/x%20y/workflows?query=WorkflowType%20%3D%20%27a%20b%27&pageSize=10&nextPageToken=t",
    [`search("a = 1", { page_size = 3 })`]: `${N}/workflows?query=a%20%3D%201&pageSize=3`,
    [`workflow("order-17")`]: W,
    [`workflow("order 17%", "run1")`]: `${N}/workflows/order%2017%25?execution.runId=run1&runId=run1`,
    [`workflow("order-17", { run_id = "r", namespace = "n" })`]:
      "/api/v1/namespaces/n/workflows/order-17?execution.runId=r&runId=r",
    [`workflow_history("order-17", "r", { maximum_page_size = 5, next_page_token = "t", wait_new_event = true, history_event_filter_type = 2 })`]: `${W}/history?execution.runId=r&runId=r&maximumPageSize=5&nextPageToken=t&waitNewEvent=true&historyEventFilterType=2`,
    [`task_queue("orders", { task_queue_type = "activity", report_stats = true })`]: `${N}/task-queues/orders?taskQueueType=2&reportStats=true`,
    [`task_queue("orders", { task_queue_type = "TASK_QUEUE_TYPE_NEXUS", includeTaskQueueStatus = true })`]: `${N}/task-queues/orders?taskQueueType=3&includeTaskQueueStatus=true`,
    [`task_queue("orders", { task_queue_type = 1 })`]: `${N}/task-queues/orders?taskQueueType=1`,
    [`schedules({ maximum_page_size = 2, next_page_token = "t", query = "q" })`]: `${N}/schedules?maximumPageSize=2&nextPageToken=t&query=q`,
    [`schedule("nightly")`]: `${N}/schedules/nightly`,
  };
  const callRows = Object.entries(calls).flatMap(([call, path]) => [
    [
      `return c:${call}.x`,
      {
        routes: { "*": json({ x: 1 }) },
        asked: [`GET ${path}`],
        headers: { accept: "application/json", "content-type": "application/json", authorization: "Bearer sesame" },
        gives: 1,
      },
    ] as const,
    [
      `return c:${call} -- absent`,
      { routes: { "*": refused(404) }, raises: `temporal: GET ${path} HTTP 404: ${said}` },
    ] as const,
    [
      `return c:${call} -- denied`,
      { routes: { "*": refused(403) }, raises: `temporal: GET ${path} HTTP 403: ${said}` },
    ] as const,
  ]);
  rows(
    () => server,
    prelude,
    {},
    {
      ...Object.fromEntries(callRows),
      [`return c:workflow("order-17") -- unknown caller`]: {
        routes: { "*": refused(401) },
        raises: `temporal: GET ${W} HTTP 401: ${said}`,
      },
      [`return c:workflow("order-17") -- failing`]: {
        routes: { "*": text("boom", 500) },
        raises: `temporal: GET ${W} HTTP 500: boom`,
      },
      [`return c:workflow("order-17") -- login page`]: {
        routes: { "*": text("<html>", 200, "text/html") },
        raises: `temporal: GET ${W}: invalid JSON in response (content-type text/html): <html>`,
      },
      [`return c:workflow("")`]: { asked: [], raises: "temporal.workflow: workflow_id is required" },
      [`return c:workflow("a/b")`]: {
        asked: [],
        raises: "temporal.workflow: a workflow_id with '/' cannot be addressed over HTTP",
      },
      [`return c:workflows().executions, c:namespaces().namespaces, c:schedules().schedules, c:task_queue("q").pollers, c:workflow_history("w").history.events`]:
        {
          routes: { "*": json({}) },
          gives: [],
          also: [[], [], [], []],
        },
      [`return c:task_queue("q", { task_queue_type = "magic" })`]: {
        asked: [],
        raises: "temporal.task_queue: unknown task queue type 'magic'",
      },
      [`return c:health()`]: {
        routes: { "GET /api/v1/system-info": json({}) },
        asked: ["GET /api/v1/system-info"],
        gives: true,
      },
      [`return c:health() -- old`]: {
        routes: { "GET /health": text("ok") },
        asked: ["GET /api/v1/system-info", "GET /health"],
        gives: true,
      },
      [`return c:health() -- down`]: {
        routes: { "*": refused(503) },
        asked: ["GET /api/v1/system-info"],
        gives: false,
      },
      [`return temporal.client("http://127.0.0.1:1"):health()`]: {
        raises: "temporal: GET /api/v1/system-info: connection refused",
      },
      [`return temporal.client("nowhere")`]: { raises: "temporal: invalid url 'nowhere'" },
      [`local d = temporal.client(URL) d:workflows() return d.default_ns`]: {
        routes: { "*": json({}) },
        asked: ["GET /api/v1/namespaces/default/workflows"],
        headers: { authorization: undefined },
        gives: "default",
      },
      [`return c:is_workflow_running("order-17", { run_id = "r" })`]: {
        routes: { "*": workflow("RUNNING") },
        asked: [`GET ${W}?execution.runId=r&runId=r`],
        gives: true,
      },
      [`return c:is_workflow_running("order-17")`]: { routes: { "*": nth(workflow("PAUSED")) }, gives: true },
      [`return c:is_workflow_running("order-17") -- ended`]: { routes: { "*": workflow("COMPLETED") }, gives: false },
      [`return c:count("a = 1"), c:count()`]: {
        routes: { [`GET ${N}/workflow-count?query=a%20%3D%201`]: json({ count: "12" }), "*": json({}) },
        gives: 12,
        also: [0],
      },
      [`return c:has_workers("orders", "activity"), c:has_workers("orders", nil, 10)`]: {
        routes: { "*": json({ pollers: [{ lastAccessTime: "2023-11-14T22:12:20.5Z" }] }) },
        asked: [`GET ${N}/task-queues/orders?taskQueueType=2`, `GET ${N}/task-queues/orders?taskQueueType=1`],
        gives: true,
        also: [false],
      },
      [`return c:has_workers("orders") -- none`]: { routes: { "*": json({}) }, gives: false },
      [`local seen = {} local n = c:each_workflow("q", function(w) seen[#seen + 1] = w.x end) return n, seen`]: {
        routes: {
          [`GET ${N}/workflows?query=q`]: json({ executions: [{ x: 1 }, { x: 2 }], nextPageToken: "a=" }),
          [`GET ${N}/workflows?query=q&nextPageToken=a%3D`]: json({ executions: [{ x: 3 }], nextPageToken: "a=" }),
        },
        gives: 3,
        also: [[1, 2, 3]],
      },
      [`return c:each_workflow(nil, function() return false end)`]: {
        routes: { "*": json({ executions: [{}, {}], nextPageToken: "a" }) },
        asked: [`GET ${N}/workflows`],
        gives: 1,
      },
      [`return #c.workflows:list().executions, #c:workflows().executions, c.namespaces:get("other").x, c.task_queues:get("q").x, c.schedules:get("s").x, c.workflows:is_running("w")`]:
        {
          routes: { "*": json({ x: 1 }) },
          gives: 0,
          also: [0, 1, 1, 1, false],
        },
    },
  );
});

describe("acting on workflows", () => {
  const ok = json({ fine: true });
  rows(
    () => server,
    prelude,
    {},
    {
      [`return c:signal_workflow("order-17", "approve it", { by = "ops" }).fine`]: {
        routes: { "*": ok },
        asked: [`POST ${W}/signal/approve%20it`],
        sent: [{ input: [{ by: "ops" }], ...ids }],
        headers: { "content-type": "application/json" },
        gives: true,
      },
      [`c:signal_workflow("order-17", "go") c:signal_workflow("order-17", "go", false, { run_id = "r" })`]: {
        routes: { "*": ok },
        sent: [ids, { input: [false], workflowExecution: { workflowId: "order-17", runId: "r" }, ...ids }],
      },
      [`c:signal_workflow("order-17", "go", nil, { args = { 1, "a" } }) c:signal_workflow("order-17", "go", { payloads = { { data = "x" } } })`]:
        {
          routes: { "*": ok },
          sent: [
            { input: [1, "a"], ...ids },
            { input: { payloads: [{ data: "x" }] }, ...ids },
          ],
        },
      [`return c:signal_workflow("order-17", "go", 1).fine -- old`]: {
        routes: { [`POST ${W}/signal`]: ok },
        asked: [`POST ${W}/signal/go`, `POST ${W}/signal`],
        sent: [
          { input: [1], ...ids },
          { input: [1], signalName: "go", ...ids },
        ],
        gives: true,
      },
      [`c:signal_workflow("order-17", "go") -- closed`]: {
        routes: { "*": refused(404) },
        asked: [`POST ${W}/signal/go`],
        raises: `temporal: POST ${W}/signal/go HTTP 404: ${said}`,
      },
      [`c:signal_workflow("order-17", "")`]: { asked: [], raises: "temporal.signal_workflow: signal_name is required" },
      [`c:signal_workflow("a/b", "go")`]: { asked: [], raises: /cannot be addressed/ },
      [`c:terminate_workflow("order-17", "dup", { run_id = "r" }) c:terminate_workflow("order-17")`]: {
        routes: { "*": ok },
        asked: [`POST ${W}/terminate`, `POST ${W}/terminate`],
        sent: [
          { reason: "dup", workflowExecution: { workflowId: "order-17", runId: "r" }, identity: "assay" },
          { identity: "assay" },
        ],
      },
      [`c:terminate_workflow("order-17") -- failing`]: {
        routes: { "*": refused(500) },
        raises: `temporal: POST ${W}/terminate HTTP 500: ${said}`,
      },
      [`c:cancel_workflow("order-17", { reason = "x" })`]: {
        routes: { "*": ok },
        asked: [`POST ${W}/cancel`],
        sent: [{ reason: "x", ...ids }],
      },
      [`return c:start_workflow("order-17", { type = "Order", task_queue = "orders", input = { id = 17 }, run_timeout = "1h", execution_timeout = 30, reuse_policy = "reject_duplicate", conflict_policy = "WORKFLOW_ID_CONFLICT_POLICY_FAIL", memo = { a = 1 } }).runId`]:
        {
          routes: { [`POST ${W}`]: json({ runId: "r", started: true }) },
          sent: [
            {
              workflowType: { name: "Order" },
              taskQueue: { name: "orders" },
              input: [{ id: 17 }],
              workflowRunTimeout: "3600s",
              workflowExecutionTimeout: "30s",
              workflowIdReusePolicy: "WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE",
              workflowIdConflictPolicy: "WORKFLOW_ID_CONFLICT_POLICY_FAIL",
              memo: { fields: { a: 1 } },
              ...ids,
            },
          ],
          gives: "r",
        },
      [`c:start_workflow("order-17", { type = "Order" })`]: {
        asked: [],
        raises: "temporal.start_workflow: task_queue is required",
      },
      [`c:start_workflow("order-17", { type = "Order", task_queue = "q" }) -- runs already`]: {
        routes: { "*": refused(409) },
        raises: `temporal: POST ${W} HTTP 409: ${said}`,
      },
      [`c:signal_with_start("order-17", "add", { type = "Cart", task_queue = "q", signal_input = 1 })`]: {
        routes: { "*": ok },
        asked: [`POST ${W}/signal-with-start/add`],
        sent: [{ workflowType: { name: "Cart" }, taskQueue: { name: "q" }, signalInput: [1], ...ids }],
      },
      [`return c:query_workflow("order-17", "state", { 1, 2 }, { run_id = "r" })`]: {
        routes: { "*": json({ queryResult: ["shipped"] }) },
        asked: [`POST ${W}/query/state`],
        sent: [{ query: { queryArgs: [1, 2] }, execution: { workflowId: "order-17", runId: "r" } }],
        gives: "shipped",
      },
      [`return c:query_workflow("order-17", "state") -- long form`]: {
        routes: { "*": json({ queryResult: { payloads: [payload({ a: 1 })] } }) },
        sent: [{ query: {} }],
        gives: { a: 1 },
      },
      [`return c:query_workflow("order-17", "state") -- rejected`]: {
        routes: { "*": json({ queryRejected: { status: "CLOSED" } }) },
        raises: "temporal: query state of workflow order-17 rejected (CLOSED)",
      },
      [`return c:update_workflow("order-17", "add", { 3 })`]: {
        routes: { "*": json({ outcome: { success: [4] } }) },
        asked: [`POST ${W}/update/add`],
        sent: [
          {
            waitPolicy: { lifecycleStage: "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED" },
            request: { meta: { updateId: "id", identity: "assay" }, input: { name: "add", args: [3] } },
          },
        ],
        gives: 4,
      },
      [`return c:update_workflow("order-17", "add") -- fails`]: {
        routes: { "*": json({ outcome: { failure: { message: "full" } } }) },
        raises: "temporal: update add of workflow order-17 failed: full",
      },
      [`return c:reset_workflow("order-17", { event_id = 4, reason = "x", run_id = "r" }).runId`]: {
        routes: { [`POST ${W}/reset`]: json({ runId: "new" }) },
        sent: [
          {
            workflowTaskFinishEventId: 4,
            reason: "x",
            workflowExecution: { workflowId: "order-17", runId: "r" },
            ...ids,
          },
        ],
        gives: "new",
      },
    },
  );

  test("every request has an id of its own", async () => {
    server.reset({ "*": json({}) });
    await script(
      `local c = require("assay.temporal").client(URL) c:cancel_workflow("a") c:cancel_workflow("a")`,
      server,
    );
    const [first, second] = server.calls.map((call) => (call.json as { requestId: string }).requestId);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
  });
});

describe("waiting", () => {
  const at = `GET ${W}`;
  const h = `${W}/history?waitNewEvent=true&historyEventFilterType=2`;
  rows(
    () => server,
    prelude,
    {},
    {
      [`return c:wait_workflow_complete("order-17", 120).workflowExecutionInfo.status`]: {
        routes: { [at]: nth(workflow("RUNNING"), refused(503), workflow("FAILED")) },
        slept: [5, 5],
        gives: `${S}FAILED`,
      },
      [`return c:wait_workflow_complete("order-17", 3, { run_id = "r", interval = 2 })`]: {
        routes: { "*": workflow("PAUSED") },
        raises: `temporal: timeout waiting for workflow order-17 to complete (last: ${S}PAUSED)`,
      },
      [`return c:wait_workflow_complete("order-17") -- unknown`]: {
        routes: { "*": refused(404) },
        asked: [at],
        raises: `temporal: GET ${W} HTTP 404: ${said}`,
      },
      [`return c:wait_workflow_complete("order-17") -- denied`]: {
        routes: { "*": refused(403) },
        asked: [at],
        raises: /HTTP 403/,
      },
      [`return c:result("order-17")`]: {
        routes: {
          [`GET ${h}`]: history(undefined, "t"),
          [`GET ${W}/history?nextPageToken=t&waitNewEvent=true&historyEventFilterType=2`]: history({
            workflowExecutionCompletedEventAttributes: { result: [{ total: 42 }] },
          }),
        },
        slept: [1],
        gives: { total: 42 },
      },
      [`return c:result("order-17") -- continued`]: {
        routes: {
          [`GET ${h}`]: history({ workflowExecutionContinuedAsNewEventAttributes: { newExecutionRunId: "r2" } }),
          [`GET ${W}/history?execution.runId=r2&runId=r2&waitNewEvent=true&historyEventFilterType=2`]: history({
            workflowExecutionCompletedEventAttributes: { result: { payloads: [payload(7)] } },
          }),
        },
        gives: 7,
      },
      [`return c:result("order-17") -- nothing`]: {
        routes: { "*": history({ workflowExecutionCompletedEventAttributes: {} }) },
        gives: undefined,
      },
      [`return c:result("order-17", "r") -- fails`]: {
        routes: {
          "*": history({
            workflowExecutionFailedEventAttributes: {
              failure: { message: "activity error", cause: { message: "HTTP 503" } },
            },
          }),
        },
        raises: "temporal: workflow order-17 failed: activity error: HTTP 503",
      },
      [`return c:result("order-17") -- terminated`]: {
        routes: { "*": history({ workflowExecutionTerminatedEventAttributes: { reason: "dup" } }) },
        raises: "temporal: workflow order-17 was terminated: dup",
      },
      [`return c:result("order-17") -- timed out`]: {
        routes: { "*": history({ workflowExecutionTimedOutEventAttributes: {} }) },
        raises: "temporal: workflow order-17 timed out",
      },
      [`return c:result("order-17", nil, 2)`]: {
        routes: { "*": history() },
        raises: "temporal: timeout waiting for the result of workflow order-17",
      },
      [`return c:result("order-17") -- unknown`]: {
        routes: { "*": refused(404) },
        asked: [`GET ${h}`],
        raises: /HTTP 404/,
      },
    },
  );
});

describe("schedules and namespaces", () => {
  const at = `${N}/schedules/nightly`;
  rows(
    () => server,
    prelude,
    {},
    {
      [`c:pause_schedule("nightly", "x") c:unpause_schedule("nightly") c:trigger_schedule("nightly") c:trigger_schedule("nightly", { overlap_policy = "allow_all" })`]:
        {
          routes: { [`POST ${at}/patch`]: json({}) },
          sent: [
            { patch: { pause: "x" }, ...ids },
            { patch: { unpause: "unpaused by assay" }, ...ids },
            { patch: { triggerImmediately: {} }, ...ids },
            { patch: { triggerImmediately: { overlapPolicy: "SCHEDULE_OVERLAP_POLICY_ALLOW_ALL" } }, ...ids },
          ],
        },
      [`return c:create_schedule("nightly", { spec = { cronString = { "0 3 * * *" } } }).conflictToken`]: {
        routes: { [`POST ${at}`]: json({ conflictToken: "c" }) },
        sent: [{ schedule: { spec: { cronString: ["0 3 * * *"] } }, ...ids }],
        gives: "c",
      },
      [`c:delete_schedule("nightly")`]: {
        routes: { [`DELETE ${at}`]: json({}) },
        asked: [`DELETE ${at}?identity=assay`],
        headers: { "content-type": "application/json" },
      },
      [`c:delete_schedule("")`]: { asked: [], raises: "temporal.delete_schedule: schedule_id is required" },
      [`c:delete_schedule("nightly") -- none`]: {
        routes: { "*": refused(404) },
        raises: `temporal: DELETE ${at}?identity=assay HTTP 404: ${said}`,
      },
      [`c:create_namespace("new", "3d") c:create_namespace("new", 3600.0, { description = "d" })`]: {
        routes: { "POST /api/v1/namespaces": json({}) },
        sent: [
          { namespace: "new", workflowExecutionRetentionPeriod: "259200s" },
          { namespace: "new", workflowExecutionRetentionPeriod: "3600s", description: "d" },
        ],
      },
    },
  );
});
