/** Definitions of Assay's globals for the Lua language server, from the declarations of the builtins. */
import { allLibraries } from "../../builtins/index.ts";
import { typeName } from "../../interpreter/error.ts";
import {
  type Declaration,
  type Kind,
  kindsOf,
  type Library,
  type Parameter,
  type TableType,
  tablesOf,
} from "../../interpreter/native.ts";
import { VirtualMachine } from "../../interpreter/vm.ts";
import { BASIC_TYPES } from "./annotation.ts";

/** The server knows Lua's own globals. */
export function builtinStubs(): string {
  const parts = allLibraries().map(
    (library) => functionsOf(library) + tablesOf(library).map(tableType).join("") + kindsOf(library).map(kind).join(""),
  );
  return `---@meta\n\n${parts.join("\n")}`;
}

function functionsOf(library: Library): string {
  const { name, functions } = library;
  const stubs = (prefix: string) => functions.map((one) => functionStub(`${prefix}${one.name}`, one, one.params));
  if (name === "_G") return stubs("").join("\n");
  const fields = Object.entries(library.fields?.(new VirtualMachine()) ?? {});
  const typed = fields.map(([field, value]) => `---@field ${field} ${typeName(value)}\n`);
  // Values of a type of their own, such as db.null.
  const types = [...new Set(fields.map(([, value]) => typeName(value)))].filter((type) => !BASIC_TYPES.has(type));
  const own = types.map((type) => `---@class ${type}\n\n`).join("");
  const head = `${own}--- ${library.summary}\n---@class ${name}lib\n${typed.join("")}${overload(library)}${name} = {}\n`;
  return [head, ...stubs(`${name}.`)].join("\n");
}

/** What makes a library callable. `assert` narrows what it is given, as the server knows it of Lua's own. */
function overload({ name, metamethods }: Library): string {
  const call = metamethods?.find((one) => one.name === "__call");
  if (call === undefined) return "";
  if (name === "assert") return "---@overload fun<T>(v: T?, message?: any, ...: any): T\n";
  return `---@overload fun(${call.params.map(inline).join(", ")}): ${call.returns.map((one) => one.type).join(", ") || "nil"}\n`;
}

function kind({ name, summary, methods, metamethods = [] }: Kind): string {
  const variable = name.replaceAll(".", "_");
  const stubs = methods.map((method) => functionStub(`${variable}:${method.name}`, method, method.params.slice(1)));
  // Some are their own iterators: `for value in channel do`.
  const call = metamethods.some((one) => one.name === "__call") ? "---@overload fun(): any\n" : "";
  return `\n--- ${summary}\n---@class ${name}\n${call}local ${variable} = {}\n\n${stubs.join("\n")}`;
}

function tableType({ name, summary, fields }: TableType): string {
  const lines = fields.map((field) => {
    const optional = field.type.endsWith("?") ? "?" : "";
    const type = optional === "" ? field.type : field.type.slice(0, -1);
    return `---@field ${field.name}${optional} ${type}${field.summary === "" ? "" : ` ${field.summary}`}\n`;
  });
  return `\n--- ${summary}\n---@class ${name}\n${lines.join("")}`;
}

function functionStub(name: string, declaration: Declaration, all: readonly Parameter[]): string {
  // With a default `env.get` never gives nil: a signature of its own.
  const defaulted = all.map((one) => one.name).join() === "key,default" && declaration.returns[0]?.type === "string?";
  const params = defaulted ? all.slice(0, 1) : all;
  const lines = [`--- ${declaration.summary}`];
  for (const text of declaration.raises ?? []) lines.push(`---`, `--- Raises: ${text}`);
  if (declaration.example !== undefined)
    lines.push("--- ```lua", ...declaration.example.split("\n").map((line) => `--- ${line}`), "--- ```");
  for (const param of params) {
    // Options are shown one by one.
    for (const field of param.fields ?? []) {
      if (field.summary !== "") lines.push(`--- - \`${param.name}.${field.name}\`: ${field.summary}`);
    }
  }
  for (const param of params) {
    const summary = param.summary === "" ? "" : ` ${param.summary}`;
    lines.push(
      `---@param ${param.rest ? "..." : param.name}${param.optional && !param.rest ? "?" : ""} ${typeOf(param)}${summary}`,
    );
  }
  for (const { name: result, type, summary } of declaration.returns) {
    lines.push(
      `---@return ${type}${/^(?:…|\.\.\.)$/.test(result) ? " ..." : ` ${result}`}${summary === "" ? "" : ` # ${summary}`}`,
    );
  }
  if (defaulted) lines.push("---@overload fun<T>(key: string, default: T): string|T");
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
