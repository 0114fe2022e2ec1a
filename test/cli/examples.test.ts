import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { assay } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serve } from "../support/server.ts";

const examples = join(import.meta.dir, "..", "..", "examples");

describe("examples that need no service", () => {
  const scripts = [
    "hello.lua",
    "database.lua",
    ...readdirSync(examples).filter((name) => /^check_.*\.lua$/.test(name)),
  ];
  test.each(scripts)("%s", async (name) => {
    const ran = await assay([join(examples, name)]);
    expect([ran.stdout, ran.status]).toEqual(["", 0]);
    expect(ran.stderr).toContain('"level":"info"');
  });
});

describe("examples of the seed document against a live server", () => {
  const health = () => Response.json({ database: "ok", version: "11.2.0" });
  const query = async (request: Request) => {
    expect(new URLSearchParams(await request.text()).get("query")).toBe("count(up)");
    return Response.json({
      status: "success",
      data: { resultType: "vector", result: [{ metric: {}, value: [1, "3"] }] },
    });
  };

  test("the health check", async () => {
    const server = serve({ "/api/health": health });
    const ran = await assay([join(examples, "grafana-health.lua")], { env: { GRAFANA_URL: server.url } });
    await server.stop();
    expect(ran.stderr).toContain("Grafana healthy: version=11.2.0");
    expect(ran.status).toBe(0);
  });

  test("the check file, host names aside", async () => {
    const server = serve({ "/api/health": health, "/api/v1/query": query });
    const text = await Bun.file(join(examples, "checks.yaml")).text();
    const folder = temporaryFolder({
      "checks.yaml": text.replace(/http:\/\/(grafana|prometheus)\.monitoring:\d+/g, server.url),
      "verify.lua": await Bun.file(join(examples, "verify.lua")).text(),
    });
    const ran = await assay([folder.file("checks.yaml"), "--format", "json"], {
      env: { SERVICE_URL: `${server.url}/api/health` },
    });
    await server.stop();
    folder.remove();
    expect(JSON.parse(ran.stdout)).toMatchObject({ passed: 3, failed: 0, total: 3 });
    expect(ran.status).toBe(0);
  });
});
