/**
 * What `npm run X` starts, on a machine that has only Node's npm or only Bun: makes sure that the pinned Bun and the
 * locked dependencies are installed, then runs scripts/X.ts with that Bun. Plain JavaScript, because Node may be all
 * there is at this point.
 *
 * The postinstall script of the `bun` package is not relied on (npm's policy may block install scripts): the
 * executable is taken from the platform package that it would have linked to.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const bunVersion = wanted.devDependencies.bun;

const [task, ...args] = process.argv.slice(2);
if (task === undefined || !existsSync(join(root, "scripts", `${task}.ts`))) {
  console.error(`error: no such task "${task ?? ""}"`);
  process.exit(2);
}
if (!installed()) install();
run(findBun(), [join(root, "scripts", `${task}.ts`), ...args]);

/** Whether every package that package.json names is there in the version it names. */
function installed() {
  if (findBun() === undefined) return false;
  return Object.entries({ ...wanted.dependencies, ...wanted.devDependencies }).every(([name, version]) => {
    const file = join(modules, name, "package.json");
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
}

function install() {
  if (findBun() === undefined) {
    // Exact versions of the direct dependencies; Bun then settles the rest as bun.lock says.
    const npm = process.env.npm_execpath;
    const flags = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    if (npm?.endsWith(".js")) run(process.execPath, [npm, ...flags]);
    else run("npm", flags);
  }
  const bun = findBun();
  if (bun === undefined) {
    console.error(`error: no Bun ${bunVersion} for ${process.platform} ${process.arch} among the installed packages`);
    process.exit(1);
  }
  run(bun, ["install", "--frozen-lockfile", "--ignore-scripts"]);
}

/** The pinned Bun's executable: the one running this, or the installed one, linked by the postinstall script or not. */
function findBun() {
  if (process.versions.bun === bunVersion) return process.execPath;
  const scope = join(modules, "@oven");
  const platforms = existsSync(scope) ? readdirSync(scope) : [];
  const candidates = [
    join(modules, "bun", "bin", "bun.exe"),
    ...platforms.map((name) => join(scope, name, "bin", "bun")),
  ];
  return candidates.find((file) => existsSync(file) && version(file) === bunVersion);
}

function version(file) {
  return spawnSync(file, ["--version"], { encoding: "utf8" }).stdout?.trim();
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (result.error !== undefined) console.error(`error: ${command}: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}
