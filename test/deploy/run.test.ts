/** What the manifests run, run as they say: their scripts out of the ConfigMaps, their arguments, variables and permissions. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { Authority } from "../builtins/http/authority.ts";
import { freePort } from "../examples/example.ts";
import { items, object } from "../stdlib/cluster.ts";
import { Fixture, json, text } from "../stdlib/fixture.ts";
import { assay, readUntil, start } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type Placement, placed, podOf, resources } from "./manifest.ts";

const files = await resources();
let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());
const folders: { remove(): void }[] = [];
afterAll(() => {
  for (const folder of folders) folder.remove();
});

/** Arguments and environment of the one workload of a file. */
function workload(file: string, placement: Omit<Placement, "root">) {
  const folder = temporaryFolder();
  folders.push(folder);
  const list = files.get(file)!;
  const pod = list.map(podOf).find((one) => one !== undefined)!;
  return { folder, ...placed(list, pod.spec, { root: folder.path, ...placement }) };
}

const address = () => server.url.replace("http://", "");

test("job.yaml migrates a database", async () => {
  const path = temporaryFolder();
  folders.push(path);
  const url = `sqlite://${path.file("shop.db")}`;
  const { args, env, folder } = workload("job.yaml", {
    files: {
      database: { url },
      migrations: { "0001_users.up.sql": "create table users (id integer);\ninsert into users values (7);" },
    },
  });
  // A file instead of PostgreSQL: the script may use it, and nothing else of what it is allowed changes.
  env.ASSAY_PERMISSIONS = env
    .ASSAY_PERMISSIONS!.replace("--readonly", "")
    .replace("--allow-read=", `--allow-write=${path.path} --allow-read=${path.path},`);
  const ran = await assay(args, { env });
  expect(ran.stderr).toContain('"msg":"applied","migration":"0001_users"');
  expect(ran.status).toBe(0);
  const read = await assay([
    "exec",
    "-e",
    "local c = db.connect(...) print(c:query_one('select id from users').id)",
    url,
  ]);
  expect(read.stdout).toBe("7\n");
  expect(folder.path).not.toBe(path.path);
});

test("job.yaml keeps its script to its database", async () => {
  const { args, env } = workload("job.yaml", {
    files: { database: { url: "postgres://me:secret@elsewhere.example/db" }, migrations: { "1.up.sql": "select 1" } },
  });
  const ran = await assay(args, { env });
  expect(ran.stderr).toContain("network access to elsewhere.example:5432 is not allowed (--allow-net)");
  expect(ran.stderr).not.toContain("secret");
  expect(ran.status).toBe(1);
});

describe("indexed-job.yaml and merge-job.yaml", () => {
  const run = async (broken: string | undefined, lost?: number) => {
    const names = ["catalogue", "cart", "orders", "payment", "shipping", "search", "mail", "accounts"];
    server.reset(
      Object.fromEntries(
        names.map((name) => [`GET /${name}/health`, json({ status: name === broken ? "down" : "ok" })]),
      ),
    );
    const results = temporaryFolder();
    folders.push(results);
    const replace = {
      "http://${{ item }}.shop": `${server.url}/\${{ item }}`,
      "*.shop": "127.0.0.1:*",
      "initial: 1s": "initial: 1ms",
    };
    const mounts = { "/results": results.path };
    const shards = await Promise.all(
      [0, 1, 2, 3].map((index) => {
        const cluster = { JOB_COMPLETION_INDEX: String(index), KUBERNETES_SERVICE_HOST: "10.0.0.1" };
        const { args, env } = workload("indexed-job.yaml", { replace, mounts, cluster });
        return index === lost ? { status: 137, stderr: "" } : assay(args, { env });
      }),
    );
    const { args, env } = workload("merge-job.yaml", { mounts });
    return { shards, merged: await assay(args, { env }), results };
  };

  test("each shard runs its checks, and the whole is all of them", async () => {
    const { shards, merged, results } = await run(undefined);
    expect(shards.map(({ status, stderr }) => [status, status === 0 ? "" : stderr])).toEqual(Array(4).fill([0, ""]));
    const counts = [0, 1, 2, 3].map((i) => JSON.parse(readFileSync(results.file(`results-${i}.json`), "utf8")).total);
    expect(counts).toEqual([2, 2, 2, 2]);
    expect(JSON.parse(merged.stdout)).toMatchObject({ passed: 8, failed: 0, total: 8 });
    expect(merged.status).toBe(0);
    expect(readFileSync(results.file("junit.xml"), "utf8")).toContain('tests="8"');
    expect(server.asked.sort()).toEqual([...new Set(server.asked)].sort());
  });

  test("one check fails: its shard does, and the whole", async () => {
    const { shards, merged } = await run("search");
    expect(shards.map(({ status }) => status)).toEqual([0, 1, 0, 0]);
    expect(JSON.parse(merged.stdout)).toMatchObject({ passed: 7, failed: 1, total: 8 });
    expect(merged.status).toBe(1);
  });

  test("the results of a shard that never came are a failure", async () => {
    const { merged } = await run(undefined, 2);
    expect(merged.status).toBe(3);
    expect(merged.stderr).toContain("results-2.json");
  });
});

test("cronjob.yaml asks the API server with the pod's own token, and nobody else", async () => {
  const BASE = "/apis/velero.io/v1/namespaces/velero";
  const now = new Date().toISOString();
  const schedule = object("daily", { status: { phase: "Enabled" } });
  const backup = object("daily-1", {
    metadata: { labels: { "velero.io/schedule-name": "daily" }, creationTimestamp: now },
    status: { phase: "Completed", completionTimestamp: now, progress: { itemsBackedUp: 9, totalItems: 9 } },
  });
  const authority = new Authority();
  const { cert, key } = authority.issue("api", "IP:127.0.0.1");
  const routes = {
    [`GET ${BASE}/schedules`]: items(schedule),
    [`GET ${BASE}/schedules/daily`]: json(schedule),
    [`GET ${BASE}/backups`]: items(backup),
    [`GET ${BASE}/backups/daily-1`]: json(backup),
    [`GET ${BASE}/backupstoragelocations`]: items(object("default", { status: { phase: "Available" } })),
  };
  const api = await Fixture.start(routes, { cert, key });
  const account = temporaryFolder({ token: "pod-token\n", "ca.crt": authority.ca, namespace: "velero" });
  folders.push(account);
  const { args, env } = workload("cronjob.yaml", {
    cluster: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(api.port) },
    replace: {
      "/var/run/secrets/kubernetes.io/serviceaccount": account.path,
      "--allow-env=": "--allow-env=ASSAY_SERVICEACCOUNT_DIR,",
    },
  });
  const ran = await assay(args, { env: { ...env, ASSAY_SERVICEACCOUNT_DIR: account.path } });
  await api.close();
  expect(ran.stderr).toContain('"msg":"backups are in order","schedules":1');
  expect(ran.status).toBe(0);
  expect(api.calls[0]!.headers.authorization).toBe("Bearer pod-token");
});

test("argocd-postsync.yaml verifies", async () => {
  server.reset({
    "GET /api/v1/applications/shop": json({ status: { health: { status: "Healthy" } } }),
    "GET /": text("shop"),
    "GET /health": text("ok"),
  });
  const { args, env } = workload("argocd-postsync.yaml", {
    files: { argocd: { token: "argo" } },
    replace: { "argocd-server.argocd": address(), "web.shop": address(), "api.shop": address() },
  });
  const ran = await assay(args, { env });
  expect(ran.stderr).toContain('"msg":"verified","app":"shop","checks":2');
  expect(ran.status).toBe(0);
  expect(server.calls[0]!.headers.authorization).toBe("Bearer argo");
});

test("server.yaml answers its probes, serves, and drains", async () => {
  server.reset({ "POST /in": text("", 200) });
  const port = await freePort();
  const { args, env } = workload("server.yaml", {
    files: { webhook: { secret: "a secret of the test's own\n" } },
    replace: { "8080": String(port), "events.shop": address() },
  });
  const process = start(args, { env });
  expect(await readUntil(process.stderr, "listening")).toContain("listening");
  const pod = files.get("server.yaml")!.map(podOf).find(Boolean)!;
  type Probe = { httpGet: { path: string; port: string } };
  for (const name of ["startupProbe", "livenessProbe", "readinessProbe"]) {
    const { path } = (pod.spec.containers[0]![name] as Probe).httpGet;
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
  }
  const body = '{"a": 1}';
  const signature = `sha256=${createHmac("sha256", "a secret of the test's own").update(body).digest("hex")}`;
  const answer = await fetch(`http://127.0.0.1:${port}/webhook`, {
    method: "POST",
    body,
    headers: { "x-hub-signature-256": signature },
  });
  expect(answer.status).toBe(202);
  process.kill("SIGTERM");
  expect(await process.exited).toBe(0);
  expect(server.asked).toEqual(["POST /in"]);
});

test("the preStop command is one that the image has", async () => {
  const pod = files.get("server.yaml")!.map(podOf).find(Boolean)!;
  type Hook = { preStop: { exec: { command: string[] } } };
  const [program, ...args] = (pod.spec.containers[0]!.lifecycle as Hook).preStop.exec.command;
  expect(program).toBe("/usr/bin/assay");
  expect((await assay(args.map((arg) => arg.replace("sleep(5)", "sleep(0.01)")))).status).toBe(0);
});
