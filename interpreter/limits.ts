/** The limits of a virtual machine, and the accounting that keeps it within its memory. */
import { collectGarbage } from "./collector.ts";
import { LuaError } from "./error.ts";
import { debt, installAlarm, installReserve } from "./memory.ts";
import { beginMeasuring, collectNow, heapSize, LITTLE_GROWTH, relieve } from "./relief.ts";
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
/** What the engine's heap may hold beyond its size at the start: for each byte of the limit, or the limit and so much. */
const HEAP_FACTOR = 2;
const HEAP_ALLOWANCE = 32 << 20;
/** How much may be allocated, and how much time may pass, in ms, between two looks at what the process takes. */
const LOOK_AFTER = 16 << 20;
const LOOK_MS = 10;

let baseHeap = 0;

/** The virtual machines that have tasks. */
export const runningMachines = new Set<VirtualMachine>();

/** A machine has tasks. What the heap held before the first of those that run did is not theirs. */
export function machineRuns(vm: VirtualMachine): void {
  if (!vm.memory.hasRun && runningMachines.size === 0) {
    beginMeasuring();
    baseHeap = process.memoryUsage().heapUsed;
  }
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

  /** Next size of live data and debt at which the process is looked at. */
  private look: number;
  /** Large allocations since that was done, and when it was. */
  private large = 0;
  private looked = 0;

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
    this.look = LOOK_AFTER;
  }

  /** The machine begins or stops running: its debt is the one that is charged. */
  enter(): void {
    debt.bytes = this.owed;
    debt.limit = Math.min(this.due, this.look) - this.live;
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
    const used = this.live + debt.bytes;
    if (used >= this.due) this.census(0);
    else if (this.vm.finalizers.isWanted && this.running && debt.bytes > COLLECT_AFTER + this.live) this.census(0);
    else if (used >= this.look || performance.now() > this.looked + LOOK_MS) this.inspect(0);
    debt.limit = Math.min(this.due, this.look) - this.live;
  }

  /** Before an allocation of `bytes`: raises `not enough memory` if it would pass the limit. */
  reserve(bytes: number): void {
    // Few operations that each take long pass the deadline between two looks around.
    const wanted = this.held + bytes;
    if (bytes > LARGE) {
      this.vm.checkStop();
      if (wanted > this.limit) throw new LuaError("not enough memory");
    }
    this.large += bytes;
    if (this.large > LOOK_AFTER) this.inspect(wanted);
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
    relieve(this.share(), true, false, LITTLE_GROWTH);
  }

  /** After much was allocated, `bytes` more being wanted: the process is not to grow by garbage. */
  private inspect(wanted: number): void {
    const large = this.large > LOOK_AFTER / 4;
    this.large = 0;
    this.looked = performance.now();
    this.look = this.live + debt.bytes + LOOK_AFTER;
    if (relieve(this.share(), large, this.live + debt.bytes < this.limit / 2) && heapSize() > baseHeap + this.share())
      this.census(wanted);
  }

  /** What the machines that run may hold together. */
  private share(): number {
    return Math.max(1, runningMachines.size) * this.limit;
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
    const share = this.share();
    return baseHeap + Math.max(share * HEAP_FACTOR, share + HEAP_ALLOWANCE);
  }

  private census(wanted: number): void {
    const large = this.large > LOOK_AFTER / 4;
    this.live = collectGarbage(this.vm, false);
    debt.bytes = 0;
    // Near the limit a census would be due all the time: it may be passed by an eighth between two of them.
    this.due = Math.max(this.limit, Math.min(this.live, this.limit) + this.limit / 8);
    if (this.limit === Infinity) this.due = this.live * 2 + COLLECT_AFTER * 8;
    this.large = 0;
    this.looked = performance.now();
    this.look = this.live + LOOK_AFTER;
    debt.limit = Math.min(this.due, this.look) - this.live;
    relieve(this.share(), large, this.live < this.limit / 2);
    const ceiling = this.heapCeiling();
    if (heapSize() > ceiling) collectNow();
    if (this.live + wanted > this.limit || heapSize() > ceiling) throw new LuaError("not enough memory");
  }
}

installAlarm(() => {
  state.ticks = 0;
  debt.limit = Infinity; // until that look around
});
installReserve((bytes) => state.vm.memory.reserve(bytes));
