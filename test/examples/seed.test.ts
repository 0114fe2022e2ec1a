/** The small examples: each runs against a server of the test's own, its host names aside, and fails when it should. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Fixture, json, type Routes, text } from "../stdlib/fixture.ts";
import { assay, start } from "../support/binary.ts";
import { databases } from "../support/databases.ts";
import { copyExamples, example, freePort, runExample } from "./example.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

describe("examples that need no service", () => {
  const scripts = ["hello.lua", ...readdirSync(example(".")).filter((name) => /^check_.*\.lua$/.test(name))];
  test.each(scripts)("%s", async (name) => {
    const ran = await runExample(name);
    expect([ran.stdout, ran.status]).toEqual(["", 0]);
    expect(ran.stderr).toContain('"level":"info"');
  });
});

const vector = (value: string) =>
  json({ status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [1, value] }] } });
const targets = (...healths: string[]) =>
  json({ status: "success", data: { activeTargets: healths.map((health) => ({ health })), droppedTargets: [] } });

interface Row {
  name: string;
  hosts: Record<string, () => string>;
  env?: Record<string, string>;
  good: Routes;
  /** On standard error. */
  says: string;
  bad: Routes;
  complains: string;
}

const here = () => server.url;
const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });

const ROWS: readonly Row[] = [
  {
    name: "grafana-health.lua",
    hosts: { "http://grafana.monitoring:80": here },
    good: { "GET /api/health": json({ database: "ok", version: "11.2.0" }) },
    says: "Grafana healthy: version=11.2.0",
    bad: { "GET /api/health": json({ database: "failing", version: "11.2.0" }) },
    complains: 'assert.eq failed: expected "ok", got "failing" - Grafana database unhealthy',
  },
  {
    name: "jwt-health.lua",
    hosts: { "https://api.example.com": here },
    env: { JWT_SECRET: "a secret of more than thirty-two characters" },
    good: {
      "GET /health": ({ headers }) =>
        /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/.test(headers.authorization!) ? text("fine") : text("", 401),
    },
    says: "API healthy: fine",
    bad: { "GET /health": text("", 503) },
    complains: "expected 200, got 503 - API health check failed",
  },
  {
    name: "prometheus-query.lua",
    hosts: { "http://prometheus:9090": here },
    good: { "GET /api/v1/query?query=up": vector("3") },
    says: "Targets up: 3",
    bad: { "GET /api/v1/query?query=up": text("nope", 500) },
    complains: "prometheus.query: HTTP 500: nope",
  },
  {
    name: "prometheus-scrape.lua",
    hosts: { "http://prometheus.monitoring:9090": here },
    good: { "GET /api/v1/targets": targets("up", "down", "up"), "GET /api/v1/query?query=up": vector("1") },
    says: "Prometheus targets up: 2",
    bad: { "GET /api/v1/targets": targets("down") },
    complains: "No Prometheus targets are up",
  },
  {
    name: "loki-test.lua",
    hosts: { "http://loki.monitoring:3100": here, "monotonic() + 10": () => "monotonic() + 1" },
    good: {
      "GET /ready": text("ready"),
      "POST /loki/api/v1/push": { status: 204 },
      // Only the second question finds the line.
      "GET /loki/api/v1/query_range": (_call, nth) =>
        json({
          status: "success",
          data: { resultType: "streams", result: nth < 2 ? [] : [{ stream: {}, values: [["1", "x"]] }] },
        }),
    },
    says: "Loki works",
    bad: {
      "GET /ready": text("ready"),
      "POST /loki/api/v1/push": { status: 204 },
      "GET /loki/api/v1/query_range": json({ status: "success", data: { resultType: "streams", result: [] } }),
    },
    complains: "the line did not arrive",
  },
];

describe.each(ROWS)("$name", ({ name, hosts, env, good, says, bad, complains }) => {
  const run = async (routes: Routes) => {
    server.reset(routes);
    const replaced = Object.fromEntries(Object.entries(hosts).map(([from, to]) => [from, to()]));
    const folder = copyExamples([name], replaced);
    const ran = await assay([folder.file(name)], { env });
    folder.remove();
    return ran;
  };
  test("when all is well", async () => {
    const ran = await run(good);
    expect(ran.stderr).toContain(says);
    expect(ran.status).toBe(0);
  });
  test("when it is not", async () => {
    const ran = await run(bad);
    expect(ran.stderr).toContain(complains);
    expect(ran.status).toBe(1);
  });
});

test("jwt-api.lua signs with the key of the file", async () => {
  server.reset({ "GET /users": json([{ name: "a" }, { name: "b" }]) });
  const folder = copyExamples(["jwt-api.lua"], { "https://api.example.com": server.url, "/secrets": "SECRETS" });
  folder.write("SECRETS/jwt-key.pem", pem as string);
  const ran = await assay([folder.file("jwt-api.lua")], { cwd: folder.path });
  folder.remove();
  expect(ran.stderr).toContain("Found 2 users");
  const [header, claims] = server.calls[0]!.headers.authorization!.replace("Bearer ", "").split(".");
  expect(JSON.parse(atob(header!))).toMatchObject({ alg: "RS256" });
  expect(JSON.parse(atob(claims!))).toMatchObject({ iss: "assay-client", sub: "admin@example.com" });
});

test("server.lua", async () => {
  const port = await freePort();
  const folder = copyExamples(["server.lua"], { "http.serve(8080": `http.serve(${port}` });
  const process = start([folder.file("server.lua")]);
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  for (let i = 0; i < 400; i++) {
    if (await ask("/healthz").then(Boolean, () => false)) break;
    await Bun.sleep(25);
  }
  expect(await (await ask("/health")).text()).toBe("ok");
  expect(await (await ask("/api/time")).json()).toEqual({ timestamp: expect.any(Number), zone: "UTC" });
  const echo = await ask("/api/echo", { method: "POST", body: '{"a":[1,{}]}' });
  expect(await echo.json()).toEqual({ a: [1, {}] });
  expect((await ask("/nowhere")).status).toBe(404);
  process.kill("SIGTERM");
  expect(await process.exited).toBe(0);
  folder.remove();
});

const { postgres } = await databases();
test.skipIf(postgres === undefined)("database.lua", async () => {
  const url = postgres!.url.replace(/[^/]+$/, "example_database");
  const setUp = `
    local admin <close> = db.connect((...))
    admin:execute("drop database if exists example_database")
    admin:execute("create database example_database")
    local c <close> = db.connect(select(2, ...))
    c:execute("create table users (id bigint, name text, active boolean)")
    c:execute("insert into users values (1, 'ada', true), (2, 'grace', false), (3, 'barbara', true)")`;
  expect((await assay(["exec", "-e", setUp, postgres!.url, url])).stderr).toBe("");
  const folder = copyExamples(["database.lua"], { "postgres://user:pass@postgres:5432/mydb": url });
  const ran = await assay([folder.file("database.lua")]);
  folder.remove();
  expect(ran.stderr.match(/User: \w+ \(ID: \d\)/g)).toEqual(["User: ada (ID: 1)", "User: barbara (ID: 3)"]);
  expect(ran.status).toBe(0);
});

describe("check files", () => {
  const run = async (names: string[], hosts: string[], routes: Routes) => {
    server.reset(routes);
    const replaced = Object.fromEntries(hosts.map((host) => [host, server.url]));
    const folder = copyExamples(names, { ...replaced, "backoff: 5s": "backoff: 10ms" });
    const ran = await assay([join(folder.path, names[0]!), "--format", "json"]);
    folder.remove();
    return { ...ran, report: JSON.parse(ran.stdout) };
  };
  const CHECKS = ["checks.yaml", "verify.lua"];
  const MONITORING = ["http://grafana.monitoring:80", "http://prometheus.monitoring:9090"];
  const WELL: Routes = {
    "GET /api/health": json({ database: "ok" }),
    "POST /api/v1/query": vector("3"),
    "GET /api/datasources/proxy/1/-/healthy": text("well"),
  };

  test("checks.yaml", async () => {
    const { report, status } = await run(CHECKS, MONITORING, WELL);
    expect(report).toMatchObject({ passed: 3, failed: 0, total: 3 });
    expect(status).toBe(0);
    expect(server.calls.find(({ path }) => path === "/api/v1/query")!.body).toBe("query=count%28up%29");
  });

  test("checks.yaml when the database is down", async () => {
    const { report, status } = await run(CHECKS, MONITORING, {
      ...WELL,
      "GET /api/health": json({ database: "down" }),
    });
    expect(report).toMatchObject({ passed: 2, failed: 1, results: [{ status: "failed", attempts: 4 }, {}, {}] });
    expect(status).toBe(1);
  });

  const SERVICES = ["checks-services.yaml", "verify-db.lua"];
  const ADDRESSES = ["https://api.example.com", "http://prometheus:9090"];
  const FINE: Routes = {
    "GET /health": json({ status: "healthy" }),
    "POST /api/v1/query": vector("0.42"),
    "GET /status": json({ database: "mydb", connections: 7 }),
  };

  test("checks-services.yaml", async () => {
    const { report, status } = await run(SERVICES, ADDRESSES, FINE);
    expect(report).toMatchObject({ passed: 3, failed: 0, total: 3 });
    expect(report.results[2].output).toEqual({ database: "mydb", connections: 7 });
    expect(status).toBe(0);
  });

  test("checks-services.yaml when the processors are busy", async () => {
    const { report, status } = await run(SERVICES, ADDRESSES, { ...FINE, "POST /api/v1/query": vector("0.92") });
    expect(report.results[1]).toMatchObject({ status: "failed", error: "expected max 0.8, got 0.92" });
    expect(status).toBe(1);
  });
});
