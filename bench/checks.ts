/**
 * Check mode under load: `bun bench/checks.ts`. 10,000 http checks, 200 at a time, against a local nginx, beside what wrk gets out
 * of it at the same concurrency; the same with a jq expression; 200 script checks at once. Needs nginx and wrk.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../cli/checks/result.ts";
import { BINARY, buildIfStale } from "../scripts/stale.ts";

const PORT = 8096;
const URL = `http://127.0.0.1:${PORT}/`;
const CONCURRENCY = 200;

buildIfStale();
const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
writeFileSync(
  join(folder, "nginx.conf"),
  `${process.getuid?.() === 0 ? "user root; " : ""}worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log; daemon off;
events { worker_connections 2048; }
http { access_log off; keepalive_requests 10000000;
  server { listen 127.0.0.1:${PORT} reuseport; location / { default_type application/json; return 200 '{"status":"healthy"}'; } } }`,
);
const nginx = Bun.spawn([
  Bun.which("nginx", { PATH: `${process.env.PATH}:/usr/sbin` })!,
  "-c",
  join(folder, "nginx.conf"),
  "-p",
  folder,
]);
try {
  for (
    let i = 0;
    i < 100 &&
    !(await fetch(URL).then(
      ({ ok }) => ok,
      () => false,
    ));
    i++
  )
    await Bun.sleep(20);
  const wrk = Bun.spawnSync(["wrk", "-t1", `-c${CONCURRENCY}`, "-d3s", URL]).stdout.toString();
  const requests = Number(/Requests\/sec: +([\d.]+)/.exec(wrk)?.[1]);
  console.log(`wrk, ${CONCURRENCY} connections: ${Math.round(requests)} requests/s`);
  measure("10,000 http checks", 10_000, () => `type: http, url: "${URL}"`, requests);
  measure(
    "10,000 http checks with jq",
    10_000,
    () => `type: http, url: "${URL}", expect: {json: .status == "healthy"}`,
    requests,
  );
  measure("200 script checks", 200, () => `type: script, script: "assert(http.get([[${URL}]]).status == 200)"`);
  measure(
    "200 script checks of 1 MB each",
    200,
    () => `type: script, script: "local t = {} for i = 1, 60000 do t[i] = i end assert(#t == 60000)"`,
  );
} finally {
  nginx.kill();
  rmSync(folder, { recursive: true, force: true });
}

function measure(what: string, count: number, check: (i: number) => string, requests?: number): void {
  const file = join(folder, "checks.yaml");
  const checks = Array.from({ length: count }, (_, i) => `  - {name: c${i}, ${check(i)}}\n`).join("");
  writeFileSync(file, `timeout: 300s\nparallel: ${CONCURRENCY}\nchecks:\n${checks}`);
  const began = performance.now();
  const run = Bun.spawnSync([BINARY, file, "--format", "json"], { stderr: "ignore" });
  const total = Math.round(performance.now() - began);
  const report = JSON.parse(run.stdout.toString()) as Report;
  const perSecond = count / (report.duration_ms / 1000);
  const share = requests === undefined ? "" : `, ${((100 * perSecond) / requests).toFixed(1)} % of wrk`;
  const memory = (run.resourceUsage.maxRSS / 1e6).toFixed(0);
  console.log(
    `${what}: ${report.duration_ms} ms, ${Math.round(perSecond)}/s${share}; ${total} ms with reading the file; ${report.failed} failed, peak memory ${memory} MB`,
  );
}
