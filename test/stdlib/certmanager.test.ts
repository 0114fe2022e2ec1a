import { afterAll, beforeAll, describe } from "bun:test";
import { collection, condition, items, missing, object, ready, refused, said, sequence, unready } from "./cluster.ts";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const C = "/apis/cert-manager.io/v1";
const A = "/apis/acme.cert-manager.io/v1";
const NS = `${C}/namespaces/shop`;
const prelude = `local certmanager = require("assay.certmanager") local c = certmanager.client(URL, "sesame")`;

// The clock of the tests stands at 2023-11-14T22:13:20Z.
const tls = object("tls", {
  kind: "Certificate",
  metadata: { namespace: "shop", uid: "u1", generation: 4 },
  spec: { secretName: "tls-secret" },
  status: {
    notAfter: "2023-11-15T22:13:20Z",
    notBefore: "2023-08-17T22:13:20Z",
    renewalTime: "2023-11-10T00:00:00Z",
    revision: 3,
    lastFailureTime: "2023-11-14T21:00:00Z",
    failedIssuanceAttempts: 2,
    conditions: [
      condition("Ready", { observedGeneration: 4 }),
      condition("Issuing", { reason: "DoesNotExist", message: "issuing" }),
    ],
  },
});
const fresh = ready("fresh", { metadata: { namespace: "shop" }, status: { notAfter: "2024-11-14T22:13:20Z" } });
const request = (name: string, at: string, more = {}) =>
  object(name, {
    metadata: { uid: name, creationTimestamp: at, annotations: { "cert-manager.io/certificate-name": "tls" } },
    status: {
      conditions: [
        condition("Approved"),
        condition("Ready", { status: "False", reason: "Pending", message: "waiting" }),
      ],
    },
    ...more,
  });

const routes: Routes = {
  ...collection(`${NS}/certificates`, tls, fresh, unready("broken", "DoesNotExist", "no secret")),
  [`GET ${C}/certificates`]: items(tls, object("broken", { metadata: { namespace: "other" } })),
  ...collection(`${NS}/issuers`, ready("letsencrypt"), unready("vault")),
  ...collection(`${C}/clusterissuers`, ready("letsencrypt")),
  ...collection(
    `${NS}/certificaterequests`,
    request("tls-1", "2023-01-01T00:00:00Z"),
    request("tls-2", "2023-02-01T00:00:00Z"),
    object("denied", {
      status: { conditions: [condition("Denied"), condition("Ready", { status: "False", reason: "Denied" })] },
    }),
    unready("failed", "Failed"),
  ),
  ...collection(
    `${A}/namespaces/shop/orders`,
    object("o1", {
      metadata: { uid: "o1", ownerReferences: [{ uid: "tls-2", name: "tls-2", kind: "CertificateRequest" }] },
      status: { state: "pending" },
    }),
  ),
  ...collection(
    `${A}/namespaces/shop/challenges`,
    object("c1", {
      metadata: { ownerReferences: [{ uid: "o1", name: "o1", kind: "Order" }] },
      spec: { dnsName: "shop.example.com" },
      status: { state: "invalid", reason: "no TXT record" },
    }),
    object("other", { metadata: { ownerReferences: [{ uid: "o9", name: "o9" }] } }),
  ),
  "GET /api/v1/namespaces/shop/secrets/tls-secret": json({ data: { "tls.crt": "UEVN", "tls.key": "S0VZ" } }),
};

describe("reading", () => {
  const lists: Record<string, string> = {
    'certificates("shop")': `${NS}/certificates`,
    "certificates()": `${C}/certificates`,
    'issuers("shop")': `${NS}/issuers`,
    "cluster_issuers()": `${C}/clusterissuers`,
    'certificate_requests("shop")': `${NS}/certificaterequests`,
    'orders("shop")': `${A}/namespaces/shop/orders`,
    'challenges("shop")': `${A}/namespaces/shop/challenges`,
  };
  const listRows = Object.entries(lists).flatMap(([call, path]) => [
    [`return type(c:${call}.items)`, { asked: [`GET ${path}`], gives: "table" }] as const,
    [
      `return c:${call} -- not installed`,
      { routes: { [`GET ${path}`]: text("404 page not found", 404) }, gives: { items: [] } },
    ] as const,
    [
      `return c:${call} -- denied`,
      {
        routes: { [`GET ${path}`]: refused(403, "no") },
        raises: `certmanager: LIST ${path} HTTP 403: ${said(refused(403, "no"))}`,
      },
    ] as const,
  ]);
  rows(() => server, prelude, routes, {
    ...Object.fromEntries(listRows),
    'return c:certificate("shop", "tls").spec.secretName': {
      asked: [`GET ${NS}/certificates/tls`],
      gives: "tls-secret",
    },
    'return c:certificate("shop", "none"), c:issuer("shop", "none"), c:cluster_issuer("none"), c:certificate_request("shop", "none"), c:order("shop", "none"), c:challenge("shop", "none")':
      {
        gives: undefined,
      },
    'return c:certificate("shop", "x") -- failing': {
      routes: { "*": text("boom", 500) },
      raises: `certmanager: GET ${NS}/certificates/x HTTP 500: boom`,
    },
    'return c:certificate("shop")': { asked: [], raises: "certmanager.certificate: name is required" },
    'return c:certificate_status("shop", "tls")': {
      gives: {
        ready: true,
        not_after: "2023-11-15T22:13:20Z",
        not_before: "2023-08-17T22:13:20Z",
        renewal_time: "2023-11-10T00:00:00Z",
        revision: 3,
        conditions: tls.status!.conditions,
        issuing: true,
        reason: "DoesNotExist",
        message: "issuing",
        last_failure_time: "2023-11-14T21:00:00Z",
        failed_attempts: 2,
        seconds_left: 86400,
      },
    },
    'return c:certificate_status("shop", "none"), c:certificate_status("shop", "broken").ready': {
      gives: undefined,
      also: [false],
    },
    'return c:is_certificate_ready("shop", "tls"), c:is_certificate_ready("shop", "none")': {
      gives: true,
      also: [false],
    },
    'return c:is_certificate_ready("shop", "edited")': {
      routes: {
        [`GET ${NS}/certificates/edited`]: json(
          object("edited", {
            metadata: { generation: 5 },
            status: { conditions: [condition("Ready", { observedGeneration: 4 })] },
          }),
        ),
      },
      gives: false,
    },
    'return c:expires_in("shop", "tls"), c:expires_in("shop", "none"), c:expires_in("shop", "broken")': {
      gives: 86400,
    },
    'return c:expiring("shop", 7)': {
      gives: [{ namespace: "shop", name: "tls", days: 1, renewal_time: "2023-11-10T00:00:00Z" }],
    },
    'return c:secret_certificate("shop", "tls")': { gives: { certificate: "PEM", private_key: "KEY" } },
    'return c:secret_certificate("shop", "none"), c:secret_certificate("shop", "fresh")': { gives: undefined },
    'return c:is_issuer_ready("shop", "letsencrypt"), c:is_issuer_ready("shop", "vault"), c:is_cluster_issuer_ready("letsencrypt")':
      { gives: true, also: [false, true] },
    'return c:is_request_approved("shop", "tls-1"), c:is_request_approved("shop", "denied"), c:is_request_approved("shop", "none")':
      { gives: true, also: [false, false] },
    'return c:is_request_denied("shop", "denied"), c:is_request_failed("shop", "failed"), c:is_request_failed("shop", "tls-1")':
      { gives: true, also: [true, false] },
    'return c:all_certificates_ready("shop")': {
      gives: {
        ready: 2,
        not_ready: 1,
        total: 3,
        not_ready_names: ["broken"],
        reasons: { broken: "DoesNotExist: no secret" },
      },
    },
    "return c:all_certificates_ready()": {
      gives: { ready: 1, not_ready: 1, total: 2, not_ready_names: ["other/broken"], reasons: [] },
    },
    'return c:all_issuers_ready("shop").not_ready_names, c:all_cluster_issuers_ready().ready': {
      gives: ["vault"],
      also: [1],
    },
    'return c:diagnose("shop", "tls")': {
      gives: [
        { kind: "Certificate", name: "tls", state: "Ready", message: "issuing" },
        { kind: "CertificateRequest", name: "tls-2", state: "NotReady", reason: "Pending", message: "waiting" },
        { kind: "Order", name: "o1", state: "pending" },
        { kind: "Challenge", name: "c1", state: "invalid", reason: "shop.example.com", message: "no TXT record" },
      ],
    },
    'return c:diagnose("shop", "none")': { gives: [] },
    'return #c.certificates:list("shop").items, c.issuers:is_ready("shop", "vault"), c.requests:get("shop", "tls-1").metadata.name, #c:certificates("shop").items':
      {
        gives: 3,
        also: [false, "tls-1", 3],
      },
  });
});

describe("acting and waiting", () => {
  const at = `${NS}/certificates/tls`;
  rows(() => server, prelude, routes, {
    'return c:wait_certificate_ready("shop", "tls", 60)': {
      routes: { [`GET ${at}`]: sequence(missing("tls"), json(unready("tls")), json(ready("tls"))) },
      slept: [5, 5],
      gives: true,
    },
    'return c:wait_certificate_ready("shop", "tls", 3)': {
      routes: { [`GET ${at}`]: json(unready("tls", "Pending", "no challenge")) },
      raises:
        "certmanager: timeout waiting for certificate shop/tls to be ready (last: Ready=False, Pending: no challenge)",
    },
    'return c:wait_issuer_ready("shop", "vault", 5)': {
      raises:
        "certmanager: timeout waiting for issuer shop/vault to be ready (last: Ready=False, Failed: it does not work)",
    },
    'return c:wait_cluster_issuer_ready("letsencrypt")': { gives: true },
    'return c:renew("shop", "tls").fine': {
      routes: { [`PUT ${at}/status`]: json({ fine: true }) },
      asked: [`GET ${at}`, `PUT ${at}/status`],
      sent: [
        {
          ...tls,
          status: {
            ...tls.status,
            conditions: [
              condition("Ready", { observedGeneration: 4 }),
              {
                type: "Issuing",
                status: "True",
                reason: "ManuallyTriggered",
                message: "Certificate re-issuance manually triggered",
                lastTransitionTime: "2023-11-14T22:13:20Z",
                observedGeneration: 4,
              },
            ],
          },
        },
      ],
      gives: true,
    },
    'return c:renew("shop", "tls").fine -- somebody else was faster': {
      routes: { [`PUT ${at}/status`]: sequence(refused(409, "Conflict"), json({ fine: true })) },
      asked: [`GET ${at}`, `PUT ${at}/status`, `GET ${at}`, `PUT ${at}/status`],
      gives: true,
    },
    'return c:renew("shop", "tls") -- forbidden': {
      routes: { [`PUT ${at}/status`]: refused(403, "no") },
      raises: `certmanager: PUT ${at}/status HTTP 403: ${said(refused(403, "no"))}`,
    },
    'return c:renew("shop", "none")': { raises: "certmanager: certificate shop/none not found" },
    'return c:renew("shop", "tls", { wait = 60 }).status.revision': {
      routes: {
        [`PUT ${at}/status`]: json(tls),
        [`GET ${at}`]: sequence(json(tls), json(tls), json(ready("tls", { status: { revision: 4 } }))),
      },
      slept: [5],
      gives: 4,
    },
    'return c:approve("shop", "tls-1").fine': {
      routes: { [`PUT ${NS}/certificaterequests/tls-1/status`]: json({ fine: true }) },
      gives: true,
    },
    'return c:webhook_ready("shop")': {
      routes: { [`POST ${NS}/certificates`]: json({}, 201) },
      asked: [`POST ${NS}/certificates?dryRun=All`],
      gives: true,
    },
    'return c:webhook_ready("shop") -- not ready': {
      routes: { [`POST ${NS}/certificates`]: text("failed calling webhook", 500) },
      gives: false,
      also: ["failed calling webhook"],
    },
    'return c:webhook_ready("shop") -- forbidden': {
      routes: { [`POST ${NS}/certificates`]: refused(403, "no") },
      raises: /HTTP 403/,
    },
  });
});
