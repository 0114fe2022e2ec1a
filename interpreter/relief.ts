/**
 * The memory of the whole process, and the engine's collector. The engine collects by measures of its own, which are
 * those of a machine with much memory: a few large strings may become ten times what is alive. Here it is told to
 * collect when the process has really grown, and so hardly ever for programs that make no large garbage.
 */

/**
 * What a process may take beyond its size at the start and the memory limit before the engine is told to collect: little
 * after large allocations, which leave few objects to go through; more after many small ones, and most where the script
 * is far from its limit: collecting costs it time, and what is kept from the engine it soon takes again.
 */
const EASE = 16 << 20;
const SMALL_EASE = 32 << 20;
const AMPLE_EASE = 40 << 20;
/** What counts as the limit of programs with hardly any memory: compiled code takes some as well. */
const LEAST = 32 << 20;
/** How much the process must have grown since the last collection that was asked for. */
const GROWTH = 24 << 20;
/** The same once much of what there was is known to be garbage. */
export const LITTLE_GROWTH = 4 << 20;
/**
 * A collection that takes more of the processor's time, in µs, is not made again to give memory back, and the next one
 * waits for more.
 */
const QUICK = 60_000;
/** The same where half the limit is left. */
const BRIEF = 20_000;
const SLOW_GROWTH = 28 << 20;
/** What the engine may keep of the memory that it has freed. */
const KEPT = 32 << 20;

/** Resident memory of the process before the first virtual machine ran, and after the last collection. */
let base = 0;
let after = 0;
/** Whether the last collection was slow. */
let slow = false;

/** The engine's own figures and collector, which short scripts need not load (0.3 ms). */
function engine(): typeof import("bun:jsc") {
  return require("bun:jsc") as typeof import("bun:jsc");
}

/** No virtual machine runs: what the process takes now is not the scripts', but for what earlier ones left. */
export function beginMeasuring(): void {
  base = process.memoryUsage.rss();
  if (after === 0) after = base;
  else if (base > after + GROWTH) {
    collectNow();
    giveBack();
    base = after;
  }
}

/**
 * Has the engine collect if the process has grown too large for `limit` bytes of Lua data, and by `growth` bytes since
 * that was done last; tells whether it did. `large` after large allocations, `ample` where half the limit is left.
 * Looking takes 16 µs, collecting a millisecond for a small heap and a second for the largest one.
 */
export function relieve(limit: number, large: boolean, ample: boolean, growth = GROWTH): boolean {
  if (limit === Infinity) return false;
  const resident = process.memoryUsage.rss();
  const share = Math.max(limit, LEAST);
  const ease = base + share + (large ? EASE : ample ? AMPLE_EASE : SMALL_EASE);
  if (resident < ease || resident < after + (slow ? Math.max(growth, SLOW_GROWTH) : growth)) return false;
  const begun = process.cpuUsage();
  collectNow();
  const spent = process.cpuUsage(begun).user;
  slow = spent > QUICK;
  const affordable = spent <= (ample && !large ? BRIEF : QUICK);
  if (affordable && after > base + share + EASE && after - base - heapSize() > KEPT) giveBack();
  return true;
}

/** The same in a thread of its own, whose heap is small: whenever the process has grown much since the last time. */
export function relieveThread(): void {
  const resident = process.memoryUsage.rss();
  if (after === 0) after = resident;
  if (resident < after + GROWTH) return;
  collectNow();
  giveBack();
}

/** Has the engine collect, with everything else waiting. */
export function collectNow(): void {
  engine().gcAndSweep();
  after = process.memoryUsage.rss();
}

/** What was freed goes back to the system, which the engine leaves for later. */
function giveBack(): void {
  Bun.gc(true);
  after = process.memoryUsage.rss();
}

/** Size of the engine's heap, in bytes, as of its last collection. */
export function heapSize(): number {
  return engine().heapSize();
}
