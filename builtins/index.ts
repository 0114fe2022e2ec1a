/**
 * The list of Assay's libraries: the only place where one is named. Each is loaded when a chunk first mentions it, so
 * that what a script does not use costs nothing at its start.
 */
import { NativeFunction } from "../interpreter/function.ts";
import { openGlobal, openRequire, protectStrings, separateGlobals } from "../interpreter/index.ts";
import type { ModuleFinder } from "../interpreter/library/package.ts";
import { type Library, openLibrary } from "../interpreter/native.ts";
import type { LuaTable } from "../interpreter/table.ts";
import type { Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import type { Host } from "./host.ts";

import { writeBytes, writeText } from "./output.ts";

/** `script`: everything. `check`: what scripts of check files may use. */
export type Selection = "script" | "check";

interface Row {
  /** The globals it makes: mentioning one of them opens it. */
  readonly globals: readonly string[];
  readonly inChecks: boolean;
  /** Synchronous, because it happens while a chunk is compiled. */
  load(): Library;
}

const ROWS: readonly Row[] = [
  {
    globals: ["assert"],
    inChecks: true,
    load: () => (require("./assert.ts") as typeof import("./assert.ts")).assertLibrary,
  },
  {
    globals: ["async"],
    inChecks: false,
    load: () => (require("./async.ts") as typeof import("./async.ts")).asyncLibrary,
  },
  {
    globals: ["base64"],
    inChecks: true,
    load: () => (require("./base64.ts") as typeof import("./base64.ts")).base64Library,
  },
  {
    globals: ["sleep", "time", "monotonic"],
    inChecks: true,
    load: () => (require("./clock.ts") as typeof import("./clock.ts")).clockLibrary,
  },
  {
    globals: ["crypto"],
    inChecks: false,
    load: () => (require("./crypto.ts") as typeof import("./crypto.ts")).cryptoLibrary,
  },
  { globals: ["db"], inChecks: false, load: () => (require("./db.ts") as typeof import("./db.ts")).db },
  { globals: ["env"], inChecks: true, load: () => (require("./env.ts") as typeof import("./env.ts")).envLibrary },
  { globals: ["http"], inChecks: true, load: () => (require("./http.ts") as typeof import("./http.ts")).httpLibrary },
  { globals: ["fs"], inChecks: false, load: () => (require("./fs.ts") as typeof import("./fs.ts")).fsLibrary },
  {
    globals: ["json"],
    inChecks: true,
    load: () => (require("./json.ts") as typeof import("./json.ts")).jsonLibrary,
  },
  { globals: ["log"], inChecks: true, load: () => (require("./log.ts") as typeof import("./log.ts")).logLibrary },
  { globals: ["net"], inChecks: false, load: () => (require("./net.ts") as typeof import("./net.ts")).netLibrary },
  {
    globals: ["regex"],
    inChecks: false,
    load: () => (require("./regex.ts") as typeof import("./regex.ts")).regexLibrary,
  },
  {
    globals: ["toml"],
    inChecks: false,
    load: () => (require("./toml.ts") as typeof import("./toml.ts")).tomlLibrary,
  },
  { globals: ["ws"], inChecks: false, load: () => (require("./ws.ts") as typeof import("./ws.ts")).wsLibrary },
  {
    globals: ["template"],
    inChecks: false,
    load: () => (require("./template.ts") as typeof import("./template.ts")).templateLibrary,
  },
  {
    globals: ["yaml"],
    inChecks: true,
    load: () => (require("./yaml.ts") as typeof import("./yaml.ts")).yamlLibrary,
  },
];

/** All libraries, loaded: for help, type stubs and the reference. */
export function allLibraries(): Library[] {
  return ROWS.map((row) => row.load());
}

/** The names of the libraries and functions that Assay adds to the globals. */
export function globalNames(): string[] {
  return ROWS.flatMap((row) => row.globals);
}

/** What gives access to any global by a computed name; fields that happen to be called `package` do not. */
const ANY_GLOBAL = /\b(?:_G|_ENV)\b|(?<![.:])\bpackage\b(?!\s*=[^=])/;
const ANY_GLOBAL_PARTS = ["_G", "_ENV", "package"];

/**
 * Gives a virtual machine its host, Assay's libraries and `require`. The function returned tells whether a library
 * (by the name of one of its globals) has been opened so far.
 */
export function openBuiltins(vm: VirtualMachine, host: Host, selection: Selection): (name: string) => boolean {
  vm.host = host;
  vm.write = (bytes) => {
    const { stdout } = host.settings;
    if (stdout === undefined) return writeBytes(1, bytes);
    stdout(bytes);
    return undefined;
  };
  vm.warnSink = (message) => {
    if (host.settings.logSink !== undefined) host.settings.logSink(message.trimEnd());
    else void writeText(2, message);
  };
  vm.getenv = (name) => (require("./env.ts") as typeof import("./env.ts")).readVariable(host, name);
  const closed = new Map<string, Row>();
  for (const row of ROWS) {
    if (selection === "script" || row.inChecks) for (const name of row.globals) closed.set(name, row);
  }
  const find: ModuleFinder = (name) =>
    (require("./modules.ts") as typeof import("./modules.ts")).findModule(host, name);
  if (selection === "script") openRequire(vm, find);
  else openConfined(vm, find);
  const open = (row: Row) => {
    for (const name of row.globals) closed.delete(name);
    openMarked(vm, row.load());
  };
  vm.beforeCompile = (source) => {
    // Compiling the patterns costs a short script more than looking for their parts.
    if (ANY_GLOBAL_PARTS.some((part) => source.includes(part)) && ANY_GLOBAL.test(source)) {
      for (const row of new Set(closed.values())) open(row);
      return;
    }
    for (const [name, row] of closed) {
      if (source.includes(name) && new RegExp(`\\b${name}\\b`).test(source)) open(row);
    }
  };
  return (name) => !closed.has(name);
}

/**
 * `require` in checks. The embedded modules know a pod's credentials, which the scripts must not see: they have globals
 * and modules of their own, so that nothing a script replaces is called with one, and the modules that only they use
 * are not for scripts.
 */
function openConfined(vm: VirtualMachine, find: ModuleFinder): void {
  protectStrings(vm);
  let inner: LuaTable | undefined;
  const embedded: ModuleFinder = (name) => {
    const found = find(name);
    return Array.isArray(found) ? found : { ...found, environment: inner! };
  };
  openRequire(vm, (name) => {
    if (!name.startsWith("assay.")) return find(name);
    if (name.startsWith("assay._")) return [`'${name}' is for the embedded modules only`];
    inner ??= modulesGlobals(vm, embedded);
    return embedded(name);
  });
}

/** Globals of the embedded modules in checks: all libraries, each opened when it is first used. */
function modulesGlobals(vm: VirtualMachine, find: ModuleFinder): LuaTable {
  const globals = separateGlobals(vm, find);
  // Tells the modules that the script must not choose who sees a credential of the pod.
  globals.setConstant("confined", true);
  const rows = new Map(ROWS.flatMap((row) => row.globals.map((name) => [name, row] as const)));
  for (const name of rows.keys()) globals.setString(name, undefined); // Lua's `assert` makes room for Assay's
  const index = (_table: Value, key: Value): Value => {
    const row = typeof key === "string" ? rows.get(key) : undefined;
    if (row === undefined) return undefined;
    const library = row.load();
    const opened = openLibrary(vm, library, globals);
    markAll(vm, opened, library);
    if (library.name !== "_G") globals.setString(library.name, opened);
    return globals.get(key);
  };
  globals.metatable = vm.newTable();
  globals.metatable.setString("__index", new NativeFunction("__index", index, undefined));
  return globals;
}

/** Opens a library whose functions go by their full names in messages. */
function openMarked(vm: VirtualMachine, library: Library): void {
  markAll(vm, openGlobal(vm, library), library);
}

function markAll(vm: VirtualMachine, table: LuaTable, library: Library): void {
  for (const { name } of library.functions) {
    const made = table.getString(name);
    if (made instanceof NativeFunction) vm.markBuiltin(made);
  }
}
