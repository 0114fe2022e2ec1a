/**
 * Check files against real services: Prometheus scraping itself, nginx with TLS; and output formats in the hands of their own
 * tools. Where a program is not installed there is nothing to test against (Debian packages prometheus, nginx, perl).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import type { Report } from "../../cli/checks/result.ts";
import { Authority } from "../builtins/http/authority.ts";
import { assay } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const which = (name: string) => Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin` });
const [prometheus, promtool, nginx, prove] = ["prometheus", "promtool", "nginx", "prove"].map(which);
const folder = temporaryFolder();
afterAll(() => folder.remove());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as { port: number };
  await new Promise((settle) => server.close(settle));
  return port;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await condition().catch(() => false)) return;
    await Bun.sleep(50);
  }
  throw new Error("the service did not start");
}

async function run(yaml: string): Promise<Report> {
  const ran = await assay([folder.write("checks.yaml", yaml), "--format", "json"]);
  if (ran.stdout === "") throw new Error(ran.stderr);
  return JSON.parse(ran.stdout);
}

describe.if(prometheus !== null)("Prometheus", () => {
  let child: Bun.Subprocess;
  let url = "";

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const config = folder.write(
      "prometheus.yml",
      `global: {scrape_interval: 200ms}\nscrape_configs: [{job_name: self, static_configs: [{targets: ["127.0.0.1:${port}"]}]}]\n`,
    );
    mkdirSync(folder.file("tsdb"));
    child = Bun.spawn(
      [
        prometheus!,
        `--config.file=${config}`,
        `--storage.tsdb.path=${folder.file("tsdb")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    await until(async () => {
      const response = await fetch(`${url}/api/v1/query?query=up`);
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length > 0;
    });
  }, 30_000);
  afterAll(async () => {
    child.kill();
    await child.exited;
  });

  test("queries of every kind", async () => {
    const rows: readonly [query: string, expect: string, error: RegExp | undefined][] = [
      ["up", "{min: 1}", undefined],
      ["count(up)", "{equals: 1, series: 1}", undefined],
      ['up{job="self"}', "{max: 0.5}", /^expected max 0\.5, got 1$/],
      ["scalar(count(up))", "{equals: 1}", undefined],
      ["vector(0) / 0", "{min: 0}", /^expected min 0, got NaN$/],
      ["vector(1) / 0", "{min: 5}", undefined],
      ['up{job="nope"}', "{min: 0}", /^the query returned no data$/],
      ['up{job="nope"}', "{empty: true}", undefined],
      ["prometheus_http_requests_total", "{min: 0, all: true, series: {min: 1}}", undefined],
      ["up[1m]", "{min: 1}", /matrix|is not a number|^$/],
      ["sum(", "{min: 1}", /^query failed: .*parse error/],
      ["'text'", "{min: 1}", /the query's result is a string, not a number/],
    ];
    const checks = rows.map(
      ([query, bounds], i) =>
        `  - {name: r${i}, type: prometheus, url: "${url}/", query: ${JSON.stringify(query)}, expect: ${bounds}}\n`,
    );
    const report = await run(`parallel: true\nchecks:\n${checks.join("")}`);
    for (const [i, [query, , error]] of rows.entries()) {
      const got = report.results[i]!.error;
      if (query === "up[1m]") continue;
      if (error === undefined) expect([query, got]).toEqual([query, undefined]);
      else expect([query, got]).toEqual([query, expect.stringMatching(error)]);
    }
  });
});

describe.if(nginx !== null)("nginx", () => {
  let child: Bun.Subprocess;
  let authority: Authority;
  let port = 0;

  beforeAll(async () => {
    authority = new Authority();
    port = await freePort();
    const { certFile, keyFile } = authority.issue("nginx", "DNS:localhost");
    const config = folder.write(
      "nginx.conf",
      `${process.getuid?.() === 0 ? "user root; " : ""}worker_processes 1; pid ${folder.path}/pid; error_log ${folder.path}/error.log; daemon off;
      events { worker_connections 64; }
      http { access_log off; client_body_temp_path ${folder.path}/b; proxy_temp_path ${folder.path}/p; fastcgi_temp_path ${folder.path}/f; uwsgi_temp_path ${folder.path}/u; scgi_temp_path ${folder.path}/s;
        server { listen 127.0.0.1:${port} ssl; ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
          location / { default_type application/json; return 200 '{"status":"healthy","database":"ok"}'; }
          location /moved { return 301 /; } location /down { return 503 "down for maintenance"; } } }`,
    );
    folder.write("ca.pem", authority.ca);
    child = Bun.spawn([nginx!, "-c", config, "-p", folder.path], { stdout: "ignore", stderr: "ignore" });
    await until(async () => (await fetch(`https://localhost:${port}/`, { tls: { ca: authority.ca } })).ok);
  }, 30_000);
  afterAll(async () => {
    child.kill();
    await child.exited;
    authority.remove();
  });

  test("http and tls checks", async () => {
    const url = `https://localhost:${port}`;
    const report = await run(`
defaults: {tls: {ca: ca.pem}}
checks:
  - {name: health, type: http, url: "${url}/", expect: {status: 200, json: '.status == "healthy"', tls_days_left: 0}}
  - {name: moved, type: http, url: "${url}/moved", expect: {json: '.database == "ok"'}}
  - {name: down, type: http, url: "${url}/down"}
  - {name: certificate, type: tls, host: localhost, port: ${port}, ca: ca.pem, expect: {issuer: Test CA}}
`);
    expect(report.results.map((result) => result.error)).toEqual([
      undefined,
      undefined,
      "expected status 2xx, got 503",
      undefined,
    ]);
    expect(report.results[2]!.details).toMatchObject({ response: { status: 503, body: "down for maintenance" } });
  });
});

const names = `
checks:
  - {name: "<&\\"]]>'", type: script, script: "error('<&]]> \\\\27[31m ::error::x \\\\0 end')"}
  - {name: "line\\nbreak # \\\\", type: script, script: "assert(1)"}
  - {name: "after", type: script, script: "assert(1)", needs: "<&\\"]]>'"}
`;

test.if(promtool !== null)("promtool takes the prometheus format", async () => {
  const ran = await assay([folder.write("names.yaml", names), "--format", "prometheus"]);
  const check = Bun.spawnSync([promtool!, "check", "metrics"], { stdin: Buffer.from(ran.stdout) });
  expect(check.stderr.toString() + check.stdout.toString()).toBe("");
  expect(check.exitCode).toBe(0);
});

test.if(prove !== null)("a TAP parser counts what TAP says", async () => {
  const ran = await assay([folder.write("names.yaml", names), "--format", "tap"]);
  folder.write("out.tap", ran.stdout);
  const check = Bun.spawnSync([prove!, "--exec", "cat", "out.tap"], { cwd: folder.path });
  expect(check.stdout.toString()).toContain("Tests: 3 Failed: 1");
});
