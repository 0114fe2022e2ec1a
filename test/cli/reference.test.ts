import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { embeddedModules, libraries } from "../../cli/reference.ts";
import { builtinStubs } from "../../cli/stubs/builtins.ts";
import { load } from "../../interpreter/index.ts";
import { fromText } from "../../interpreter/text.ts";
import { VirtualMachine } from "../../interpreter/vm.ts";
import { assay } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe("help", () => {
  const rows: readonly [name: string, ...parts: string[]][] = [
    ["http.get", "http.get(url, opts?)", "Parameters:", "Source: RFC 9110"],
    ["http", "http.request("],
    ["sleep", "sleep(seconds)"],
    ["print", "print("],
    ["string.rep", "string.rep("],
    ["db.connection:query", "db.connection:query(sql, params?)"],
    ["db.connection", "A connection to a database.", ":query_one(sql, params?)"],
    ["http.response", "The response to a request.", "elapsed_ms"],
    ["assay.healthcheck", "assay.healthcheck", "endpoint(url, opts)"],
    ["healthcheck.endpoint", "assay.healthcheck: endpoint(url, opts)"],
  ];
  test.each(rows)("%s", async (name, ...parts) => {
    const ran = await assay(["help", name]);
    expect(ran.status).toBe(0);
    for (const part of parts) expect(ran.stdout).toContain(part);
  });

  test("an unknown name suggests the nearest", async () => {
    expect(await assay(["help", "htpp.get"])).toEqual({
      status: 2,
      stdout: "",
      stderr: 'error: help: nothing is called "htpp.get" (did you mean "http.get"?)\n',
    });
  });

  test("help alone lists everything", async () => {
    const ran = await assay(["help"]);
    for (const { name } of libraries()) if (name !== "_G") expect(ran.stdout).toContain(`\n  ${name} `);
  });
});

test("modules", async () => {
  const ran = await assay(["modules"]);
  for (const module of embeddedModules()) expect(ran.stdout).toContain(module.name);
  expect((await assay(["modules", "healthcheck"])).stdout).toContain("endpoint(url, opts)");
  expect((await assay(["modules", "helthcheck"])).status).toBe(2);
});

describe("types", () => {
  test("the stubs are Lua", () => {
    expect(() => load(new VirtualMachine(), fromText(builtinStubs()), "=stubs")).not.toThrow();
    expect(builtinStubs()).toContain("---@param url string");
  });

  test("a folder gets one file for the builtins and one for each module", async () => {
    expect((await assay(["types", folder.file("t")])).status).toBe(0);
    // The one more is what the modules have in common.
    expect(readdirSync(folder.file("t/assay")).length).toBe(embeddedModules().length + 1);
  });
});

test("completion scripts are what their shells take", async () => {
  for (const [shell, check] of [
    ["bash", ["bash", "-n"]],
    ["zsh", undefined],
    ["fish", undefined],
  ] as const) {
    const ran = await assay(["completion", shell]);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain("memory-limit");
    if (check === undefined) continue;
    const file = folder.write(`completion.${shell}`, ran.stdout);
    expect(Bun.spawnSync([...check, file]).exitCode).toBe(0);
  }
  expect((await assay(["completion", "tcsh"])).status).toBe(2);
});

test("schema prints a schema whose references lead somewhere", async () => {
  const ran = await assay(["schema"]);
  const schema = JSON.parse(ran.stdout);
  for (const [, name] of ran.stdout.matchAll(/"#\/\$defs\/([^"]+)"/g)) expect(schema.$defs).toHaveProperty(name!);
});
