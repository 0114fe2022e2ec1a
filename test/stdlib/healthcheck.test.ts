import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local hc = require("assay.healthcheck")`;
const refusedPort = "http://127.0.0.1:1/";
const routes: Routes = {
  "GET /": text("<h1>Welcome to 100% shop-1.0</h1>", 200, "text/html"),
  "GET /health": json({
    status: "ok",
    n: 1,
    half: 0.5,
    no: false,
    none: null,
    checks: { db: { status: "up" } },
    list: [{ a: 1 }, { a: 2 }],
    "a.b": "dotted",
    big: { x: [1, 2] },
  }),
  "GET /moved": { status: 302, headers: { location: "/" } },
  "GET /permanent": { status: 301, headers: { location: "/new" } },
  "*": (call) => ({ status: call.method === "GET" ? 404 : 200, headers: { "x-method": call.method }, body: call.body }),
};

describe("http", () => {
  rows(() => server, prelude, routes, {
    'return hc.http(URL .. "/")': { asked: ["GET /"], gives: { ok: true, status: 200, latency_ms: 0 } },
    'return hc.http(URL .. "/health?x=1&y=a%20b")': { asked: ["GET /health?x=1&y=a%20b"] },
    'return hc.http(URL .. "//a//")': { asked: ["GET //a//"] },
    "return hc.http(URL)": { asked: ["GET /"] },
    'return hc.http(URL .. "?q=1#part")': { asked: ["GET /?q=1"] },
    'return hc.http(URL .. "/none")': {
      gives: { ok: false, status: 404, latency_ms: 0, error: "expected status 200, got 404" },
    },
    'return hc.http(URL .. "/none", { expected_status = { 200, 404 } }).ok': { gives: true },
    'return hc.http(URL .. "/", { expected_status = { 201, 204 } }).error': {
      gives: "expected status 201 or 204, got 200",
    },
    'return hc.http(URL .. "/x", { method = "post", body = { a = 1 }, headers = { ["X-A"] = "b" } }).ok': {
      asked: ["POST /x"],
      sent: [{ a: 1 }],
      headers: { "content-type": "application/json", "x-a": "b" },
      gives: true,
    },
    'return hc.http(URL .. "/x", { method = "PUT" }).ok': {
      asked: ["PUT /x"],
      gives: true,
      headers: { "content-length": "0" },
    },
    ...Object.fromEntries(
      ["HEAD", "PATCH", "DELETE", "OPTIONS"].map((method) => [
        `return hc.http(URL .. "/x", { method = "${method}" }).status`,
        { asked: [`${method} /x`], gives: 200 },
      ]),
    ),
    'return hc.http(URL, { method = "FOO BAR" })': {
      asked: [],
      gives: { ok: false, status: 0, latency_ms: 0, error: "unknown method 'FOO BAR'" },
    },
    [`return hc.http("${refusedPort}")`]: {
      gives: { ok: false, status: 0, latency_ms: 0, error: "healthcheck.http: GET /: connection refused" },
    },
    'return hc.http("ftp://x/").error, hc.http(nil).error, hc.http("http://u:secret@[/").error': {
      gives: "healthcheck: invalid url 'ftp://x'",
      also: ["healthcheck.http: url is required", "healthcheck: invalid url 'http://['"],
    },
    'return hc.http({ url = URL .. "/x", token = "t", headers = { ["X-A"] = "1" } }, { method = "POST", headers = { ["X-B"] = "2" } }).ok':
      {
        headers: { authorization: "Bearer t", "x-a": "1", "x-b": "2" },
      },
    'return hc.http(URL .. "/moved").ok': { asked: ["GET /moved", "GET /"], gives: true },
    'return hc.http(URL .. "/moved", { follow_redirects = false }).error': {
      asked: ["GET /moved"],
      gives: "expected status 200, got 302",
    },
    'return hc.http(URL .. "/slow", { timeout = 0.05 }).error': {
      routes: { "GET /slow": { silent: true } },
      gives: "healthcheck.http: GET /slow: timeout after 0.05s",
    },
    'return hc.status_code(URL .. "/none", 404), hc.status_code(URL .. "/", 404)': {
      gives: { ok: true, status: 404 },
      also: [{ ok: false, status: 200, error: "expected status 404, got 200" }],
    },
    [`return hc.status_code("${refusedPort}", 200)`]: {
      gives: { ok: false, status: 0, error: "healthcheck.status_code: GET /: connection refused" },
    },
  });
});

describe("json_path", () => {
  const path = (expr: string, expected: string, ok: boolean, error?: string) => ({
    [`local r = hc.json_path(URL .. "/health", ${expr}, ${expected}) return r.ok, r.error`]: {
      gives: ok,
      also: error === undefined ? [undefined] : [error],
    },
  });
  rows(() => server, prelude, routes, {
    ...path(`"status"`, `"ok"`, true),
    ...path(`"checks.db.status"`, `"up"`, true),
    ...path(`"n"`, `1.0`, true),
    ...path(`"half"`, `0.5`, true),
    ...path(`"no"`, `false`, true),
    ...path(`"list.2.a"`, `2`, true),
    ...path(`"list[1].a"`, `1`, true),
    ...path(`'["a.b"]'`, `"dotted"`, true),
    ...path(`"big"`, `{ x = { 1, 2 } }`, true),
    ...path(`"big"`, `{ x = { 1, 3 } }`, false, 'expected {"x":[1,3]}, got {"x":[1,2]}'),
    ...path(`"n"`, `"1"`, false, 'expected "1", got 1'),
    ...path(`"status"`, `"bad"`, false, "expected bad, got ok"),
    ...path(`"n"`, `2.0`, false, "expected 2, got 1"),
    ...path(`"none"`, `nil`, false, "path 'none': key 'none' not found"),
    ...path(`"checks.cache"`, `1`, false, "path 'checks.cache': key 'cache' not found"),
    ...path(`"status.deeper"`, `1`, false, "path traversal failed at 'deeper': not a table"),
    'return hc.json_path(URL .. "/health", "status", "ok")': {
      gives: { ok: true, actual: "ok", expected: "ok", status: 200 },
    },
    'return hc.json_path(URL .. "/none", "status", "ok").error': { gives: "HTTP 404" },
    'return hc.json_path(URL .. "/", "status", "ok").error': {
      gives: "JSON parse error: expected a value, got '<' at line 1, column 1",
    },
    [`return hc.json_path("${refusedPort}", "status", "ok").error`]: {
      gives: "healthcheck.json_path: GET /: connection refused",
    },
    'return hc.json_match(URL .. "/health", { status = "ok", ["checks.db.status"] = "up" })': {
      asked: ["GET /health"],
      gives: { ok: true, actual: { status: "ok", "checks.db.status": "up" }, mismatches: [], status: 200 },
    },
    'return hc.json_match(URL .. "/health", { status = "bad", gone = 1 }).error': {
      gives: "path 'gone': key 'gone' not found; status: expected bad, got ok",
    },
  });
});

describe("bodies, headers, latency", () => {
  rows(() => server, prelude, routes, {
    'return hc.body_contains(URL .. "/", "100% shop-1.0"), hc.body_contains(URL .. "/", "shop.1")': {
      gives: { ok: true, found: true },
      also: [{ ok: false, found: false, error: "pattern not found in response body" }],
    },
    [`return hc.body_contains("${refusedPort}", "x").error`]: {
      gives: "healthcheck.body_contains: GET /: connection refused",
    },
    'return hc.body_matches(URL .. "/", "shop-\\\\d"), hc.body_matches(URL .. "/", "^shop").ok': {
      gives: { ok: true, found: true },
      also: [false],
    },
    'return hc.body_matches(URL .. "/", "(").ok': { gives: false },
    'return hc.header(URL .. "/", "Content-TYPE", "text/html"), hc.header(URL .. "/", "x-none").error, hc.header(URL .. "/", "content-type", "x").error':
      {
        gives: { ok: true, actual: "text/html", expected: "text/html" },
        also: ["header 'x-none' not found", "expected x, got text/html"],
      },
    'return hc.redirect(URL .. "/permanent", "/new", 301)': {
      asked: ["GET /permanent"],
      gives: { ok: true, status: 301, location: "/new" },
    },
    'return hc.redirect(URL .. "/permanent", "/other").error, hc.redirect(URL .. "/permanent", "/new", 308).error, hc.redirect(URL .. "/", "/new").error':
      {
        gives: "expected /other, got /new",
        also: ["expected status 308, got 301", "no redirect (status 200)"],
      },
    'return hc.endpoint(URL .. "/")': { gives: { ok: true, status: 200, latency_ms: 0 } },
    'return hc.endpoint(URL .. "/none").error': { gives: "expected status 200, got 404" },
    [`local now = clock.now clock.now = function() clock.sleep(0.4) return now() end
      return hc.endpoint(URL .. "/", { max_latency_ms = 300 }).error, hc.endpoint(URL .. "/none", { max_latency_ms = 300.0 }).error`]:
      {
        gives: "latency 400ms exceeds threshold 300ms",
        also: ["expected status 200, got 404"],
      },
    'return hc.endpoint(URL .. "/slow", { max_latency_ms = 20 }).error': {
      routes: { "GET /slow": { silent: true } },
      gives: "healthcheck.endpoint: GET /slow: timeout after 0.04s",
    },
    'return hc.latency(URL .. "/", { samples = 3 })': {
      asked: ["GET /", "GET /", "GET /"],
      gives: { ok: true, min: 0, median: 0, p95: 0, samples: 3, failed: 0 },
    },
    'local r = hc.latency(URL .. "/none", { samples = 2 }) return r.ok, r.failed, r.error': {
      gives: false,
      also: [2, "expected status 200, got 404"],
    },
  });
});

describe("reports", () => {
  rows(() => server, prelude, routes, {
    "return hc.multi({})": { gives: { ok: true, results: [], passed: 0, failed: 0, total: 0 } },
    [`return hc.multi({
        { name = "a", check = function() return hc.status_code(URL .. "/", 200) end },
        { name = "b", check = function() error("broken", 0) end },
        { name = "c", check = function() return true end },
        { name = "d", check = function() end },
      })`]: {
      gives: {
        ok: false,
        results: [
          { name: "a", ok: true, status: 200, duration_ms: 0 },
          { name: "b", ok: false, error: "broken", duration_ms: 0 },
          { name: "c", ok: true, duration_ms: 0 },
          { name: "d", ok: false, error: "check returned nil", duration_ms: 0 },
        ],
        passed: 2,
        failed: 2,
        total: 4,
      },
    },
    'local n = 0 local r = hc.multi({ { name = "a", check = function() n = n + 1 return n == 3 end } }, { retries = 4, retry_delay = 2 }) return r.ok, r.results[1].attempts':
      { gives: true, also: [3], slept: [2, 2] },
    'local r = hc.multi({ { name = "a", check = function() return 1 end }, { name = "b", check = function() return false end } }, { parallel = 5 }) return r.passed, r.results[2].name':
      { gives: 1, also: ["b"] },
    'local r = { ok = false, error = "why" } hc.assert({ ok = true }) hc.assert(r, "web")': { raises: "web: why" },
    'hc.multi({ { name = "a", check = function() return false end }, { name = "b", check = function() return { ok = false, error = "x" } end } }):assert()':
      { raises: "a: check returned boolean; b: x" },
    'return hc.multi({ { name = "a", check = function() return true end } }):assert("all").passed': { gives: 1 },
    'return hc.summary(hc.multi({ { name = "long name", check = function() return true end }, { name = "b", check = function() return { ok = false, error = "x" } end } }))':
      {
        gives: "long name  ok           0 ms\nb          FAILED       0 ms  x\n1 passed, 1 failed, 2 in total",
      },
  });
});

describe("wait", () => {
  rows(() => server, prelude, routes, {
    'return hc.wait(URL .. "/x")': {
      routes: { "GET /x": (_call, nth) => (nth < 3 ? text("", 503) : text("")) },
      slept: [2, 2],
      gives: { ok: true, status: 200, attempts: 3 },
    },
    'return hc.wait(URL .. "/none", { timeout = 5, interval = 2.5 })': {
      raises: "healthcheck.wait: URL/none not healthy after 5s (last: expected status 200, got 404)",
    },
    'return hc.wait(URL .. "/none", { expect_status = 404 }).attempts, hc.wait(URL .. "/none", { expected_status = 404 }).attempts':
      { gives: 1, also: [1] },
    'return hc.wait("http://u:secret@127.0.0.1:1/", { timeout = 1 })': {
      raises:
        "healthcheck.wait: http://127.0.0.1:1/ not healthy after 1s (last: healthcheck.wait: GET /: connection refused)",
    },
    'return hc.wait(URL .. "/x", { timeout = 0 }).attempts': { routes: { "GET /x": text("") }, gives: 1 },
  });
});

describe("below HTTP", () => {
  rows(() => server, prelude, routes, {
    'local port = tonumber(URL:match("(%d+)$")) local r = hc.tcp("127.0.0.1", port) return r.ok, r.address, r.error': {
      gives: true,
      also: ["127.0.0.1", undefined],
    },
    'return hc.tcp("127.0.0.1", 1)': {
      gives: { ok: false, latency_ms: 0, error: "127.0.0.1:1: connection refused" },
    },
    'return hc.tls("127.0.0.1", 1)': { gives: { ok: false, error: "127.0.0.1:1: connection refused" } },
    'local port = tonumber(URL:match("(%d+)$")) return (hc.tls("127.0.0.1", port).error:gsub("^127.0.0.1:%d+: ", ""))':
      {
        gives: "the server does not speak TLS on this port",
      },
    [`net.tls = function(host, port, opts) return { subject = "CN=a", issuer = "CN=b", not_after = "2023-11-24T22:13:20Z" } end
      return hc.tls("a", { min_days = 7 }), hc.tls("a", 443).error`]: {
      settings: {},
      gives: { ok: true, days_left: 10, subject: "CN=a", issuer: "CN=b", not_after: "2023-11-24T22:13:20Z" },
      also: ["certificate expires in 10 days, expected at least 14"],
    },
    'return hc.dns("127.0.0.1", { expect = "127.0.0.1" }), hc.dns("127.0.0.1", { expect = { "127.0.0.1", "10.0.0.1" } }).error':
      {
        gives: { ok: true, addresses: ["127.0.0.1"] },
        also: ["expected 10.0.0.1, got 127.0.0.1"],
      },
    'return hc.dns("a b")': { gives: { ok: false, addresses: [], error: "invalid host name" } },
  });
});
