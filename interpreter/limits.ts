/** The limits of a virtual machine, and the accounting that keeps it within its memory. */
import { collectGarbage } from "./collector.ts";
import { LuaError } from "./error.ts";
import { debt, installAlarm, installReserve } from "./memory.ts";
import { clearDeadLocals, runningStack } from "./stack.ts";
import { NATIVE_WINDOW, state } from "./state.ts";
import type { VirtualMachine } from "./vm.ts";

export interface Limits {
  /** Live Lua data, in bytes. */
  memoryBytes: number;
  /** Wall time of the whole script in milliseconds, Infinity for none. */
  timeoutMs: number;
}

export const NO_LIMITS: Limits = { memoryBytes: Infinity, timeoutMs: Infinity };

/** Allocations of so many bytes take their time. */
const LARGE = 1 << 20;
/** Garbage that may gather before weak tables and finalizers are looked at, if there are any. */
const COLLECT_AFTER = 32 << 20;
/** What the engine's heap may hold beyond its size at the start, for each byte of the limit, and a constant part. */
const HEAP_FACTOR = 3;
const HEAP_ALLOWANCE = 160 << 20;
/** What it may hold of that before the engine is told to collect. */
const HEAP_EASE = 32 << 20;

let baseHeap = 0;

/** The engine's own figures and collector, which short scripts need not load (0.3 ms). */
function engine(): typeof import("bun:jsc") {
  return require("bun:jsc") as typeof import("bun:jsc");
}

/** The virtual machines that have tasks. */
export const runningMachines = new Set<VirtualMachine>();

/** A machine has tasks. What the heap held before the first of those that run did is not theirs. */
export function machineRuns(vm: VirtualMachine): void {
  if (!vm.memory.hasRun && runningMachines.size === 0) baseHeap = process.memoryUsage().heapUsed;
  vm.memory.hasRun = true;
  runningMachines.add(vm);
}

/** Memory accounting of one virtual machine. */
export class Memory {
  /** Live bytes at the last census. */
  private live = 0;
  /** What has been charged since, while the machine is not running (`debt.bytes` while it is). */
  private owed = 0;
  /** What native code holds for it. */
  private held = 0;
  /** Next size of live data and debt at which a census is due. */
  private due: number;
  /** Whether the machine has had a task. */
  hasRun = false;

  /** The engine's heap when it was last relieved. */
  private relieved = baseHeap;

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
  ) {
    this.due = Math.min(limit, COLLECT_AFTER * 8);
  }

  /** The machine begins or stops running: its debt is the one that is charged. */
  enter(): void {
    debt.bytes = this.owed;
    debt.limit = this.due - this.live;
  }
  leave(): void {
    this.owed = debt.bytes;
  }

  /** The accounted size, in bytes: live data at the last census, and what has been allocated since. */
  bytes(): number {
    return this.live + debt.bytes;
  }

  /** At a look around: a census when one is due; raises `not enough memory` when live data exceed the limit. */
  check(): void {
    if (this.live + debt.bytes >= this.due) this.census(0);
    else if (this.vm.finalizers.isWanted && this.running && debt.bytes > COLLECT_AFTER + this.live) this.census(0);
    debt.limit = this.due - this.live;
  }

  /** Before an allocation of `bytes`: raises `not enough memory` if it would pass the limit. */
  reserve(bytes: number): void {
    // Few operations that each take long pass the deadline between two looks around.
    if (bytes > LARGE) this.vm.checkStop();
    const wanted = this.held + bytes;
    if (this.live + debt.bytes + wanted < this.due) return;
    if (wanted > this.limit) throw new LuaError("not enough memory");
    this.census(wanted);
  }

  /**
   * Native code holds `bytes` more for the machine that are not Lua's yet, or fewer again: bodies on their way. Raises
   * `not enough memory` if there is no room for them.
   */
  hold(bytes: number): void {
    if (bytes > 0) this.reserve(bytes);
    this.held += bytes;
  }

  /** After `not enough memory` was caught: what the failed calls held is to be gone before the next have their share. */
  relieve(): void {
    const { fullGC, heapSize } = engine();
    if (heapSize() < this.relieved + HEAP_EASE) return;
    fullGC();
    this.relieved = heapSize();
  }

  /** A full collection asked for by the program. */
  collect(): void {
    // Whatever lies above the native function that asks is left over from calls that are done.
    state.R.fill(undefined, state.top + NATIVE_WINDOW);
    clearDeadLocals(runningStack());
    this.live = collectGarbage(this.vm, true);
    debt.bytes = 0;
  }

  /** What the engine's heap may hold: all machines that run share it. */
  private heapCeiling(): number {
    return baseHeap + HEAP_ALLOWANCE + Math.max(1, runningMachines.size) * this.limit * HEAP_FACTOR;
  }

  private census(wanted: number): void {
    this.live = collectGarbage(this.vm, false);
    debt.bytes = 0;
    // Near the limit a census would be due all the time: it may be passed by an eighth between two of them.
    this.due = Math.max(this.limit, Math.min(this.live, this.limit) + this.limit / 8);
    if (this.limit === Infinity) this.due = this.live * 2 + COLLECT_AFTER * 8;
    debt.limit = this.due - this.live;
    // The engine collects by measures of its own, which are too generous for a process with little memory.
    const ceiling = this.heapCeiling();
    const { fullGC, heapSize } = engine();
    if (heapSize() > baseHeap + HEAP_EASE + this.limit) fullGC();
    if (this.live + wanted > this.limit || heapSize() > ceiling) throw new LuaError("not enough memory");
  }
}

installAlarm(() => {
  state.ticks = 0;
  debt.limit = Infinity; // until that look around
});
installReserve((bytes) => state.vm.memory.reserve(bytes));
