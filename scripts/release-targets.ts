/** The platforms that releases are built for. */
import type { Machine } from "./executable.ts";

export interface Target {
  /** As in the names of the archives: `linux-x64-musl`. */
  readonly name: string;
  readonly format: "elf" | "mach-o";
  readonly machine: Machine;
  /** As Bun calls it. */
  readonly bunTarget: string;
  /** The npm package with Bun's executable for it, of the version that package.json pins. */
  readonly bunPackage: string;
  /** Linux: what loads the executable, by the System V ABI or by musl. */
  readonly loader?: string;
}

/**
 * Bun's executables for x64 need what processors have had since 2008 (SSE 4.2, x86-64-v2) and find out the rest when
 * they start; the packages named `baseline` hold the same bytes.
 */
export const TARGETS: readonly Target[] = [
  linux("x64", "glibc", "/lib64/ld-linux-x86-64.so.2"),
  linux("arm64", "glibc", "/lib/ld-linux-aarch64.so.1"),
  linux("x64", "musl", "/lib/ld-musl-x86_64.so.1"),
  linux("arm64", "musl", "/lib/ld-musl-aarch64.so.1"),
  macos("arm64"),
  macos("x64"),
];

function linux(machine: Machine, libc: "glibc" | "musl", loader: string): Target {
  const suffix = libc === "musl" ? "-musl" : "";
  return {
    name: `linux-${machine}${suffix}`,
    format: "elf",
    machine,
    bunTarget: `bun-linux-${machine}${suffix}`,
    bunPackage: `@oven/bun-linux-${packaged(machine)}${suffix}`,
    loader,
  };
}

function macos(machine: Machine): Target {
  return {
    name: `macos-${machine}`,
    format: "mach-o",
    machine,
    bunTarget: `bun-darwin-${machine}`,
    bunPackage: `@oven/bun-darwin-${packaged(machine)}`,
  };
}

function packaged(machine: Machine): string {
  return machine === "arm64" ? "aarch64" : machine;
}
