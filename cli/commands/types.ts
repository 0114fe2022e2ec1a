/**
 * `assay types [DIR]`: definitions for the Lua language server. Without a folder, those of the builtins on standard
 * output; with one, files for the builtins and for each embedded module.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allLibraries } from "../../builtins/index.ts";
import { writeText } from "../../builtins/output.ts";
import { type Declaration, type Kind, kindsOf, type Library, type Parameter } from "../../interpreter/native.ts";
import { modules } from "../../stdlib/index.ts";
import { fileError, Status, usageError } from "../status.ts";

export async function types(args: string[]): Promise<Status> {
  const [folder, more] = args;
  if (more !== undefined) throw usageError(`types: one folder at a time, got ${JSON.stringify(more)} as well`);
  const stubs = builtinStubs();
  if (folder === undefined) {
    writeText(1, stubs);
    return Status.Ok;
  }
  try {
    mkdirSync(join(folder, "assay"), { recursive: true });
    writeFileSync(join(folder, "assay.lua"), stubs);
    for (const [name, source] of Object.entries(modules)) {
      if (!name.startsWith("_")) writeFileSync(join(folder, "assay", `${name}.lua`), source);
    }
  } catch (error) {
    throw fileError(`types: ${folder}: cannot be written (${(error as NodeJS.ErrnoException).code ?? "failed"})`);
  }
  return Status.Ok;
}

/** Definitions of Assay's own globals; the language server knows Lua's. */
export function builtinStubs(): string {
  return `---@meta\n\n${allLibraries().map(libraryStubs).join("\n")}`;
}

function libraryStubs(library: Library): string {
  const prefix = library.name === "_G" ? "" : `${library.name}.`;
  const callable = library.metamethods?.find((one) => one.name === "__call");
  const head =
    library.name === "_G"
      ? ""
      : `--- ${library.summary}\n---@class ${library.name}lib\n${callable === undefined ? "" : `---@overload fun(${callable.params.slice(1).map(inline).join(", ")}): ${callable.returns.map((one) => one.type).join(", ") || "nil"}\n`}${library.name} = {}\n\n`;
  const functions = library.functions.map((one) => functionStub(`${prefix}${one.name}`, one, one.params));
  return head + functions.join("\n") + kindsOf(library).map(kindStubs).join("");
}

function kindStubs(kind: Kind): string {
  const name = kind.name.replaceAll(".", "_");
  const methods = kind.methods.map((method) => functionStub(`${name}:${method.name}`, method, method.params.slice(1)));
  return `\n--- ${kind.summary}\n---@class ${kind.name}\nlocal ${name} = {}\n\n${methods.join("\n")}`;
}

function functionStub(name: string, declaration: Declaration, params: readonly Parameter[]): string {
  const lines = [`--- ${declaration.summary}`];
  for (const text of declaration.raises ?? []) lines.push(`--- Raises: ${text}`);
  if (declaration.example !== undefined)
    lines.push("--- ```lua", ...declaration.example.split("\n").map((line) => `--- ${line}`), "--- ```");
  for (const param of params) {
    const summary = param.summary === "" ? "" : ` ${param.summary}`;
    lines.push(
      `---@param ${param.rest ? "..." : param.name}${param.optional && !param.rest ? "?" : ""} ${typeOf(param)}${summary}`,
    );
  }
  for (const { name: result, type, summary } of declaration.returns) {
    lines.push(`---@return ${type}${result === "…" ? " ..." : ` ${result}`}${summary === "" ? "" : ` # ${summary}`}`);
  }
  lines.push(`function ${name}(${params.map((param) => (param.rest ? "..." : param.name)).join(", ")}) end`);
  return `${lines.join("\n")}\n`;
}

/** The type of a parameter; a table of options with its fields. */
function typeOf(param: Parameter): string {
  if (param.fields === undefined) return param.type;
  return `{ ${param.fields.map((field) => `${field.name}${field.optional ? "?" : ""}: ${typeOf(field)}`).join(", ")} }`;
}

function inline(param: Parameter): string {
  return param.rest ? "...: any" : `${param.name}${param.optional ? "?" : ""}: ${typeOf(param)}`;
}
