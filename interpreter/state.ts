/**
 * The state of the evaluator while it runs: which coroutine, its registers, and what a completion carries.
 *
 * There is one such object for the whole process: JavaScript runs one thing at a time, and whatever switches
 * between coroutines, tasks or virtual machines (task.ts) saves and restores it. It is one object of fixed shape
 * because the hot paths read it at every call.
 *
 * Registers. A coroutine owns one array `R`; a call takes a window of it. Window layout:
 *
 *     R[base]      the function that runs there (LuaFunction or NativeFunction)
 *     R[base + 1]  the call site (`Site`): what called it, from how far below
 *     R[base + 2…] parameters, varargs, locals (Lua functions only)
 *
 * A caller's window is `size` registers long, so its callee's begins at `base + size`: `site.size` leads back.
 */
import type { Coroutine } from "./coroutine.ts";
import type { NativeFunction } from "./function.ts";
import type { Label } from "./nodes/node.ts";
import type { Results, Suspended, Value } from "./value.ts";
import type { VirtualMachine } from "./vm.ts";

/** A register: a Lua value, or what the evaluator keeps beside them (sites, cells, varargs). */
// biome-ignore lint/suspicious/noExplicitAny: registers hold Lua values, cells, sites and vararg arrays side by side
export type Registers = any[];

/** The first local of a window. */
export const LOCALS = 2;
/** The length of a native function's window: function and site. */
export const NATIVE_WINDOW = 2;
/** Registers a window may have at most: 200 locals, hidden ones, and some for deep nesting. */
export const MAX_WINDOW = 600;
/** Registers of one coroutine: Lua's LUAI_MAXSTACK. */
export const MAX_REGISTERS = 1_000_000;
/**
 * Registers that may be in use between the bottom and the top of the JavaScript stack before it is moved to the heap.
 * A window counts at least its nesting depth (see `Prototype.size`), which bounds the JavaScript frames behind it.
 */
export const STACK_REGISTERS = 2400;
/** How deep calls from native code may nest: Lua's LUAI_MAXCCALLS, less what the reference's own command takes of it. */
export const MAX_NATIVE_CALLS = 198;

/**
 * Added to the count of native calls for one that the reference cannot yield across. It counts only where the debug
 * library is open (`assay lua`), whose programs may rely on that; elsewhere yields pass through any native function.
 */
export const ACROSS = 0x1_0000;
/** The part of `state.nativeCalls` that is a number of calls. */
export const CALLS_MASK = 0xffff;

/** Calls and loop turns between two looks at the clock, the memory debt and stop requests. */
export const TICKS = 10_000;
/** What a call of a native function counts for: it may take as long as many turns of a loop. */
export const NATIVE_TICKS = 50;

/** Why the evaluator is unwinding with SUSPENDED. */
export enum Reason {
  /** `coroutine.yield`: up to the coroutine's boundary; `state.carried` holds the values. */
  Yield = 1,
  /** A promise: up to the task's root; `state.carried` is the promise. */
  Await = 2,
  /** Time for others, or the JavaScript stack is deep: up to the task's root, then on at once. */
  Pause = 3,
}

export interface State {
  vm: VirtualMachine;
  coroutine: Coroutine;
  /** The running coroutine's registers. */
  R: Registers;
  /** Highest base a new window may have; above it `reserve` decides (grow, move to the heap, overflow). */
  limit: number;
  /** Base of the window of the native function that runs. */
  top: number;
  /** Calls and loop turns left until the next look around. */
  ticks: number;
  /** Nested calls from native code in this coroutine, see MAX_NATIVE_CALLS. */
  nativeCalls: number;
  /** What a RETURN completion returns. */
  returned: Value;
  /** What a RETURN_MULTI completion returns. */
  returnedMulti: Value[];
  /** Where a GOTO completion goes. */
  target: Label | undefined;
  /** Arguments given to the native function that runs; tells an absent argument from a given nil. */
  argc: number;
  /** Continuation records collected while unwinding: node, base, stage, temporaries, innermost first. */
  records: unknown[];
  reason: Reason;
  carried: unknown;
  /** The innermost coroutine of an unwinding that goes to the task's root. */
  innermost: Coroutine | undefined;
  /** Whether Lua code is running now (false in promise callbacks of native code). */
  active: boolean;
  /** What calls of native functions go through once a hook of the debug library has been set; see hook.ts. */
  hooks: NativeHooks | undefined;
}

export interface NativeHooks {
  /** Runs a native function whose window is in place. */
  callNative(R: Registers, base: number, fn: NativeFunction, args: Value[]): Results | Suspended;
}

export const state: State = {
  vm: undefined as unknown as VirtualMachine,
  coroutine: undefined as unknown as Coroutine,
  R: [],
  limit: 0,
  top: 0,
  ticks: TICKS,
  nativeCalls: 0,
  returned: undefined,
  returnedMulti: [],
  target: undefined,
  argc: 0,
  records: [],
  reason: Reason.Pause,
  carried: undefined,
  innermost: undefined,
  active: false,
  hooks: undefined,
};
