import { afterAll, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { dependencies, devDependencies, version } from "../../package.json";
import { bundleOptions } from "../../scripts/bundle.ts";
import { MANPAGE, manpage } from "../../scripts/manpage.ts";
import { notices } from "../../scripts/notices.ts";
import { changesOf, checksumLine } from "../../scripts/release.ts";
import { TARGETS } from "../../scripts/release-targets.ts";
import { lockedHashes, sbom } from "../../scripts/sbom.ts";
import { tar } from "../../scripts/tar.ts";
import { temporaryFolder } from "../support/folder.ts";

const root = join(import.meta.dir, "..", "..");
const folder = temporaryFolder();
afterAll(() => folder.remove());

test("the bill of materials lists what is in the executable, each with its licence, and is the same each time", async () => {
  const time = new Date("2026-01-02T03:04:05.678Z");
  const bill = await sbom("abc", time);
  expect(bill).toEqual(await sbom("abc", time));
  expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  expect(bill.serialNumber).not.toBe((await sbom("abd", time)).serialNumber);
  expect(bill.metadata.timestamp).toBe("2026-01-02T03:04:05Z");

  const refs = bill.components.map((one) => one["bom-ref"]);
  expect(new Set(refs).size).toBe(refs.length);
  expect(bill.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs, bill.metadata.component["bom-ref"]].sort());
  for (const { dependsOn } of bill.dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
  for (const one of bill.components) {
    expect(one.licenses.length).toBe(1);
    expect(one.hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
  }
  // What package.json names is there, for why else would it be named; what is for development only is not.
  const direct = Object.entries(dependencies).map(
    ([name, version]) => `pkg:npm/${name.replace("@", "%40")}@${version}`,
  );
  for (const ref of [...direct, `pkg:npm/bun@${Bun.version}`]) expect(refs).toContain(ref);
  expect(refs.filter((ref) => /typescript|biome|fast-check|types/.test(ref))).toEqual([]);
});

test("the notices have a licence for each package", async () => {
  const text = await notices();
  for (const name of Object.keys(dependencies)) expect(text).toContain(`\n${name} `);
  expect(text).toContain(`bun ${Bun.version} (MIT)`);
  expect(text).not.toContain(root);
});

test("libraries in the executable read no environment variables, and no path of this machine is in it", async () => {
  const built = await Bun.build({ ...bundleOptions("abc"), minify: false });
  const own = await Array.fromAsync(new Bun.Glob("{builtins,cli,interpreter}/**/*.ts").scan(root));
  const wanted = new Set(own.flatMap((file) => variablesIn(readFileSync(join(root, file), "utf8"))));
  for (const output of built.outputs.filter(({ path }) => path.endsWith(".js"))) {
    const text = await output.text();
    expect(variablesIn(text).filter((name) => !wanted.has(name))).toEqual([]);
    expect(text.split("\n").filter((line) => line.includes(`"${root}`))).toEqual([]);
  }

  function variablesIn(text: string): string[] {
    return [...text.matchAll(/process\d*\.env\.(\w+)/g)].map((match) => match[1]!);
  }
});

test("Bun's executable for each target is in the lock file", () => {
  for (const { bunPackage } of TARGETS) expect(lockedHashes().has(`${bunPackage}@${Bun.version}`)).toBe(true);
});

test("an archive unpacks to what was put in, and is the same bytes each time", () => {
  const files = [
    { name: "assay-1/assay", mode: 0o755, content: Buffer.alloc(1000, "x") },
    { name: "assay-1/LICENSE", mode: 0o644, content: Buffer.from("free") },
    { name: "assay-1/empty", mode: 0o644, content: Buffer.alloc(0) },
    { name: "assay-1/block", mode: 0o644, content: Buffer.alloc(512, "y") },
  ];
  const archive = tar(files, 1_700_000_000);
  expect(tar(files, 1_700_000_000).equals(archive)).toBe(true);
  folder.write("a.tar.gz", gzipSync(archive));
  const unpack = Bun.spawnSync(["tar", "-xzf", "a.tar.gz"], { cwd: folder.path, stderr: "pipe" });
  expect(unpack.stderr.toString()).toBe("");
  for (const { name, mode, content } of files) {
    expect(readFileSync(folder.file(name)).equals(content)).toBe(true);
    const stat = statSync(folder.file(name));
    expect([stat.mode & 0o777, stat.mtimeMs]).toEqual([mode, 1_700_000_000_000]);
  }
  expect(() => tar([{ name: "x".repeat(101), mode: 0, content: Buffer.alloc(0) }], 0)).toThrow("too long a name");
});

test("checksums are those that the usual programs check", () => {
  folder.write("a", "abc");
  const line = checksumLine("a", Buffer.from("abc"));
  expect(line).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n");
  folder.write("SHA256SUMS", line);
  const program = ["sha256sum", "shasum"].find((name) => Bun.which(name) !== null);
  if (program === undefined) return;
  const check = Bun.spawnSync([program, ...(program === "shasum" ? ["-a", "256"] : []), "-c", "SHA256SUMS"], {
    cwd: folder.path,
  });
  expect(check.stdout.toString()).toBe("a: OK\n");
});

test("the manual page is that of the declarations (bun scripts/manpage.ts writes it)", () => {
  expect(readFileSync(MANPAGE, "utf8") === manpage()).toBe(true);
});

test("the change log has the version being built, and releases quote it", () => {
  const log = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  expect(changesOf(log, version).length).toBeGreaterThan(100);
  const other = "# Changes\n\n## [0.2.0] - 2027\n\n- b\n\n## [0.1.0] - 2026\n\n- a\n";
  expect(changesOf(other, "0.1.0")).toBe("- a\n");
  expect(changesOf(other, "0.2.0")).toBe("- b\n");
  expect(() => changesOf(other, "0.3.0")).toThrow("nothing about 0.3.0");
});

test("the image is built from the pinned Bun and named after this version", () => {
  const text = readFileSync(join(root, "Dockerfile"), "utf8");
  expect(text).toContain(`FROM oven/bun:${devDependencies.bun}-slim AS build`);
  expect(text).toContain(`ARG ASSAY_VERSION=${version}`);
  // Whoever runs it is nobody in particular, and gets nothing but the executable.
  const final = text.slice(text.lastIndexOf("FROM "));
  expect(final).toMatch(/^FROM gcr\.io\/distroless\/\S+:nonroot\n/);
  expect(final).toContain("USER 65532:65532");
  expect(final).toContain('ENTRYPOINT ["/usr/bin/assay"]');
  expect(final).not.toContain("RUN");
});

test("workflows use actions by commit", async () => {
  for (const file of await Array.fromAsync(new Bun.Glob(".github/workflows/*.yml").scan({ cwd: root, dot: true }))) {
    const uses = readFileSync(join(root, file), "utf8").match(/uses: .*/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  }
});
