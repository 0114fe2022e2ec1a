import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { updatedReadme } from "../scripts/readme.ts";
import { modules } from "../stdlib/index.ts";

test("the README's reference is that of the declarations (bun scripts/readme.ts writes it)", async () => {
  const { now, wanted } = await updatedReadme();
  expect(now === wanted).toBe(true);
});

test("every module in stdlib is embedded", () => {
  const files = readdirSync(join(import.meta.dir, "..", "stdlib")).filter((name) => name.endsWith(".lua"));
  expect(Object.keys(modules).sort()).toEqual(files.map((name) => name.replace(/\.lua$/, "")).sort());
});
