/**
 * Definitions of the embedded modules for the Lua language server: the annotated heads of their functions without the
 * code, and what is made at run time: clients of modules of functions, and groups (`c.stages:list(ns)`).
 */
import { createVm, load, Task } from "../../interpreter/index.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import { list } from "../../interpreter/value.ts";
import { modules } from "../../stdlib/index.ts";
import { splitType } from "./annotation.ts";

interface Function {
  /** `M` for those of the module itself, `Client` for methods. */
  readonly owner: "M" | "Client";
  readonly name: string;
  readonly params: readonly string[];
  /** Lines of its comment, with their dashes. */
  readonly comment: readonly string[];
}

interface Source {
  readonly head: readonly string[];
  /** Blocks of `---@class` lines, with the dashes. */
  readonly classes: readonly (readonly string[])[];
  readonly functions: readonly Function[];
}

/** Groups of methods by name: short names to method names, and under "1" what the group does when it is called. */
type Groups = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The definitions of all modules, by module name; `options` holds what they have in common. */
export async function moduleStubs(): Promise<Record<string, string>> {
  const out: Record<string, string> = { _http: shared() };
  for (const [name, source] of Object.entries(modules)) {
    if (name.startsWith("_")) continue;
    const alias = /^return require\("assay\.(\w+)"\)$/m.exec(source)?.[1];
    if (alias === undefined) out[name] = stubs(name, read(source), await groupsOf(source));
    else out[name] = `---@meta assay.${name}\n\n${comments(read(source).head)}return require("assay.${alias}")\n`;
  }
  return out;
}

/** Classes of modules that are not for scripts, but whose names stand in the others. */
function shared(): string {
  const blocks = Object.keys(modules)
    .filter((name) => name.startsWith("_"))
    .flatMap((name) => read(modules[name]!).classes)
    .filter((lines) =>
      /^---@class assay\.(?:options|target)\b/.test(lines.find((line) => line.startsWith("---@class"))!),
    );
  return `---@meta\n\n${blocks.map(comments).join("\n")}`;
}

function read(source: string): Source {
  const classes: string[][] = [];
  const functions: Function[] = [];
  let comment: string[] = [];
  let head: string[] | undefined;
  for (const line of source.split("\n")) {
    if (line.startsWith("---")) {
      comment.push(line);
      continue;
    }
    const declared = /^function (M|Client)[.:](\w+)\((.*)\)/.exec(line);
    if (declared !== null && comment.length > 0 && !declared[2]!.startsWith("_")) {
      const [, owner, name, params] = declared;
      const names = params!.split(", ").filter((one) => one !== "");
      functions.push({ owner: owner as Function["owner"], name: name!, params: names, comment });
    } else if (comment.some((one) => one.startsWith("---@class"))) classes.push(comment);
    head ??= comment;
    comment = [];
  }
  return { head: head ?? [], classes, functions };
}

/** The `groups` of a module's source: a table of strings, so it can be evaluated by itself. */
async function groupsOf(source: string): Promise<Groups> {
  const begin = /\bgroups = (?=\{)/.exec(source);
  if (begin === null) return {};
  let depth = 0;
  let end = begin.index + begin[0].length;
  do {
    if (source[end] === "{") depth++;
    else if (source[end] === "}") depth--;
    end++;
  } while (depth > 0);
  const vm = createVm();
  const chunk = `return ${source.slice(begin.index + begin[0].length, end)}`;
  const [table] = list(await new Task(vm, load(vm, fromText(chunk), "=groups"), []).start().promise);
  return plain(table as LuaTable) as Groups;
}

function plain(table: LuaTable): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  table.forEach((key, value) => {
    out[String(key)] = value instanceof LuaTable ? plain(value) : toText(value as string);
  });
  return out;
}

function stubs(module: string, { head, classes, functions }: Source, groups: Groups): string {
  const name = `assay.${module}`;
  const client = `${name}.client`;
  const own = functions.filter(({ owner }) => owner === "M");
  const makesClient = own.some((one) => one.name === "client");
  const hasClass = classes.some((lines) => lines.some((line) => line.startsWith(`---@class ${client}`)));
  // Where functions take the address first, clients have them as methods without it.
  const methods = hasClass ? functions.filter(({ owner }) => owner === "Client") : own.flatMap((one) => bound(one));
  // Functions of a module without clients of a class take their groups themselves.
  const grouped = Object.entries(groups).filter(([, rows]) =>
    Object.values(rows).every((row) => methods.some((one) => one.name === row)),
  );
  const called = new Set(grouped.filter(([, rows]) => rows[1] !== undefined).map(([group]) => group));
  const fields = grouped.map(([group]) => `---@field ${group} ${client}.${group}\n`).join("");

  const out = [`---@meta ${name}\n`, `${comments(head)}---@class ${name}\nlocal M = {}\n`];
  for (const lines of classes) {
    const isClient = lines.some(
      (line) => line.startsWith(`---@class ${client}`) && !line.startsWith(`---@class ${client}.`),
    );
    out.push(comments(lines) + (isClient ? `${fields}local Client = {}\n` : ""));
  }
  if (!hasClass && makesClient)
    out.push(
      `--- The functions of the module, for one address.\n---@class ${client}: assay.target\n${fields}local Client = {}\n`,
    );
  for (const one of own) {
    const comment =
      one.name === "client"
        ? one.comment.map((line) => line.replace(/^---@return table\b/, `---@return ${client}`))
        : one.comment;
    out.push(`${comments(comment)}function M.${one.name}(${one.params.join(", ")}) end\n`);
  }
  if (makesClient) {
    for (const one of methods) {
      if (called.has(one.name)) continue;
      out.push(`${comments(one.comment)}function Client:${one.name}(${one.params.join(", ")}) end\n`);
    }
    for (const [group, rows] of grouped) out.push(groupStubs(client, group, rows, methods));
  }
  out.push("return M\n");
  return out.join("\n");
}

/** A function as a method of a client. */
function bound(one: Function): Function[] {
  if (one.name === "client") return [];
  if (one.params[0] !== "url") return [{ ...one, owner: "Client" }];
  const comment = one.comment.filter((line) => !line.startsWith("---@param url "));
  return [{ ...one, owner: "Client", params: one.params.slice(1), comment }];
}

function groupStubs(
  client: string,
  group: string,
  rows: Readonly<Record<string, string>>,
  methods: readonly Function[],
): string {
  const method = (name: string) => methods.find((one) => one.name === name)!;
  const variable = `group_${group}`;
  const call = rows[1] === undefined ? "" : `---@overload ${signature(client, method(rows[1]))}\n`;
  const out = [`---@class ${client}.${group}\n${call}local ${variable} = {}\n`];
  for (const [short, name] of Object.entries(rows)) {
    if (short === "1") continue;
    const { comment, params } = method(name);
    const key = /^(?:end|for|not|or|and|repeat|until)$/.test(short) ? undefined : short;
    if (key !== undefined) out.push(`${comments(comment)}function ${variable}:${key}(${params.join(", ")}) end\n`);
  }
  return out.join("\n");
}

/** The type of a method: `fun(self: CLIENT, name: string): table`. */
function signature(client: string, { comment, params }: Function): string {
  const types = new Map<string, string>();
  let results = "";
  for (const line of comment) {
    const param = /^---@param (\w+)(\??) (.*)$/.exec(line);
    if (param !== null) types.set(param[1]!, splitType(param[3]!)[0] + param[2]!);
    const returned = /^---@return (.*)$/.exec(line);
    if (returned !== null && results === "") results = `: ${splitType(returned[1]!)[0].replace(/,$/, "")}`;
  }
  const list = params.map((name) => {
    const type = types.get(name) ?? "any";
    return type.endsWith("?") ? `${name}?: ${type.slice(0, -1)}` : `${name}: ${type}`;
  });
  return `fun(${[`self: ${client}`, ...list].join(", ")})${results}`;
}

function comments(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
