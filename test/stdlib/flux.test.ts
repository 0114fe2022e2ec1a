import { afterAll, beforeAll, describe } from "bun:test";
import { collection, condition, items, missing, object, ready, refused, said, sequence, unready } from "./cluster.ts";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const S = "/apis/source.toolkit.fluxcd.io";
const KS = "/apis/kustomize.toolkit.fluxcd.io/v1";
const HR = "/apis/helm.toolkit.fluxcd.io";
const N = "/apis/notification.toolkit.fluxcd.io";
const I = "/apis/image.toolkit.fluxcd.io";
const prelude = `local flux = require("assay.flux") local c = flux.client(URL, "sesame")`;

const revision = "main@sha1:0123abc";
const apps = object("apps", {
  metadata: { namespace: "flux", generation: 2 },
  spec: { path: "./apps", sourceRef: { kind: "GitRepository", name: "apps" } },
  status: {
    observedGeneration: 2,
    lastAttemptedRevision: revision,
    lastAppliedRevision: revision,
    conditions: [condition("Ready", { message: "applied" })],
    inventory: {
      entries: [
        { id: "shop_api_apps_Deployment", v: "v1" },
        { id: "_system__node_rbac.authorization.k8s.io_ClusterRole", v: "v1" },
        { id: "_shop__Namespace", v: "v1" },
      ],
    },
  },
});
const git = ready("apps", { status: { artifact: { revision } } });
const release = ready("podinfo", {
  metadata: { namespace: "shop" },
  spec: {
    suspend: true,
    chart: { spec: { chart: "podinfo", sourceRef: { kind: "HelmRepository", name: "podinfo", namespace: "flux" } } },
  },
  status: {
    lastAttemptedRevision: "6.6.0",
    failures: 2,
    history: [
      { chartVersion: "6.6.0", status: "failed" },
      { chartVersion: "6.5.4", status: "deployed" },
    ],
  },
});
const oci = object("charts", { spec: { type: "oci" } });

const routes: Routes = {
  ...collection(`${S}/v1/namespaces/flux/gitrepositories`, git, unready("broken", "AuthFailed", "no key")),
  ...collection(`${S}/v1/namespaces/flux/helmrepositories`, ready("podinfo"), oci),
  ...collection(`${S}/v1/namespaces/flux/helmcharts`, ready("shop-podinfo")),
  ...collection(`${S}/v1beta2/namespaces/flux/ocirepositories`, ready("manifests")),
  ...collection(`${S}/v1/namespaces/flux/buckets`),
  ...collection(`${KS}/namespaces/flux/kustomizations`, apps),
  [`GET ${KS}/kustomizations`]: items(apps, object("other", { metadata: { namespace: "x" } }), object("")),
  ...collection(`${HR}/v2/namespaces/shop/helmreleases`, release),
  ...collection(`${N}/v1beta2/namespaces/flux/alerts`, object("slack")),
  ...collection(`${N}/v1beta3/namespaces/flux/providers`, object("slack")),
  ...collection(`${N}/v1/namespaces/flux/receivers`, ready("github")),
  ...collection(
    `${I}/v1/namespaces/flux/imagepolicies`,
    ready("podinfo", { status: { latestRef: { name: "ghcr.io/x/podinfo", tag: "6.5.4", digest: "sha256:aa" } } }),
  ),
  ...collection(`${I}/v1/namespaces/flux/imagerepositories`, ready("podinfo")),
  ...collection(`${I}/v1beta1/namespaces/flux/imageupdateautomations`, ready("podinfo")),
};

describe("lists", () => {
  const list = (call: string, ...paths: string[]) => ({
    [`return type(c:${call}("flux").items), #c:${call}("flux").items`]: {
      asked: [...paths, paths.at(-1)!].map((path) => `GET ${path}`),
      gives: "table",
    },
  });
  rows(() => server, prelude, routes, {
    ...list("git_repositories", `${S}/v1/namespaces/flux/gitrepositories`),
    ...list("helm_repositories", `${S}/v1/namespaces/flux/helmrepositories`),
    ...list("helm_charts", `${S}/v1/namespaces/flux/helmcharts`),
    ...list(
      "oci_repositories",
      `${S}/v1/namespaces/flux/ocirepositories`,
      `${S}/v1beta2/namespaces/flux/ocirepositories`,
    ),
    ...list("buckets", `${S}/v1/namespaces/flux/buckets`),
    ...list("kustomizations", `${KS}/namespaces/flux/kustomizations`),
    ...list("alerts", `${N}/v1beta3/namespaces/flux/alerts`, `${N}/v1beta2/namespaces/flux/alerts`),
    ...list("providers_list", `${N}/v1beta3/namespaces/flux/providers`),
    ...list("receivers", `${N}/v1/namespaces/flux/receivers`),
    ...list("image_policies", `${I}/v1/namespaces/flux/imagepolicies`),
    ...list("image_repositories", `${I}/v1/namespaces/flux/imagerepositories`),
    ...list(
      "image_update_automations",
      `${I}/v1/namespaces/flux/imageupdateautomations`,
      `${I}/v1beta2/namespaces/flux/imageupdateautomations`,
      `${I}/v1beta1/namespaces/flux/imageupdateautomations`,
    ),
    'return #c:helm_releases("shop").items': { asked: [`GET ${HR}/v2/namespaces/shop/helmreleases`], gives: 1 },
    "return #c:kustomizations().items": { asked: [`GET ${KS}/kustomizations`], gives: 3 },
    'return c:helm_releases("none")': {
      asked: [`GET ${HR}/v2/namespaces/none/helmreleases`, `GET ${HR}/v2beta2/namespaces/none/helmreleases`],
      raises: `flux: LIST ${HR}/v2beta2/namespaces/none/helmreleases HTTP 404: 404 page not found\n`,
    },
    'return c:kustomizations("flux") -- forbidden': {
      routes: { [`GET ${KS}/namespaces/flux/kustomizations`]: refused(403, "Forbidden") },
      raises: `flux: LIST ${KS}/namespaces/flux/kustomizations HTTP 403: ${said(refused(403, "Forbidden"))}`,
    },
    'return c:kustomizations("flux") -- a login page': {
      routes: { [`GET ${KS}/namespaces/flux/kustomizations`]: text("<html>", 200, "text/html") },
      raises: `flux: LIST ${KS}/namespaces/flux/kustomizations: invalid JSON in response (content-type text/html): <html>`,
    },
    'return #c.git_repos:list("flux").items, #c.kustomizations:list("flux").items, #c:kustomizations("flux").items, #c.notifications:providers("flux").items':
      {
        gives: 2,
        also: [1, 1, 1],
      },
  });
});

describe("single objects", () => {
  rows(() => server, prelude, routes, {
    'return c:git_repository("flux", "apps").status.artifact.revision': {
      asked: [`GET ${S}/v1/namespaces/flux/gitrepositories/apps`],
      gives: revision,
    },
    'return c:git_repository("flux", "none")': {
      routes: { [`GET ${S}/v1/namespaces/flux/gitrepositories/none`]: missing("none") },
      gives: undefined,
    },
    'return c:git_repository("flux", "")': { asked: [], raises: "flux.git_repository: name is required" },
    'return c:git_repository("flux", "x") -- denied': {
      routes: { "*": refused(401, "Unauthorized") },
      raises: `flux: GET ${S}/v1/namespaces/flux/gitrepositories/x HTTP 401: ${said(refused(401, "Unauthorized"))}`,
    },
    'return c:is_git_repo_ready("flux", "apps"), c:is_git_repo_ready("flux", "broken"), c:is_git_repo_ready("flux", "none")':
      {
        gives: true,
        also: [false, false],
      },
    'return c:is_helm_repo_ready("flux", "podinfo"), c:is_helm_repo_ready("flux", "charts"), c:helm_repository("flux", "charts").spec.type':
      {
        gives: true,
        also: [true, "oci"],
      },
    'return c:is_helm_chart_ready("flux", "shop-podinfo"), c:helm_chart("flux", "shop-podinfo").metadata.name': {
      gives: true,
    },
    'return c:is_oci_repository_ready("flux", "manifests"), c:oci_repository("flux", "manifests").metadata.name': {
      asked: [
        `GET ${S}/v1/namespaces/flux/ocirepositories/manifests`,
        `GET ${S}/v1beta2/namespaces/flux/ocirepositories/manifests`,
        `GET ${S}/v1beta2/namespaces/flux/ocirepositories/manifests`,
      ],
      gives: true,
    },
    'return c:oci_repository("flux", "gone") -- this version is served': {
      routes: { [`GET ${S}/v1/namespaces/flux/ocirepositories/gone`]: missing("gone") },
      asked: [`GET ${S}/v1/namespaces/flux/ocirepositories/gone`],
      gives: undefined,
    },
    'return c:bucket("flux", "none"), c:is_bucket_ready("flux", "none")': { gives: undefined, also: [false] },
    'return c:is_kustomization_ready("flux", "apps"), c:kustomization("flux", "apps").spec.path': {
      gives: true,
      also: ["./apps"],
    },
    'return c:is_kustomization_ready("flux", "stale")': {
      routes: {
        [`GET ${KS}/namespaces/flux/kustomizations/stale`]: json(
          ready("stale", { metadata: { generation: 3 }, status: { observedGeneration: 2 } }),
        ),
      },
      gives: false,
    },
    'return c:is_kustomization_ready("flux", "running")': {
      routes: {
        [`GET ${KS}/namespaces/flux/kustomizations/running`]: json(
          object("running", { status: { conditions: [condition("Ready", { status: "Unknown" })] } }),
        ),
      },
      gives: false,
    },
    'return c:kustomization_status("flux", "apps")': {
      gives: {
        ready: true,
        revision,
        last_applied_revision: revision,
        conditions: [condition("Ready", { message: "applied" })],
        suspended: false,
        message: "applied",
      },
    },
    'return c:kustomization_status("flux", "bare")': {
      routes: { [`GET ${KS}/namespaces/flux/kustomizations/bare`]: json(object("bare")) },
      gives: { ready: false, revision: "", last_applied_revision: "", conditions: [], suspended: false },
    },
    'return c:kustomization_status("flux", "none")': { gives: undefined },
    'return c:helm_release_status("shop", "podinfo")': {
      gives: {
        ready: true,
        revision: "6.6.0",
        last_applied_revision: "6.5.4",
        conditions: [condition("Ready")],
        suspended: true,
        failures: 2,
        release_status: "failed",
      },
    },
    'return c:helm_release_status("shop", "old").last_applied_revision': {
      routes: {
        [`GET ${HR}/v2/namespaces/shop/helmreleases/old`]: json(
          object("old", { status: { lastAppliedRevision: "1.0.0" } }),
        ),
      },
      gives: "1.0.0",
    },
    'return c:is_helm_release_ready("shop", "podinfo"), c:helm_release("shop", "none"), c:helm_release_status("shop", "none")':
      { gives: true },
    'return c:inventory("flux", "apps")': {
      gives: [
        { namespace: "shop", name: "api", group: "apps", kind: "Deployment", version: "v1" },
        { namespace: "", name: "system:node", group: "rbac.authorization.k8s.io", kind: "ClusterRole", version: "v1" },
        { namespace: "", name: "shop", group: "", kind: "Namespace", version: "v1" },
      ],
    },
    'return c:source_revision("flux", "apps")': { gives: revision },
    'return select(2, c:image_policy("flux", "podinfo"))': { gives: "ghcr.io/x/podinfo:6.5.4@sha256:aa" },
  });
});

describe("summaries", () => {
  rows(() => server, prelude, routes, {
    'return c:all_sources_ready("flux")': {
      gives: {
        ready: 4,
        not_ready: 1,
        total: 5,
        not_ready_names: ["broken"],
        reasons: { broken: "AuthFailed: no key" },
      },
    },
    'return c:all_sources_ready("flux").total -- without OCI and buckets': {
      routes: {
        [`GET ${S}/v1beta2/namespaces/flux/ocirepositories`]: text("404 page not found", 404),
        [`GET ${S}/v1/namespaces/flux/buckets`]: text("404 page not found", 404),
      },
      gives: 4,
    },
    'return c:all_sources_ready("flux") -- without Git': {
      routes: { [`GET ${S}/v1/namespaces/flux/gitrepositories`]: text("404 page not found", 404) },
      raises: `flux: LIST ${S}/v1/namespaces/flux/gitrepositories HTTP 404: 404 page not found`,
    },
    'return c:all_sources_ready("flux") -- forbidden': {
      routes: { [`GET ${S}/v1/namespaces/flux/buckets`]: refused(403, "no") },
      raises: /HTTP 403/,
    },
    "return c:all_kustomizations_ready()": {
      gives: { ready: 1, not_ready: 2, total: 3, not_ready_names: ["x/other", ""], reasons: [] },
    },
    'return c:all_helm_releases_ready("shop")': {
      gives: { ready: 1, not_ready: 0, total: 1, not_ready_names: [], reasons: [] },
    },
    'return c:not_ready("flux")': {
      gives: [{ kind: "GitRepository", name: "broken", reason: "AuthFailed", message: "no key" }],
    },
    'return #c:events("kustomization", "flux", "apps")': {
      routes: { "GET /api/v1/namespaces/flux/events": items(object("e")) },
      asked: [
        "GET /api/v1/namespaces/flux/events?fieldSelector=involvedObject.kind%3DKustomization%2CinvolvedObject.name%3Dapps",
      ],
      gives: 1,
    },
  });
});

describe("acting and waiting", () => {
  const at = `${KS}/namespaces/flux/kustomizations/k`;
  const mark = "2023-11-14T22:13:20Z";
  rows(() => server, prelude, routes, {
    'return c:wait_ready("Kustomization", "flux", "k", 20)': {
      routes: { [`GET ${at}`]: sequence(missing("k"), json(unready("k")), json(ready("k"))) },
      slept: [5, 5],
      gives: true,
    },
    'return c:wait_ready("kustomization", "flux", "k", 10, { revision = "0123abc" })': {
      routes: {
        [`GET ${at}`]: sequence(
          json(ready("k", { status: { lastAppliedRevision: "main@sha1:fff" } })),
          json(ready("k", { status: { lastAppliedRevision: revision } })),
        ),
      },
      slept: [5],
      gives: true,
    },
    'return c:wait_ready("kustomization", "flux", "k", 10)': {
      routes: { [`GET ${at}`]: json(unready("k", "BuildFailed", "no such file")) },
      raises: "flux: kustomization flux/k not ready after 10s (last: Ready=False, BuildFailed: no such file)",
    },
    'return c:wait_ready("kustomization", "flux", "k") -- stalled': {
      routes: {
        [`GET ${at}`]: json(
          object("k", { status: { conditions: [condition("Stalled", { reason: "Invalid", message: "bad path" })] } }),
        ),
      },
      raises: "flux: kustomization flux/k stalled: Invalid: bad path",
    },
    'return c:wait_ready("deployment", "flux", "k")': {
      asked: [],
      raises: "flux.wait_ready: unknown kind 'deployment'",
    },
    'return c:reconcile("kustomization", "flux", "k").metadata.name': {
      routes: {
        [`PATCH ${at}`]: json({}),
        [`GET ${at}`]: sequence(json(ready("k")), json(ready("k", { status: { lastHandledReconcileAt: mark } }))),
      },
      sent: [{ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": mark } } }],
      slept: [2],
      gives: "k",
    },
    'return c:reconcile("helmrelease", "shop", "podinfo", { with_source = true, force = true, reset = true, wait = false }).fine':
      {
        routes: {
          [`PATCH ${S}/v1/namespaces/flux/helmrepositories/podinfo`]: json({}),
          [`GET ${S}/v1/namespaces/flux/helmrepositories/podinfo`]: json(
            ready("podinfo", { status: { lastHandledReconcileAt: mark } }),
          ),
          [`PATCH ${HR}/v2/namespaces/shop/helmreleases/podinfo`]: json({ fine: true }),
        },
        sent: [
          { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": mark } } },
          {
            metadata: {
              annotations: {
                "reconcile.fluxcd.io/requestedAt": mark,
                "reconcile.fluxcd.io/forceAt": mark,
                "reconcile.fluxcd.io/resetAt": mark,
              },
            },
          },
        ],
        gives: true,
      },
    'c:suspend("kustomization", "flux", "k") c:resume("kustomization", "flux", "k")': {
      routes: { [`PATCH ${at}`]: json({}) },
      sent: [{ spec: { suspend: true } }, { spec: { suspend: false } }],
      headers: { "content-type": "application/merge-patch+json" },
    },
    'c:suspend("ocirepository", "flux", "manifests")': {
      routes: { [`PATCH ${S}/v1beta2/namespaces/flux/ocirepositories/manifests`]: json({}) },
      asked: [
        `PATCH ${S}/v1/namespaces/flux/ocirepositories/manifests`,
        `PATCH ${S}/v1beta2/namespaces/flux/ocirepositories/manifests`,
      ],
    },
    'c:suspend("kustomization", "flux", "none")': {
      routes: { [`PATCH ${KS}/namespaces/flux/kustomizations/none`]: missing("none") },
      raises: `flux: PATCH ${KS}/namespaces/flux/kustomizations/none HTTP 404: ${said(missing("none"))}`,
    },
  });
});
