import { afterAll, beforeAll, describe } from "bun:test";
import { collection, condition, items, missing, object, refused, said, sequence } from "./cluster.ts";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const B = "/apis/kargo.akuity.io/v1alpha1";
const NS = `${B}/namespaces/shop`;
const prelude = `local kargo = require("assay.kargo") local c = kargo.client(URL .. "/", "sesame")`;

const staging = object("staging", {
  metadata: { namespace: "shop", generation: 3 },
  spec: {
    vars: [{ name: "a", value: "1" }],
    promotionTemplate: { spec: { vars: [{ name: "b", value: "2" }], steps: [{ uses: "git-clone" }] } },
  },
  status: {
    observedGeneration: 3,
    conditions: [condition("Ready"), condition("Healthy", { status: "False" }), condition("Healthy")],
    health: { status: "Healthy" },
    lastPromotion: { name: "staging.1", status: { phase: "Succeeded" } },
    freightHistory: [
      {
        items: { "Warehouse/b": { name: "f2" }, "Warehouse/a": { name: "f1" } },
        verificationHistory: [{ id: "v1", phase: "Successful", message: "fine" }],
      },
      { items: { "Warehouse/a": { name: "f0" } } },
    ],
  },
});
const production = object("production", { status: { conditions: [condition("Ready", { status: "False" })] } });
const f1 = object("f1", {
  metadata: { creationTimestamp: "2024-01-01T00:00:00Z" },
  alias: "happy-otter",
  origin: { kind: "Warehouse", name: "images" },
  status: { verifiedIn: { staging: {} }, currentlyIn: { staging: {} } },
});
const f2 = object("f2", {
  metadata: { creationTimestamp: "2024-02-01T00:00:00Z", labels: { "kargo.akuity.io/stage": "old" } },
  origin: { kind: "Warehouse", name: "charts" },
  status: { approvedFor: { production: {} } },
});
const done = object("staging.1", {
  spec: { stage: "staging", freight: "f1" },
  status: { phase: "Succeeded", message: "", freight: { name: "f1" } },
});

const routes: Routes = {
  ...collection(`${NS}/stages`, staging, production),
  ...collection(`${NS}/freights`, f1, f2),
  ...collection(`${NS}/promotions`, done, object("production.1", { spec: { stage: "production", freight: "f2" } })),
  ...collection(`${NS}/warehouses`, object("images")),
  ...collection(`${B}/projects`, object("shop")),
  [`GET ${B}/stages`]: items(staging),
  [`POST ${NS}/promotions`]: (call) => json({ ...(call.json as object), created: true }, 201),
};

/** A stage with this status, at `…/stages/s`. */
const stage = (status: Record<string, unknown>, generation = 1) => ({
  [`GET ${NS}/stages/s`]: json(object("s", { metadata: { generation }, status })),
});

describe("reading", () => {
  rows(() => server, prelude, routes, {
    'local s = c:stages("shop") return #s, s[1].metadata.name': {
      asked: [`GET ${NS}/stages`],
      gives: 2,
      also: ["staging"],
      headers: { authorization: "Bearer sesame" },
    },
    "return #c:stages()": { asked: [`GET ${B}/stages`], gives: 1 },
    'return #c:stages("*")': { asked: [`GET ${B}/stages`], gives: 1 },
    'return #c.stages:list("shop")': { asked: [`GET ${NS}/stages`], gives: 2 },
    'return c:stage("shop", "staging").metadata.name': { asked: [`GET ${NS}/stages/staging`], gives: "staging" },
    'return c.stage(c, "shop", "staging").metadata.name': { gives: "staging" },
    'return c.stages:get("shop", "staging").metadata.name': { gives: "staging" },
    'return c:stage("a b", "c/d%é")': {
      asked: [`GET ${B}/namespaces/a%20b/stages/c%2Fd%25%C3%A9`],
      raises: `kargo: GET ${B}/namespaces/a%20b/stages/c%2Fd%25%C3%A9 HTTP 404: 404 page not found\n`,
    },
    'return c:stage("shop", "")': { asked: [], raises: "kargo.stage: name is required" },
    'return c:stage(nil, "x")': { asked: [], raises: "kargo.stage: namespace is required" },
    'return c:stage("shop", "..")': { asked: [], raises: "kargo.stage: name must not be '..'" },
    'return c:stage("shop", "none")': {
      routes: { [`GET ${NS}/stages/none`]: missing("none") },
      raises: `kargo: GET ${NS}/stages/none HTTP 404: ${said(missing("none"))}`,
    },
    'return c:stages("shop") -- forbidden': {
      routes: { [`GET ${NS}/stages`]: refused(403, "Forbidden") },
      raises: `kargo: GET ${NS}/stages HTTP 403: ${said(refused(403, "Forbidden"))}`,
    },
    'return c:stage_status("shop", "staging")': {
      gives: {
        phase: "Steady",
        current_freight_id: "f1,f2",
        health: { status: "Healthy" },
        conditions: [condition("Ready"), condition("Healthy", { status: "False" }), condition("Healthy")],
        last_promotion: "staging.1",
        freight: ["f1", "f2"],
      },
    },
    'return c:pipeline_status("shop")': {
      gives: [
        { name: "staging", phase: "Steady", freight: "f1,f2", healthy: true },
        { name: "production", phase: "NotApplicable", healthy: false },
      ],
    },
    'return c:verification_status("shop", "staging")': { gives: { phase: "Successful", message: "fine", id: "v1" } },
    'return c:verification_status("shop", "production")': { gives: undefined },
    'return #c:freight_list("shop")': { asked: [`GET ${NS}/freights`], gives: 2 },
    'return c:freight_list("shop", { warehouse = "images" })[1].metadata.name': { gives: "f1" },
    'return c:freight_list("shop", { stage = "production" })[1].metadata.name': { gives: "f2" },
    'return c:freight_list("shop", { stage = "old" })[1].metadata.name': { gives: "f2" },
    'return c:freight_list("shop", { stage = "staging", warehouse = "charts" })': { gives: [] },
    'c.headers = { ["X-A"] = "1", ["X-B"] = "1" } c:freight_list("shop", { headers = { ["x-b"] = "2" } })': {
      headers: { "x-a": "1", "x-b": "2" },
    },
    'return c:promotions("shop", { timeout = 0.05 })': {
      routes: { [`GET ${NS}/promotions`]: { silent: true } },
      raises: `kargo: GET ${NS}/promotions: timeout after 0.05s`,
    },
    'return #c:freight_list("shop", { label_selector = "a=b,c" })': {
      asked: [`GET ${NS}/freights?labelSelector=a%3Db%2Cc`],
    },
    'return c:freight("shop", "f1").alias': { asked: [`GET ${NS}/freights/f1`], gives: "happy-otter" },
    'return c.freight:get("shop", "f1").alias': { gives: "happy-otter" },
    'return c:freight_status("shop", "f1").verifiedIn.staging ~= nil': { gives: true },
    'return c:freight_by_alias("shop", "happy-otter").metadata.name': {
      asked: [`GET ${NS}/freights?labelSelector=kargo.akuity.io%2Falias%3Dhappy-otter`],
      gives: "f1",
    },
    'return c:latest_freight("shop").metadata.name, c:latest_freight("shop", "images").metadata.name': {
      gives: "f2",
      also: ["f1"],
    },
    'return c:is_verified("shop", "f1", "staging"), c:is_verified("shop", "f1", "production")': {
      gives: true,
      also: [false],
    },
    'return #c:promotions("shop"), #c:promotions("shop", { stage = "staging" })': { gives: 2, also: [1] },
    'return c:promotion("shop", "staging.1").spec.freight': { gives: "f1" },
    'return c:promotion_status("shop", "staging.1")': {
      gives: { phase: "Succeeded", message: "", freight_id: "f1" },
    },
    'return c:promotion_status("shop", "production.1")': { gives: { freight_id: "f2" } },
    'return c:warehouses("shop")[1].metadata.name, c:warehouse("shop", "images").metadata.name': {
      gives: "images",
      also: ["images"],
    },
    'return c:projects()[1].metadata.name, c:project("shop").metadata.name': {
      asked: [`GET ${B}/projects`, `GET ${B}/projects/shop`],
      gives: "shop",
    },
    'return #c:stages("shop") -- pages': {
      routes: {
        [`GET ${NS}/stages`]: json({ metadata: { continue: "t1" }, items: [staging] }),
        [`GET ${NS}/stages?limit=500&continue=t1`]: json({ metadata: { continue: "t2" }, items: [staging, staging] }),
        [`GET ${NS}/stages?limit=500&continue=t2`]: json({ metadata: {}, items: [production] }),
      },
      gives: 4,
    },
    'return #c:stages("shop") -- expired once': {
      routes: {
        [`GET ${NS}/stages`]: sequence(
          json({ metadata: { continue: "t1" }, items: [staging] }),
          items(staging, staging),
        ),
        [`GET ${NS}/stages?limit=500&continue=t1`]: refused(410, "Expired"),
      },
      gives: 2,
    },
  });
});

describe("freight in old releases", () => {
  const old = {
    [`GET ${NS}/freights`]: text("404 page not found", 404),
    [`GET ${NS}/freights/f1`]: text("404 page not found", 404),
  };
  rows(
    () => server,
    prelude,
    { ...routes, ...old, ...collection(`${NS}/freight`, f1) },
    {
      'return #c:freight_list("shop"), c:freight("shop", "f1").alias': {
        asked: [`GET ${NS}/freights`, `GET ${NS}/freight`, `GET ${NS}/freight/f1`],
        gives: 1,
        also: ["happy-otter"],
      },
      'return c:freight("shop", "none") -- missing object': {
        routes: { [`GET ${NS}/freights/none`]: missing("none") },
        asked: [`GET ${NS}/freights/none`],
        raises: `kargo: GET ${NS}/freights/none HTTP 404: ${said(missing("none"))}`,
      },
      'return c:freight("shop", "none") -- no such route at all': {
        asked: [`GET ${NS}/freights/none`, `GET ${NS}/freight/none`],
        raises: `kargo: GET ${NS}/freights/none HTTP 404: 404 page not found\n`,
      },
    },
  );
});

describe("derived values", () => {
  const status = `local s = c:stage_status("shop", "s") return s.phase, s.current_freight_id, c:is_stage_healthy("shop", "s")`;
  const row = (
    stageStatus: Record<string, unknown>,
    gives: string,
    freight: string | undefined,
    healthy: boolean,
    generation = 1,
  ) => ({
    routes: stage(stageStatus, generation),
    gives,
    also: [freight, healthy],
  });
  const history = [{ items: { w: { name: "f" } } }];
  rows(
    () => server,
    prelude,
    {},
    {
      [`${status} -- old phase`]: row({ phase: "Steady", currentFreight: { name: "old" } }, "Steady", "old", true),
      [`${status} -- old id`]: row({ phase: "NotApplicable", currentFreightId: "id" }, "NotApplicable", "id", false),
      [`${status} -- promoting`]: row(
        { currentPromotion: { name: "p" }, conditions: [condition("Ready")] },
        "Promoting",
        undefined,
        false,
      ),
      [`${status} -- promoting by condition`]: row(
        { conditions: [condition("Promoting")] },
        "Promoting",
        undefined,
        false,
      ),
      [`${status} -- failed`]: row(
        { lastPromotion: { status: { phase: "Errored" } }, freightHistory: history },
        "Failed",
        "f",
        false,
      ),
      [`${status} -- verifying`]: row(
        {
          conditions: [condition("Ready")],
          freightHistory: [{ items: { w: { name: "f" } }, verificationHistory: [{ phase: "Running" }] }],
        },
        "Verifying",
        "f",
        false,
      ),
      [`${status} -- unknown`]: row({ freightHistory: history }, "Unknown", "f", false),
      [`${status} -- nothing`]: row({}, "NotApplicable", undefined, false),
      [`${status} -- healthy by health`]: row({ health: { status: "Healthy" } }, "NotApplicable", undefined, true),
      [`${status} -- health does not apply`]: row(
        { health: { status: "NotApplicable" }, conditions: [condition("Ready")] },
        "Steady",
        undefined,
        true,
      ),
      [`${status} -- stale`]: row(
        { observedGeneration: 1, conditions: [condition("Ready"), condition("Healthy")] },
        "NotApplicable",
        undefined,
        false,
        2,
      ),
      [`${status} -- unhealthy condition beats health`]: row(
        { health: { status: "Healthy" }, conditions: [condition("Healthy", { status: "Unknown" })] },
        "NotApplicable",
        undefined,
        false,
      ),
    },
  );
});

describe("promoting", () => {
  const name = `local p = c:promote("shop", "staging", "F1E2d3c4b5") return p.metadata.name:gsub("%.%w+%.", ".ULID."), #p.metadata.name, p.spec`;
  rows(() => server, prelude, routes, {
    [name]: {
      asked: [`GET ${NS}/stages/staging`, `POST ${NS}/promotions`],
      gives: "staging.ULID.f1e2d3c",
      also: [
        42,
        {
          stage: "staging",
          freight: "F1E2d3c4b5",
          steps: [{ uses: "git-clone" }],
          vars: [
            { name: "a", value: "1" },
            { name: "b", value: "2" },
          ],
        },
      ],
      headers: { "content-type": "application/json" },
    },
    'local p = c:promote("shop", "staging", "f1") return p.apiVersion, p.kind, p.metadata.namespace, p.created': {
      gives: "kargo.akuity.io/v1alpha1",
      also: ["Promotion", "shop", true],
    },
    'return c:promote("shop", "staging", "f1").metadata.name:match("%.(%w+)%.") < c:promote("shop", "staging", "f1").metadata.name:match("%.(%w+)%.") or "same ms"':
      {},
    'local p = c:promote("shop", ("s"):rep(250) .. "-x", "f1") return #p.metadata.name, p.metadata.name:sub(1, 3)': {
      routes: { [`GET ${NS}/stages/${"s".repeat(250)}-x`]: json(production) },
      gives: 253,
      also: ["sss"],
    },
    'return c:promote("shop", "hidden", "f1")': {
      routes: { [`GET ${NS}/stages/hidden`]: refused(403, "Forbidden") },
      sent: [
        {
          apiVersion: "kargo.akuity.io/v1alpha1",
          kind: "Promotion",
          metadata: { namespace: "shop", generateName: "hidden." },
          spec: { stage: "hidden", freight: "f1" },
        },
      ],
    },
    'return c:promote("shop", "hidden", { origin = "images" })': {
      routes: { [`GET ${NS}/stages/hidden`]: missing("hidden") },
      sent: [
        {
          apiVersion: "kargo.akuity.io/v1alpha1",
          kind: "Promotion",
          metadata: { namespace: "shop", generateName: "hidden." },
          spec: { stage: "hidden", origin: { kind: "Warehouse", name: "images" } },
        },
      ],
    },
    'return c:promote("shop", "broken", "f1")': {
      routes: { [`GET ${NS}/stages/broken`]: text("oops", 500) },
      raises: `kargo: GET ${NS}/stages/broken HTTP 500: oops`,
    },
    'return c:promote("shop", "staging", "f1") -- not available': {
      routes: { [`POST ${NS}/promotions`]: refused(422, "Invalid") },
      raises: `kargo: POST ${NS}/promotions HTTP 422: ${said(refused(422, "Invalid"))}`,
    },
    'return c:promote("shop", "staging")': { asked: [], raises: "kargo.promote: freight is required" },
    'return c:wait_promotion("shop", "p").metadata.name': {
      routes: {
        [`GET ${NS}/promotions/p`]: sequence(
          json(object("p")),
          text("busy", 503),
          json(object("p", { status: { phase: "Running" } })),
          json({ ...done }),
        ),
      },
      slept: [5, 5, 5],
      gives: "staging.1",
    },
    'return c:wait_promotion("shop", "p", 10) -- fails': {
      routes: {
        [`GET ${NS}/promotions/p`]: json(object("p", { status: { phase: "Errored", message: "step 2 failed" } })),
      },
      raises: "kargo: promotion shop/p errored: step 2 failed",
      slept: undefined,
    },
    'return c:wait_promotion("shop", "p", 7, { interval = 3 })': {
      routes: { [`GET ${NS}/promotions/p`]: json(object("p", { status: { phase: "Running" } })) },
      raises: "kargo: promotion shop/p not finished after 7s (last: phase Running)",
    },
    'return c:promote_and_wait("shop", "staging", "f1").metadata.name': {
      routes: {
        [`POST ${NS}/promotions`]: json(object("p"), 201),
        [`GET ${NS}/promotions/p`]: sequence(json(object("p")), json(object("p", { status: { phase: "Succeeded" } }))),
      },
      slept: [5],
      gives: "p",
    },
    'return c:promote_and_wait("shop", "staging", "f1") -- verification fails': {
      routes: {
        [`POST ${NS}/promotions`]: json(object("p"), 201),
        [`GET ${NS}/promotions/p`]: json(object("p", { status: { phase: "Succeeded" } })),
        [`GET ${NS}/stages/staging`]: json(
          object("staging", {
            status: {
              freightHistory: [{ items: {}, verificationHistory: [{ phase: "Failed", message: "too slow" }] }],
            },
          }),
        ),
      },
      raises: "kargo: verification of shop/staging failed: too slow",
    },
    'return c:approve("shop", "f1", "production").approved': {
      routes: { [`PATCH ${NS}/freights/f1/status`]: json({ approved: true }) },
      sent: [{ status: { approvedFor: { production: { approvedAt: "2023-11-14T22:13:20Z" } } } }],
      headers: { "content-type": "application/merge-patch+json" },
      gives: true,
    },
    'return c:abort("shop", "p").fine': {
      routes: { [`PATCH ${NS}/promotions/p`]: json({ fine: true }) },
      sent: [{ metadata: { annotations: { "kargo.akuity.io/abort": '{"action":"terminate"}' } } }],
      gives: true,
    },
    'return c:reverify("shop", "staging").fine': {
      routes: { [`PATCH ${NS}/stages/staging`]: json({ fine: true }) },
      sent: [{ metadata: { annotations: { "kargo.akuity.io/reverify": '{"id":"v1"}' } } }],
      gives: true,
    },
    'return c:reverify("shop", "production")': {
      raises: "kargo: stage shop/production has no verification to repeat",
    },
    'return c:refresh_warehouse("shop", "images").status.lastHandledRefresh': {
      routes: {
        [`PATCH ${NS}/warehouses/images`]: json({}),
        [`GET ${NS}/warehouses/images`]: sequence(
          json(object("images")),
          json(object("images", { status: { lastHandledRefresh: "2023-11-14T22:13:20Z" } })),
        ),
      },
      sent: [{ metadata: { annotations: { "kargo.akuity.io/refresh": "2023-11-14T22:13:20Z" } } }],
      slept: [2],
      gives: "2023-11-14T22:13:20Z",
    },
    'return c:refresh_stage("shop", "staging", 4)': {
      routes: { [`PATCH ${NS}/stages/staging`]: json({}) },
      raises: "kargo: shop/staging not refreshed after 4s (last: last refresh nil)",
    },
  });
});

describe("waiting for a stage", () => {
  const unhealthy = json(object("s", { status: { health: { status: "Degraded", issues: ["pods crash"] } } }));
  rows(
    () => server,
    prelude,
    {},
    {
      'return c:wait_stage_healthy("shop", "s")': {
        routes: {
          [`GET ${NS}/stages/s`]: sequence(unhealthy, unhealthy, json(object("s", { status: { phase: "Steady" } }))),
        },
        slept: [5, 5],
        gives: true,
      },
      'return c:wait_stage_healthy("shop", "s", 7.5)': {
        routes: { [`GET ${NS}/stages/s`]: unhealthy },
        raises: "kargo: stage shop/s not healthy after 7.5s (last: phase NotApplicable, health Degraded, pods crash)",
      },
      'return c:wait_stage_healthy("shop", "s", { interval = 30 })': {
        routes: { [`GET ${NS}/stages/s`]: missing("s", "stages") },
        raises: `kargo: stage shop/s not healthy after 60s (last: kargo: GET ${NS}/stages/s HTTP 404: ${said(missing("s", "stages"))})`,
      },
      'return c:wait_stage_healthy("shop", "s", 10) -- forbidden': {
        routes: { [`GET ${NS}/stages/s`]: refused(403, "Forbidden") },
        asked: [`GET ${NS}/stages/s`],
        raises: `kargo: GET ${NS}/stages/s HTTP 403: ${said(refused(403, "Forbidden"))}`,
      },
      'return c:wait_stage_healthy("shop", "s", "soon")': {
        raises: "kargo.wait_stage_healthy: timeout must be a number of seconds",
      },
      'return c:wait_stage_healthy("shop", "s", 1, { interval = 0 })': {
        raises: "kargo.wait_stage_healthy: interval must be a number of seconds above 0",
      },
    },
  );
});
