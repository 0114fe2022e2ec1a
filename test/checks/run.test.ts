import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import type { CheckResult, Report } from "../../cli/checks/result.ts";
import { assay, readUntil, start } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type Fixture, serve } from "../support/server.ts";

const folder = temporaryFolder();
let server: Fixture;
let flaky = 0;
let cleaned = 0;

beforeAll(() => {
  server = serve({
    "/health": () =>
      Response.json(
        { status: "healthy", id: 7, items: [1, 2], none: null, big: 1 },
        { headers: { "X-Version": "1.2" } },
      ),
    "/flaky": () => new Response(`${++flaky}`, { status: flaky % 3 === 0 ? 200 : 503 }),
    "/count": () => Response.json({ n: ++flaky }),
    "/silent": () => new Promise(() => {}),
    "/broken": () => new Response("it broke: \x1b[31m::error::x ]]> <b>", { status: 500 }),
    "/big": () => new Response("x".repeat(5_000_000), { status: 500 }),
    "/text": () => new Response("hello"),
    "/empty": () => new Response(""),
    "/echo": async (request) =>
      Response.json({
        method: request.method,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      }),
    "/clean": () => new Response(`${++cleaned}`),
    "/redirect": () => new Response(null, { status: 302, headers: { Location: "/text" } }),
    "/api/v1/query": async (request) => {
      const query = new URLSearchParams(await request.text()).get("query");
      const vector = (...values: string[]) =>
        values.map((value, i) => ({ metric: { __name__: "m", i: `${i}` }, value: [1, value] }));
      const results: Record<string, unknown> = {
        one: vector("0.92"),
        two: vector("1", "5"),
        nan: vector("NaN"),
        none: [],
      };
      if (query === "bad")
        return Response.json({ status: "error", errorType: "bad_data", error: "parse error" }, { status: 400 });
      if (query === "scalar")
        return Response.json({ status: "success", data: { resultType: "scalar", result: [1, "3"] } });
      return Response.json({ status: "success", data: { resultType: "vector", result: results[query ?? ""] } });
    },
  });
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

interface RanChecks {
  readonly status: number | null;
  readonly report: Report;
  readonly stderr: string;
  /** By name. */
  readonly results: Readonly<Record<string, CheckResult>>;
}

/** Runs a file whose `URL` stands for the fixture's address. */
async function run(yaml: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<RanChecks> {
  const file = folder.write("run.yaml", yaml.replaceAll("URL", server.url));
  const ran = await assay([file, "--format", "json", ...args], { env });
  let report: Report;
  try {
    report = JSON.parse(ran.stdout);
  } catch {
    throw new Error(`no document: ${ran.stdout}${ran.stderr}`);
  }
  return {
    status: ran.status,
    report,
    stderr: ran.stderr,
    results: Object.fromEntries(report.results.map((one) => [one.name, one])),
  };
}

describe("http checks (K01, K08)", () => {
  const rows: readonly [what: string, check: string, error: string | RegExp | undefined][] = [
    ["2xx by default", "url: URL/health", undefined],
    ["500", "url: URL/broken", "expected status 2xx, got 500"],
    ["status", "url: URL/broken, expect: {status: 500}", undefined],
    ["status list", "url: URL/broken, expect: {status: [404, 5xx]}", undefined],
    ["status not in list", "url: URL/text, expect: {status: [404, 5xx]}", "expected status 404 or 5xx, got 200"],
    ["json", "url: URL/health, expect: {json: '.status == \"healthy\"'}", undefined],
    ["json of several", "url: URL/health, expect: {json: [.id == 7, '.items | length == 2', .id == 7.0]}", undefined],
    ["json differs", "url: URL/health, expect: {json: '.status == \"up\"'}", 'expected .status == "up", got "healthy"'],
    ["json missing", "url: URL/health, expect: {json: .nope.x == 1}", "expected .nope.x == 1, but .nope.x is missing"],
    ["json null", "url: URL/health, expect: {json: .none == 1}", "expected .none == 1, got null"],
    [
      "json error",
      "url: URL/health, expect: {json: .id.x == 1}",
      /^\.id\.x == 1: Cannot index number with string "x"$/,
    ],
    ["not json", "url: URL/text, expect: {json: .a}", 'the body is not JSON (it begins with "hello")'],
    ["no body", "url: URL/empty, expect: {json: .a}", "the body is empty, not JSON"],
    ["body", "url: URL/text, expect: {body: ell, body_matches: '^h.*o$'}", undefined],
    ["other body", "url: URL/text, expect: {body: [hell, nope]}", 'expected "nope" in the body'],
    ["other pattern", "url: URL/text, expect: {body_matches: '^o'}", 'expected a body that matches "^o"'],
    [
      "header",
      "url: URL/health, expect: {headers: {x-version: '1.2', X-Nope: false, Content-Type: {contains: json}, x-VERSION: {matches: '^1'}}}",
      undefined,
    ],
    [
      "other header",
      "url: URL/health, expect: {headers: {X-Version: '1.3'}}",
      'expected header X-Version to be "1.3", got "1.2"',
    ],
    ["missing header", "url: URL/health, expect: {headers: {X-Nope: true}}", "expected a header X-Nope, got none"],
    ["max_ms", "url: URL/health, expect: {max_ms: 0}", /^expected an answer within 0 ms, took \d+ ms$/],
    ["redirect followed", "url: URL/redirect, expect: {body: hello}", undefined],
    [
      "redirect not followed",
      "url: URL/redirect, follow: false, expect: {status: 302, headers: {location: /text}}",
      undefined,
    ],
    [
      "json body",
      'url: URL/echo, method: POST, json: {a: [1]}, expect: {json: [\'.body == "{\\"a\\":[1]}"\', \'.headers["content-type"] == "application/json"\']}',
      undefined,
    ],
    ["refused", "url: 'http://127.0.0.1:1/'", "GET http://127.0.0.1:1/: connection refused"],
    ["time limit", "url: URL/silent, timeout: 100ms", "timed out after 100ms"],
    [
      "basic auth",
      "url: URL/echo, auth: {user: u, password: pw-secret}, expect: {json: '.headers.authorization == \"Basic dTpwdy1zZWNyZXQ=\"'}",
      undefined,
    ],
  ];

  test("each row", async () => {
    const checks = rows.map(([what, check]) => `  - {name: ${JSON.stringify(what)}, type: http, ${check}}\n`).join("");
    const { report, status } = await run(`parallel: 8\nchecks:\n${checks}`);
    const got = Object.fromEntries(report.results.map((result) => [result.name, result.error]));
    for (const [what, , error] of rows) {
      if (error instanceof RegExp) expect([what, got[what]]).toEqual([what, expect.stringMatching(error)]);
      else expect([what, got[what]]).toEqual([what, error]);
    }
    expect(report.results.map((result) => result.name)).toEqual(rows.map(([what]) => what));
    expect(status).toBe(1);
  });

  test("K20: a failure shows an excerpt of the response", async () => {
    const { results } = await run("checks: [{name: a, type: http, url: URL/big}]");
    const { response } = results.a!.details as { response: { status: number; body: string; body_bytes: number } };
    expect(response.status).toBe(500);
    expect(response.body).toHaveLength(2048);
    expect(response.body_bytes).toBe(5_000_000);
  });
});

describe("prometheus checks (K10)", () => {
  const rows: readonly [query: string, expect: string, error: string | undefined][] = [
    ["one", "{max: 1}", undefined],
    ["one", "{max: 0.8}", "expected max 0.8, got 0.92"],
    ["one", "{min: 1}", "expected min 1, got 0.92"],
    ["one", "{equals: 0.92, series: 1}", undefined],
    ["two", "{max: 2}", undefined],
    ["two", "{max: 2, all: true}", 'expected max 2, got 5 for m{i="1"}'],
    ["two", "{series: {min: 3}}", "expected min 3, got 2 series"],
    ["nan", "{min: 0}", "expected min 0, got NaN"],
    ["nan", "{max: 0}", "expected max 0, got NaN"],
    ["none", "{min: 0}", "the query returned no data"],
    ["none", "{empty: true, min: 1}", undefined],
    ["none", "{series: 0}", undefined],
    ["two", "{empty: true}", "expected no data, got 2 series"],
    ["scalar", "{equals: 3}", undefined],
    ["bad", "{min: 0}", "query failed: parse error"],
  ];
  test("each row", async () => {
    const checks = rows.map(
      ([query, expectation], i) =>
        `  - {name: r${i}, type: prometheus, url: URL/, query: ${query}, expect: ${expectation}}\n`,
    );
    const { report } = await run(`parallel: true\nchecks:\n${checks.join("")}`);
    expect(report.results.map((result) => result.error)).toEqual(rows.map(([, , error]) => error));
  });
});

describe("K11: script checks", () => {
  const rows: readonly [what: string, script: string, status: string, error?: string | RegExp][] = [
    ["passes", "assert(true)", "passed"],
    ["raises", "error('boom')", "failed", "script:1: boom"],
    ["raises a table", "error({ code = 1 })", "failed", "{code = 1}"],
    ["raises nil", "error()", "failed", /nil|no error object/],
    ["returns false", "return false", "failed", "the script returned false"],
    ["cannot exit", "os.exit(0)", "failed", /attempt to call a nil value \(field 'exit'\)/],
    ["asserts", "assert.eq(1, 2, 'numbers')", "failed", "script:1: assert.eq failed: expected 2, got 1 - numbers"],
    ["never ends", "while true do end", "failed", "timed out after 200ms"],
    [
      "never ends in pcall",
      "while true do pcall(function() while true do end end) end",
      "failed",
      "timed out after 200ms",
    ],
    // No timer goes off during one call of native code (T04, K14).
    ["never ends in a pattern", "assert(('a'):rep(60000):find('.-.-.-b'))", "failed", "timed out after 200ms"],
    ["sleeps", "sleep(100)", "failed", "timed out after 200ms"],
    [
      "eats memory",
      "local t = {} for i = 1, math.huge do t[i] = ('x'):rep(1000) .. i end",
      "failed",
      /not enough memory/,
    ],
    ["own globals", "assert(x == nil) x = 1", "passed"],
    ["own globals again", "assert(x == nil) x = 1", "passed"],
    [
      "no other builtins",
      "assert(fs == nil and db == nil and crypto == nil and async == nil and ws == nil and io == nil and debug == nil and _G.regex == nil)",
      "passed",
    ],
    ["the builtins of checks", "assert(http and log and assert and env and sleep and time)", "passed"],
  ];
  test("each row", async () => {
    const checks = rows.map(
      ([what, script]) =>
        `  - {name: ${what}, type: script, timeout: ${/never|sleep/.test(what) ? "200ms" : "20s"}, script: ${JSON.stringify(script)}}\n`,
    );
    const { report } = await run(`parallel: 4\nchecks:\n${checks.join("")}`);
    for (const [i, [what, , status, error]] of rows.entries()) {
      const result = report.results[i]!;
      expect([what, result.status]).toEqual([what, status]);
      if (error instanceof RegExp) expect(result.error).toMatch(error);
      else expect([what, result.error]).toEqual([what, error]);
    }
  });

  test("args, env, output, print and modules beside the script", async () => {
    folder.write(
      "scripts/verify.lua",
      'local m = require("beside")\nprint("printed", ...)\nlog.info("logged")\nassert(env.get("MODE") == "prod-mode" and arg[0] == "scripts/verify.lua")\nreturn { m = m.n, list = { 1, 2.5 }, text = "\\u{e4}" }\n',
    );
    folder.write("scripts/beside.lua", "return { n = 3 }\n");
    const { results, stderr, report } = await run(
      "checks: [{name: a, type: script, file: scripts/verify.lua, args: [x, 2], env: {MODE: prod-mode}}]",
    );
    expect(results.a).toMatchObject({ status: "passed", output: { m: 3, list: [1, 2.5], text: "ä" } });
    expect(stderr).toContain("a: printed\\tx\\t2\n");
    expect(stderr).toContain("logged");
    expect(report.passed).toBe(1);
  });

  const NOTHING = "the script asserts nothing: it can only fail by accident";
  const NONE_RAN = "none of the script's assertions ran";
  test.each([
    ["local x = 1", NOTHING],
    ["-- assert(true)\nlocal x = 'error(1)' .. [[assert.eq(1, 1)]]", NOTHING],
    ["log.error('no assertion')", NOTHING],
    ["return {status = 'ok'}", NOTHING],
    ["assert(true)", undefined],
    ["assert.eq(1, 1)", undefined],
    ["local a = ... assert(a == nil)", undefined],
    ["local eq = assert.eq\neq({a = 1}, {a = 1})", undefined],
    ["if time() < 0 then error('too early') end", undefined],
    ["for _, x in ipairs({}) do assert.gt(x, 0) end", NONE_RAN],
    ["if time() < 0 then assert(false) end", NONE_RAN],
    ["require('assay.healthcheck')", undefined],
    ["return true", undefined],
  ])("what a script asserts: %s", async (script, warning) => {
    const { results, status } = await run(`checks: [{name: a, type: script, script: ${JSON.stringify(script)}}]`);
    expect(results.a!.warnings).toEqual(warning === undefined ? undefined : [warning]);
    expect(status).toBe(0);
  });

  test("K14, K20: a script that prints too much is cut", async () => {
    const { results, stderr } = await run(`checks:
  - {name: loud, type: script, script: "for i = 1, 100000 do print(('x'):rep(1000)) end error('end')"}`);
    expect(stderr.length).toBeLessThan(600_000);
    expect(stderr).toContain("the rest of what this check prints is dropped");
    expect((results.loud!.details as { printed: string }).printed.length).toBeLessThanOrEqual(2048);
  });
});

describe("attempts", () => {
  test("K13: fails twice and passes third", async () => {
    flaky = 0;
    const { status, report } = await run("retries: 2\nbackoff: 10ms\nchecks: [{name: a, type: http, url: URL/flaky}]");
    expect(status).toBe(0);
    expect(report).toMatchObject({ passed: 1, failed: 0, skipped: 0, total: 1 });
    expect(report.results).toHaveLength(1);
    expect(report.results[0]).toMatchObject({ name: "a", status: "passed", attempts: 3 });
    expect(report.results[0]!.total_ms).toBeGreaterThanOrEqual(20);
    expect(report.results[0]!.history).toHaveLength(3);
  });

  test("retries are further attempts", async () => {
    const { report } = await run("checks: [{name: a, type: http, url: URL/broken, retries: 2, backoff: 1ms}]");
    expect(report.results[0]).toMatchObject({ status: "failed", attempts: 3, error: "expected status 2xx, got 500" });
  });

  test("until, for the whole file", async () => {
    flaky = 0;
    const { report } = await run("until: .json.n >= 3\nbackoff: 1ms\nchecks: [{name: a, type: http, url: URL/count}]");
    expect(report.results[0]).toMatchObject({ status: "passed", attempts: 3 });
    const wrong = await assay([
      folder.write("until.yaml", 'until: ".n >"\nchecks: [{name: a, type: tcp, host: h, port: 1}]'),
    ]);
    expect(wrong.stderr).toContain("until.yaml:1:8: until: not a jq expression: ");
  });

  test("until", async () => {
    flaky = 0;
    const { results } = await run(`checks:
  - {name: a, type: http, url: URL/count, until: .json.n >= 3, backoff: 1ms}
  - {name: b, type: http, url: URL/health, until: .json.id == 8, backoff: 300ms, timeout: 1s}`);
    expect(results.a).toMatchObject({ status: "passed", attempts: 3 });
    expect(results.b).toMatchObject({
      status: "failed",
      error: "timed out after 1s: until .json.id == 8: got false",
    });
  });
});

describe("checks that depend on each other", () => {
  test("captures go to checks that need them, and from step to step", async () => {
    const { results, status } = await run(`
parallel: true
checks:
  - {name: use, type: http, needs: make, url: "URL/echo", method: POST, json: {id: "\${{ captures.id }}", text: "n\${{ captures.id }}"}, expect: {json: '.body == "{\\"id\\":7,\\"text\\":\\"n7\\"}"'}}
  - {name: make, type: http, url: URL/health, capture: {id: .json.id}}
  - name: steps
    steps:
      - {url: URL/health, capture: {version: '.headers["x-version"]'}}
      - {url: URL/echo, method: POST, body: "v\${{ captures.version }}", expect: {json: '.body == "v1.2"'}}
      - {name: third, url: URL/broken}
  - {name: nothing, type: http, url: URL/health, capture: {x: .json.none}}
`);
    expect(results.use).toMatchObject({ status: "passed" });
    expect(results.steps).toMatchObject({ status: "failed", error: "third: expected status 2xx, got 500" });
    expect(results.nothing).toMatchObject({ status: "failed", error: "capture x: .json.none gives null" });
    expect(status).toBe(1);
  });

  test("K16: what needs a check that did not pass is skipped, and the run fails", async () => {
    const { report, results, status } = await run(`
checks:
  - {name: grandchild, type: http, url: URL/health, needs: child}
  - {name: child, type: http, url: URL/health, needs: parent}
  - {name: parent, type: http, url: URL/broken}
`);
    expect(report).toMatchObject({ passed: 0, failed: 1, skipped: 2, total: 3 });
    expect(results.child).toMatchObject({ status: "skipped", reason: "needs parent, which failed", attempts: 0 });
    expect(results.grandchild).toMatchObject({ status: "skipped", reason: "needs child, which was skipped" });
    expect(status).toBe(1);
  });

  test("if", async () => {
    const { results, status } = await run(`
vars: {env: prod, n: 3}
checks:
  - {name: yes, type: http, url: URL/health, if: '.env == "prod" and .vars.n == 3'}
  - {name: no, type: http, url: URL/broken, if: '.env == "test"'}
`);
    expect(results.yes!.status).toBe("passed");
    expect(results.no).toMatchObject({ status: "skipped", reason: 'if: .env == "test" is false' });
    expect(status).toBe(0);
  });

  test("a run in which everything is skipped is no success", async () => {
    expect((await run("checks: [{name: a, type: http, url: URL/health, if: 'false'}]")).status).toBe(1);
  });

  test("--fail-fast starts nothing after a failure", async () => {
    const { results, status } = await run(
      "checks: [{name: a, type: http, url: URL/broken}, {name: b, type: http, url: URL/health}]",
      ["--fail-fast"],
    );
    expect(results.b).toMatchObject({ status: "skipped", reason: "not started: a failed (--fail-fast)" });
    expect(status).toBe(1);
  });
});

describe("clean-up", () => {
  test("K17: runs after success and failure, is reported apart, and may fail", async () => {
    cleaned = 0;
    const { results, status } = await run(`
checks:
  - {name: good, type: http, url: URL/health, cleanup: [{url: URL/clean}]}
  - {name: bad, type: http, url: URL/broken, cleanup: [{url: URL/broken, name: first}, {url: URL/clean}]}
  - {name: script, type: script, script: "error('x')", cleanup: [{script: "assert(true)"}]}
`);
    expect(cleaned).toBe(2);
    expect(results.good).toMatchObject({ status: "passed", cleanup: { status: "passed" } });
    expect(results.bad).toMatchObject({
      status: "failed",
      error: "expected status 2xx, got 500",
      cleanup: { status: "failed", error: "first: expected status 2xx, got 500" },
    });
    expect(results.script).toMatchObject({ status: "failed", cleanup: { status: "passed" } });
    expect(status).toBe(1);
  });
});

describe("the end of a run", () => {
  test("T04: the global timeout comes during native code, too", async () => {
    const { report, status } = await run(
      "timeout: 300ms\nchecks: [{name: a, type: script, script: 'table.move({}, 1, 1 << 50, 2) assert(true)'}]\n",
    );
    expect(status).toBe(1);
    expect(report.results[0]!.error).toBe("global timeout of 300ms exceeded");
  });

  test("the global timeout stops what runs, and the document is complete", async () => {
    const { report, status } = await run(`
timeout: 300ms
parallel: 3
checks:
  - {name: done, type: http, url: URL/health}
  - {name: loop, type: script, script: "while true do end"}
  - {name: waiting, type: http, url: URL/silent}
  - {name: retrying, type: http, url: URL/broken, retries: 9, backoff: 10s}
  - {name: later, type: http, url: URL/silent}
`);
    expect(report.results.map((result) => [result.name, result.status, result.error ?? result.reason])).toEqual([
      ["done", "passed", undefined],
      ["loop", "failed", "global timeout of 0.3s exceeded"].map((text) => text.replace("0.3s", "300ms")),
      ["waiting", "failed", "global timeout of 300ms exceeded"],
      ["retrying", "failed", "global timeout of 300ms exceeded"],
      ["later", "skipped", "not started: global timeout of 300ms exceeded"],
    ]);
    expect(report.stopped).toBe("global timeout of 300ms exceeded");
    expect(status).toBe(1);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("%s: the document is printed, clean-up runs", async (signal, status) => {
    cleaned = 0;
    const file = folder.write(
      "signal.yaml",
      `
checks:
  - {name: done, type: http, url: ${server.url}/health}
  - {name: hangs, type: script, script: "print('ready') while true do end", cleanup: [{type: http, url: "${server.url}/clean"}]}
  - {name: later, type: http, url: ${server.url}/health}
`,
    );
    const process = start([file, "--format", "json"]);
    await readUntil(process.stderr, "ready");
    process.kill(signal);
    const report = JSON.parse(await new Response(process.stdout).text()) as Report;
    expect(await process.exited).toBe(status);
    expect(report.results.map((result) => [result.status, result.error ?? result.reason])).toEqual([
      ["passed", undefined],
      ["failed", `stopped by ${signal}`],
      ["skipped", `not started: stopped by ${signal}`],
    ]);
    expect(report.results[1]!.cleanup?.status).toBe("passed");
    expect(cleaned).toBe(1);
  });

  test("K14: 500 checks, 8 at a time: one hangs, one exhausts its memory, one prints without end", async () => {
    const checks = Array.from({ length: 500 }, (_, i) => {
      if (i === 100) return `  - {name: c100, type: http, url: URL/silent, timeout: 300ms}\n`;
      if (i === 200) return `  - {name: c200, type: script, script: "local t = {} while true do t[#t + 1] = {} end"}\n`;
      if (i === 300)
        return `  - {name: c300, type: script, timeout: 1s, script: "while true do print(('y'):rep(10000)) end"}\n`;
      return `  - {name: c${i}, type: ${i % 2 === 0 ? "http, url: URL/health, expect: {json: .id == 7}" : 'script, script: "assert(1)"'}}\n`;
    });
    const { report } = await run(`parallel: 8\nchecks:\n${checks.join("")}`);
    expect(report).toMatchObject({ passed: 497, failed: 3, total: 500 });
    expect(report.results.map((result) => result.name)).toEqual(checks.map((_, i) => `c${i}`));
  }, 30_000);
});

test("--watch runs again and again until a signal", async () => {
  const file = folder.write("watch.yaml", `checks: [{name: a, type: http, url: "${server.url}/text"}]\n`);
  const before = server.count("/text");
  const process = start([file, "--watch", "50ms", "--format", "ndjson"]);
  while (server.count("/text") < before + 3) await Bun.sleep(10);
  process.kill("SIGTERM");
  const lines = (await new Response(process.stdout).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.filter((line) => line.type === "summary").length).toBeGreaterThanOrEqual(3);
  expect([0, 143]).toContain(await process.exited);
});

test("--watch opens the file of --audit once", async () => {
  const file = folder.write("watch.yaml", `checks: [{name: a, type: http, url: "${server.url}/text"}]\n`);
  const audit = folder.write("audit.jsonl", "");
  const before = server.count("/text");
  const process = start([file, "--watch", "10ms", "--format", "ndjson", "--audit", audit]);
  while (server.count("/text") < before + 5) await Bun.sleep(10);
  const open = readdirSync(`/proc/${process.pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${process.pid}/fd/${fd}`) === audit;
    } catch {
      return false; // closed meanwhile
    }
  });
  process.kill("SIGTERM");
  await process.exited;
  expect(open).toHaveLength(1);
  const lines = (await Bun.file(audit).text()).trim().split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(5);
});

test("permissions narrow checks and their scripts", async () => {
  const { results } = await run(
    `checks:
  - {name: http, type: http, url: URL/text}
  - {name: script, type: script, script: "http.get('URL/text')"}
  - {name: other, type: http, url: "http://localhost:1/"}`,
    [`--allow-net=${new URL(server.url).host}`],
  );
  expect(results.http!.status).toBe("passed");
  expect(results.script!.status).toBe("passed");
  expect(results.other!.error).toMatch(/network access to localhost:1 .*is not allowed \(--allow-net\)/);
});

describe("secrets", () => {
  test("are masked in every output, in every form", async () => {
    const { report, stderr } = await run(
      `
secrets: [API_KEY]
checks:
  - {name: a, type: script, env: {DB: "postgres://u:hunter2@db/x"}, script: "print(env.get('DB')) error('cannot reach ' .. env.get('DB') .. ' with ' .. env.get('API_KEY') .. ' ' .. base64.encode(env.get('API_KEY')))"}
  - {name: b, type: http, url: URL/echo, headers: {Authorization: "Bearer tok-12345", X-My-Token: "abcdef", Cookie: "sid=987654"}, expect: {status: 201}}
  - {name: c, type: http, url: "URL/echo?key=\${{ env.API_KEY }}", expect: {status: 201}}
`,
      [],
      { API_KEY: "k3y/with+signs" },
    );
    const all = JSON.stringify(report) + stderr;
    for (const secret of [
      "hunter2",
      "k3y/with+signs",
      "azN5L3dpdGgrc2lnbnM",
      "k3y%2Fwith",
      "tok-12345",
      "abcdef",
      "987654",
    ]) {
      expect(all).not.toContain(secret);
    }
    expect(all).toContain("***");
  });

  test("--dry-run shows what would run, without them", async () => {
    const file = folder.write(
      "dry.yaml",
      `secrets: [API_KEY]\nchecks: [{name: a, type: http, url: "http://user:pass-word@x/\${{ env.API_KEY }}", auth: {bearer: tok-abc}}]`,
    );
    const ran = await assay([file, "--dry-run"], { env: { API_KEY: "sesame" } });
    expect(ran.status).toBe(0);
    const plan = JSON.parse(ran.stdout);
    expect(plan.checks[0]).toMatchObject({
      name: "a",
      type: "http",
      url: "http://user:***@x/***",
      auth: { bearer: "***" },
    });
  });
});

describe("selection", () => {
  const yaml = `
checks:
  - {name: web-1, type: script, script: "assert(1)", tags: [web, fast]}
  - {name: web-2, type: script, script: "assert(1)", tags: web, needs: db}
  - {name: db, type: script, script: "assert(1)", tags: [slow]}
  - {name: other, type: script, script: "assert(1)"}
`;
  const rows: readonly [args: string[], names: string[]][] = [
    [["--only", "web-1"], ["web-1"]],
    [
      ["--only", "web-1,other"],
      ["web-1", "other"],
    ],
    [
      ["--only", "web-2"],
      ["web-2", "db"],
    ],
    [
      ["--only", "web*"],
      ["web-1", "web-2", "db"],
    ],
    [
      ["--tag", "fast", "--tag", "slow"],
      ["web-1", "db"],
    ],
    [
      ["--shard", "1/2"],
      ["web-1", "db"],
    ],
    [
      ["--shard", "2/2"],
      ["web-2", "other"],
    ],
    [["--shard", "4/4"], ["other"]],
    [["--shard", "9/9"], []],
  ];
  test.each(rows)("%j", async (args, names) => {
    const { report, status } = await run(yaml, args);
    expect(report.results.map((result) => result.name)).toEqual(names);
    expect(status).toBe(0);
  });

  test("the shard of an Indexed Job", async () => {
    const { report } = await run(yaml, [], { JOB_COMPLETION_INDEX: "1", ASSAY_SHARDS: "2" });
    expect(report.shard).toBe("2/2");
    expect(report.results.map((result) => result.name)).toEqual(["web-2", "other"]);
  });

  test("nothing selected is an error", async () => {
    const file = folder.write("none.yaml", yaml);
    const only = await assay([file, "--only", "wbe-1"]);
    expect(only).toMatchObject({
      status: 3,
      stdout: "",
      stderr: 'error: --only: no check is named "wbe-1" (did you mean "web-1"?)\n',
    });
    expect((await assay([file, "--tag", "nope"])).status).toBe(3);
    expect((await assay([file, "--shard", "3/2"])).status).toBe(2);
    expect((await assay([file, "second.yaml"])).status).toBe(2);
  });
});
