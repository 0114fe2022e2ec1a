import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer as createTcp, type Server } from "node:net";
import { createServer as createTls } from "node:tls";
import type { CheckResult } from "../../cli/checks/result.ts";
import { Authority } from "../builtins/http/authority.ts";
import { assay } from "../support/binary.ts";
import { databases } from "../support/databases.ts";
import { A, address, exchange, MX, nameServer, TXT, text } from "../support/dns.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serve } from "../support/server.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

type Row = readonly [check: string, error: string | RegExp | undefined];

/** Runs one check for each row, and compares their errors. */
async function expectErrors(type: string, rows: readonly Row[], more = "timeout: 5s"): Promise<CheckResult[]> {
  const checks = rows.map(([check], i) => `  - {name: r${i}, type: ${type}, ${more}, ${check}}\n`).join("");
  const file = folder.write("types.yaml", `parallel: 8\nchecks:\n${checks}`);
  const ran = await assay([file, "--format", "json"]);
  if (ran.stdout === "") throw new Error(ran.stderr);
  const results = (JSON.parse(ran.stdout) as { results: CheckResult[] }).results;
  for (const [i, [check, error]] of rows.entries()) {
    const got = results[i]!.error;
    if (error instanceof RegExp) expect([check, got]).toEqual([check, expect.stringMatching(error)]);
    else expect([check, got]).toEqual([check, error]);
  }
  return results;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

test("tcp", async () => {
  const greeter = createTcp((socket) => {
    socket.on("error", () => {});
    socket.write("220 mail.test ESMTP\r\n");
    socket.on("data", (data) => socket.end(`250 ${data.toString().trim()}\r\n`));
  });
  const port = await listen(greeter);
  try {
    await expectErrors(
      "tcp",
      [
        [`host: 127.0.0.1, port: ${port}`, undefined],
        [`host: localhost, port: ${port}, expect: {banner: "^220 .* ESMTP", max_ms: 5000}`, undefined],
        [`host: 127.0.0.1, port: ${port}, send: "HELO x\\r\\n", expect: {banner: "250 HELO x"}`, undefined],
        [
          `host: 127.0.0.1, port: ${port}, send: "x", expect: {banner: "^250"}`,
          'expected a banner that matches "^250", got "220 mail.test ESMTP\\r\\n250 x\\r\\n"',
        ],
        [`host: 127.0.0.1, port: ${port}, timeout: 200ms, expect: {banner: nope}`, "timed out after 200ms"],
        ["host: 127.0.0.1, port: 1", "127.0.0.1:1: connection refused"],
        ["host: no.such.name.invalid, port: 80", /^no\.such\.name\.invalid:80: host not found/],
      ],
      "description: x",
    );
  } finally {
    greeter.close();
  }
});

test("tls, and the certificate of an http check", async () => {
  const authority = new Authority();
  const issued = authority.issue("server", "DNS:localhost,IP:127.0.0.1");
  const expired = authority.issue("expired", "DNS:localhost", true);
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  const servers = [issued, expired].map(({ cert, key }) =>
    createTls({ cert, key }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.end(answer));
    }),
  );
  const [port, old] = await Promise.all(servers.map((server) => listen(server)));
  try {
    folder.write("ca.pem", readFileSync(authority.caFile));
    await expectErrors("tls", [
      [`host: localhost, port: ${port}, ca: ca.pem`, undefined],
      [
        `host: localhost, port: ${port}, ca: ca.pem, expect: {days_left: 0, issuer: "CN=Test CA", subject: "CN=server"}`,
        undefined,
      ],
      [`host: 127.0.0.1, port: ${port}, ca: ca.pem`, undefined],
      [
        `host: localhost, port: ${port}, ca: ca.pem, expect: {days_left: 30}`,
        /^expected a certificate valid for 30 days, got [01] \(it expires 20\d\d-/,
      ],
      [
        `host: localhost, port: ${port}, ca: ca.pem, expect: {issuer: Encrypt}`,
        'expected an issuer with "Encrypt", got "CN=Test CA"',
      ],
      [`host: localhost, port: ${port}`, /^localhost:\d+: certificate signed by an unknown authority/],
      [`host: localhost, port: ${port}, insecure: true`, undefined],
      [`host: localhost, port: ${port}, ca: ca.pem, server_name: other.test`, /certificate/],
      [`host: localhost, port: ${old}, ca: ca.pem`, /certificate has expired/],
    ]);
    await expectErrors("http", [
      [`url: "https://localhost:${port}/", tls: {ca: ca.pem}, expect: {tls_days_left: 0, body: ok}`, undefined],
      [
        `url: "https://localhost:${port}/", tls: {ca: ca.pem}, expect: {tls_days_left: 30}`,
        /^expected a certificate valid for 30 days/,
      ],
    ]);
  } finally {
    for (const server of servers) server.close();
    authority.remove();
  }
});

test("dns", async () => {
  const server = await nameServer({
    "api.test": {
      [A]: [address("10.0.0.1"), address("10.0.0.2")],
      [TXT]: [text("v=spf1 -all")],
      [MX]: [exchange(10, "mail.test")],
    },
    "broken.test": "servfail",
    "silent.test": "silent",
  });
  try {
    await expectErrors(
      "dns",
      [
        [`host: api.test, server: "${server.address}"`, undefined],
        [`host: api.test, server: "${server.address}", expect: {contains: [10.0.0.2], min_records: 2}`, undefined],
        [
          `host: api.test, server: "${server.address}", expect: {contains: 10.0.0.3}`,
          'expected "10.0.0.3" among ["10.0.0.1","10.0.0.2"]',
        ],
        [`host: api.test, server: "${server.address}", expect: {min_records: 3}`, "expected at least 3 records, got 2"],
        [`host: api.test, record: TXT, server: "${server.address}", expect: {contains: "v=spf1 -all"}`, undefined],
        [`host: api.test, record: MX, server: "${server.address}", expect: {contains: "10 MAIL.test."}`, undefined],
        [`host: api.test, record: AAAA, server: "${server.address}"`, "api.test has no AAAA record"],
        [`host: nope.test, server: "${server.address}"`, "nope.test has no A record"],
        [`host: nope.test, server: "${server.address}", expect: {min_records: 0}`, undefined],
        [`host: broken.test, server: "${server.address}"`, "broken.test: the name server failed"],
        [`host: silent.test, server: "${server.address}", timeout: 200ms`, "timed out after 200ms"],
        ["host: localhost, expect: {contains: 127.0.0.1}", undefined],
      ],
      "description: x",
    );
  } finally {
    server.stop();
  }
});

describe("sql", () => {
  const rows = (url: string, bind: string, sum: string): Row[] => [
    [`url: "${url}", query: "select 1 as one", expect: {rows: 1, json: '.[0].one == 1'}`, undefined],
    [`url: "${url}", query: "select 1 as one union select 2", expect: {rows: {min: 3}}`, "expected min 3, got 2 rows"],
    [`url: "${url}", query: "select 1 as one where 1 = 0", expect: {rows: 0}`, undefined],
    [`url: "${url}", query: "${bind}", params: [3, null], expect: {json: '${sum}'}`, undefined],
    [`url: "${url}", query: "select 5 as n", expect: {json: ".[0].n > 7"}`, "expected .[0].n > 7, got 5"],
    [`url: "${url}", query: "selec", expect: {rows: 0}`, /syntax/i],
  ];

  test("sqlite", async () => {
    const results = await expectErrors(
      "sql",
      rows("sqlite::memory:", "select $1 + 1 as n, $2 as other", ".[0] == {n: 4}"),
    );
    expect(results[4]!.details).toEqual({ rows: [{ n: 5 }], row_count: 1 });
  });

  test("postgres and mariadb", async () => {
    const { postgres, mysql } = await databases();
    if (postgres !== undefined)
      await expectErrors("sql", rows(postgres.url, "select $1::int + 1 as n, $2::text as other", ".[0] == {n: 4}"));
    if (mysql !== undefined) await expectErrors("sql", rows(mysql.url, "select ? + 1 as n, ? as other", ".[0].n == 4"));
    const results = await expectErrors("sql", [
      ['url: "postgres://u:s3cret-word@127.0.0.1:1/x", query: select 1, expect: {rows: 1}', /connection refused/],
    ]);
    expect(JSON.stringify(results)).not.toContain("s3cret-word");
  }, 60_000);
});

describe("k8s", () => {
  const deployment = (name: string, status: object, conditions: object[] = []) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop", generation: 2, annotations: { "deployment.kubernetes.io/revision": "1" } },
    spec: { replicas: 2, selector: { matchLabels: { app: name } } },
    status: { observedGeneration: 2, conditions, ...status },
  });
  const complete = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
  const pod = (app: string) => ({
    kind: "Pod",
    metadata: { name: `${app}-x`, labels: { app, "pod-template-hash": "h" } },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          name: "main",
          ready: false,
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
          lastState: { terminated: { exitCode: 1 } },
        },
      ],
    },
  });
  let fixture: ReturnType<typeof serve>;
  let appearing = 0;

  beforeAll(() => {
    const list = (...items: object[]) => Response.json({ kind: "List", metadata: {}, items });
    const apps = "/apis/apps/v1/namespaces/shop";
    const core = "/api/v1/namespaces/shop";
    fixture = serve({
      [`${apps}/deployments/good`]: () => Response.json(deployment("good", complete)),
      [`${apps}/deployments/rolling`]: () =>
        Response.json(deployment("rolling", { ...complete, updatedReplicas: 1, readyReplicas: 2 })),
      [`${apps}/deployments/late`]: () =>
        Response.json(deployment("late", ++appearing > 2 ? complete : { replicas: 2 })),
      [`${apps}/deployments/stuck`]: () =>
        Response.json(
          deployment("stuck", {}, [
            { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "it has timed out" },
          ]),
        ),
      [`${apps}/deployments/crashing`]: () => Response.json(deployment("crashing", { replicas: 2 })),
      [`${apps}/deployments/forbidden`]: () =>
        Response.json({ kind: "Status", message: "deployments is forbidden" }, { status: 403 }),
      [`${apps}/deployments`]: () => list(deployment("good", complete)),
      [`${apps}/replicasets`]: () =>
        list({
          metadata: { labels: { "pod-template-hash": "h" }, annotations: { "deployment.kubernetes.io/revision": "1" } },
        }),
      [`${core}/pods`]: (_request, url) =>
        list(...(url.searchParams.get("labelSelector") === "app=crashing" ? [pod("crashing")] : [])),
      [`${core}/pods/crashing-x/log`]: () => new Response("panic: no database\n"),
      [`${core}/events`]: () =>
        list({
          reason: "BackOff",
          message: "Back-off restarting failed container",
          lastTimestamp: "2026-01-01T00:00:00Z",
        }),
      [`${core}/services/web`]: () =>
        Response.json({
          kind: "Service",
          metadata: { name: "web" },
          spec: { type: "ClusterIP", ports: [{ port: 80 }] },
        }),
      "/apis/batch/v1/namespaces/shop/jobs/migrate": () =>
        Response.json({
          kind: "Job",
          metadata: { name: "migrate" },
          status: {
            conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "too often" }],
          },
        }),
      "/apis/example.com/v1/namespaces/shop/widgets/w": () =>
        Response.json({
          kind: "Widget",
          metadata: { name: "w" },
          status: { conditions: [{ type: "Ready", status: "True" }] },
        }),
    });
  });
  afterAll(async () => {
    await fixture.stop();
  });

  test("each row", async () => {
    const at = (check: string) => `namespace: shop, url: "${fixture.url}", token: t, ${check}`;
    const began = performance.now();
    const results = await expectErrors(
      "k8s",
      [
        [at("kind: deployment, object: good"), undefined],
        [at("kind: deployment, selector: app=good"), undefined],
        [at("kind: deployment, object: late"), undefined],
        [at("kind: deployment, object: stuck, retries: 3"), /ProgressDeadlineExceeded: it has timed out/],
        [
          at("kind: deployment, object: crashing, retries: 3"),
          /pod crashing-x: container main: CrashLoopBackOff: back-off \(exit code 1\)/,
        ],
        [at("kind: deployment, object: forbidden, retries: 3"), /HTTP 403/],
        [at("kind: job, object: migrate, retries: 3"), /BackoffLimitExceeded: too often/],
        [at("kind: service, object: web, expect: {json: '.spec.ports[0].port == 80'}"), undefined],
        [at("kind: widget, object: w, api_version: example.com/v1"), undefined],
        [at("kind: deployment, object: rolling, timeout: 4s"), /not rolled out after .*1 of 2 updated/],
        [
          at("kind: service, object: web, timeout: 4s, expect: {json: '.spec.ports[0].port == 81'}"),
          "expected .spec.ports[0].port == 81, got 80",
        ],
        [at("kind: pod, selector: app=none, timeout: 4s"), /no pod matches app=none/],
      ],
      "backoff: 10s",
    );
    // What cannot heal fails at once.
    for (const i of [3, 4, 5, 6]) expect(results[i]!.attempts).toBe(1);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(results[4]!.details).toMatchObject({
      events: ["BackOff: Back-off restarting failed container"],
      logs: "crashing-x/main:\npanic: no database\n",
    });
  }, 30_000);
});
