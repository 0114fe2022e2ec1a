/** Basic functions (manual §6.1). */

import { indexValue } from "../access.ts";
import { Continuation, call } from "../call.ts";
import { compile } from "../compile.ts";
import type { CompileOptions } from "../compile-expression.ts";
import { basicType, failure, LuaError } from "../error.ts";
import { Cell, type NativeFunction } from "../function.ts";
import { SyntaxFailure } from "../lexer.ts";
import { reserveMemory } from "../memory.ts";
import { Event, eventOf, metamethod, metatableOf } from "../metatable.ts";
import {
  any,
  argumentError,
  checkFunction,
  checkIndex,
  checkInteger,
  checkString,
  checkTable,
  fn,
  type Library,
  library,
  nativeFunction,
  openLibrary,
  optional,
  rawFn,
  rawVariadic,
  rest,
  returns,
  string,
  table,
  typeError,
} from "../native.ts";
import { iterators } from "../nodes/generic-for.ts";
import { suspend } from "../nodes/node.ts";
import { parseNumber } from "../number.ts";
import { state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { awaitPromise, caught } from "../task.ts";
import { upToZero } from "../text.ts";
import {
  first,
  float,
  integer,
  isNumber,
  LuaFloat,
  list,
  NOTHING,
  type Results,
  rawEquals,
  results,
  SUSPENDED,
  type Suspended,
  type Value,
} from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { collect, openFinalizers } from "./collect.ts";
import { protectedCall, protectedCallWithHandler } from "./protected.ts";
import { awaited, runSteps, type Steps } from "./steps.ts";
import { tostring } from "./tostring.ts";

// --- iteration --------------------------------------------------------------------------------------------------------

function next(t?: Value, key?: Value): Results {
  const subject = checkTable(t, 1);
  const position = subject.position(key);
  // A float is never a key: the reference does not convert here either.
  if (Number.isNaN(position) || key instanceof LuaFloat) throw failure("invalid key to 'next'", 0);
  const at = subject.nextPosition(position);
  return at === 0 ? undefined : [subject.keyAt(at), subject.valueAt(at)];
}

class IpairsContinuation extends Continuation {
  override proceed(saved: unknown, value: Results): Results {
    const element = Array.isArray(value) ? value[0] : value;
    return element === undefined ? undefined : [saved as Value, element];
  }
}
const IPAIRS = new IpairsContinuation();

function ipairsStep(t?: Value, i?: Value): Results | Suspended {
  const index = checkInteger(i, 2);
  const n = typeof index === "number" && index < Number.MAX_SAFE_INTEGER ? index + 1 : integer(BigInt(index) + 1n);
  if (t instanceof LuaTable) {
    const value = t.get(n);
    if (value !== undefined) return [n, value];
    if (t.metatable === undefined) return undefined;
  }
  const given = indexValue(t, n);
  if (given === SUSPENDED) return suspend(IPAIRS, state.top, 0, n);
  const element = Array.isArray(given) ? given[0] : given;
  return element === undefined ? undefined : [n, element];
}

iterators.next = next;
iterators.ipairs = ipairsStep;

/** The iterator of `ipairs` as a function value; scripts get it only from there. */
const IPAIRS_STEP = rawFn(
  "ipairs_iterator",
  { summary: "The iterator of ipairs.", params: [], returns: [], source: "Lua manual §6.1" },
  ipairsStep,
);

class PairsContinuation extends Continuation {
  override get isYieldable(): boolean {
    return true;
  }
  override proceed(_saved: unknown, value: Results): Results {
    return list(value).slice(0, 4);
  }
}
const PAIRS = new PairsContinuation();

function pairs(t?: Value): Results | Suspended {
  if (t === undefined && state.argc < 1) throw argumentError(1, "value expected");
  const metatable = metatableOf(t);
  const handler = metatable === undefined ? undefined : eventOf(metatable, Event.Pairs);
  // What is no table is for the iterator to refuse.
  if (handler === undefined) return [state.vm.shared("next"), t, undefined, undefined];
  const given = call(handler, [t], true);
  if (given === SUSPENDED) return suspend(PAIRS, state.top, 0);
  return list(given).slice(0, 4);
}

// --- loading ----------------------------------------------------------------------------------------------------------

/** Compiles text for `load`: nil and a message when it has an error. */
export function loadText(text: string, chunkName: string, mode: string, environment: Cell): Results {
  if (text.startsWith("\x1b")) {
    const reload = state.vm.undump;
    if (!mode.includes("b") || reload === undefined) {
      return [undefined, `attempt to load a binary chunk (mode is '${mode}')`];
    }
    return reload(text, chunkName, environment);
  }
  if (!mode.includes("t")) return [undefined, `attempt to load a text chunk (mode is '${mode}')`];
  return compileOrMessage(text, chunkName, environment);
}

export function compileOrMessage(text: string, chunkName: string, environment: Cell): Results {
  state.vm.beforeCompile(text);
  state.ticks -= text.length; // compiling takes its time, which nobody would look at otherwise
  try {
    return compile(text, chunkName, environment, {
      debug: state.vm.debug,
      reserve: reserveMemory,
    } satisfies CompileOptions);
  } catch (error) {
    if (error instanceof SyntaxFailure) return [undefined, error.message];
    throw error;
  }
}

/** What a piece of a chunk takes beside its bytes. */
const PIECE_BYTES = 16;
/** Bytes of a chunk that are read before the memory for them is asked for. */
const READ_AHEAD = 1 << 16;

function* readChunk(reader: Value, chunkName: string, mode: string, environment: Cell): Steps<Results> {
  const pieces: string[] = [];
  // Nobody else sees these: they are asked for as they grow, not counted afterwards.
  let held = 0;
  let asked = 0;
  for (;;) {
    const given = first(yield* awaited(call(reader, [])));
    if (given === undefined || given === "") break;
    if (typeof given !== "string" && !isNumber(given)) throw failure("reader function must return a string");
    const piece = checkString(given, 1);
    pieces.push(piece);
    held += piece.length + PIECE_BYTES;
    if (held > asked + READ_AHEAD) {
      reserveMemory(held);
      asked = held;
    }
  }
  return loadText(pieces.join(""), chunkName, mode, environment);
}

/** The `mode` of `load` and `loadfile`; "B", for buffers that stay in place, is for C code only. */
export function checkMode(value: Value, index: number): string {
  const mode = value === undefined ? "bt" : checkString(value, index);
  if (mode.includes("B")) throw argumentError(index, "invalid mode");
  return mode;
}

function load(args: Value[]): Results | Suspended {
  const [chunk, name] = args;
  const mode = checkMode(args[2], 3);
  const environment = args.length >= 4 ? new Cell(args[3]) : new Cell(state.vm.globals);
  if (typeof chunk === "string" || isNumber(chunk)) {
    const text = checkString(chunk, 1);
    return loadText(text, name === undefined ? text : checkString(name, 2), allowed(mode), environment);
  }
  const chunkName = name === undefined ? "=(load)" : checkString(name, 2);
  checkFunction(chunk, 1);
  return runSteps(catching(readChunk(chunk, chunkName, allowed(mode), environment)), chunk, environment.value);
}

/** Without the full libraries, binary chunks are refused whatever the mode says. */
function allowed(mode: string): string {
  return state.vm.undump === undefined && mode.includes("t") ? mode.replace("b", "") : mode;
}

/** An error of the reader is a failure of `load`, as in the reference. */
function* catching(steps: Steps<Results>): Steps<Results> {
  const { nativeCalls, top, coroutine } = state;
  coroutine.protectedCalls++;
  try {
    return yield* steps;
  } catch (thrown) {
    const error = caught(thrown);
    if (!(error instanceof LuaError)) throw error;
    state.nativeCalls = nativeCalls;
    state.top = top;
    return [undefined, error.value];
  } finally {
    coroutine.protectedCalls--;
  }
}

// --- others -----------------------------------------------------------------------------------------------------------

/** Waits when whoever reads the output is far behind. */
function printLine(texts: string[]): Results | Suspended {
  const waiting = state.vm.write(`${texts.join("\t")}\n`);
  return waiting === undefined ? NOTHING : awaitPromise(waiting.then(() => NOTHING));
}

function* printSlowly(values: Value[]): Steps<Results> {
  const texts: string[] = [];
  for (const value of values) texts.push((yield* awaited(tostring(value))) as string);
  if (printLine(texts) === SUSPENDED) yield;
  return NOTHING;
}

function print(values: Value[]): Results | Suspended {
  const texts: string[] = [];
  for (const value of values) {
    if (typeof value === "object" && !isNumber(value) && metamethod(value, Event.ToString) !== undefined) {
      return runSteps(printSlowly(values), ...values);
    }
    texts.push(tostring(value) as string);
  }
  return printLine(texts);
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** An integer in a base other than ten, wrapping around as the reference's does; nil when it is none. */
function parseInBase(text: string, base: number): Value {
  const match = /^[ \f\n\r\t\v]*([-+]?)([0-9a-zA-Z]+)[ \f\n\r\t\v]*$/.exec(text);
  if (match === null) return undefined;
  const digits = (match[2] as string).toLowerCase();
  let n = 0;
  let i = 0;
  // As far as it stays exact, which is nearly always to the end.
  for (; i < digits.length && n < 2 ** 46; i++) {
    const value = DIGITS.indexOf(digits[i]!);
    if (value >= base) return undefined;
    n = n * base + value;
  }
  if (i === digits.length) return match[1] === "-" ? 0 - n : n;
  let wide = BigInt(n);
  for (; i < digits.length; i++) {
    const value = DIGITS.indexOf(digits[i]!);
    if (value >= base) return undefined;
    wide = BigInt.asIntN(64, wide * BigInt(base) + BigInt(value));
  }
  return integer(match[1] === "-" ? -wide : wide);
}

function tonumber(value?: Value, base?: Value): Value {
  if (base === undefined) {
    if (isNumber(value)) return value;
    if (typeof value === "string") return parseNumber(value);
    if (value === undefined && state.argc < 1) throw argumentError(1, "value expected");
    return undefined;
  }
  const radix = checkIndex(base, 2);
  if (typeof value !== "string") throw typeError(1, "string", value);
  if (radix < 2 || radix > 36) throw argumentError(2, "base out of range");
  return parseInBase(value, radix);
}

function raise(value: Value, level: number): never {
  if (typeof value === "string" && level > 0) throw failure(value, level);
  const error = new LuaError(value);
  error.coroutine = state.coroutine;
  error.base = state.top;
  throw error;
}

function setmetatable(t?: Value, metatable?: Value): Value {
  if (!(t instanceof LuaTable)) throw typeError(1, "table", t);
  if (metatable !== undefined && !(metatable instanceof LuaTable)) throw typeError(2, "nil or table", metatable);
  if (metatable === undefined && state.argc < 2) throw typeError(2, "nil or table", metatable);
  if (t.metatable !== undefined && eventOf(t.metatable, Event.Metatable) !== undefined) {
    throw failure("cannot change a protected metatable");
  }
  t.metatable = metatable;
  if (metatable !== undefined) state.vm.noteMetatable(t, metatable);
  return t;
}

function getmetatable(value?: Value): Value {
  if (value === undefined && state.argc < 1) throw argumentError(1, "value expected");
  const metatable = metatableOf(value);
  if (metatable === undefined) return undefined;
  const guarded = metatable.getString("__metatable");
  return guarded === undefined ? metatable : guarded;
}

const COLLECT_OPTIONS = [
  "stop",
  "restart",
  "collect",
  "count",
  "step",
  "isrunning",
  "generational",
  "incremental",
  "param",
];
const COLLECT_PARAMETERS = ["minormul", "majorminor", "minormajor", "pause", "stepmul", "stepsize"];

function collectgarbage(args: Value[]): Results | Suspended {
  const option = args[0] === undefined ? "collect" : checkString(args[0], 1);
  if (!COLLECT_OPTIONS.includes(option)) throw argumentError(1, `invalid option '${upToZero(option)}'`);
  const { memory } = state.vm;
  switch (option) {
    case "count":
      return float(memory.bytes() / 1024);
    case "step":
      if (args[1] !== undefined) checkInteger(args[1], 2);
      return collect(true);
    case "isrunning":
      return memory.running;
    case "stop":
      memory.running = false;
      return 0;
    case "restart":
      memory.running = true;
      return 0;
    case "generational":
    case "incremental": {
      const before = memory.mode;
      memory.mode = option;
      return before;
    }
    case "param": {
      const name = checkString(args[1], 2);
      if (!COLLECT_PARAMETERS.includes(name)) throw argumentError(2, `invalid option '${upToZero(name)}'`);
      const before = memory.parameters.get(name) ?? 0;
      if (args[2] !== undefined) {
        const value = checkIndex(args[2], 3);
        if (value >= 0) memory.parameters.set(name, value);
      }
      return before;
    }
    default:
      return collect(0);
  }
}

const source = "Lua manual §6.1";
const value = any("v");

export const baseLibrary: Library = library(
  "_G",
  "Basic functions.",
  [
    rawVariadic(
      "assert",
      {
        summary: "Raises an error if its first argument is false or nil; otherwise returns all its arguments.",
        params: [value, optional(any("message"))],
        returns: [returns("...", "any", "all the arguments")],
        source,
      },
      (args) => {
        const [v] = args;
        if (v !== undefined && v !== false) return results(args);
        if (args.length === 0) throw argumentError(1, "value expected");
        return raise(args.length > 1 ? args[1] : "assertion failed!", 1);
      },
    ),
    rawVariadic(
      "collectgarbage",
      {
        summary:
          "Controls the accounting of memory: `collect`, `count` (in KiB), `step`, `stop`, `restart` and others.",
        params: [optional(string("opt")), optional(any("arg"))],
        returns: [returns("result", "any")],
        source,
      },
      collectgarbage,
    ),
    rawFn(
      "error",
      {
        summary: "Raises an error with the given error object; strings get the position that `level` names in front.",
        params: [any("message"), optional(any("level"))],
        returns: [],
        source,
      },
      (message, level) => raise(message, level === undefined ? 1 : checkIndex(level, 2)),
    ),
    rawFn(
      "getmetatable",
      {
        summary: "The metatable of a value, or its `__metatable` field if that is set.",
        params: [value],
        returns: [returns("metatable", "any")],
        source,
      },
      getmetatable,
    ),
    rawFn(
      "ipairs",
      {
        summary: "Iterates over the elements 1, 2, … of a table up to the first nil.",
        params: [table("t")],
        returns: [returns("iterator", "function"), returns("t", "table"), returns("start", "integer")],
        source,
        example: "local n = 0; for _, v in ipairs({1, 2, 3}) do n = n + v end; assert(n == 6)",
      },
      (t) => {
        if (t === undefined && state.argc < 1) throw argumentError(1, "value expected");
        return [state.vm.shared("ipairs"), t, 0];
      },
    ),
    rawVariadic(
      "load",
      {
        summary: "Compiles a chunk of source text and returns it as a function, or nil and a message.",
        params: [any("chunk"), optional(string("chunkname")), optional(string("mode")), optional(any("env"))],
        returns: [returns("f", "function?"), returns("message", "string?")],
        source,
        example: 'assert(load("return 1 + 1")() == 2)',
      },
      load,
    ),
    rawFn(
      "next",
      {
        summary: "The key and value that follow a key in a table, in no particular order; nil after the last.",
        params: [table("t"), optional(any("key"))],
        returns: [returns("key", "any"), returns("value", "any")],
        source,
      },
      next,
    ),
    rawFn(
      "pairs",
      {
        summary: "Iterates over all keys and values of a table.",
        params: [table("t")],
        returns: [returns("iterator", "function"), returns("t", "table"), returns("start", "nil")],
        source,
      },
      pairs,
    ),
    rawVariadic(
      "pcall",
      {
        summary: "Calls a function and catches its error: true and the results, or false and the error object.",
        params: [any("f"), rest(any("..."))],
        returns: [returns("ok", "boolean"), returns("...", "any")],
        source,
        example: 'assert(select(2, pcall(error, "no", 0)) == "no")',
      },
      protectedCall,
    ),
    rawVariadic(
      "print",
      {
        summary: "Writes its arguments to standard output, separated by tabs, with a line break at the end.",
        params: [rest(any("..."))],
        returns: [],
        source,
      },
      print,
    ),
    rawFn(
      "rawequal",
      {
        summary: "Whether two values are equal, without metamethods.",
        params: [value, any("v2")],
        returns: [returns("equal", "boolean")],
        source,
      },
      (a, b) => {
        if (state.argc < 2) throw argumentError(state.argc + 1, "value expected");
        return rawEquals(a, b);
      },
    ),
    rawFn(
      "rawget",
      {
        summary: "The value of `t[key]`, without metamethods.",
        params: [table("t"), any("key")],
        returns: [returns("value", "any")],
        source,
      },
      (t, key) => {
        const subject = checkTable(t, 1);
        if (state.argc < 2) throw argumentError(2, "value expected");
        return subject.get(key);
      },
    ),
    rawFn(
      "rawlen",
      {
        summary: "The length of a table or string, without metamethods.",
        params: [any("v", { type: "table|string" })],
        returns: [returns("length", "integer")],
        source,
      },
      (v) => {
        if (v instanceof LuaTable) return v.length();
        if (typeof v === "string") return v.length;
        throw typeError(1, "table or string", v);
      },
    ),
    rawFn(
      "rawset",
      {
        summary: "Sets `t[key]`, without metamethods.",
        params: [table("t"), any("key"), any("value")],
        returns: [returns("t", "table")],
        source,
      },
      (t, key, element) => {
        const subject = checkTable(t, 1);
        if (state.argc < 3) throw argumentError(state.argc + 1, "value expected");
        if (key === undefined) throw failure("table index is nil", 0);
        if (typeof key === "number" && Number.isNaN(key)) throw failure("table index is NaN", 0);
        subject.set(key, element);
        return subject;
      },
    ),
    rawVariadic(
      "select",
      {
        summary: "All arguments from the n-th on (negative: from the end), or their number for `#`.",
        params: [any("n", { type: "integer|string" }), rest(any("..."))],
        returns: [returns("...", "any")],
        source,
        example: 'assert(select("#", nil, nil) == 2)',
      },
      (args) => {
        const [n] = args;
        if (typeof n === "string" && n.startsWith("#")) return args.length - 1;
        const i = checkIndex(n, 1);
        const from = i < 0 ? args.length + i : Math.min(i, args.length);
        if (from < 1) throw argumentError(1, "index out of range");
        return results(args.slice(from));
      },
    ),
    rawFn(
      "setmetatable",
      {
        summary: "Sets the metatable of a table and returns the table.",
        params: [table("t"), optional(table("metatable"))],
        returns: [returns("t", "table")],
        source,
      },
      setmetatable,
    ),
    rawFn(
      "tonumber",
      {
        summary: "A string or number as a number, or nil; with a base (2 to 36), an integer in that base.",
        params: [any("v"), optional(any("base", { type: "integer" }))],
        returns: [returns("n", "number?")],
        source,
        example: 'assert(tonumber("0x10") == 16 and tonumber("zz", 36) == 1295)',
      },
      tonumber,
    ),
    rawFn(
      "tostring",
      {
        summary: "A value as text, by its `__tostring` if it has one.",
        params: [value],
        returns: [returns("text", "string")],
        source,
      },
      (v) => {
        if (v === undefined && state.argc < 1) throw argumentError(1, "value expected");
        return tostring(v);
      },
    ),
    rawFn(
      "type",
      {
        summary: "The name of a value's type.",
        params: [value],
        returns: [returns("type", "string")],
        source,
      },
      (v) => {
        if (v === undefined && state.argc < 1) throw argumentError(1, "value expected");
        return basicType(v);
      },
    ),
    fn("warn", {
      summary: "Emits a warning made of its arguments; `@on` and `@off` switch warnings.",
      params: [string("message"), rest(string("..."))],
      returns: [],
      source,
      run: (message, more) => {
        state.vm.warn(message + more.join(""), more.length === 0);
        return NOTHING;
      },
    }),
    rawVariadic(
      "xpcall",
      {
        summary: "Calls a function like pcall, but passes an error through a message handler where it was raised.",
        params: [any("f"), any("handler", { type: "function" }), rest(any("..."))],
        returns: [returns("ok", "boolean"), returns("...", "any")],
        source,
      },
      protectedCallWithHandler,
    ),
  ],
  (vm) => ({ _G: vm.globals, _VERSION: "Lua 5.5" }),
);

/** Opens the basic functions in a virtual machine. */
export function openBase(vm: VirtualMachine): void {
  openFinalizers(vm);
  openLibrary(vm, baseLibrary);
  vm.share("next", vm.globals.getString("next") as NativeFunction);
  vm.share("ipairs", nativeFunction(IPAIRS_STEP, "ipairs_iterator"));
}
