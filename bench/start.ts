/**
 * What a start costs, and what the executable and the image weigh: `bun bench/start.ts [--rounds 60] [--no-image] [--write]`.
 *
 * Runs `assay hello.lua` and its peers in turns, so that all of them meet the same disturbances, and prints a table, which
 * `--write` puts into the README. Peak memory needs GNU time, the image's root file system Debian (its packages are what
 * the distroless base is made of). Peers that are not installed are left out.
 */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync, constants as zlib, zstdCompressSync } from "node:zlib";
import { type Entry, tar } from "../scripts/tar.ts";

const README = join(import.meta.dir, "..", "README.md");
const BEGIN = /<!-- start: [^>]*-->\n/;
const END = "<!-- end of start -->";

/** What the distroless image "base-nossl" consists of. */
const BASE_PACKAGES = ["base-files", "libc6", "netbase", "tzdata"];
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "60" },
    write: { type: "boolean", default: false },
    image: { type: "boolean", default: true },
  },
  allowNegative: true,
});

interface Peer {
  readonly name: string;
  readonly command: readonly string[];
  /** What must be there to run it, in bytes. */
  readonly size: number;
}

interface Cost {
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
}

const folder = mkdtempSync(join(tmpdir(), "assay-start-"));
const binary = join(folder, "assay");
try {
  buildForRelease();
  const peers = makePeers();
  const costs = measure(peers, Number(values.rounds));
  const text = `${startTable(peers, costs)}${values.image ? `\n${imageTable()}` : ""}`;
  console.log(text);
  if (values.write) write(text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function buildForRelease(): void {
  const build = join(import.meta.dir, "..", "scripts", "build.ts");
  const run = Bun.spawnSync([process.execPath, build, "--profile", "--outfile", binary], { stderr: "inherit" });
  if (run.exitCode !== 0) throw new Error("assay was not compiled");
}

function makePeers(): Peer[] {
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const hello = file("hello.lua", 'print("hello")\n');
  const script = file("hello.js", 'console.log("hello")\n');
  const bare = join(folder, "bare");
  const build = Bun.spawnSync(
    [process.execPath, "build", "--compile", "--bytecode", "--minify", file("empty.ts", ""), `--outfile=${bare}`],
    { stdout: "ignore", stderr: "inherit" },
  );
  if (build.exitCode !== 0) throw new Error("the empty program was not compiled");
  const peers: Peer[] = [
    { name: "`assay hello.lua`", command: [binary, hello], size: statSync(binary).size },
    { name: "Bun: an empty program, compiled", command: [bare], size: statSync(bare).size },
    { name: "`bun hello.js`", command: [process.execPath, script], size: statSync(process.execPath).size },
  ];
  const add = (title: string, program: string, source: string, more: (path: string) => number = () => 0) => {
    const found = Bun.which(program);
    if (found === null) return;
    const path = interpreterOf(found);
    peers.push({ name: title, command: [path, source], size: statSync(realpathSync(path)).size + more(path) });
  };
  add("`node hello.js`", "node", script);
  add("`python3 hello.py`", "python3", file("hello.py", 'print("hello")\n'), (path) => {
    const library = Bun.spawnSync([path, "-c", "import os; print(os.path.dirname(os.__file__))"]);
    return folderSize(library.stdout.toString().trim());
  });
  add("`lua5.4 hello.lua`", "lua5.4", hello);
  return peers;
}

/** The program itself, where a version manager has put a script under its name. */
function interpreterOf(path: string): string {
  if (!path.endsWith("python3")) return path;
  return Bun.spawnSync([path, "-c", "import sys; print(sys.executable)"]).stdout.toString().trim();
}

/** Without what was installed into a language's own folder, and without its tests. */
function folderSize(path: string): number {
  let size = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (/^((site|dist)-packages|test)$/.test(entry.name)) continue;
    const inner = join(path, entry.name);
    if (entry.isDirectory()) size += folderSize(inner);
    else if (entry.isFile()) size += statSync(inner).size;
  }
  return size;
}

function measure(peers: readonly Peer[], rounds: number): Cost[][] {
  const costs: Cost[][] = peers.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, { command }] of peers.entries()) {
      const begin = performance.now();
      const run = Bun.spawnSync([...command], { stdout: "ignore", stderr: "ignore" });
      const wall = performance.now() - begin;
      if (run.exitCode !== 0) throw new Error(`${command.join(" ")} failed`);
      // The first round fills caches.
      if (round >= 0) costs[i]!.push({ wall, cpu: Number(run.resourceUsage.cpuTime.total) / 1000 });
    }
  }
  return costs;
}

/**
 * Peak resident memory in MB: the median of five runs. Measured by a small program, because a process counts what the one
 * that started it had.
 */
function peakMemory({ command }: Peer): number | undefined {
  const time = Bun.which("time");
  if (time === null) return undefined;
  const peaks = Array.from({ length: 5 }, () => {
    const run = Bun.spawnSync([time, "-f", "%M", ...command], { stdout: "ignore", stderr: "pipe" });
    return Number(run.stderr.toString().trim()) / 1024;
  });
  return peaks.sort((a, b) => a - b)[2];
}

function startTable(peers: readonly Peer[], costs: readonly Cost[][]): string {
  const rows = peers.map((peer, i) => {
    const wall = costs[i]!.map((cost) => cost.wall).sort((a, b) => a - b);
    const cpu = costs[i]!.map((cost) => cost.cpu).sort((a, b) => a - b);
    const memory = peakMemory(peer);
    const cells = [
      peer.name,
      ...[wall[0]!, median(wall), median(cpu)].map((value) => value.toFixed(1)),
      memory === undefined ? "?" : memory.toFixed(1),
      (peer.size / 1e6).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const machine = `${process.platform} ${process.arch}, ${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores`;
  return `| | start, fastest (ms) | start, median (ms) | processor time, median (ms) | peak memory (MB) | on disk (MB) |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join("\n")}

${values.rounds} rounds in turns on ${machine}, from \`fork\` to exit.
`;
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)]!;
}

function imageTable(): string {
  const base = baseEntries();
  if (base === undefined) return "The image was not measured: this needs Debian.\n";
  // Each is a layer of the image, compressed on its own.
  const layers = [base, [{ name: "usr/bin/assay", mode: 0o755, content: readFileSync(binary) }]].map((entries) => {
    const archive = tar(entries, 0);
    const zstd = zstdCompressSync(archive, { params: { [zlib.ZSTD_c_compressionLevel]: 19 } });
    return [archive.length, gzipSync(archive, { level: 6 }).length, zstd.length];
  });
  const image = [0, 1, 2].map((i) => layers[0]![i]! + layers[1]![i]!);
  const names = ["base: C library, time zones, certificates", "`assay`", "both: the image"];
  const rows = [...layers, image].map(
    (sizes, i) => `| ${[names[i], ...sizes.map((size) => (size / 1e6).toFixed(1))].join(" | ")} |`,
  );
  return `| image's root file system | as it is (MB) | gzip (MB) | zstd -19 (MB) |
| --- | ---: | ---: | ---: |
${rows.join("\n")}
`;
}

/** The files of the base image, from the packages installed here; undefined elsewhere than on Debian. */
function baseEntries(): Entry[] | undefined {
  if (Bun.which("dpkg") === null) return undefined;
  const list = Bun.spawnSync(["dpkg", "-L", ...BASE_PACKAGES]);
  if (list.exitCode !== 0) return undefined;
  const files = list.stdout
    .toString()
    .split("\n")
    .filter((path) => path.startsWith("/"));
  const entries = new Map<string, Entry>();
  for (const path of [...files, CERTIFICATES]) {
    const stat = statSync(path, { throwIfNoEntry: false });
    // The archive is for its size: links, and the few names that are too long for it, do not matter.
    if (stat === undefined || !stat.isFile() || path.length > 100 || realpathSync(dirname(path)) !== dirname(path))
      continue;
    entries.set(path, { name: path.slice(1), mode: stat.mode & 0o777, content: readFileSync(path) });
  }
  return [...entries.values()];
}

function write(text: string): void {
  const now = readFileSync(README, "utf8");
  const begin = BEGIN.exec(now);
  const end = now.indexOf(END);
  if (begin === null || end < 0) throw new Error("the README lacks the marks of these tables");
  writeFileSync(README, `${now.slice(0, begin.index + begin[0].length)}\n${text}\n${now.slice(end)}`);
}
