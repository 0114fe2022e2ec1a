/** A virtual machine with all of Lua's standard libraries, for scripts that may do anything (`assay lua`). */
import { undump } from "./dump.ts";
import { createVm, openGlobal } from "./index.ts";
import { debugLibrary } from "./library/debug.ts";
import { debugPrompt } from "./library/debug-prompt.ts";
import { dumpLibrary } from "./library/dump.ts";
import { filesLibrary } from "./library/files.ts";
import { ioLibrary } from "./library/io.ts";
import { osLibrary } from "./library/os.ts";
import { osFullLibrary } from "./library/os-full.ts";
import { type Environment, openSearchers } from "./library/searchers.ts";
import type { Limits } from "./limits.ts";
import { nativeFunction } from "./native.ts";
import type { LuaTable } from "./table.ts";
import type { VirtualMachine } from "./vm.ts";

/** `environment` looks up what `require` searches by: LUA_PATH and LUA_CPATH, with or without `_5_5`. */
export function createFullVm(environment: Environment, limits?: Limits): VirtualMachine {
  const vm = createVm(limits);
  vm.debug = true;
  vm.memory.mode = "generational"; // as the standard command sets it
  vm.undump = undump;
  openSearchers(vm, environment);
  const os = { ...osLibrary, functions: [...osLibrary.functions, ...osFullLibrary.functions] };
  const debug = { ...debugLibrary, functions: [...debugLibrary.functions, debugPrompt] };
  const strings = vm.globals.getString("string") as LuaTable;
  for (const row of dumpLibrary.functions) strings.setConstant(row.name, nativeFunction(row, `string.${row.name}`));
  for (const library of [filesLibrary, ioLibrary, os, debug]) openGlobal(vm, library);
  return vm;
}
