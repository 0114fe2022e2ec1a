/** Calling functions (manual §3.4.10): windows, arguments, completions, and the ways native code calls back. */
import { failure, type LuaError, runtimeError, typeName } from "./error.ts";
import { type Cell, Cell as CellClass, LuaFunction, NativeFunction } from "./function.ts";
import { charge } from "./memory.ts";
import { Event, metamethod } from "./metatable.ts";
import {
  type Completion,
  RETURN,
  RETURN_MULTI,
  type Resumable,
  type Site,
  suspend,
  TAIL_CALL,
  TailSite,
} from "./nodes/node.ts";
import {
  ACROSS,
  CALLS_MASK,
  LOCALS,
  MAX_NATIVE_CALLS,
  NATIVE_TICKS,
  NATIVE_WINDOW,
  type Registers,
  state,
} from "./state.ts";
import type { LuaTable, Shape } from "./table.ts";
import { enterSlowly, reserve } from "./task.ts";
import { NOTHING, type Results, SUSPENDED, type Suspended, type Value } from "./value.ts";

/** A call made by native code: its window follows the native function's. */
class NativeSite implements Site {
  readonly line = -1;
  private tail: Site | undefined;
  constructor(
    readonly size: number,
    private readonly name: string,
  ) {}
  calleeName(): string {
    return this.name;
  }
  asTail(): Site {
    this.tail ??= new TailSite(-1, this.size);
    return this.tail;
  }
}

export const NATIVE_SITE: Site = new NativeSite(NATIVE_WINDOW, "");
/** The bottom of every coroutine. */
export const ROOT_SITE: Site = new NativeSite(0, "");

/** A continuation of native code: what to do with the results of a call it made that had to wait. */
export abstract class Continuation implements Resumable {
  get handlesErrors(): boolean {
    return false;
  }
  /** Whether the reference, too, can yield across the call it waits for. */
  get isYieldable(): boolean {
    return false;
  }
  resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    state.nativeCalls -= weight(this.isYieldable);
    return this.proceed(saved, value as Results, stage, R, base);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    throw error;
  }
  /** Goes on with the results; `state.top` is the native function's window again. Returns its results. */
  abstract proceed(saved: unknown, value: Results, stage: number, R: Registers, base: number): Results | Suspended;
}

/** What a call from native code adds to `state.nativeCalls`. */
function weight(isYieldable: boolean): number {
  return isYieldable || !state.vm.debug ? 1 : 1 + ACROSS;
}

/** Counts a call that native code did not make, for a continuation that will take it back. */
export function countCall(): void {
  state.nativeCalls += weight(false);
}

/** Turns the completion of a Lua function's body into the call's results. */
class Complete implements Resumable {
  readonly handlesErrors = false;
  resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return complete(R, base, value as Completion);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    throw error;
  }
}
const COMPLETE = new Complete();

/** Starts a body whose call was paused between placing the arguments and running it. */
class Enter implements Resumable {
  readonly handlesErrors = false;
  resume(R: Registers, base: number): unknown {
    return (R[base] as LuaFunction).prototype.body.exec(R, base);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    throw error;
  }
}
export const ENTER = new Enter();

/**
 * Gets a window ready whose first `given` parameters are in place: missing ones become nil, extra ones the varargs,
 * captured ones get their cells.
 */
export function prologue(fn: LuaFunction, R: Registers, base: number, given: number): void {
  const prototype = fn.prototype;
  const count = prototype.parameterCount;
  const varargs = prototype.varargRegister;
  if (varargs >= 0) {
    const extra: Value[] = [];
    for (let i = count; i < given; i++) extra.push(R[base + LOCALS + i]);
    R[base + varargs] = prototype.varargTable ? varargTable(extra) : extra;
  }
  for (let i = given; i < count; i++) R[base + LOCALS + i] = undefined;
  makeCells(prototype.cellParameters, R, base);
}

/** As many extra arguments are not worth accounting for. */
export const FREE_VARARGS = 16;

function makeCells(registers: number[], R: Registers, base: number): void {
  for (let i = 0; i < registers.length; i++) {
    const at = base + registers[i]!;
    R[at] = new CellClass(R[at]) satisfies Cell;
  }
}

/** The table that a named vararg parameter is (manual §3.4.11): the values and their count in field `n`. */
function varargTable(values: Value[]): LuaTable {
  const table = state.vm.newTable();
  if (values.length > FREE_VARARGS) charge(values.length * 8);
  let last = values.length;
  while (last > 0 && values[last - 1] === undefined) last--;
  if (last > 0) table.array = [undefined, ...values.slice(0, last)];
  table.shape = table.shape.after("n", true) as Shape;
  table.vals = [undefined, values.length];
  return table;
}

/** Places arguments given as an array into a window. */
export function placeArguments(fn: LuaFunction, R: Registers, base: number, args: Value[]): void {
  const prototype = fn.prototype;
  const count = prototype.parameterCount;
  const at = base + LOCALS;
  for (let i = 0; i < count; i++) R[at + i] = args[i];
  const varargs = prototype.varargRegister;
  if (varargs >= 0) {
    const extra = args.length > count ? args.slice(count) : [];
    if (extra.length > FREE_VARARGS) charge(extra.length * 8);
    R[base + varargs] = prototype.varargTable ? varargTable(extra) : extra;
  }
  makeCells(prototype.cellParameters, R, base);
}

/** The results of a call from the completion of the function's body, following tail calls. */
export function complete(R: Registers, base: number, completion: Completion): Results | Suspended {
  for (;;) {
    if (completion === RETURN) return state.returned;
    if (completion === RETURN_MULTI) return state.returnedMulti;
    if (completion === undefined) return NOTHING;
    if (completion === SUSPENDED) return suspend(COMPLETE, base, 0);
    if (completion !== TAIL_CALL) throw new Error("a completion left its function");
    completion = --state.ticks < 0 ? enterSlowly(R, base) : (R[base] as LuaFunction).prototype.body.exec(R, base);
  }
}

/**
 * Finds what a call of a value that is not a function calls: its `__call`, with the value in front of the arguments.
 * Undefined: nothing. "loop": what `__call` is has a `__call` itself, too many times over.
 */
function resolveCall(fn: Value, args: Value[]): LuaFunction | NativeFunction | undefined | "loop" {
  for (let depth = 0; depth < 16; depth++) {
    const handler = metamethod(fn, Event.Call);
    if (handler === undefined) return undefined;
    args.unshift(fn);
    if (handler instanceof LuaFunction || handler instanceof NativeFunction) return handler;
    fn = handler;
  }
  return "loop";
}

/** What a call of a value that cannot be called fails at: the value, or the last of its chain of `__call`s. */
function uncallable(fn: Value): Value {
  const handler = metamethod(fn, Event.Call);
  return handler === undefined ? fn : uncallable(handler);
}

/** A call that went through `__call`: knows how many values were put in front of the arguments. */
class CalledValueSite implements Site {
  readonly line: number;
  readonly size: number;
  readonly order: number | undefined;
  constructor(
    private readonly site: Site & { order?: number },
    readonly extraArguments: number,
  ) {
    this.line = site.line;
    this.size = site.size;
    this.order = site.order;
  }
  calleeName(): string {
    return this.site.calleeName();
  }
  asTail(): Site {
    return this.site.asTail();
  }
}

/** Calls `fn` with `args` in the window at `base`, on behalf of `site`. */
export function invoke(fn: Value, args: Value[], R: Registers, base: number, site: Site): Results | Suspended {
  let callee: LuaFunction | NativeFunction;
  if (fn instanceof LuaFunction || fn instanceof NativeFunction) callee = fn;
  else {
    const given = args.length;
    const resolved = resolveCall(fn, args);
    if (resolved === undefined) throw notCallable(fn, R, base, site);
    if (resolved === "loop") throw callError("'__call' chain too long", R, base, site);
    callee = resolved;
    // Native functions mention it in their errors about arguments.
    if (state.vm.debug || callee instanceof NativeFunction) site = new CalledValueSite(site, args.length - given);
  }
  if (callee instanceof LuaFunction) {
    const end = base + callee.prototype.size;
    if (end > state.limit) reserve(R, end);
    R[base] = callee;
    R[base + 1] = site;
    placeArguments(callee, R, base, args);
    return complete(R, base, --state.ticks < 0 ? enterSlowly(R, base) : callee.prototype.body.exec(R, base));
  }
  if (base + NATIVE_WINDOW > state.limit) reserve(R, base + NATIVE_WINDOW);
  R[base] = callee;
  R[base + 1] = site;
  state.top = base;
  state.argc = args.length;
  state.ticks -= NATIVE_TICKS;
  if (state.hooks !== undefined) return state.hooks.callNative(R, base, callee, args);
  return callee.variadic === undefined ? callee.run(args[0], args[1], args[2]) : callee.variadic(args);
}

function notCallable(fn: Value, R: Registers, base: number, site: Site): LuaError {
  const message = `attempt to call a ${typeName(uncallable(fn))} value`;
  const name = site.line >= 0 ? site.calleeName() : "";
  const text = name === "" ? message : `${message} (${name})`;
  return callError(text, R, base, site);
}

/** An error of the call itself: Lua code that calls is told where. */
function callError(message: string, R: Registers, base: number, site: Site): LuaError {
  return site.line >= 0 ? runtimeError(R, base - site.size, site, message) : failure(message, 0);
}

/**
 * Calls a Lua value from the native function that runs. SUSPENDED means: leave a record with `suspend(continuation,
 * state.top of that function, …)` and return SUSPENDED; the continuation gets the results, and must have the same
 * `isYieldable`.
 */
export function call(fn: Value, args: Value[], isYieldable = false): Results | Suspended {
  const top = state.top;
  const added = weight(isYieldable);
  if ((state.nativeCalls & CALLS_MASK) >= MAX_NATIVE_CALLS) throw failure(nativeOverflow(), 0);
  state.nativeCalls += added;
  const given = invoke(fn, args, state.R, top + NATIVE_WINDOW, NATIVE_SITE);
  state.top = top;
  if (given !== SUSPENDED) state.nativeCalls -= added;
  return given;
}

/**
 * Calls a metamethod from a node. SUSPENDED means: leave a record; its `resume` calls `leaveMetamethod` and gets the
 * results.
 */
export function callMetamethod(R: Registers, base: number, site: Site, fn: Value, args: Value[]): Results | Suspended {
  checkNativeCalls(R, base, site);
  state.nativeCalls++;
  const given = invoke(fn, args, R, base + site.size, site);
  if (given !== SUSPENDED) state.nativeCalls--;
  return given;
}

/** `callMetamethod` with two arguments, as most metamethods have. */
export function callWithTwo(
  R: Registers,
  base: number,
  site: Site,
  fn: Value,
  a: Value,
  b: Value,
): Results | Suspended {
  if (!(fn instanceof LuaFunction)) return callMetamethod(R, base, site, fn, [a, b]);
  checkNativeCalls(R, base, site);
  const at = base + site.size;
  const { prototype } = fn;
  if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
  R[at] = fn;
  R[at + 1] = site;
  R[at + LOCALS] = a;
  R[at + LOCALS + 1] = b;
  if (prototype.plainParameters !== 2) prologue(fn, R, at, 2);
  state.nativeCalls++;
  const completion = --state.ticks < 0 ? enterSlowly(R, at) : prototype.body.exec(R, at);
  const given = completion === RETURN ? state.returned : complete(R, at, completion);
  if (given !== SUSPENDED) state.nativeCalls--;
  return given;
}

/** Raises an error unless one more call may be made that the reference would make from C. */
export function checkNativeCalls(R: Registers, base: number, site: Site): void {
  if ((state.nativeCalls & CALLS_MASK) >= MAX_NATIVE_CALLS) throw runtimeError(R, base, site, nativeOverflow());
}

export function leaveMetamethod(): void {
  state.nativeCalls--;
}

function nativeOverflow(): string {
  // Some room is left for message handlers and close methods to run in; past that nothing helps.
  return (state.nativeCalls & CALLS_MASK) > MAX_NATIVE_CALLS + 25 ? "error in error handling" : "C stack overflow";
}
