/**
 * Declarations of native functions. One row per function holds its name, parameters, results, errors and code;
 * argument checks, their messages, `assay help`, the editor stubs and the reference tables are derived from it.
 */
import { failure, type LuaError, typeName } from "./error.ts";
import { LuaFunction, NativeFunction, type NativeResult } from "./function.ts";
import type { Site } from "./nodes/node.ts";
import { floatToInteger, formatNumber, parseNumber, toInteger, toNumber } from "./number.ts";
import { state } from "./state.ts";
import { LuaTable } from "./table.ts";
import { awaitPromise } from "./task.ts";
import { isNumber, LuaFloat, type Results, toDouble, Userdata, type Value } from "./value.ts";
import type { VirtualMachine } from "./vm.ts";

/** How one parameter is checked, converted and documented. */
export interface Parameter<T = unknown> {
  readonly name: string;
  /** The type as LuaCATS writes it, such as `string`, `integer`, `table<string, string>`, `fun(): any`. */
  readonly type: string;
  readonly optional: boolean;
  readonly summary: string;
  /** Takes all further arguments; only the last parameter may. `run` gets them as an array. */
  readonly rest: boolean;
  /** Fields, for a table of options. */
  readonly fields?: readonly Parameter[];
  /** The argument as `run` gets it; throws a LuaError for one that does not fit. `index` counts from 1. */
  check(value: Value, index: number): T;
}

/** A parameter whose name is known to the type checker, so that `options` can type its fields. */
export type Named<N extends string, T> = Parameter<T> & { readonly name: N };

type Arguments<P extends readonly Parameter[]> = {
  [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

export interface Returned {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
}

/** What a row says about a function besides its name. */
export interface Row<P extends readonly Parameter[] = readonly Parameter[]> {
  /** One sentence. */
  readonly summary: string;
  readonly params: P;
  readonly returns: readonly Returned[];
  /** When it raises, one sentence each. */
  readonly raises?: readonly string[];
  /** Manual section, RFC or product page; "Assay" for what is ours. */
  readonly source: string;
  /** Lua code that runs as it stands; tests run it. Absent where it would need a network service. */
  readonly example?: string;
  /** The code. A promise suspends the calling task until it settles. */
  readonly run: (...args: Arguments<P>) => NativeResult | Promise<Results>;
}

export interface Declaration extends Row {
  readonly name: string;
  /** For the hot functions of Lua's own libraries: code that takes the arguments as they come and checks them itself. */
  readonly raw?: (a?: Value, b?: Value, c?: Value) => NativeResult;
  readonly rawVariadic?: (args: Value[]) => NativeResult;
}

/** A table of functions that scripts see as a global, or (name "_G") the globals themselves. */
export interface Library {
  readonly name: string;
  readonly summary: string;
  readonly functions: readonly Declaration[];
  /** Other fields, made per virtual machine. */
  readonly fields?: (vm: VirtualMachine) => Record<string, Value>;
  /** Metamethods of the table itself, by event name: `__call` makes it callable. */
  readonly metamethods?: readonly Declaration[];
}

/** Declares a function whose arguments are checked by its parameters. */
export function fn<const P extends readonly Parameter[]>(name: string, row: Row<P>): Declaration {
  return { name, ...(row as unknown as Row) };
}

/** Declares a hot function with up to three parameters that checks its arguments itself; `params` documents it. */
export function rawFn(
  name: string,
  row: Omit<Row, "run">,
  raw: (a?: Value, b?: Value, c?: Value) => NativeResult,
): Declaration {
  return { name, ...row, raw, run: () => undefined };
}

/** Declares a hot function that takes its arguments as one array (its own to keep) and checks them itself. */
export function rawVariadic(name: string, row: Omit<Row, "run">, code: (args: Value[]) => NativeResult): Declaration {
  return { name, ...row, rawVariadic: code, run: () => undefined };
}

export function library(
  name: string,
  summary: string,
  functions: readonly Declaration[],
  fields?: (vm: VirtualMachine) => Record<string, Value>,
  metamethods?: readonly Declaration[],
): Library {
  return { name, summary, functions, fields, metamethods };
}

/** The function value of a declaration. `qualified` is the full name, such as `http.get`. */
export function nativeFunction(declaration: Declaration, qualified: string): NativeFunction {
  if (declaration.raw !== undefined) return new NativeFunction(qualified, declaration.raw, undefined);
  if (declaration.rawVariadic !== undefined) return new NativeFunction(qualified, noFixedForm, declaration.rawVariadic);
  const { params } = declaration;
  const run = declaration.run as (...args: unknown[]) => NativeResult | Promise<Results>;
  const variadic = (args: Value[]): NativeResult => {
    const checked: unknown[] = [];
    for (let i = 0; i < params.length; i++) {
      const param = params[i]!;
      if (param.rest) {
        const rest: unknown[] = [];
        for (let j = i; j < args.length; j++) rest.push(param.check(args[j], j + 1));
        checked.push(rest);
      } else checked.push(param.check(args[i], i + 1));
    }
    return settle(run(...checked));
  };
  return new NativeFunction(qualified, noFixedForm, variadic);
}

function noFixedForm(): never {
  throw new Error("a variadic function was called with arguments in place");
}

function settle(result: NativeResult | Promise<Results>): NativeResult {
  return result instanceof Promise ? awaitPromise(result) : result;
}

/** The table of a library, made for one virtual machine. Functions of `_G` go into `globals`. */
export function openLibrary(vm: VirtualMachine, lib: Library, globals: LuaTable = vm.globals): LuaTable {
  const table = lib.name === "_G" ? globals : LuaTable.ofItsOwn();
  const prefix = lib.name === "_G" ? "" : `${lib.name}.`;
  for (const declaration of lib.functions) {
    table.setConstant(declaration.name, nativeFunction(declaration, prefix + declaration.name));
  }
  const fields = lib.fields?.(vm);
  if (fields !== undefined) for (const key of Object.keys(fields)) table.setConstant(key, fields[key]);
  if (lib.metamethods !== undefined) {
    table.metatable = vm.newTable();
    for (const event of lib.metamethods) table.metatable.setConstant(event.name, nativeFunction(event, lib.name));
  }
  return table;
}

// --- errors about arguments -----------------------------------------------------------------------------------------

/** `no value` for an argument that was not given, else its type name. */
export function givenType(value: Value, index: number): string {
  return value === undefined && index > state.argc ? "no value" : typeName(value);
}

/**
 * `bad argument #2 to 'rep' (…)`: the name is what the call site calls the function, as in the reference
 * implementation; Assay's own functions go by their full name. Values that `__call` put in front are extra arguments.
 */
export function argumentError(index: number, detail: string): LuaError {
  const fn = state.R[state.top] as NativeFunction;
  const site = state.R[state.top + 1] as Site;
  const described = site.calleeName();
  const quoted = /^(.*?)'(.*)'$/.exec(described);
  let name = quoted?.[2] ?? (fn instanceof NativeFunction ? fn.name : "?");
  const extra = (site as { extraArguments?: number }).extraArguments ?? 0;
  const word = index <= extra ? "extra argument" : "argument";
  if (index > extra) {
    index -= extra;
    if (quoted !== null && quoted[1] === "method ") {
      index--;
      if (index === 0) return failure(`calling '${name}' on bad self (${detail})`);
    }
  }
  if (fn instanceof NativeFunction && state.vm.isBuiltin(fn)) name = fn.name;
  return failure(`bad ${word} #${index} to '${name}' (${detail})`);
}

/** `bad argument #1 to 'f' (number expected, got nil)`. */
export function typeError(index: number, expected: string, value: Value): LuaError {
  return argumentError(index, `${expected} expected, got ${givenType(value, index)}`);
}

// --- checks, also for raw functions ---------------------------------------------------------------------------------

/** Strings of more bytes count against the ticks. */
const LONG_STRING = 4096;

/** `luaL_checklstring`: strings as they are, numbers as text. */
export function checkString(value: Value, index: number): string {
  if (typeof value === "string") {
    // What is done with a long string takes its time: a loop of few such calls must look around as often as others.
    if (value.length > LONG_STRING) state.ticks -= value.length >> 10;
    return value;
  }
  if (isNumber(value)) return formatNumber(value);
  throw typeError(index, "string", value);
}

/** `luaL_checkinteger`, exact: a number, or a bigint beyond 2^53. */
export function checkInteger(value: Value, index: number): number | bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const n = toInteger(value);
  if (n !== undefined) return n;
  if (isNumber(value) || (typeof value === "string" && parseNumber(value) !== undefined)) {
    throw argumentError(index, "number has no integer representation");
  }
  throw typeError(index, "number", value);
}

/** `luaL_checkinteger` where only the range up to 2^53 matters: larger ones are rounded, which keeps comparisons right. */
export function checkIndex(value: Value, index: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  return Number(checkInteger(value, index));
}

/** `luaL_checknumber` as a double. */
export function checkNumber(value: Value, index: number): number {
  if (typeof value === "number") return value;
  const n = toNumber(value);
  if (n === undefined) throw typeError(index, "number", value);
  return toDouble(n);
}

export function checkTable(value: Value, index: number): LuaTable {
  if (value instanceof LuaTable) return value;
  throw typeError(index, "table", value);
}

export function isFunction(value: Value): value is LuaFunction | NativeFunction {
  return value instanceof LuaFunction || value instanceof NativeFunction;
}

export function checkFunction(value: Value, index: number): LuaFunction | NativeFunction {
  if (isFunction(value)) return value;
  throw typeError(index, "function", value);
}

// --- parameters -----------------------------------------------------------------------------------------------------

/** Common settings of a parameter. */
export interface Settings {
  readonly summary?: string;
  /** What a number measures, such as `seconds` or `bytes`. */
  readonly unit?: string;
}

function parameter<N extends string, T>(
  name: N,
  type: string,
  settings: Settings,
  check: (value: Value, index: number) => T,
): Named<N, T> {
  const unit = settings.unit === undefined ? "" : ` (${settings.unit})`;
  return { name, type, optional: false, rest: false, summary: (settings.summary ?? "") + unit, check };
}

/** A string of bytes; a number is taken as its text. */
export function string<N extends string>(name: N, settings: Settings = {}): Named<N, string> {
  return parameter(name, "string", settings, checkString);
}

/** An integer within the safe range; `min` and `max` are part of the contract. */
export function integer<N extends string>(
  name: N,
  settings: Settings & { min?: number; max?: number } = {},
): Named<N, number> {
  const { min = -Infinity, max = Infinity } = settings;
  return parameter(name, "integer", settings, (value, index) => {
    const n = checkIndex(value, index);
    if (n < min) throw argumentError(index, `value out of range: ${n} is below ${min}`);
    if (n > max) throw argumentError(index, `value out of range: ${n} is above ${max}`);
    return n;
  });
}

/** A number as a double. */
export function number<N extends string>(
  name: N,
  settings: Settings & { min?: number; max?: number } = {},
): Named<N, number> {
  const { min = -Infinity, max = Infinity } = settings;
  return parameter(name, "number", settings, (value, index) => {
    const n = checkNumber(value, index);
    if (Number.isNaN(n)) throw argumentError(index, "value out of range: not a number");
    if (n < min) throw argumentError(index, `value out of range: ${n} is below ${min}`);
    if (n > max) throw argumentError(index, `value out of range: ${n} is above ${max}`);
    return n;
  });
}

export function boolean<N extends string>(name: N, settings: Settings = {}): Named<N, boolean> {
  return parameter(name, "boolean", settings, (value, index) => {
    if (typeof value !== "boolean") throw typeError(index, "boolean", value);
    return value;
  });
}

export function table<N extends string>(name: N, settings: Settings & { type?: string } = {}): Named<N, LuaTable> {
  return parameter(name, settings.type ?? "table", settings, checkTable);
}

export function callable<N extends string>(
  name: N,
  settings: Settings & { type?: string } = {},
): Named<N, LuaFunction | NativeFunction> {
  return parameter(name, settings.type ?? "function", settings, checkFunction);
}

/** Any value, which must be given (`luaL_checkany`). */
export function any<N extends string>(name: N, settings: Settings & { type?: string } = {}): Named<N, Value> {
  return parameter(name, settings.type ?? "any", settings, (value, index) => {
    if (value === undefined && index > state.argc) throw argumentError(index, "value expected");
    return value;
  });
}

/** A value that `accept` turns into what `run` wants, or refuses by returning undefined. `expected` words the error. */
export function custom<N extends string, T>(
  name: N,
  type: string,
  expected: string,
  accept: (value: Value, index: number) => T | undefined,
  settings: Settings = {},
): Named<N, T> {
  return parameter(name, type, settings, (value, index) => {
    const accepted = accept(value, index);
    if (accepted === undefined) throw typeError(index, expected, value);
    return accepted;
  });
}

/** A handle of the host of the given kind; `run` gets the userdata. */
export function userdata<N extends string>(name: N, kind: string, settings: Settings = {}): Named<N, Userdata> {
  return parameter(name, kind, settings, (value, index) => {
    if (value instanceof Userdata && value.kind === kind) return value;
    throw typeError(index, kind, value);
  });
}

/** The parameter may be left out or nil: `run` gets the default then. */
export function optional<N extends string, T>(inner: Named<N, T>): Named<N, T | undefined>;
export function optional<N extends string, T>(inner: Named<N, T>, fallback: T): Named<N, T>;
export function optional<N extends string, T>(inner: Named<N, T>, fallback?: T): Named<N, T | undefined> {
  return {
    ...inner,
    optional: true,
    check: (value, index) => (value === undefined ? fallback : inner.check(value, index)),
  };
}

/** All further arguments, as an array. */
export function rest<N extends string, T>(inner: Named<N, T>): Named<N, T[]> {
  return { ...inner, rest: true, optional: true } as unknown as Named<N, T[]>;
}

export type Fields<F extends readonly Parameter[]> = {
  [P in F[number] as P["name"]]: P extends Parameter<infer T> ? T : never;
};

/**
 * An optional table of options. `run` gets an object with one property per field, checked and with defaults; a wrong
 * one raises `(field 'timeout': number expected, got string)`. Unknown keys are ignored.
 */
export function options<N extends string, const F extends readonly Parameter[]>(
  name: N,
  fields: F,
  settings: Settings = {},
): Named<N, Fields<F>> {
  const inner = parameter(name, "table", settings, (value, index): Fields<F> => {
    if (value !== undefined && !(value instanceof LuaTable)) throw typeError(index, "table", value);
    const out: Record<string, unknown> = {};
    for (const field of fields) out[field.name] = checkField(field, value?.getString(field.name), index);
    return out as Fields<F>;
  });
  return { ...inner, optional: true, fields };
}

function checkField(field: Parameter, value: Value, index: number): unknown {
  if (value === undefined && field.optional) return field.check(undefined, index);
  try {
    return field.check(value, index);
  } catch (error) {
    const text = (error as LuaError).value;
    const detail = typeof text === "string" ? /\((.*)\)$/s.exec(text)?.[1] : undefined;
    if (detail === undefined) throw error;
    throw argumentError(index, `field '${field.name}': ${detail.replace("got no value", "got nil")}`);
  }
}

// --- results --------------------------------------------------------------------------------------------------------

/** Documents one result. */
export function returns(name: string, type: string, summary = ""): Returned {
  return { name, type, summary };
}

export { failure, floatToInteger, LuaFloat };

/** A kind of userdata: the methods that scripts call on its handles, and its other metamethods. */
export interface Kind {
  /** What `type` of the handle's documentation is, such as `db.connection`; also its `__name`. */
  readonly name: string;
  readonly summary: string;
  readonly methods: readonly Declaration[];
  /** `__close`, `__tostring`, `__gc` …, by event name. */
  readonly metamethods?: readonly Declaration[];
}

const documented = new WeakMap<Library, readonly Kind[]>();

/** Says which kinds of handles a library's functions return, for help and editor stubs. */
export function documentKinds(library: Library, ...kinds: Kind[]): void {
  documented.set(library, kinds);
}

export function kindsOf(library: Library): readonly Kind[] {
  return documented.get(library) ?? [];
}

/** A table with named fields that functions return or hand to scripts: a type of its own in help and editor stubs. */
export interface TableType {
  /** Such as `http.response`. */
  readonly name: string;
  readonly summary: string;
  readonly fields: readonly Returned[];
}

const tableTypes = new WeakMap<Library, readonly TableType[]>();

export function documentTables(library: Library, ...types: TableType[]): void {
  tableTypes.set(library, types);
}

export function tablesOf(library: Library): readonly TableType[] {
  return tableTypes.get(library) ?? [];
}

/** A new handle of a kind, for the running virtual machine. The first parameter of its methods is `userdata(…, kind.name)`. */
export function newUserdata(kind: Kind, data: unknown): Userdata {
  const { vm } = state;
  let metatable = vm.kinds.get(kind.name);
  if (metatable === undefined) {
    metatable = vm.newTable();
    const methods = vm.newTable();
    for (const method of kind.methods) {
      const made = nativeFunction(method, `${kind.name}:${method.name}`);
      vm.markBuiltin(made);
      methods.setConstant(method.name, made);
    }
    metatable.setConstant("__index", methods);
    metatable.setConstant("__name", kind.name);
    // Scripts get a name instead of the metatable: they must not reach the metamethods of other handles.
    metatable.setConstant("__metatable", kind.name);
    for (const event of kind.metamethods ?? [])
      metatable.setConstant(event.name, nativeFunction(event, `${kind.name}.${event.name}`));
    vm.kinds.set(kind.name, metatable);
  }
  return new Userdata(kind.name, data, metatable);
}
