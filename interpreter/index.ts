/**
 * The interpreter as others use it: make a virtual machine, load a chunk, run it as a task.
 *
 *     const vm = createVm({ memoryBytes: 64 << 20, timeoutMs: Infinity });
 *     const results = await new Task(vm, load(vm, "return 1 + 1", "=example"), []).start().promise;
 */
import { compile } from "./compile.ts";
import { LuaError } from "./error.ts";
import { Cell, type LuaFunction } from "./function.ts";
import { SyntaxFailure } from "./lexer.ts";
import { baseLibrary, openBase } from "./library/base.ts";
import { coroutineLibrary } from "./library/coroutine.ts";
import { mathLibrary } from "./library/math.ts";
import { osLibrary } from "./library/os.ts";
import { type ModuleFinder, openPackages, packageLibraries } from "./library/package.ts";
import { stringLibrary, stringMetatable } from "./library/string.ts";
import { tableLibrary } from "./library/table.ts";
import { utf8Library } from "./library/utf8.ts";
import type { Limits } from "./limits.ts";
import { type Library, openLibrary } from "./native.ts";
import { skipShebang } from "./parse.ts";
import { LuaTable } from "./table.ts";
import type { Value } from "./value.ts";
import { VirtualMachine } from "./vm.ts";

/** Lua's own libraries that a sandboxed script gets, besides the basic functions. */
export const sandboxLibraries: readonly Library[] = [
  coroutineLibrary,
  tableLibrary,
  stringLibrary,
  utf8Library,
  mathLibrary,
  osLibrary,
];

/** Opens a library as a global table, and as a module that `require` knows. */
export function openGlobal(vm: VirtualMachine, library: Library): LuaTable {
  const table = openLibrary(vm, library);
  if (library.name !== "_G") {
    vm.globals.setConstant(library.name, table);
    (vm.registry.getString("_LOADED") as LuaTable).setString(library.name, table);
  }
  return table;
}

/** A virtual machine with the libraries of Lua that a sandboxed script may have. */
export function createVm(limits?: Limits): VirtualMachine {
  const vm = new VirtualMachine(limits);
  openPackages(vm);
  openBase(vm);
  (vm.registry.getString("_LOADED") as LuaTable).setString("_G", vm.globals);
  for (const library of sandboxLibraries) openGlobal(vm, library);
  vm.stringMetatable = stringMetatable(vm);
  return vm;
}

/**
 * Globals of their own for code that must not see what a script does to its globals: Lua's libraries, and a `require`
 * with modules of its own.
 */
export function separateGlobals(vm: VirtualMachine, find: ModuleFinder): LuaTable {
  const globals = openLibrary(vm, baseLibrary, vm.newTable());
  for (const library of sandboxLibraries) globals.setConstant(library.name, openLibrary(vm, library));
  globals.setConstant("_G", globals);
  const own = { loaded: vm.newTable(), preload: vm.newTable() };
  // What only they refer to is in use all the same.
  vm.registry.setString("_SEPARATE", LuaTable.fromArray([globals, own.loaded, own.preload]));
  openLibrary(vm, packageLibraries(find, own).globals, globals);
  return globals;
}

/**
 * Keeps the methods of strings as they are, whatever a script does to its `string` table: what it adds there becomes
 * a method, what it replaces does not, and the metatable itself is out of reach.
 */
export function protectStrings(vm: VirtualMachine): void {
  const methods = openLibrary(vm, stringLibrary);
  methods.metatable = vm.newTable();
  methods.metatable.setConstant("__index", vm.globals.getString("string"));
  vm.stringMetatable = stringMetatable(vm, methods);
  vm.stringMetatable.setConstant("__metatable", "string");
}

/** Adds `require` and `package` to a virtual machine. */
export function openRequire(vm: VirtualMachine, find: ModuleFinder): void {
  const { globals, package: packages } = packageLibraries(find);
  openGlobal(vm, globals);
  openGlobal(vm, packages);
}

/**
 * Compiles a chunk, given as bytes, with the machine's globals (or `environment`) as its `_ENV`. Throws a LuaError
 * for a syntax error. `chunkName` is in Lua's form, such as "@script.lua".
 */
export function load(vm: VirtualMachine, source: string, chunkName: string, environment?: Value): LuaFunction {
  vm.beforeCompile(source);
  try {
    return compile(source, chunkName, new Cell(environment ?? vm.globals), { debug: vm.debug });
  } catch (error) {
    if (error instanceof SyntaxFailure) throw new LuaError(error.message);
    throw error;
  }
}

export { LuaError, Stop } from "./error.ts";
export { Task } from "./task.ts";
export { skipShebang };
