/** Every module is embedded. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withoutComments } from "../../builtins/modules.ts";
import { modules } from "../../stdlib/index.ts";

const folder = join(import.meta.dir, "../../stdlib");
const files = readdirSync(folder).filter((name) => name.endsWith(".lua"));

test("the index names the files that are there", () => {
  expect(Object.keys(modules).sort()).toEqual(files.map((name) => name.slice(0, -".lua".length)).sort());
});

test.each(files)("%s is embedded as it is", (name) => {
  expect(modules[name.slice(0, -".lua".length)]).toBe(readFileSync(join(folder, name), "utf8"));
});

test.each(files)("%s uses no global by a computed name", (name) => {
  // Such a name would make every library load (builtins/index.ts).
  expect(withoutComments(modules[name.slice(0, -".lua".length)]!)).not.toMatch(
    /\b(?:_G|_ENV)\b|(?<![.:])\bpackage\b(?!\s*=[^=])/,
  );
});

test.each(files)("no long string of %s has lines that look like comments", (name) => {
  const source = modules[name.slice(0, -".lua".length)]!;
  for (const [text] of source.matchAll(/\[(=*)\[[\s\S]*?\]\1\]/g)) expect(text).not.toMatch(/\n[ \t]*--/);
});
