/** The call stack as errors and the debug library see it (manual §6.11): windows from the innermost out. */
import type { Coroutine } from "./coroutine.ts";
import type { LuaError } from "./error.ts";
import { LuaFunction, NativeFunction } from "./function.ts";
import { type Site, TailSite } from "./nodes/node.ts";
import { state } from "./state.ts";
import { LuaTable } from "./table.ts";

/** One active function. */
export interface Level {
  fn: LuaFunction | NativeFunction;
  /** Base of its window. */
  base: number;
  /** What called it. */
  caller: Site;
  /** What it is calling, or what raised the error: tells its current line. Undefined for native functions. */
  at: Site | undefined;
}

/** Where a walk begins. */
export interface StackTop {
  coroutine: Coroutine;
  base: number;
  /** The node under way in the innermost function, if that is a Lua function. */
  site: Site | undefined;
}

/** The stack of the running coroutine: level 0 is the native function that asks. */
export function runningStack(): StackTop {
  return { coroutine: state.coroutine, base: state.top, site: undefined };
}

/** The stack of a coroutine that is not running; undefined if nothing is active in it. */
export function stackOf(coroutine: Coroutine): StackTop | undefined {
  if (coroutine === state.coroutine) return runningStack();
  if (!coroutine.started) return undefined;
  const { failure } = coroutine;
  if (coroutine.status === "dead") {
    if (failure === undefined || failure.base < 0 || failure.coroutine !== coroutine) return undefined;
    return { coroutine, base: failure.base, site: failure.site };
  }
  return { coroutine, base: coroutine.top, site: undefined };
}

/** The stack at the point where an error was raised, if that is known. */
export function stackOfError(error: LuaError): StackTop | undefined {
  if (error.coroutine === undefined || error.base < 0) return undefined;
  return { coroutine: error.coroutine, base: error.base, site: error.site };
}

/** Levels from the innermost out. */
export function* levels(top: StackTop): Generator<Level> {
  const { R } = top.coroutine;
  let { base, site } = top;
  for (;;) {
    const fn: unknown = R[base];
    const caller = R[base + 1] as Site | undefined;
    if (!(fn instanceof LuaFunction || fn instanceof NativeFunction) || caller === undefined) return;
    yield { fn, base, caller, at: fn instanceof LuaFunction ? site : undefined };
    if (caller.size === 0) return;
    base -= caller.size;
    site = caller;
  }
}

export function levelAt(top: StackTop, index: number): Level | undefined {
  if (index < 0) return undefined;
  let i = 0;
  for (const level of levels(top)) if (i++ === index) return level;
  return undefined;
}

/** What the call site calls the function: `["local", "f"]`; undefined when the call tells no name. */
export function nameOf(level: Level): { namewhat: string; name: string } | undefined {
  const described = level.caller.calleeName();
  const match = /^(.*?) ?'(.*)'$/s.exec(described);
  return match === null ? undefined : { namewhat: match[1] as string, name: match[2] as string };
}

export function isTailCall(level: Level): boolean {
  return level.caller instanceof TailSite;
}

/** The name under which a function stands in a loaded module, such as `string.rep` (`pushglobalfuncname`). */
export function globalName(fn: LuaFunction | NativeFunction): string | undefined {
  const loaded = state.vm.registry.getString("_LOADED");
  if (!(loaded instanceof LuaTable)) return undefined;
  let found: string | undefined;
  loaded.forEach((module, table) => {
    if (typeof module !== "string" || !(table instanceof LuaTable)) return;
    if (found?.startsWith("_G.")) return;
    table.forEach((key, value) => {
      if (value === fn && typeof key === "string" && (found === undefined || module === "_G"))
        found = `${module}.${key}`;
    });
  });
  return found?.startsWith("_G.") ? found.slice(3) : found;
}

function describe(level: Level): string {
  const named = nameOf(level);
  if (named !== undefined) return `${named.namewhat} '${named.name}'`;
  const { fn } = level;
  if (fn instanceof LuaFunction && fn.prototype.line === 0) return "main chunk";
  const global = globalName(fn);
  if (global !== undefined) return `function '${global}'`;
  return fn instanceof LuaFunction ? `function <${fn.prototype.chunkId}:${fn.prototype.line}>` : "?";
}

function traceLine(level: Level): string {
  const { fn, at } = level;
  const id = fn instanceof LuaFunction ? fn.prototype.chunkId : "[C]";
  const line = at !== undefined && at.line > 0 ? `:${at.line}` : "";
  const tail = isTailCall(level) ? "\n\t(...tail calls...)" : "";
  return `\n\t${id}${line}: in ${describe(level)}${tail}`;
}

/** Levels shown at the beginning and at the end of a long traceback. */
const FIRST_LEVELS = 10;
const LAST_LEVELS = 11;

/**
 * A traceback in the form of the reference (`luaL_traceback`), from `skip` levels out. `atBottom` says what called the
 * task's function: the reference shows its own main function there.
 */
export function traceback(top: StackTop | undefined, message: string | undefined, skip: number): string {
  let depth = 0;
  let bottom: Level | undefined;
  // A stack may be hundreds of thousands of levels deep: only those that are shown become text.
  if (top !== undefined) for (bottom of levels(top)) depth++;
  const end = top?.coroutine.isRoot === true && bottom?.fn instanceof LuaFunction ? "\n\t[C]: in ?" : "";
  const total = Math.max(0, depth - skip) + (end === "" ? 0 : 1);
  const isLong = total > FIRST_LEVELS + LAST_LEVELS + 1;
  let lines = "";
  let index = -skip;
  if (top !== undefined) {
    for (const level of levels(top)) {
      const at = index++;
      if (at < 0) continue;
      if (!isLong || at < FIRST_LEVELS || at >= total - LAST_LEVELS) lines += traceLine(level);
      // The reference does not count the level at which it notices.
      else if (at === FIRST_LEVELS) lines += `\n\t...\t(skipping ${total - FIRST_LEVELS - LAST_LEVELS - 1} levels)`;
    }
  }
  return `${message === undefined ? "" : `${message}\n`}stack traceback:${lines}${end}`;
}

/** Empties the registers of locals that are out of scope, so that a collection asked for sees what the program sees. */
export function clearDeadLocals(top: StackTop): void {
  const { R } = top.coroutine;
  for (const { fn, base, at } of levels(top)) {
    const order = (at as { order?: number } | undefined)?.order;
    if (!(fn instanceof LuaFunction) || order === undefined) continue;
    const { locals } = fn.prototype;
    const active = new Set<number>();
    for (const local of locals) if (local.from <= order && order < local.to) active.add(local.register);
    for (const local of locals) if (!active.has(local.register)) R[base + local.register] = undefined;
  }
}
