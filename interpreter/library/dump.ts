/** `string.dump` (manual §6.5), which only `assay lua` has. */
import { dump } from "../dump.ts";
import { failure } from "../error.ts";
import { LuaFunction } from "../function.ts";
import { any, checkFunction, type Library, library, optional, rawFn, returns } from "../native.ts";

export const dumpLibrary: Library = library("string", "Functions as strings.", [
  rawFn(
    "dump",
    {
      summary: "A Lua function as a string that `load` turns back into a function, with fresh upvalues.",
      params: [any("function", { type: "function" }), optional(any("strip", { type: "boolean" }))],
      returns: [returns("dumped", "string")],
      source: "Lua manual §6.5",
    },
    (fn, strip) => {
      const given = checkFunction(fn, 1);
      if (!(given instanceof LuaFunction)) throw failure("unable to dump given function");
      return dump(given, strip !== undefined && strip !== false);
    },
  ),
]);
