/** `assay._http`: what the modules for products share (stdlib specification, README). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Fixture, json, script, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

async function value(source: string): Promise<unknown> {
  const { results, error } = await script(`local H = require("assay._http") ${source}`, server);
  if (error !== undefined) return `! ${error}`;
  return results[0];
}

describe("encoding, §3", () => {
  test.each([
    [`H.seg("a b/c%d")`, "a%20b%2Fc%25d"],
    [`H.seg("sha256:ab@x")`, "sha256:ab@x"],
    [`H.seg("-._~!$&'()*+,;=:@")`, "-._~!$&'()*+,;=:@"],
    [`H.seg("é?#[]")`, "%C3%A9%3F%23%5B%5D"],
    [`H.seg(42)`, "42"],
    [`H.seg("..")`, "! invalid path segment '..'"],
    [`H.seg(".")`, "! invalid path segment '.'"],
    [`H.seg("...")`, "..."],
    [`H.seg("")`, "! a path segment must not be empty"],
    [`H.seg(nil)`, "! a path segment must be a string (got nil)"],
    [`H.strict("https://h:1/x.git")`, "https%3A%2F%2Fh%3A1%2Fx.git"],
    [`H.strict(H.strict("a/b"))`, "a%252Fb"],
    [`H.segs("/a b/c:d/")`, "a%20b/c:d"],
    [`H.segs("a//b")`, "! a path segment must not be empty"],
    [`H.segs("a/../b")`, "! invalid path segment '..'"],
    [
      `H.query{ { "a", "x y+z" }, { "match[]", { "p", "q=1" } }, { "n" }, { "f", false }, { "t", 1.7e18 } }`,
      "?a=x%20y%2Bz&match%5B%5D=p&match%5B%5D=q%3D1&f=false&t=1700000000000000000",
    ],
    [`H.query{}`, ""],
    [`H.num(1.5)`, "1.5"],
    [`H.num(1.0)`, "1"],
    [`H.num(0.1 + 0.2)`, "0.3"],
    [`H.num(-0.0)`, "0"],
    [`H.num(1e-12)`, "0"],
    [`H.num(9007199254740993)`, "9007199254740993"],
    [`H.num(1e21)`, "1000000000000000000000"],
    [`H.num(100.0000000001)`, "100"],
  ])("%s", async (source, expected) => {
    expect(await value(`return ${source}`)).toBe(expected);
  });
});

describe("times, §13", () => {
  test.each([
    [`H.rfc3339(0)`, "1970-01-01T00:00:00Z"],
    [`H.rfc3339(1709209845.678)`, "2024-02-29T12:30:45.678Z"],
    [`H.rfc3339(-1)`, "1969-12-31T23:59:59Z"],
    [`tostring(H.parse_time("2024-02-29T12:30:45.678Z"))`, "1709209845.678"],
    [`tostring(H.parse_time("2024-02-29T14:30:45+02:00"))`, "1709209845.0"],
    [`tostring(H.parse_time("2024-02-29t12:30:45.123456789z"))`, "1709209845.1234567"],
    [`tostring(H.parse_time("2024-02-30"))`, "nil"],
    [`tostring(H.parse_time("2024-13-01T00:00:00Z"))`, "nil"],
    [`tostring(H.parse_time(nil))`, "nil"],
  ])("%s", async (source, expected) => {
    expect(await value(`return ${source}`)).toBe(expected);
  });

  test("days of 400 years survive the way there and back", async () => {
    const source = `for day = -80000, 66000, 29 do
      local t = day * 86400
      if H.parse_time(H.rfc3339(t)) ~= t then return day end
    end return "all"`;
    expect(await value(source)).toBe("all");
  });
});

describe("clients, §2 to §6", () => {
  const client = `local M = {} local spec = { name = "demo", methods = M, groups = { things = { "all", get = "one" } } }
    function M.one(c, name) return (H.get(c, "/things/" .. H.seg(name))) end
    function M.all(c) return (H.list(c, "/things")) end
    local function make(...) return H.client(spec, ...) end `;

  interface Row {
    source: string;
    target?: string;
    headers?: Record<string, string | undefined>;
    body?: string;
    result?: unknown;
  }
  const rows: Record<string, Row> = {
    "trailing slashes go, a prefix stays": {
      source: `make(URL .. "/pre/fix///"):one("x")`,
      target: "GET /pre/fix/things/x",
      headers: { authorization: undefined, accept: "application/json", "content-type": undefined },
    },
    token: { source: `make(URL, " abc\\n"):one("x")`, headers: { authorization: "Bearer abc" } },
    "token in options": { source: `make(URL, { token = "abc" }):one("x")`, headers: { authorization: "Bearer abc" } },
    "token and options": {
      source: `make(URL, "abc", { headers = { ["X-Scope-OrgID"] = "t" } }):one("x")`,
      headers: { authorization: "Bearer abc", "x-scope-orgid": "t" },
    },
    "empty token": { source: `make(URL, ""):one("x")`, headers: { authorization: undefined } },
    "token function": {
      source: `make(URL, function() return "from fn" end):one("x")`,
      headers: { authorization: "Bearer from fn" },
    },
    "token replaced on a live client": {
      source: `(function() local c = make(URL, "old"); c.token = "new"; return c:one("x") end)()`,
      headers: { authorization: "Bearer new" },
    },
    basic: {
      source: `make(URL, { username = "u", password = "pä" }):one("x")`,
      headers: { authorization: `Basic ${Buffer.from("u:pä").toString("base64")}` },
    },
    "bearer wins over basic": {
      source: `make(URL, { username = "u", password = "p", token = "t" }):one("x")`,
      headers: { authorization: "Bearer t" },
    },
    "credentials in the URL": {
      source: `make((URL:gsub("//", "//us%%40er:p%%3Aw@"))):one("x")`,
      headers: { authorization: `Basic ${Buffer.from("us@er:p:w").toString("base64")}` },
    },
    "an explicit header replaces the module's": {
      source: `make(URL, "abc", { headers = { authorization = "Custom x", ACCEPT = "text/plain" } }):one("x")`,
      headers: { authorization: "Custom x", accept: "text/plain" },
    },
    group: { source: `make(URL).things:get("a b")`, target: "GET /things/a%20b" },
    "callable group": { source: `make(URL):things()`, target: "GET /things" },
    "pulled out": { source: `(function() local c = make(URL); return c.things(c) end)()`, target: "GET /things" },
    body: {
      source: `(H.post(make(URL), "/p", { a = 1.0, list = { 2.0, 2.5 }, o = H.object() }))`,
      target: "POST /p",
      headers: { "content-type": "application/json" },
      body: `{"a":1,"list":[2,2.5],"o":{}}`,
    },
    "empty object": { source: `(H.post(make(URL), "/p", H.object()))`, body: "{}" },
    "target table": {
      source: `(H.get(H.target(spec, { url = URL .. "/", token = "t" }), "/x"))`,
      target: "GET /x",
      headers: { authorization: "Bearer t" },
    },
    "empty body gives nil": { source: `tostring(make(URL):one("empty"))`, result: "nil" },
  };
  for (const [name, row] of Object.entries(rows)) {
    test(name, async () => {
      server.reset({ "*": json({ fine: true }), "GET /things/empty": { status: 200 } });
      const { error, results } = await script(
        `local H = require("assay._http") ${client} return ${row.source}`,
        server,
      );
      expect(error).toBeUndefined();
      const call = server.calls[0]!;
      if (row.target !== undefined) expect(server.asked).toEqual([row.target]);
      for (const [key, expected] of Object.entries(row.headers ?? {})) expect(call.headers[key]).toBe(expected!);
      if (row.body !== undefined) expect(call.body).toBe(row.body);
      if ("result" in row) expect(results[0] as unknown).toEqual(row.result);
    });
  }

  test.each([
    ["ftp://h/x", "! demo: invalid url 'ftp://h/x'"],
    ["h:80", "! demo: invalid url 'h:80'"],
    ["http://", "! demo: invalid url 'http://'"],
    ["http://u:secret@", "! demo: invalid url 'http://'"],
    ["http://h:99999", "! demo: invalid url 'http://h:99999'"],
    ["http://h?x=1", "! demo: invalid url 'http://h?x=1'"],
  ])("invalid url %s", async (url, expected) => {
    expect(await value(`${client} make(${JSON.stringify(url)})`)).toBe(expected);
  });

  test("no url", async () => expect(await value(`${client} make(nil)`)).toBe("! demo: invalid url 'nil'"));
});

describe("failures, §7 and §8", () => {
  const specs = `local path = { name = "path" } local call = { name = "call", style = "call" } local verb = { name = "verb", style = "verb" } `;
  const get = (spec: string, more = "") =>
    `return (H.get(H.target(${spec}, URL), "/x", { fn = "query", query = { { "q", "a b" } } ${more} }))`;
  test.each([
    ["path", `path: GET /x?q=a%20b HTTP 500: boom`],
    ["call", `call.query: HTTP 500: boom`],
    ["verb", `verb.query: HTTP 500 /x?q=a%20b: boom`],
  ])("style %s", async (spec, expected) => {
    server.reset({ "*": text("boom", 500) });
    expect(await value(specs + get(spec))).toBe(`! ${expected}`);
  });

  test.each([
    ["pseudo-method", `, as = "LIST"`, "! path: LIST /x?q=a%20b HTTP 404: 404 page not found\n"],
    ["path without query", `, hide_query = true`, "! path: GET /x HTTP 404: 404 page not found\n"],
    ["missing", `, missing = true`, undefined],
    ["other success", `, ok = 404, raw = true`, "404 page not found\n"],
    ["list of successes", `, ok = { 200, 404 }, lenient = true`, "404 page not found\n"],
  ])("%s", async (_, more, expected) => {
    server.reset({});
    expect(await value(specs + get("path", more))).toBe(expected);
  });

  test("a long body is cut", async () => {
    server.reset({ "*": text("é".repeat(5000), 400) });
    expect(await value(specs + get("call"))).toBe(`! call.query: HTTP 400: ${"é".repeat(2048)} …(10000 bytes)`);
  });

  test("a page instead of JSON", async () => {
    server.reset({ "*": text(`<html>${"x".repeat(300)}`, 200, "text/html") });
    expect(await value(specs + get("path"))).toBe(
      `! path: GET /x?q=a%20b: invalid JSON in response (content-type text/html): <html>${"x".repeat(194)}`,
    );
  });

  test("a secret that the server repeats", async () => {
    server.reset({ "*": text("bad token sesame-1 sesame-1", 401) });
    const source = `return (H.get(H.client(path, URL, "sesame-1"), "/x"))`;
    expect(await value(specs + source)).toBe("! path: GET /x HTTP 401: bad token *** ***");
  });

  test("closed port", async () => {
    const gone = await Fixture.start();
    const { url } = gone;
    await gone.close();
    const { error } = await script(
      `local H = require("assay._http") return H.get(H.client({ name = "path" }, "${url}", "sesame-1"), "/x")`,
    );
    expect(error).toBe("path: GET /x: connection refused");
  });

  test("time-out", async () => {
    server.reset({ "*": { silent: true } });
    const { error } = await script(
      `local H = require("assay._http") ${specs} return H.get(H.target(call, { url = URL, timeout = 0.05 }), "/x", { fn = "query" })`,
      server,
    );
    expect(error).toBe("call.query: GET /x: timeout after 0.05s");
  });

  test.each([
    [
      "path: GET /x?y=1 HTTP 404: not\nfound: x",
      { module: "path", method: "GET", path: "/x?y=1", status: 404, body: "not\nfound: x" },
    ],
    ["vault: LIST /v1/a HTTP 403: ", { module: "vault", method: "LIST", path: "/v1/a", status: 403, body: "" }],
    ["prometheus.query: HTTP 400: bad", { module: "prometheus", fn: "query", status: 400, body: "bad" }],
    ["k8s.get: HTTP 404 /api: x", { module: "k8s", fn: "get", path: "/api", status: 404, body: "x" }],
    [
      "k8s.get: GET /api: timeout after 30s",
      { module: "k8s", fn: "get", method: "GET", path: "/api", body: "timeout after 30s" },
    ],
    ["vault: seal-status HTTP 503: x", { module: "vault", status: 503, body: "x" }],
    ["vault: pki ca cert HTTP 204", { module: "vault", status: 204, body: "" }],
    ["kargo.stage: name is required", {}],
    ["anything else", {}],
  ])("read back: %s", async (message, expected) => {
    server.reset({});
    const source = `local e = H.error(${JSON.stringify(message)}) or {}
      return e.module, e.fn, e.method, e.path, e.status, e.body`;
    const { results } = await script(`local H = require("assay._http") ${source}`, server);
    const names = ["module", "fn", "method", "path", "status", "body"];
    const read = Object.fromEntries(names.map((name, i) => [name, results[i]]).filter(([, one]) => one !== undefined));
    expect(read).toEqual(expected);
  });
});

describe("repetitions, §5", () => {
  const go = (options: string, method = "get") => `local H = require("assay._http")
    local ok, got = pcall(H.${method}, H.client({ name = "demo" }, URL, ${options}), "/x", ${method === "get" ? "nil" : "{}"})
    return table.concat(slept, " "), tostring(ok), type(got) == "table" and got.n or got`;
  test.each([
    ["none by default", "{}", 503, {}, "", "false", 1],
    ["doubling", "{ retries = 3 }", 503, {}, "1 2", "true", 3],
    ["first pause", "{ retries = 3, retry_delay = 0.5 }", 429, {}, "0.5 1.0", "true", 3],
    ["the server's wish", "{ retries = 3 }", 503, { "retry-after": "7" }, "7 7", "true", 3],
    ["the server's wish, capped", "{ retries = 3 }", 503, { "retry-after": "1000000000" }, "120 120", "true", 3],
    ["a date", "{ retries = 3 }", 503, { "retry-after": "Tue, 14 Nov 2023 22:13:30 GMT" }, "10 0", "true", 3],
    ["garbage", "{ retries = 3 }", 503, { "retry-after": "-1" }, "1 2", "true", 3],
    ["other statuses are answers", "{ retries = 3 }", 500, {}, "", "false", 1],
  ])("%s", async (_, options, status, headers, pauses, ok, asked) => {
    server.reset({ "*": (_call, nth) => (nth < 3 ? { status, headers, body: "busy" } : json({ n: nth })) });
    const { results } = await script(go(options), server);
    expect(results.slice(0, 2)).toEqual([pauses, ok]);
    expect(server.calls.length).toBe(asked);
  });

  test("never for POST", async () => {
    server.reset({ "*": { status: 503 } });
    await script(go("{ retries = 3 }", "post"), server);
    expect(server.calls.length).toBe(1);
  });
});

describe("waiting, §10", () => {
  const poll = (check: string, timeout = 10, interval = 4) => `local H = require("assay._http") local n = 0
    local spec = { name = "demo" } local c = H.client(spec, URL)
    local ok, got = pcall(H.poll, { timeout = ${timeout}, interval = ${interval}, message = "demo: gave up", check = function() n = n + 1 ${check} end })
    return table.concat(slept, " "), got`;
  test.each([
    ["at once", "return 'yes'", 10, "", "yes"],
    ["later", "return n == 3 and 'yes'", 10, "4 4", "yes"],
    ["the last pause is shorter", "return false, 'state ' .. n", 10, "4 4 2", "demo: gave up (last: state 4)"],
    ["once even without time", "return false", 0, "", "demo: gave up"],
    ["own errors end it", "error('demo: broken', 0)", 10, "", "demo: broken"],
  ])("%s", async (_, check, timeout, pauses, result) => {
    const { results } = await script(poll(check, timeout), server);
    expect(results as unknown[]).toEqual([pauses, result]);
  });

  test.each([
    [404, true],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
    [400, false],
    [401, false],
    [403, false],
    [409, false],
    [410, false],
    [422, false],
  ])("status %d", async (status, goesOn) => {
    server.reset({ "*": (_call, nth) => (nth < 3 ? text("no", status) : json({ done: true })) });
    const { results } = await script(poll(`return H.get(c, "/x").done`), server);
    expect(results as unknown[]).toEqual(goesOn ? ["4 4", true] : ["", `demo: GET /x HTTP ${status}: no`]);
  });

  test("broken JSON, a page and a lost connection may pass", async () => {
    server.reset({
      "*": (_call, nth) =>
        [text('{"done":', 200), text("<html>", 200, "text/html"), { ...text("{"), cut: true }, json({ done: true })][
          nth - 1
        ]!,
    });
    const { results } = await script(poll(`return H.get(c, "/x").done`, 100), server);
    expect(results as unknown[]).toEqual(["4 4 4", true]);
  });
});

describe("pages, §11", () => {
  test("until there is no more", async () => {
    const source = `local got = H.pages(function(token, n) return { (token or "first") .. n }, n < 3 and "t" .. n or nil end)
      return table.concat(got, " ")`;
    expect(await value(source)).toBe("first1 t12 t23");
  });
  test("a token that repeats ends it", async () => {
    expect(await value(`local n = 0 H.pages(function() n = n + 1 return { 1 }, "same" end) return n`)).toBe(2);
  });
  test("a thousand pages are enough", async () => {
    expect(await value(`local n = 0 H.pages(function() n = n + 1 return { 1 }, n end) return n`)).toBe(1000);
  });
});
