/**
 * Compiles the command line into one executable: `bun scripts/build.ts [--outfile FILE] [--profile] [--target
 * bun-linux-arm64 --executable-path BUN]`.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { bundleOptions, commit } from "./bundle.ts";
import { assayRuntime, keepThroughStrip } from "./runtime.ts";

const root = join(import.meta.dir, "..");
/** What is laid out to start well, the most common first. */
const PROFILED = {
  "hello.lua": 'print("hello")\n',
  "checks.yaml": 'checks: [{name: hello, type: script, script: "assert(true)"}]\n',
};

const { values } = parseArgs({
  options: {
    /** A platform of Bun's, such as `bun-linux-arm64-musl`; this machine's own by default. */
    target: { type: "string" },
    outfile: { type: "string", default: join(root, "dist", "assay") },
    /** A Bun executable of the target platform to build into; the one running this by default. */
    "executable-path": { type: "string" },
    /** Lays the bytecode out in the order in which starts need it, for releases: 2 MB less memory, for twice the time. */
    profile: { type: "boolean", default: false },
  },
});
if (values.target !== undefined && values["executable-path"] === undefined) {
  console.error("error: --target needs --executable-path, a Bun for that platform (scripts/release.ts fetches them)");
  process.exit(2);
}

const outfile = resolve(values.outfile);
// Built beside its final place, so that a running executable is replaced, not overwritten; and under a name that is
// always the same, since it is in the executable.
const folder = `${outfile}.${process.pid}.tmp`;
const temporary = join(folder, "assay");
const runtimeFile = join(folder, "runtime");
mkdirSync(folder, { recursive: true });
try {
  const order = values.profile ? await orderOfStarts() : [];
  const runtime = assayRuntime(readFileSync(values["executable-path"] ?? process.execPath));
  writeFileSync(runtimeFile, runtime, { mode: 0o755 });
  await compile(runtimeFile, values.target as Bun.Build.CompileTarget | undefined, order);
  const executable = readFileSync(temporary);
  keepThroughStrip(executable, runtime);
  writeFileSync(temporary, executable);
  chmodSync(temporary, 0o755);
  if (values.target === undefined) checkPayload(temporary);
  renameSync(temporary, outfile);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${outfile.replace(`${root}/`, "")}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB`);

async function compile(
  runtime: string,
  target: Bun.Build.CompileTarget | undefined,
  bytecodeOrder: string[],
): Promise<void> {
  await Bun.build({
    ...bundleOptions(commit()),
    bytecode: true,
    compile: {
      ...(target === undefined ? {} : { target }),
      ...(bytecodeOrder.length === 0 ? {} : { bytecodeOrder }),
      executablePath: runtime,
      outfile: temporary,
      // Nothing is read from the directory that somebody happens to be in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
}

/** Files with the order in which an executable for this machine uses its functions: always the same for the same sources. */
async function orderOfStarts(): Promise<string[]> {
  // The runtime as Bun made it: ours does not write such files.
  await compile(process.execPath, undefined, []);
  return Object.entries(PROFILED).map(([name, content]) => {
    const order = join(folder, `${name}.order`);
    writeFileSync(join(folder, name), content);
    const env = { BUN_BYTECODE_ORDER_OUT: order };
    const run = Bun.spawnSync([temporary, join(folder, name)], { env, stdout: "ignore", stderr: "pipe" });
    if (run.exitCode !== 0) throw new Error(`${name} failed: ${run.stderr}`);
    return order;
  });
}

/** An executable that lost its payload is a plain Bun, which answers with its own version. */
function checkPayload(file: string): void {
  const run = Bun.spawnSync([file, "--version"], { stderr: "pipe" });
  if (run.exitCode === 0 && run.stdout.toString().startsWith(`assay ${version} `)) return;
  throw new Error(`${file} --version says: ${run.stdout}${run.stderr}`);
}
