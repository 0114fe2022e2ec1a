/** `npm run check`: types and lint. */
import { join } from "node:path";

const root = join(import.meta.dir, "..");
let failed = false;
for (const [name, file, ...args] of [
  ["types", "node_modules/typescript/bin/tsc", "--noEmit"],
  ["lint", "node_modules/@biomejs/biome/bin/biome", "check", "."],
] as const) {
  // With Bun as the interpreter: there may be no Node.
  const run = Bun.spawnSync([process.execPath, join(root, file), ...args], {
    cwd: root,
    stdout: "inherit",
    stderr: "inherit",
  });
  console.log(`${name}: ${run.exitCode === 0 ? "ok" : "failed"}`);
  failed ||= run.exitCode !== 0;
}
process.exit(failed ? 1 : 0);
