/**
 * Compiles the command line into one executable: `bun scripts/build.ts [--target bun-linux-arm64] [--outfile FILE]`.
 *
 * Code splitting keeps what a script does not use out of its start: each `import()` and each `require` of a feature
 * becomes a chunk of its own inside the executable (empty executable 3.4 ms; yaml and yargs in one bundle with the
 * entry 7 ms, in chunks 4.3 ms).
 */
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";

const root = join(import.meta.dir, "..");
/**
 * Those after the first are workers: each must be an entry point of its own to be in the executable. cli/checks/jq.ts and
 * builtins/db/sqlite.ts start them by their paths below the folder that all entry points have in common: this project's.
 */
const ENTRY_POINTS = ["cli/main.ts", "cli/checks/jq-worker.ts", "builtins/db/sqlite-worker.ts"];

const { values } = parseArgs({
  options: {
    /** A platform of Bun's, such as `bun-linux-arm64-musl`; this machine's own by default. */
    target: { type: "string" },
    outfile: { type: "string", default: join(root, "dist", "assay") },
    /** A Bun executable of the target platform to build into, instead of one downloaded. */
    "executable-path": { type: "string" },
  },
});

const outfile = resolve(values.outfile);
mkdirSync(dirname(outfile), { recursive: true });
// Built beside its final place, so that a running executable is replaced, not overwritten.
const temporary = `${outfile}.${process.pid}.tmp`;
const flags = [
  "--compile",
  "--minify",
  "--bytecode",
  "--splitting",
  "--format=esm",
  // Nothing is read from the directory that somebody happens to be in.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  `--define=ASSAY_BUILD=${JSON.stringify({ version, commit: commit() })}`,
  `--outfile=${temporary}`,
];
if (values.target !== undefined) flags.push(`--target=${values.target}`);
if (values["executable-path"] !== undefined) flags.push(`--compile-executable-path=${values["executable-path"]}`);

const build = Bun.spawnSync([process.execPath, "build", ...flags, ...ENTRY_POINTS], {
  cwd: root,
  stdout: "ignore",
  stderr: "pipe",
});
if (build.exitCode !== 0) {
  rmSync(temporary, { force: true });
  console.error(build.stderr.toString());
  process.exit(1);
}
chmodSync(temporary, 0o755);
if (values.target === undefined) checkPayload(temporary);
renameSync(temporary, outfile);
console.log(`${outfile.replace(`${root}/`, "")}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB`);

/** An executable that lost its payload is a plain Bun, which answers with its own version. */
function checkPayload(file: string): void {
  const run = Bun.spawnSync([file, "--version"], { stderr: "pipe" });
  if (run.exitCode === 0 && run.stdout.toString().startsWith(`assay ${version} `)) return;
  console.error(`error: ${file} --version says: ${run.stdout}${run.stderr}`);
  process.exit(1);
}

function commit(): string {
  if (process.env.ASSAY_COMMIT) return process.env.ASSAY_COMMIT;
  if (Bun.which("git") === null) return "unknown";
  const git = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { cwd: root, stderr: "ignore" });
  return git.exitCode === 0 ? git.stdout.toString().trim() : "unknown";
}
