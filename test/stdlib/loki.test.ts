import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Fixture, json, plain, type Reply, type Routes, rows, script, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const L = "/loki/api/v1";
const prelude = `local loki = require("assay.loki") local c = loki.client(URL .. "/", { tenant = "prod", token = "sesame" })`;
const data = (value: unknown): Reply => json({ status: "success", data: value });
const pushed = (...values: unknown[]) => [{ streams: [{ stream: { job: "smoke" }, values }] }];
const NOW = "1700000000000000000";

const routes: Routes = {
  [`POST ${L}/push`]: text("", 204),
  [`GET ${L}/query`]: data({ resultType: "vector", result: [{ metric: {}, value: [1700000000, "3"] }] }),
  [`GET ${L}/query_range`]: data({
    resultType: "streams",
    result: [
      {
        stream: { pod: "a" },
        values: [
          ["1700000002000000000", "third"],
          ["1700000000000000001", "second"],
        ],
      },
      { stream: { pod: "b" }, values: [["1700000000000000000", "first"]] },
    ],
  }),
  [`GET ${L}/labels`]: data(["job"]),
  [`GET ${L}/label/job/values`]: data(["api"]),
  [`GET ${L}/series`]: data([{ job: "api" }]),
};

describe("selectors", () => {
  rows(() => server, prelude, routes, {
    [`return loki.selector({ b = "y", a = 'x"\\\\\\n' })`]: { gives: `{a="x\\"\\\\\\n",b="y"}` },
    [`return loki.selector({})`]: { gives: "{}" },
    [`return loki.selector({ app = { "=~", "api.*" }, job = { "!=", "x" } })`]: { gives: `{app=~"api.*",job!="x"}` },
    [`return loki.selector({ ["a-b"] = "x" })`]: { raises: "loki.selector: invalid label name 'a-b'" },
    [`return loki.selector({ "x" })`]: { raises: "loki.selector: invalid label name '1'" },
    [`return loki.selector({ a = { "~", "x" } })`]: { raises: "loki.selector: unknown operator '~'" },
    [`return loki.client("ftp://x")`]: { raises: "loki: invalid url 'ftp://x'" },
    [`return loki.client()`]: { raises: "loki.client: url is required" },
    [`return c.url == URL`]: { gives: true },
  });
});

describe("writing", () => {
  rows(() => server, prelude, routes, {
    [`return c:push({ job = "smoke" }, { "one", "two" })`]: {
      asked: [`POST ${L}/push`],
      sent: pushed([NOW, "one"], ["1700000000000000001", "two"]),
      headers: { "content-type": "application/json", "x-scope-orgid": "prod", authorization: "Bearer sesame" },
      gives: true,
    },
    [`return c:push({ job = "smoke" }, { { 1700000000, "a" }, { 1700000000.25, "b", { trace = "t" } }, { 1700000000000000123, "c" }, { "1700000000000000124", "d" }, { timestamp = 1700000001, line = "e", metadata = {} } })`]:
      {
        sent: pushed(
          [NOW, "a"],
          ["1700000000250000000", "b", { trace: "t" }],
          ["1700000000000000123", "c"],
          ["1700000000000000124", "d"],
          ["1700000001000000000", "e", {}],
        ),
      },
    [`return c:push({}, { "x" })`]: { sent: [{ streams: [{ stream: {}, values: [[NOW, "x"]] }] }] },
    [`return c:push({ job = "smoke" }, { "x" }) -- 200`]: { routes: { [`POST ${L}/push`]: text("") }, gives: true },
    [`return c:push({ job = "smoke" }, { "x" }) -- blocked`]: {
      routes: { [`POST ${L}/push`]: text("blocked", 260) },
      raises: `loki: POST ${L}/push HTTP 260: blocked`,
    },
    [`return c:push({ job = "smoke" }, { "x" }) -- too old`]: {
      routes: { [`POST ${L}/push`]: text("entry too far behind", 400) },
      raises: `loki: POST ${L}/push HTTP 400: entry too far behind`,
    },
    [`return c:push({ job = "smoke" }, { { "soon", "x" } })`]: {
      asked: [],
      raises: "loki.push: a timestamp must be a number or a string of digits",
    },
    [`return c:push({ job = "smoke" })`]: { asked: [], raises: "loki.push: entries is required" },
    [`return c:delete("{a=\\"b\\"}", 1, 2), c:cancel_deletion("r1", { force = false })`]: {
      routes: { "*": text("", 204) },
      asked: [`POST ${L}/delete?query=%7Ba%3D%22b%22%7D&start=1&end=2`, `DELETE ${L}/delete?request_id=r1&force=false`],
      gives: true,
      also: [true],
    },
    [`return c:deletions()[1].status`]: {
      routes: { "*": json([{ status: "received" }]) },
      asked: [`GET ${L}/delete`],
      gives: "received",
    },
  });
});

describe("queries", () => {
  const up = encodeURIComponent('{a="b c"} |= "+&"');
  rows(() => server, prelude, routes, {
    [`return c:query('{a="b c"} |= "+&"', { limit = 5, time = 1700000000, direction = "forward" })`]: {
      asked: [`GET ${L}/query?query=${up}&limit=5&time=1700000000&direction=forward`],
      headers: { "x-scope-orgid": "prod", accept: "application/json" },
      gives: [{ metric: [], value: [1700000000, "3"] }],
    },
    [`c.tenant = { "a", "b" } c.token = "other\\n" return #c:query("x")`]: {
      headers: { "x-scope-orgid": "a|b", authorization: "Bearer other" },
    },
    [`return #loki.client(URL, { org_id = "o" }):query("x")`]: {
      headers: { "x-scope-orgid": "o", authorization: undefined },
    },
    [`return #loki.client(URL):query("x")`]: { headers: { "x-scope-orgid": undefined } },
    [`return c:query('{a="b"}')`]: {
      routes: { [`GET ${L}/query`]: text("log queries are not supported", 400) },
      raises: `loki: GET ${L}/query HTTP 400: log queries are not supported`,
    },
    [`return c:query("x") -- refused`]: {
      routes: { [`GET ${L}/query`]: text("no org id", 401) },
      raises: `loki: GET ${L}/query HTTP 401: no org id`,
    },
    [`return c:query("x") -- failing`]: {
      routes: { [`GET ${L}/query`]: text("boom", 500) },
      raises: `loki: GET ${L}/query HTTP 500: boom`,
    },
    [`return loki.client(URL .. "/x"):query("x")`]: { raises: `loki: GET ${L}/query HTTP 404: 404 page not found\n` },
    [`return c:query("x") -- login page`]: {
      routes: { [`GET ${L}/query`]: text("<html>", 200, "text/html") },
      raises: `loki: GET ${L}/query: invalid JSON in response (content-type text/html): <html>`,
    },
    [`return loki.client("http://127.0.0.1:1"):query("x")`]: { raises: `loki: GET ${L}/query: connection refused` },
    [`return c:query("")`]: { asked: [], raises: "loki.query: logql is required" },
    [`return #c:query_range("x", { start = 1700000000.5, end_time = 1700000000000000000, since = "1h", limit = 10, step = "1m", interval = 5, direction = "backward" })`]:
      {
        asked: [
          `GET ${L}/query_range?query=x&start=1700000000.5&end=${NOW}&since=1h&limit=10&step=1m&interval=5&direction=backward`,
        ],
        gives: 2,
      },
    [`return #c:query_range("x", { start = 1700000000.0, ["end"] = "2023-11-14T22:13:20Z" })`]: {
      asked: [`GET ${L}/query_range?query=x&start=1700000000.0&end=2023-11-14T22%3A13%3A20Z`],
    },
    [`local l = c:lines("x") return l[1].line, l[2].line, l[3].line, l[2].ns, l[1].labels.pod, l[3].time`]: {
      gives: "first",
      also: ["second", "third", "1700000000000000001", "b", 1700000002],
    },
    [`return c:count('{a="b"}', "5m")`]: {
      asked: [
        `GET ${L}/query?query=${encodeURIComponent('sum(count_over_time({a="b"}[5m]))').replaceAll("(", "%28").replaceAll(")", "%29")}`,
      ],
      gives: 3,
    },
    [`return c:count("{}", "5m") -- none`]: { routes: { [`GET ${L}/query`]: data({ result: [] }) }, gives: 0 },
    [`return #c:wait_line("x", 10)`]: {
      routes: {
        [`GET ${L}/query_range`]: (_, nth) => data({ result: nth < 3 ? [] : [{ stream: {}, values: [["1", "l"]] }] }),
      },
      slept: [2, 2],
      gives: 1,
    },
    [`return c:wait_line("x", 3)`]: {
      routes: { [`GET ${L}/query_range`]: data({ result: [] }) },
      raises: "loki: timeout waiting for a line that matches x",
    },
    [`return c:stats("{}", { since = "1h" }).streams`]: {
      routes: { "*": json({ streams: 7 }) },
      asked: [`GET ${L}/index/stats?query=%7B%7D&since=1h`],
      gives: 7,
    },
    [`return c:volume("{}", { limit = 2, target_labels = "job", aggregate_by = "series" }), c:volume_range("{}", { step = "5m" })`]:
      {
        routes: { "*": data({ result: [] }) },
        asked: [
          `GET ${L}/index/volume?query=%7B%7D&limit=2&targetLabels=job&aggregateBy=series`,
          `GET ${L}/index/volume_range?query=%7B%7D&step=5m`,
        ],
        gives: [],
        also: [[]],
      },
    [`return c:detected_fields("{}", { limit = 1, line_limit = 2 })[1].label, c:patterns("{}", { step = 3 })[1].pattern`]:
      {
        routes: {
          [`GET ${L}/detected_fields`]: json({ fields: [{ label: "f" }] }),
          [`GET ${L}/patterns`]: data([{ pattern: "<_>" }]),
        },
        asked: [`GET ${L}/detected_fields?query=%7B%7D&limit=1&line_limit=2`, `GET ${L}/patterns?query=%7B%7D&step=3`],
        gives: "f",
        also: ["<_>"],
      },
  });
});

describe("labels, streams and the server", () => {
  rows(() => server, prelude, routes, {
    [`return c:labels({ start = 1, end_time = 2, since = "1h", query = "{}" })`]: {
      asked: [`GET ${L}/labels?start=1&end=2&since=1h&query=%7B%7D`],
      gives: ["job"],
    },
    [`return c:labels(), c:label_values("x")`]: {
      routes: { "*": json({ status: "success" }), [`GET ${L}/labels`]: json({ status: "success" }) },
      gives: [],
      also: [[]],
    },
    [`return c:label_values("job", { since = "1h" })`]: {
      asked: [`GET ${L}/label/job/values?since=1h`],
      gives: ["api"],
    },
    [`return c:label_values("a b/ü%")`]: {
      asked: [`GET ${L}/label/a%20b%2F%C3%BC%25/values`],
      raises: `loki: GET ${L}/label/a%20b%2F%C3%BC%25/values HTTP 404: 404 page not found\n`,
    },
    [`return c:series({ "{a=1}", "{b=2}" }, { start = 1, end_time = 2, since = "1h" })`]: {
      asked: [`GET ${L}/series?match%5B%5D=%7Ba%3D1%7D&match%5B%5D=%7Bb%3D2%7D&start=1&end=2&since=1h`],
      gives: [{ job: "api" }],
    },
    [`return #c:series("{}")`]: { asked: [`GET ${L}/series?match%5B%5D=%7B%7D`], gives: 1 },
    [`return c:series({})`]: { asked: [], raises: "loki.series: match_selectors is required" },
    [`return c:ready()`]: { routes: { "GET /ready": text("ready") }, asked: ["GET /ready"], gives: true },
    [`return c:ready() -- not yet`]: { routes: { "GET /ready": text("Ingester not ready", 503) }, gives: false },
    [`return loki.client("http://127.0.0.1:1"):ready()`]: { raises: "loki: GET /ready: connection refused" },
    [`return c:metrics()`]: {
      routes: { "GET /metrics": text("loki_build_info 1\n") },
      asked: ["GET /metrics"],
      gives: "loki_build_info 1\n",
    },
    [`return c:metrics() -- refused`]: {
      routes: { "GET /metrics": text("no", 403) },
      raises: "loki: GET /metrics HTTP 403: no",
    },
    [`return c:buildinfo().version`]: {
      routes: { "*": json({ version: "3.0" }) },
      asked: [`GET ${L}/status/buildinfo`],
      gives: "3.0",
    },
    [`return #c:rules(), #c:alerts()`]: {
      routes: {
        "GET /prometheus/api/v1/rules": data({ groups: [{}] }),
        "GET /prometheus/api/v1/alerts": data({ alerts: [{}, {}] }),
      },
      gives: 1,
      also: [2],
    },
    [`return c.logs:push({}, { "x" }), #c.queries:instant("x"), #c.queries:range("x"), #c.labels:list(), #c.labels:values("job"), #c.series:list("{}"), #c:labels(), c.health:ready()`]:
      {
        gives: true,
        also: [1, 2, 1, 1, 1, 1, false],
      },
  });
});

describe("tail", () => {
  const frames = [
    {
      streams: [
        {
          stream: { a: "1" },
          values: [
            ["1", "one"],
            ["2", "two"],
          ],
        },
      ],
    },
    { streams: [{ stream: { a: "2" }, values: [["3", "three"]] }], dropped_entries: [{ labels: {}, timestamp: "4" }] },
  ];
  const seen: { target: string; tenant: string | null; authorization: string | null }[] = [];
  const sockets = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, bun) {
      const { pathname, search } = new URL(request.url);
      seen.push({
        target: pathname + search,
        tenant: request.headers.get("x-scope-orgid"),
        authorization: request.headers.get("authorization"),
      });
      if (pathname.startsWith("/refused")) return new Response("no", { status: 403 });
      if (pathname.startsWith("/plain")) return Response.json(frames[0]);
      return bun.upgrade(request) ? undefined : new Response("no websocket", { status: 400 });
    },
    websocket: {
      open(socket) {
        for (const frame of frames) socket.send(JSON.stringify(frame));
      },
      message() {},
    },
  });
  afterAll(() => sockets.stop(true));

  const tail = async (path: string, opts: string) => {
    seen.length = 0;
    const address = `http://127.0.0.1:${sockets.port}${path}`;
    const outcome = await script(`${prelude.replaceAll("URL", `"${address}"`)} return c:tail('{a="b"}', ${opts})`);
    return { ...outcome, gives: plain(outcome.results[0]) };
  };

  test("reads frames until there are enough lines", async () => {
    const { error, gives } = await tail("", "{ limit = 3, start = 1700000000, delay_for = 2 }");
    expect(error).toBeUndefined();
    expect(gives).toEqual({
      streams: [...frames[0]!.streams, ...frames[1]!.streams],
      dropped_entries: [{ labels: [], timestamp: "4" }],
    });
    expect(seen).toEqual([
      {
        target: `${L}/tail?query=%7Ba%3D%22b%22%7D&limit=3&start=1700000000&delay_for=2`,
        tenant: "prod",
        authorization: "Bearer sesame",
      },
    ]);
  });

  test("stops when the time is over", async () => {
    const { error, gives } = await tail("", "{ timeout = 0.2 }");
    expect(error).toBeUndefined();
    expect((gives as { streams: unknown[] }).streams.length).toBe(2);
  });

  test("takes a plain answer for a frame", async () => {
    const { error, gives } = await tail("/plain", "{ timeout = 0.2 }");
    expect(error).toBeUndefined();
    expect(gives).toEqual({ streams: frames[0]!.streams, dropped_entries: [] });
  });

  test("raises when the handshake is refused", async () => {
    const { error } = await tail("/refused", "{}");
    expect(error).toMatch(/^loki: GET \/loki\/api\/v1\/tail HTTP 403: /);
  });
});
