/** The jobs among the examples that work with databases, Prometheus and TLS, against real ones. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { Authority } from "../builtins/http/authority.ts";
import { Fixture, json } from "../stdlib/fixture.ts";
import { assay } from "../support/binary.ts";
import { databases } from "../support/databases.ts";
import { temporaryFolder } from "../support/folder.ts";
import { monitoring } from "../support/prometheus.ts";
import { example, runExample } from "./example.ts";

const { postgres } = await databases();
const prometheus = await monitoring();
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Runs statements and prints the rows of the last one, as JSON. */
async function sql(url: string, ...statements: string[]): Promise<unknown> {
  const code = `
    local c <close> = db.connect((...))
    local rows
    for i = 2, select("#", ...) do rows = c:query((select(i, ...))) end
    print(json.encode(json.array(rows)))`;
  const ran = await assay(["exec", "-e", code, url, ...statements]);
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout);
}

/** A fresh database of PostgreSQL, or of SQLite. */
const DATABASES: readonly [string, () => Promise<string>][] = [
  ["SQLite", async () => `sqlite://${folder.file(`migrate-${Math.random().toString(36).slice(2)}.db`)}`],
];
if (postgres !== undefined) {
  (DATABASES as [string, () => Promise<string>][]).push([
    "PostgreSQL",
    async () => {
      const name = `migrate_${Math.random().toString(36).slice(2)}`;
      await sql(postgres.url, `create database ${name}`);
      return postgres.url.replace(/[^/]+$/, name);
    },
  ]);
}

describe.each(DATABASES)("migrate.lua with %s", (_, fresh) => {
  const migrate = (url: string, args: string[] = [], folder = example("jobs/migrate/migrations")) =>
    runExample("jobs/migrate/migrate.lua", args, { env: { DATABASE_URL: url, MIGRATIONS: folder } });
  const applied = async (url: string) =>
    ((await sql(url, "select name from migrations order by name")) as { name: string }[]).map(({ name }) => name);

  test("up, up again, status, down, up", async () => {
    const url = await fresh();
    const first = await migrate(url);
    expect([first.status, first.stderr.includes('"applied":2')]).toEqual([0, true]);
    expect(await applied(url)).toEqual(["0001_users", "0002_orders"]);
    expect(await sql(url, "select name from users")).toEqual([{ name: "Ada; first of her name" }]);
    const second = await migrate(url, ["up"]);
    expect([second.status, second.stderr.includes("nothing to do")]).toEqual([0, true]);
    expect((await migrate(url, ["down"])).status).toBe(0);
    expect((await migrate(url, ["status"])).stdout).toBe("applied  0001_users\npending  0002_orders\n");
    await expect(sql(url, "select * from orders")).rejects.toThrow(/orders/);
    expect((await migrate(url, ["up"])).status).toBe(0);
    expect((await migrate(url, ["down", "2"])).status).toBe(0);
    expect(await applied(url)).toEqual([]);
  });

  test("a migration that fails leaves nothing behind", async () => {
    const url = await fresh();
    const files = temporaryFolder({
      "0001_good.up.sql": "create table good (id integer);",
      "0002_bad.up.sql": "create table bad (id integer);\ninsert into bad values (1);\ninsert into nowhere values (1);",
    });
    const ran = await migrate(url, [], files.path);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("nowhere");
    expect(await applied(url)).toEqual(["0001_good"]);
    await expect(sql(url, "select * from bad")).rejects.toThrow(/bad/);
    // Without a way back, and changed after it was applied.
    const back = await migrate(url, ["down"], files.path);
    expect([back.status, back.stderr.includes("it has no .down.sql")]).toEqual([1, true]);
    files.write("0001_good.up.sql", "create table good (id integer, name text);");
    const changed = await migrate(url, [], files.path);
    expect([changed.status, changed.stderr.includes("0001_good was changed after it was applied")]).toEqual([1, true]);
    files.remove();
  });

  test("several at once do each migration once", async () => {
    const url = await fresh();
    const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(runs.map(({ stderr }) => Number(/"applied":(\d)/.exec(stderr)![1])).reduce((a, b) => a + b)).toBe(2);
  });
});

test("migrate.lua: a command that is none, a folder without migrations", async () => {
  const env = { DATABASE_URL: "sqlite::memory:", MIGRATIONS: example("jobs/migrate/migrations") };
  const unknown = await runExample("jobs/migrate/migrate.lua", ["sideways"], { env });
  expect([unknown.status, unknown.stderr.split("\n")[0]]).toEqual([
    1,
    "error: usage: migrate.lua [up | down [N] | status]",
  ]);
  const empty = await runExample("jobs/migrate/migrate.lua", [], { env: { ...env, MIGRATIONS: folder.path } });
  expect([empty.status, empty.stderr.includes("no migrations in")]).toEqual([1, true]);
});

describe.skipIf(postgres === undefined)("rotate-secret.lua", () => {
  let vault: Fixture;
  let stored: { version: number; data: Record<string, string> };
  /** Another writer comes between reading and writing. */
  let interfere = false;
  const SECRET = "/v1/secret/data/shop/db";

  beforeAll(async () => {
    await sql(postgres!.url, "drop role if exists shop_app", "create role shop_app login password 'first'");
    vault = await Fixture.start({
      [`GET ${SECRET}`]: () => json({ data: { data: stored.data, metadata: { version: stored.version } } }),
      [`PATCH ${SECRET}`]: ({ json: sent }) => {
        const { data, options } = sent as { data: Record<string, string>; options: { cas: number } };
        if (interfere || options.cas !== stored.version)
          return json({ errors: ["check-and-set parameter did not match"] }, 400);
        stored = { version: stored.version + 1, data: { ...stored.data, ...data } };
        return json({ data: { version: stored.version } });
      },
    });
  });
  afterAll(() => vault.close());

  const rotate = () =>
    runExample("jobs/rotate-secret.lua", [], {
      env: {
        VAULT_ADDR: vault.url,
        VAULT_TOKEN: "vault-token",
        SECRET_PATH: "shop/db",
        ADMIN_DATABASE_URL_FILE: folder.write("admin-url", `${postgres!.url}\n`),
      },
    });
  const logsIn = (password: string) =>
    sql(postgres!.url.replace(/\/\/[^@]*@/, `//shop_app:${password}@`), "select 1 as one");

  test("the new password works and is stored, with the other fields", async () => {
    stored = { version: 7, data: { username: "shop_app", password: "first", note: "kept" } };
    const ran = await rotate();
    expect([ran.status, ran.stderr.includes('"version":8')]).toEqual([0, true]);
    expect(stored).toMatchObject({ version: 8, data: { username: "shop_app", note: "kept" } });
    expect(stored.data.password).toMatch(/^[0-9a-f]{40}$/);
    expect(await logsIn(stored.data.password!)).toEqual([{ one: 1 }]);
    await expect(logsIn("first")).rejects.toThrow(/password/);
    expect(ran.stderr + ran.stdout).not.toContain(stored.data.password!);
    expect(vault.calls.at(-1)!.headers["x-vault-token"]).toBe("vault-token");
  });

  test("when it cannot be stored, the old password works again", async () => {
    interfere = true;
    const before = stored.data.password!;
    const ran = await rotate();
    interfere = false;
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("not rotated, the old password is back");
    expect(ran.stderr).toContain("check-and-set");
    expect(stored.data.password).toBe(before);
    expect(await logsIn(before)).toEqual([{ one: 1 }]);
  });
});

describe.skipIf(prometheus === undefined)("slo-gate.lua", () => {
  const gate = (objectives: string) =>
    runExample("jobs/slo-gate.lua", [folder.write("slo.yaml", objectives)], {
      env: { PROMETHEUS_URL: prometheus!.prometheus },
    });

  test("objectives that hold", async () => {
    const ran = await gate(
      "- {name: build, query: count(prometheus_build_info), min: 1, max: 1}\n- {name: part, query: vector(0.25), max: 0.5, unit: s}\n",
    );
    expect(ran.stdout).toBe(
      "ok    build                    1            \nok    part                     0.25s        \n",
    );
    expect(ran.status).toBe(0);
  });

  test("those that do not, no data, NaN, and a query that is none", async () => {
    const ran = await gate(
      "- {name: above, query: vector(2), max: 1.5}\n- {name: below, query: vector(2), min: 3}\n- {name: nothing, query: up{job='no'}, min: 0}\n"
        .replace("up{job='no'}", `"up{job='no'}"`)
        .concat(
          "- {name: nan, query: vector(0) / 0, max: 1}\n- {name: bad, query: sum(, max: 1}\n- {name: fine, query: vector(1), max: 1}\n",
        )
        .replace("query: sum(,", 'query: "sum(",'),
    );
    const lines = ran.stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 4))).toEqual(["FAIL", "FAIL", "FAIL", "FAIL", "FAIL", "ok  "]);
    expect(lines[0]).toContain("above 1.5");
    expect(lines[2]).toContain("no data");
    expect(lines[4]).toContain("parse error");
    expect(ran.stderr).toContain("5 of 6 objectives violated: above, below, nothing, nan, bad");
    expect(ran.status).toBe(1);
  });

  test("the file that comes with it asks what Prometheus understands", async () => {
    const ran = await runExample("jobs/slo-gate.lua", [example("jobs/slo.yaml")], {
      env: { PROMETHEUS_URL: prometheus!.prometheus },
    });
    expect(ran.stdout.match(/no data/g)?.length).toBe(3);
    expect(ran.status).toBe(1);
  });
});

describe("certificate-report.lua", () => {
  let authority: Authority;
  const servers: Server[] = [];
  const ports: Record<string, number> = {};
  beforeAll(async () => {
    authority = new Authority();
    for (const [name, expired] of [
      ["good", false],
      ["old", true],
    ] as const) {
      const { cert, key } = authority.issue(name, "DNS:localhost", expired);
      const server = createServer({ cert, key });
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
      ports[name] = (server.address() as AddressInfo).port;
      servers.push(server);
    }
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });
  const report = (hosts: string[], env: Record<string, string> = {}) =>
    runExample("jobs/certificate-report.lua", hosts, { env: { CA_FILE: authority.caFile, ...env } });

  test("all is well", async () => {
    const ran = await report([], { HOSTS: `localhost:${ports.good}`, WARN_DAYS: "0" });
    expect(ran.stdout).toBe(`ok    ${`localhost:${ports.good}`.padEnd(32)}      0  CN=Test CA\n`);
    expect(ran.status).toBe(0);
  });

  test("expired, soon to expire, not there: the most urgent first", async () => {
    const hosts = [`localhost:${ports.good}`, "localhost:1", `localhost:${ports.old}`];
    const ran = await report(hosts, { FORMAT: "json" });
    const { failed, certificates } = JSON.parse(ran.stdout);
    expect(failed).toBe(3);
    const problems = Object.fromEntries(
      certificates.map(({ host, problem }: { host: string; problem: string }) => [host, problem]),
    );
    expect(problems[hosts[0]!]).toBe("expires in 0 days");
    expect(problems[hosts[1]!]).toContain("connection refused");
    expect(problems[hosts[2]!]).toContain("expired");
    expect(certificates[2]).toMatchObject({ host: hosts[0], days: 0 });
    expect(ran.stderr).toContain("3 of 3 certificates need attention");
    expect(ran.status).toBe(1);
  });
});
