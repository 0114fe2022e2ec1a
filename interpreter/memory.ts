/**
 * The memory of a virtual machine (manual §2.5): allocation sites charge what they make to a debt; when debt and live
 * data together pass the limit, a census of the live data (collector.ts) decides whether that is really so.
 */

/** The debt of the virtual machine that is running, and when it is to look around. One object: charging is hot. */
export const debt = { bytes: 0, limit: Infinity };

/** Notes that about `bytes` of Lua data were allocated. Checked at the next look around or by `reserveMemory`. */
export function charge(bytes: number): void {
  debt.bytes += bytes;
  if (debt.bytes > debt.limit) alarm();
}

/** What a string takes beside its bytes. */
export const STRING_BYTES = 40;

/** Notes that a string of `length` bytes was made. */
export function chargeString(length: number): void {
  charge(length + STRING_BYTES);
}

/** Brings the next look around forward: a few large allocations must not wait for thousands of loop turns. */
let alarm: () => void = () => {};

export function installAlarm(sound: () => void): void {
  alarm = sound;
}

/** Limits.ts installs the check of the running machine here, which keeps this module, that tables need, free of imports. */
let check: (bytes: number) => void = () => {};

export function installReserve(reserve: (bytes: number) => void): void {
  check = reserve;
}

/** Checks that `bytes` more would fit before they are allocated; raises `not enough memory` if not. */
export function reserveMemory(bytes: number): void {
  check(bytes);
}
