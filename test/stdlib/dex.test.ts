import { afterAll, beforeAll, describe, expect } from "bun:test";
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { Fixture, json, type Reply, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const D = "GET /dex/.well-known/openid-configuration";
const prelude = `local dex = require("assay.dex") local url = URL .. "/dex/" local c = dex.client(url)`;

const document = (issuer: string, more: Record<string, unknown> = {}) => ({
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  userinfo_endpoint: `${issuer}/userinfo`,
  device_authorization_endpoint: `${issuer}/device/code`,
  introspection_endpoint: `${issuer}/token/introspect`,
  scopes_supported: ["openid", "groups"],
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  ...more,
});
/** Answers with a document that names the fixture's own address. */
const own =
  (
    more: (issuer: string) => Record<string, unknown> = () => ({}),
  ): ((call: { headers: Record<string, string> }) => Reply) =>
  (call) => {
    const issuer = `http://${call.headers.host}/dex`;
    return json(document(issuer, more(issuer)));
  };
/** Nothing listens there. */
const PUBLIC = "http://127.0.0.1:1/public";

const routes: Routes = {
  [D]: own(),
  "GET /dex/keys": json({ keys: [{ kty: "RSA", kid: "k1" }] }),
  "GET /dex/healthz": text("Health check passed"),
};

describe("first contract", () => {
  const asked = [D];
  rows(() => server, prelude, routes, {
    [`return dex.discovery(url).grant_types_supported, c:discovery().issuer == URL .. "/dex"`]: {
      asked: [D, D],
      headers: { accept: "application/json", authorization: undefined },
      gives: ["authorization_code", "refresh_token"],
      also: [true],
    },
    [`return dex.discovery({ url = url, headers = { ["X-A"] = "b" } }).issuer == URL .. "/dex"`]: {
      headers: { "x-a": "b" },
      gives: true,
    },
    [`return dex.discovery(URL) -- path forgotten`]: {
      asked: ["GET /.well-known/openid-configuration"],
      raises: "dex.discovery: HTTP 404: 404 page not found\n",
    },
    [`return c:discovery() -- refused`]: { routes: { [D]: text("no", 401) }, raises: "dex.discovery: HTTP 401: no" },
    [`return c:discovery() -- failing`]: {
      routes: { [D]: text("boom", 500) },
      raises: "dex.discovery: HTTP 500: boom",
    },
    [`return c:discovery() -- login page`]: {
      routes: { [D]: text("<html>", 200, "text/html") },
      raises:
        "dex.discovery: GET /.well-known/openid-configuration: invalid JSON in response (content-type text/html): <html>",
    },
    [`return c:discovery() -- empty`]: {
      routes: { [D]: text("") },
      raises: "dex.discovery: unexpected response format",
    },
    [`return dex.discovery()`]: { raises: "dex.discovery: url is required" },
    [`return dex.discovery("dex")`]: { raises: "dex: invalid url 'dex'" },
    [`return #c:jwks().keys`]: { asked: [D, "GET /dex/keys"], gives: 1 },
    [`return #c:jwks().keys -- public address out of reach`]: {
      routes: { [D]: json(document(PUBLIC)) },
      asked: [D, "GET /dex/keys"],
      gives: 1,
    },
    [`return c:jwks() -- out of reach and elsewhere`]: {
      routes: { [D]: json(document(PUBLIC, { jwks_uri: "http://127.0.0.1:1/publicity/keys" })) },
      asked,
      raises: "dex.jwks: GET /publicity/keys: connection refused",
    },
    [`return #dex.jwks({ url = url, token = "sesame", headers = { Cookie = "secret" } }).keys -- on another path`]: {
      routes: {
        [D]: own((issuer) => ({ jwks_uri: issuer.replace("/dex", "/elsewhere?a=b") })),
        "GET /elsewhere": json({ keys: [] }),
      },
      asked: [D, "GET /elsewhere?a=b"],
      headers: { authorization: undefined, cookie: undefined },
      gives: 0,
    },
    [`return c:jwks() -- none named`]: {
      routes: { [D]: own(() => ({ jwks_uri: undefined })) },
      raises: "dex.jwks: discovery response missing jwks_uri",
    },
    [`return c:jwks() -- not an address`]: {
      routes: { [D]: own(() => ({ jwks_uri: "keys" })) },
      raises: "dex.jwks: invalid jwks_uri 'keys'",
    },
    [`return c:jwks() -- failing`]: {
      routes: { "GET /dex/keys": text("boom", 500) },
      raises: "dex.jwks: HTTP 500: boom",
    },
    [`return c:jwks() -- no discovery`]: { routes: { [D]: text("no", 403) }, raises: "dex.discovery: HTTP 403: no" },
    [`return c:issuer() == URL .. "/dex"`]: { asked, gives: true },
    [`return c:health(), c:ready()`]: { asked: ["GET /dex/healthz", "GET /dex/healthz"], gives: true, also: [true] },
    [`return c:health(), c:ready() -- storage failure`]: {
      routes: { "GET /dex/healthz": text("no", 500) },
      gives: false,
      also: [false],
    },
    [`return dex.health("http://127.0.0.1:1")`]: { raises: "dex.health: GET /healthz: connection refused" },
    [`return c:has_endpoint("userinfo_endpoint"), c:has_endpoint("end_session_endpoint")`]: {
      gives: true,
      also: [false],
    },
    [`return c:has_endpoint("")`]: { asked: [], raises: "dex.has_endpoint: endpoint_name is required" },
    [`return c:supported_scopes(), c:supported_response_types(), c:supported_grant_types()`]: {
      gives: ["openid", "groups"],
      also: [["code"], ["authorization_code", "refresh_token"]],
    },
    [`return c:supported_scopes(), c:supported_response_types(), c:supported_grant_types() -- none`]: {
      routes: { [D]: json({}) },
      gives: [],
      also: [[], []],
    },
    [`return c:supports_scope("groups"), c:supports_scope("group"), c:supports_grant_type("refresh_token"), c:supports_grant_type("password")`]:
      { gives: true, also: [false, true, false] },
    [`return c:validate_config()`]: { asked, gives: { ok: true, errors: [] } },
    [`return dex.validate_config(url, { issuer = "https://dex.example.com/" })`]: {
      routes: { [D]: json(document("https://dex.example.com")) },
      gives: { ok: true, errors: [] },
    },
    [`return dex.validate_config(url, { issuer = "https://a" }) -- everything wrong`]: {
      routes: { [D]: json({ issuer: "https://b" }) },
      gives: {
        ok: false,
        errors: [
          "issuer mismatch: expected https://a, got https://b",
          "missing authorization_endpoint",
          "missing token_endpoint",
          "missing jwks_uri",
        ],
      },
    },
    [`return c:validate_config().errors[1] -- no issuer`]: { routes: { [D]: json({}) }, gives: "missing issuer" },
    [`return c:validate_config() -- failing`]: {
      routes: { [D]: text("boom", 500) },
      gives: { ok: false, errors: ["discovery failed: dex.discovery: HTTP 500: boom"] },
    },
    [`return dex.validate_config("dex").errors, dex.validate_config().ok`]: {
      gives: ["discovery failed: dex: invalid url 'dex'"],
      also: [false],
    },
    [`return c:admin_version(), dex.admin_version("x")`]: { gives: undefined },
    [`return c:admin_version().version`]: { routes: { "GET /dex/api/v1/version": json({ version: "2" }) }, gives: "2" },
    [`return c.discovery:config().scopes_supported[1], #c.discovery:jwks().keys, c.discovery:issuer() == c:issuer(), c.discovery:has_endpoint("x"), c.health:check(), c.health:ready(), c:health()`]:
      {
        gives: "openid",
        also: [1, true, false, true, true, true],
      },
    [`return c.scopes:list(), c.scopes:supports("groups"), c.grants:list(), c.grants:supports("x"), c.grants:response_types()`]:
      {
        gives: ["openid", "groups"],
        also: [true, ["authorization_code", "refresh_token"], false, ["code"]],
      },
  });
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
function idToken(key: KeyObject, alg: "RS256" | "ES256", kid: string, claims: object): string {
  const head = `${encode({ alg, kid })}.${encode(claims)}`;
  return `${head}.${createSign("sha256").update(head).sign({ key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const keys = json({
  keys: [
    { ...rsa.publicKey.export({ format: "jwk" }), kid: "r", alg: "RS256", use: "sig" },
    { ...ec.publicKey.export({ format: "jwk" }), kid: "e" },
  ],
});
// The clock of the tests stands at 1700000000.
const claims = { iss: PUBLIC, aud: "cli", sub: "me", exp: 1700000060 };
const good = idToken(rsa.privateKey, "RS256", "r", claims);
const verified: Routes = { [D]: json(document(PUBLIC)), "GET /dex/keys": keys };

describe("beyond", () => {
  rows(() => server, prelude, routes, {
    [`return c.tokens:get({ grant_type = "password", client_id = "cli", client_secret = "s&=", username = "a b", password = "p+" }).access_token`]:
      {
        routes: { "POST /dex/token": json({ access_token: "t" }) },
        asked: [D, "POST /dex/token"],
        sent: ["client_id=cli&client_secret=s%26%3D&grant_type=password&password=p%2B&username=a%20b"],
        headers: { "content-type": "application/x-www-form-urlencoded", authorization: undefined },
        gives: "t",
      },
    [`return dex.token(c, { grant_type = "password" }) -- through the service's address`]: {
      routes: { [D]: json(document(PUBLIC)), "POST /dex/token": text("bad", 400) },
      raises: "dex.token: HTTP 400: bad",
    },
    [`return dex.token(c, {})`]: { asked: [], raises: "dex.token: grant_type is required" },
    [`return dex.userinfo({ url = url, headers = { authorization = "x", ["X-A"] = "b" }, token = "other" }, "access").email`]:
      {
        routes: { "GET /dex/userinfo": json({ email: "a@b" }) },
        headers: { authorization: "Bearer access", "x-a": "b" },
        gives: "a@b",
      },
    [`return c:userinfo("x") -- expired`]: {
      routes: { "GET /dex/userinfo": text("no", 401) },
      raises: "dex.userinfo: HTTP 401: no",
    },
    [`return c:introspect("t", { client_id = "cli" }).active`]: {
      routes: { "POST /dex/token/introspect": json({ active: false }) },
      sent: ["client_id=cli&token=t"],
      gives: false,
    },
    [`return c:device({ client_id = "cli", scope = "openid email" }).user_code`]: {
      routes: { "POST /dex/device/code": json({ user_code: "AB" }) },
      sent: ["client_id=cli&scope=openid%20email"],
      gives: "AB",
    },
    [`return c:telemetry()`]: {
      routes: { "GET /dex/healthz/ready": json({ storage: { error: "no" } }, 503) },
      gives: { ok: false, details: { storage: { error: "no" } } },
    },
    [`return c:wait_ready()`]: {
      routes: { "GET /dex/healthz": (_, nth) => text("", nth < 3 ? 500 : 200) },
      slept: [2, 2],
      gives: true,
    },
    [`return c:wait_ready(3) -- no document`]: {
      routes: { [D]: text("boom", 500) },
      raises: "dex.wait_ready: not ready after 3s (last: dex.discovery: HTTP 500: boom)",
    },
    [`return c:validate_config({ strict = true })`]: {
      routes: {
        [D]: own((issuer) => ({ scopes_supported: [], token_endpoint: `${issuer}ity/token` })),
        "GET /dex/keys": json({ keys: [] }),
      },
      gives: {
        ok: false,
        errors: [
          expect.stringContaining("no signing keys"),
          expect.stringContaining("issuer is not https:"),
          "missing scope openid",
          expect.stringContaining("token_endpoint is not below the issuer:"),
        ],
      },
    },
    [`return c:verify("${good}", { audience = "cli" }).sub`]: { routes: verified, gives: "me" },
    [`return c:verify("${idToken(ec.privateKey, "ES256", "e", claims)}", { audience = { "x", "cli" } }).sub`]: {
      routes: verified,
      gives: "me",
    },
    [`return c:verify("${good}", { audience = "other" })`]: {
      routes: verified,
      gives: undefined,
      also: [expect.stringContaining("audience")],
    },
    [`return c:verify("${good}", { audience = "cli", issuer = "https://x" })`]: {
      routes: verified,
      gives: undefined,
      also: [expect.stringContaining("issuer")],
    },
    [`return c:verify("${idToken(rsa.privateKey, "RS256", "r", { ...claims, exp: 1699999999 })}", { audience = "cli" })`]:
      { routes: verified, gives: undefined, also: [expect.stringContaining("expired")] },
    [`return c:verify("${idToken(rsa.privateKey, "RS256", "other", claims)}", { audience = "cli" })`]: {
      routes: verified,
      gives: undefined,
      also: ["no key 'other'"],
    },
    [`return c:verify("${idToken(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, "RS256", "r", claims)}", { audience = "cli" })`]:
      {
        routes: verified,
        gives: undefined,
        also: ["the signature does not match"],
      },
    [`return c:verify("nonsense", { audience = "cli" })`]: {
      routes: verified,
      gives: undefined,
      also: ["not a signed token: 1 parts instead of 3"],
    },
    [`return c:verify("x")`]: { asked: [], raises: "dex.verify: audience is required" },
  });
});
