/** Protected calls (manual §2.3, §6.1): `pcall` and `xpcall`. */
import { Continuation, call, invoke, NATIVE_SITE } from "../call.ts";
import type { Guard } from "../coroutine.ts";
import { errorObject, LuaError } from "../error.ts";
import { argumentError, checkFunction } from "../native.ts";
import { type Site, suspend } from "../nodes/node.ts";
import { CALLS_MASK, MAX_NATIVE_CALLS, NATIVE_WINDOW, type Registers, state } from "../state.ts";
import { allowOverflow, caught } from "../task.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";

function success(given: Results): Results {
  return Array.isArray(given) ? [true, ...given] : [true, given];
}

/** A protected call begins in the running coroutine. */
function enter(guard: Guard | undefined): void {
  state.coroutine.guard = guard;
  state.coroutine.protectedCalls++;
}

/** It is over; `outer` is what guarded the coroutine around it. */
function leave(outer: Guard | undefined): void {
  state.coroutine.guard = outer;
  state.coroutine.protectedCalls--;
}

/** The error that a protected call may hand to Lua; stops and closings go on their way. */
function catchable(thrown: unknown): LuaError {
  const error = caught(thrown);
  if (error instanceof LuaError) return error;
  throw error;
}

/**
 * After `not enough memory` nothing that the failed calls have left in their registers, above the window at `top`, may
 * count as live: the script is to go on.
 */
function release(error: LuaError, R: Registers, top: number): void {
  if (typeof error.value !== "string" || !error.value.endsWith("not enough memory")) return;
  R.fill(undefined, top + NATIVE_WINDOW);
  // Each attempt takes its time: a loop of them would hardly ever look around.
  state.vm.checkStop();
  state.vm.memory.relieve();
}

/**
 * A pcall whose function has to wait; saved: the native calls under way outside it, in its coroutine, which may be
 * resumed from another depth next time.
 */
class ProtectedCall extends Continuation {
  override get handlesErrors(): boolean {
    return true;
  }
  override get isYieldable(): boolean {
    return true;
  }
  override proceed(saved: unknown, value: Results): Results {
    leave((saved as Outside).guard);
    return success(value);
  }
  override handle(R: Registers, base: number, _stage: number, saved: unknown, thrown: unknown): unknown {
    const { guard, nativeCalls } = saved as Outside;
    leave(guard);
    const error = catchable(thrown);
    release(error, R, base);
    state.nativeCalls = state.coroutine.entryCalls + nativeCalls;
    return [false, error.value];
  }
}
const PROTECTED = new ProtectedCall();

/** What holds around a pcall that waits. */
interface Outside {
  guard: Guard | undefined;
  nativeCalls: number;
}

export function protectedCall(args: Value[]): Results | Suspended {
  if (args.length === 0) throw argumentError(1, "value expected");
  const { top, nativeCalls, coroutine } = state;
  const { guard } = coroutine;
  const fn = args.shift();
  let given: Results | Suspended;
  enter(undefined); // errors inside are for this call, not for a message handler further out
  try {
    given = call(fn, args, true);
  } catch (thrown) {
    leave(guard);
    const error = catchable(thrown);
    release(error, state.R, top);
    state.top = top;
    state.nativeCalls = nativeCalls;
    state.records = [];
    return [false, error.value];
  }
  if (given === SUSPENDED) {
    return suspend(PROTECTED, top, 0, { guard, nativeCalls: nativeCalls - coroutine.entryCalls } satisfies Outside);
  }
  leave(guard);
  return success(given);
}

/** An xpcall under way: its message handler, and how often that has been needed. */
class Guarded implements Guard {
  /** Errors handled so far: those of the handler itself go to the handler again, one level deeper. */
  failures = 0;
  /** Whether one of them was that the stack was full. */
  overflowed = false;
  constructor(
    readonly handler: Value,
    /** Native calls under way outside the xpcall, in its coroutine. */
    readonly nativeCalls: number,
    /** What guarded the coroutine around it. */
    readonly outer: Guard | undefined,
  ) {}

  /** The absolute number of native calls outside. */
  get outside(): number {
    return state.coroutine.entryCalls + this.nativeCalls;
  }

  raised(error: LuaError, lowest: number, window: number, caller: Site): Value | Suspended {
    const { R, coroutine } = state;
    state.records = [];
    const nativeCalls = this.outside;
    let failure = error;
    for (;;) {
      const depth = nativeCalls + ++this.failures;
      if ((failure.isOverflow && this.overflowed) || (depth & CALLS_MASK) > MAX_NATIVE_CALLS + HOPELESS) {
        return "error in error handling";
      }
      this.overflowed ||= failure.isOverflow;
      const inPlace = failure.base >= lowest && failure.coroutine === coroutine;
      const site = inPlace ? (failure.site ?? NATIVE_SITE) : caller;
      const base = inPlace ? failure.base + site.size : window;
      const value = (depth & CALLS_MASK) > MAX_NATIVE_CALLS ? "C stack overflow" : failure.raised;
      try {
        state.nativeCalls = depth;
        allowOverflow(true);
        const given = invoke(this.handler, [value], R, base, site);
        return given === SUSPENDED ? SUSPENDED : first(given);
      } catch (thrown) {
        failure = catchable(thrown);
        state.records = [];
      } finally {
        allowOverflow(false);
      }
    }
  }
}

const CALLING = 0;
const HANDLING = 1;

/** How many levels too deep a message handler may go until nothing helps any more. */
const HOPELESS = 25;

/** An xpcall, waiting for its function or for its message handler. */
class HandledCall extends Continuation {
  override get handlesErrors(): boolean {
    return true;
  }
  override get isYieldable(): boolean {
    return true;
  }
  override proceed(saved: unknown, value: Results, stage: number): Results {
    const guarded = saved as Guarded;
    leave(guarded.outer);
    if (stage === CALLING) return success(value);
    state.nativeCalls = guarded.outside;
    return [false, errorObject(first(value))];
  }
  override handle(_R: Registers, base: number, _stage: number, saved: unknown, thrown: unknown): unknown {
    return handleError(catchable(thrown), saved as Guarded, base);
  }
}
const HANDLED = new HandledCall();

/** What an xpcall returns for an error: what its message handler made of it. */
function handleError(error: LuaError, guarded: Guarded, top: number): Results | Suspended {
  // A to-be-closed variable on the way has had it handled already, before its __close ran.
  const value = error.handled ? error.value : guarded.raised(error, top, top + NATIVE_WINDOW, NATIVE_SITE);
  release(error, state.R, top);
  state.top = top;
  if (value === SUSPENDED) return suspend(HANDLED, top, HANDLING, guarded);
  leave(guarded.outer);
  state.nativeCalls = guarded.outside;
  return [false, errorObject(value)];
}

export function protectedCallWithHandler(args: Value[]): Results | Suspended {
  checkFunction(args[1], 2);
  const { top, nativeCalls, coroutine } = state;
  const fn = args.shift();
  const guarded = new Guarded(args.shift(), nativeCalls - coroutine.entryCalls, coroutine.guard);
  let given: Results | Suspended;
  enter(guarded);
  try {
    given = call(fn, args, true);
  } catch (thrown) {
    return handleError(catchable(thrown), guarded, top);
  }
  if (given === SUSPENDED) return suspend(HANDLED, top, CALLING, guarded);
  leave(guarded.outer);
  return success(given);
}
