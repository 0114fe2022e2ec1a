/** `permissions:` of check files: read with the file, and narrower than what the command line allows. */
import { afterAll, describe, expect, test } from "bun:test";
import { readGrants } from "../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../builtins/permissions/restricted.ts";
import { loadSuite } from "../../cli/checks/config.ts";
import { Jq } from "../../cli/checks/jq.ts";
import { narrowed } from "../../cli/checks/permissions.ts";
import type { Suite } from "../../cli/checks/suite.ts";
import { CommandError } from "../../cli/status.ts";
import { temporaryFolder } from "../support/folder.ts";

const jq = new Jq();
const folder = temporaryFolder({});
afterAll(() => {
  jq.close();
  folder.remove();
});

const CHECKS = "checks: [{name: a, type: http, url: http://x}]\n";

function load(yaml: string): Promise<Suite> {
  return loadSuite(folder.write("permissions.yaml", yaml + CHECKS), jq);
}

describe("permissions of a check file", () => {
  test("nothing said, nothing narrowed", async () => {
    expect((await load("")).grants).toEqual([]);
  });

  test("lists, single values and switches", async () => {
    const { grants } = await load(
      "permissions: {allow_net: [a.example, 'b.example:8080'], allow_read: data, readonly: true, deny_env: false}\n",
    );
    expect(grants).toHaveLength(1);
    const [read] = grants!;
    expect(read!.net?.allowed).toHaveLength(2);
    expect(read!.read?.allowed.map((path) => path.endsWith("/data"))).toEqual([true]);
    expect(read!.write).toEqual({ allowed: [], option: "readonly" });
    expect(read!.env).toBeUndefined();
  });

  test.each([
    ["permissions: {allow_net: 'https://x'}\n", 'permissions.allow_net: expected HOST or HOST:PORT, got "https://x"'],
    ["permissions: {allow_nett: x}\n", "allow_nett"],
    ["permissions: {readonly: 1}\n", "permissions.readonly"],
    ["permissions: {}\n", "permissions"],
  ])("%j is a mistake", async (yaml, words) => {
    const error = await load(yaml).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).message).toContain(words);
  });

  test("the narrower of command line and file wins", async () => {
    const { grants } = await load("permissions: {allow_net: [a.example, b.example]}\n");
    const line = new RestrictedPermissions([readGrants({ "allow-net": "b.example,c.example" })]);
    const both = narrowed(line, grants!);
    const allows = (name: string): boolean => {
      try {
        both.checkNet("http", name, undefined, 443);
        return true;
      } catch {
        return false;
      }
    };
    expect(["a.example", "b.example", "c.example"].map(allows)).toEqual([false, true, false]);
    expect(narrowed(line, [])).toBe(line);
  });
});
