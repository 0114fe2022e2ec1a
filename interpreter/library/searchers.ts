/** Modules as the reference finds them (manual §6.3): `require` by way of `package.searchers` and its paths. */
import { call } from "../call.ts";
import { failure } from "../error.ts";
import { Cell } from "../function.ts";
import {
  checkString,
  fn,
  isFunction,
  type Library,
  library,
  nativeFunction,
  openLibrary,
  optional,
  rawFn,
  returns,
  string,
} from "../native.ts";
import { state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { first, isNumber, list, type Results, SUSPENDED, type Value } from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { isReadable, loadFile } from "./files.ts";
import { runSteps, type Steps } from "./steps.ts";

const VERSION = "5.5";
const DIRECTORY = "/";
const MARK = "?";
const source = "Lua manual §6.3";
const NO_LIBRARIES = "dynamic libraries not enabled; check your Lua installation";

const LUA_FOLDER = `/usr/local/share/lua/${VERSION}/`;
const C_FOLDER = `/usr/local/lib/lua/${VERSION}/`;
/** The reference's own defaults (luaconf.h). */
const DEFAULT_PATH = [LUA_FOLDER, C_FOLDER, "./"]
  .flatMap((folder) => [`${folder}?.lua`, `${folder}?/init.lua`])
  .join(";");
const DEFAULT_CPATH = `${C_FOLDER}?.so;${C_FOLDER}loadall.so;./?.so`;

/** A path from the environment, in which ";;" stands for the default one. */
function pathFrom(environment: Environment, variable: string, fallback: string): string {
  const path = environment(`${variable}_${VERSION.replace(".", "_")}`) ?? environment(variable);
  if (path === undefined) return fallback;
  const mark = path.indexOf(";;");
  if (mark < 0) return path;
  return [path.slice(0, mark), fallback, path.slice(mark + 2)].filter((part) => part !== "").join(";");
}

/** Environment variables, as bytes. */
export type Environment = (name: string) => string | undefined;

/** A name looked for in a path's templates: the first file that can be read, or where there is none. */
function searchPath(
  name: string,
  path: string,
  separator: string,
  directory: string,
): { found: string } | { tried: string } {
  const file = separator === "" ? name : name.replaceAll(separator, () => directory);
  const candidates = path === "" ? [] : path.replaceAll(MARK, () => file).split(";");
  for (const candidate of candidates) if (isReadable(candidate)) return { found: candidate };
  return { tried: candidates.map((candidate) => `no file '${candidate}'`).join("\n\t") };
}

function packageField(packages: LuaTable, field: string): string {
  const path = packages.getString(field);
  if (typeof path === "string") return path;
  throw failure(`'package.${field}' must be a string`);
}

function loadFailure(name: string, file: string, message: Value): unknown {
  return failure(`error loading module '${name}' from file '${file}':\n\t${String(message)}`);
}

/** The searchers, in their order. Each gets the module's name; `packages` is the table whose paths it follows. */
function searchers(packages: LuaTable): Record<string, (name: string) => Results> {
  return {
    preload(name) {
      const loader = (state.vm.registry.getString("_PRELOAD") as LuaTable).getString(name);
      return loader === undefined ? `no field package.preload['${name}']` : [loader, ":preload:"];
    },
    lua(name) {
      const search = searchPath(name, packageField(packages, "path"), ".", DIRECTORY);
      if ("tried" in search) return search.tried;
      const loaded = loadFile(search.found, "bt", new Cell(state.vm.globals)) as Results;
      if (Array.isArray(loaded)) throw loadFailure(name, search.found, loaded[1]);
      return [loaded, search.found];
    },
    library(name) {
      const search = searchPath(name, packageField(packages, "cpath"), ".", DIRECTORY);
      if ("tried" in search) return search.tried;
      throw loadFailure(name, search.found, NO_LIBRARIES);
    },
    root(name) {
      const dot = name.indexOf(".");
      if (dot < 0) return [];
      const search = searchPath(name.slice(0, dot), packageField(packages, "cpath"), ".", DIRECTORY);
      if ("tried" in search) return search.tried;
      throw loadFailure(name, search.found, NO_LIBRARIES);
    },
  };
}

/** Asks each searcher for a loader: that, and what goes with it. */
function* findLoader(name: string, packages: LuaTable): Steps<[loader: Value, data: Value]> {
  const known = packages.getString("searchers");
  if (!(known instanceof LuaTable)) throw failure("'package.searchers' must be a table");
  let tried = "";
  for (let i = 1; ; i++) {
    const searcher = known.getIndex(i);
    if (searcher === undefined) throw failure(`module '${name}' not found:${tried}`);
    const given = call(searcher, [name]);
    const [loader, data] = list(given === SUSPENDED ? yield : given);
    if (isFunction(loader)) return [loader, data];
    if (typeof loader === "string" || isNumber(loader)) tried += `\n\t${checkString(loader, 1)}`;
  }
}

function* require(name: string, packages: LuaTable): Steps<Results> {
  const loaded = state.vm.registry.getString("_LOADED") as LuaTable;
  const known = loaded.getString(name);
  if (known !== undefined && known !== false) return known;
  const [loader, data] = yield* findLoader(name, packages);
  const given = call(loader, [name, data]);
  const value = first(given === SUSPENDED ? yield : given);
  if (value !== undefined) loaded.setString(name, value);
  if (loaded.getString(name) === undefined) loaded.setString(name, true);
  return [loaded.getString(name), data];
}

const packageLibrary: Library = library("package", "How modules are found.", [
  fn("loadlib", {
    summary: "Would load a library of C functions: always fails, as Assay has none.",
    params: [string("path"), string("funcname")],
    returns: [returns("f", "nil"), returns("message", "string"), returns("where", "string")],
    source,
    run: () => [undefined, NO_LIBRARIES, "absent"],
  }),
  fn("searchpath", {
    summary:
      "The first file that a path's templates name and that can be read; nil and where it was looked for if none.",
    params: [
      string("name"),
      string("path"),
      optional(string("separator"), "."),
      optional(string("replacement"), DIRECTORY),
    ],
    returns: [returns("filename", "string?"), returns("tried", "string?")],
    source,
    run: (name, path, separator, directory) => {
      const search = searchPath(name, path, separator, directory);
      return "found" in search ? search.found : [undefined, search.tried];
    },
  }),
]);

function requireLibrary(packages: LuaTable): Library {
  return library("_G", "Modules.", [
    rawFn(
      "require",
      {
        summary: "Loads a module once: what it returned, and what its searcher said about where it is from.",
        params: [string("name")],
        returns: [returns("module", "any"), returns("data", "any")],
        raises: ["When no searcher finds it, or it cannot be loaded."],
        source,
      },
      (name) => runSteps(require(checkString(name, 1), packages)),
    ),
  ]);
}

/** Opens `require` and `package`. `environment` says where to look; without variables, the default places. */
export function openSearchers(vm: VirtualMachine, environment: Environment): void {
  const packages = openLibrary(vm, packageLibrary);
  const table = vm.newTable();
  for (const [i, searcher] of Object.values(searchers(packages)).entries()) {
    const declared = rawFn("?", { summary: "A searcher.", params: [string("name")], returns: [], source }, (name) =>
      searcher(checkString(name, 1)),
    );
    table.setIndex(i + 1, nativeFunction(declared, "?"));
  }
  const loaded = vm.registry.getString("_LOADED") as LuaTable;
  packages.setString("searchers", table);
  packages.setString("path", pathFrom(environment, "LUA_PATH", DEFAULT_PATH));
  packages.setString("cpath", pathFrom(environment, "LUA_CPATH", DEFAULT_CPATH));
  packages.setString("config", "/\n;\n?\n!\n-\n");
  packages.setString("loaded", loaded);
  packages.setString("preload", vm.registry.getString("_PRELOAD"));
  vm.globals.setString("package", packages);
  loaded.setString("package", packages);
  openLibrary(vm, requireLibrary(packages));
}
