/**
 * What the examples in the doc comments of each module talk to: answers for a fixture, by module. Every request of an
 * example goes to the fixture, whatever address it names.
 */
import { gzipSync } from "node:zlib";
import { collection, condition, items, missing, object, ready } from "./cluster.ts";
import { type Call, json, type Reply, type Routes, text } from "./fixture.ts";
import { monitoring } from "./worlds-monitoring.ts";
import { products } from "./worlds-products.ts";

export interface World {
  routes: Routes;
  /** Lua code that comes before each example; `c` is a client of the module already. */
  prelude?: string;
}

const echo = (status: number) => (call: Call) =>
  json(
    { ...(call.json as object), metadata: { name: "created", ...(call.json as { metadata?: object }).metadata } },
    status,
  );
const patched = (call: Call): Reply =>
  json({ metadata: { name: "x", annotations: {} }, status: {}, ...(call.json as object) });
const NOW = "2023-11-14T22:13:20Z";

function kargo(): World {
  const B = "/apis/kargo.akuity.io/v1alpha1";
  const NS = `${B}/namespaces/shop`;
  const staging = object("staging", {
    spec: { promotionTemplate: { spec: { steps: [] } } },
    status: {
      lastHandledRefresh: NOW,
      conditions: [condition("Ready"), condition("Healthy")],
      freightHistory: [{ items: { w: { name: "f1e2d3c4" } }, verificationHistory: [{ id: "v", phase: "Successful" }] }],
    },
  });
  const freight = object("f1e2d3c4", {
    alias: "happy-otter",
    origin: { kind: "Warehouse", name: "images" },
    status: { verifiedIn: { staging: {} } },
  });
  const promotion = object("staging.01", { spec: { stage: "staging" }, status: { phase: "Succeeded" } });
  return {
    routes: {
      ...collection(`${NS}/stages`, staging, object("production")),
      ...collection(`${NS}/freights`, freight),
      ...collection(`${NS}/promotions`, promotion),
      ...collection(`${NS}/warehouses`, object("images", { spec: {}, status: { lastHandledRefresh: NOW } })),
      ...collection(`${B}/projects`, object("shop")),
      [`POST ${NS}/promotions`]: () => json(promotion, 201),
      [`PATCH ${NS}/stages/staging`]: patched,
      [`PATCH ${NS}/freights/f1e2d3c4/status`]: patched,
      [`PATCH ${NS}/promotions/staging.01`]: patched,
      [`PATCH ${NS}/warehouses/images`]: patched,
    },
  };
}

function flux(): World {
  const S = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system";
  const kustomize = "/apis/kustomize.toolkit.fluxcd.io/v1";
  const helm = "/apis/helm.toolkit.fluxcd.io/v2";
  const notification = "/apis/notification.toolkit.fluxcd.io";
  const image = "/apis/image.toolkit.fluxcd.io/v1/namespaces/flux-system";
  const revision = "main@sha1:abc";
  const done = { lastHandledReconcileAt: NOW, artifact: { revision } };
  const apps = ready("apps", {
    metadata: { namespace: "flux-system" },
    spec: { path: "./apps", sourceRef: { kind: "GitRepository", name: "apps" } },
    status: {
      lastHandledReconcileAt: NOW,
      lastAppliedRevision: revision,
      inventory: { entries: [{ id: "shop_api_apps_Deployment", v: "v1" }] },
    },
  });
  const release = ready("podinfo", {
    metadata: { namespace: "shop" },
    spec: {},
    status: { history: [{ status: "deployed", chartVersion: "6.5.4" }] },
  });
  const empty = Object.fromEntries(
    ["gitrepositories", "ocirepositories", "buckets", "helmrepositories", "helmcharts"].map((plural) => [
      `GET /apis/source.toolkit.fluxcd.io/v1/namespaces/shop/${plural}`,
      items(),
    ]),
  );
  return {
    routes: {
      ...empty,
      [`GET ${kustomize}/namespaces/shop/kustomizations`]: items(),
      ...collection(`${S}/gitrepositories`, ready("apps", { status: done })),
      ...collection(`${S}/helmrepositories`, ready("podinfo", { spec: { url: "https://charts.example.com" } })),
      ...collection(`${S}/helmcharts`, ready("shop-podinfo", { spec: { chart: "podinfo" } })),
      ...collection(
        `${S}/ocirepositories`,
        ready("manifests", { status: { artifact: { revision: "latest@sha256:abc" } } }),
      ),
      ...collection(`${S}/buckets`),
      ...collection(`${kustomize}/namespaces/flux-system/kustomizations`, apps),
      [`GET ${kustomize}/kustomizations`]: items(apps),
      ...collection(`${helm}/namespaces/shop/helmreleases`, release),
      [`GET ${helm}/helmreleases`]: items(release),
      ...collection(`${notification}/v1beta3/namespaces/flux-system/alerts`),
      ...collection(`${notification}/v1beta3/namespaces/flux-system/providers`),
      ...collection(`${notification}/v1/namespaces/flux-system/receivers`),
      ...collection(
        `${image}/imagepolicies`,
        ready("podinfo", { status: { latestRef: { name: "ghcr.io/x/podinfo", tag: "6" } } }),
      ),
      ...collection(`${image}/imagerepositories`),
      ...collection(`${image}/imageupdateautomations`),
      [`PATCH ${kustomize}/namespaces/flux-system/kustomizations/apps`]: patched,
      [`PATCH ${S}/gitrepositories/apps`]: patched,
      "GET /api/v1/namespaces/flux-system/events": items(object("e", { message: "applied" })),
    },
  };
}

function certmanager(): World {
  const C = "/apis/cert-manager.io/v1";
  const NS = `${C}/namespaces/shop`;
  const A = "/apis/acme.cert-manager.io/v1/namespaces/shop";
  const tls = ready("shop-tls", {
    kind: "Certificate",
    metadata: { namespace: "shop", uid: "u" },
    spec: { secretName: "shop-tls" },
    status: { notAfter: "2024-01-14T00:00:00Z" },
  });
  const request = object("shop-tls-1", {
    metadata: { uid: "r", ownerReferences: [{ uid: "u", name: "shop-tls" }] },
    spec: {},
    status: { conditions: [condition("Approved"), condition("Ready")] },
  });
  return {
    routes: {
      ...collection(`${NS}/certificates`, tls),
      ...collection(`${NS}/issuers`, ready("letsencrypt", { spec: {} })),
      ...collection(`${C}/clusterissuers`, ready("letsencrypt", { spec: {} })),
      ...collection(`${NS}/certificaterequests`, request),
      ...collection(`${A}/orders`, object("shop-tls-1-100", { status: { state: "valid" } })),
      ...collection(`${A}/challenges`, object("c", { spec: { dnsName: "shop.example.com" } })),
      [`GET ${A}/challenges/none`]: missing("none"),
      "GET /api/v1/namespaces/shop/secrets/shop-tls": json({
        data: { "tls.crt": btoa("-----BEGIN CERTIFICATE-----") },
      }),
      [`PUT ${NS}/certificates/shop-tls/status`]: (call) => json(call.json),
      [`PUT ${NS}/certificaterequests/shop-tls-1/status`]: (call) => json(call.json),
      [`POST ${C}/namespaces/default/certificates`]: echo(201),
    },
  };
}

function eso(): World {
  const E = "/apis/external-secrets.io/v1";
  const NS = `${E}/namespaces/shop`;
  const at = (time: string) =>
    object("db-credentials", {
      spec: {},
      status: { refreshTime: time, conditions: [condition("Ready", { reason: "SecretSynced" })] },
    });
  return {
    routes: {
      ...collection(`${NS}/externalsecrets`, at(NOW)),
      // The first look finds an old synchronisation, so that a forced one is seen.
      [`GET ${NS}/externalsecrets/db-credentials`]: (_call, nth) => json(at(nth === 1 ? "2023-01-01T00:00:00Z" : NOW)),
      [`PATCH ${NS}/externalsecrets/db-credentials`]: patched,
      ...collection(
        `${NS}/secretstores`,
        ready("vault", { spec: { provider: {} }, status: { conditions: [condition("Ready", { reason: "Valid" })] } }),
      ),
      ...collection(`${E}/clustersecretstores`, ready("vault", { spec: {} })),
      ...collection(`${E}/clusterexternalsecrets`),
      ...collection("/apis/external-secrets.io/v1alpha1/namespaces/shop/pushsecrets"),
      "GET /api/v1/namespaces/shop/secrets/db-credentials": json({ data: { password: "" } }),
      "GET /api/v1/namespaces/shop/events": items(object("e", { message: "synced" })),
    },
  };
}

function crossplane(): World {
  const P = "/apis/pkg.crossplane.io/v1";
  const X = "/apis/apiextensions.crossplane.io";
  const S3 = "/apis/s3.aws.upbound.io/v1beta1";
  const package_ = (name: string) =>
    object(name, {
      spec: { package: `xpkg.example.com/${name}:v1` },
      status: { currentRevision: `${name}-1`, conditions: [condition("Installed"), condition("Healthy")] },
    });
  const bucket = ready("logs", { spec: {}, status: { conditions: [condition("Ready"), condition("Synced")] } });
  const reference = { apiVersion: "s3.aws.upbound.io/v1beta1", kind: "Bucket", name: "logs" };
  return {
    routes: {
      ...collection(`${P}/providers`, package_("provider-aws-s3")),
      ...collection(
        `${P}/providerrevisions`,
        object("provider-aws-s3-1", { spec: { image: "x/provider-aws-s3:v1.2.3", desiredState: "Active" } }),
      ),
      ...collection(`${P}/configurations`, package_("platform")),
      ...collection(`${P}/functions`, package_("function-patch-and-transform")),
      ...collection(
        `${X}/v2/compositeresourcedefinitions`,
        object("xbuckets.example.org", {
          spec: { names: { kind: "XBucket" } },
          status: { conditions: [condition("Established")] },
        }),
      ),
      ...collection(`${X}/v1/compositions`, object("xbuckets.aws", { spec: {} })),
      ...collection(`${X}/v1/compositionrevisions`),
      ...collection(`${X}/v1beta1/environmentconfigs`),
      ...collection(`${X}/v1alpha1/managedresourcedefinitions`),
      ...collection(`${S3}/buckets`, bucket),
      [`GET ${S3}`]: json({
        resources: [{ name: "buckets", kind: "Bucket", namespaced: false, categories: ["managed"] }],
      }),
      "GET /apis": json({ groups: [{ name: "s3.aws.upbound.io", preferredVersion: { version: "v1beta1" } }] }),
      "GET /apis/example.org/v1/xbuckets/logs": json(ready("logs", { spec: { resourceRefs: [reference] } })),
    },
  };
}

function velero(): World {
  const V = "/apis/velero.io/v1/namespaces/velero";
  const done = { phase: "Completed", completionTimestamp: "2023-11-14T20:00:00Z" };
  const backup = (name: string) =>
    object(name, {
      metadata: { uid: name, creationTimestamp: NOW, labels: { "velero.io/schedule-name": "daily" } },
      status: done,
    });
  return {
    routes: {
      ...collection(`${V}/backups`, backup("daily-1")),
      [`GET ${V}/backups/before-upgrade`]: json(backup("before-upgrade")),
      ...collection(`${V}/restores`, object("daily-1-again", { spec: { backupName: "daily-1" }, status: done })),
      ...collection(
        `${V}/schedules`,
        object("daily", { spec: { schedule: "0 3 * * *", template: {} }, status: { phase: "Enabled" } }),
      ),
      ...collection(`${V}/backupstoragelocations`, object("default", { status: { phase: "Available" } })),
      ...collection(`${V}/volumesnapshotlocations`),
      ...collection(`${V}/backuprepositories`),
      ...collection(`${V}/podvolumebackups`, object("p", { status: { phase: "Completed" } })),
      ...collection(
        "/apis/velero.io/v2alpha1/namespaces/velero/datauploads",
        object("d", { status: { phase: "Completed" } }),
      ),
      [`POST ${V}/backups`]: echo(201),
      [`POST ${V}/restores`]: echo(201),
      [`PATCH ${V}/schedules/daily`]: patched,
      [`POST ${V}/deletebackuprequests`]: json(object("r"), 201),
      [`GET ${V}/deletebackuprequests/r`]: json(object("r", { status: { phase: "Processed" } })),
      [`POST ${V}/serverstatusrequests`]: json(object("r"), 201),
      [`GET ${V}/serverstatusrequests/r`]: json(
        object("r", { status: { phase: "Processed", serverVersion: "v1.16.0" } }),
      ),
      [`POST ${V}/downloadrequests`]: (call) =>
        json(object((call.json as { spec: { target: { kind: string } } }).spec.target.kind), 201),
      [`GET ${V}/downloadrequests/BackupLog`]: json(
        object("r", { status: { downloadURL: "https://store.example.com/log" } }),
      ),
      [`GET ${V}/downloadrequests/BackupResults`]: json(
        object("r", { status: { downloadURL: "https://store.example.com/results" } }),
      ),
      "GET /log": { body: gzipSync("level=info msg=done\n") },
      "GET /results": { body: gzipSync("{}") },
    },
  };
}

function k8s(): World {
  const NS = "/api/v1/namespaces/shop";
  const deployment = object("api", {
    spec: { replicas: 1 },
    status: { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  });
  const event = { ...object("e"), message: "started", reason: "Started" };
  const watched = `${JSON.stringify({ type: "ADDED", object: object("api-1", { metadata: { resourceVersion: "1" } }) })}\n`;
  return {
    routes: {
      "GET /readyz": text("ok"),
      "GET /version": json({ major: "1", minor: "35", gitVersion: "v1.35.0" }),
      "POST /api/v1/namespaces": echo(201),
      [`PATCH ${NS}`]: patched,
      [`GET ${NS}`]: json(object("shop")),
      "GET /api/v1/nodes/node-1": json(object("node-1")),
      "PUT /api/v1/nodes/node-1": (call) => json(call.json),
      "GET /api/v1/nodes": items(ready("node-1")),
      [`DELETE ${NS}/pods/api-1`]: json({}),
      ...collection("/apis/apps/v1/namespaces/shop/deployments", deployment),
      "PATCH /apis/apps/v1/namespaces/shop/deployments/api": patched,
      "PATCH /apis/apps/v1/namespaces/shop/deployments/api/scale": patched,
      ...collection(`${NS}/configmaps`, object("flags", { data: { beta: "on" } })),
      [`POST ${NS}/configmaps`]: echo(201),
      [`PUT ${NS}/configmaps/flags`]: (call) => json(call.json),
      [`PATCH ${NS}/configmaps/flags`]: patched,
      [`DELETE ${NS}/configmaps/flags`]: json({}),
      [`GET ${NS}/secrets/db-credentials`]: json({ data: { username: btoa("shop") } }),
      [`GET ${NS}/pods`]: (call) =>
        call.query.includes("watch=1") ? text(watched) : items(object("api-1", { status: { phase: "Running" } })),
      [`GET ${NS}/pods/api-1/log`]: text("listening on 8080\n"),
      [`GET ${NS}/events`]: items(event),
      [`GET ${NS}/endpoints/api`]: json({ subsets: [{ addresses: [{ ip: "10.0.0.1" }] }] }),
      "GET /apis/batch/v1/namespaces/shop/jobs/migrate": json(
        object("migrate", { status: { conditions: [condition("Complete")] } }),
      ),
      "POST /apis/batch/v1/namespaces/shop/jobs": json(object("migrate"), 201),
      "DELETE /apis/batch/v1/namespaces/shop/jobs/migrate": json({}),
      "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": json({ status: { allowed: true } }, 201),
    },
    // A websocket that says at once that the command has succeeded.
    prelude: `
      ws.connect = function()
        return setmetatable({}, { __close = function() end, __index = { subprotocol = function() return "v5.channel.k8s.io" end } })
      end
      ws.recv = function() return '\\3{"status":"Success"}' end`,
  };
}

function healthcheck(): World {
  return {
    routes: {
      "GET /": { headers: { "content-type": "text/html" }, body: "Welcome" },
      "HEAD /": { headers: { "content-type": "text/html" } },
      "GET /health": json({ status: "ok", checks: { db: { status: "up" } } }),
      "GET /old": { status: 301, headers: { location: "/new" } },
    },
    prelude: `
      net.tcp = function() error("net.tcp: connection refused", 0) end
      net.tls, net.resolve = net.tcp, net.tcp`,
  };
}

export const worlds: Record<string, () => World> = {
  kargo,
  flux,
  certmanager,
  eso,
  crossplane,
  velero,
  k8s,
  healthcheck,
  ...products,
  ...monitoring,
};
