/** Where `require` finds modules: `assay.*` in the executable, everything else in files beside the script. */
import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { failure } from "../interpreter/error.ts";
import type { ModuleSource } from "../interpreter/library/package.ts";
import { reserveMemory } from "../interpreter/memory.ts";
import { fromBuffer, fromText } from "../interpreter/text.ts";
import { errorCode } from "./errno.ts";
import type { Host } from "./host.ts";
import { readOpened } from "./opened.ts";

const PREFIX = "assay.";
/** Largest module, in bytes. */
const MAX_MODULE = 64 * 1024 * 1024;
/** Words joined by dots: nothing that could lead out of the folders that are searched. */
const NAME = /^[\w-]+(\.[\w-]+)*$/;

/** The source of a module, or one line for each place where it is not. */
export function findModule(host: Host, name: string): ModuleSource | string[] {
  if (name.startsWith(PREFIX)) {
    const { modules } = require("../stdlib/index.ts") as typeof import("../stdlib/index.ts");
    const word = name.slice(PREFIX.length);
    const source = Object.hasOwn(modules, word) ? modules[word] : undefined;
    if (source === undefined) return [`no embedded module '${name}' (assay modules lists them)`];
    return { source: fromText(withoutComments(source)), chunkName: `@${name.replace(".", "/")}.lua`, location: name };
  }
  if (!NAME.test(name)) return [`'${name}' is not a module name (words joined by dots)`];
  const path = name.replaceAll(".", "/");
  const tried: string[] = [];
  for (const folder of foldersOf(host)) {
    for (const file of [join(folder, `${path}.lua`), join(folder, path, "init.lua")]) {
      const source = readSource(host, file);
      if (source !== undefined) return { source, chunkName: `@${fromText(file)}`, location: fromText(file) };
      tried.push(`no file '${fromText(file)}'`);
    }
  }
  return tried;
}

/**
 * Half of an embedded module is documentation, which names libraries that the code does not use. Lines stay where they
 * are. No string of a module has lines that look like comments (a test looks).
 */
export function withoutComments(source: string): string {
  return source.replace(/^[ \t]*--.*$/gm, "");
}

/** Beside the script, in `lib` there, then what ASSAY_PATH names. */
function foldersOf(host: Host): string[] {
  const beside = host.settings.scriptFolder ?? ".";
  const extra = (host.env("ASSAY_PATH") ?? "").split(":").filter((folder) => folder !== "");
  return [beside, join(beside, "lib"), ...extra.map((folder) => (isAbsolute(folder) ? folder : resolve(folder)))];
}

/** A module's text; undefined for what is no file or cannot be opened, so that the search goes on. */
function readSource(host: Host, file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const check = (path: string) => host.permissions.checkRead("require", path);
    return fromBuffer(readOpened(file, check, MAX_MODULE, reserveMemory));
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (code === "EFBIG") throw failure(fromText(`require: ${file}: file too large (more than ${MAX_MODULE} bytes)`));
    return undefined;
  }
}
