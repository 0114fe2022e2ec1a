/** Coroutine manipulation (manual §6.2). */
import { call } from "../call.ts";
import { Coroutine } from "../coroutine.ts";
import { failure, LuaError, where } from "../error.ts";
import { NativeFunction } from "../function.ts";
import { charge } from "../memory.ts";
import { Event, metamethod } from "../metatable.ts";
import {
  any,
  callable,
  checkFunction,
  fn,
  type Library,
  library,
  optional,
  rawFn,
  rawVariadic,
  rest,
  returns,
  typeError,
} from "../native.ts";
import { type Resumable, suspend } from "../nodes/node.ts";
import { ACROSS, CALLS_MASK, MAX_NATIVE_CALLS, Reason, type Registers, state } from "../state.ts";
import { Closing, caught, hasRoom, resumeCoroutine } from "../task.ts";
import { type Results, results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { runSteps, type Steps } from "./steps.ts";

const RUNNING = 0;
const START = 1;

function prefixed(given: Results): Results {
  return Array.isArray(given) ? [true, ...given] : [true, given];
}

/** A `coroutine.resume` whose coroutine waits for something outside itself. */
class Resuming implements Resumable {
  readonly handlesErrors = true;
  resume(_R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === START) {
      const { coroutine, args } = saved as Pending;
      return resume(coroutine, args, base);
    }
    return prefixed(value as Results);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    if (error instanceof LuaError) return [false, error.value];
    throw error;
  }
}
const RESUMING = new Resuming();

interface Pending {
  coroutine: Coroutine;
  args: Value[];
}

/** Why a coroutine cannot be resumed, if it cannot. */
function refusal(coroutine: Coroutine): string | undefined {
  if (coroutine.status === "dead") return "cannot resume dead coroutine";
  if (coroutine.status !== "suspended" || coroutine.isRoot) return "cannot resume non-suspended coroutine";
  return (state.nativeCalls & CALLS_MASK) >= MAX_NATIVE_CALLS ? "C stack overflow" : undefined;
}

function resume(coroutine: Coroutine, args: Value[], top: number): Results | Suspended {
  const refused = refusal(coroutine);
  if (refused !== undefined) return [false, refused];
  if (!hasRoom()) return suspend(RESUMING, top, START, { coroutine, args } satisfies Pending);
  let given: Results | Suspended;
  try {
    given = resumeCoroutine(coroutine, args);
  } catch (error) {
    if (error instanceof LuaError) return [false, error.value];
    throw error;
  }
  return given === SUSPENDED ? suspend(RESUMING, top, RUNNING) : prefixed(given);
}

/** A call of a `coroutine.wrap` function that waits. */
class Wrapping implements Resumable {
  readonly handlesErrors = true;
  resume(_R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === START) {
      const { coroutine, args } = saved as Pending;
      return resumeWrapped(coroutine, args, base);
    }
    return results(Array.isArray(value) ? value : [value as Value]);
  }
  handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    return closeWrapped((saved as Pending).coroutine, error);
  }
}
const WRAPPING = new Wrapping();

/** An error on its way out of a wrapped coroutine: text gets the position of the caller in front. */
function propagated(error: unknown): unknown {
  if (!(error instanceof LuaError) || typeof error.value !== "string") return error;
  const wrapped = new LuaError(where(1) + error.value);
  wrapped.coroutine = state.coroutine;
  wrapped.base = state.top;
  return wrapped;
}

/** Closes what a wrapped coroutine left open when it died, then raises its error. */
function closeWrapped(coroutine: Coroutine, thrown: unknown): Results | Suspended {
  if (coroutine.pending.length === 0 || !(thrown instanceof LuaError)) throw propagated(thrown);
  return runSteps(
    (function* (): Steps<Results> {
      throw propagated(yield* closePending(coroutine, thrown));
    })(),
    coroutine,
  );
}

/** Closes the variables of a coroutine that died of an error; the error that is left in the end. */
function* closePending(coroutine: Coroutine, error: LuaError): Steps<LuaError> {
  const { top, coroutine: closer } = state;
  const calls = state.nativeCalls - closer.entryCalls;
  let last = error;
  closer.protectedCalls++;
  for (let value = coroutine.pending.shift(); value !== undefined; value = coroutine.pending.shift()) {
    try {
      if (call(metamethod(value, Event.Close), [value, last.value]) === SUSPENDED) yield;
    } catch (thrown) {
      const second = caught(thrown);
      if (!(second instanceof LuaError)) throw second;
      last = second;
      state.nativeCalls = closer.entryCalls + calls;
      state.top = top;
    }
  }
  closer.protectedCalls--;
  return last;
}

function resumeWrapped(coroutine: Coroutine, args: Value[], top: number): Results | Suspended {
  const refused = refusal(coroutine);
  if (refused !== undefined) throw failure(refused);
  if (!hasRoom()) return suspend(WRAPPING, top, START, { coroutine, args } satisfies Pending);
  let given: Results | Suspended;
  try {
    given = resumeCoroutine(coroutine, args);
  } catch (error) {
    return closeWrapped(coroutine, error);
  }
  if (given === SUSPENDED) return suspend(WRAPPING, top, RUNNING, { coroutine, args } satisfies Pending);
  return Array.isArray(given) && given.length === 1 ? given[0] : given;
}

function create(body: Value): Coroutine {
  charge(1000); // with its registers and records
  return new Coroutine(checkFunction(body, 1), false);
}

function checkCoroutine(value: Value, index: number): Coroutine {
  if (value instanceof Coroutine) return value;
  throw typeError(index, "thread", value);
}

function status(coroutine: Coroutine): string {
  return coroutine === state.coroutine ? "running" : coroutine.status;
}

/** A coroutine being closed whose `__close` handlers wait. */
class ClosingCoroutine implements Resumable {
  readonly handlesErrors = true;
  resume(): unknown {
    return true;
  }
  handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    return closed(saved as Coroutine, error);
  }
}
const CLOSING = new ClosingCoroutine();

/** What `coroutine.close` returns, by how the coroutine ended. */
function closed(coroutine: Coroutine, thrown: unknown): Results {
  const error = caught(thrown);
  coroutine.status = "dead";
  if (error instanceof Closing) return error.error === undefined ? true : [false, error.error.value];
  if (error instanceof LuaError) return [false, error.value];
  throw error;
}

function close(coroutine: Coroutine): Results | Suspended {
  const current = status(coroutine);
  if (current === "running" && coroutine.isRoot) throw failure("cannot close main thread");
  if (current === "running") throw new Closing(undefined, false); // ends here, after its to-be-closed variables
  if (current === "normal") throw failure(`cannot close a ${current} coroutine`);
  const { failure: error } = coroutine;
  coroutine.failure = undefined;
  if (current === "dead") {
    if (error === undefined) return true;
    if (coroutine.pending.length === 0) return [false, error.value];
    return runSteps(
      (function* (): Steps<Results> {
        return [false, (yield* closePending(coroutine, error)).value];
      })(),
      coroutine,
    );
  }
  if (!coroutine.started) {
    coroutine.status = "dead";
    return true;
  }
  if ((state.nativeCalls & CALLS_MASK) >= MAX_NATIVE_CALLS) {
    coroutine.status = "dead";
    return [false, "C stack overflow"];
  }
  let given: Results | Suspended;
  try {
    given = resumeCoroutine(coroutine, [], new Closing(undefined, true));
  } catch (thrown) {
    coroutine.failure = undefined;
    return closed(coroutine, thrown);
  }
  return given === SUSPENDED ? suspend(CLOSING, state.top, 0, coroutine) : true;
}

const source = "Lua manual §6.2";
const co = any("co", { type: "thread" });

export const coroutineLibrary: Library = library("coroutine", "Coroutines.", [
  rawFn(
    "close",
    {
      summary: "Closes a suspended or dead coroutine and its pending to-be-closed variables.",
      params: [co],
      returns: [returns("ok", "boolean"), returns("error", "any")],
      source,
    },
    (value) => close(value === undefined && state.argc === 0 ? state.coroutine : checkCoroutine(value, 1)),
  ),
  rawFn(
    "create",
    {
      summary: "A new coroutine that will run a function.",
      params: [callable("f")],
      returns: [returns("co", "thread")],
      source,
      example:
        "local co = coroutine.create(function() coroutine.yield(1) end); assert(select(2, coroutine.resume(co)) == 1)",
    },
    create,
  ),
  fn("isyieldable", {
    summary: "Whether the coroutine can yield.",
    params: [optional(co)],
    returns: [returns("yieldable", "boolean")],
    source,
    run: (value) => {
      const coroutine = value === undefined ? state.coroutine : checkCoroutine(value, 1);
      const calls = coroutine === state.coroutine ? state.nativeCalls : coroutine.nativeCalls;
      return !coroutine.isRoot && calls < ACROSS;
    },
  }),
  rawVariadic(
    "resume",
    {
      summary: "Starts or continues a coroutine: true and what it yields or returns, or false and its error.",
      params: [co, rest(any("..."))],
      returns: [returns("ok", "boolean"), returns("...", "any")],
      source,
    },
    (args) => resume(checkCoroutine(args.shift(), 1), args, state.top),
  ),
  fn("running", {
    summary: "The running coroutine, and whether it is the main one.",
    params: [],
    returns: [returns("co", "thread"), returns("main", "boolean")],
    source,
    run: () => [state.coroutine, state.coroutine.isRoot],
  }),
  rawFn(
    "status",
    {
      summary: "The status of a coroutine: running, suspended, normal or dead.",
      params: [co],
      returns: [returns("status", "string")],
      source,
    },
    (value) => status(checkCoroutine(value, 1)),
  ),
  rawFn(
    "wrap",
    {
      summary: "A function that resumes a new coroutine each time it is called, and raises its errors.",
      params: [callable("f")],
      returns: [returns("resume", "function")],
      source,
    },
    (body) => {
      const coroutine = create(body);
      const resume = new NativeFunction("wrap", unused, (args) => resumeWrapped(coroutine, args, state.top));
      resume.held = [coroutine];
      return resume;
    },
  ),
  rawVariadic(
    "yield",
    {
      summary: "Suspends the running coroutine; its arguments become results of resume.",
      params: [rest(any("..."))],
      returns: [returns("...", "any", "the arguments of the next resume")],
      source,
    },
    (args) => {
      // Raised by the machine on behalf of native code, which has no position (`lua_yieldk`).
      if (state.coroutine.isRoot) throw failure("attempt to yield from outside a coroutine", 0);
      if (state.nativeCalls >= ACROSS) throw failure("attempt to yield across a C-call boundary", 0);
      state.reason = Reason.Yield;
      state.carried = args;
      return SUSPENDED;
    },
  ),
]);

function unused(): never {
  throw new Error("a wrapped coroutine takes its arguments as an array");
}
