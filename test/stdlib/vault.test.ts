import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Fixture, json, type Reply, type Routes, rows, script, text } from "./fixture.ts";

let server: Fixture;
let other: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
  other = await Fixture.start();
});
afterAll(async () => {
  await server.close();
  await other.close();
});

const prelude = `local vault = require("assay.vault") local c = vault.client(URL .. "//", "sesame\\n")`;
const data = (value: unknown): Reply => json({ request_id: "1", data: value });
const done: Reply = { status: 204 };
const refused = (status: number, ...errors: string[]): Reply => json({ errors }, status);
const keys = (...names: string[]): Reply => data({ keys: names });

const routes: Routes = {
  "GET /v1/secret/data/shop/db": data({ data: { username: "shop" }, metadata: { version: 3 } }),
  "GET /v1/secret/metadata/shop/db": data({
    current_version: 3,
    versions: { 2: { destroyed: false, deletion_time: "t" }, 10: { destroyed: false }, 3: { destroyed: true } },
  }),
  "GET /v1/sys/seal-status": json({ type: "shamir", initialized: true, sealed: false, t: 3, n: 5, progress: 0 }),
  "GET /v1/sys/health": json({ initialized: true, sealed: false, standby: false, version: "1.20.0" }),
  "GET /v1/sys/policies/acl/shop": data({ name: "shop", policy: 'path "a" {}' }),
  "GET /v1/sys/mounts": data({
    "secret/": { type: "kv", description: "d", options: { version: "2" }, config: { max_lease_ttl: 5400 } },
  }),
  "GET /v1/sys/auth": data({ "token/": { type: "token" } }),
};

describe("any path", () => {
  rows(() => server, prelude, routes, {
    [`return c:read("/kv1/my app/ä%?x=1").a`]: {
      routes: { "GET /v1/kv1/my%20app/%C3%A4%25": data({ a: 1 }) },
      asked: ["GET /v1/kv1/my%20app/%C3%A4%25?x=1"],
      headers: {
        "x-vault-token": "sesame",
        "x-vault-request": "true",
        accept: "application/json",
        authorization: undefined,
        "x-vault-namespace": undefined,
      },
      gives: 1,
    },
    [`return c:read("kv1/none")`]: { routes: { "*": refused(404) }, gives: undefined },
    [`return c:read("kv1/x", { namespace = "team-a", wrap_ttl = 60 })`]: {
      routes: { "*": json({ wrap_info: { token: "w" } }) },
      headers: { "x-vault-namespace": "team-a", "x-vault-wrap-ttl": "60" },
      gives: undefined,
    },
    [`return c:read("kv1/x") -- empty`]: { routes: { "*": text("") }, gives: undefined },
    [`return c:read("kv1/x") -- denied`]: {
      routes: { "*": refused(403, "permission denied") },
      raises: `vault: GET /v1/kv1/x HTTP 403: {"errors":["permission denied"]}`,
    },
    [`return c:read("kv1/x") -- unknown`]: {
      routes: { "*": text("who?", 401) },
      raises: "vault: GET /v1/kv1/x HTTP 401: who?",
    },
    [`return c:read("kv1/x") -- failing`]: {
      routes: { "*": text("boom", 500) },
      raises: "vault: GET /v1/kv1/x HTTP 500: boom",
    },
    [`return c:read("kv1/x") -- login page`]: {
      routes: { "*": text("<html>", 200, "text/html") },
      raises: "vault: GET /v1/kv1/x: invalid JSON in response (content-type text/html): <html>",
    },
    [`return c:read("")`]: { asked: [], raises: "vault.read: path is required" },
    [`return c:read("kv1//x")`]: { asked: [], raises: /segment must not be empty/ },
    [`return c:read("kv1/../sys/x")`]: { asked: [], raises: /invalid path segment/ },
    [`c.strict = true return c:read("nowhere/x")`]: {
      routes: { "*": refused(404, "no handler for route 'nowhere/x'") },
      raises: /^vault: GET \/v1\/nowhere\/x HTTP 404: .*no handler/,
    },
    [`c.strict = true return c:kv_get("secret", "x")`]: { routes: { "*": refused(404) }, gives: undefined },
    [`return c:write("kv1/shop", { a = 1 })`]: {
      routes: { "*": done },
      asked: ["POST /v1/kv1/shop"],
      sent: [{ a: 1 }],
      headers: { "content-type": "application/json" },
      gives: undefined,
    },
    [`return c:write("kv1/shop").data.b`]: { routes: { "*": data({ b: 2 }) }, sent: [{}], gives: 2 },
    [`return c:write("kv1/shop", {}) -- empty`]: { routes: { "*": done }, sent: [{}] },
    [`return c:write("kv1/shop", "x")`]: { asked: [], raises: "vault.write: a table is required" },
    [`return c:write("kv1/shop") -- failing`]: {
      routes: { "*": refused(400, "no") },
      raises: `vault: POST /v1/kv1/shop HTTP 400: {"errors":["no"]}`,
    },
    [`return c:delete("kv1/shop")`]: { routes: { "*": done }, asked: ["DELETE /v1/kv1/shop"], gives: undefined },
    [`return c:delete("")`]: { asked: [], raises: "vault.delete: path is required" },
    [`return c:delete("kv1/x")`]: {
      routes: { "*": refused(403) },
      raises: `vault: DELETE /v1/kv1/x HTTP 403: {"errors":[]}`,
    },
    [`return c:list("kv1/")`]: {
      routes: { "*": keys("a", "b/") },
      asked: ["GET /v1/kv1?list=true"],
      gives: ["a", "b/"],
    },
    [`return c:list("kv1")`]: { routes: { "*": refused(404) }, gives: [] },
    [`return c:list("kv1") -- denied`]: {
      routes: { "*": refused(403) },
      raises: `vault: LIST /v1/kv1?list=true HTTP 403: {"errors":[]}`,
    },
    [`return c:list("kv1", { after = "a", limit = 2 })`]: {
      routes: { "*": keys("b") },
      asked: ["GET /v1/kv1?list=true&after=a&limit=2"],
    },
    [`return c:scan("kv1")`]: { routes: { "*": keys("a/b") }, asked: ["GET /v1/kv1?scan=true"], gives: ["a/b"] },
    [`return c:read("kv1/x") -- replica`]: {
      routes: { "*": (_, nth) => (nth < 3 ? refused(412) : data({ a: 1 })) },
      slept: [0.5, 0.5],
      gives: { a: 1 },
    },
    [`return c:read("kv1/x") -- replica for ever`]: { routes: { "*": refused(412) }, raises: /HTTP 412/ },
    [`c.token = "new" c:read("kv1/x")`]: { routes: { "*": data({}) }, headers: { "x-vault-token": "new" } },
    [`vault.client(URL, ""):read("kv1/x")`]: { routes: { "*": data({}) }, headers: { "x-vault-token": undefined } },
    [`return vault.client()`]: { settings: { env: {} }, raises: "vault.client: url is required" },
    [`return vault.client("ftp://x")`]: { raises: "vault: invalid url 'ftp://x'" },
    [`local e = vault.client() return e.url, e.token, e.namespace, e.ca_file`]: {
      settings: {
        env: {
          VAULT_ADDR: "http://v:8200/",
          BAO_ADDR: "http://b:8200/",
          VAULT_TOKEN: "t",
          BAO_NAMESPACE: "n",
          VAULT_CACERT: "/ca",
        },
      },
      gives: "http://b:8200",
      also: ["t", "n", "/ca"],
    },
    [`return require("assay.openbao") == vault`]: { gives: true },
    [`return require("assay.hashicorp.vault") == vault`]: { gives: true },
  });

  test("redirects to the active node keep method, body and token", async () => {
    server.reset({ "*": { status: 307, headers: { location: `${other.url}/v1/kv1/x?list=true` } } });
    other.reset({ "GET /v1/kv1/x": keys("a"), "POST /v1/kv1/x": done });
    const { error } = await script(`${prelude} c:list("kv1/x") c:write("kv1/x", { a = 1 })`, server);
    expect(error).toBeUndefined();
    expect(other.asked).toEqual(["GET /v1/kv1/x?list=true", "POST /v1/kv1/x?list=true"]);
    expect(other.calls.map(({ headers }) => headers["x-vault-token"])).toEqual(["sesame", "sesame"]);
    expect(other.calls[1]!.json).toEqual({ a: 1 });
  });

  rows(
    () => server,
    prelude,
    {},
    {
      [`return c:read("kv1/x") -- loop`]: {
        routes: { "*": { status: 307, headers: { location: "/v1/kv1/x" } } },
        raises: "vault: GET /v1/kv1/x: more than 10 redirects",
      },
      [`return c:read("kv1/x") -- lost`]: {
        routes: { "*": { status: 307 } },
        raises: "vault: GET /v1/kv1/x: unusable redirect",
      },
      [`return c:write("kv1/x") -- 302`]: {
        routes: { "*": { status: 302, headers: { location: "/x" } } },
        raises: /^vault: POST \/v1\/kv1\/x HTTP 302/,
      },
    },
  );
});

describe("KV version 2", () => {
  const at = "/v1/secret/data/shop/db";
  rows(() => server, prelude, routes, {
    [`return c:kv_get("secret", "shop/db")`]: {
      asked: [`GET ${at}`],
      gives: { data: { username: "shop" }, metadata: { version: 3 } },
    },
    [`return c:kv_get("team/kv", "a#b", { version = 2.0 })`]: {
      routes: { "*": refused(404) },
      asked: ["GET /v1/team/kv/data/a%23b?version=2"],
      gives: undefined,
    },
    [`return c:kv_get("secret", "gone")`]: {
      routes: { "*": json({ data: { data: null, metadata: { deletion_time: "t" } } }, 404) },
      gives: undefined,
    },
    [`return c:kv_get("secret", "gone") -- 200`]: {
      routes: { "*": data({ data: null, metadata: {} }) },
      gives: undefined,
    },
    [`return c:kv_get("secret", "")`]: { asked: [], raises: "vault.kv_get: key is required" },
    [`return c:kv_put("secret", "shop/db", { a = 1 }, { cas = 0 }).data.version`]: {
      routes: { [`POST ${at}`]: data({ version: 1 }) },
      sent: [{ data: { a: 1 }, options: { cas: 0 } }],
      gives: 1,
    },
    [`return c:kv_put("secret", "shop/db", {})`]: {
      routes: { [`POST ${at}`]: data({ version: 1 }) },
      sent: [{ data: {} }],
    },
    [`return c:kv_put("secret", "shop/db", { a = 1 }, { cas = 9 })`]: {
      routes: { [`POST ${at}`]: refused(400, "check-and-set parameter did not match the current version") },
      raises: /^vault: POST \/v1\/secret\/data\/shop\/db HTTP 400: .*check-and-set/,
    },
    [`return c:kv_delete("secret", "shop/db")`]: { routes: { [`DELETE ${at}`]: done }, asked: [`DELETE ${at}`] },
    [`return c:kv_delete("secret", "")`]: { asked: [], raises: "vault.kv_delete: key is required" },
    [`return c:kv_list("secret")`]: {
      routes: { "*": keys("shop/") },
      asked: ["GET /v1/secret/metadata/?list=true"],
      gives: ["shop/"],
    },
    [`return c:kv_list("secret", "shop/")`]: {
      routes: { "*": keys("db") },
      asked: ["GET /v1/secret/metadata/shop?list=true"],
      gives: ["db"],
    },
    [`return c:kv_list("secret", "none")`]: { routes: { "*": refused(404) }, gives: [] },
    [`return c:kv_metadata("secret", "shop/db").data.current_version, c:kv_metadata("secret", "none")`]: { gives: 3 },
    [`return c:kv_patch("secret", "shop/db", { b = 2 }, { cas = 3 })`]: {
      routes: { [`PATCH ${at}`]: data({ version: 4 }) },
      sent: [{ data: { b: 2 }, options: { cas: 3 } }],
      headers: { "content-type": "application/merge-patch+json" },
    },
    [`c:kv_undelete("secret", "a", 2) c:kv_destroy("secret", "a", { 1, 2 }) c:kv_delete_all("secret", "a")`]: {
      routes: { "*": done },
      asked: ["POST /v1/secret/undelete/a", "POST /v1/secret/destroy/a", "DELETE /v1/secret/metadata/a"],
      sent: [{ versions: [2] }, { versions: [1, 2] }],
    },
    [`local v = c:kv_versions("secret", "shop/db") return v[1].version, v[2].version, v[3].version, #c:kv_versions("secret", "none")`]:
      { gives: 10, also: [3, 2, 0] },
  });
});

describe("the server", () => {
  rows(() => server, prelude, routes, {
    [`return c:health().http_status`]: { headers: { "x-vault-token": undefined }, gives: 200 },
    [`c.retries = 3 c.namespace = "n" return c:health().sealed, c:health().http_status`]: {
      routes: { "GET /v1/sys/health": json({ initialized: true, sealed: true }, 503) },
      asked: ["GET /v1/sys/health", "GET /v1/sys/health"],
      headers: { "x-vault-namespace": undefined },
      gives: true,
      also: [503],
    },
    [`return c:health() -- proxy`]: {
      routes: { "GET /v1/sys/health": text("<html>", 503, "text/html") },
      raises: "vault: GET /v1/sys/health HTTP 503: <html>",
    },
    [`return c:seal_status().t, c:is_sealed(), c:is_initialized()`]: {
      headers: { "x-vault-token": undefined },
      gives: 3,
      also: [false, true],
    },
    [`return c:seal_status() -- failing`]: {
      routes: { "GET /v1/sys/seal-status": text("boom", 500) },
      raises: "vault: seal-status HTTP 500: boom",
    },
    [`return c:policy_get("shop").rules, c:policy_get("none")`]: {
      asked: ["GET /v1/sys/policies/acl/shop", "GET /v1/sys/policies/acl/none"],
      gives: 'path "a" {}',
    },
    [`c:policy_put("shop", "x") c:policy_delete("shop")`]: {
      routes: { "*": done },
      asked: ["PUT /v1/sys/policies/acl/shop", "DELETE /v1/sys/policies/acl/shop"],
      sent: [{ policy: "x" }],
    },
    [`return c:policy_delete("")`]: { asked: [], raises: "vault.policy_delete: name is required" },
    [`return c:policy_list()`]: {
      routes: { "*": keys("default") },
      asked: ["GET /v1/sys/policies/acl?list=true"],
      gives: ["default"],
    },
    [`return c:ensure_policy("shop", ' path "a" {}\\n'), c:ensure_policy("shop", "other")`]: {
      routes: { "PUT /v1/sys/policies/acl/shop": done },
      sent: [{ policy: "other" }],
      gives: false,
      also: [true],
    },
    [`c:auth_enable("my/k8s", "kubernetes", { description = "d", config = {} }) c:auth_disable("my/k8s")`]: {
      routes: { "*": done },
      asked: ["POST /v1/sys/auth/my/k8s", "DELETE /v1/sys/auth/my/k8s"],
      sent: [{ type: "kubernetes", description: "d", config: {} }],
    },
    [`return c:auth_list()["token/"].type`]: { gives: "token" },
    [`return c:auth_list() -- without data`]: {
      routes: { "GET /v1/sys/auth": json({ "token/": { type: "token" } }) },
      gives: { "token/": { type: "token" } },
    },
    [`c:auth_config("kubernetes", { kubernetes_host = "h" }) c:auth_create_role("kubernetes", "shop", { ttl = 1 }) c:auth_create_role("token", "shop")`]:
      {
        routes: { "*": done },
        asked: [
          "POST /v1/auth/kubernetes/config",
          "POST /v1/auth/kubernetes/role/shop",
          "POST /v1/auth/token/roles/shop",
        ],
        sent: [{ kubernetes_host: "h" }, { ttl: 1 }, {}],
      },
    [`return c:auth_read_role("kubernetes", "shop").ttl, c:auth_read_role("token", "none")`]: {
      routes: { "GET /v1/auth/kubernetes/role/shop": data({ ttl: 1 }) },
      asked: ["GET /v1/auth/kubernetes/role/shop", "GET /v1/auth/token/roles/none"],
      gives: 1,
    },
    [`return c:auth_list_roles("aws")`]: {
      routes: { "GET /v1/auth/aws/roles": keys("a") },
      asked: ["GET /v1/auth/aws/role?list=true", "GET /v1/auth/aws/roles?list=true"],
      gives: ["a"],
    },
    [`return c:auth_list_roles("aws") -- none`]: { gives: [] },
    [`c:engine_enable("secret", "kv", { options = { version = "2" } }) c:engine_disable("secret") c:engine_tune("secret", { max_lease_ttl = "1h" })`]:
      {
        routes: { "*": done },
        asked: ["POST /v1/sys/mounts/secret", "DELETE /v1/sys/mounts/secret", "POST /v1/sys/mounts/secret/tune"],
        sent: [{ type: "kv", options: { version: "2" } }, { max_lease_ttl: "1h" }],
      },
    [`return c:engine_enable("secret", "kv")`]: {
      routes: { "*": refused(400, "path is already in use at secret/") },
      raises: /^vault: POST \/v1\/sys\/mounts\/secret HTTP 400: .*in use/,
    },
    [`return c:engine_list()["secret/"].type`]: { gives: "kv" },
    [`return c:ensure_engine("secret", "kv", { options = { version = 2 }, description = "d", config = { max_lease_ttl = "1h30m" } })`]:
      { asked: ["GET /v1/sys/mounts"], gives: false },
    [`return c:ensure_engine("secret/", "kv", { description = "new", config = { max_lease_ttl = "1h" } })`]: {
      routes: { "POST /v1/sys/mounts/secret/tune": done },
      sent: [{ description: "new", max_lease_ttl: "1h" }],
      gives: true,
    },
    [`return c:ensure_engine("pki", "pki"), c:ensure_auth("approle", "approle")`]: {
      routes: { "POST /v1/sys/mounts/pki": done, "POST /v1/sys/auth/approle": done },
      sent: [{ type: "pki" }, { type: "approle" }],
      gives: true,
      also: [true],
    },
    [`return c:ensure_engine("secret", "pki")`]: { raises: "vault.ensure_engine: engine secret is of type kv" },
  });
});

describe("tokens, transit and PKI", () => {
  rows(() => server, prelude, routes, {
    [`return c:token_create().client_token`]: {
      routes: { "*": json({ auth: { client_token: "t" } }) },
      asked: ["POST /v1/auth/token/create"],
      sent: [{}],
      gives: "t",
    },
    [`return c:token_create({ ttl = "1h", meta = {}, wrap_ttl = "5m" })`]: {
      routes: { "*": json({ wrap_info: {} }) },
      sent: [{ ttl: "1h", meta: {} }],
      headers: { "x-vault-wrap-ttl": "5m" },
      gives: undefined,
    },
    [`return c:token_lookup("x").ttl, c:token_lookup_self().ttl`]: {
      routes: { "*": data({ ttl: 5 }) },
      asked: ["POST /v1/auth/token/lookup", "GET /v1/auth/token/lookup-self"],
      sent: [{ token: "x" }],
      gives: 5,
      also: [5],
    },
    [`return c:token_lookup("bad")`]: {
      routes: { "*": refused(403, "bad token") },
      raises: /^vault: POST \/v1\/auth\/token\/lookup HTTP 403/,
    },
    [`return c:token_lookup_self() -- the server repeats the token`]: {
      routes: { "*": text("no sesame here", 403) },
      raises: "vault: GET /v1/auth/token/lookup-self HTTP 403: no *** here",
    },
    [`c:token_revoke("x") c:token_revoke_self() c:token_renew("x", "1h") c:token_renew_self()`]: {
      routes: { "*": done },
      asked: [
        "POST /v1/auth/token/revoke",
        "POST /v1/auth/token/revoke-self",
        "POST /v1/auth/token/renew",
        "POST /v1/auth/token/renew-self",
      ],
      sent: [{ token: "x" }, {}, { token: "x", increment: "1h" }, {}],
    },
    [`return c:transit_encrypt("k", "a\\xff", { context = "Yw==", mount = "my/transit" })`]: {
      routes: { "POST /v1/my/transit/encrypt/k": data({ ciphertext: "vault:v1:x" }) },
      sent: [{ plaintext: "Yf8=", context: "Yw==" }],
      gives: "vault:v1:x",
    },
    [`return c:transit_decrypt("k", "vault:v1:x") == "a\\xff"`]: {
      routes: { "POST /v1/transit/decrypt/k": data({ plaintext: "Yf8=" }) },
      sent: [{ ciphertext: "vault:v1:x" }],
      gives: true,
    },
    [`c:transit_create_key("k", { type = "ed25519", mount = "t" }) c:transit_create_key("k")`]: {
      routes: { "*": done },
      asked: ["POST /v1/t/keys/k", "POST /v1/transit/keys/k"],
      sent: [{ type: "ed25519" }, {}],
    },
    [`return c:transit_list_keys(), c:transit_list_keys({ mount = "t" })`]: {
      routes: { "GET /v1/transit/keys": keys("k") },
      asked: ["GET /v1/transit/keys?list=true", "GET /v1/t/keys?list=true"],
      gives: ["k"],
      also: [[]],
    },
    [`return c:transit_rewrap("k", "vault:v1:x"), c:transit_sign("k", "a"), c:transit_verify("k", "a", "s")`]: {
      routes: { "*": data({ ciphertext: "vault:v2:x", signature: "s", valid: true }) },
      asked: ["POST /v1/transit/rewrap/k", "POST /v1/transit/sign/k", "POST /v1/transit/verify/k"],
      sent: [{ ciphertext: "vault:v1:x" }, { input: "YQ==" }, { input: "YQ==", signature: "s" }],
      gives: "vault:v2:x",
      also: ["s", true],
    },
    [`return c:pki_issue("my/pki", "shop", { common_name = "a" }).serial_number`]: {
      routes: { "POST /v1/my/pki/issue/shop": data({ serial_number: "1" }) },
      sent: [{ common_name: "a" }],
      gives: "1",
    },
    [`return c:pki_ca_cert()`]: {
      routes: { "GET /v1/pki/ca/pem": text("PEM") },
      headers: { "x-vault-token": undefined },
      gives: "PEM",
    },
    [`return c:pki_ca_cert("p")`]: { routes: { "GET /v1/p/ca/pem": done }, raises: "vault: pki ca cert HTTP 204" },
    [`c:pki_create_role("pki", "shop", {}) c:pki_sign("pki", "shop", "CSR", { ttl = "1h" }) c:pki_revoke("pki", "1")`]:
      {
        routes: { "*": done },
        asked: ["POST /v1/pki/roles/shop", "POST /v1/pki/sign/shop", "POST /v1/pki/revoke"],
        sent: [{}, { csr: "CSR", ttl: "1h" }, { serial_number: "1" }],
      },
    [`c:lease_renew("a/1", 60) c:lease_revoke("a/1")`]: {
      routes: { "*": done },
      asked: ["POST /v1/sys/leases/renew", "POST /v1/sys/leases/revoke"],
      sent: [{ lease_id: "a/1", increment: 60 }, { lease_id: "a/1" }],
    },
    [`return c:db_creds("database", "shop"), c:db_creds("database", "none")`]: {
      routes: {
        "GET /v1/database/creds/shop": json({
          lease_id: "l",
          lease_duration: 60,
          renewable: true,
          data: { username: "u", password: "p" },
        }),
      },
      gives: { username: "u", password: "p", lease_id: "l", lease_duration: 60, renewable: true },
    },
    [`return c:wrap({ a = 1 }).token`]: {
      routes: { "*": json({ wrap_info: { token: "w" } }) },
      asked: ["POST /v1/sys/wrapping/wrap"],
      sent: [{ a: 1 }],
      headers: { "x-vault-wrap-ttl": "5m" },
      gives: "w",
    },
    [`return c:unwrap("w").a`]: {
      routes: { "*": data({ a: 1 }) },
      asked: ["POST /v1/sys/wrapping/unwrap"],
      sent: [{ token: "w" }],
      gives: 1,
    },
    [`return c:capabilities("secret/x")`]: {
      routes: { "*": data({ "secret/x": ["read"], capabilities: ["read"] }) },
      sent: [{ paths: ["secret/x"] }],
      gives: ["read"],
    },
    [`return c.kv:get("secret", "shop/db").data.username, c.sys:is_sealed(), c.policies:get("shop").name, c.engines:list()["secret/"].type, c.auth:methods()["token/"].type`]:
      {
        gives: "shop",
        also: [false, "shop", "kv", "token"],
      },
    [`c.tokens:revoke("x") c.transit:create_key("k") c.pki:create_role("pki", "r") c.policies:create("p", "x") return c.kv_get(c, "secret", "shop/db").metadata.version`]:
      { routes: { "*": done }, gives: 3 },
  });
});

describe("getting started", () => {
  const health = "/v1/sys/health?standbyok=true&sealedcode=200&uninitcode=200";
  rows(() => server, prelude, routes, {
    [`return vault.wait(URL)`]: { asked: [`GET ${health}`], slept: [], gives: true },
    [`return vault.wait(URL, { interval = 1 })`]: {
      routes: { "GET /v1/sys/health": (_, nth) => (nth < 3 ? text("", 502) : json({})) },
      slept: [1, 1],
      gives: true,
    },
    [`return vault.wait(URL, { timeout = 3 })`]: {
      routes: { "GET /v1/sys/health": text("no", 503) },
      raises: `vault.wait: not reachable at URL after 3s (last: vault: GET ${health} HTTP 503: no)`,
    },
    [`return vault.wait(URL, { timeout = 3, unsealed = true, health_path = "/h" })`]: {
      routes: { "GET /h": text("") },
      asked: ["GET /h?standbyok=true&sealedcode=503&uninitcode=501"],
      gives: true,
    },
    [`return vault.login(URL, "kubernetes", { role = "shop", jwt = "j" }).token`]: {
      routes: { "POST /v1/auth/kubernetes/login": json({ auth: { client_token: "t" } }) },
      sent: [{ role: "shop", jwt: "j" }],
      headers: { "x-vault-token": undefined },
      gives: "t",
    },
    [`return vault.login(URL, "approle", { role_id = "r", secret_id = "s", mount = "my/approle", namespace = "n" }).namespace`]:
      {
        routes: { "POST /v1/auth/my/approle/login": json({ auth: { client_token: "t" } }) },
        sent: [{ role_id: "r", secret_id: "s" }],
        headers: { "x-vault-namespace": "n" },
        gives: "n",
      },
    [`local l = vault.login(URL, "userpass", { username = "a b", password = "p" }) return l.password, l:read("x")`]: {
      routes: { "POST /v1/auth/userpass/login/a%20b": json({ auth: { client_token: "t" } }) },
      sent: [{ password: "p" }],
      headers: { "x-vault-token": "t" },
      gives: undefined,
    },
    [`return vault.login(URL, "magic")`]: { asked: [], raises: "vault.login: unknown method 'magic'" },
    [`return vault.login(URL, "jwt", { jwt = "j" })`]: {
      routes: { "*": refused(400, "no") },
      raises: /^vault: POST \/v1\/auth\/jwt\/login HTTP 400/,
    },
    [`return vault.authenticated_client(URL, { k8s = { url = URL, token = "k" } }).token`]: {
      routes: {
        "GET /api/v1/namespaces/secrets/secrets/openbao-root-token": json({ data: { "root-token": "cm9vdAo=" } }),
      },
      asked: [`GET ${health}`, "GET /api/v1/namespaces/secrets/secrets/openbao-root-token"],
      gives: "root",
    },
    [`return vault.authenticated_client(URL, { k8s = { url = URL, token = "k" }, secret_namespace = "a", secret_name = "b", secret_key = "c" }).token`]:
      {
        routes: { "GET /api/v1/namespaces/a/secrets/b": json({ data: {} }) },
        raises: "vault.authenticated_client: secret a/b has no key 'c'",
      },
    [`return vault.ensure_credentials(c, "secret", "shop/db", "username", error)`]: { gives: { username: "shop" } },
    [`return vault.ensure_credentials(c, "secret", "new", "password", function() return { password = "p" } end)`]: {
      routes: { "POST /v1/secret/data/new": data({ version: 1 }) },
      sent: [{ data: { password: "p" } }],
      gives: { password: "p" },
    },
    [`return vault.assert_secret(c, "secret", "shop/db", { "username" })`]: { gives: { username: "shop" } },
    [`return vault.assert_secret(c, "secret", "shop/db", { "username", "password" })`]: {
      raises: "vault.assert_secret: secret/shop/db has no key 'password'",
    },
    [`return vault.assert_secret(c, "secret", "none")`]: { raises: "vault.assert_secret: secret/none does not exist" },
  });
});
