/** The debug library (manual §6.11), for `assay lua` only. */
import { Coroutine } from "../coroutine.ts";
import { basicType } from "../error.ts";
import { Cell, LuaFunction, NativeFunction, type Prototype } from "../function.ts";
import { getHook, isHookSite, setHook, transferAt } from "../hook.ts";
import { activeLines } from "../lines.ts";
import {
  argumentError,
  checkFunction,
  checkIndex,
  checkString,
  isFunction,
  type Library,
  library,
  rawVariadic,
  returns,
  typeError,
} from "../native.ts";
import { isTailCall, type Level, levelAt, nameOf, runningStack, stackOf, traceback } from "../stack.ts";
import { LOCALS, state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { isNumber, NOTHING, type Results, type Suspended, Userdata, type Value } from "../value.ts";

/** Takes an optional coroutine from the front of the arguments: which one, and how many arguments that took. */
function threadOf(args: Value[]): { coroutine: Coroutine; skip: number } {
  const [first] = args;
  return first instanceof Coroutine ? { coroutine: first, skip: 1 } : { coroutine: state.coroutine, skip: 0 };
}

function findLevel(coroutine: Coroutine, index: number): Level | undefined {
  const top = coroutine === state.coroutine ? runningStack() : stackOf(coroutine);
  return top === undefined ? undefined : levelAt(top, index);
}

// --- information ------------------------------------------------------------------------------------------------------

/** Whether the function at a level was called as a finalizer (collect.ts calls them from a function of this name). */
function isFinalizer(coroutine: Coroutine, index: Value): boolean {
  const caller = findLevel(coroutine, checkIndex(index, 1) + 1)?.fn;
  return caller instanceof NativeFunction && caller.name === "__gc";
}

function getinfo(args: Value[]): Results {
  const { coroutine, skip } = threadOf(args);
  const options = args[skip + 1] === undefined ? "flnSrtu" : checkString(args[skip + 1], skip + 2);
  if (options.startsWith(">")) throw argumentError(skip + 2, "invalid option '>'");
  const subject = args[skip];
  let level: Level | undefined;
  let fn: LuaFunction | NativeFunction;
  if (isFunction(subject)) fn = subject;
  else {
    level = findLevel(coroutine, checkIndex(subject, skip + 1));
    if (level === undefined) return undefined;
    fn = level.fn;
  }
  for (const option of options) if (!"SlnrutLf".includes(option)) throw argumentError(skip + 2, "invalid option");
  const info = state.vm.newTable();
  const prototype = fn instanceof LuaFunction ? fn.prototype : undefined;
  if (options.includes("S")) {
    info.setString("source", prototype?.source ?? "=[C]");
    info.setString("short_src", prototype?.chunkId ?? "[C]");
    info.setString("linedefined", prototype?.line ?? -1);
    info.setString("lastlinedefined", prototype === undefined ? -1 : prototype.line === 0 ? -1 : prototype.lastLine);
    info.setString("what", prototype === undefined ? "C" : prototype.line === 0 ? "main" : "Lua");
  }
  if (options.includes("l")) info.setString("currentline", level?.at?.line ?? -1);
  if (options.includes("u")) {
    info.setString("nups", fn instanceof NativeFunction ? (fn.held?.length ?? 0) : fn.prototype.upvalues.length);
    info.setString("nparams", prototype?.parameterCount ?? 0);
    info.setString("isvararg", prototype?.isVararg ?? true);
  }
  if (options.includes("n")) {
    const named =
      level === undefined
        ? undefined
        : isFinalizer(coroutine, subject)
          ? { namewhat: "metamethod", name: "__gc" }
          : nameOf(level);
    info.setString("name", named?.name);
    info.setString("namewhat", named?.namewhat ?? "");
  }
  if (options.includes("r")) {
    const carried = level === undefined ? undefined : transferAt(coroutine, level.base);
    info.setString("ftransfer", carried?.first ?? 0);
    info.setString("ntransfer", carried?.count ?? 0);
  }
  if (options.includes("t")) {
    info.setString("istailcall", level !== undefined && isTailCall(level));
    info.setString("extraargs", (level?.caller as { extraArguments?: number } | undefined)?.extraArguments ?? 0);
  }
  if (options.includes("L") && prototype !== undefined) {
    const lines = state.vm.newTable();
    for (const line of activeLines(prototype)) lines.set(line, true);
    info.setString("activelines", lines);
  }
  if (options.includes("f")) info.setString("func", fn);
  return info;
}

// --- locals -----------------------------------------------------------------------------------------------------------

/** Where a local variable lives: its name, and how to read and write it. */
interface Place {
  name: string;
  get(): Value;
  set(value: Value): void;
}

const TEMPORARY = "(temporary)";
const C_TEMPORARY = "(C temporary)";

function place(name: string, values: Value[], i: number): Place {
  return {
    name,
    get: () => values[i],
    set: (value) => {
      values[i] = value;
    },
  };
}

/** Whether the reference lists a variable for the varargs: after the parameters, unless they have a name. */
function hasHiddenVarargs(prototype: Prototype): boolean {
  return prototype.isVararg && !prototype.varargTable && prototype.line > 0 && !prototype.stripped;
}

function localPlace(coroutine: Coroutine, level: Level, index: number): Place | undefined {
  const { R } = coroutine;
  const { fn, base, at } = level;
  const carried = transferAt(coroutine, base);
  const values = carried?.values;
  const i = carried === undefined ? -1 : index - carried.first;
  if (carried !== undefined && values !== undefined && i >= 0 && i < carried.count) {
    return place(fn instanceof LuaFunction ? TEMPORARY : C_TEMPORARY, values, i);
  }
  if (!(fn instanceof LuaFunction)) return undefined;
  const { prototype } = fn;
  if (index < 0) {
    if (prototype.varargRegister < 0 || prototype.varargTable) return undefined;
    const varargs = R[base + prototype.varargRegister] as Value[];
    const i = -index - 1;
    if (i >= varargs.length) return undefined;
    return {
      name: "(vararg)",
      get: () => varargs[i],
      set: (value) => {
        varargs[i] = value;
      },
    };
  }
  const order = (at as { order?: number } | undefined)?.order ?? Infinity;
  const active = prototype.locals.filter((local) => local.from <= order && order < local.to);
  const hidden = hasHiddenVarargs(prototype) ? prototype.parameterCount + 1 : Infinity;
  if (index === hidden) return place("(vararg table)", [undefined], 0);
  const local = active[index > hidden ? index - 2 : index - 1];
  if (local === undefined) {
    if (prototype.stripped && index > 0) {
      const at = LOCALS + index - 1;
      const own = prototype.varargRegister >= 0 && at >= prototype.varargRegister ? at + 1 : at;
      const held: unknown = R[base + own];
      if (own >= prototype.size) return undefined;
      return held instanceof Cell ? place(TEMPORARY, [held.value], 0) : place(TEMPORARY, R, base + own);
    }
    const waiting = prototype.temporaries.filter((temporary) => temporary.order === order)[index - active.length - 1];
    if (waiting !== undefined) return place(TEMPORARY, R, base + waiting.register);
    // Under a hook the whole window counts as in use.
    return isHookSite(at) && index > 0 && index <= prototype.size ? place(TEMPORARY, [undefined], 0) : undefined;
  }
  const register = base + local.register;
  return {
    name: local.name,
    get: () => (local.cell ? (R[register] as Cell).value : R[register]),
    set: (value) => {
      if (local.cell) (R[register] as Cell).value = value;
      else R[register] = value;
    },
  };
}

function getlocal(args: Value[]): Results {
  const { coroutine, skip } = threadOf(args);
  const index = checkIndex(args[skip + 1], skip + 2);
  const subject = args[skip];
  if (isFunction(subject)) {
    return subject instanceof LuaFunction && index > 0 ? subject.prototype.parameterNames[index - 1] : undefined;
  }
  const level = findLevel(coroutine, checkIndex(subject, skip + 1));
  if (level === undefined) throw argumentError(skip + 1, "level out of range");
  if (coroutine === state.coroutine && level.base === state.top) {
    return index > 0 && index <= args.length ? [C_TEMPORARY, args[index - 1]] : undefined;
  }
  const place = localPlace(coroutine, level, index);
  return place === undefined ? undefined : [place.name, place.get()];
}

function setlocal(args: Value[]): Results {
  const { coroutine, skip } = threadOf(args);
  const level = findLevel(coroutine, checkIndex(args[skip], skip + 1));
  const index = checkIndex(args[skip + 1], skip + 2);
  if (level === undefined) throw argumentError(skip + 1, "level out of range");
  if (args.length < skip + 3) throw argumentError(skip + 3, "value expected");
  const place = localPlace(coroutine, level, index);
  place?.set(args[skip + 2]);
  return place?.name;
}

// --- upvalues ---------------------------------------------------------------------------------------------------------

function upvalueCell(fn: Value, index: number): Cell | undefined {
  if (!(fn instanceof LuaFunction)) return undefined;
  const held = fn.upvalues[index - 1];
  return held instanceof Cell ? held : undefined;
}

function getupvalue(args: Value[]): Results {
  const index = checkIndex(args[1], 2);
  const fn = checkFunction(args[0], 1);
  if (fn instanceof NativeFunction) {
    // What a native function holds on to are its upvalues, without names.
    const { held = [] } = fn;
    return index > 0 && index <= held.length ? ["", held[index - 1]] : NOTHING;
  }
  const cell = upvalueCell(fn, index);
  if (cell === undefined) return NOTHING;
  return [(fn as LuaFunction).prototype.upvalues[index - 1]?.name, cell.value];
}

function setupvalue(args: Value[]): Results {
  if (args.length < 3) throw argumentError(3, "value expected");
  const index = checkIndex(args[1], 2);
  const fn = checkFunction(args[0], 1);
  const cell = upvalueCell(fn, index);
  if (cell === undefined) return NOTHING;
  cell.value = args[2];
  return (fn as LuaFunction).prototype.upvalues[index - 1]?.name;
}

/** Kind of the values that tell upvalues apart: what the reference calls light userdata. */
const IDENTITY = "light userdata";
const identities = new WeakMap<Cell | NativeFunction, Userdata>();

function upvalueid(args: Value[]): Results {
  const index = checkIndex(args[1], 2);
  const fn = checkFunction(args[0], 1);
  // What a native function holds on to counts as one upvalue without a name.
  const cell = fn instanceof NativeFunction && index === 1 ? fn : upvalueCell(fn, index);
  if (cell === undefined) return undefined;
  const known = identities.get(cell);
  if (known !== undefined) return known;
  const made = new Userdata(IDENTITY, undefined);
  identities.set(cell, made);
  return made;
}

function upvaluejoin(args: Value[]): Results {
  const cells = [0, 2].map((at) => {
    const index = checkIndex(args[at + 1], at + 2);
    const fn = checkFunction(args[at], at + 1);
    const cell = upvalueCell(fn, index);
    if (cell === undefined) {
      if (fn instanceof NativeFunction || index < 1 || index > fn.upvalues.length) {
        throw argumentError(at + 2, "invalid upvalue index");
      }
    }
    return cell;
  });
  if (!(args[0] instanceof LuaFunction)) throw argumentError(1, "Lua function expected");
  if (!(args[2] instanceof LuaFunction)) throw argumentError(3, "Lua function expected");
  args[0].upvalues[checkIndex(args[1], 2) - 1] = cells[1];
  return NOTHING;
}

// --- metatables and the rest ------------------------------------------------------------------------------------------

function setmetatable(args: Value[]): Results {
  const [value, metatable] = args;
  if (metatable !== undefined && !(metatable instanceof LuaTable)) throw typeError(2, "nil or table", metatable);
  if (args.length < 2) throw typeError(2, "nil or table", undefined);
  if (value instanceof LuaTable || value instanceof Userdata) {
    value.metatable = metatable;
    if (metatable !== undefined) state.vm.noteMetatable(value, metatable);
  } else if (typeof value === "string") state.vm.stringMetatable = metatable;
  else {
    state.vm.typeMetatables ??= new Map();
    if (metatable === undefined) state.vm.typeMetatables.delete(basicType(value));
    else state.vm.typeMetatables.set(basicType(value), metatable);
  }
  return value;
}

function getmetatable(args: Value[]): Results {
  const [value] = args;
  if (args.length < 1) throw argumentError(1, "value expected");
  if (value instanceof LuaTable || value instanceof Userdata) return value.metatable;
  if (typeof value === "string") return state.vm.stringMetatable;
  return state.vm.typeMetatables?.get(basicType(value));
}

function debugTraceback(args: Value[]): Results {
  const { coroutine, skip } = threadOf(args);
  const message = args[skip];
  if (message !== undefined && typeof message !== "string" && !isNumber(message)) return message;
  const own = coroutine === state.coroutine;
  const level = args[skip + 1] === undefined ? (own ? 1 : 0) : checkIndex(args[skip + 1], skip + 2);
  const top = own ? runningStack() : stackOf(coroutine);
  return traceback(top, message === undefined ? undefined : checkString(message, skip + 1), level);
}

function sethook(args: Value[]): Results | Suspended {
  const { coroutine, skip } = threadOf(args);
  const hook = args[skip];
  if (hook === undefined) {
    return setHook(coroutine, undefined);
  }
  const mask = checkString(args[skip + 1], skip + 2);
  checkFunction(hook, skip + 1);
  const count = args[skip + 2] === undefined ? 0 : checkIndex(args[skip + 2], skip + 3);
  return setHook(coroutine, { fn: hook, mask, count });
}

function gethook(args: Value[]): Results {
  const hook = getHook(threadOf(args).coroutine);
  return hook === undefined ? undefined : [hook.fn, hook.mask, hook.count];
}

const source = "Lua manual §6.11";
const row = (summary: string, result: string, type = "any") => ({
  summary,
  params: [],
  returns: [returns(result, type)],
  source,
});

export const debugLibrary: Library = library("debug", "The debug library.", [
  rawVariadic("gethook", row("The current hook: function, mask and count.", "hook", "function"), gethook),
  rawVariadic("getinfo", row("Information about a function or a level of the stack.", "info", "table"), getinfo),
  rawVariadic("getlocal", row("The name and value of a local variable.", "name", "string?"), getlocal),
  rawVariadic(
    "getmetatable",
    row("The metatable of any value, whatever its `__metatable` says.", "metatable"),
    getmetatable,
  ),
  rawVariadic("getregistry", row("The registry table.", "registry", "table"), () => state.vm.registry),
  rawVariadic("getupvalue", row("The name and value of an upvalue.", "name", "string?"), getupvalue),
  rawVariadic("getuservalue", row("A value attached to a userdata.", "value"), ([, n]) => {
    if (n !== undefined) checkIndex(n, 2);
    // No userdata that a script can get has any.
    return undefined;
  }),
  rawVariadic(
    "sethook",
    row("Sets a hook for calls (c), returns (r), lines (l) and every n steps.", "nothing"),
    sethook,
  ),
  rawVariadic("setlocal", row("Sets a local variable.", "name", "string?"), setlocal),
  rawVariadic("setmetatable", row("Sets the metatable of any value.", "value"), setmetatable),
  rawVariadic("setupvalue", row("Sets an upvalue.", "name", "string?"), setupvalue),
  rawVariadic("setuservalue", row("Attaches a value to a userdata.", "userdata"), (args) => {
    if (args[2] !== undefined) checkIndex(args[2], 3);
    if (!(args[0] instanceof Userdata)) throw typeError(1, "userdata", args[0]);
    if (args[0].kind === IDENTITY) throw argumentError(1, "userdata expected, got light userdata");
    if (args.length < 2) throw argumentError(2, "value expected");
    // Files have no user values, nor has any other userdata that a script can get.
    return undefined;
  }),
  rawVariadic("traceback", row("A traceback of the stack, after a message.", "text", "string"), debugTraceback),
  rawVariadic("upvalueid", row("What tells upvalues apart: equal for shared ones.", "id", "userdata"), upvalueid),
  rawVariadic("upvaluejoin", row("Makes an upvalue of one function refer to that of another.", "nothing"), upvaluejoin),
]);
