/** Whether dist/assay is older than what it is made of. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
export const BINARY = join(root, "dist", "assay");
const SOURCES = [
  "builtins",
  "cli",
  "interpreter",
  "stdlib",
  "scripts/build.ts",
  "scripts/bundle.ts",
  "scripts/executable.ts",
  "scripts/runtime.ts",
  "package.json",
  "bun.lock",
];

export function isStale(): boolean {
  let built: number;
  try {
    built = statSync(BINARY).mtimeMs;
  } catch {
    return true;
  }
  return SOURCES.some((source) => newest(join(root, source)) > built);
}

/** The latest change of a file, or of anything below a folder. */
function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

/** Builds the executable if it is stale. Ends the process when that fails. */
export function buildIfStale(): void {
  if (!isStale()) return;
  const build = Bun.spawnSync([process.execPath, join(root, "scripts", "build.ts")], {
    cwd: root,
    stdout: "inherit",
    stderr: "inherit",
  });
  if (build.exitCode !== 0) process.exit(build.exitCode);
}
