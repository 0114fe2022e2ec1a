/**
 * `npm run release`: the executables for all platforms, packed, with their checksums, the bill of materials and the notes,
 * in dist/release. `--target linux-x64,macos-arm64` makes only these.
 *
 * Bun's executables for other platforms come as npm packages; they are checked against the hashes in bun.lock and kept
 * in node_modules/.cache. What is made here can only be run for this platform; everything is inspected.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { version } from "../package.json";
import { commit } from "./bundle.ts";
import { faultsOf } from "./inspection.ts";
import { notices } from "./notices.ts";
import { TARGETS, type Target } from "./release-targets.ts";
import { lockedHashes, revisionTime, sbom } from "./sbom.ts";
import { tar } from "./tar.ts";

const root = join(import.meta.dir, "..");
const cache = join(root, "node_modules", ".cache", "assay-release");

/** The line that `sha256sum --check` and `shasum --check` understand. */
export function checksumLine(name: string, content: Uint8Array): string {
  return `${createHash("sha256").update(content).digest("hex")}  ${name}\n`;
}

/** What the change log says about a version, without its heading. */
export function changesOf(log: string, version: string): string {
  const [, ...sections] = log.split(/^(?=## \[)/m);
  const section = sections.find((one) => one.startsWith(`## [${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md has nothing about ${version}`);
  return `${section.slice(section.indexOf("\n")).trim()}\n`;
}

if (import.meta.main) await release();

async function release(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      out: { type: "string", default: join(root, "dist", "release") },
    },
  });
  const targets = chosen(values.target);
  const revision = commit();
  const time = revisionTime();
  if (isChanged()) console.error(`warning: the files here differ from commit ${revision}, which --version will name`);
  rmSync(values.out, { recursive: true, force: true });
  mkdirSync(values.out, { recursive: true });

  const beside = [
    { name: "LICENSE", content: readFileSync(join(root, "LICENSE")) },
    { name: "THIRD-PARTY-NOTICES.txt", content: Buffer.from(await notices()) },
    { name: "assay.1", content: readFileSync(join(root, "docs", "assay.1")) },
  ];
  let sums = "";
  const put = (name: string, content: Uint8Array) => {
    writeFileSync(join(values.out, name), content);
    sums += checksumLine(name, content);
    console.log(`${relative(root, join(values.out, name))}: ${(content.length / 1e6).toFixed(1)} MB`);
  };
  for (const target of targets) {
    const executable = compiled(target, revision);
    const folder = `assay-${version}-${target.name}`;
    const files = [
      { name: `${folder}/assay`, mode: 0o755, content: executable },
      ...beside.map(({ name, content }) => ({ name: `${folder}/${name}`, mode: 0o644, content })),
    ];
    put(`${folder}.tar.gz`, gzipSync(tar(files, Math.floor(time.getTime() / 1000)), { level: 9 }));
  }
  const bill = JSON.stringify(await sbom(revision, time), undefined, 2);
  put(`assay-${version}.cdx.json`, Buffer.from(`${bill}\n`));
  writeFileSync(join(values.out, "SHA256SUMS"), sums);
  const log = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  writeFileSync(join(values.out, "NOTES.md"), changesOf(log, version));
}

function chosen(names: string | undefined): readonly Target[] {
  if (names === undefined) return TARGETS;
  return names.split(",").map((name) => {
    const target = TARGETS.find((one) => one.name === name);
    if (target === undefined) fail(`no target "${name}"; there are ${TARGETS.map((one) => one.name).join(", ")}`);
    return target;
  });
}

/** The executable for a platform, inspected, and tried where it can run. */
function compiled(target: Target, revision: string): Buffer {
  const outfile = join(cache, `assay-${target.name}`);
  const build = Bun.spawnSync(
    [
      ...[process.execPath, join(root, "scripts", "build.ts"), "--profile", "--outfile", outfile],
      ...["--target", target.bunTarget, "--executable-path", runtimeFor(target)],
    ],
    { env: { ...process.env, ASSAY_COMMIT: revision }, stdout: "ignore", stderr: "inherit" },
  );
  if (build.exitCode !== 0) fail(`${target.name}: not built`);
  const executable = readFileSync(outfile);
  const faults = faultsOf(executable, target, version, revision);
  if (faults.length > 0) fail(`${target.name}: ${faults.join("; ")}`);
  if (isThisPlatform(target)) {
    const says = Bun.spawnSync([outfile, "--version"]).stdout.toString();
    if (!says.startsWith(`assay ${version} (${revision}, `)) fail(`${target.name}: --version says ${says}`);
  }
  rmSync(outfile);
  return executable;
}

function isThisPlatform({ name }: Target): boolean {
  const musl = existsSync("/lib/ld-musl-x86_64.so.1") && !existsSync("/lib64/ld-linux-x86-64.so.2") ? "-musl" : "";
  return name === `${process.platform === "darwin" ? "macos" : process.platform}-${process.arch}${musl}`;
}

/** Bun's executable for a platform, in the version that package.json pins and with the hash that bun.lock has. */
function runtimeFor({ bunPackage }: Target): string {
  const wanted = `${bunPackage}@${Bun.version}`;
  const hash = lockedHashes().get(wanted);
  if (hash === undefined) fail(`bun.lock does not know ${wanted}`);
  const folder = join(cache, wanted.replaceAll("/", "-"));
  const file = join(folder, "package", "bin", "bun");
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const pack = run(["npm", "pack", "--silent", "--pack-destination", folder, wanted], cache);
  const archive = join(folder, pack.trim().split("\n").at(-1)!);
  const content = readFileSync(archive);
  if (createHash("sha512").update(content).digest("hex") !== hash) fail(`${wanted} is not what bun.lock says`);
  run(["tar", "-xzf", archive, "-C", folder, "package/bin/bun"], folder);
  rmSync(archive);
  return file;
}

function run(command: string[], cwd: string): string {
  if (Bun.which(command[0]!) === null) fail(`${command[0]} is not installed`);
  const ran = Bun.spawnSync(command, { cwd, stderr: "inherit" });
  if (ran.exitCode !== 0) fail(`${command.join(" ")} failed`);
  return ran.stdout.toString();
}

function isChanged(): boolean {
  return Bun.which("git") !== null && Bun.spawnSync(["git", "diff", "--quiet", "HEAD"], { cwd: root }).exitCode === 1;
}

function fail(message: string): never {
  console.error(`error: ${message}`);
  process.exit(1);
}
