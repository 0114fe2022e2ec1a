/** What the examples of the modules for servers besides Kubernetes talk to: secrets, deliveries, images, workflows. */
import { type Call, json, type Reply, type Routes, text } from "./fixture.ts";
import type { World } from "./worlds.ts";

const NOW = "2023-11-14T22:13:20Z";
const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** An answer of Vault: its envelope around `data`. */
const data = (value: Record<string, unknown>, envelope: Record<string, unknown> = {}): Reply =>
  json({ request_id: "r", lease_id: "", renewable: false, ...envelope, data: value });
const done: Reply = { status: 204 };
const keys = (...names: string[]): Reply => data({ keys: names });
const token = (seconds = 3600) =>
  json({ auth: { client_token: "s.token", policies: ["shop"], lease_duration: seconds, renewable: true } });

/** The engine for key and value pairs, version 1 at `kv1` and version 2 at `secret`. */
function vaultSecrets(): Routes {
  const versions = Object.fromEntries(
    [1, 2, 3].map((version) => [version, { created_time: NOW, deletion_time: "", destroyed: false }]),
  );
  return {
    "GET /v1/kv1/shop": data({ username: "shop" }),
    "POST /v1/kv1/shop": done,
    "DELETE /v1/kv1/shop": done,
    "GET /v1/kv1?list=true": keys("shop"),
    "GET /v1/secret/metadata?scan=true": keys("shop/db"),
    "GET /v1/secret/data/shop/db": data({ data: { username: "shop", password: "sesame" }, metadata: { version: 3 } }),
    "POST /v1/secret/data/shop/db": data({ version: 1 }),
    "PATCH /v1/secret/data/shop/db": data({ version: 4 }),
    "DELETE /v1/secret/data/shop/db": done,
    "GET /v1/secret/metadata/shop?list=true": keys("db"),
    "GET /v1/secret/metadata/shop/db": data({ current_version: 3, versions }),
    "DELETE /v1/secret/metadata/shop/db": done,
    "POST /v1/secret/undelete/shop/db": done,
    "POST /v1/secret/destroy/shop/db": done,
  };
}

/** The server itself: seal, policies, mounts, leases, wrapping. */
function vaultSystem(): Routes {
  const policy = 'path "secret/data/shop/*" { capabilities = ["read"] }';
  const lease = (call: Call) =>
    json({ ...(call.json as object), lease_duration: (call.json as { increment: number }).increment, renewable: true });
  return {
    "GET /v1/sys/health": json({ initialized: true, sealed: false, standby: false, version: "1.20.0" }),
    "GET /v1/sys/seal-status": json({ type: "shamir", initialized: true, sealed: false, t: 3, n: 5, progress: 0 }),
    "GET /v1/sys/policies/acl/shop": data({ name: "shop", policy }),
    "PUT /v1/sys/policies/acl/shop": done,
    "DELETE /v1/sys/policies/acl/shop": done,
    "GET /v1/sys/policies/acl?list=true": keys("default", "root", "shop"),
    "GET /v1/sys/auth": data({ "token/": { type: "token", accessor: "a", config: {} } }),
    "POST /v1/sys/auth/kubernetes": done,
    "DELETE /v1/sys/auth/approle": done,
    "GET /v1/sys/mounts": data({ "secret/": { type: "kv", options: { version: "2" }, config: {} } }),
    "POST /v1/sys/mounts/secret": done,
    "DELETE /v1/sys/mounts/old": done,
    "POST /v1/sys/mounts/pki/tune": done,
    "POST /v1/sys/leases/renew": lease,
    "POST /v1/sys/leases/revoke": done,
    "POST /v1/sys/wrapping/wrap": json({ wrap_info: { token: "s.wrapping", ttl: 600, creation_time: NOW } }),
    "POST /v1/sys/wrapping/unwrap": data({ password: "sesame" }),
    "POST /v1/sys/capabilities-self": data({ "secret/data/shop/db": ["read"] }),
  };
}

function vaultTokens(): Routes {
  return {
    "POST /v1/auth/token/create": token(),
    "POST /v1/auth/token/lookup": data({ ttl: 3600, policies: ["shop"] }),
    "GET /v1/auth/token/lookup-self": data({ ttl: 3600, policies: ["default", "shop"] }),
    "POST /v1/auth/token/revoke": done,
    "POST /v1/auth/token/revoke-self": done,
    "POST /v1/auth/token/renew": token(),
    "POST /v1/auth/token/renew-self": token(),
    "POST /v1/auth/kubernetes/config": done,
    "POST /v1/auth/kubernetes/login": token(),
    "POST /v1/auth/kubernetes/role/shop": done,
    "GET /v1/auth/kubernetes/role/shop": data({ token_policies: ["shop"] }),
    "GET /v1/auth/kubernetes/role?list=true": keys("shop"),
  };
}

/** Engines that encrypt, sign and hand out credentials. */
function vaultEngines(): Routes {
  const certificate = data({ certificate: PEM, issuing_ca: PEM, serial_number: "39:dd:2e" });
  return {
    "POST /v1/transit/encrypt/orders": data({ ciphertext: "vault:v1:abcd", key_version: 1 }),
    "POST /v1/transit/decrypt/orders": data({ plaintext: btoa("4111") }),
    "POST /v1/transit/keys/orders": done,
    "GET /v1/transit/keys?list=true": keys("orders", "release"),
    "POST /v1/transit/rewrap/orders": data({ ciphertext: "vault:v2:efgh", key_version: 2 }),
    "POST /v1/transit/sign/release": data({ signature: "vault:v1:abcd" }),
    "POST /v1/transit/verify/release": data({ valid: true }),
    "POST /v1/pki/issue/shop": certificate,
    "GET /v1/pki/ca/pem": text(PEM, 200, "application/pem-certificate-chain"),
    "POST /v1/pki/roles/shop": done,
    "POST /v1/pki/sign/shop": certificate,
    "POST /v1/pki/revoke": data({ revocation_time: 1700000000 }),
    "GET /v1/database/creds/shop": data(
      { username: "v-shop-1", password: "sesame" },
      { lease_id: "database/creds/shop/1", lease_duration: 3600, renewable: true },
    ),
  };
}

function vault(): World {
  return {
    routes: {
      ...vaultSecrets(),
      ...vaultSystem(),
      ...vaultTokens(),
      ...vaultEngines(),
      "GET /api/v1/namespaces/secrets/secrets/openbao-root-token": json({ data: { "root-token": btoa("s.root\n") } }),
    },
    // A pod has a token of its own.
    prelude: `require("assay._kubernetes").sa_token = function() return "eyJ" end`,
  };
}

function argocd(): World {
  const APP = "/api/v1/applications/shop";
  const CLUSTER = "https://kubernetes.default.svc";
  const REPOSITORY = "https://git.example.com/shop.git";
  const list = (...entries: object[]): Reply => json({ items: entries });
  const deployment = {
    group: "apps",
    kind: "Deployment",
    namespace: "shop",
    name: "api",
    health: { status: "Healthy" },
  };
  const shop = {
    metadata: { name: "shop" },
    spec: { project: "default", source: { repoURL: REPOSITORY, path: "shop", targetRevision: "main" } },
    status: {
      health: { status: "Healthy" },
      sync: { status: "Synced", revision: "abc" },
      operationState: { phase: "Succeeded" },
      resources: [deployment],
      history: [
        { id: 1, revision: "old", deployedAt: NOW },
        { id: 2, revision: "abc", deployedAt: NOW },
      ],
    },
  };
  const repository = { repo: REPOSITORY, type: "git", connectionState: { status: "Successful" } };
  const cluster = { name: "in-cluster", server: CLUSTER, connectionState: { status: "Successful" }, info: {} };
  const lines = [{ result: { content: "listening", podName: "api-1" } }, { result: { content: "", last: true } }];
  return {
    routes: {
      "GET /api/v1/applications": list(shop),
      "POST /api/v1/applications": (call) => json(call.json),
      [`GET ${APP}`]: json(shop),
      [`PATCH ${APP}`]: json(shop),
      [`POST ${APP}/sync`]: json({ ...shop, operation: { sync: {} } }),
      [`POST ${APP}/rollback`]: (call) =>
        (call.json as { id: number }).id === 1 ? json(shop) : json({ error: "no such deployment" }, 400),
      [`GET ${APP}/resource-tree`]: json({ nodes: [deployment] }),
      [`GET ${APP}/manifests`]: json({ manifests: ["{}"], revision: "abc" }),
      "DELETE /api/v1/applications/preview-17": json({}),
      [`DELETE ${APP}/operation`]: json({}),
      [`PUT ${APP}/spec`]: (call) => json(call.json),
      [`GET ${APP}/logs`]: text(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`, 200, "application/json"),
      [`GET ${APP}/events`]: list({ message: "synced" }),
      [`POST ${APP}/resource/actions`]: json({}),
      "GET /api/v1/projects": list({ metadata: { name: "default" } }),
      "GET /api/v1/projects/default": json({ metadata: { name: "default" }, spec: {} }),
      "GET /api/v1/repositories": list(repository),
      [`GET /api/v1/repositories/${encodeURIComponent(REPOSITORY)}`]: json(repository),
      "GET /api/v1/clusters": list(cluster),
      [`GET /api/v1/clusters/${encodeURIComponent(CLUSTER)}`]: json(cluster),
      "GET /api/v1/settings": json({ url: "https://argocd.example.com" }),
      "GET /api/version": json({ Version: "v3.1.0" }),
      "GET /api/v1/applicationsets": list({ metadata: { name: "previews" } }),
      "GET /api/v1/session/userinfo": json({ loggedIn: true, username: "ci" }),
    },
  };
}

function harbor(): World {
  const ROOT = "/api/v2.0";
  const SHOP = `${ROOT}/projects/shop`;
  // The server decodes the name of a repository twice.
  const API = `${SHOP}/repositories/backend%252Fapi`;
  const REPORT = "application/vnd.security.vulnerability.report; version=1.1";
  const image = {
    digest: "sha256:abc",
    type: "IMAGE",
    push_time: NOW,
    tags: [{ name: "1.4.2" }],
    scan_overview: {
      [REPORT]: { scan_status: "Success", severity: "Low", summary: { total: 1, fixable: 1, summary: { Low: 1 } } },
    },
  };
  const finding = { id: "CVE-2023-1", package: "libc", version: "1", fix_version: "2", severity: "Low" };
  const repository = { name: "shop/backend/api", artifact_count: 1 };
  const execution = { id: 5, policy_id: 1, status: "Succeed", total: 2, succeed: 2, failed: 0 };
  const created: Reply = { status: 201 };
  return {
    routes: {
      [`GET ${ROOT}/health`]: json({ status: "healthy", components: [{ name: "core", status: "healthy" }] }),
      [`GET ${ROOT}/systeminfo`]: json({ harbor_version: "v2.13.0-abc" }),
      [`GET ${ROOT}/statistics`]: json({ public_repo_count: 3, private_repo_count: 1 }),
      [`GET ${ROOT}/ping`]: text("Pong"),
      [`GET ${ROOT}/quotas`]: json([{ id: 1, ref: { name: "shop" }, hard: { storage: -1 }, used: { storage: 7 } }]),
      [`GET ${ROOT}/system/gc`]: json([{ id: 1, job_status: "Success", creation_time: NOW }]),
      [`GET ${ROOT}/projects`]: json([{ project_id: 1, name: "shop" }]),
      [`POST ${ROOT}/projects`]: created,
      [`GET ${SHOP}`]: json({ project_id: 1, name: "shop" }),
      [`GET ${SHOP}/repositories`]: json([repository]),
      [`GET ${API}`]: json(repository),
      [`DELETE ${SHOP}/repositories/old`]: {},
      [`GET ${API}/artifacts`]: json([image]),
      [`POST ${API}/artifacts?from=staging%2Fapi%3A1.4.2`]: created,
      [`GET ${API}/artifacts/1.4.2`]: json(image),
      [`DELETE ${API}/artifacts/old`]: {},
      [`GET ${API}/artifacts/1.4.2/tags`]: json(image.tags),
      [`POST ${API}/artifacts/1.4.2/tags`]: created,
      [`DELETE ${API}/artifacts/1.4.2/tags/stable`]: {},
      [`POST ${API}/artifacts/1.4.2/scan`]: { status: 202 },
      [`GET ${API}/artifacts/1.4.2/additions/vulnerabilities`]: json({ [REPORT]: { vulnerabilities: [finding] } }),
      [`GET ${ROOT}/replication/policies`]: json([{ id: 1, name: "mirror", enabled: true }]),
      [`GET ${ROOT}/replication/executions`]: json([execution]),
      [`POST ${ROOT}/replication/executions`]: {
        status: 201,
        headers: { location: `${ROOT}/replication/executions/5` },
      },
      // The first look finds it running.
      [`GET ${ROOT}/replication/executions/5`]: (_call, nth) =>
        json(nth === 1 ? { ...execution, status: "InProgress" } : execution),
      [`GET ${ROOT}/robots`]: json([{ id: 1, name: "robot$ci", level: "project" }]),
      [`POST ${ROOT}/robots`]: json({ id: 2, name: "robot$shop+ci", secret: "sesame", expires_at: -1 }, 201),
    },
  };
}

function temporal(): World {
  const NS = "/api/v1/namespaces/default";
  const ORDER = `${NS}/workflows/order-17`;
  const NIGHTLY = `${NS}/schedules/nightly`;
  const answer = json({});
  const run = json({ runId: "r-2", started: true });
  const order = (status: string) =>
    json({ workflowExecutionInfo: { type: { name: "Order" }, status: `WORKFLOW_EXECUTION_STATUS_${status}` } });
  const ending = { eventId: "7", workflowExecutionCompletedEventAttributes: { result: [{ total: 42 }] } };
  const running = { execution: { workflowId: "order-17", runId: "r-1" }, status: "WORKFLOW_EXECUTION_STATUS_RUNNING" };
  return {
    routes: {
      "GET /api/v1/system-info": json({ serverVersion: "1.29.0", capabilities: {} }),
      "GET /api/v1/cluster-info": json({ serverVersion: "1.29.0", clusterName: "active" }),
      "GET /api/v1/namespaces": json({ namespaces: [{ namespaceInfo: { name: "default" } }] }),
      "POST /api/v1/namespaces": answer,
      "GET /api/v1/namespaces/shop": json({
        namespaceInfo: { name: "shop" },
        config: { workflowExecutionRetentionTtl: "259200s" },
      }),
      // Nothing has failed.
      [`GET ${NS}/workflows`]: (call) =>
        json(call.query.some((one) => one.includes("Failed")) ? {} : { executions: [running] }),
      [`GET ${NS}/workflow-count`]: json({ count: "0" }),
      // It runs when it is looked at once, and ends while it is waited for.
      [`GET ${ORDER}`]: (_call, nth) => order(nth === 1 ? "RUNNING" : "COMPLETED"),
      [`GET ${ORDER}/history`]: json({ history: { events: [ending] } }),
      [`POST ${ORDER}`]: run,
      [`POST ${ORDER}/signal/approve`]: answer,
      [`POST ${ORDER}/terminate`]: answer,
      [`POST ${ORDER}/cancel`]: answer,
      [`POST ${ORDER}/query/state`]: json({ queryResult: ["shipped"] }),
      [`POST ${ORDER}/reset`]: run,
      [`POST ${NS}/workflows/cart-1/signal-with-start/add`]: run,
      [`POST ${NS}/workflows/cart-1/update/add`]: json({ outcome: { success: [1] } }),
      [`GET ${NS}/task-queues/orders`]: json({ pollers: [{ identity: "worker", lastAccessTime: NOW }] }),
      [`GET ${NS}/schedules`]: json({ schedules: [{ scheduleId: "nightly" }] }),
      [`GET ${NIGHTLY}`]: json({ schedule: { state: {} }, info: {}, conflictToken: "t" }),
      [`POST ${NIGHTLY}`]: json({ conflictToken: "t" }),
      [`POST ${NIGHTLY}/patch`]: answer,
      [`DELETE ${NIGHTLY}`]: answer,
    },
  };
}

export const products: Record<string, () => World> = { vault, openbao: vault, argocd, harbor, temporal };
