/**
 * A real Prometheus and a real Alertmanager for tests, from Debian's packages, on free ports of the loopback interface,
 * with their data in a temporary folder. Prometheus scrapes both, and sends its alerts to the Alertmanager. There is one
 * of each for the whole run; they are gone when the process that runs the tests is, however it ends.
 */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Monitoring {
  /** Addresses, without a trailing slash. */
  readonly prometheus: string;
  readonly alertmanager: string;
}

const PROMETHEUS = "/usr/bin/prometheus";
const ALERTMANAGER = "/usr/bin/prometheus-alertmanager";
const PACKAGES = ["prometheus", "prometheus-alertmanager"];

const inCi = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";

let started: Promise<Monitoring | undefined> | undefined;

/** The servers of this run, started when first asked for; undefined where they are not installed. Fails then under CI. */
export function monitoring(): Promise<Monitoring | undefined> {
  started ??= start();
  return started;
}

const installed = (): boolean => existsSync(PROMETHEUS) && existsSync(ALERTMANAGER);

/** Only under CI, and as root: elsewhere nobody asked for new packages. */
function install(): void {
  if (!inCi || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  Bun.spawnSync(["apt-get", "update", "-qq"], { env });
  const command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...PACKAGES];
  Bun.spawnSync(command, { env, stdout: "ignore", stderr: "inherit" });
}

async function start(): Promise<Monitoring | undefined> {
  if (!installed()) install();
  if (!installed()) {
    const message = `Prometheus is not installed (Debian packages ${PACKAGES.join(", ")}): tests that need it are SKIPPED`;
    if (inCi) throw new Error(message);
    console.error(`\n*** ${message} ***\n`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "assay-prometheus-"));
  const [own, other] = await Promise.all([freePort(), freePort()]);
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  file("rules.yml", RULES);
  keepRunning(folder, [
    [
      ALERTMANAGER,
      `--config.file=${file("alertmanager.yml", ROUTES)}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${other}`,
      "--cluster.listen-address=",
    ],
    [
      PROMETHEUS,
      `--config.file=${file("prometheus.yml", configuration(own, other))}`,
      `--storage.tsdb.path=${join(folder, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${own}`,
      "--web.enable-lifecycle",
      // It finds the Alertmanager only after some seconds: an alert sent before would be repeated a minute later.
      "--rules.alert.resend-delay=1s",
      "--web.enable-admin-api",
    ],
  ]);
  const servers = { prometheus: `http://127.0.0.1:${own}`, alertmanager: `http://127.0.0.1:${other}` };
  for (const address of Object.values(servers)) await until(`${address}/-/ready`, join(folder, "log"));
  return servers;
}

const configuration = (own: number, other: number): string => `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${other}"] }] }]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["127.0.0.1:${own}"], labels: { note: 'a "b" + c & d' } }]
  - job_name: alertmanager
    static_configs: [{ targets: ["127.0.0.1:${other}"] }]
  - job_name: nobody
    static_configs: [{ targets: ["127.0.0.1:1"] }]
`;

const RULES = `
groups:
  - name: test
    rules:
      - { record: "job:up:sum", expr: "sum by (job) (up)" }
      - { alert: AlwaysOn, expr: "vector(1)", labels: { severity: page }, annotations: { summary: "never ends" } }
`;

const ROUTES = `
route: { receiver: nobody, group_by: [alertname], group_wait: 1s }
receivers: [{ name: nobody }]
`;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Kept, so that its input does not end early because nobody refers to it. */
const shells: Bun.Subprocess[] = [];

/** Runs servers as long as this process lives: a shell between ends them when its input ends. Then their folder goes. */
function keepRunning(folder: string, servers: string[][]): void {
  const lines = servers.map(
    (parts) => `${parts.map((part) => `'${part}'`).join(" ")} </dev/null >>'${folder}/log' 2>&1 & pids="$pids $!"`,
  );
  const script = `${lines.join("\n")}\nread line\nkill $pids\nwait\nrm -rf '${folder}'`;
  const child = Bun.spawn(["sh", "-c", script], { stdin: "pipe", stdout: "ignore", stderr: "ignore" });
  child.unref();
  shells.push(child);
}

/** Asks until the answer is 200, for half a minute. */
async function until(address: string, log: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const status = await fetch(address).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await Bun.sleep(50);
  }
  throw new Error(`${address} does not answer: ${existsSync(log) ? readFileSync(log, "utf8").slice(-2000) : "no log"}`);
}
