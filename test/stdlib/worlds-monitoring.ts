/**
 * What the examples of the modules for monitoring and the ways into a cluster talk to: Prometheus, Alertmanager, Loki,
 * Grafana, Traefik and Dex.
 */
import { type Call, json, type Reply, type Routes, text } from "./fixture.ts";
import type { World } from "./worlds.ts";

const NOW = "2023-11-14T22:13:20Z";
const SECONDS = 1700000000;

/** An answer of the Prometheus API, which Loki gives too. */
const data = (value: unknown): Reply => json({ status: "success", data: value });
const vector = (...result: unknown[]): Reply => data({ resultType: "vector", result });
const matrix = (...result: unknown[]): Reply => data({ resultType: "matrix", result });
/** Examples that pause do so on the clock of the fixture. */
const PAUSE = `sleep = require("assay._time").clock.sleep`;

function prometheus(): World {
  const sample = (value: string) => ({ metric: { job: "api", instance: "api:80" }, value: [SECONDS, value] });
  const known: Record<string, Reply> = {
    'query=count(up{job="api"} == 1)': vector(sample("2")),
    "query=count(up)": vector(sample("3")),
    "query=up == 0": vector(sample("0"), sample("0")),
    // Nothing is down: a count of nothing is no series.
    "query=count(up == 0)": vector(),
  };
  return {
    routes: {
      "GET /api/v1/query": (call) => known[call.query[0]!] ?? text(`unexpected ${call.query[0]}`, 400),
      // The first scrape is still to come when the example begins to wait.
      "GET /api/v1/query?query=up%7Bjob%3D%22api%22%7D": (_call, nth) => vector(...(nth < 3 ? [] : [sample("1")])),
      "GET /api/v1/query_range": matrix({ metric: { job: "api" }, values: [[SECONDS, "1"]] }),
      "GET /api/v1/query_exemplars": data([{ seriesLabels: { job: "api" }, exemplars: [] }]),
      "GET /api/v1/alerts": data({ alerts: [] }),
      "GET /api/v1/targets": data({ activeTargets: [{ scrapeUrl: "http://api/metrics", health: "up" }] }),
      "GET /api/v1/targets/metadata": data([{ target: { job: "api" }, type: "gauge", help: "Up.", unit: "" }]),
      "GET /api/v1/rules": data({ groups: [{ name: "node", file: "/rules.yml", interval: 60, rules: [] }] }),
      "GET /api/v1/alertmanagers": data({ activeAlertmanagers: [{ url: "http://alertmanager:9093/api/v2/alerts" }] }),
      "GET /api/v1/series": data([{ __name__: "up", job: "api" }]),
      "GET /api/v1/labels": data(["__name__", "instance", "job"]),
      "GET /api/v1/label/job/values": data(["api"]),
      "GET /api/v1/metadata": data({ http_requests_total: [{ type: "counter", help: "Requests.", unit: "" }] }),
      "POST /-/reload": text(""),
      "GET /-/healthy": text("Prometheus Server is Healthy.\n"),
      "GET /-/ready": text("Prometheus Server is Ready.\n"),
      "GET /api/v1/status/buildinfo": data({ version: "3.1.0" }),
      "GET /api/v1/status/runtimeinfo": data({ reloadConfigSuccess: true }),
      "GET /api/v1/status/flags": data({ "web.enable-lifecycle": "true" }),
      "GET /api/v1/status/config": data({ yaml: "scrape_configs: []\n" }),
      "GET /api/v1/status/tsdb": data({ headStats: { numSeries: 508 } }),
      "POST /api/v1/admin/tsdb/snapshot": data({ name: "20231114T221320Z-1a2b" }),
    },
  };
}

function alertmanager(): World {
  const id = "6ab9bd44-5a4d-4e4f-8a5a-0d1b7c9f0f11";
  const silence = {
    id,
    status: { state: "active" },
    matchers: [{ name: "job", value: "api", isRegex: false, isEqual: true }],
    startsAt: "2023-11-14T22:00:00.000Z",
    endsAt: "2023-11-14T23:00:00.000Z",
    createdBy: "deploy",
    comment: "rollout",
  };
  const nodeDown = { labels: { alertname: "NodeDown" }, status: { state: "suppressed", silencedBy: [id] } };
  const pathTest = { labels: { alertname: "PathTest" }, status: { state: "active", silencedBy: [] } };
  /** NodeDown is silenced. What waits for PathTest finds it in the other state at the first look. */
  const alerts = ({ query }: Call, nth: number): Reply => {
    const firing = query.includes("silenced=false");
    if (query.includes('filter=alertname="PathTest"')) return json(firing === nth > 1 ? [pathTest] : []);
    return json(firing ? [] : [nodeDown]);
  };
  return {
    routes: {
      "GET /api/v2/alerts": alerts,
      "POST /api/v2/alerts": text(""),
      "GET /api/v2/alerts/groups": json([]),
      "GET /api/v2/silences": json([silence]),
      [`GET /api/v2/silence/${id}`]: json(silence),
      "POST /api/v2/silences": json({ silenceID: id }),
      [`DELETE /api/v2/silence/${id}`]: text(""),
      "GET /api/v2/status": json({
        cluster: { status: "ready", peers: [{ name: "a" }, { name: "b" }, { name: "c" }] },
        versionInfo: { version: "0.28.0" },
        uptime: NOW,
      }),
      "GET /api/v2/receivers": json([{ name: "default" }]),
      "GET /-/healthy": text("OK"),
      "GET /-/ready": text("OK"),
      "POST /-/reload": text(""),
    },
    prelude: PAUSE,
  };
}

function loki(): World {
  const L = "/loki/api/v1";
  const nanoseconds = `${SECONDS}000000000`;
  const lines = (line: string) => ({ stream: { job: "api" }, values: [[nanoseconds, line]] });
  const streams = (...result: unknown[]) => data({ resultType: "streams", result });
  const deletion = { request_id: "b2c3", query: '{job="smoke"}', start_time: 1, end_time: 2, status: "received" };
  return {
    routes: {
      [`POST ${L}/push`]: text("", 204),
      [`POST ${L}/delete`]: text("", 204),
      [`GET ${L}/delete`]: json([deletion]),
      [`DELETE ${L}/delete`]: text("", 204),
      // No series where nothing was counted.
      [`GET ${L}/query`]: vector(),
      // The line that is waited for comes with the second look.
      [`GET ${L}/query_range`]: (call, nth) =>
        call.query.some((one) => one.includes("run 17")) && nth === 1 ? streams() : streams(lines("run 17: error")),
      [`GET ${L}/labels`]: data(["job"]),
      [`GET ${L}/label/job/values`]: data(["api"]),
      [`GET ${L}/series`]: data([{ job: "api" }]),
      [`GET ${L}/index/stats`]: json({ streams: 1, chunks: 2, entries: 3, bytes: 40 }),
      [`GET ${L}/index/volume`]: vector({ metric: { job: "api" }, value: [SECONDS, "40"] }),
      [`GET ${L}/index/volume_range`]: matrix({ metric: { job: "api" }, values: [[SECONDS, "40"]] }),
      [`GET ${L}/detected_fields`]: json({ fields: [{ label: "level", type: "string", cardinality: 3 }] }),
      [`GET ${L}/patterns`]: data([{ pattern: "<_> error", samples: [[SECONDS, 1]] }]),
      "GET /ready": text("ready\n"),
      "GET /metrics": text('loki_build_info{version="3.3.0"} 1\n'),
      [`GET ${L}/status/buildinfo`]: json({ version: "3.3.0" }),
      "GET /prometheus/api/v1/rules": data({ groups: [{ name: "logs", file: "rules.yml", rules: [] }] }),
      "GET /prometheus/api/v1/alerts": data({ alerts: [] }),
    },
    // A websocket that tells five lines.
    prelude: `
      ws.connect = function()
        return setmetatable({}, { __close = function() end, __index = { recv = function()
          return json.encode({ streams = { { stream = { job = "api" }, values = { { "1", "a" }, { "2", "b" }, { "3", "c" }, { "4", "d" }, { "5", "e" } } } } })
        end } })
      end`,
  };
}

function grafana(): World {
  const source = { id: 7, uid: "prometheus", name: "Prometheus", type: "prometheus" };
  const saved = { id: 8, name: "Loki", message: "done", datasource: { uid: "loki" } };
  return {
    routes: {
      "GET /api/health": json({ database: "ok", version: "11.4.0" }),
      "GET /api/org": json({ id: 1, name: "Main Org." }),
      "GET /api/datasources": json([source]),
      "GET /api/datasources/uid/prometheus": json(source),
      "GET /api/datasources/uid/prometheus/health": json({ status: "OK", message: "works" }),
      "POST /api/datasources": json(saved),
      "PUT /api/datasources/uid/loki": json(saved),
      "POST /api/ds/query": json({ results: { A: { status: 200, frames: [{ schema: {}, data: {} }] } } }),
      "GET /api/search": json([{ uid: "node-exporter", title: "Nodes", tags: ["deploy", "prod"] }]),
      "GET /api/dashboards/uid/node-exporter": json({ dashboard: { title: "Nodes" }, meta: {} }),
      "POST /api/dashboards/db": json({ id: 1, uid: "smoke", status: "success", version: 1 }),
      "DELETE /api/dashboards/uid/smoke": json({ title: "Smoke" }),
      "GET /api/folders": json([{ id: 1, uid: "platform", title: "Platform" }]),
      "GET /api/folders/platform": json({ id: 1, uid: "platform", title: "Platform" }),
      "POST /api/folders": json({ id: 1, uid: "platform", title: "Platform" }),
      "GET /api/annotations": json([{ id: 17, text: "release 1.4.2", tags: ["deploy"] }]),
      "POST /api/annotations": json({ id: 17, message: "Annotation added" }),
      "PATCH /api/annotations/17": json({ message: "Annotation patched" }),
      "DELETE /api/annotations/17": json({ message: "Annotation deleted" }),
      "GET /api/v1/provisioning/alert-rules": json([{ uid: "r1", title: "Node down" }]),
      "GET /api/alertmanager/grafana/api/v2/alerts": json([]),
      "GET /api/prometheus/grafana/api/v1/rules": data({ groups: [{ name: "node", rules: [] }] }),
      "GET /api/serviceaccounts/search": json({ serviceAccounts: [{ id: 2, name: "assay" }], totalCount: 1 }),
      "POST /api/serviceaccounts/2/tokens": json({ id: 3, name: "assay", key: "glsa_key" }),
    },
    prelude: PAUSE,
  };
}

function traefik(): World {
  const router = {
    name: "shop-web@docker",
    provider: "docker",
    rule: "Host(`shop.example.com`)",
    service: "shop-web",
    entryPoints: ["websecure"],
    tls: {},
    status: "enabled",
  };
  const urls = ["http://10.0.0.2:80", "http://10.0.0.3:80"];
  const service = {
    name: "shop-web@docker",
    provider: "docker",
    type: "loadbalancer",
    status: "enabled",
    loadBalancer: { servers: urls.map((url) => ({ url })) },
    serverStatus: Object.fromEntries(urls.map((url) => [url, "UP"])),
  };
  const auth = { name: "auth@docker", provider: "docker", type: "basicauth", status: "enabled" };
  const lists = ["tcp/routers", "tcp/services", "tcp/middlewares", "udp/routers", "udp/services"];
  const enabled = ["tcp/routers/db@file", "tcp/services/db@file", "udp/routers/dns@file", "udp/services/dns@file"];
  const routes: Routes = {
    "GET /api/overview": json({ http: { routers: { total: 1, warnings: 0, errors: 0 } } }),
    "GET /api/version": json({ Version: "3.2.0" }),
    "GET /api/rawdata": json({ routers: { "shop-web@docker": router } }),
    "GET /ping": text("OK"),
    "GET /api/entrypoints": json([{ name: "websecure", address: ":443" }]),
    "GET /api/entrypoints/websecure": json({ name: "websecure", address: ":443" }),
    "GET /api/http/routers": (call) => json(call.query.includes("status=disabled") ? [] : [router]),
    "GET /api/http/routers/shop-web@docker": json(router),
    "GET /api/http/routers/shop-web@kubernetescrd": json({ ...router, name: "shop-web@kubernetescrd" }),
    "GET /api/http/routers/old@docker": json({ message: "router not found: old@docker" }, 404),
    "GET /api/http/services": json([service]),
    "GET /api/http/services/shop-web@docker": json(service),
    "GET /api/http/middlewares": json([auth]),
    "GET /api/http/middlewares/auth@docker": json(auth),
    "GET /api/certificates": json([]),
  };
  for (const list of lists) routes[`GET /api/${list}`] = json([]);
  for (const path of enabled) routes[`GET /api/${path}`] = json({ name: path.split("/")[2], status: "enabled" });
  return { routes };
}

function dex(): World {
  const issuer = "https://dex.example.com/dex";
  return {
    routes: {
      "GET /dex/.well-known/openid-configuration": json({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        userinfo_endpoint: `${issuer}/userinfo`,
        device_authorization_endpoint: `${issuer}/device/code`,
        introspection_endpoint: `${issuer}/token/introspect`,
        scopes_supported: ["openid", "email", "groups", "profile", "offline_access"],
        response_types_supported: ["code"],
        grant_types_supported: ["authorization_code", "refresh_token"],
      }),
      "GET /dex/keys": json({ keys: [{ kty: "RSA", kid: "k1", alg: "RS256", use: "sig", n: "AQAB", e: "AQAB" }] }),
      "GET /dex/healthz": text("Health check passed"),
      "GET /healthz/ready": json({ status: "ok" }),
      "GET /dex/api/v1/version": json({ server: "v2.41.1" }),
      "POST /dex/token": json({ access_token: "access-token", token_type: "bearer", expires_in: 3600 }),
      "GET /dex/userinfo": json({ sub: "u1", email: "admin@example.com" }),
      "POST /dex/token/introspect": json({ active: true, sub: "u1" }),
      "POST /dex/device/code": json({ device_code: "d", user_code: "ABCD-EFGH", expires_in: 300, interval: 5 }),
    },
  };
}

/** By module. */
export const monitoring: Record<string, () => World> = { prometheus, alertmanager, loki, grafana, traefik, dex };
