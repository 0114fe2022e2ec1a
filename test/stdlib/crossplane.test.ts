import { afterAll, beforeAll, describe } from "bun:test";
import { collection, condition, items, missing, object, ready, refused, said, sequence } from "./cluster.ts";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const P = "/apis/pkg.crossplane.io";
const X = "/apis/apiextensions.crossplane.io";
const S3 = "/apis/s3.aws.upbound.io/v1beta1";
const prelude = `local crossplane = require("assay.crossplane") local c = crossplane.client(URL, "sesame")`;

const package_ = (name: string, healthy: string, more = {}) =>
  object(name, {
    spec: { package: `xpkg.example.org/org/${name}:v1.2.3` },
    status: {
      currentRevision: `${name}-1`,
      conditions: [
        condition("Installed"),
        condition("Healthy", { status: healthy, reason: "UnhealthyPackageRevision", message: "image not found" }),
      ],
    },
    ...more,
  });
const bucket = object("logs", {
  metadata: { annotations: { "crossplane.io/external-name": "logs-1" } },
  status: {
    conditions: [
      condition("Ready"),
      condition("Synced", { status: "False", reason: "ReconcileError", message: "denied" }),
    ],
  },
});

const routes: Routes = {
  ...collection(`${P}/v1/providers`, package_("s3", "True"), package_("sick", "Unknown")),
  ...collection(
    `${P}/v1/providerrevisions`,
    object("s3-1", { spec: { image: "xpkg.example.org:5000/org/s3:v1.2.3@sha256:abc", desiredState: "Active" } }),
  ),
  ...collection(`${P}/v1/configurations`, package_("platform", "True")),
  ...collection(`${P}/v1beta1/functions`, package_("patch", "False")),
  ...collection(
    `${X}/v1/compositeresourcedefinitions`,
    object("xbuckets.example.org", { status: { conditions: [condition("Established")] } }),
    object(""),
  ),
  ...collection(`${X}/v1/compositions`, object("xbuckets.aws")),
  ...collection(
    `${X}/v1/compositionrevisions`,
    object("r1", { spec: { revision: 1 } }),
    object("r2", { spec: { revision: 2 } }),
  ),
  ...collection(`${X}/v1beta1/environmentconfigs`, object("env")),
  ...collection(`${X}/v1alpha1/managedresourcedefinitions`, object("mrd")),
  ...collection(`${S3}/buckets`, bucket),
  ...collection(`${S3}/namespaces/shop/buckets`, ready("own", { metadata: { namespace: "shop" } })),
  [`GET ${S3}`]: json({
    resources: [
      { name: "buckets", kind: "Bucket", namespaced: false, categories: ["crossplane", "managed"] },
      { name: "buckets/status", kind: "Bucket", namespaced: false },
    ],
  }),
  "GET /apis/example.org/v1": json({ resources: [{ name: "xbuckets", kind: "XBucket", namespaced: true }] }),
  "GET /apis": json({
    groups: [
      { name: "apps", preferredVersion: { version: "v1" } },
      { name: "rbac.authorization.k8s.io", preferredVersion: { version: "v1" } },
      { name: "s3.aws.upbound.io", preferredVersion: { version: "v1beta1" }, versions: [] },
      { name: "example.org", versions: [{ version: "v1" }] },
    ],
  }),
  "GET /apis/example.org/v1/namespaces/shop/xbuckets/x": json(
    ready("x", {
      metadata: { namespace: "shop" },
      spec: {
        crossplane: {
          resourceRefs: [
            { apiVersion: "s3.aws.upbound.io/v1beta1", kind: "Bucket", name: "logs" },
            { apiVersion: "s3.aws.upbound.io/v1beta1", kind: "Bucket", name: "gone" },
            { apiVersion: "s3.aws.upbound.io/v1beta1", kind: "Bucket", name: "" },
          ],
        },
      },
    }),
  ),
  "GET /apis/example.org/v1/xbuckets/old": json(
    object("old", {
      spec: { resourceRefs: [{ apiVersion: "s3.aws.upbound.io/v1beta1", kind: "Bucket", name: "logs" }] },
    }),
  ),
};

describe("reading", () => {
  const lists: Record<string, string> = {
    "providers()": `${P}/v1/providers`,
    "provider_revisions()": `${P}/v1/providerrevisions`,
    "configurations()": `${P}/v1/configurations`,
    "compositions()": `${X}/v1/compositions`,
    "environment_configs()": `${X}/v1beta1/environmentconfigs`,
    "mrds()": `${X}/v1alpha1/managedresourcedefinitions`,
  };
  const listRows = Object.entries(lists).flatMap(([call, path]) => [
    [`return type(c:${call}.items[1])`, { asked: [`GET ${path}`], gives: "table" }] as const,
    [
      `return c:${call} -- denied`,
      {
        routes: { [`GET ${path}`]: refused(403, "no") },
        raises: `crossplane: LIST ${path} HTTP 403: ${said(refused(403, "no"))}`,
      },
    ] as const,
  ]);
  rows(() => server, prelude, routes, {
    ...Object.fromEntries(listRows),
    "return c:providers() -- not installed": {
      routes: { [`GET ${P}/v1/providers`]: text("404 page not found", 404) },
      gives: { items: [] },
    },
    'return #c:functions().items, c:xfunction("patch").metadata.name, c:is_function_healthy("patch")': {
      asked: [
        `GET ${P}/v1/functions`,
        `GET ${P}/v1beta1/functions`,
        `GET ${P}/v1beta1/functions/patch`,
        `GET ${P}/v1beta1/functions/patch`,
      ],
      gives: 1,
      also: ["patch", false],
    },
    'return #c:xrds().items, c:xrd("xbuckets.example.org").metadata.name': {
      asked: [
        `GET ${X}/v2/compositeresourcedefinitions`,
        `GET ${X}/v1/compositeresourcedefinitions`,
        `GET ${X}/v1/compositeresourcedefinitions/xbuckets.example.org`,
      ],
      gives: 2,
    },
    'return c:provider("s3").metadata.name, c:provider("none"), c:configuration("platform").metadata.name, c:composition("xbuckets.aws").metadata.name, c:provider_revision("s3-1").spec.desiredState':
      {
        gives: "s3",
        also: [undefined, "platform", "xbuckets.aws", "Active"],
      },
    'return c:provider("")': { asked: [], raises: "crossplane.provider: name is required" },
    'return c:is_provider_healthy("s3"), c:is_provider_healthy("sick"), c:is_provider_healthy("none"), c:is_provider_installed("sick")':
      {
        gives: true,
        also: [false, false, true],
      },
    'return c:is_configuration_healthy("platform"), c:is_configuration_installed("platform")': {
      gives: true,
      also: [true],
    },
    'return c:provider_status("sick")': {
      gives: {
        installed: true,
        healthy: false,
        current_revision: "sick-1",
        conditions: [
          condition("Installed"),
          condition("Healthy", { status: "Unknown", reason: "UnhealthyPackageRevision", message: "image not found" }),
        ],
        package: "xpkg.example.org/org/sick:v1.2.3",
        message: "UnhealthyPackageRevision: image not found",
      },
    },
    'return c:provider_status("none")': { raises: "crossplane: provider not found: none" },
    "return c:all_providers_healthy()": {
      gives: {
        healthy: 1,
        unhealthy: 1,
        total: 2,
        unhealthy_names: ["sick"],
        reasons: { sick: "UnhealthyPackageRevision: image not found" },
      },
    },
    "return c:all_functions_healthy().unhealthy_names, c:all_configurations_healthy().healthy": {
      gives: ["patch"],
      also: [1],
    },
    "return c:all_xrds_established()": {
      gives: { established: 1, not_established: 1, total: 2, not_established_names: [""], reasons: [] },
    },
    'return c:is_xrd_established("xbuckets.example.org"), c:is_xrd_offered("xbuckets.example.org")': {
      gives: true,
      also: [false],
    },
    'return c:package_version("provider", "s3"), c:package_version("provider", "none")': { gives: "v1.2.3" },
    'return c:package_version("thing", "s3")': { raises: "crossplane.package_version: unknown kind 'thing'" },
    'return c:composition_revisions("xbuckets.aws")[1].metadata.name': {
      asked: [`GET ${X}/v1/compositionrevisions?labelSelector=crossplane.io%2Fcomposition-name%3Dxbuckets.aws`],
      gives: "r2",
    },
    'return #c.providers:list().items, c.providers:is_healthy("s3"), #c:providers().items, c.functions:get("patch").metadata.name, c.managed_resources:is_ready("s3.aws.upbound.io", "v1beta1", "buckets", "logs")':
      {
        gives: 2,
        also: [true, 2, "patch", true],
      },
  });
});

describe("managed and composite resources", () => {
  rows(() => server, prelude, routes, {
    'return c:managed_resource("s3.aws.upbound.io", "v1beta1", "buckets", "logs").metadata.name': {
      asked: [`GET ${S3}/buckets/logs`],
      gives: "logs",
    },
    'return c:managed_resource("s3.aws.upbound.io", "v1beta1", "Bucket", "logs").metadata.name, c:is_managed_ready("s3.aws.upbound.io", "v1beta1", "Bucket", "logs")':
      {
        asked: [`GET ${S3}`, `GET ${S3}/buckets/logs`, `GET ${S3}/buckets/logs`],
        gives: "logs",
        also: [true],
      },
    'return c:managed_resource("s3.aws.upbound.io", "v1beta1", "Barrel", "logs")': {
      raises: "crossplane: s3.aws.upbound.io/v1beta1 has no kind Barrel",
    },
    'return c:is_managed_ready("s3.aws.upbound.io", "v1beta1", "buckets", "own", { namespace = "shop" }), c:is_managed_ready("s3.aws.upbound.io", "v1beta1", "buckets", "none")':
      {
        gives: true,
        also: [false],
      },
    'return #c:managed_resources("s3.aws.upbound.io", "v1beta1", "buckets").items, #c:managed_resources("s3.aws.upbound.io", "v1beta1", "buckets", { namespace = "shop" }).items':
      {
        asked: [`GET ${S3}/buckets`, `GET ${S3}/namespaces/shop/buckets`],
        gives: 1,
        also: [1],
      },
    'return c:managed_status("s3.aws.upbound.io", "v1beta1", "buckets", "logs")': {
      gives: { ready: true, synced: false, reason: "ReconcileError", message: "denied", external_name: "logs-1" },
    },
    'return c:managed_status("s3.aws.upbound.io", "v1beta1", "buckets", "none")': { gives: undefined },
    "return c:all_managed_ready()": {
      asked: ["GET /apis", `GET ${S3}`, `GET ${S3}/buckets`, "GET /apis/example.org/v1"],
      gives: {
        ready: 1,
        not_ready: 0,
        total: 1,
        not_ready_names: [],
        reasons: [],
        kinds: { "buckets.s3.aws.upbound.io": { ready: 1, not_ready: 0, total: 1, not_ready_names: [], reasons: [] } },
      },
    },
    'local r = c:all_managed_ready({ groups = { "s3.aws.upbound.io" } }) return r.not_ready_names, r.reasons': {
      routes: {
        [`GET ${S3}/buckets`]: items(
          object("bad", { status: { conditions: [condition("Ready", { status: "False", reason: "Creating" })] } }),
        ),
      },
      gives: ["Bucket/bad"],
      also: [{ "Bucket/bad": "Creating" }],
    },
    'return c:composite("example.org", "v1", "XBucket", "x", { namespace = "shop" }).metadata.name, c:is_composite_ready("example.org", "v1", "xbuckets", "x", { namespace = "shop" })':
      {
        gives: "x",
        also: [true],
      },
    'return c:composed("example.org", "v1", "xbuckets", "x", { namespace = "shop" })': {
      gives: [
        {
          apiVersion: "s3.aws.upbound.io/v1beta1",
          kind: "Bucket",
          name: "logs",
          found: true,
          ready: true,
          synced: false,
        },
        {
          apiVersion: "s3.aws.upbound.io/v1beta1",
          kind: "Bucket",
          name: "gone",
          found: false,
          ready: false,
          synced: false,
        },
      ],
    },
    'return #c:composed("example.org", "v1", "xbuckets", "old"), c:composed("example.org", "v1", "xbuckets", "none")': {
      gives: 1,
    },
    'return c:claim("example.org", "v1", "buckets", "shop", "none"), c:is_claim_ready("example.org", "v1", "buckets", "shop", "none")':
      {
        asked: [
          "GET /apis/example.org/v1/namespaces/shop/buckets/none",
          "GET /apis/example.org/v1/namespaces/shop/buckets/none",
        ],
        gives: undefined,
        also: [false],
      },
  });
});

describe("waiting", () => {
  rows(() => server, prelude, routes, {
    'return c:wait_provider_healthy("p", 20)': {
      routes: {
        [`GET ${P}/v1/providers/p`]: sequence(missing("p"), json(package_("p", "False")), json(package_("p", "True"))),
      },
      slept: [5, 5],
      gives: true,
    },
    'return c:wait_provider_healthy("sick", 5)': {
      raises:
        "crossplane: provider sick not healthy after 5s (last: Healthy=Unknown, UnhealthyPackageRevision: image not found)",
    },
    'return c:wait_xrd_established("xbuckets.example.org")': { gives: true },
    'return c:wait_managed_ready("s3.aws.upbound.io", "v1beta1", "buckets", "logs", 5)': {
      raises: "crossplane: buckets logs not ready after 5s (last: Synced=False, ReconcileError: denied)",
    },
    'return c:wait_managed_ready("s3.aws.upbound.io", "v1beta1", "buckets", "logs", { interval = 100, namespace = "x" })':
      {
        asked: Array(4).fill(`GET ${S3}/namespaces/x/buckets/logs`),
        raises: "crossplane: buckets logs not ready after 300s (last: not found)",
      },
  });
});
