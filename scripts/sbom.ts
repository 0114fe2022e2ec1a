/**
 * The software bill of materials: what is in the executable, as CycloneDX 1.6 JSON (ECMA-424). Packages are those that
 * the bundler took something from, with versions and hashes as bun.lock has them, and the Bun around them.
 *
 * `bun scripts/sbom.ts` prints it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { description, license, version } from "../package.json";
import { bundleOptions, commit } from "./bundle.ts";

const root = join(import.meta.dir, "..");

interface Component {
  readonly type: "application" | "library" | "platform";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly scope?: "required";
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses: readonly Licence[];
  readonly purl?: string;
  readonly pedigree?: { readonly notes: string };
  readonly components?: readonly Component[];
}

type Licence =
  | { readonly license: { readonly id: string } | { readonly name: string } }
  | { readonly expression: string };

export interface Bom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: {
    readonly timestamp: string;
    readonly lifecycles: readonly { readonly phase: "build" }[];
    readonly component: Component;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** A package as it is installed. */
export interface Package {
  /** Below this project, such as `node_modules/cliui/node_modules/string-width`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  readonly dependencies: readonly string[];
}

/** The bill of one revision; `time` is when that was made. */
export async function sbom(revision: string, time: Date): Promise<Bom> {
  const packages = await bundledPackages();
  // One that is installed in several folders is listed once.
  const distinct = packages.filter((one, i) => i === packages.findIndex((other) => purl(other) === purl(one)));
  const hashes = lockedHashes();
  const bun = runtime(hashes);
  const self = `pkg:generic/assay@${version}`;
  const direct = packages.filter(({ folder }) => folder.split("node_modules/").length === 2);
  const wanted = Object.keys(readJson<{ dependencies: object }>(join(root, "package.json")).dependencies);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`assay ${version} ${revision} ${time.toISOString()}`)}`,
    version: 1,
    metadata: {
      timestamp: time.toISOString().replace(/\.\d+Z$/, "Z"),
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": self,
        name: "assay",
        version,
        description,
        licenses: licences(license),
        pedigree: { notes: `built from commit ${revision}` },
      },
    },
    components: [bun, ...distinct.map((one) => component(one, hashes))],
    dependencies: [
      {
        ref: self,
        dependsOn: [bun["bom-ref"], ...direct.filter(({ name }) => wanted.includes(name)).map(purl)].sort(),
      },
      { ref: bun["bom-ref"], dependsOn: [] },
      ...distinct.map((one) => ({ ref: purl(one), dependsOn: dependenciesOf(one, packages).map(purl).sort() })),
    ],
  };
}

/** The packages of which the executable has a part, by name. */
export async function bundledPackages(): Promise<Package[]> {
  const { metafile } = await Bun.build(bundleOptions(""));
  const outputs = Object.values(metafile?.outputs ?? {});
  const files = outputs.flatMap(({ inputs }) => Object.keys(inputs).filter((file) => inputs[file]!.bytesInOutput > 0));
  const folders = new Set(files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]));
  folders.delete(undefined);
  return [...(folders as Set<string>)]
    .map(readPackage)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

function readPackage(folder: string): Package {
  const file = join(root, folder, "package.json");
  const json = readJson<{ name: string; version: string; license?: string; dependencies?: object }>(file);
  if (typeof json.license !== "string") throw new Error(`${json.name} does not say its licence`);
  return {
    folder,
    name: json.name,
    version: json.version,
    license: json.license,
    dependencies: Object.keys(json.dependencies ?? {}),
  };
}

/** Those of a package's dependencies that are in the executable: each the nearest, as it was resolved. */
function dependenciesOf(one: Package, packages: readonly Package[]): Package[] {
  return one.dependencies.flatMap((name) => {
    for (let folder = one.folder; ; folder = dirname(folder)) {
      const nearest = join(folder, "node_modules", name);
      const found = packages.find((candidate) => candidate.folder === nearest);
      if (found !== undefined) return [found];
      if (folder === "." || existsSync(join(root, nearest))) return [];
    }
  });
}

/** What bun.lock says the archives of packages hash to: SHA-512 in hex, by `name@version`. */
export function lockedHashes(): ReadonlyMap<string, string> {
  const lock = Bun.JSONC.parse(readFileSync(join(root, "bun.lock"), "utf8")) as {
    packages: Record<string, readonly unknown[]>;
  };
  return new Map(
    Object.values(lock.packages).flatMap((entry) => {
      const integrity = entry.findLast((one): one is string => typeof one === "string" && one.startsWith("sha512-"));
      return integrity === undefined
        ? []
        : [[entry[0] as string, Buffer.from(integrity.slice(7), "base64").toString("hex")]];
    }),
  );
}

function component(one: Package, hashes: ReadonlyMap<string, string>): Component {
  const slash = one.name.indexOf("/");
  const hash = hashes.get(`${one.name}@${one.version}`);
  if (hash === undefined) throw new Error(`bun.lock does not know ${one.name}@${one.version}`);
  const parts = CONTAINED[one.name];
  return {
    type: "library",
    "bom-ref": purl(one),
    ...(slash < 0 ? {} : { group: one.name.slice(0, slash) }),
    name: one.name.slice(slash + 1),
    version: one.version,
    scope: "required",
    hashes: [{ alg: "SHA-512", content: hash }],
    licenses: licences(one.license),
    purl: purl(one),
    ...(parts === undefined ? {} : { components: parts.map((part) => contained(purl(one), part)) }),
  };
}

/** https://github.com/package-url/purl-spec */
function purl({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

interface Part {
  readonly name: string;
  readonly version?: string;
  readonly license: string;
}

/** Programs in other languages that packages contain, compiled to WebAssembly. */
const CONTAINED: Readonly<Record<string, readonly Part[]>> = {
  "jq-wasm": [
    { name: "jq", license: "MIT" },
    { name: "oniguruma", license: "BSD-2-Clause" },
  ],
  "sql.js": [{ name: "sqlite", license: "blessing" }],
};

/** Libraries linked into Bun, by the names of `process.versions`, with their licences as Bun's LICENSE.md names them. */
const LINKED: Readonly<Record<string, string>> = {
  webkit: "LGPL-2.1-or-later AND BSD-2-Clause",
  ares: "MIT",
  boringssl: "licences of BoringSSL (Apache-2.0, ISC and others)",
  icu: "Unicode-3.0",
  libarchive: "licences of libarchive (BSD-2-Clause and others)",
  libdeflate: "MIT",
  llhttp: "MIT",
  lolhtml: "BSD-3-Clause",
  lshpack: "MIT",
  mimalloc: "MIT",
  picohttpparser: "MIT OR Artistic-1.0-Perl",
  sqlite: "blessing",
  tinycc: "LGPL-2.1-only",
  usockets: "Apache-2.0",
  uwebsockets: "Apache-2.0",
  zlib: "Zlib",
  zstd: "BSD-3-Clause OR GPL-2.0-only",
};

/** Names of `process.versions` that stand for what Bun is compatible with, or is made with. */
const NOT_LINKED = ["bun", "modules", "napi", "node", "openssl", "typescript", "unicode", "uv", "v8", "zig"];

/** Bun, with its libraries in the versions of the one running this: the one that package.json pins. */
function runtime(hashes: ReadonlyMap<string, string>): Component {
  const bun = { name: "bun", version: Bun.version };
  const hash = hashes.get(`bun@${Bun.version}`);
  if (hash === undefined) throw new Error(`bun.lock has another version of Bun than ${Bun.version}, which runs this`);
  const linked = Object.entries(process.versions).filter(([name]) => !NOT_LINKED.includes(name));
  return {
    type: "platform",
    "bom-ref": purl(bun),
    ...bun,
    description: "JavaScript runtime that the program is compiled into",
    scope: "required",
    hashes: [{ alg: "SHA-512", content: hash }],
    licenses: licences("MIT"),
    purl: purl(bun),
    pedigree: {
      notes: "names of environment variables that would change what it runs are emptied: scripts/runtime.ts",
    },
    components: linked.map(([name, version]) => {
      const license = LINKED[name];
      if (license === undefined) throw new Error(`Bun contains ${name}, whose licence scripts/sbom.ts does not know`);
      return contained(purl(bun), { name, version, license });
    }),
  };
}

function contained(parent: string, part: Part): Component {
  return {
    type: "library",
    "bom-ref": `${parent}#${part.name}`,
    name: part.name,
    ...(part.version === undefined ? {} : { version: part.version }),
    licenses: licences(part.license),
  };
}

/** An SPDX identifier, an SPDX expression, or words. */
function licences(text: string): Licence[] {
  if (/^[\w.+-]+$/.test(text)) return [{ license: { id: text } }];
  if (/^[\w.+-]+( (AND|OR) [\w.+-]+)+$/.test(text)) return [{ expression: text }];
  return [{ license: { name: text } }];
}

/** A UUID that is always the same for the same text (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

/** When the revision being built was made: the same whenever it is built. `SOURCE_DATE_EPOCH` where there is no repository. */
export function revisionTime(): Date {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return new Date(Number(given) * 1000);
  const git =
    Bun.which("git") === null ? undefined : Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: root });
  const seconds = git?.exitCode === 0 ? Number(git.stdout.toString()) : Math.floor(Date.now() / 1000);
  return new Date(seconds * 1000);
}

if (import.meta.main) console.log(JSON.stringify(await sbom(commit(), revisionTime()), undefined, 2));
