/** Imports point one way: cli uses builtins and stdlib, they use the interpreter, and it uses neither. */
import { expect, test } from "bun:test";
import { join, normalize } from "node:path";

const root = join(import.meta.dir, "..");
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  interpreter: ["interpreter"],
  builtins: ["builtins", "interpreter", "stdlib"],
  stdlib: ["stdlib"],
  cli: ["cli", "builtins", "interpreter", "stdlib"],
};

test("no import points against the layers", async () => {
  const wrong: string[] = [];
  for (const [layer, allowed] of Object.entries(MAY_USE)) {
    for await (const file of new Bun.Glob(`${layer}/**/*.ts`).scan(root)) {
      const source = await Bun.file(join(root, file)).text();
      for (const [, target] of source.matchAll(/(?:from|import|require)\s*\(?\s*"(\.[^"]+)"/g)) {
        const used = normalize(join(file, "..", target!));
        const top = used.split("/")[0]!;
        if (top !== "node_modules" && !allowed.includes(top)) wrong.push(`${file} imports ${used}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("the command line starts without what only some need", async () => {
  const source = await Bun.file(join(root, "cli", "main.ts")).text();
  const imported = [...source.matchAll(/^import (?!type)[^;]*?from "([^"]+)";/gm)].map(([, target]) => target);
  expect(imported.sort()).toEqual(["../builtins/output.ts", "./closed-output.ts", "./signals.ts", "./status.ts"]);
});

test("T19: only what tells the time of day reads the clock that can be set back", async () => {
  const found = new Set<string>();
  for (const layer of Object.keys(MAY_USE)) {
    for await (const file of new Bun.Glob(`${layer}/**/*.ts`).scan(root)) {
      if (/\bDate\.now\(\)|new Date\(\)/.test(await Bun.file(join(root, file)).text())) found.add(file);
    }
  }
  // Timestamps, `time()` and `os.time`, certificates and tokens, Retry-After, the Date header. Durations use performance.now.
  expect([...found].sort()).toEqual([
    "builtins/clock.ts",
    "builtins/crypto.ts",
    "builtins/http/client/perform.ts",
    "builtins/http/server/status.ts",
    "builtins/log.ts",
    "builtins/net.ts",
    "builtins/permissions/audit.ts",
    "cli/checks/connect.ts",
    "cli/checks/runner.ts",
    "interpreter/library/os.ts",
  ]);
});
