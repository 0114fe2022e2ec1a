import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, type Reply, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local harbor = require("assay.harbor") local c = harbor.client(URL .. "//", { username = "robot$ci", password = "secret" })`;
const H = "/api/v2.0";
const REPO = `${H}/projects/shop/repositories/backend%252Fapi`;
const IMAGE = `${REPO}/artifacts/1.4.2`;
const ALL = "page=1&page_size=100";
const errors = { errors: [{ code: "X", message: "no" }] };
const refused = (status: number): Reply => json(errors, status);
const said = JSON.stringify(errors);
const created: Reply = { status: 201 };
const nth =
  (...replies: Reply[]) =>
  (_: unknown, n: number) =>
    replies[Math.min(n, replies.length) - 1]!;
const accepted =
  "application/vnd.security.vulnerability.report; version=1.1, application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0";
const [v11, v10] = accepted.split(", ") as [string, string];
const report = (status: string, summary: object | undefined = undefined) => ({
  scan_status: status,
  severity: "High",
  end_time: "t",
  summary,
});
const scanned = (overview: object): Reply => json({ digest: "sha256:ab", scan_overview: overview });
const found = report("Success", { total: 9, fixable: 4, summary: { Critical: 2, High: 7 } });
const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => ({ id: from + i }));

describe("reading", () => {
  const single: Record<string, string> = {
    [`health()`]: `${H}/health`,
    [`system_info()`]: `${H}/systeminfo`,
    [`statistics()`]: `${H}/statistics`,
    [`project(7)`]: `${H}/projects/7`,
    [`repository("shop", "backend/api")`]: REPO,
    [`repository("shop", "shop/backend/api")`]: REPO,
    [`repository("my shop", "a b")`]: `${H}/projects/my%20shop/repositories/a%20b`,
    [`repository("shop", "a/ü%")`]: `${H}/projects/shop/repositories/a%252F%25C3%25BC%2525`,
    [`artifact("shop", "api", "sha256:ab")`]: `${H}/projects/shop/repositories/api/artifacts/sha256:ab`,
  };
  const lists: Record<string, string> = {
    [`projects()`]: `${H}/projects`,
    [`repositories("shop")`]: `${H}/projects/shop/repositories`,
    [`artifacts("shop", "backend/api")`]: `${REPO}/artifacts`,
    [`artifact_tags("shop", "backend/api", "1.4.2")`]: `${IMAGE}/tags`,
    [`replication_policies()`]: `${H}/replication/policies`,
    [`replication_executions()`]: `${H}/replication/executions`,
    [`quotas()`]: `${H}/quotas`,
    [`gc_history()`]: `${H}/system/gc`,
    [`robots()`]: `${H}/robots`,
  };
  const singleRows = Object.entries(single).flatMap(([call, path]) => [
    [
      `return c:${call}.x`,
      {
        routes: { [`GET ${path}`]: json({ x: 1 }) },
        asked: [`GET ${path}`],
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          authorization: "Basic cm9ib3QkY2k6c2VjcmV0",
        },
        gives: 1,
      },
    ] as const,
    [
      `return c:${call} -- denied`,
      { routes: { "*": refused(403) }, raises: `harbor: GET ${path} HTTP 403: ${said}` },
    ] as const,
    [
      `return c:${call} -- absent`,
      { routes: { "*": refused(404) }, raises: `harbor: GET ${path} HTTP 404: ${said}` },
    ] as const,
  ]);
  const listRows = Object.entries(lists).flatMap(([call, path]) => [
    [
      `return c:${call}`,
      { routes: { [`GET ${path}`]: json([{ x: 1 }]) }, asked: [`GET ${path}?${ALL}`], gives: [{ x: 1 }] },
    ] as const,
    [
      `return c:${call} -- failing`,
      { routes: { "*": text("boom", 500) }, raises: `harbor: GET ${path}?${ALL} HTTP 500: boom` },
    ] as const,
  ]);
  rows(
    () => server,
    prelude,
    {},
    {
      ...Object.fromEntries([...singleRows, ...listRows]),
      [`return c:health() -- login page`]: {
        routes: { "*": text("<html>", 200, "text/html") },
        raises: `harbor: GET ${H}/health: invalid JSON in response (content-type text/html): <html>`,
      },
      [`return c:project("2024").x`]: {
        routes: { "*": json({ x: 1 }) },
        asked: [`GET ${H}/projects/2024`],
        headers: { "x-is-resource-name": "true" },
        gives: 1,
      },
      [`c:project(2024)`]: { routes: { "*": json({}) }, headers: { "x-is-resource-name": undefined } },
      [`return c:project("")`]: { asked: [], raises: "harbor.project: project_name is required" },
      [`return c:repository("shop", "shop/")`]: { asked: [], raises: "harbor.repository: repo_name is required" },
      [`return c:artifact("shop", "api", "")`]: { asked: [], raises: "harbor.artifact: reference is required" },
      [`local r = c:repositories("shop") return #r, r[250].id`]: {
        routes: {
          [`GET ${H}/projects/shop/repositories?page=1&page_size=100`]: json(many(100)),
          [`GET ${H}/projects/shop/repositories?page=2&page_size=100`]: json(many(100, 100)),
          [`GET ${H}/projects/shop/repositories?page=3&page_size=100`]: json(many(50, 200)),
        },
        gives: 250,
        also: [249],
      },
      [`return #c:repositories("shop") -- counted`]: {
        routes: {
          "*": { ...json(many(100)), headers: { "content-type": "application/json", "x-total-count": "100" } },
        },
        asked: [`GET ${H}/projects/shop/repositories?${ALL}`],
        gives: 100,
      },
      [`c:projects({ name = "s h", public = false, owner = "o", q = "a=~b", sort = "-name", page = 2 })`]: {
        routes: { "*": json(many(100)) },
        asked: [`GET ${H}/projects?name=s%20h&public=false&owner=o&page=2&q=a%3D~b&sort=-name`],
      },
      [`c:artifacts("shop", "backend/api", { with_tag = false, with_scan_overview = true, page_size = 5 })`]: {
        routes: { "*": json([]) },
        asked: [`GET ${REPO}/artifacts?with_tag=false&with_scan_overview=true&page_size=5`],
      },
      [`c:replication_executions({ policy_id = 3, status = "Failed", trigger = "manual", page = 1 })`]: {
        routes: { "*": json([]) },
        asked: [`GET ${H}/replication/executions?policy_id=3&status=Failed&trigger=manual&page=1`],
      },
      [`return c:is_healthy()`]: { routes: { "*": json({ components: [{ status: "healthy" }] }) }, gives: true },
      [`return c:is_healthy() -- one is not`]: {
        routes: { "*": json({ components: [{ status: "healthy" }, { status: "unhealthy" }] }) },
        gives: false,
      },
      [`return c:is_healthy() -- none`]: { routes: { "*": json({ status: "healthy" }) }, gives: false },
      [`return c:image_exists("shop", "backend/api", "1.4.2"), c:image_exists("shop", "backend/api", "none")`]: {
        routes: { [`GET ${IMAGE}`]: json({}) },
        asked: [`GET ${IMAGE}`, `GET ${REPO}/artifacts/none`],
        gives: true,
        also: [false],
      },
      [`return c:image_exists("shop", "backend/api", "1.4.2") -- expired`]: {
        routes: { "*": refused(401) },
        raises: `harbor: GET ${IMAGE} HTTP 401: ${said}`,
      },
      [`return c:latest_artifact("shop", "backend/api").id`]: {
        routes: { "*": json([{ id: 1 }]) },
        asked: [`GET ${REPO}/artifacts?page=1&page_size=1&sort=-push_time`],
        gives: 1,
      },
      [`return c:latest_artifact("shop", "backend/api") -- empty`]: { routes: { "*": json([]) }, gives: undefined },
      [`return c:digest("shop", "backend/api", "1.4.2"), c:digest("shop", "backend/api", "none")`]: {
        routes: { [`GET ${IMAGE}`]: scanned({}) },
        gives: "sha256:ab",
      },
      [`return c:ping()`]: { routes: { [`GET ${H}/ping`]: text("Pong") }, gives: "Pong" },
      [`harbor.client(URL, { api_key = "k", username = "u", password = "p" }):health()`]: {
        routes: { "*": json({}) },
        headers: { authorization: "Bearer k" },
      },
      [`harbor.client(URL):health()`]: { routes: { "*": json({}) }, headers: { authorization: undefined } },
      [`return #c.projects:list(), #c:projects(), c.system:ping(), c.artifacts:exists("shop", "x", "y"), #c.artifacts:list("shop", "x"), #c.replication:policies(), c.repositories:get("shop", "x").x`]:
        {
          routes: {
            [`GET ${H}/projects`]: json([1]),
            [`GET ${H}/ping`]: text("Pong"),
            [`GET ${H}/projects/shop/repositories/x/artifacts`]: json([]),
            [`GET ${H}/replication/policies`]: json([]),
            [`GET ${H}/projects/shop/repositories/x`]: json({ x: 1 }),
          },
          gives: 1,
          also: [1, "Pong", false, 0, 0, 1],
        },
    },
  );
});

describe("scans", () => {
  const args = `"shop", "backend/api", "1.4.2"`;
  const list = (...severities: string[]) =>
    json({
      [v11]: {
        vulnerabilities: severities.map((severity, i) => ({
          id: `CVE-${i}`,
          severity,
          fix_version: i === 0 ? "" : "2",
        })),
      },
    });
  rows(
    () => server,
    prelude,
    {},
    {
      [`return c:scan_artifact(${args})`]: {
        routes: { [`POST ${IMAGE}/scan`]: { status: 202 } },
        asked: [`POST ${IMAGE}/scan`],
        sent: [{}],
        gives: true,
      },
      [`return c:scan_artifact(${args}, { scan_type = "sbom" })`]: {
        routes: { "*": { status: 202 } },
        sent: [{ scan_type: "sbom" }],
      },
      [`return c:scan_artifact(${args}) -- no scanner`]: {
        routes: { "*": refused(412) },
        raises: `harbor: POST scan HTTP 412: ${said}`,
      },
      [`return c:artifact_vulnerabilities(${args})`]: {
        routes: {
          [`GET ${IMAGE}`]: scanned({ other: report("Success", {}), [v10]: report("Success", {}), [v11]: found }),
        },
        asked: [`GET ${IMAGE}?with_scan_overview=true`],
        headers: { "x-accept-vulnerabilities": accepted },
        gives: {
          total: 9,
          fixable: 4,
          critical: 2,
          high: 7,
          medium: 0,
          low: 0,
          negligible: 0,
          unknown: 0,
          severity: "High",
          scan_status: "Success",
          end_time: "t",
        },
      },
      [`return c:artifact_vulnerabilities(${args}).total -- another form`]: {
        routes: { "*": scanned({ z: report("Success", { total: 1 }), a: report("Success", { total: 2 }) }) },
        gives: 2,
      },
      [`return c:artifact_vulnerabilities(${args}) -- never scanned`]: { routes: { "*": json({}) }, gives: undefined },
      [`return c:artifact_vulnerabilities(${args}) -- running`]: {
        routes: { "*": scanned({ [v11]: report("Running") }) },
        gives: undefined,
      },
      [`return c:artifact_vulnerabilities(${args}) -- denied`]: {
        routes: { "*": refused(403) },
        raises: `harbor: GET artifact vulnerabilities HTTP 403: ${said}`,
      },
      [`return c:scan_and_wait(${args}, 60).critical`]: {
        routes: {
          [`POST ${IMAGE}/scan`]: { status: 202 },
          [`GET ${IMAGE}`]: nth(scanned({ [v11]: report("Pending") }), refused(503), scanned({ [v11]: found })),
        },
        sent: [{}],
        slept: [5, 5],
        gives: 2,
      },
      [`return c:scan_and_wait(${args}, { interval = 1 }) -- fails`]: {
        routes: { [`POST ${IMAGE}/scan`]: refused(409), [`GET ${IMAGE}`]: scanned({ [v11]: report("Error") }) },
        raises: "harbor: scan of shop/backend/api:1.4.2 ended as Error",
      },
      [`return c:scan_and_wait(${args}, 6) -- for ever`]: {
        routes: { [`POST ${IMAGE}/scan`]: { status: 202 }, [`GET ${IMAGE}`]: scanned({ [v11]: report("Running") }) },
        raises: "harbor: timeout waiting for the scan of shop/backend/api:1.4.2 (last: Running)",
      },
      [`return c:vulnerability_list(${args})[1].id`]: {
        routes: { [`GET ${IMAGE}/additions/vulnerabilities`]: list("High") },
        headers: { "x-accept-vulnerabilities": accepted },
        gives: "CVE-0",
      },
      [`return c:vulnerability_list(${args}) -- none`]: { routes: { "*": json({}) }, gives: [] },
      [`return c:assert_vulnerabilities(${args}, { critical = 2, high = 7 }).high`]: {
        routes: { "*": scanned({ [v11]: found }) },
        gives: 7,
      },
      [`return c:assert_vulnerabilities(${args}, { high = 5 })`]: {
        routes: { "*": scanned({ [v11]: found }) },
        raises: "harbor: shop/backend/api:1.4.2 has too many vulnerabilities: critical 2 (limit 0), high 7 (limit 5)",
      },
      [`return c:assert_vulnerabilities(${args}, { critical = 0, high = 1, fixable_only = true })`]: {
        routes: {
          [`GET ${IMAGE}`]: scanned({ [v11]: found }),
          [`GET ${IMAGE}/additions/vulnerabilities`]: list("Critical", "High", "High"),
        },
        raises: "harbor: shop/backend/api:1.4.2 has too many vulnerabilities: high 2 (limit 1)",
      },
      [`return c:assert_vulnerabilities("shop", "api", "sha256:ab")`]: {
        routes: { "*": json({}) },
        raises: "harbor: shop/api@sha256:ab has no finished scan (none)",
      },
    },
  );
});

describe("changing", () => {
  const policy = `${H}/replication/executions`;
  rows(
    () => server,
    prelude,
    {},
    {
      [`return c:wait_image("shop", "backend/api", "1.4.2", 60)`]: {
        routes: { [`GET ${IMAGE}`]: nth(refused(404), refused(502), json({})) },
        slept: [5, 5],
        gives: true,
      },
      [`return c:wait_image("shop", "backend/api", "1.4.2", 1)`]: {
        routes: { "*": refused(404) },
        raises: "harbor: timeout waiting for image shop/backend/api:1.4.2 (last: not there)",
      },
      [`return c:wait_image("shop", "backend/api", "1.4.2", 1) -- denied`]: {
        routes: { "*": refused(403) },
        raises: `harbor: GET ${IMAGE} HTTP 403: ${said}`,
      },
      [`return c:replicate(3).id`]: {
        routes: {
          [`POST ${policy}`]: { status: 201, headers: { location: `${policy}/17` } },
          [`GET ${policy}/17`]: nth(json({ id: 17, status: "InProgress" }), json({ id: 17, status: "Succeed" })),
        },
        sent: [{ policy_id: 3 }],
        slept: [5],
        gives: 17,
      },
      [`return c:replicate(3) -- fails`]: {
        routes: {
          [`POST ${policy}`]: created,
          [`GET ${policy}?policy_id=3&page=1&page_size=1&sort=-start_time`]: json([{ id: 18 }]),
          [`GET ${policy}/18`]: json({ status: "Failed", status_text: "no route" }),
        },
        raises: "harbor: replication 3 ended as Failed: no route",
      },
      [`return c:add_tag("shop", "backend/api", "1.4.2", "stable"), c:delete_tag("shop", "backend/api", "1.4.2", "stable"), c:delete_tag("shop", "backend/api", "1.4.2", "none")`]:
        {
          routes: { [`POST ${IMAGE}/tags`]: created, [`DELETE ${IMAGE}/tags/stable`]: text("") },
          sent: [{ name: "stable" }],
          gives: true,
          also: [true, false],
        },
      [`return c:copy_artifact("staging/api:1", "shop", "backend/api")`]: {
        routes: { "*": created },
        asked: [`POST ${REPO}/artifacts?from=staging%2Fapi%3A1`],
        gives: true,
      },
      [`return c:delete_artifact("shop", "backend/api", "1.4.2"), c:delete_repository("shop", "none")`]: {
        routes: { [`DELETE ${IMAGE}`]: text("") },
        gives: true,
        also: [false],
      },
      [`return c:delete_repository("shop", "")`]: {
        asked: [],
        raises: "harbor.delete_repository: repo_name is required",
      },
      [`return c:delete_artifact("shop", "backend/api", "x")`]: {
        routes: { "*": refused(412) },
        raises: /^harbor: DELETE .* HTTP 412/,
      },
      [`return c:ensure_project("shop", { public = false }), c:ensure_project("old")`]: {
        routes: { [`POST ${H}/projects`]: nth(created, refused(409)) },
        sent: [
          { project_name: "shop", metadata: { public: "false" } },
          { project_name: "old", metadata: {} },
        ],
        gives: true,
        also: [false],
      },
      [`return c:create_robot({ name = "ci", permissions = { { kind = "project" } } }).secret`]: {
        routes: { [`POST ${H}/robots`]: json({ secret: "s" }, 201) },
        sent: [{ name: "ci", level: "project", duration: -1, permissions: [{ kind: "project" }] }],
        gives: "s",
      },
      [`return c:create_robot()`]: { asked: [], raises: "harbor.create_robot: name is required" },
    },
  );
});
