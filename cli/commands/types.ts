/**
 * `assay types [DIR]`: definitions for the Lua language server. Without a folder, those of the builtins on standard
 * output; with one, files for the builtins and for each embedded module.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeText } from "../../builtins/output.ts";
import { fileError, Status, usageError } from "../status.ts";
import { builtinStubs } from "../stubs/builtins.ts";
import { moduleStubs } from "../stubs/modules.ts";

export async function types(args: string[]): Promise<Status> {
  const [folder, more] = args;
  if (folder?.startsWith("-")) throw usageError(`types: unknown option ${JSON.stringify(folder)}`);
  if (more !== undefined) throw usageError(`types: one folder at a time, got ${JSON.stringify(more)} as well`);
  if (folder === undefined) {
    writeText(1, builtinStubs());
    return Status.Ok;
  }
  const stubs = await moduleStubs();
  try {
    mkdirSync(join(folder, "assay"), { recursive: true });
    writeFileSync(join(folder, "assay.lua"), builtinStubs());
    for (const [name, text] of Object.entries(stubs)) writeFileSync(join(folder, "assay", `${name}.lua`), text);
  } catch (error) {
    throw fileError(`types: ${folder}: cannot be written (${(error as NodeJS.ErrnoException).code ?? "failed"})`);
  }
  return Status.Ok;
}
