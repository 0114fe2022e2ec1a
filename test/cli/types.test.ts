/** The definitions for editors: what they name is defined, what they define is there, and the language server agrees. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { embeddedModules } from "../../cli/reference.ts";
import { BASIC_TYPES, splitType, typeNames } from "../../cli/stubs/annotation.ts";
import { builtinStubs } from "../../cli/stubs/builtins.ts";
import { moduleStubs } from "../../cli/stubs/modules.ts";
import { load } from "../../interpreter/index.ts";
import { fromText } from "../../interpreter/text.ts";
import { VirtualMachine } from "../../interpreter/vm.ts";
import { runScript } from "../builtins/script.ts";
import { assay } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const stubs: Record<string, string> = { builtins: builtinStubs(), ...(await moduleStubs()) };

describe("types in annotations", () => {
  const rows: [string, type: string, rest: string, names: string[]][] = [
    ["string a name", "string", "a name", ["string"]],
    ["string|number|nil x", "string|number|nil", "x", ["string", "number", "nil"]],
    ['"a b"|"c" x', '"a b"|"c"', "x", []],
    [
      "{ a: string, b?: http.response }[] list of",
      "{ a: string, b?: http.response }[]",
      "list of",
      ["string", "http.response"],
    ],
    ["fun(req: http.request, ...): any result", "fun(req: http.request, ...): any", "result", ["http.request", "any"]],
    ["(fun(): string?)? x", "(fun(): string?)?", "x", ["string"]],
    [
      "table<string, (string|number)[]> x",
      "table<string, (string|number)[]>",
      "x",
      ["table", "string", "string", "number"],
    ],
    ["string | nil x", "string | nil", "x", ["string", "nil"]],
  ];
  test.each(rows)("%s", (text, type, rest, names) => {
    expect(splitType(text)).toEqual([type, rest]);
    expect(typeNames(type)).toEqual(names);
  });
});

test("every type that is named is defined, once", () => {
  const defined = new Map<string, number>();
  const used = new Map<string, string>();
  for (const [file, text] of Object.entries(stubs)) {
    for (const line of text.split("\n")) {
      const tag = /^---@(\w+) (.*)$/.exec(line);
      if (tag === null) continue;
      const [, kind, rest] = tag;
      const generics = new Set(kind === "overload" ? [...rest!.matchAll(/^fun<(\w+)>/g)].map(([, name]) => name!) : []);
      const use = (type: string) => {
        for (const name of typeNames(type)) if (!generics.has(name)) used.set(name, `${file}: ${line}`);
      };
      if (kind === "class") {
        const [, name, parent] = /^([\w.]+)(?::\s*([\w.]+))?/.exec(rest!)!;
        defined.set(name!, (defined.get(name!) ?? 0) + 1);
        if (parent !== undefined) use(parent);
      } else if (kind === "field" || kind === "param") use(splitType(rest!.replace(/^\S+ /, ""))[0]);
      else if (kind === "return") {
        // Several results stand behind each other: TYPE NAME, TYPE NAME.
        let [type, more] = splitType(rest!);
        use(type.replace(/,$/, ""));
        for (let next = /^\w+, (.*)$/.exec(more); next !== null; next = /^\w+, (.*)$/.exec(more)) {
          [type, more] = splitType(next[1]!);
          use(type);
        }
      } else if (kind === "overload") use(rest!.replace(/^fun<\w+>/, "fun"));
      else expect([file, line, kind]).toEqual([file, line, "meta"]);
    }
  }
  const missing = [...used].filter(([name]) => !defined.has(name) && !BASIC_TYPES.has(name));
  expect(missing).toEqual([]);
  expect([...defined].filter(([, count]) => count > 1)).toEqual([]);
  expect(defined.size).toBeGreaterThan(80);
});

test("they are Lua, and all modules have theirs", () => {
  for (const [name, text] of Object.entries(stubs))
    expect(() => load(new VirtualMachine(), fromText(text), `=${name}`)).not.toThrow();
  for (const { name } of embeddedModules()) expect(stubs[name.replace("assay.", "")]).toStartWith(`---@meta ${name}\n`);
});

test("every documented function of a module is in them, and every parameter has its type", () => {
  for (const { name, functions } of embeddedModules()) {
    const text = stubs[name.replace("assay.", "")]!;
    for (const one of functions) {
      if (text.includes(`---@field ${one.name} ${name}.client.${one.name}\n`)) continue;
      expect([name, one.name, text.includes(`.${one.name}(`) || text.includes(`:${one.name}(`)]).toEqual([
        name,
        one.name,
        true,
      ]);
    }
  }
});

test("clients of modules of functions have them without the address, and groups", () => {
  const { prometheus, kargo, vault, k8s } = stubs as Record<string, string>;
  expect(prometheus).toContain("function M.query(url, promql, opts) end");
  expect(prometheus).toContain("function Client:query(promql, opts) end");
  expect(prometheus).toContain("---@return assay.prometheus.client");
  expect(prometheus).toContain("function group_queries:instant(promql, opts) end");
  expect(k8s).toContain("function Client:get_secret(namespace, name, opts) end");
  expect(vault).toContain("---@field kv assay.vault.client.kv");
  // Called and with methods.
  expect(kargo).toContain(
    "---@class assay.kargo.client.stages\n---@overload fun(self: assay.kargo.client, namespace?: string): table[]\n",
  );
  expect(kargo).not.toContain("function Client:stages(");
});

describe("tables are as they are said to be", () => {
  const fieldsOf = (name: string) => {
    const block = new RegExp(`---@class ${name.replace(".", "\\.")}\n((?:---@field .*\n)+)`).exec(stubs.builtins!)![1]!;
    return [...block.matchAll(/^---@field (\w+)(\??)/gm)].map(([, field, optional]) => ({
      field: field!,
      optional: optional === "?",
    }));
  };
  test("http.response and http.request", async () => {
    const { results } = await runScript(`
      local response, request
      local function keys(t)
        local list = {}
        for key in pairs(t) do list[#list + 1] = key end
        return table.concat(list, " ")
      end
      http.serve(0, { GET = { ["/:name"] = function(req) request = keys(req) return "x" end } }, {
        host = "127.0.0.1",
        on_listen = function(address)
          response = keys(http.get("http://" .. address .. "/a?b=c"))
          http.stop()
        end,
      })
      return response, request`);
    const [response, request] = results;
    for (const [name, keys] of [
      ["http.response", response],
      ["http.request", request],
    ] as const) {
      const wanted = fieldsOf(name)
        .filter(({ field, optional }) => !optional && field !== "json")
        .map(({ field }) => field);
      expect((keys as string).split(" ").sort()).toEqual(wanted.sort());
    }
  });
});

const folder = temporaryFolder();
afterAll(() => folder.remove());

const server = Bun.which("lua-language-server");
describe.skipIf(server === null)("the language server", () => {
  const prepare = async () => {
    cpSync(join(import.meta.dir, "..", "..", "examples"), folder.path, { recursive: true });
    expect((await assay(["types", folder.file("types")])).status).toBe(0);
  };

  /** What it says, as `FILE:LINE MESSAGE`. */
  async function check(path: string): Promise<string[]> {
    const out = folder.file("out.json");
    const args = ["--check", path, "--check_format=json", `--check_out_path=${out}`, `--logpath=${folder.file("log")}`];
    await Bun.spawn([server!, ...args], { stdout: "ignore", stderr: "ignore" }).exited;
    type Found = Record<string, { range: { start: { line: number } }; message: string }[]>;
    const found: Found = readdirSync(folder.path).includes("out.json") ? JSON.parse(readFileSync(out, "utf8")) : {};
    return Object.entries(found).flatMap(([file, list]) =>
      list.map(
        ({ range, message }) =>
          `${file.slice(file.lastIndexOf("/") + 1)}:${range.start.line + 1} ${message.split("\n")[0]}`,
      ),
    );
  }

  test("has nothing to say about the examples but what is true", async () => {
    await prepare();
    // The variable may be unset.
    expect(await check(folder.path)).toEqual(["jwt-health.lua:7 Cannot assign `string?` to parameter `string`."]);
  }, 60_000);

  test("finds mistakes", async () => {
    await prepare();
    folder.write(
      "wrong/.luarc.json",
      JSON.stringify({ "runtime.version": "Lua 5.5", "workspace.library": ["../types"] }),
    );
    folder.write(
      "wrong/a.lua",
      `local vault = require("assay.vault")\nlocal c = vault.client()\nprint(c:kv_got("a", "b"), http.get("http://a").bdy)\nc.kv:get(1, "b")\n`,
    );
    const said = (await check(folder.file("wrong"))).join("\n");
    expect(said).toContain("a.lua:3 Undefined field `kv_got`.");
    expect(said).toContain("a.lua:3 Undefined field `bdy`.");
    expect(said).toContain("a.lua:4 Cannot assign `integer` to parameter `string`.");
  }, 60_000);
});
