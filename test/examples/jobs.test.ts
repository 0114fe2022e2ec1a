/** The jobs among the examples, against recording servers: what they ask for, what they say, how they end. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { condition, items, object, sequence } from "../stdlib/cluster.ts";
import { Fixture, json, type Routes, text } from "../stdlib/fixture.ts";
import { temporaryFolder } from "../support/folder.ts";
import { example, runExample, serveExample } from "./example.ts";

let server: Fixture;
const folder = temporaryFolder();
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

/** The API server for modules that look for one: a kubeconfig, as on a developer's machine. */
function cluster(): Record<string, string> {
  const config = folder.write(
    "kubeconfig",
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server: server.url } }],
      users: [{ name: "me", user: { token: "kube-token" } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "me" } }],
      "current-context": "test",
    }),
  );
  return { KUBECONFIG: config };
}

describe("argocd-postsync.lua", () => {
  const app = (health: string) =>
    json({ metadata: { name: "shop" }, status: { health: { status: health }, sync: { status: "OutOfSync" } } });
  const SHOP = "GET /api/v1/applications/shop";
  const env = () => ({
    ARGOCD_SERVER: server.url,
    ARGOCD_TOKEN_FILE: folder.write("argocd-token", "argo-token\n"),
    APP_NAME: "shop",
    SMOKE_URLS: `${server.url}/ ${server.url}/cart`,
    VERSION_URL: `${server.url}/version`,
    EXPECTED_VERSION: "1.4.2",
    TIMEOUT: "20",
  });
  const fine: Routes = {
    [SHOP]: sequence(app("Progressing"), app("Healthy")),
    "GET /": text("shop"),
    "GET /cart": sequence(text("starting", 503), text("cart")),
    "GET /version": json({ version: "1.4.2" }),
  };

  test("waits for health, then makes the requests, again if need be", async () => {
    server.reset(fine);
    const ran = await runExample("jobs/argocd-postsync.lua", [], { env: env() });
    expect(ran.stderr).toContain('"msg":"verified","app":"shop","checks":3');
    expect(ran.status).toBe(0);
    expect(server.calls[0]!.headers.authorization).toBe("Bearer argo-token");
    expect(server.asked.filter((one) => one === "GET /cart").length).toBe(2);
  });

  test("another version is running", async () => {
    server.reset({ ...fine, "GET /version": json({ version: "1.4.1" }) });
    const ran = await runExample("jobs/argocd-postsync.lua", [], { env: { ...env(), TIMEOUT: "3" } });
    expect(ran.stderr).toContain("1.4.1");
    expect(ran.status).toBe(1);
  });

  test("an application that stays degraded names its resources", async () => {
    const tree = json({
      nodes: [{ kind: "Deployment", name: "api", health: { status: "Degraded", message: "no pods" } }],
    });
    server.reset({ [SHOP]: app("Degraded"), "GET /api/v1/applications/shop/resource-tree": tree });
    const ran = await runExample("jobs/argocd-postsync.lua", [], { env: { ...env(), TIMEOUT: "0" } });
    expect(ran.stderr).toContain("timeout waiting for shop to become healthy");
    expect(ran.stderr).toContain("no pods");
    expect(ran.status).toBe(1);
  });

  test("nothing to verify is a failure", async () => {
    server.reset({ [SHOP]: app("Healthy") });
    const ran = await runExample("jobs/argocd-postsync.lua", [], {
      env: { ...env(), SMOKE_URLS: "", VERSION_URL: undefined },
    });
    expect(ran.stderr).toContain("nothing to verify");
    expect(ran.status).toBe(1);
  });
});

describe("webhook-receiver.lua", () => {
  const KEY = "a shared secret of some length";
  const sign = (body: string, key = KEY) => `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;

  test("passes signed deliveries on, once, and finishes them after SIGTERM", async () => {
    // The target is down at first: the delivery is repeated.
    server.reset({ "POST /in": sequence(text("", 503), text("", 200)) });
    const { process, url } = await serveExample("jobs/webhook-receiver.lua", [], {
      WEBHOOK_SECRET_FILE: folder.write("webhook-secret", `${KEY}\n`),
      TARGET_URL: `${server.url}/in`,
    });
    const deliver = (body: string, signature: string, id = "1") =>
      fetch(`${url}/webhook`, {
        method: "POST",
        body,
        headers: { "x-hub-signature-256": signature, "x-github-event": "push", "x-github-delivery": id },
      });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const body = '{"ref": "refs/heads/main"}';
    expect((await deliver(body, sign(body, "another key"))).status).toBe(401);
    expect((await deliver(`${body} `, sign(body))).status).toBe(401);
    expect((await fetch(`${url}/webhook`, { method: "POST", body })).status).toBe(401);
    expect((await deliver("no json", sign("no json"))).status).toBe(400);
    expect((await fetch(`${url}/webhook`)).status).toBe(405);
    const accepted = await deliver(body, sign(body));
    expect([accepted.status, await accepted.json()]).toEqual([202, { id: "1" }]);
    const again = await deliver(body, sign(body));
    expect([again.status, await again.json()]).toEqual([200, { id: "1", repeated: true }]);

    process.kill("SIGTERM");
    expect(await process.exited).toBe(0);
    expect(server.asked).toEqual(["POST /in", "POST /in"]);
    expect(server.calls[1]).toMatchObject({
      json: { ref: "refs/heads/main" },
      headers: { "x-event": "push", "idempotency-key": "1" },
    });
  });

  test("a weak secret is refused at the start", async () => {
    const ran = await runExample("jobs/webhook-receiver.lua", [], {
      env: { WEBHOOK_SECRET: "short", TARGET_URL: "x" },
    });
    expect(ran.stderr).toContain("shorter than 16 characters");
    expect(ran.status).toBe(1);
  });
});

describe("mock-api.lua", () => {
  test("answers as its file says, and remembers", async () => {
    const { process, url } = await serveExample("jobs/mock-api/mock-api.lua", [example("jobs/mock-api/routes.yaml")], {
      HOST: "127.0.0.1",
    });
    const ask = (path: string, init?: RequestInit) => fetch(url + path, init);
    expect(await (await ask("/users/7")).json()).toEqual({ id: "7", name: "User 7" });
    const made = await ask("/users", { method: "POST", body: '{"name": "ada"}' });
    expect([made.status, made.headers.get("location"), await made.json()]).toEqual([
      201,
      "/users/42",
      { id: 42, name: "ada" },
    ]);
    expect(await (await ask("/users", { method: "POST" })).json()).toEqual({ id: 42, name: "nobody" });
    const flaky = [await ask("/flaky"), await ask("/flaky"), await ask("/flaky")];
    expect(flaky.map(({ status }) => status)).toEqual([503, 200, 200]);
    expect(await (await ask("/slow")).text()).toBe("finally");
    expect((await ask("/none")).status).toBe(404);
    const asked = (await (await ask("/__requests")).json()) as { method: string; path: string; body: unknown }[];
    expect(asked.length).toBe(7);
    expect(asked[1]).toMatchObject({ method: "POST", path: "/users", body: { name: "ada" } });
    expect((await ask("/__requests", { method: "DELETE" })).status).toBe(204);
    expect(await (await ask("/__requests")).json()).toEqual([]);
    process.kill("SIGTERM");
    expect(await process.exited).toBe(0);
  });

  test("a route that is none", async () => {
    const file = folder.write("routes.yaml", "/users: {body: x}\n");
    const ran = await runExample("jobs/mock-api/mock-api.lua", [file]);
    expect(ran.stderr).toContain('"/users" is not a route such as "GET /users/:id"');
    expect(ran.status).toBe(1);
  });
});

describe("backup-check.lua", () => {
  const BASE = "/apis/velero.io/v1/namespaces/velero";
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const backup = (name: string, hours: number, more: Record<string, unknown> = {}) =>
    object(name, {
      metadata: { labels: { "velero.io/schedule-name": "daily" }, creationTimestamp: ago(hours) },
      status: {
        phase: "Completed",
        startTimestamp: ago(hours),
        completionTimestamp: ago(hours),
        progress: { itemsBackedUp: 120, totalItems: 120 },
        ...more,
      },
    });
  const schedule = (more: Record<string, unknown> = {}) =>
    object("daily", { spec: { schedule: "0 3 * * *", ...more }, status: { phase: "Enabled" } });
  const bsl = (phase: string) => object("default", { status: { phase } });
  const routes = (
    schedules: ReturnType<typeof object>[],
    backups: ReturnType<typeof object>[],
    place: string,
  ): Routes => {
    const out: Routes = {};
    const add = (plural: string, list: ReturnType<typeof object>[]) => {
      out[`GET ${BASE}/${plural}`] = items(...list);
      for (const one of list) out[`GET ${BASE}/${plural}/${one.metadata!.name}`] = json(one);
    };
    add("schedules", schedules);
    add("backups", backups);
    add("backupstoragelocations", [bsl(place)]);
    return out;
  };
  const run = (from: Routes, env: Record<string, string> = {}) => {
    server.reset(from);
    return runExample("jobs/backup-check.lua", [], { env: { ...cluster(), ...env } });
  };

  test("all is in order", async () => {
    const ran = await run(routes([schedule()], [backup("daily-2", 30), backup("daily-3", 3)], "Available"), {
      SCHEDULES: "daily",
    });
    expect(ran.stderr).toContain('"backup":"daily-3","hours":3,"items":120');
    expect(ran.status).toBe(0);
    expect(server.calls[0]!.headers.authorization).toBe("Bearer kube-token");
  });

  test("everything is wrong, and everything is said", async () => {
    const old = [backup("daily-1", 50, { errors: 2 }), backup("daily-2", 2, { phase: "Failed" })];
    const ran = await run(routes([schedule({ paused: true })], old, "Unavailable"), { SCHEDULES: "daily weekly" });
    for (const problem of [
      "schedule daily is paused or not enabled",
      "schedule daily: the last good backup is 50.0 hours old",
      "backup daily-1 has 2 errors",
      "schedule weekly is missing",
      "storage location default is not available",
    ])
      expect(ran.stderr).toContain(problem);
    expect(ran.status).toBe(1);
  });

  test("a cluster without Velero is not in order", async () => {
    const ran = await run({});
    expect(ran.stderr).toContain("there are no schedules; there is no backup storage location");
    expect(ran.status).toBe(1);
  });
});

describe("rolling-restart.lua", () => {
  const PATH = "/apis/apps/v1/namespaces/shop/deployments";
  const deployment = (name: string, more: Record<string, unknown> = {}) =>
    object(name, {
      kind: "Deployment",
      metadata: { namespace: "shop", generation: 2 },
      spec: { replicas: 2, selector: { matchLabels: { app: name } } },
      status: {
        observedGeneration: 2,
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        conditions: [condition("Available"), condition("Progressing", { reason: "NewReplicaSetAvailable" })],
        ...more,
      },
    });
  const stuck = deployment("web", {
    updatedReplicas: 1,
    conditions: [
      condition("Progressing", { status: "False", reason: "ProgressDeadlineExceeded", message: "it takes too long" }),
    ],
  });
  const at = (name: string, ...answers: ReturnType<typeof object>[]): Routes => ({
    [`GET ${PATH}/${name}`]: sequence(...answers.map((one) => json(one))),
    [`PATCH ${PATH}/${name}`]: json(answers[0]),
  });
  const EMPTY: Routes = {
    "GET /apis/apps/v1/namespaces/shop/replicasets": items(),
    "GET /api/v1/namespaces/shop/pods": items(),
  };
  const run = (routes: Routes, args: string[], env: Record<string, string> = {}) => {
    server.reset({ ...EMPTY, ...routes });
    return runExample("jobs/rolling-restart.lua", args, { env: { ...cluster(), ...env } });
  };
  const patched = () => server.calls.filter(({ method }) => method === "PATCH");

  test("one after the other", async () => {
    const ran = await run({ ...at("api", deployment("api")), ...at("web", deployment("web")) }, [
      "shop",
      "deployment/api",
      "deployment/web",
    ]);
    expect(ran.status).toBe(0);
    expect(patched().map(({ path }) => path)).toEqual([`${PATH}/api`, `${PATH}/web`]);
    expect(patched()[0]!.body).toContain("kubectl.kubernetes.io/restartedAt");
    const asked = server.asked.map((one) => one.replace(/\?.*/, ""));
    expect(asked.lastIndexOf(`GET ${PATH}/api`)).toBeLessThan(asked.indexOf(`PATCH ${PATH}/web`));
    expect(ran.stderr).toContain('"workload":"deployment/web"');
  });

  test("chosen by labels", async () => {
    const list: Routes = { [`GET ${PATH}?labelSelector=tier%3Dfront`]: items(deployment("web")) };
    const ran = await run({ ...list, ...at("web", deployment("web")) }, ["shop"], { SELECTOR: "tier=front" });
    expect([ran.status, patched().length]).toEqual([0, 1]);
  });

  test("stops at the first that does not come back", async () => {
    const ran = await run({ ...at("web", deployment("web"), stuck), ...at("api", deployment("api")) }, [
      "shop",
      "deployment/web",
      "deployment/api",
    ]);
    expect(ran.stderr).toContain("0 of 2 restarted before it");
    expect(ran.stderr).toContain("it takes too long");
    expect([ran.status, patched().length]).toEqual([1, 1]);
  });

  test("touches nothing while something is not ready", async () => {
    const ran = await run({ ...at("api", deployment("api")), ...at("web", stuck) }, [
      "shop",
      "deployment/api",
      "deployment/web",
    ]);
    expect(ran.stderr).toContain("deployment/web is not ready, nothing was restarted");
    expect([ran.status, patched().length]).toEqual([1, 0]);
  });
});

describe("notify.lua", () => {
  const report = (failed: number) =>
    folder.write(
      `result-${failed}.json`,
      JSON.stringify({
        passed: 2,
        failed,
        total: 2 + failed,
        results: [
          { name: "api", status: "passed" },
          ...(failed > 0 ? [{ name: "db", status: "failed", error: "expected <5 & got 9" }] : []),
        ],
      }),
    );
  const run = (failed: number, routes: Routes, env: Record<string, string | undefined> = {}) => {
    server.reset(routes);
    const secret = folder.write("chat-url", `${server.url}/hooks/T0P-S3CRET\n`);
    return runExample("jobs/notify.lua", [report(failed)], {
      env: { CHAT_WEBHOOK_URL_FILE: secret, TITLE: "Shop", ...env },
    });
  };
  const HOOK = "POST /hooks/T0P-S3CRET";

  test("says what failed, and tries again when it is told to wait", async () => {
    const ran = await run(1, { [HOOK]: sequence({ status: 429, headers: { "retry-after": "0" } }, text("ok")) });
    expect(ran.status).toBe(0);
    expect(server.calls.length).toBe(2);
    expect((server.calls[1]!.json as { text: string }).text).toBe(
      ":red_circle: *Shop*: 2 of 3 checks passed\n• *db*: expected &lt;5 &amp; got 9\n",
    );
  });

  test("all is well", async () => {
    await run(0, { [HOOK]: text("ok") });
    expect((server.calls[0]!.json as { text: string }).text).toBe(
      ":large_green_circle: *Shop*: 2 of 2 checks passed\n",
    );
    const silent = await run(0, {}, { ONLY_FAILURES: "yes" });
    expect([silent.status, server.calls.length]).toEqual([0, 0]);
  });

  test("a failure does not repeat the webhook's address", async () => {
    const refused = await run(1, { [HOOK]: text("no_team", 404) });
    expect(refused.stderr).toContain("the message was not delivered: HTTP 404 no_team");
    const unreachable = await run(
      1,
      {},
      { CHAT_WEBHOOK_URL_FILE: undefined, CHAT_WEBHOOK_URL: "http://127.0.0.1:1/T0P-S3CRET" },
    );
    expect(unreachable.stderr).toContain("the message was not delivered: connection refused");
    for (const ran of [refused, unreachable]) {
      expect(ran.status).toBe(1);
      expect(ran.stderr + ran.stdout).not.toContain("T0P-S3CRET");
    }
  });
});
