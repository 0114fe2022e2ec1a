import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, type Reply, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local argocd = require("assay.argocd") local c = argocd.client(URL .. "/", { token = "sesame\\n" })`;
/** What a log that is followed looks like. */
const FOLLOWED = text(
  '{"result":{"content":"one"}}\n{"result":{"content":"two"}}\n{"result":{"last":true}}\n',
  200,
  "application/json",
);
const APP = "/api/v1/applications/shop";
const app = (status: object, more = {}): Reply => json({ metadata: { name: "shop" }, spec: {}, status, ...more });
const refused = (status: number, message: string): Reply => json({ error: message, code: 7, message }, status);
const said = (message: string) => JSON.stringify({ error: message, code: 7, message });
const nth =
  (...replies: Reply[]) =>
  (_: unknown, n: number) =>
    replies[Math.min(n, replies.length) - 1]!;

const synced = { health: { status: "Healthy" }, sync: { status: "Synced", revision: "abc" } };
const routes: Routes = {
  [`GET ${APP}`]: app({
    ...synced,
    health: { status: "Healthy", message: "fine" },
    history: [
      { id: 1, revision: "a" },
      { id: 3, revision: "c" },
      { id: 2, revision: "b" },
    ],
    resources: [
      { kind: "Service", name: "a", health: { status: "Healthy" } },
      {
        group: "apps",
        kind: "Deployment",
        namespace: "shop",
        name: "api",
        health: { status: "Degraded", message: "m" },
      },
      { kind: "ConfigMap", name: "c" },
    ],
  }),
  [`GET ${APP}/resource-tree`]: json({
    nodes: [
      { group: "apps", kind: "Deployment", namespace: "shop", name: "api", health: { status: "Degraded" } },
      { kind: "Pod", namespace: "shop", name: "api-1", health: { status: "Progressing" } },
    ],
  }),
};

describe("reading", () => {
  const plain: Record<string, string> = {
    [`projects()`]: "/api/v1/projects",
    [`repositories()`]: "/api/v1/repositories",
    [`clusters()`]: "/api/v1/clusters",
    [`applications()`]: "/api/v1/applications",
    [`applicationsets()`]: "/api/v1/applicationsets",
    [`events("shop")`]: `${APP}/events`,
  };
  const lists = Object.entries(plain).flatMap(([call, path]) => [
    [
      `return c:${call}[1].name`,
      { routes: { [`GET ${path}`]: json({ items: [{ name: "x" }] }) }, asked: [`GET ${path}`], gives: "x" },
    ] as const,
    [`return c:${call} -- none`, { routes: { [`GET ${path}`]: json({ items: null }) }, gives: [] }] as const,
    [
      `return c:${call} -- failing`,
      { routes: { [`GET ${path}`]: refused(500, "x") }, raises: `argocd: GET ${path} HTTP 500: ${said("x")}` },
    ] as const,
  ]);
  const objects: Record<string, string> = {
    [`project("my project")`]: "/api/v1/projects/my%20project",
    [`repository("https://git.example.com/a+b.git", { project = "p", force_refresh = true })`]:
      "/api/v1/repositories/https%3A%2F%2Fgit.example.com%2Fa%2Bb.git?forceRefresh=true&appProject=p",
    [`cluster("https://kubernetes.default.svc:443")`]: "/api/v1/clusters/https%3A%2F%2Fkubernetes.default.svc%3A443",
    [`cluster("in-cluster")`]: "/api/v1/clusters/in-cluster?id.type=name",
    [`settings()`]: "/api/v1/settings",
    [`version()`]: "/api/version",
    [`userinfo()`]: "/api/v1/session/userinfo",
    [`application("a/ü")`]: "/api/v1/applications/a%2F%C3%BC",
    [`refresh("shop")`]: `${APP}?refresh=normal`,
    [`refresh("shop", { type = "hard", project = "p", app_namespace = "n" })`]: `${APP}?refresh=hard&project=p&appNamespace=n`,
    [`app_manifests("shop", { revision = "v 1" })`]: `${APP}/manifests?revision=v%201`,
  };
  const single = Object.entries(objects).flatMap(([call, path]) => [
    [
      `return c:${call}.x`,
      {
        routes: { [`GET ${path}`]: json({ x: 1 }) },
        asked: [`GET ${path}`],
        headers: { "content-type": "application/json", accept: "application/json", authorization: "Bearer sesame" },
        gives: 1,
      },
    ] as const,
    [
      `return c:${call} -- denied`,
      {
        routes: { "*": refused(403, "no"), [`GET ${APP}`]: refused(403, "no") },
        raises: `argocd: GET ${path} HTTP 403: ${said("no")}`,
      },
    ] as const,
  ]);
  rows(() => server, prelude, routes, {
    ...Object.fromEntries([...lists, ...single]),
    [`return c:applications({ project = { "a", "b" }, selector = "x=y,z", repo = "r", app_namespace = "n" })`]: {
      routes: { "*": json({}) },
      asked: ["GET /api/v1/applications?project=a&project=b&selector=x%3Dy%2Cz&repo=r&appNamespace=n"],
      gives: [],
    },
    [`return c:application("shop") -- unknown`]: {
      routes: { [`GET ${APP}`]: refused(404, "gone") },
      raises: `argocd: GET ${APP} HTTP 404: ${said("gone")}`,
    },
    [`return c:application("shop") -- login page`]: {
      routes: { [`GET ${APP}`]: text("<html>", 200, "text/html") },
      raises: `argocd: GET ${APP}: invalid JSON in response (content-type text/html): <html>`,
    },
    [`return c:application("")`]: { asked: [], raises: "argocd.application: name is required" },
    [`return c:app_health("shop"), c:is_healthy("shop"), c:is_synced("shop")`]: {
      gives: { status: "Healthy", sync: "Synced", message: "fine" },
      also: [true, true],
    },
    [`return c:app_health("shop") -- new`]: { routes: { [`GET ${APP}`]: json({ metadata: {} }) }, gives: [] },
    [`return #c:app_resources("shop").nodes`]: { gives: 2 },
    [`return c:app_resources("shop").nodes -- none`]: { routes: { [`GET ${APP}/resource-tree`]: json({}) }, gives: [] },
    [`local h = c:history("shop") return h[1].id, h[3].id`]: { gives: 3, also: [1] },
    [`return c:unhealthy_resources("shop")`]: {
      gives: [
        { kind: "Deployment", namespace: "shop", name: "api", status: "Degraded", message: "m" },
        { kind: "Pod", namespace: "shop", name: "api-1", status: "Progressing" },
      ],
    },
    [`return c:app_exists("shop"), c:app_exists("none"), c:app_exists("secret", "p")`]: {
      routes: { "GET /api/v1/applications/secret?project=p": refused(403, "no") },
      gives: true,
      also: [false, false],
    },
    [`return c:app_exists("shop") -- denied`]: { routes: { [`GET ${APP}`]: refused(403, "no") }, raises: /HTTP 403/ },
    [`return c:app_exists("shop", "p") -- unknown`]: {
      routes: { [`GET ${APP}`]: refused(401, "no") },
      raises: /HTTP 401/,
    },
    [`return c:logs("shop", { tail = 2, container = "api" })`]: {
      routes: {
        [`GET ${APP}/logs`]: text(
          '{"result":{"content":"a","podName":"p"}}\n{"result":{"content":"b"}}\n{"result":{"last":true}}\n',
        ),
      },
      asked: [`GET ${APP}/logs?container=api&tailLines=2&follow=false`],
      gives: [{ content: "a", podName: "p" }, { content: "b" }],
    },
    [`local out = {} for line in c:logs("shop", { follow = true, tail = 5 }) do out[#out + 1] = line.content end return out`]:
      {
        routes: { [`GET ${APP}/logs`]: FOLLOWED },
        asked: [`GET ${APP}/logs?tailLines=5&follow=true`],
        gives: ["one", "two"],
      },
    [`local out = {} c:logs("shop", { follow = true, on_line = function(line) out[#out + 1] = line.content return true end }) return out`]:
      { routes: { [`GET ${APP}/logs`]: FOLLOWED }, gives: ["one"] },
    [`for line in c:logs("shop", { follow = true }) do end`]: {
      routes: { [`GET ${APP}/logs`]: json({ error: "not allowed", code: 7, message: "not allowed" }, 403) },
      raises:
        'argocd: GET /api/v1/applications/shop/logs?follow=true HTTP 403: {"error":"not allowed","code":7,"message":"not allowed"}',
    },
    [`return c:logs("shop")`]: {
      routes: { [`GET ${APP}/logs`]: text('{"error":{"message":"no pods"}}') },
      raises: "argocd: logs of shop: no pods",
    },
    [`local d = argocd.client(URL, { token = "t", project = "p", app_namespace = "n" }) d:application("shop") return d:project("x").x`]:
      {
        routes: { "GET /api/v1/projects/x": json({ x: 1 }) },
        asked: [`GET ${APP}?project=p&appNamespace=n`, "GET /api/v1/projects/x"],
        gives: 1,
      },
    [`return c.apps:get("shop").metadata.name, c.apps:is_synced("shop"), #c.projects:list(), #c:projects(), c.settings:get().x, c:settings().x, #c.apps:history("shop")`]:
      {
        routes: { "GET /api/v1/projects": json({ items: [{}] }), "GET /api/v1/settings": json({ x: 1 }) },
        gives: "shop",
        also: [true, 1, 1, 1, 1, 3],
      },
  });
});

describe("acting", () => {
  const ok = json({ fine: true });
  rows(() => server, prelude, routes, {
    [`return c:sync("shop").fine`]: {
      routes: { [`POST ${APP}/sync`]: ok },
      asked: [`POST ${APP}/sync`],
      sent: [{}],
      headers: { "content-type": "application/json" },
      gives: true,
    },
    [`c:sync("shop", { revision = "v1", prune = false, dry_run = true, strategy = { hook = {} }, sync_options = { "Validate=false" }, resources = { { kind = "Pod", name = "a" } }, project = "p", app_namespace = "n", infos = { { name = "a", value = "b" } } })`]:
      {
        routes: { "*": ok },
        sent: [
          {
            revision: "v1",
            prune: false,
            dryRun: true,
            strategy: { hook: {} },
            syncOptions: { items: ["Validate=false"] },
            resources: [{ kind: "Pod", name: "a" }],
            project: "p",
            appNamespace: "n",
            infos: [{ name: "a", value: "b" }],
          },
        ],
      },
    [`c:sync("shop") -- busy`]: {
      routes: { "*": refused(400, "another operation is already in progress") },
      raises: /^argocd: POST \/api\/v1\/applications\/shop\/sync HTTP 400: /,
    },
    [`return c:rollback("shop", 3.0, { prune = true }).fine`]: {
      routes: { [`POST ${APP}/rollback`]: ok },
      asked: [`POST ${APP}/rollback`],
      sent: [{ id: 3, prune: true }],
      gives: true,
    },
    [`return c:rollback("shop", 3).fine -- old`]: {
      routes: { [`PUT ${APP}/rollback`]: ok },
      asked: [`POST ${APP}/rollback`, `PUT ${APP}/rollback`],
      gives: true,
    },
    [`c:rollback("shop", 3) -- unknown`]: {
      routes: { [`POST ${APP}/rollback`]: refused(404, "gone") },
      asked: [`POST ${APP}/rollback`],
      raises: /HTTP 404/,
    },
    [`c:rollback("shop")`]: { asked: [], raises: "argocd.rollback: id is required" },
    [`return c:delete_app("shop", { cascade = false, propagation_policy = "orphan" })`]: {
      routes: { [`DELETE ${APP}`]: text("") },
      asked: [`DELETE ${APP}?cascade=false&propagationPolicy=orphan`],
      headers: { "content-type": "application/json" },
      gives: undefined,
    },
    [`c:delete_app("")`]: { asked: [], raises: "argocd.delete_app: name is required" },
    [`return c:terminate_operation("shop").fine`]: { routes: { [`DELETE ${APP}/operation`]: ok }, gives: true },
    [`c:create_app({ metadata = { name = "x" } }, { upsert = true })`]: {
      routes: { "POST /api/v1/applications": ok },
      asked: ["POST /api/v1/applications?upsert=true"],
      sent: [{ metadata: { name: "x" } }],
    },
    [`c:patch_app("shop", { spec = { a = 1 } }) c:patch_app("shop", "[]", "json")`]: {
      routes: { [`PATCH ${APP}`]: ok },
      sent: [
        { name: "shop", patch: '{"spec":{"a":1}}', patchType: "merge" },
        { name: "shop", patch: "[]", patchType: "json" },
      ],
    },
    [`c:set_image("shop", "reg:5000/api:2")`]: {
      routes: {
        [`GET ${APP}`]: json({ spec: { source: { kustomize: { images: ["x:1", "reg:5000/api:1"] } } } }),
        [`PUT ${APP}/spec`]: ok,
      },
      asked: [`GET ${APP}`, `PUT ${APP}/spec`],
      sent: [{ source: { kustomize: { images: ["x:1", "reg:5000/api:2"] } } }],
    },
    [`c:set_param("shop", "image.tag", 2) c:set_param("shop", "new", true)`]: {
      routes: {
        [`GET ${APP}`]: json({
          spec: { sources: [{ repoURL: "a" }, { helm: { parameters: [{ name: "image.tag", value: "1" }] } }] },
        }),
        [`PUT ${APP}/spec`]: ok,
      },
      sent: [
        { sources: [{ repoURL: "a" }, { helm: { parameters: [{ name: "image.tag", value: "2" }] } }] },
        {
          sources: [
            { repoURL: "a" },
            {
              helm: {
                parameters: [
                  { name: "image.tag", value: "1" },
                  { name: "new", value: "true" },
                ],
              },
            },
          ],
        },
      ],
    },
    [`c:run_action("shop", { group = "apps", version = "v1", kind = "Deployment", namespace = "n", name = "api" }, "restart")`]:
      {
        routes: { "*": ok },
        asked: [`POST ${APP}/resource/actions?namespace=n&resourceName=api&version=v1&group=apps&kind=Deployment`],
        sent: ["restart"],
        headers: { "content-type": "application/json" },
      },
  });
});

describe("logging in", () => {
  const user = `local argocd = require("assay.argocd") local c = argocd.client(URL, { username = "ci", password = "secret" })`;
  const asked = ["POST /api/v1/session", "GET /api/version"];
  const version = json({ Version: "v3" });
  rows(
    () => server,
    user,
    { "POST /api/v1/session": json({ token: "t1" }), "GET /api/version": version },
    {
      [`c:version() c:version() return c.token`]: {
        asked: [...asked, "GET /api/version"],
        sent: [{ username: "ci", password: "secret" }],
        headers: { authorization: "Bearer t1" },
        gives: "t1",
      },
      [`return c:version().Version -- expired`]: {
        routes: { "GET /api/version": nth(refused(401, "expired"), version) },
        asked: [...asked, ...asked],
        gives: "v3",
      },
      [`return c:version() -- for ever`]: {
        routes: { "GET /api/version": refused(401, "no") },
        raises: `argocd: GET /api/version HTTP 401: ${said("no")}`,
      },
      [`c.token = "mine" return c:version()`]: {
        routes: { "GET /api/version": refused(401, "no") },
        asked: ["GET /api/version"],
        raises: /HTTP 401/,
      },
      [`return c:version() -- wrong password`]: {
        routes: { "POST /api/v1/session": refused(401, "Invalid username or password") },
        asked: ["POST /api/v1/session"],
        raises: /^argocd: POST \/api\/v1\/session HTTP 401: /,
      },
      [`c:version() return c:version().Version -- proxy`]: {
        routes: { "POST /api/v1/session": text("not found", 404) },
        asked: [...asked, "GET /api/version"],
        headers: { authorization: "Basic Y2k6c2VjcmV0" },
        gives: "v3",
      },
    },
  );
});

describe("waiting", () => {
  const at = `GET ${APP}`;
  const running = app({ sync: { status: "Synced" }, operationState: { phase: "Running" } });
  const succeeded = app({ ...synced, operationState: { phase: "Succeeded" } });
  const failed = app({
    ...synced,
    operationState: {
      phase: "Failed",
      message: "one or more objects failed, HTTP 503",
      syncResult: {
        resources: [
          { kind: "Job", name: "migrate", hookPhase: "Failed", message: "exit 1" },
          { kind: "Pod", name: "x", status: "Synced" },
        ],
      },
    },
  });
  rows(
    () => server,
    prelude,
    {},
    {
      [`return c:wait_healthy("shop", 10)`]: {
        routes: { [at]: nth(refused(500, "x"), app({ health: { status: "Progressing" } }), app(synced)) },
        slept: [2, 2],
        gives: true,
      },
      [`return c:wait_healthy("shop", 3, { project = "p" })`]: {
        routes: { [at]: app({ health: { status: "Degraded", message: "m" } }) },
        raises: "argocd: timeout waiting for shop to become healthy (last: Degraded: m)",
      },
      [`return c:wait_healthy("shop") -- denied`]: {
        routes: { [at]: refused(403, "no") },
        asked: [at],
        raises: /HTTP 403/,
      },
      [`return c:wait_synced("shop")`]: {
        routes: { [at]: nth(app({ sync: { status: "Synced" } }, { operation: {} }), running, succeeded) },
        slept: [2, 2],
        gives: true,
      },
      [`return c:wait_synced("shop", 0)`]: {
        routes: { [at]: running },
        raises: "argocd: timeout waiting for shop to become synced (last: Synced, operation Running)",
      },
      [`return c:wait_operation("shop")`]: {
        routes: { [at]: nth(running, failed) },
        raises: "argocd: operation on shop failed: one or more objects failed, HTTP 503; Job/migrate: exit 1",
      },
      [`return c:sync_and_wait("shop", { prune = true, interval = 1 }, 60)`]: {
        routes: { [at]: nth(app({}), running, succeeded), [`POST ${APP}/sync`]: json({}) },
        asked: [`${at}?refresh=normal`, `POST ${APP}/sync`, at, at, at],
        sent: [{ prune: true }],
        slept: [1],
        gives: true,
      },
    },
  );
});
