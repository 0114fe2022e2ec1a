/** The embedded modules in check files: they work, and give scripts nothing that checks do not have. */
import { afterAll, beforeAll, expect, test } from "bun:test";
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

test("modules see what the script does to its own globals", async () => {
  const source = `http.request = function() return { status = 200, headers = {}, body = "{}" } end
    return require("assay.k8s").get("/x", { base_url = "http://nowhere.example" }) ~= nil`;
  expect(await results(source, { selection: "check" })).toEqual([true]);
});

test("assert, base64 and json of the modules are the script's", async () => {
  const source = `local hc = require("assay.healthcheck")
    return hc.multi({ { name = "a", check = function() return true end } }, { parallel = 3 }).ok, hc.body_matches("${server.url}", "ite+ms").ok`;
  expect(await results(source, { selection: "check" })).toEqual([true, true]);
});
