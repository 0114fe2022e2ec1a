/** Modules (manual §6.3): `require` and the `package` table, without loaders of native code. */
import { Continuation, call } from "../call.ts";
import { failure, LuaError } from "../error.ts";
import { Cell } from "../function.ts";
import { checkString, type Library, library, rawFn, returns, string } from "../native.ts";
import { suspend } from "../nodes/node.ts";
import { state } from "../state.ts";
import type { LuaTable } from "../table.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { compileOrMessage } from "./base.ts";

/** Where a module's source was found: its bytes, and its chunk name in Lua's form. */
export interface ModuleSource {
  source: string;
  chunkName: string;
  /** What the module gets as its second argument. */
  location: string;
  /** Its `_ENV`, when that is not the globals. */
  environment?: LuaTable;
}

/** Finds a module by name, or tells in one line each where it has looked. */
export type ModuleFinder = (name: string) => ModuleSource | string[];

/** The modules loaded so far, and the loaders of those that need no search. */
export interface Packages {
  readonly loaded: LuaTable;
  readonly preload: LuaTable;
}

interface Loading {
  name: string;
  location: string;
  loaded: LuaTable;
}

/** A module's chunk is running. */
class LoadingModule extends Continuation {
  override proceed(saved: unknown, value: Results): Results {
    return loaded(saved as Loading, value);
  }
}
const LOADING = new LoadingModule();

function packages(vm: VirtualMachine): Packages {
  return {
    loaded: vm.registry.getString("_LOADED") as LuaTable,
    preload: vm.registry.getString("_PRELOAD") as LuaTable,
  };
}

/** Keeps what a module's chunk returned, true if nothing. */
function loaded({ name, location, loaded }: Loading, given: Results): Results {
  const value = first(given);
  if (value !== undefined) loaded.setString(name, value);
  else if (loaded.getString(name) === undefined) loaded.setString(name, true);
  return [loaded.getString(name), location];
}

function require(nameValue: Value, find: ModuleFinder, own: Packages | undefined): Results | Suspended {
  const name = checkString(nameValue, 1);
  const { loaded: known, preload } = own ?? packages(state.vm);
  const value = known.getString(name);
  if (value !== undefined && value !== false) return value;
  const loader = preload.getString(name);
  if (loader !== undefined) return run(loader, { name, location: ":preload:", loaded: known });
  const found = find(name);
  if (Array.isArray(found)) {
    const tried = [`no field package.preload['${name}']`, ...found].map((line) => `\n\t${line}`).join("");
    throw failure(`module '${name}' not found:${tried}`);
  }
  const compiled = compileOrMessage(found.source, found.chunkName, new Cell(found.environment ?? state.vm.globals));
  if (Array.isArray(compiled)) {
    throw new LuaError(`error loading module '${name}' from file '${found.location}':\n\t${String(compiled[1])}`);
  }
  return run(compiled, { name, location: found.location, loaded: known });
}

function run(loader: Value, loading: Loading): Results | Suspended {
  const given = call(loader, [loading.name, loading.location]);
  return given === SUSPENDED ? suspend(LOADING, state.top, 0, loading) : loaded(loading, given);
}

/**
 * `require` and `package`, with a finder that decides where modules come from. `own` keeps the modules apart from those
 * that scripts see in `package.loaded`.
 */
export function packageLibraries(find: ModuleFinder, own?: Packages): { globals: Library; package: Library } {
  return {
    globals: library("_G", "Modules.", [
      rawFn(
        "require",
        {
          summary: "Loads a module once, and returns what it returned.",
          params: [string("name")],
          returns: [returns("module", "any"), returns("location", "string")],
          source: "Lua manual §6.3",
        },
        (name) => require(name, find, own),
      ),
    ]),
    package: library("package", "How modules are found.", [], (vm) => {
      const { loaded, preload } = packages(vm);
      return { loaded, preload, path: "./?.lua;./?/init.lua", cpath: "", config: "/\n;\n?\n!\n-\n" };
    }),
  };
}

/** Makes the tables that `require` keeps; to be called before libraries are opened. */
export function openPackages(vm: VirtualMachine): void {
  vm.registry.setString("_LOADED", vm.newTable());
  vm.registry.setString("_PRELOAD", vm.newTable());
}
