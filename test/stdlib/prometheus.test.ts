import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, type Reply, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local prometheus = require("assay.prometheus") local c = prometheus.client(URL .. "//", { token = "sesame\\n" })`;
const data = (value: unknown): Reply => json({ status: "success", data: value });
const result = (resultType: string, value: unknown): Routes => ({
  "GET /api/v1/query": data({ resultType, result: value }),
});
const sample = (value: string, metric: Record<string, string> = {}) => ({ metric, value: [1700000000.5, value] });
const long = `${"x".repeat(5000)}`;
const encoded = (name: string) =>
  encodeURIComponent(name).replaceAll(/[()'*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const routes: Routes = {
  ...result("vector", [sample("3", { job: "api" })]),
  "GET /api/v1/alerts": data({
    alerts: [
      {
        labels: { alertname: "NodeDown" },
        annotations: {},
        state: "firing",
        activeAt: "2023-11-14T22:13:20Z",
        value: "1e+00",
      },
      {
        labels: { alertname: "DiskFull" },
        annotations: {},
        state: "pending",
        activeAt: "2023-11-14T22:13:20Z",
        value: "1e+00",
      },
      {
        labels: { alertname: "DiskFull" },
        annotations: {},
        state: "firing",
        activeAt: "2023-11-14T22:13:20Z",
        value: "1e+00",
      },
    ],
  }),
  "GET /api/v1/targets": data({
    activeTargets: [
      { scrapeUrl: "http://a/metrics", health: "up", lastError: "" },
      { scrapeUrl: "http://b/metrics", health: "down", lastError: "refused" },
      { scrapeUrl: "http://c/metrics", health: "unknown", lastError: "" },
    ],
  }),
  "GET /api/v1/rules": data({ groups: [{ name: "node", file: "/rules.yml", interval: 60, rules: [] }] }),
  "GET /api/v1/series": data([{ __name__: "up", job: "api" }]),
  "GET /api/v1/labels": data(["__name__", "job"]),
  "GET /api/v1/label/job/values": data(["api", "web"]),
  "GET /api/v1/targets/metadata": data([{ target: { job: "api" }, type: "gauge", help: "Up.", unit: "" }]),
};

describe("instant queries", () => {
  const q = "/api/v1/query?query=up";
  rows(() => server, prelude, routes, {
    [`return c:query('sum(rate(x{a="b c"}[5m])) + 1 & # ü')`]: {
      asked: [`GET /api/v1/query?query=${encoded('sum(rate(x{a="b c"}[5m])) + 1 & # ü')}`],
      headers: { authorization: "Bearer sesame", accept: "application/json", "content-type": undefined },
      gives: 3,
    },
    [`return prometheus.query(URL .. "/", "up")`]: {
      asked: [`GET ${q}`],
      headers: { authorization: undefined },
      gives: 3,
    },
    [`return prometheus.query({ url = URL .. "/prometheus/", headers = { ["X-Scope-OrgID"] = "a" } }, "up")`]: {
      routes: { "GET /prometheus/api/v1/query": data({ resultType: "scalar", result: [1, "2.5"] }) },
      asked: ["GET /prometheus/api/v1/query?query=up"],
      headers: { "x-scope-orgid": "a" },
      gives: 2.5,
    },
    [`return c:query("up", { stats = "all", lookback_delta = "1m", limit = 5, timeout = "10s", time = 1700000000.0 })`]:
      {
        asked: [`GET ${q}&time=1700000000&timeout=10s&limit=5&lookback_delta=1m&stats=all`],
      },
    [`return c:query("up") -- none`]: { routes: result("vector", []), gives: [] },
    [`return c:query("up") -- several`]: {
      routes: result("vector", [sample("1", { job: "a" }), sample("0.5", { job: "b" })]),
      gives: [
        { metric: { job: "a" }, value: 1 },
        { metric: { job: "b" }, value: 0.5 },
      ],
    },
    [`return c:query("1"), math.type(c:query("1"))`]: {
      routes: { "GET /api/v1/query": data({ resultType: "scalar", result: [1, "42"] }) },
      gives: 42,
      also: ["integer"],
    },
    [`return c:query("'a'")`]: {
      routes: { "GET /api/v1/query": data({ resultType: "string", result: [1, "a"] }) },
      gives: "a",
    },
    [`return c:query("up[1m]")`]: {
      routes: result("matrix", [
        {
          metric: { job: "a" },
          values: [
            [1, "1"],
            [2.5, "+Inf"],
          ],
        },
      ]),
      gives: [
        {
          metric: { job: "a" },
          values: [
            [1, 1],
            [2.5, Number.POSITIVE_INFINITY],
          ],
        },
      ],
    },
    [`local v = c:query("up") return v ~= v`]: { routes: result("vector", [sample("NaN")]), gives: true },
    [`return c:query("up") == -math.huge`]: { routes: result("vector", [sample("-Inf")]), gives: true },
    [`return c:query("up") -- neither a number`]: { routes: result("vector", [sample("odd")]), gives: "odd" },
    [`return c:query("h")`]: {
      routes: result("vector", [
        { metric: {}, histogram: [1, { count: "3", sum: "4.5", buckets: [[0, "1", "2", "3"]] }] },
      ]),
      gives: [{ metric: [], histogram: { count: 3, sum: 4.5, buckets: [[0, 1, 2, 3]] } }],
    },
    [`return c:query(("x"):rep(5000))`]: {
      routes: { "POST /api/v1/query": data({ resultType: "vector", result: [sample("7")] }) },
      asked: ["POST /api/v1/query"],
      sent: [`query=${long}`],
      headers: { "content-type": "application/x-www-form-urlencoded", authorization: "Bearer sesame" },
      gives: 7,
    },
    [`return c:query(("x"):rep(5000)) -- only GET is allowed`]: {
      routes: { "POST /api/v1/query": text("method not allowed", 405) },
      asked: ["POST /api/v1/query", `GET /api/v1/query?query=${long}`],
      gives: 3,
    },
    [`return c:query(("x"):rep(5000)) -- bad`]: {
      routes: { "POST /api/v1/query": text("no", 400) },
      raises: "prometheus.query: HTTP 400: no",
    },
    [`return c:query("up") -- refused`]: {
      routes: { "*": text("no", 401), "GET /api/v1/query": text("no", 401) },
      raises: "prometheus.query: HTTP 401: no",
    },
    [`return prometheus.query(URL .. "/lost", "up")`]: { raises: "prometheus.query: HTTP 404: 404 page not found\n" },
    [`return c:query("up{") -- bad data`]: {
      routes: { "GET /api/v1/query": json({ status: "error", errorType: "bad_data", error: "parse error" }, 400) },
      raises: `prometheus.query: HTTP 400: {"status":"error","errorType":"bad_data","error":"parse error"}`,
    },
    [`return c:query("up") -- boom`]: {
      routes: { "GET /api/v1/query": text("boom", 500) },
      raises: "prometheus.query: HTTP 500: boom",
    },
    [`return c:query("up") -- error with 200`]: {
      routes: { "GET /api/v1/query": json({ status: "error", error: "odd" }) },
      raises: "prometheus.query: odd",
    },
    [`return c:query("up") -- no status`]: {
      routes: { "GET /api/v1/query": json({}) },
      raises: "prometheus.query: unknown error",
    },
    [`return c:query("up") -- no result`]: {
      routes: { "GET /api/v1/query": data({}) },
      raises: "prometheus.query: unexpected response format",
    },
    [`return c:query("up") -- empty`]: {
      routes: { "GET /api/v1/query": text("") },
      raises: "prometheus.query: unexpected response format",
    },
    [`return c:query("up") -- login page`]: {
      routes: { "GET /api/v1/query": text("<html>", 200, "text/html") },
      raises: `prometheus.query: GET ${q}: invalid JSON in response (content-type text/html): <html>`,
    },
    [`return prometheus.query("http://127.0.0.1:1", "up")`]: {
      raises: `prometheus.query: GET ${q}: connection refused`,
    },
    [`return c:query("")`]: { asked: [], raises: "prometheus.query: promql is required" },
    [`return prometheus.query(nil, "up")`]: { asked: [], raises: "prometheus.query: url is required" },
    [`return prometheus.client("ftp://x")`]: { raises: "prometheus: invalid url 'ftp://x'" },
    [`return c:query_vector("up")`]: {
      asked: [`GET ${q}`],
      gives: [{ metric: { job: "api" }, value: 3, time: 1700000000.5 }],
    },
    [`return c:query_vector("1")`]: {
      routes: { "GET /api/v1/query": data({ resultType: "scalar", result: [7, "1"] }) },
      gives: [{ metric: [], value: 1, time: 7 }],
    },
    [`return c:query_vector("up[1m]")`]: {
      routes: result("matrix", []),
      raises: "prometheus.query_vector: the query gives a matrix, not a vector",
    },
    [`return c:query_value("up"), c:query_value("up", 9)`]: { gives: 3, also: [3] },
    [`return c:query_value("up", 9) -- none`]: { routes: result("vector", []), gives: 9 },
    [`return c:query_value("up", 9) -- two`]: {
      routes: result("vector", [sample("1"), sample("2")]),
      raises: "prometheus.query_value: expected one series, got 2",
    },
    [`return c:query_value("'a'")`]: {
      routes: { "GET /api/v1/query": data({ resultType: "string", result: [1, "a"] }) },
      raises: "prometheus.query_value: the query gives a string, not a number",
    },
    [`return c:wait_query("up", function(up) return up == 3 end)`]: {
      routes: {
        "GET /api/v1/query": (_, nth) =>
          nth === 1 ? text("starting", 503) : data({ resultType: "vector", result: nth === 2 ? [] : [sample("3")] }),
      },
      slept: [2, 2],
      gives: 3,
    },
    [`return c:wait_query("up", function(up) return up == 4 end, 5, { interval = 3 })`]: {
      slept: undefined,
      raises: "prometheus.wait_query: no expected result after 5s (last: 3)",
    },
    [`return c:wait_query("up{", print)`]: {
      routes: { "GET /api/v1/query": text("bad", 400) },
      raises: "prometheus.query: HTTP 400: bad",
    },
    [`return c:wait_query("up")`]: { asked: [], raises: "prometheus.wait_query: predicate is required" },
  });
});

describe("everything else", () => {
  rows(() => server, prelude, routes, {
    [`return c:query_range("up", 1700000000, "2023-11-14T22:13:20Z", "30s", { limit = 3 })`]: {
      routes: {
        "GET /api/v1/query_range": data({ resultType: "matrix", result: [{ metric: {}, values: [[1, "1"]] }] }),
      },
      asked: ["GET /api/v1/query_range?query=up&start=1700000000&end=2023-11-14T22%3A13%3A20Z&step=30s&limit=3"],
      gives: [{ metric: [], values: [[1, "1"]] }],
    },
    [`return c:query_range("up", nil, 1700000000.25, 15)`]: {
      routes: { "*": data({ result: [] }) },
      asked: ["GET /api/v1/query_range?query=up&end=1700000000.25&step=15"],
      gives: [],
    },
    [`return c:query_range("up") -- bad`]: {
      routes: { "*": text("no", 422) },
      raises: "prometheus.query_range: HTTP 422: no",
    },
    [`return c:exemplars("x", { start = 1, end_time = 2 })`]: {
      routes: { "*": data([]) },
      asked: ["GET /api/v1/query_exemplars?query=x&start=1&end=2"],
      gives: [],
    },
    [`return #c:alerts(), #c:firing(), #c:firing("NodeDown"), #c:firing("none")`]: { gives: 3, also: [2, 1, 0] },
    [`return c:alerts() -- none`]: {
      routes: { "GET /api/v1/alerts": data({}) },
      asked: ["GET /api/v1/alerts"],
      gives: [],
    },
    [`return c:firing() -- failing`]: {
      routes: { "GET /api/v1/alerts": text("no", 403) },
      raises: "prometheus.alerts: HTTP 403: no",
    },
    [`local t = c:targets({ state = "active", scrape_pool = "a b" }) return #t.activeTargets, t.droppedTargets`]: {
      asked: ["GET /api/v1/targets?state=active&scrapePool=a%20b"],
      gives: 3,
      also: [[]],
    },
    [`local down = c:down_targets({ scrape_pool = "x" }) return #down, down[1].lastError`]: {
      asked: ["GET /api/v1/targets?state=active&scrapePool=x"],
      gives: 2,
      also: ["refused"],
    },
    [`return c:targets_metadata({ match_target = '{job="a"}', metric = "up", limit = 1 })[1].help`]: {
      asked: ["GET /api/v1/targets/metadata?match_target=%7Bjob%3D%22a%22%7D&metric=up&limit=1"],
      gives: "Up.",
    },
    [`return c:rules({ type = "alert", rule_name = "a", rule_group = { "b", "c" }, file = "d", match = '{x="y"}', exclude_alerts = false, group_limit = 2, group_next_token = "t" })[1].interval`]:
      {
        asked: [
          "GET /api/v1/rules?type=alert&rule_name%5B%5D=a&rule_group%5B%5D=b&rule_group%5B%5D=c&file%5B%5D=d&match%5B%5D=%7Bx%3D%22y%22%7D&exclude_alerts=false&group_limit=2&group_next_token=t",
        ],
        gives: 60,
      },
    [`return c:rules({ type = "odd" })`]: {
      routes: { "GET /api/v1/rules": text("bad", 400) },
      raises: "prometheus.rules: HTTP 400: bad",
    },
    [`return c:alertmanagers()`]: {
      routes: { "*": data({}) },
      asked: ["GET /api/v1/alertmanagers"],
      gives: { activeAlertmanagers: [], droppedAlertmanagers: [] },
    },
    [`return c:series({ "up", 'x{a="b"}' }, { start = 1, end_time = 2, limit = 3 })`]: {
      asked: ["GET /api/v1/series?match%5B%5D=up&match%5B%5D=x%7Ba%3D%22b%22%7D&start=1&end=2&limit=3"],
      gives: [{ __name__: "up", job: "api" }],
    },
    [`return #c:series("up")`]: { asked: ["GET /api/v1/series?match%5B%5D=up"], gives: 1 },
    [`return c:series(("x"):rep(5000))`]: {
      routes: { "POST /api/v1/series": data([]) },
      asked: ["POST /api/v1/series"],
      sent: [`match%5B%5D=${long}`],
      gives: [],
    },
    [`return c:series({})`]: { asked: [], raises: "prometheus.series: match_selectors is required" },
    [`return c:labels({ match = "up" })`]: { asked: ["GET /api/v1/labels?match%5B%5D=up"], gives: ["__name__", "job"] },
    [`return c:label_values("job", { match = { "a", "b" }, start = 1, end_time = 2, limit = 3 })`]: {
      asked: ["GET /api/v1/label/job/values?match%5B%5D=a&match%5B%5D=b&start=1&end=2&limit=3"],
      gives: ["api", "web"],
    },
    [`return c:label_values("http.code_ä:1")`]: {
      routes: { "*": json({ status: "success" }) },
      asked: ["GET /api/v1/label/U__http_2e_code___e4_:1/values"],
      gives: [],
    },
    [`return c:label_values("")`]: { asked: [], raises: "prometheus.label_values: label_name is required" },
    [`return c:metadata({ metric = "up", limit = 1, limit_per_metric = 2 })`]: {
      routes: { "*": data({}) },
      asked: ["GET /api/v1/metadata?limit=1&limit_per_metric=2&metric=up"],
      gives: [],
    },
    [`return c:config_reload()`]: {
      routes: { "POST /-/reload": text("") },
      asked: ["POST /-/reload"],
      sent: [],
      gives: true,
    },
    [`return c:config_reload() -- not enabled`]: {
      routes: { "*": text("Lifecycle API is not enabled.", 403) },
      gives: false,
    },
    [`return prometheus.config_reload("http://127.0.0.1:1")`]: {
      raises: "prometheus.config_reload: POST /-/reload: connection refused",
    },
    [`return c:healthy(), c:ready()`]: {
      routes: { "GET /-/healthy": text("ok"), "GET /-/ready": text("no", 503) },
      asked: ["GET /-/healthy", "GET /-/ready"],
      gives: true,
      also: [false],
    },
    [`return prometheus.healthy(URL .. "/prefix")`]: {
      routes: { "GET /-/healthy": text("ok") },
      asked: ["GET /prefix/-/healthy", "GET /-/healthy"],
      gives: true,
    },
    [`c:buildinfo() c:runtimeinfo() c:flags() c:config() return c:tsdb_status({ limit = 2 }).fine`]: {
      routes: { "*": data({ fine: true }) },
      asked: [
        ..."buildinfo runtimeinfo flags config".split(" ").map((page) => `GET /api/v1/status/${page}`),
        "GET /api/v1/status/tsdb?limit=2",
      ],
      gives: true,
    },
    [`return c:snapshot({ skip_head = true })`]: {
      routes: { "*": data({ name: "20231114" }) },
      asked: ["POST /api/v1/admin/tsdb/snapshot?skip_head=true"],
      gives: "20231114",
    },
    [`return c.queries:instant("up"), #c.alerts:list(), #c.targets:list().activeTargets, c.rules:list()[1].name, #c.labels:values("job"), #c.series:list("up"), #c.targets:metadata(), #c:alerts()`]:
      {
        gives: 3,
        also: [3, 3, "node", 2, 1, 1, 3],
      },
    [`return c.config:reload(), #c.queries:range("up")`]: {
      routes: { "POST /-/reload": text("no", 500), "GET /api/v1/query_range": data({ result: [] }) },
      gives: false,
      also: [0],
    },
  });
});
