import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { collection, condition, items, missing, object, ready, refused, said, sequence } from "./cluster.ts";
import { type Call, Fixture, json, type Routes, rows, script, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const NS = "/api/v1/namespaces/shop";
const APPS = "/apis/apps/v1/namespaces/shop";
const prelude = `local k8s = require("assay.k8s") local o = { base_url = URL, token = "sesame" }`;

describe("N07: kinds and paths", () => {
  const path = (call: string, gives: string) => ({ [`return k8s.${call}`]: { asked: [], gives } });
  rows(
    () => server,
    prelude,
    {},
    {
      ...path(`_resource_path("shop", "pod", "a")`, `${NS}/pods/a`),
      ...path(`_resource_path("shop", "PVC", "a")`, `${NS}/persistentvolumeclaims/a`),
      ...path(`_resource_path("shop", "Deploy", "a")`, `${APPS}/deployments/a`),
      ...path(`_resource_path("shop", "sts", "a")`, `${APPS}/statefulsets/a`),
      ...path(`_resource_path("shop", "cronjobs", "a")`, "/apis/batch/v1/namespaces/shop/cronjobs/a"),
      ...path(`_resource_path("shop", "ing", "a")`, "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/a"),
      ...path(`_resource_path(nil, "ingressclass", "a")`, "/apis/networking.k8s.io/v1/ingressclasses/a"),
      ...path(`_resource_path("ignored", "node", "a")`, "/api/v1/nodes/a"),
      ...path(`_resource_path(nil, "sc", "a")`, "/apis/storage.k8s.io/v1/storageclasses/a"),
      ...path(
        `_resource_path("shop", "rolebinding", "a")`,
        "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/a",
      ),
      ...path(
        `_resource_path(nil, "clusterrole", "system:node")`,
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
      ),
      ...path(`_resource_path("shop", "hpa", "a")`, "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/a"),
      ...path(`_resource_path("shop", "pdb", "a")`, "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/a"),
      ...path(
        `_resource_path("shop", "endpointslice", "a")`,
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/a",
      ),
      ...path(`_resource_path("shop", "lease", "a")`, "/apis/coordination.k8s.io/v1/namespaces/shop/leases/a"),
      ...path(`_resource_path(nil, "crd", "a")`, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a"),
      ...path(`_resource_path(nil, "apiservice", "a")`, "/apis/apiregistration.k8s.io/v1/apiservices/a"),
      ...path(`_resource_path(nil, "csr", "a")`, "/apis/certificates.k8s.io/v1/certificatesigningrequests/a"),
      ...path(
        `_resource_path("shop", "httproute", "a")`,
        "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/a",
      ),
      ...path(
        `_resource_path(nil, "validatingwebhookconfiguration", "a")`,
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/a",
      ),
      ...path(`_list_path("shop", "svc")`, `${NS}/services`),
      ...path(`_list_path(nil, "svc")`, "/api/v1/services"),
      ...path(`_list_path("*", "svc")`, "/api/v1/services"),
      ...path(`_list_path("shop", "ns")`, "/api/v1/namespaces"),
      ...path(`_resource_path("shop", "pod", "../../secrets/x")`, `${NS}/pods/..%2F..%2Fsecrets%2Fx`),
      ...path(`_resource_path("shop", "pod", "a?b%2fc")`, `${NS}/pods/a%3Fb%252fc`),
      'k8s.register_crd("Widget", "example.com", "v1", "widgets") return k8s._resource_path("shop", "WIDGET", "a")': {
        gives: "/apis/example.com/v1/namespaces/shop/widgets/a",
      },
      'k8s.register_crd("gadget", "", "v1", "gadgets", true) return k8s._resource_path(nil, "gadget", "a")': {
        gives: "/api/v1/gadgets/a",
      },
      'k8s.register_crd("gadget", "", "v1")': { raises: "k8s.register_crd: plural is required" },
      'k8s._list_path("shop", "thing")': {
        raises:
          "k8s: unknown resource kind 'thing'. Use k8s.register_crd() for custom resources or k8s.get() with a raw path.",
      },
      'k8s._list_path("shop", nil)': { raises: /^k8s: unknown resource kind 'nil'\./ },
      'k8s._resource_path("shop", "pod", "")': { raises: "k8s._resource_path: name is required" },
      'k8s._resource_path("shop", "pod", "..")': { raises: "k8s._resource_path: name must not be '..'" },
      'k8s._resource_path("..", "pod", "a")': { raises: "k8s._resource_path: namespace must not be '..'" },
      'k8s._list_path("..", "pod")': { raises: "k8s: namespace must not be '..'" },
      'k8s._list_path("", "pod")': { raises: "k8s: namespace is required" },
      'k8s._resource_path(nil, "pod", "a")': { raises: "k8s: namespace is required for pod" },
      'k8s.delete_resource("shop", "pod", "", o)': { asked: [], raises: "k8s.delete_resource: name is required" },
      'k8s.get_resource("shop", "pod", nil, o)': { asked: [], raises: "k8s.get_resource: name is required" },
    },
  );
});

describe("N07 N09: raw requests", () => {
  const echo = (call: Call) => json({ method: call.method, body: call.body });
  const at = `${NS}/pods/a`;
  rows(
    () => server,
    prelude,
    { "*": echo },
    {
      [`return k8s.get("${at}", o).method`]: {
        asked: [`GET ${at}`],
        gives: "GET",
        headers: { authorization: "Bearer sesame", accept: "application/json" },
      },
      'return k8s.get("/healthz", o)': { routes: { "GET /healthz": text("ok") }, gives: "ok" },
      'return k8s.get("/api/v1/pods?limit=1", o).method': { asked: ["GET /api/v1/pods?limit=1"] },
      [`return k8s.get("${at}", o) -- missing`]: {
        routes: { "*": missing("a") },
        raises: `k8s.get: HTTP 404 ${at}: ${said(missing("a"))}`,
      },
      'return k8s.get("@evil.example/x", o)': {
        asked: [],
        raises: "k8s.get: a path must begin with '/' (got '@evil.example/x')",
      },
      ...Object.fromEntries(
        ["..", ".", "%2e%2E", ".%2e"].map((segment) => [
          `return k8s.get("${NS}/pods/${segment}/secrets/x", o)`,
          {
            asked: [],
            raises: `k8s.get: a path must not contain '${segment}' (got '${NS}/pods/${segment}/secrets/x')`,
          },
        ]),
      ),
      [`return k8s.get("${NS}/pods/a..b/c.d?x=/../y", o).method`]: { asked: [`GET ${NS}/pods/a..b/c.d?x=/../y`] },
      // A name that turns out to be empty would make "delete one" into "delete all".
      ...Object.fromEntries(
        ["/", "/?x=1", "/#x", "/ "].map((end) => [
          `return k8s.delete("${NS}/pods${end}", o)`,
          { asked: [], raises: `k8s.delete: a path must not end with '/' (got '${NS}/pods${end}')` },
        ]),
      ),
      'return k8s.get("/x", { base_url = URL, token = {} })': {
        asked: [],
        raises: "k8s: a token must be a string (got a table)",
      },
      'return k8s.get("/x", { base_url = URL, token = "a\\r\\nX: y" })': {
        asked: [],
        raises: 'k8s.get: GET /x: invalid character in the value of header "Authorization"',
      },
      'o.retries = 1 return k8s.get("/x", o).method -- Retry-After': {
        routes: {
          "*": sequence({ ...refused(429, "slow"), headers: { "retry-after": "7" } }, json({ method: "GET" })),
        },
        slept: [7],
        gives: "GET",
      },
      ...Object.fromEntries(
        ["-1", "soon", "1e9", "0x10", ""].map((after) => [
          `o.retries = 1 return k8s.get("/x", o).method -- Retry-After that is none: ${after}`,
          {
            routes: {
              "*": sequence({ ...refused(429, "slow"), headers: { "retry-after": after } }, json({ method: "GET" })),
            },
            slept: [1],
            gives: "GET",
          },
        ]),
      ),
      'o.retries = 1 return k8s.get("/x", o).method -- Retry-After of years': {
        routes: {
          "*": sequence(
            { ...refused(429, "slow"), headers: { "retry-after": "99999999999999999999" } },
            json({ method: "GET" }),
          ),
        },
        slept: [120],
        gives: "GET",
      },
      'return k8s.post("/x", { a = 1 }, o).body': {
        gives: '{"a":1}',
        headers: { "content-type": "application/json" },
      },
      'return k8s.post("/x", \'{"a": 1}\', o).body': {
        gives: '{"a": 1}',
        headers: { "content-type": "application/json" },
      },
      'return k8s.post("/x", "a: 1", o).body': { gives: "a: 1", headers: { "content-type": "application/yaml" } },
      'return k8s.post("/x", { a = 1 }, o) -- empty answer': { routes: { "*": { status: 201 } }, gives: undefined },
      'return k8s.post("/x", { a = 1 }, o) -- invalid': {
        routes: { "*": refused(422, "Invalid") },
        raises: `k8s.post: HTTP 422 /x: ${said(refused(422, "Invalid"))}`,
      },
      'return k8s.put("/x", { a = 1 }, o).method': { gives: "PUT" },
      'return k8s.put("/x", { a = 1 }, o) -- stale': {
        routes: { "*": refused(409, "Conflict") },
        raises: /^k8s\.put: HTTP 409 \/x: /,
      },
      'return k8s.patch("/x", { a = 1 }, o).body': {
        gives: '{"a":1}',
        headers: { "content-type": "application/merge-patch+json" },
      },
      'return k8s.patch("/x", { { op = "remove", path = "/a" } }, o).method': {
        headers: { "content-type": "application/json-patch+json" },
      },
      'o.type = "strategic" return k8s.patch("/x", { a = 1 }, o).method': {
        headers: { "content-type": "application/strategic-merge-patch+json" },
      },
      'o.content_type = "x/y" return k8s.patch("/x", { a = 1 }, o).method': { headers: { "content-type": "x/y" } },
      'o.type = "apply" return k8s.patch("/x?a=b", { a = 1 }, o).method': {
        asked: ["PATCH /x?a=b&fieldManager=assay"],
        headers: { "content-type": "application/apply-patch+yaml" },
      },
      'o.type = "apply" o.force = true o.field_manager = "me too" return k8s.patch("/x", "a: 1", o).body': {
        asked: ["PATCH /x?fieldManager=me%20too&force=true"],
        gives: "a: 1",
      },
      'o.type = "none" return k8s.patch("/x", { a = 1 }, o)': { asked: [], raises: "k8s.patch: unknown type 'none'" },
      [`return k8s.delete("${at}", o)`]: { asked: [`DELETE ${at}`], gives: undefined },
      [`o.propagation_policy = "Foreground" o.grace_period = 0 return k8s.delete("${at}", o)`]: {
        asked: [`DELETE ${at}?propagationPolicy=Foreground&gracePeriodSeconds=0`],
      },
      [`return k8s.delete("${at}", o) -- missing`]: {
        routes: { "*": missing("a") },
        raises: `k8s.delete: HTTP 404 ${at}: ${said(missing("a"))}`,
      },
      'return k8s.get("/x") -- nowhere to go': {
        settings: { env: { HOME: "/nonexistent" } },
        asked: [],
        raises: "k8s: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)",
      },
      'return k8s.get("/x", { base_url = "ftp://x" })': { raises: "k8s: invalid url 'ftp://x'" },
      'o.timeout = 0.05 return k8s.get("/x", o)': {
        routes: { "*": { silent: true } },
        raises: "k8s.get: GET /x: timeout after 0.05s",
      },
    },
  );
});

const secret = object("db", {
  data: { user: Buffer.from("shop").toString("base64"), key: Buffer.from([0, 255, 1]).toString("base64") },
});
const routes: Routes = {
  ...collection(
    `${NS}/pods`,
    object("a", { status: { phase: "Running" } }),
    object("b", { status: { phase: "Pending" } }),
    object("c", { status: { phase: "Odd" } }),
  ),
  ...collection(`${NS}/secrets`, secret, object("empty")),
  ...collection(
    `${NS}/configmaps`,
    object("flags", { data: { beta: "on" }, binaryData: { raw: "AP8=" } }),
    object("empty"),
  ),
  [`POST ${NS}/configmaps`]: (call) => json({ ...(call.json as object), created: true }, 201),
  [`PUT ${NS}/configmaps/flags`]: (call) => json(call.json),
  [`PATCH ${NS}/configmaps/flags`]: (call) => json(call.json),
  [`DELETE ${NS}/configmaps/flags`]: json({ kind: "Status", status: "Success" }),
  ...collection("/api/v1/namespaces", object("shop", { status: { phase: "Active" } })),
  "GET /api/v1/nodes": items(
    ready("n1", {
      metadata: {
        labels: {
          "node-role.kubernetes.io/worker": "",
          "node-role.kubernetes.io/gpu": "",
          "kubernetes.io/role": "edge",
        },
      },
      status: { capacity: { cpu: "4" }, allocatable: { cpu: "3" }, nodeInfo: { kubeletVersion: "v1.35.0" } },
    }),
    object("n2", {
      spec: { unschedulable: true },
      status: { conditions: [condition("Ready", { status: "Unknown" })] },
    }),
  ),
};

describe("N07 N08 N11: objects", () => {
  rows(() => server, prelude, routes, {
    'return k8s.get_resource("shop", "pod", "a", o).metadata.name': { asked: [`GET ${NS}/pods/a`], gives: "a" },
    'return k8s.get_resource("shop", "pod", "a", o) -- a login page': {
      routes: { "*": text("<html>", 200, "text/html"), [`GET ${NS}/pods/a`]: text("<html>", 200, "text/html") },
      raises: /^k8s\.get: GET .*: invalid JSON in response \(content-type text\/html\): <html>$/,
    },
    'return #k8s.list("shop", "pods", o).items': { asked: [`GET ${NS}/pods`], gives: 3 },
    'o.label_selector = "a in (b,c),!d,e=f&g" o.field_selector = "status.phase!=Running" return k8s.list("shop", "pods", o).items':
      {
        asked: [
          `GET ${NS}/pods?labelSelector=a%20in%20%28b%2Cc%29%2C%21d%2Ce%3Df%26g&fieldSelector=status.phase%21%3DRunning`,
        ],
      },
    'o.limit = 2 local l = k8s.list("shop", "pods", o) return #l.items, l.metadata.continue': {
      routes: { [`GET ${NS}/pods`]: json({ metadata: { continue: "next" }, items: [object("a")] }) },
      asked: [`GET ${NS}/pods?limit=2`],
      gives: 1,
      also: ["next"],
    },
    'o.continue = "x=" return #k8s.list("shop", "pods", o).items': { asked: [`GET ${NS}/pods?continue=x%3D`] },
    'local l = k8s.list("shop", "pods", o) return #l.items, l.metadata.continue -- nothing in it': {
      routes: { [`GET ${NS}/pods`]: json({ metadata: {}, items: null }) },
      gives: 0,
    },
    'local l = k8s.list("shop", "pods", o) return #l.items, l.metadata.continue -- pages': {
      routes: {
        [`GET ${NS}/pods`]: json({ metadata: { continue: "t/1" }, items: [object("a")] }),
        [`GET ${NS}/pods?limit=500&continue=t%2F1`]: json({ metadata: { continue: "t/2" }, items: [object("b")] }),
        [`GET ${NS}/pods?limit=500&continue=t%2F2`]: json({ metadata: {}, items: [object("c")] }),
      },
      gives: 3,
      also: [undefined],
    },
    'return #k8s.list("shop", "pods", o).items -- the token expires, the list starts anew': {
      routes: {
        [`GET ${NS}/pods`]: sequence(
          json({ metadata: { continue: "t" }, items: [object("a")] }),
          items(object("a"), object("b")),
        ),
        [`GET ${NS}/pods?limit=500&continue=t`]: refused(410, "Expired"),
      },
      gives: 2,
    },
    'return #k8s.list("shop", "pods", o).items -- it expires twice': {
      routes: {
        [`GET ${NS}/pods`]: json({ metadata: { continue: "t" }, items: [object("a")] }),
        [`GET ${NS}/pods?limit=500&continue=t`]: refused(410, "Expired"),
      },
      raises: `k8s.get: HTTP 410 ${NS}/pods?limit=500&continue=t: ${said(refused(410, "Expired"))}`,
    },
    'return #k8s.list("shop", "pods", o).items -- pages that lead in a circle': {
      routes: {
        [`GET ${NS}/pods`]: json({ metadata: { continue: "t" }, items: [object("a")] }),
        [`GET ${NS}/pods?limit=500&continue=t`]: json({ metadata: { continue: "t" }, items: [object("a")] }),
      },
      asked: [`GET ${NS}/pods`, `GET ${NS}/pods?limit=500&continue=t`],
      raises: "k8s: the server leads in a circle through the pages of a list",
    },
    'return #k8s.list("shop", "pods", o).items -- the second page fails': {
      routes: {
        [`GET ${NS}/pods`]: json({ metadata: { continue: "t" }, items: [object("a")] }),
        [`GET ${NS}/pods?limit=500&continue=t`]: refused(500, "boom"),
      },
      raises: /^k8s\.get: HTTP 500 /,
    },
    'return k8s.create("shop", "cm", { metadata = { name = "flags" } }, o).created': {
      asked: [`POST ${NS}/configmaps`],
      gives: true,
    },
    'return k8s.create("shop", "cm", "metadata: {name: flags}", o)': {
      sent: ["metadata: {name: flags}"],
      routes: { [`POST ${NS}/configmaps`]: json({}) },
    },
    'return k8s.create(nil, "cm", {}, o)': { asked: [], raises: "k8s: namespace is required for cm" },
    'return k8s.create("shop", "cm", {}, o) -- it exists': {
      routes: { [`POST ${NS}/configmaps`]: refused(409, "AlreadyExists") },
      raises: /^k8s\.post: HTTP 409/,
    },
    'local m = k8s.get_resource("shop", "cm", "flags", o) return k8s.update("shop", "cm", "flags", m, o).data': {
      gives: { beta: "on" },
    },
    'return k8s.patch_resource("shop", "cm", "flags", { data = { beta = "off" } }, o).data': {
      gives: { beta: "off" },
      headers: { "content-type": "application/merge-patch+json" },
    },
    'return k8s.delete_resource("shop", "cm", "flags", o)': {
      asked: [`DELETE ${NS}/configmaps/flags?propagationPolicy=Background`],
      gives: undefined,
    },
    'o.propagation_policy = "Orphan" return k8s.delete_resource("shop", "cm", "flags", o)': {
      asked: [`DELETE ${NS}/configmaps/flags?propagationPolicy=Orphan`],
    },
    'return k8s.exists("shop", "pod", "a", o), k8s.exists("shop", "pod", "none", o)': { gives: true, also: [false] },
    'return k8s.exists("shop", "pod", "a", o) -- cannot tell': {
      routes: { [`GET ${NS}/pods/a`]: refused(403, "no") },
      raises: `k8s.exists: HTTP 403 ${NS}/pods/a: ${said(refused(403, "no"))}`,
    },
    'return k8s.namespace_exists("shop", o), k8s.namespace_exists("none", o)': { gives: true, also: [false] },
    'local s = k8s.get_secret("shop", "db", o) return s.user, #s.key, s.key:byte(2)': {
      gives: "shop",
      also: [3, 255],
    },
    'return k8s.get_secret("shop", "empty", o)': { gives: [] },
    ...Object.fromEntries(
      [null, {}, "x", []].map((data) => [
        `return k8s.get_secret("shop", "odd", o) -- data ${JSON.stringify(data)}`,
        { routes: { [`GET ${NS}/secrets/odd`]: json(object("odd", { data })) }, gives: [] },
      ]),
    ),
    'return k8s.get_secret("shop", "odd", o) -- not base64': {
      routes: { [`GET ${NS}/secrets/odd`]: json(object("odd", { data: { user: "s3cr%t" } })) },
      raises: `k8s.get: ${NS}/secrets/odd: data of key 'user' is not base64`,
    },
    'return k8s.get_secret("shop", "odd", o) -- stringData is for writing': {
      routes: { [`GET ${NS}/secrets/odd`]: json(object("odd", { stringData: { b: "x" }, data: { a: "eA==" } })) },
      gives: { a: "x" },
    },
    'local m = k8s.get_configmap("shop", "flags", o) return m.beta, m.raw:byte(2)': { gives: "on", also: [255] },
    'return k8s.get_configmap("shop", "empty", o)': { gives: [] },
    'return k8s.annotate("shop", "cm", "flags", { a = "1", b = false, c = 2 }, o).metadata': {
      sent: [{ metadata: { annotations: { a: "1", b: null, c: "2" } } }],
    },
    'k8s.label("shop", "cm", "flags", "tier", "web", o) k8s.label("shop", "cm", "flags", "tier", nil, o)': {
      sent: [{ metadata: { labels: { tier: "web" } } }, { metadata: { labels: { tier: null } } }],
    },
  });
});

describe("pods, events, nodes", () => {
  const subsets = [
    { addresses: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }], notReadyAddresses: [{ ip: "10.0.0.9" }] },
    { addresses: [{ ip: "10.0.0.1" }] },
  ];
  const slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
  rows(() => server, prelude, routes, {
    'return #k8s.list_pods("shop", o).items, #k8s.list_events("shop", o).items': {
      routes: { [`GET ${NS}/events`]: items(object("e")) },
      gives: 3,
      also: [1],
    },
    'return k8s.pod_status("shop", o)': {
      gives: { running: 1, pending: 1, succeeded: 0, failed: 0, unknown: 1, total: 3 },
    },
    'o.uid = "u" o.limit = 5 return k8s.events_for("shop", "pvc", "data", o).items': {
      routes: { [`GET ${NS}/events`]: items() },
      asked: [
        `GET ${NS}/events?fieldSelector=involvedObject.kind%3DPersistentVolumeClaim%2CinvolvedObject.name%3Ddata%2CinvolvedObject.uid%3Du&limit=5`,
      ],
      gives: [],
    },
    'return #k8s.events_for("shop", "Rollout", "x", o).items': {
      routes: { [`GET ${NS}/events`]: items() },
      asked: [`GET ${NS}/events?fieldSelector=involvedObject.kind%3DRollout%2CinvolvedObject.name%3Dx`],
    },
    'return k8s.service_endpoints("shop", "api", o)': {
      routes: { [`GET ${NS}/endpoints/api`]: json({ subsets }) },
      gives: ["10.0.0.1", "10.0.0.2"],
    },
    'return k8s.service_endpoints("shop", "api", o) -- none ready': {
      routes: { [`GET ${NS}/endpoints/api`]: json({}) },
      gives: [],
    },
    'return k8s.service_endpoints("shop", "api", o) -- slices': {
      routes: {
        [`GET ${NS}/endpoints/api`]: missing("api"),
        [`GET ${slices}`]: items({
          endpoints: [
            { addresses: ["10.0.0.1"] },
            { addresses: ["10.0.0.2"], conditions: { ready: false } },
            { addresses: ["10.0.0.3"], conditions: { ready: true } },
          ],
        }),
      },
      asked: [`GET ${NS}/endpoints/api`, `GET ${slices}?labelSelector=kubernetes.io%2Fservice-name%3Dapi`],
      gives: ["10.0.0.1", "10.0.0.3"],
    },
    'return k8s.service_endpoints("shop", "api", o) -- too many for one object': {
      routes: {
        [`GET ${NS}/endpoints/api`]: json({
          metadata: { annotations: { "endpoints.kubernetes.io/over-capacity": "truncated" } },
          subsets,
        }),
        [`GET ${slices}`]: items({ endpoints: [{ addresses: ["10.0.0.7"] }] }),
      },
      gives: ["10.0.0.7"],
    },
    'return k8s.service_endpoints("shop", "api", o) -- neither': {
      routes: { [`GET ${NS}/endpoints/api`]: missing("api"), [`GET ${slices}`]: items() },
      raises: `k8s.get: HTTP 404 ${NS}/endpoints/api: ${said(missing("api"))}`,
    },
    "return k8s.node_status(o)": {
      gives: [
        {
          name: "n1",
          ready: true,
          roles: ["edge", "gpu", "worker"],
          capacity: { cpu: "4" },
          allocatable: { cpu: "3" },
          unschedulable: false,
          version: "v1.35.0",
        },
        { name: "n2", ready: false, roles: [], capacity: [], allocatable: [], unschedulable: true },
      ],
    },
    'return k8s.logs("shop", "a", { base_url = URL, tail = 5, container = "main", previous = true, since = 1.5, since_time = "2024-01-01T00:00:00Z", timestamps = true, limit_bytes = 10 })':
      {
        routes: { [`GET ${NS}/pods/a/log`]: text("line\n\u00e9") },
        asked: [
          `GET ${NS}/pods/a/log?tailLines=5&container=main&previous=true&sinceSeconds=2&sinceTime=2024-01-01T00%3A00%3A00Z&timestamps=true&limitBytes=10`,
        ],
        gives: "line\n\u00e9",
        headers: { authorization: undefined },
      },
    'return k8s.logs("shop", "a", o) -- nothing yet': { routes: { [`GET ${NS}/pods/a/log`]: text("") }, gives: "" },
    'return k8s.logs("shop", "a", o) -- which container': {
      routes: { [`GET ${NS}/pods/a/log`]: refused(400, "BadRequest") },
      raises: `k8s.logs: HTTP 400 ${NS}/pods/a/log: ${said(refused(400, "BadRequest"))}`,
    },
    'o.follow = true local l = {} for line in k8s.logs("shop", "a", o) do l[#l + 1] = line end return l': {
      routes: { [`GET ${NS}/pods/a/log`]: text("one\ntwo\nthree") },
      asked: [`GET ${NS}/pods/a/log?follow=true`],
      gives: ["one", "two", "three"],
    },
    'o.follow = true local l = {} o.on_line = function(line) l[#l + 1] = line return line == "two" end k8s.logs("shop", "a", o) return l':
      {
        routes: { [`GET ${NS}/pods/a/log`]: text("one\ntwo\nthree") },
        gives: ["one", "two"],
      },
    'o.follow = true return k8s.logs("shop", "a", o) -- forbidden': {
      routes: { [`GET ${NS}/pods/a/log`]: refused(403, "no") },
      raises: `k8s.logs: HTTP 403 ${NS}/pods/a/log?follow=true: ${said(refused(403, "no"))}`,
    },
  });
});

describe("readiness", () => {
  const rule = (kind: string, path: string, cases: [string, Record<string, unknown>, boolean][]) =>
    Object.fromEntries(
      cases.map(([name, given, gives]) => [
        `return k8s.is_ready("shop", "${kind}", "x", o) -- ${name}`,
        { routes: { [`GET ${path}/x`]: json(object("x", given)) }, gives },
      ]),
    );
  const replicas = (spec: Record<string, unknown>, status: Record<string, unknown>, generation?: number) => ({
    metadata: { generation },
    spec,
    status,
  });
  rows(
    () => server,
    prelude,
    {},
    {
      ...rule("deployment", `${APPS}/deployments`, [
        ["ready", replicas({ replicas: 2 }, { readyReplicas: 2 }), true],
        ["not all", replicas({ replicas: 2 }, { readyReplicas: 1 }), false],
        ["zero wanted", replicas({ replicas: 0 }, {}), false],
        ["no spec", replicas({}, { replicas: 1, readyReplicas: 1 }), true],
        [
          "old pods are ready",
          replicas({ replicas: 2 }, { readyReplicas: 2, updatedReplicas: 1, observedGeneration: 3 }, 3),
          false,
        ],
        [
          "rolled out",
          replicas({ replicas: 2 }, { readyReplicas: 2, updatedReplicas: 2, observedGeneration: 3 }, 3),
          true,
        ],
        ["stale", replicas({ replicas: 2 }, { readyReplicas: 2, updatedReplicas: 2, observedGeneration: 2 }, 3), false],
      ]),
      ...rule("statefulset", `${APPS}/statefulsets`, [
        ["ready", replicas({ replicas: 1 }, { readyReplicas: 1, updatedReplicas: 1, observedGeneration: 1 }, 1), true],
        ["updating", replicas({ replicas: 1 }, { readyReplicas: 1, observedGeneration: 1 }, 1), false],
        [
          "on delete",
          replicas(
            { replicas: 1, updateStrategy: { type: "OnDelete" } },
            { readyReplicas: 1, observedGeneration: 1 },
            1,
          ),
          true,
        ],
        [
          "partition",
          replicas(
            { replicas: 1, updateStrategy: { rollingUpdate: { partition: 1 } } },
            { readyReplicas: 1, observedGeneration: 1 },
            1,
          ),
          true,
        ],
        [
          "partition of zero is none",
          replicas(
            { replicas: 1, updateStrategy: { rollingUpdate: { partition: 0 } } },
            { readyReplicas: 1, observedGeneration: 1 },
            1,
          ),
          false,
        ],
      ]),
      ...rule("replicaset", `${APPS}/replicasets`, [
        ["ready", replicas({ replicas: 1 }, { readyReplicas: 1, observedGeneration: 1 }, 1), true],
      ]),
      ...rule("daemonset", `${APPS}/daemonsets`, [
        ["ready", { status: { desiredNumberScheduled: 2, numberReady: 2 } }, true],
        ["no nodes", { status: { desiredNumberScheduled: 0, numberReady: 0 } }, false],
        [
          "updating",
          {
            spec: { updateStrategy: { type: "RollingUpdate" } },
            status: { desiredNumberScheduled: 2, numberReady: 2, observedGeneration: 1, updatedNumberScheduled: 1 },
          },
          false,
        ],
        [
          "on delete",
          {
            spec: { updateStrategy: { type: "OnDelete" } },
            status: { desiredNumberScheduled: 2, numberReady: 2, observedGeneration: 1 },
          },
          true,
        ],
      ]),
      ...rule("job", "/apis/batch/v1/namespaces/shop/jobs", [
        ["complete", { status: { conditions: [condition("Complete")] } }, true],
        ["failed", { status: { succeeded: 5, conditions: [condition("Failed")] } }, false],
        ["count", { spec: { completions: 2 }, status: { succeeded: 2 } }, true],
        ["count missing", { status: {} }, false],
        ["one", { status: { succeeded: 1 } }, true],
      ]),
      ...rule("node", "/api/v1/nodes", [
        ["ready", { status: { conditions: [condition("Ready")] } }, true],
        ["unknown", { status: { conditions: [condition("Ready", { status: "Unknown" })] } }, false],
      ]),
      ...rule("pod", `${NS}/pods`, [
        [
          "running is not ready",
          { status: { phase: "Running", conditions: [condition("Ready", { status: "False" })] } },
          false,
        ],
        ["without condition", { status: { phase: "Running" } }, true],
        ["done", { status: { phase: "Succeeded", conditions: [condition("Ready", { status: "False" })] } }, false],
      ]),
      ...rule("crd", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", [
        ["established", { status: { conditions: [condition("Established")] } }, true],
        ["not yet", { status: {} }, false],
      ]),
      ...rule("apiservice", "/apis/apiregistration.k8s.io/v1/apiservices", [
        ["available", { status: { conditions: [condition("Available")] } }, true],
      ]),
      ...rule("namespace", "/api/v1/namespaces", [
        ["active", { status: { phase: "Active" } }, true],
        ["terminating", { status: { phase: "Terminating" } }, false],
      ]),
      ...rule("pvc", `${NS}/persistentvolumeclaims`, [
        ["bound", { status: { phase: "Bound" } }, true],
        ["pending", { status: { phase: "Pending" } }, false],
      ]),
      ...rule("service", `${NS}/services`, [
        ["cluster ip", { spec: { type: "ClusterIP" }, status: { loadBalancer: {} } }, true],
        [
          "load balancer",
          { spec: { type: "LoadBalancer" }, status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } } },
          true,
        ],
        ["no address yet", { spec: { type: "LoadBalancer" }, status: { loadBalancer: {} } }, false],
      ]),
      ...rule("configmap", `${NS}/configmaps`, [["exists", {}, true]]),
      ...rule("networkpolicy", "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies", [["exists", {}, true]]),
      ...rule("hpa", "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers", [
        ["nothing says so", { status: {} }, false],
      ]),
      'return k8s.is_ready("shop", "pod", "none", o)': {
        routes: { "*": missing("none") },
        raises: /^k8s\.get: HTTP 404/,
      },
    },
  );
});

describe("rollouts", () => {
  const at = (
    spec: Record<string, unknown>,
    status: Record<string, unknown>,
    generation = 1,
    kind = "deployments",
  ) => ({
    [`GET ${APPS}/${kind}/x`]: json(object("x", { metadata: { generation }, spec, status })),
  });
  const complete = (
    name: string,
    spec: Record<string, unknown>,
    status: Record<string, unknown>,
    gives: boolean,
    generation = 1,
  ) => ({
    [`return k8s.rollout_status("shop", "x", o).complete -- ${name}`]: { routes: at(spec, status, generation), gives },
  });
  const done = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 };
  rows(
    () => server,
    prelude,
    {},
    {
      'return k8s.rollout_status("shop", "x", o)': {
        routes: at(
          { replicas: 3 },
          {
            replicas: 4,
            updatedReplicas: 2,
            readyReplicas: 3,
            availableReplicas: 3,
            unavailableReplicas: 1,
            observedGeneration: 7,
          },
          7,
        ),
        gives: {
          desired: 3,
          updated: 2,
          ready: 3,
          available: 3,
          unavailable: 1,
          total: 4,
          observed: 7,
          generation: 7,
          complete: false,
        },
      },
      ...complete("done", { replicas: 2 }, done, true),
      ...complete("not observed", { replicas: 2 }, done, false, 2),
      ...complete("old pods left", { replicas: 2 }, { ...done, replicas: 3 }, false),
      ...complete("not available", { replicas: 2 }, { ...done, availableReplicas: 1 }, false),
      ...complete("availability not reported", { replicas: 2 }, { ...done, availableReplicas: undefined }, true),
      ...complete("not ready", { replicas: 2 }, { ...done, readyReplicas: 1 }, false),
      ...complete("scaled to zero", { replicas: 0 }, { observedGeneration: 1 }, true),
      'o.kind = "sts" return k8s.rollout_status("shop", "x", o).complete': {
        routes: at({ replicas: 2 }, { readyReplicas: 2, updateRevision: "a", currentRevision: "b" }, 1, "statefulsets"),
        gives: false,
      },
      'o.kind = "sts" return k8s.rollout_status("shop", "x", o).complete -- partition': {
        routes: at(
          { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
          { readyReplicas: 3, updatedReplicas: 1, updateRevision: "a", currentRevision: "b" },
          1,
          "statefulsets",
        ),
        gives: true,
      },
      'o.kind = "ds" return k8s.rollout_status("shop", "x", o).complete': {
        routes: at({}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }, 1, "daemonsets"),
        gives: true,
      },
      'o.kind = "pod" return k8s.rollout_status("shop", "x", o)': {
        routes: { [`GET ${NS}/pods/x`]: json(object("x")) },
        raises: "k8s.rollout_status: Pod has no rollouts",
      },
      'return k8s.wait_rollout("shop", "x", 20, o).complete': {
        routes: {
          [`GET ${APPS}/deployments/x`]: sequence(
            json(object("x", { spec: { replicas: 2 } })),
            missing("x"),
            json(object("x", { spec: { replicas: 2 }, status: done })),
          ),
        },
        slept: [2, 2],
        gives: true,
      },
      'return k8s.wait_rollout("shop", "x", 3, o)': {
        routes: at({ replicas: 2 }, { updatedReplicas: 1, readyReplicas: 2 }),
        raises: "k8s.wait_rollout: deployment/x not rolled out after 3s (last: 1 of 2 updated, 2 ready, 0 available)",
      },
      'return k8s.wait_rollout("shop", "x", 3, o) -- deadline': {
        routes: {
          ...at(
            { replicas: 1 },
            {
              conditions: [
                condition("Progressing", { status: "False", reason: "ProgressDeadlineExceeded", message: "too slow" }),
              ],
            },
          ),
          [`GET ${NS}/events`]: items(object("e", { reason: "FailedCreate", message: "quota" })),
        },
        slept: undefined,
        raises:
          "k8s.wait_rollout: deployment/x failed: ProgressDeadlineExceeded: too slow; events: FailedCreate: quota",
      },
    },
  );
});

describe("N01 N02: waiting", () => {
  const at = `${NS}/pods/x`;
  const crashing = (name: string, hash: string, reason = "CrashLoopBackOff") =>
    object(name, {
      metadata: { labels: { "pod-template-hash": hash } },
      status: {
        containerStatuses: [
          {
            name: "main",
            state: { waiting: { reason, message: "back-off" } },
            lastState: { terminated: { exitCode: 3 } },
          },
        ],
      },
    });
  const deployment = json(
    object("x", {
      metadata: { annotations: { "deployment.kubernetes.io/revision": "2" } },
      spec: { replicas: 1, selector: { matchLabels: { app: "x" } } },
      status: {},
    }),
  );
  const sets = items(
    object("x-1", {
      metadata: { annotations: { "deployment.kubernetes.io/revision": "1" }, labels: { "pod-template-hash": "old" } },
    }),
    object("x-2", {
      metadata: { annotations: { "deployment.kubernetes.io/revision": "2" }, labels: { "pod-template-hash": "new" } },
    }),
  );
  rows(
    () => server,
    prelude,
    {},
    {
      'return k8s.wait_ready("shop", "pod", "x", 10, o)': {
        routes: {
          [`GET ${at}`]: sequence(
            missing("x"),
            text("<html>", 200, "text/html"),
            refused(429, "slow"),
            text("", 503),
            json(ready("x")),
          ),
        },
        slept: [2, 2, 2, 2],
        gives: true,
      },
      'return k8s.wait_ready("shop", "pod", "x", 60, o) -- a server that asks for a pause': {
        routes: {
          [`GET ${at}`]: sequence(
            { ...refused(429, "slow"), headers: { "retry-after": "9" } },
            { ...refused(503, "busy"), headers: { "retry-after": "1" } },
            text("", 500),
            json(ready("x")),
          ),
        },
        slept: [9, 2, 2],
        gives: true,
      },
      'return k8s.wait_ready("shop", "pod", "x", 10, o) -- a pause longer than the wait': {
        routes: { [`GET ${at}`]: { ...refused(429, "slow"), headers: { "retry-after": "99999999999" } } },
        asked: [`GET ${at}`, `GET ${at}`],
        raises: /^k8s\.wait_ready: pod\/x not ready after 10s \(last: k8s\.get: HTTP 429 /,
      },
      'o.retries = 5 return k8s.wait_ready("shop", "pod", "x", 10, o) -- the same with retries': {
        routes: { [`GET ${at}`]: { ...refused(429, "slow"), headers: { "retry-after": "99999999999" } } },
        raises: /^k8s\.wait_ready: pod\/x not ready after 10s \(last: k8s\.get: HTTP 429 /,
      },
      ...Object.fromEntries(
        ["cut off", "a proxy's page", "no answer"].map((what, i) => [
          `return k8s.wait_ready("shop", "pod", "x", 10, o) -- ${what}`,
          {
            routes: {
              [`GET ${at}`]: sequence(
                [text('{"kind":"Po', 200, "application/json"), text("<html>", 200, "text/html"), { cut: true }][i]!,
                json(ready("x")),
              ),
            },
            slept: [2],
            gives: true,
          },
        ]),
      ),
      ...Object.fromEntries(
        [{ conditions: "x" }, { conditions: [1, null, "x"] }, { phase: {} }, "x", 5].flatMap((status) =>
          ["pod", "deployment", "job", "node"].map((kind) => [
            `return k8s.is_ready("shop", "${kind}", "x", o) -- status ${JSON.stringify(status)}`,
            { routes: { "*": json({ metadata: 5, status }) }, gives: false },
          ]),
        ),
      ),
      'o.interval = 7 return k8s.wait_ready("shop", "pod", "x", 10, o)': {
        routes: { [`GET ${at}`]: json(object("x", { status: { phase: "Pending" } })) },
        raises: "k8s.wait_ready: pod/x not ready after 10s (last: phase Pending)",
      },
      'return k8s.wait_ready("shop", "Pod", "x", { base_url = URL, interval = 30 })': {
        routes: { [`GET ${at}`]: json(object("x")) },
        asked: [`GET ${at}`, `GET ${at}`, `GET ${at}`],
        raises: "k8s.wait_ready: pod/x not ready after 60s (last: no status)",
      },
      'return k8s.wait_ready("shop", "pod", "x", 0, o)': { routes: { [`GET ${at}`]: json(ready("x")) }, gives: true },
      'return k8s.wait_ready("shop", "job", "x", 10, o)': {
        routes: {
          "GET /apis/batch/v1/namespaces/shop/jobs/x": json(
            object("x", { status: { conditions: [condition("Failed", { reason: "BackoffLimitExceeded" })] } }),
          ),
        },
        raises: "k8s.wait_ready: job/x failed: BackoffLimitExceeded",
      },
      'return k8s.wait_ready("shop", "pod", "x", 10, o) -- image': {
        routes: {
          [`GET ${at}`]: json(crashing("x", "h", "ImagePullBackOff")),
          [`GET ${NS}/events`]: items(object("e", { reason: "Failed", message: "no such image" })),
        },
        raises:
          "k8s.wait_ready: pod/x failed: container main: ImagePullBackOff: back-off (exit code 3); events: Failed: no such image",
      },
      'return k8s.wait_ready("shop", "pod", "x", 10, o) -- unschedulable': {
        routes: {
          [`GET ${at}`]: json(
            object("x", {
              status: {
                phase: "Pending",
                conditions: [
                  condition("PodScheduled", { status: "False", reason: "Unschedulable", message: "0/3 nodes" }),
                ],
              },
            }),
          ),
        },
        raises: "k8s.wait_ready: pod/x failed: Unschedulable: 0/3 nodes",
      },
      'return k8s.wait_ready("shop", "deployment", "x", 10, o) -- new pods crash': {
        routes: {
          [`GET ${APPS}/deployments/x`]: deployment,
          [`GET ${APPS}/replicasets`]: sets,
          [`GET ${NS}/pods`]: items(crashing("x-1-a", "old"), crashing("x-2-b", "new")),
        },
        raises:
          "k8s.wait_ready: deployment/x failed: pod x-2-b: container main: CrashLoopBackOff: back-off (exit code 3)",
      },
      'return k8s.wait_ready("shop", "deployment", "x", 2, o) -- only old pods crash': {
        routes: {
          [`GET ${APPS}/deployments/x`]: deployment,
          [`GET ${APPS}/replicasets`]: sets,
          [`GET ${NS}/pods`]: items(crashing("x-1-a", "old")),
        },
        raises: "k8s.wait_ready: deployment/x not ready after 2s (last: 0 of 1 ready)",
      },
      'return k8s.wait_ready("shop", "deployment", "x", 2, o) -- not allowed to look at pods': {
        routes: { [`GET ${APPS}/deployments/x`]: deployment, "*": refused(403, "no") },
        raises: "k8s.wait_ready: deployment/x not ready after 2s (last: 0 of 1 ready)",
      },
      ...Object.fromEntries(
        [400, 401, 403, 405, 409, 410, 415, 422].map((status) => [
          `return k8s.wait_ready("shop", "pod", "x", 10, o) -- ${status}`,
          {
            routes: { "*": refused(status, "no") },
            asked: [`GET ${at}`],
            raises: `k8s.get: HTTP ${status} ${at}: ${said(refused(status, "no"))}`,
          },
        ]),
      ),
      'return k8s.wait_for("shop", "pod", "x", { condition = "containersready" }, 10, o)': {
        routes: {
          [`GET ${at}`]: sequence(
            json(object("x")),
            json(object("x", { status: { conditions: [condition("ContainersReady")] } })),
          ),
        },
        slept: [2],
        gives: true,
      },
      'return k8s.wait_for("shop", "pod", "x", { condition = "Ready", status = "False" }, 3, o)': {
        routes: { [`GET ${at}`]: json(ready("x")) },
        raises: "k8s.wait_for: pod/x condition Ready not met after 3s (last: Ready=True)",
      },
      'return k8s.wait_for("shop", "pod", "x", { deleted = true }, 10, o)': {
        routes: { [`GET ${at}`]: sequence(json(object("x")), missing("x")) },
        slept: [2],
        gives: true,
      },
      'return k8s.wait_for("shop", "pod", "x", { deleted = true }, 1, o)': {
        routes: { [`GET ${at}`]: json(object("x")) },
        raises: "k8s.wait_for: pod/x deletion not met after 1s (last: still there)",
      },
      'return k8s.wait_for("shop", "pod", "x", { jsonpath = "{.status.phase}", value = "Running" }, 10, o)': {
        routes: {
          [`GET ${at}`]: sequence(
            json(object("x", { status: { phase: "Pending" } })),
            json(object("x", { status: { phase: "Running" } })),
          ),
        },
        slept: [2],
        gives: true,
      },
      'return k8s.wait_for("shop", "pod", "x", { jsonpath = \'{.status.conditions[?(@.type=="Ready")].status}\', value = "True" }, 10, o)':
        { routes: { [`GET ${at}`]: json(ready("x")) }, gives: true },
      'return k8s.wait_for("shop", "pod", "x", { jsonpath = "{.metadata.annotations.example\\\\.com/n}", value = 3 }, 10, o)':
        {
          routes: { [`GET ${at}`]: json(object("x", { metadata: { annotations: { "example.com/n": "3" } } })) },
          gives: true,
        },
      'return k8s.wait_for("shop", "pod", "x", { jsonpath = ".status.list[0].ip" }, 10, o)': {
        routes: { [`GET ${at}`]: json(object("x", { status: { list: [{ ip: "1" }] } })) },
        gives: true,
      },
      'return k8s.wait_for("shop", "pod", "x", { jsonpath = "{.a[" }, 10, o)': {
        routes: { [`GET ${at}`]: json(object("x")) },
        raises: "k8s.wait_for: cannot read the JSONPath '{.a[' at '['",
      },
      'return k8s.wait_for("shop", "pod", "x", {}, 10, o)': {
        asked: [],
        raises: "k8s.wait_for: condition, jsonpath or deleted is required",
      },
    },
  );
});

describe("acting", () => {
  const echo = (call: Call) => json(call.json ?? {});
  rows(
    () => server,
    prelude,
    { "*": echo },
    {
      'return k8s.scale("shop", "deploy", "api", 3, o).spec.replicas': {
        asked: [`PATCH ${APPS}/deployments/api/scale`],
        gives: 3,
        headers: { "content-type": "application/merge-patch+json" },
      },
      'return k8s.scale("shop", "deploy", "api", "many", o)': {
        asked: [],
        raises: "k8s.scale: replicas must be an integer",
      },
      'return k8s.restart("shop", "deploy", "api", o).spec': {
        gives: {
          template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "2023-11-14T22:13:20Z" } } },
        },
      },
      'return k8s.can_i("get", "deploy", { base_url = URL, namespace = "shop" })': {
        routes: {
          "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": json(
            { status: { allowed: true, reason: "role x" } },
            201,
          ),
        },
        sent: [
          {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: { resourceAttributes: { verb: "get", resource: "deployments", group: "apps", namespace: "shop" } },
          },
        ],
        gives: true,
        also: ["role x"],
      },
      'return k8s.can_i("get", "pods/log", o), k8s.can_i("create", "widgets.example.com", o)': {
        sent: [
          {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: { resourceAttributes: { verb: "get", resource: "pods", group: "", subresource: "log" } },
          },
          {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: { resourceAttributes: { verb: "create", resource: "widgets", group: "example.com" } },
          },
        ],
        gives: false,
      },
      "return k8s.version(o).major": { routes: { "GET /version": json({ major: "1" }) }, gives: "1" },
      "return k8s.healthz(nil, o)": { routes: { "GET /readyz": text("ok") }, gives: true, also: ["ok"] },
      'return k8s.healthz("/livez", o)': {
        routes: { "GET /livez": text("[-]etcd failed", 500) },
        gives: false,
        also: ["[-]etcd failed"],
      },
      "return k8s.healthz(o)": {
        routes: { "GET /readyz": refused(401, "no") },
        raises: /^k8s\.get: HTTP 401 \/readyz/,
      },
      'return #k8s.apply({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "a", managedFields = {} }, data = { x = "1" } }, { base_url = URL, namespace = "shop", force = true })':
        {
          asked: [`PATCH ${NS}/configmaps/a?fieldManager=assay&force=true`],
          sent: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "1" } }],
          headers: { "content-type": "application/apply-patch+yaml" },
          gives: 1,
        },
      'return #k8s.apply({ { apiVersion = "v1", kind = "Namespace", metadata = { name = "a" } }, { apiVersion = "v1", kind = "List", items = { { apiVersion = "apps/v1", kind = "Deployment", metadata = { name = "d", namespace = "a" } } } } }, o)':
        {
          asked: [
            "PATCH /api/v1/namespaces/a?fieldManager=assay",
            "PATCH /apis/apps/v1/namespaces/a/deployments/d?fieldManager=assay",
          ],
          gives: 2,
        },
      'return #k8s.apply({ apiVersion = "example.com/v1", kind = "Sprocket", metadata = { name = "w" } }, { base_url = URL, dry_run = true })':
        {
          routes: {
            "GET /apis/example.com/v1": json({
              resources: [
                { name: "sprockets/status", kind: "Sprocket" },
                { name: "sprockets", kind: "Sprocket", namespaced: true },
              ],
            }),
          },
          settings: { env: { ASSAY_SERVICEACCOUNT_DIR: "/nonexistent" } },
          asked: [
            "GET /apis/example.com/v1",
            "PATCH /apis/example.com/v1/namespaces/default/sprockets/w?fieldManager=assay&dryRun=All",
          ],
          gives: 1,
        },
      'return k8s.apply({ apiVersion = "example.com/v1", kind = "Cog", metadata = { name = "w" } }, o)': {
        routes: { "GET /apis/example.com/v1": json({ resources: [] }) },
        raises: "k8s.apply: the server has no kind Cog in example.com/v1",
      },
      'return k8s.apply({ kind = "Pod" }, o)': { asked: [], raises: "k8s.apply: apiVersion is required" },
      ...Object.fromEntries(
        [
          ['"- a"', "a document must be an object (got a string)"],
          ['"kind: Pod\\n---\\nx"', "a document must be an object (got a string)"],
          ["{ 1 }", "a document must be an object (got a number)"],
          ["5", "a document must be an object (got a number)"],
          ['"apiVersion: v1\\nkind: List\\nitems: [1]"', "a document must be an object (got a number)"],
          ['"apiVersion: 1\\nkind: 2\\nmetadata: {name: a}"', "apiVersion and kind must be strings"],
          ['"apiVersion: v1\\nkind: Pod\\nmetadata: x"', "metadata must be an object"],
          ["\"apiVersion: v1\\nkind: Pod\\nmetadata: {name: '..', namespace: a}\"", "metadata.name must not be '..'"],
          ['"a: *x"', "unknown alias x at line 1, column 4"],
        ].map(([body, message]) => [
          `return k8s.apply(${body}, o) -- N09`,
          { asked: [], raises: `k8s.apply: ${message}` },
        ]),
      ),
      'return k8s.apply({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "a", namespace = "shop" } }, o) -- conflict':
        {
          routes: { "*": refused(409, "Conflict") },
          raises: /^k8s\.patch: HTTP 409 \/api\/v1\/namespaces\/shop\/configmaps\/a\?fieldManager=assay: /,
        },
    },
  );
});

describe("jobs", () => {
  const jobs = "/apis/batch/v1/namespaces/shop/jobs";
  const pod = object("j-1", {
    status: { containerStatuses: [{ name: "main", state: { terminated: { exitCode: 3 } } }] },
  });
  const run = (end: string, more = {}) => ({
    [`POST ${jobs}`]: (call: Call) => json({ ...(call.json as object), metadata: { name: "j" } }, 201),
    [`GET ${jobs}/j`]: sequence(
      json(object("j")),
      json(object("j", { status: { conditions: [condition(end, { reason: "Why", ...more })] } })),
    ),
    [`GET ${NS}/pods`]: items(pod),
    [`GET ${NS}/pods/j-1/log`]: text("done\n"),
    [`DELETE ${jobs}/j`]: json({}),
  });
  rows(
    () => server,
    prelude,
    {},
    {
      'return k8s.run_job("shop", { image = "shop:1", command = { "migrate" }, env = { A = 1 } }, 60, o)': {
        routes: run("Complete"),
        asked: [
          `POST ${jobs}`,
          `GET ${jobs}/j`,
          `GET ${jobs}/j`,
          `GET ${NS}/pods?labelSelector=job-name%3Dj`,
          `GET ${NS}/pods/j-1/log?container=main`,
          `DELETE ${jobs}/j?propagationPolicy=Background`,
        ],
        sent: [
          {
            apiVersion: "batch/v1",
            kind: "Job",
            metadata: { generateName: "assay-" },
            spec: {
              backoffLimit: 0,
              template: {
                spec: {
                  restartPolicy: "Never",
                  containers: [
                    { name: "main", image: "shop:1", command: ["migrate"], env: [{ name: "A", value: "1" }] },
                  ],
                },
              },
            },
          },
        ],
        slept: [2],
        gives: { name: "j", succeeded: true, logs: "done\n", exit_code: 3 },
      },
      'o.keep = true return k8s.run_job("shop", { kind = "Job", metadata = { name = "j" }, spec = { suspend = false } }, 60, o).reason':
        {
          routes: run("Failed"),
          asked: [
            `POST ${jobs}`,
            `GET ${jobs}/j`,
            `GET ${jobs}/j`,
            `GET ${NS}/pods?labelSelector=job-name%3Dj`,
            `GET ${NS}/pods/j-1/log?container=main`,
          ],
          sent: [{ kind: "Job", metadata: { name: "j" }, spec: { suspend: false } }],
          gives: "Why",
        },
      'return k8s.run_job("shop", { template = { spec = {} } }, 3, o)': {
        routes: { ...run("Complete"), [`GET ${jobs}/j`]: json(object("j")) },
        raises: "k8s.run_job: job/j not finished after 3s (last: 0 of 1 succeeded)",
      },
    },
  );
  test("a job that did not finish in time is deleted too", async () => {
    server.reset({ ...run("Complete"), [`GET ${jobs}/j`]: json(object("j")) });
    await script(`${prelude} k8s.run_job("shop", { image = "x" }, 3, o)`, server);
    expect(server.asked.at(-1)).toBe(`DELETE ${jobs}/j?propagationPolicy=Background`);
  });
});

describe("clients and groups", () => {
  rows(() => server, prelude, routes, {
    'local c = k8s.client(URL .. "/", { token = "t1" }) return c:get_resource("shop", "pod", "a").metadata.name, #c:list("shop", "pod", { label_selector = "x=y" }).items':
      {
        asked: [`GET ${NS}/pods/a`, `GET ${NS}/pods?labelSelector=x%3Dy`],
        headers: { authorization: "Bearer t1" },
        gives: "a",
        also: [3],
      },
    'local c = k8s.client(URL, { token = "t1" }) c.token = "t2" return c:exists("shop", "pod", "a")': {
      headers: { authorization: "Bearer t2" },
      gives: true,
    },
    'local c = k8s.client({ base_url = URL }) return #c.pods:list("shop").items, c.secrets:get("shop", "db").user, c.resources:exists("shop", "pod", "a")':
      { gives: 3, also: ["shop", true] },
    'local c = k8s.client(URL) return c:wait_ready("shop", "cm", "flags", { interval = 1 }), c:wait_ready("shop", "cm", "flags", 5), c:wait_ready("shop", "cm", "flags")':
      { gives: true, also: [true, true] },
    'local c = k8s.client(URL) return c:label("shop", "cm", "flags", { a = "b" }).metadata.labels, c:annotate("shop", "cm", "flags", "a", "b").metadata.annotations':
      { gives: { a: "b" }, also: [{ a: "b" }] },
    'return #k8s.pods:list("shop", o).items, k8s.configmaps:get("shop", "flags", o).beta, k8s.namespaces:exists("shop", o), k8s.resources:get("shop", "pod", "a", o).metadata.name, #k8s.nodes:status(o)':
      {
        gives: 3,
        also: ["on", true, "a", 2],
      },
    'local c = k8s.client({ url = URL, insecure = true }) c:exists("shop", "pod", "a") c:exists("shop", "pod", "a")': {
      asked: [`GET ${NS}/pods/a`, `GET ${NS}/pods/a`],
    },
  });

  test("one warning for each set of options without verification", async () => {
    server.reset(routes);
    const { log } = await script(
      `${prelude} o.insecure = true k8s.exists("shop", "pod", "a", o) k8s.exists("shop", "pod", "a", o)`,
      server,
    );
    expect(log.filter((line) => line.includes("is not verified")).length).toBe(1);
  });
});
