/** Lua errors (manual §2.3): the error object, its position, and the words of the reference implementation. */
import { Coroutine } from "./coroutine.ts";
import { LuaFunction, NativeFunction } from "./function.ts";
import type { Site } from "./nodes/node.ts";
import { state } from "./state.ts";
import { LuaTable } from "./table.ts";
import { upToZero } from "./text.ts";
import { LuaFloat, Userdata, type Value } from "./value.ts";

/**
 * A Lua error on its way up. Not a JavaScript Error: capturing a JavaScript stack for each would cost more than the
 * rest of a `pcall`, and nobody may see it.
 */
export class LuaError {
  /** Traceback at the point of the error, made when somebody asks first. */
  traceback: string | undefined = undefined;
  /** Where it was raised: the coroutine and the base of the innermost window, for message handlers and tracebacks. */
  coroutine: Coroutine | undefined = undefined;
  base = -1;
  /** The node that raised it in a Lua function, for its line. */
  site: Site | undefined = undefined;
  /** Whether the registers ran out: message handlers get room for one of these. */
  isOverflow = false;
  /** True once a message handler has seen it. */
  handled = false;
  /** What this error has been wrapped around, for the host's log only. */
  cause: unknown = undefined;

  /** The error object: any Lua value but nil. */
  value: Value;

  /** Whether nil was raised, which only message handlers get to see. */
  private readonly isNil: boolean;

  constructor(value: Value) {
    this.isNil = value === undefined;
    this.value = errorObject(value);
  }

  /** What a message handler is called with. */
  get raised(): Value {
    return this.isNil ? undefined : this.value;
  }

  /** Takes what a message handler made of it. */
  replace(handled: Value): void {
    this.value = errorObject(handled);
    this.handled = true;
  }
}

/** What a value that is raised becomes on its way: nil turns into text (`luaG_errormsg`). */
export function errorObject(raised: Value): Value {
  return raised === undefined ? "<no error object>" : raised;
}

/**
 * Stops a script: a deadline, a signal, `os.exit`. Nothing in Lua can catch it; `__close` handlers run on the way.
 */
export class Stop {
  constructor(
    readonly reason: "timeout" | "signal" | "exit" | "cancelled",
    readonly message: string,
    /** For `os.exit`. */
    readonly status = 1,
  ) {}
}

/** The name of a value's basic type (`lua_typename`). */
export function basicType(value: Value): string {
  switch (typeof value) {
    case "undefined":
      return "nil";
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    case "number":
    case "bigint":
      return "number";
    default:
      if (value instanceof LuaTable) return "table";
      if (value instanceof LuaFunction || value instanceof NativeFunction) return "function";
      if (value instanceof LuaFloat) return "number";
      return value instanceof Coroutine ? "thread" : "userdata";
  }
}

/** The type name that error messages use: a metatable's `__name` if it is a string (`luaT_objtypename`). */
export function typeName(value: Value): string {
  if (value instanceof LuaTable || value instanceof Userdata) {
    const name = value.metatable?.getString("__name");
    if (typeof name === "string") return upToZero(name);
  }
  return basicType(value);
}

/** The position of a call site, as `chunk:line: `; empty for native code. */
export function position(R: readonly unknown[], base: number, site: Site | undefined): string {
  const fn = R[base];
  if (!(fn instanceof LuaFunction) || site === undefined) return "";
  return `${fn.prototype.chunkId}:${site.line < 0 ? "?" : site.line}: `;
}

/**
 * Where the function at `level` of the running native function's call stack is (`luaL_where`): 1 is what called
 * the native function; 0 is that function itself, which has no position.
 */
export function where(level: number): string {
  if (!state.active || level === 0) return "";
  const { R } = state;
  let base = state.top;
  for (let i = 0; ; i++) {
    const site = R[base + 1] as Site | undefined;
    if (site === undefined || site.size === 0) return "";
    base -= site.size;
    if (i + 1 === level) return position(R, base, site);
  }
}

/** An error raised by a native function: the message with its caller's position in front (`luaL_error`). */
export function failure(message: string, level = 1): LuaError {
  const error = new LuaError(where(level) + message);
  if (state.active) {
    error.coroutine = state.coroutine;
    error.base = state.top;
  } else error.base = UNPLACED;
  return error;
}

/** Marks an error raised outside any Lua code (in a promise): the scheduler adds the position of the waiting call. */
export const UNPLACED = -2;

/** An error raised by a node of a Lua function: `chunk:line: message`. */
export function runtimeError(R: readonly unknown[], base: number, site: Site, message: string): LuaError {
  const error = new LuaError(position(R, base, site) + message);
  error.coroutine = state.coroutine;
  error.base = base;
  error.site = site;
  return error;
}
