import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local grafana = require("assay.grafana") local c = grafana.client(URL .. "//", { api_key = "sesame" })`;
const BEARER = "Bearer sesame";
const prometheus = { id: 7, uid: "prom", name: "Prometheus", type: "prometheus" };
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ id: i + 1 }));

const routes: Routes = {
  "GET /api/health": json({ database: "ok", version: "11" }),
  "GET /api/org": json({ id: 1, name: "Main Org." }),
  "GET /api/datasources": json([{ ...prometheus, id: 6, name: "Other" }, prometheus]),
  "GET /api/datasources/7": json(prometheus),
  "GET /api/datasources/uid/prom": json(prometheus),
  "GET /api/search": json([{ uid: "d1" }]),
  "GET /api/dashboards/uid/d1": json({ dashboard: { title: "Nodes" }, meta: {} }),
  "GET /api/annotations": json([{ id: 1 }]),
  "POST /api/annotations": json({ id: 17, message: "Annotation added" }),
  "GET /api/v1/provisioning/alert-rules": json([{ uid: "r1" }]),
  "GET /api/folders": json([{ uid: "f1" }]),
  "GET /api/folders/f1": json({ uid: "f1" }),
};

describe("first contract", () => {
  rows(() => server, prelude, routes, {
    [`return c.url == URL, c.api_key`]: { gives: true, also: ["sesame"] },
    [`return grafana.client("grafana:3000")`]: { raises: "grafana: invalid url 'grafana:3000'" },
    [`return c:health().database`]: { asked: ["GET /api/health"], headers: { authorization: undefined }, gives: "ok" },
    [`return c:health() -- failing`]: {
      routes: { "GET /api/health": json({ database: "failing" }, 503) },
      raises: `grafana: GET /api/health HTTP 503: {"database":"failing"}`,
    },
    [`return c:org().name`]: {
      asked: ["GET /api/org"],
      headers: { authorization: BEARER, accept: "application/json", "content-type": "application/json" },
      gives: "Main Org.",
    },
    [`c.api_key = "new\\n" c.org_id = 3 return c:org().id`]: {
      headers: { authorization: "Bearer new", "x-grafana-org-id": "3" },
    },
    [`return grafana.client(URL, { username = "u", password = "p" }):org().id`]: {
      headers: { authorization: "Basic dTpw", "x-grafana-org-id": undefined },
    },
    [`return grafana.client(URL, { token = "t", username = "u", password = "p" }):org().id`]: {
      headers: { authorization: "Bearer t" },
    },
    [`return c:org() -- refused`]: {
      routes: { "GET /api/org": json({ message: "Invalid API key" }, 401) },
      raises: `grafana: GET /api/org HTTP 401: {"message":"Invalid API key"}`,
    },
    [`return c:org() -- failing`]: {
      routes: { "GET /api/org": text("boom", 500) },
      raises: "grafana: GET /api/org HTTP 500: boom",
    },
    [`return c:org() -- login page`]: {
      routes: { "GET /api/org": text("<html>", 200, "text/html") },
      raises: "grafana: GET /api/org: invalid JSON in response (content-type text/html): <html>",
    },
    [`return grafana.client("http://127.0.0.1:1"):org()`]: { raises: "grafana: GET /api/org: connection refused" },
    [`return #c:datasources()`]: { asked: ["GET /api/datasources"], gives: 2 },
    [`return c:datasource("prom").id`]: { asked: ["GET /api/datasources/uid/prom"], gives: 7 },
    [`return c:datasource("7")`]: {
      asked: ["GET /api/datasources/uid/7"],
      raises: "grafana: GET /api/datasources/uid/7 HTTP 404: 404 page not found\n",
    },
    [`return c:datasource(7).uid`]: { asked: ["GET /api/datasources/7"], gives: "prom" },
    [`return c:datasource(7.0).uid -- disabled`]: {
      routes: { "GET /api/datasources/7": json({ message: "gone" }, 410) },
      asked: ["GET /api/datasources/7", "GET /api/datasources"],
      gives: "prom",
    },
    [`return c:datasource(9)`]: {
      asked: ["GET /api/datasources/9", "GET /api/datasources"],
      raises: "grafana: GET /api/datasources/9 HTTP 404: 404 page not found\n",
    },
    [`return c:datasource(7) -- failing`]: {
      routes: { "GET /api/datasources/7": text("boom", 500) },
      asked: ["GET /api/datasources/7"],
      raises: "grafana: GET /api/datasources/7 HTTP 500: boom",
    },
    [`return c:datasource("")`]: { asked: [], raises: "grafana.datasource: id_or_uid is required" },
    [`return #c:search()`]: { asked: ["GET /api/search?limit=1000&page=1"], gives: 1 },
    [`return #c:search({ query = "a b&c", type = "dash-db", tag = { "x", "y" }, limit = 5, page = 2, folder_uids = "f", dashboard_uids = { "d", "e" }, starred = false, sort = "alpha-asc" })`]:
      {
        asked: [
          "GET /api/search?query=a%20b%26c&type=dash-db&tag=x&tag=y&limit=5&page=2&folderUIDs=f&dashboardUIDs=d&dashboardUIDs=e&starred=false&sort=alpha-asc",
        ],
        gives: 1,
      },
    [`return c:dashboard("d1").dashboard.title`]: { asked: ["GET /api/dashboards/uid/d1"], gives: "Nodes" },
    [`return c:dashboard("a b/ü%")`]: {
      asked: ["GET /api/dashboards/uid/a%20b%2F%C3%BC%25"],
      raises: "grafana: GET /api/dashboards/uid/a%20b%2F%C3%BC%25 HTTP 404: 404 page not found\n",
    },
    [`return #c:annotations({ from = 1700000000123.4, to = 1700000001000.0, dashboard_id = 1, dashboard_uid = "d", panel_id = 2, limit = 3, type = "alert", tags = { "a", "b" }, match_any = true })`]:
      {
        asked: [
          "GET /api/annotations?from=1700000000123&to=1700000001000&dashboardId=1&dashboardUID=d&panelId=2&limit=3&type=alert&tags=a&tags=b&matchAny=true",
        ],
        gives: 1,
      },
    [`return c:create_annotation({ text = "release", time = 1700000000123.6, timeEnd = 1700000001000.0, tags = { "deploy" } }).id`]:
      {
        asked: ["POST /api/annotations"],
        sent: [{ text: "release", time: 1700000000124, timeEnd: 1700000001000, tags: ["deploy"] }],
        gives: 17,
      },
    [`c:create_annotation({ text = "x", time = 1700000000000.0 }) -- an integer on the wire`]: {
      sent: [{ text: "x", time: 1700000000000 }],
    },
    [`return c:create_annotation({ time = 1 })`]: { asked: [], raises: "grafana.create_annotation: text is required" },
    [`return c:create_annotation({ text = "x" }) -- forbidden`]: {
      routes: { "POST /api/annotations": text("no", 403) },
      raises: "grafana: POST /api/annotations HTTP 403: no",
    },
    [`return c:alert_rules()[1].uid`]: { asked: ["GET /api/v1/provisioning/alert-rules"], gives: "r1" },
    [`return #c:folders()`]: { asked: ["GET /api/folders?limit=1000&page=1"], gives: 1 },
    [`return #c:folders({ parent_uid = "p" }) -- several pages`]: {
      routes: { "GET /api/folders": (call) => json(many(call.query.includes("page=1") ? 1000 : 3)) },
      asked: ["GET /api/folders?parentUid=p&limit=1000&page=1", "GET /api/folders?parentUid=p&limit=1000&page=2"],
      gives: 1003,
    },
    [`return #c:folders({ limit = 2 })`]: { asked: ["GET /api/folders?limit=2"] },
    [`return c.health:check().database, #c.datasources:list(), c.datasources:get("prom").id, #c.dashboards:search(), c.dashboards:get("d1").dashboard.title, #c.annotations:list(), c.annotations:create({ text = "x" }).id, c.org:get().id, #c.alerts:rules(), #c.folders:list(), c:health().version`]:
      {
        gives: "ok",
        also: [2, 7, 1, "Nodes", 1, 17, 1, 1, 1, "11"],
      },
  });
});

describe("beyond", () => {
  const health = "GET /api/datasources/uid/prom/health";
  rows(() => server, prelude, routes, {
    [`return c:datasource_health("prom").status`]: {
      routes: { [health]: json({ status: "OK" }) },
      asked: [health],
      gives: "OK",
    },
    [`return c:datasource_health("prom").message`]: {
      routes: { [health]: json({ status: "ERROR", message: "refused" }, 400) },
      gives: "refused",
    },
    [`return c:datasource_health("prom") -- bad request`]: {
      routes: { [health]: text("bad", 400) },
      raises: "grafana: GET /api/datasources/uid/prom/health HTTP 400: bad",
    },
    [`return c:datasource_health("none")`]: { gives: undefined },
    [`return c:dashboard_exists("d1"), c:dashboard_exists("none"), c:folder_exists("f1"), c:folder_exists("none")`]: {
      gives: true,
      also: [false, true, false],
    },
    [`return c:dashboard_exists("x") -- refused`]: {
      routes: { "GET /api/dashboards/uid/x": text("no", 403) },
      raises: "grafana: GET /api/dashboards/uid/x HTTP 403: no",
    },
    [`return c:save_dashboard({ title = "T" }, { folder_uid = "f1", overwrite = false, message = "m" }).uid`]: {
      routes: { "POST /api/dashboards/db": json({ uid: "new" }) },
      sent: [{ dashboard: { title: "T" }, folderUid: "f1", overwrite: false, message: "m" }],
      gives: "new",
    },
    [`return c:save_dashboard({})`]: {
      routes: { "POST /api/dashboards/db": text("taken", 412) },
      sent: [{ dashboard: {} }],
      raises: "grafana: POST /api/dashboards/db HTTP 412: taken",
    },
    [`return c:delete_dashboard("d1"), c:delete_dashboard("none"), c:delete_annotation(17)`]: {
      routes: { "DELETE /api/dashboards/uid/d1": json({}), "DELETE /api/annotations/17": json({}) },
      gives: true,
      also: [false, true],
    },
    [`return c:datasource_by_name("Prometheus").id, c:datasource_by_name("none")`]: { gives: 7, also: [undefined] },
    [`return #c:query("prom", "up", { instant = true, from = 1700000000000.0, fields = { legendFormat = "x" } })`]: {
      routes: { "POST /api/ds/query": json({ results: { A: { frames: [{}, {}] } } }) },
      sent: [
        {
          queries: [{ refId: "A", datasource: { uid: "prom" }, expr: "up", instant: true, legendFormat: "x" }],
          from: "1700000000000",
          to: "now",
        },
      ],
      gives: 2,
    },
    [`return c:query("prom", "up{") -- error`]: {
      routes: { "POST /api/ds/query": json({ results: { A: { error: "bad" } } }, 207) },
      raises: `grafana: POST /api/ds/query HTTP 207: {"results":{"A":{"error":"bad"}}}`,
    },
    [`return #c:alerts({ silenced = false, filter = "a=b" })`]: {
      routes: { "*": json([{}]) },
      asked: ["GET /api/alertmanager/grafana/api/v2/alerts?silenced=false&filter=a%3Db"],
      gives: 1,
    },
    [`return c:rule_state()[1].name`]: {
      routes: { "*": json({ data: { groups: [{ name: "g" }] } }) },
      asked: ["GET /api/prometheus/grafana/api/v1/rules"],
      gives: "g",
    },
    [`c:create_datasource({ name = "L" }) c:update_datasource("u", { name = "M" }) return c:create_folder("F", { uid = "f", parent_uid = "p" }).fine`]:
      {
        routes: { "*": json({ fine: true }) },
        asked: ["POST /api/datasources", "PUT /api/datasources/uid/u", "POST /api/folders"],
        sent: [{ name: "L" }, { name: "M" }, { title: "F", uid: "f", parentUid: "p" }],
        gives: true,
      },
    [`return c:annotate("t", { "a" }, function(id) clock.sleep(5) return id end)`]: {
      routes: { "PATCH /api/annotations/17": json({}) },
      asked: ["POST /api/annotations", "PATCH /api/annotations/17"],
      sent: [{ text: "t", tags: ["a"], time: 1700000000000 }, { timeEnd: 1700000005000 }],
      gives: 17,
    },
    [`return c:annotate("t", nil, function() error("broken", 0) end)`]: {
      asked: ["POST /api/annotations", "PATCH /api/annotations/17"],
      raises: "broken",
    },
    [`return c:annotate("t", nil, function() end)`]: {
      raises: "grafana: PATCH /api/annotations/17 HTTP 404: 404 page not found\n",
    },
    [`return #c:service_accounts({ query = "a" }), c:create_token(2, "n", { seconds = 60 }).key`]: {
      routes: {
        "GET /api/serviceaccounts/search": json({ serviceAccounts: [{ id: 2 }] }),
        "POST /api/serviceaccounts/2/tokens": json({ key: "k" }),
      },
      asked: ["GET /api/serviceaccounts/search?query=a&perpage=1000&page=1", "POST /api/serviceaccounts/2/tokens"],
      sent: [{ name: "n", secondsToLive: 60 }],
      gives: 1,
      also: ["k"],
    },
  });
});
