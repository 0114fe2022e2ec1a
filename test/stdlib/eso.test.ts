import { afterAll, beforeAll, describe } from "bun:test";
import { collection, condition, items, missing, object, ready, refused, said, sequence, unready } from "./cluster.ts";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const E = "/apis/external-secrets.io/v1";
const NS = `${E}/namespaces/shop`;
const OLD = "/apis/external-secrets.io/v1beta1/namespaces/shop";
const prelude = `local eso = require("assay.eso") local c = eso.client(URL, "sesame")`;

const synced = object("db", {
  metadata: { namespace: "shop", generation: 3 },
  spec: { target: { name: "db-secret" } },
  status: {
    syncedResourceVersion: "3-abc",
    refreshTime: "2023-11-14T22:00:00Z",
    conditions: [condition("Ready", { reason: "SecretSynced", message: "synced" })],
  },
});
const edited = object("edited", {
  metadata: { namespace: "shop", generation: 4 },
  status: { syncedResourceVersion: "3-abc", conditions: [condition("Ready", { reason: "SecretSynced" })] },
});
const store = ready("vault", {
  status: {
    capabilities: "ReadWrite",
    conditions: [condition("Ready", { reason: "Valid", message: "store validated" })],
  },
});

const routes: Routes = {
  ...collection(`${NS}/externalsecrets`, synced, edited, unready("broken", "SecretSyncedError", "no such key")),
  ...collection(`${NS}/secretstores`, store, object("lazy")),
  ...collection(`${E}/clustersecretstores`, ready("vault")),
  ...collection(
    `${E}/clusterexternalsecrets`,
    ready("all", { status: { failedNamespaces: [{ namespace: "x" }] } }),
    ready("good"),
  ),
  ...collection("/apis/external-secrets.io/v1alpha1/namespaces/shop/pushsecrets", ready("push")),
  "GET /api/v1/namespaces/shop/secrets/db-secret": json({ data: { username: "", password: "" } }),
};

describe("reading", () => {
  rows(() => server, prelude, routes, {
    'return #c:external_secrets("shop").items': { asked: [`GET ${NS}/externalsecrets`], gives: 3 },
    'return #c:external_secrets("shop").items, #c:external_secrets("shop").items, #c:secret_stores("shop").items -- old release':
      {
        routes: {
          [`GET ${NS}/externalsecrets`]: text("404 page not found", 404),
          [`GET ${NS}/secretstores`]: text("404 page not found", 404),
          [`GET ${OLD}/externalsecrets`]: items(synced),
          [`GET ${OLD}/secretstores`]: items(),
        },
        asked: [
          `GET ${NS}/externalsecrets`,
          `GET ${OLD}/externalsecrets`,
          `GET ${OLD}/externalsecrets`,
          `GET ${NS}/secretstores`,
          `GET ${OLD}/secretstores`,
        ],
        gives: 1,
        also: [1, 0],
      },
    'return c:external_secrets("none")': {
      raises: `eso: LIST /apis/external-secrets.io/v1beta1/namespaces/none/externalsecrets HTTP 404: 404 page not found\n`,
    },
    'local c = eso.client(URL, { api_version = "v1beta1" }) return c:external_secret("shop", "db").metadata.name': {
      routes: { [`GET ${OLD}/externalsecrets/db`]: json(synced) },
      asked: [`GET ${OLD}/externalsecrets/db`],
      gives: "db",
    },
    'return c:external_secret("shop", "db").metadata.name, c:external_secret("shop", "none")': {
      routes: { [`GET ${NS}/externalsecrets/none`]: missing("none") },
      asked: [`GET ${NS}/externalsecrets/db`, `GET ${NS}/externalsecrets/none`],
      gives: "db",
    },
    'return c:external_secret("shop", "x") -- forbidden': {
      routes: { "*": refused(403, "no") },
      raises: `eso: GET ${NS}/externalsecrets/x HTTP 403: ${said(refused(403, "no"))}`,
    },
    'return c:external_secret_status("shop", "db")': {
      gives: {
        ready: true,
        status: "SecretSynced",
        sync_hash: "3-abc",
        conditions: synced.status!.conditions,
        message: "synced",
        refresh_time: "2023-11-14T22:00:00Z",
        secret_name: "db-secret",
      },
    },
    'return c:external_secret_status("shop", "bare")': {
      routes: { [`GET ${NS}/externalsecrets/bare`]: json(object("bare")) },
      gives: { ready: false, status: "Unknown", sync_hash: "", conditions: [], secret_name: "bare" },
    },
    'return c:external_secret_status("shop", "bound").secret_name': {
      routes: {
        [`GET ${NS}/externalsecrets/bound`]: json(
          object("bound", { spec: { target: { name: "x" } }, status: { binding: { name: "y" } } }),
        ),
      },
      gives: "y",
    },
    'return c:external_secret_status("shop", "none")': { raises: "eso: ExternalSecret shop/none not found" },
    'return c:is_secret_synced("shop", "db"), c:is_secret_synced("shop", "edited"), c:is_secret_synced("shop", "broken"), c:is_secret_synced("shop", "none")':
      {
        gives: true,
        also: [false, false, false],
      },
    'return c:all_secrets_synced("shop")': {
      gives: {
        synced: 1,
        failed: 2,
        total: 3,
        failed_names: ["edited", "broken"],
        reasons: { edited: "SecretSynced", broken: "SecretSyncedError: no such key" },
      },
    },
    'return c:secret_keys("shop", "db"), c:secret_keys("shop", "none"), c:secret_keys("shop", "edited")': {
      gives: ["password", "username"],
    },
    'return #c:secret_stores("shop").items, c:secret_store("shop", "vault").metadata.name, c:secret_store("shop", "none")':
      { gives: 2, also: ["vault", undefined] },
    'return c:secret_store_status("shop", "vault")': {
      gives: {
        ready: true,
        conditions: store.status!.conditions,
        reason: "Valid",
        message: "store validated",
        capabilities: "ReadWrite",
      },
    },
    'return c:secret_store_status("shop", "none")': { raises: "eso: SecretStore shop/none not found" },
    'return c:is_store_ready("shop", "vault"), c:is_store_ready("shop", "lazy"), c:is_store_ready("shop", "none")': {
      gives: true,
      also: [false, false],
    },
    'return c:all_stores_ready("shop")': {
      gives: { ready: 1, not_ready: 1, total: 2, not_ready_names: ["lazy"], reasons: [] },
    },
    'return #c:cluster_secret_stores().items, c:cluster_secret_store("vault").metadata.name, c:is_cluster_store_ready("vault"), c:all_cluster_stores_ready().ready':
      {
        asked: [
          `GET ${E}/clustersecretstores`,
          `GET ${E}/clustersecretstores/vault`,
          `GET ${E}/clustersecretstores/vault`,
          `GET ${E}/clustersecretstores`,
        ],
        gives: 1,
        also: ["vault", true, 1],
      },
    'return #c:cluster_external_secrets().items, c:cluster_external_secret("all").metadata.name, c:is_cluster_external_secret_ready("all"), c:is_cluster_external_secret_ready("good")':
      {
        gives: 2,
        also: ["all", false, true],
      },
    'return #c:push_secrets("shop").items, c:push_secret("shop", "push").metadata.name, c:is_pushed("shop", "push"), c:is_pushed("shop", "none")':
      {
        gives: 1,
        also: ["push", true, false],
      },
    'return #c.external_secrets:list("shop").items, c.secret_stores:is_ready("shop", "vault"), #c:secret_stores("shop").items':
      { gives: 3, also: [true, 2] },
    'return #c:events("shop", "db")': {
      routes: { "GET /api/v1/namespaces/shop/events": items(object("e", { lastTimestamp: "1" })) },
      gives: 1,
    },
  });
});

describe("acting and waiting", () => {
  const at = `${NS}/externalsecrets/db`;
  rows(() => server, prelude, routes, {
    'return c:wait_secret_synced("shop", "db")': {
      routes: { [`GET ${at}`]: sequence(missing("db"), json(edited), json(synced)) },
      slept: [5, 5],
      gives: true,
    },
    'return c:wait_secret_synced("shop", "broken", 1.5)': {
      raises:
        "eso: ExternalSecret shop/broken not synced after 1.5s (last: Ready=False, SecretSyncedError: no such key)",
    },
    'return c:wait_secret_synced("shop", "db", 5) -- denied': {
      routes: { [`GET ${at}`]: refused(401, "no") },
      asked: [`GET ${at}`],
      raises: /HTTP 401/,
    },
    'return c:wait_all_synced("shop", 5)': {
      raises:
        "eso: 2 of 3 ExternalSecrets not synced after 5s (last: edited: SecretSynced, broken: SecretSyncedError: no such key)",
    },
    'return c:wait_all_synced("shop").synced': {
      routes: { [`GET ${NS}/externalsecrets`]: sequence(items(edited), items(synced)) },
      slept: [5],
      gives: 1,
    },
    'return c:wait_store_ready("shop", "vault"), c:wait_cluster_store_ready("vault")': { gives: true, also: [true] },
    'return c:wait_store_ready("shop", "lazy", 5)': {
      raises: "eso: SecretStore shop/lazy not ready after 5s (last: no condition Ready)",
    },
    'return c:force_sync("shop", "db").fine': {
      routes: { [`PATCH ${at}`]: json({ fine: true }) },
      sent: [{ metadata: { annotations: { "force-sync": "1700000000" } } }],
      gives: true,
    },
    'return c:force_sync("shop", "db", { wait = 30 }).metadata.name': {
      routes: {
        [`PATCH ${at}`]: json({}),
        [`GET ${at}`]: sequence(
          json(synced),
          json(synced),
          json({ ...synced, status: { ...synced.status, refreshTime: "2023-11-14T22:13:21Z" } }),
        ),
      },
      slept: [5],
      gives: "db",
    },
    'return c:force_sync(nil, "all").fine': {
      routes: { [`PATCH ${E}/clusterexternalsecrets/all`]: json({ fine: true }) },
      sent: [{ metadata: { annotations: { "external-secrets.io/force-sync": "1700000000" } } }],
      gives: true,
    },
  });
});
