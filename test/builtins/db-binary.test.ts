/** Databases in the executable: the drivers, the SQLite worker and its WebAssembly are inside it. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, buildIfStale } from "../../scripts/stale.ts";
import { databases } from "../support/databases.ts";

const { postgres, mysql } = await databases();
const folder = mkdtempSync(join(tmpdir(), "assay-binary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT = `for _, url in ipairs {...} do
  local c <close> = db.connect(url)
  c:execute("drop table if exists in_binary") c:execute("create table in_binary (v int)")
  c:transaction(function() c:execute("insert into in_binary values (41)") end)
  local sum = 0
  for row in c:stream("select v + 1 as v from in_binary") do sum = sum + row.v end
  print(url:match("^%a+"), sum)
end`;

test("every database works in a folder with nothing in it but the script", () => {
  buildIfStale();
  writeFileSync(join(folder, "script.lua"), SCRIPT);
  const urls = ["sqlite::memory:", "sqlite://file.db", postgres?.url, mysql?.url].filter((url) => url !== undefined);
  const run = Bun.spawnSync([BINARY, "script.lua", ...urls], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  expect(run.stderr.toString()).toBe("");
  expect(run.stdout.toString().trimEnd().split("\n")).toEqual(urls.map((url) => `${url.split(":")[0]}\t42`));
  expect(run.exitCode).toBe(0);
}, 120_000);
