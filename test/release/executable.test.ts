import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { version } from "../../package.json";
import { payloadOf, readExecutable } from "../../scripts/executable.ts";
import { faultsOf } from "../../scripts/inspection.ts";
import { TARGETS, type Target } from "../../scripts/release-targets.ts";
import { assayRuntime, IGNORED_VARIABLES } from "../../scripts/runtime.ts";
import { assay, BINARY } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const binary = readFileSync(BINARY);
const read = readExecutable(binary);
/** This machine's. */
const target = TARGETS.find(
  (one) => one.format === read.format && one.machine === read.machine && one.loader === read.loader,
) as Target;

describe("the executable built here", () => {
  test("is what a release would be", async () => {
    const commit = /\((\w+),/.exec((await assay(["--version"])).stdout)?.[1] ?? "";
    expect(target).toBeDefined();
    expect(faultsOf(binary, target, version, commit)).toEqual([]);
  });

  test("is not taken for another platform's, version's or commit's", () => {
    for (const other of TARGETS.filter((one) => one !== target).slice(-2)) {
      expect(faultsOf(binary, other, version, "")).not.toEqual([]);
    }
    expect(faultsOf(binary, target, "9.87.65", "no such commit")).toEqual([
      "it does not say 9.87.65",
      "it does not say no such commit",
    ]);
  });

  test("works as before after strip, which takes the program out of others that Bun compiled", async () => {
    if (Bun.which("strip") === null || read.format !== "elf") return;
    const stripped = folder.file("stripped");
    copyFileSync(BINARY, stripped);
    expect(Bun.spawnSync(["strip", stripped]).exitCode).toBe(0);
    const ran = Bun.spawnSync([stripped, "--version"]);
    expect(ran.stdout.toString()).toBe((await assay(["--version"])).stdout);
  });

  test.each([0.999, 0.9])("refuses to run when only %d of it is there", (share) => {
    const part = folder.file(`part-${share}`);
    writeFileSync(part, binary.subarray(0, Math.floor(binary.length * share)));
    chmodSync(part, 0o755);
    const ran = Bun.spawnSync([part, "--version"], { stderr: "pipe" });
    expect(ran.stdout.toString()).toBe("");
    expect(ran.exitCode).not.toBe(0);
    if (read.format === "elf") expect(ran.stderr.toString()).toContain("truncated");
  });
});

describe("other files", () => {
  const bun = readFileSync(process.execPath);

  test("Bun itself holds no program and heeds its variables", () => {
    expect(payloadOf(bun, readExecutable(bun))).toBeUndefined();
    const faults = faultsOf(bun, target, version, "");
    expect(faults).toContain("it holds no program: this is Bun itself");
    for (const name of Object.keys(IGNORED_VARIABLES)) {
      expect(faults).toContain(`heeds the environment variable ${name}`);
    }
  });

  test("a Bun without one of the names cannot be made safe", () => {
    expect(() => assayRuntime(Buffer.from("\0BUN_BE_BUN\0"))).toThrow("cannot make Bun ignore BUN_OPTIONS");
    expect(() => assayRuntime(assayRuntime(bun))).toThrow("cannot make Bun ignore BUN_BE_BUN");
  });

  test.each([
    ["nothing", Buffer.alloc(0), "neither an ELF nor a Mach-O executable"],
    ["a script", Buffer.from(`#!/usr/bin/assay\n${"-- \n".repeat(40)}`), "neither an ELF nor a Mach-O executable"],
    ["half an executable", bun.subarray(0, bun.length >> 1), "truncated: the section headers are missing"],
  ])("%s", (_, content, fault) => {
    if (read.format === "elf" || content.length < 1000) expect(faultsOf(content, target, version, "")).toEqual([fault]);
  });
});

describe("signatures of macOS", () => {
  const PAGE = 4096;
  const CODE = 3 * PAGE + 100;

  /** A Mach-O file with nothing but a signature over its first bytes. */
  function signedFile(): Buffer {
    const file = Buffer.alloc(CODE + 200);
    file.writeUInt32BE(0xcffaedfe, 0);
    file.writeUInt32LE(0x0100000c, 4);
    file.writeUInt32LE(1, 16);
    for (const [i, value] of [0x1d, 16, CODE, 200].entries()) file.writeUInt32LE(value, 32 + i * 4);
    for (const [i, value] of [0xfade0cc0, 200, 1, 0, 20].entries()) file.writeUInt32BE(value, CODE + i * 4);
    const directory = CODE + 20;
    file.writeUInt32BE(0xfade0c02, directory);
    file.writeUInt32BE(2, directory + 12);
    for (const [at, value] of [
      [16, 44],
      [28, 4],
      [32, CODE],
    ] as const) {
      file.writeUInt32BE(value, directory + at);
    }
    file.writeUInt8(32, directory + 36);
    file.writeUInt8(12, directory + 39);
    for (let page = 0; page < 4; page++) {
      const content = file.subarray(page * PAGE, Math.min((page + 1) * PAGE, CODE));
      createHash("sha256")
        .update(content)
        .digest()
        .copy(file, directory + 44 + page * 32);
    }
    return file;
  }

  test("one for these bytes is valid", () => {
    expect(readExecutable(signedFile()).signature).toEqual({ adHoc: true, valid: true });
  });

  test.each([40, PAGE, CODE - 1])("one for a file that differs at byte %d is not", (at) => {
    const file = signedFile();
    file[at] = file[at]! ^ 1;
    if (at === 40) file.writeUInt32LE(CODE, 40);
    file[at + 20] = file[at + 20]! ^ 1;
    expect(readExecutable(file).signature?.valid ?? false).toBe(false);
  });
});
