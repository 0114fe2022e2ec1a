/** Whether an executable is what it should be, also where it cannot run. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { INSIDE } from "../builtins/worker-program.ts";
import { payloadOf, readExecutable } from "./executable.ts";
import type { Target } from "./release-targets.ts";
import { IGNORED_VARIABLES } from "./runtime.ts";

/** The oldest glibc that the executables for Linux must do with. */
const GLIBC = [2, 17] as const;
const PARTS = ["assay", "cli/checks/jq-worker.js", "builtins/db/sqlite-worker.js"];

/** What is wrong with an executable for a platform; an empty list when nothing is. */
export function faultsOf(file: Buffer, target: Target, version: string, commit: string): string[] {
  let executable: ReturnType<typeof readExecutable>;
  try {
    executable = readExecutable(file);
  } catch (error) {
    return [(error as Error).message];
  }
  const faults: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) faults.push(`${what}: ${String(found)} instead of ${String(wanted)}`);
  };
  expect("format", executable.format, target.format);
  expect("processor", executable.machine, target.machine);
  if (target.format === "elf") expect("loader", executable.loader, target.loader);
  if (executable.glibc !== undefined && !isAtMost(executable.glibc, GLIBC)) {
    faults.push(`needs glibc ${executable.glibc}, newer than ${GLIBC.join(".")}`);
  }
  if (target.format === "mach-o" && target.machine === "arm64") {
    expect("a signature", executable.signature !== undefined, true);
    expect("a signature for these bytes", executable.signature?.valid, true);
  }
  // Without a signature an Intel Mac runs it, with one for other bytes it does not.
  if (executable.signature !== undefined) expect("its signature is valid", executable.signature.valid, true);
  const payload = payloadOf(file, executable);
  const payloadAt = payload === undefined ? file.length : payload.byteOffset - file.byteOffset;
  for (const name of Object.keys(IGNORED_VARIABLES)) {
    const at = file.indexOf(`\0${name}\0`, 0, "latin1");
    if (at >= 0 && at < payloadAt) faults.push(`heeds the environment variable ${name}`);
  }
  if (payload === undefined) return [...faults, "it holds no program: this is Bun itself"];
  for (const part of PARTS) if (!payload.includes(INSIDE + part)) faults.push(`${part} is missing in it`);
  for (const module of embeddedModules()) {
    if (!payload.includes(`${INSIDE}${module}-`)) faults.push(`the module ${module} is missing in it`);
  }
  for (const text of [version, commit]) if (!payload.includes(text)) faults.push(`it does not say ${text}`);
  return faults;
}

function isAtMost(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor <= minor);
}

function embeddedModules(): string[] {
  const files = readdirSync(join(import.meta.dir, "..", "stdlib"));
  return files.filter((name) => name.endsWith(".lua")).map((name) => name.slice(0, -4));
}
