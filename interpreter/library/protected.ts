/** Protected calls (manual §2.3, §6.1): `pcall` and `xpcall`. */
import { Continuation, call, invoke, NATIVE_SITE } from "../call.ts";
import { LuaError } from "../error.ts";
import { argumentError, checkFunction } from "../native.ts";
import { suspend } from "../nodes/node.ts";
import { MAX_NATIVE_CALLS, NATIVE_WINDOW, type Registers, state } from "../state.ts";
import { allowOverflow, caught } from "../task.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";

function success(given: Results): Results {
  return Array.isArray(given) ? [true, ...given] : [true, given];
}

/** The error that a protected call may hand to Lua; stops and closings go on their way. */
function catchable(thrown: unknown): LuaError {
  const error = caught(thrown);
  if (error instanceof LuaError) return error;
  throw error;
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
  override proceed(_saved: unknown, value: Results): Results {
    return success(value);
  }
  override handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    const { value } = catchable(error);
    state.nativeCalls = state.coroutine.entryCalls + (saved as number);
    return [false, value];
  }
}
const PROTECTED = new ProtectedCall();

export function protectedCall(args: Value[]): Results | Suspended {
  if (args.length === 0) throw argumentError(1, "value expected");
  const { top, nativeCalls } = state;
  const fn = args.shift();
  let given: Results | Suspended;
  try {
    given = call(fn, args, true);
  } catch (error) {
    const { value } = catchable(error);
    state.top = top;
    state.nativeCalls = nativeCalls;
    state.records = [];
    return [false, value];
  }
  return given === SUSPENDED ? suspend(PROTECTED, top, 0, nativeCalls - state.coroutine.entryCalls) : success(given);
}

interface Guarded {
  readonly handler: Value;
  /** Native calls under way outside the xpcall, in its coroutine. */
  readonly nativeCalls: number;
  /** Errors handled so far: those of the handler itself go to the handler again, one level deeper. */
  failures: number;
  /** Whether one of them was that the stack was full. */
  overflowed: boolean;
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
    const { nativeCalls } = saved as Guarded;
    if (stage === CALLING) return success(value);
    state.nativeCalls = state.coroutine.entryCalls + nativeCalls;
    return [false, first(value)];
  }
  override handle(_R: Registers, base: number, _stage: number, saved: unknown, thrown: unknown): unknown {
    return handleError(catchable(thrown), saved as Guarded, base);
  }
}
const HANDLED = new HandledCall();

/** Passes an error through the message handler, in a window above the place where it was raised. */
function handleError(error: LuaError, guarded: Guarded, top: number): Results | Suspended {
  const { R, coroutine } = state;
  state.records = [];
  const nativeCalls = coroutine.entryCalls + guarded.nativeCalls;
  let failure = error;
  for (;;) {
    const depth = nativeCalls + ++guarded.failures;
    if ((failure.isOverflow && guarded.overflowed) || depth > MAX_NATIVE_CALLS + HOPELESS) {
      state.top = top;
      state.nativeCalls = nativeCalls;
      return [false, "error in error handling"];
    }
    guarded.overflowed ||= failure.isOverflow;
    const site = failure.site ?? NATIVE_SITE;
    const inPlace = failure.base >= top && failure.coroutine === coroutine;
    const base = inPlace ? failure.base + site.size : top + NATIVE_WINDOW;
    const value = depth > MAX_NATIVE_CALLS ? "C stack overflow" : failure.value;
    try {
      state.nativeCalls = depth;
      allowOverflow(true);
      const given = invoke(guarded.handler, [value], R, base, inPlace ? site : NATIVE_SITE);
      state.top = top;
      if (given === SUSPENDED) return suspend(HANDLED, top, HANDLING, guarded);
      state.nativeCalls = nativeCalls;
      return [false, first(given)];
    } catch (thrown) {
      failure = catchable(thrown);
      state.records = [];
    } finally {
      allowOverflow(false);
    }
  }
}

export function protectedCallWithHandler(args: Value[]): Results | Suspended {
  checkFunction(args[1], 2);
  const { top, nativeCalls } = state;
  const fn = args.shift();
  const guarded: Guarded = {
    handler: args.shift(),
    nativeCalls: nativeCalls - state.coroutine.entryCalls,
    failures: 0,
    overflowed: false,
  };
  let given: Results | Suspended;
  try {
    given = call(fn, args, true);
  } catch (thrown) {
    return handleError(catchable(thrown), guarded, top);
  }
  return given === SUSPENDED ? suspend(HANDLED, top, CALLING, guarded) : success(given);
}
