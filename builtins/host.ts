/**
 * What a virtual machine may touch outside itself: the process as its builtins see it. Every builtin that reaches
 * outside goes through the host of the running machine, so that permissions, masking and clean-up live in one place.
 */
import { state } from "../interpreter/state.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import { Permissions } from "./permissions.ts";

/** Something opened by a script that must be closed when the script ends. */
export interface Resource {
  close(): void | Promise<void>;
  /** Closed after all others, which may use it still. */
  readonly last?: boolean;
}

/** How long closing everything may take in all; who is on the other side may not answer. */
const CLOSE_MS = 5000;

export interface HostSettings {
  /** Folder that `require` and relative module lookups start from; the script's own folder. */
  scriptFolder?: string;
  /** Environment variables that override the process's (a check's `env:`). */
  env?: Record<string, string>;
  permissions?: Permissions;
  logLevel?: LogLevel;
  /** `auto`: text on a terminal, JSON lines otherwise. */
  logFormat?: "auto" | "text" | "json";
  /** Values to be masked in every output. */
  secrets?: readonly string[];
  /** Where `print` writes; standard output by default. Given bytes as a byte string. */
  stdout?: (bytes: string) => void;
  /** Where the log goes; standard error by default. Given one complete line of text. */
  logSink?: (line: string) => void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export class Host {
  readonly permissions: Permissions;
  /** Opened and not yet closed, in order of opening. */
  readonly resources = new Set<Resource>();
  /** Set when a spawned task failed and nobody awaited it: the exit status becomes 1. */
  unhandledFailure = false;

  constructor(readonly settings: HostSettings = {}) {
    this.permissions = settings.permissions ?? Permissions.all();
  }

  /** An environment variable as the script may see it. */
  env(key: string): string | undefined {
    const override = this.settings.env;
    if (override !== undefined && Object.hasOwn(override, key)) return override[key];
    // Names such as `constructor` are not variables unless somebody set them.
    return Object.hasOwn(process.env, key) ? process.env[key] : undefined;
  }

  /** Closes what the script left open, all at once. Failures to close are not the script's concern. */
  async closeResources(): Promise<void> {
    const open = [...this.resources].reverse();
    this.resources.clear();
    if (open.length === 0) return;
    const closing = closeAll(open.filter((one) => one.last !== true)).then(() =>
      closeAll(open.filter((one) => one.last === true)),
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise((done) => {
      timer = setTimeout(done, CLOSE_MS);
    });
    await Promise.race([closing, enough]);
    clearTimeout(timer);
  }
}

async function closeAll(resources: readonly Resource[]): Promise<void> {
  await Promise.all(
    resources.map(async (resource) => {
      try {
        await resource.close();
      } catch {
        // The other side may be gone already.
      }
    }),
  );
}

/** The host of the virtual machine that is running. */
export function host(): Host {
  return state.vm.host as Host;
}

export function hostOf(vm: VirtualMachine): Host {
  return vm.host as Host;
}
