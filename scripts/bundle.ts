/** What goes into the executable: the entry points, and how the bundler is to treat them. */
import { join } from "node:path";
import type { BunPlugin } from "bun";
import { version } from "../package.json";

const root = join(import.meta.dir, "..");

/**
 * Those after the first are workers: each must be an entry point of its own to be in the executable. cli/checks/jq.ts and
 * builtins/db/sqlite.ts start them by their paths below the folder that all entry points have in common: this project's.
 */
const ENTRY_POINTS = ["cli/main.ts", "cli/checks/jq-worker.ts", "builtins/db/sqlite-worker.ts"];

/** The environment as libraries name it: `process.env`, and `node_process.env` after an import. */
const PROCESS_ENV = /\b(?:node_)?process\d*\.env\b/g;

/** Other places where libraries look around: file, what it says, and what it is to say. */
const REPLACEMENTS: readonly (readonly [file: string, from: string, to: string])[] = [
  // yargs takes settings from the package.json of the current directory, or of any folder above it.
  ["yargs/lib/platform-shims/esm.mjs", "findUp: escalade,", "findUp: () => undefined,"],
];

/**
 * Libraries see an environment without variables, and no files that nobody named. Otherwise `LOG_STREAM`, which may well
 * be set in a pod, makes `yaml` print its tokens to standard output, and `PGUSER` decides whom a script without that
 * permission connects as.
 */
const sealedLibraries: BunPlugin = {
  name: "sealed-libraries",
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await Bun.file(path).text();
      let sealed = source.replaceAll(PROCESS_ENV, "({})");
      for (const [file, from, to] of REPLACEMENTS) {
        if (!path.replaceAll("\\", "/").endsWith(`/node_modules/${file}`)) continue;
        if (!sealed.includes(from)) throw new Error(`${file} has changed: it does not say ${from}`);
        sealed = sealed.replace(from, to);
      }
      // Undefined: the bundler reads the file as it would have.
      return sealed === source ? undefined : { contents: sealed, loader: "js" };
    });
  },
};

/**
 * Options of `Bun.build` for everything but the executable itself.
 *
 * Code splitting keeps what a script does not use out of its start: each `import()` and each `require` of a feature
 * becomes a chunk of its own inside the executable.
 */
export function bundleOptions(commit: string): Bun.BuildConfig {
  return {
    entrypoints: ENTRY_POINTS.map((file) => join(root, file)),
    root,
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    metafile: true,
    define: {
      ASSAY_BUILD: JSON.stringify({ version, commit }),
      // Otherwise the folders that libraries lay in while building are in the executable, and looked into.
      __dirname: '""',
      __filename: '""',
    },
    plugins: [sealedLibraries],
  };
}

/** The revision being built: `ASSAY_COMMIT` where there is no repository, as in the image's build. */
export function commit(): string {
  if (process.env.ASSAY_COMMIT) return process.env.ASSAY_COMMIT;
  if (Bun.which("git") === null) return "unknown";
  const git = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { cwd: root, stderr: "ignore" });
  return git.exitCode === 0 ? git.stdout.toString().trim() : "unknown";
}
