/**
 * The memory of a virtual machine (manual §2.5): allocation sites charge what they make to a debt; when the debt
 * crosses its budget, a census of the live data decides whether the limit is passed.
 */

/** The debt of the virtual machine that is running. One object, so that charging is a load, an add and a store. */
export const debt = { bytes: 0 };

/** Notes that about `bytes` of Lua data were allocated. Checked at the next tick or by `reserve`. */
export function charge(bytes: number): void {
  debt.bytes += bytes;
}

/** Raised through the virtual machine's own check, which vm.ts installs here to keep this module free of imports. */
let check: ((bytes: number) => void) | undefined;

export function installReserve(reserve: (bytes: number) => void): void {
  check = reserve;
}

/** Checks that `bytes` more would fit before they are allocated; raises `not enough memory` if not. */
export function reserveMemory(bytes: number): void {
  check?.(bytes);
}

/** A full collection, or a step of one (`collectgarbage`). Returns what `collectgarbage` does. */
export function collect(_vm: unknown, step: boolean): number | boolean {
  return step ? true : 0;
}
