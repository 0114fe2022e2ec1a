/** What can be looked up: builtins as their rows declare them, embedded modules as their comments do. */
import { allLibraries } from "../builtins/index.ts";
import { sandboxLibraries } from "../interpreter/index.ts";
import { baseLibrary } from "../interpreter/library/base.ts";
import {
  type Declaration,
  type Kind,
  kindsOf,
  type Library,
  type Parameter,
  type TableType,
  tablesOf,
} from "../interpreter/native.ts";
import { modules } from "../stdlib/index.ts";

/** Assay's own libraries, then those of Lua that scripts have. */
export function libraries(): readonly Library[] {
  return [...allLibraries(), baseLibrary, ...sandboxLibraries];
}

/** The name that scripts use: `http.get`, `print`. */
export function qualified(library: Library, declaration: Declaration): string {
  return library.name === "_G" ? declaration.name : `${library.name}.${declaration.name}`;
}

/** `http.get(url, opts?)`. */
export function signature(name: string, params: readonly Parameter[]): string {
  const shown = params.map((param) => (param.rest ? "…" : param.optional ? `${param.name}?` : param.name));
  return `${name}(${shown.join(", ")})`;
}

/** One function as help shows it. */
export function functionHelp(name: string, declaration: Declaration): string {
  const { params, returns, raises = [], source, example, summary } = declaration;
  const out = [signature(name, params), "", `  ${summary}`];
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) out.push("", `${title}:`, ...lines.map((line) => `  ${line}`));
  };
  section("Parameters", params.flatMap(parameterLines));
  section(
    "Returns",
    returns.map(({ name, type, summary }) => described(name, type, summary)),
  );
  section("Raises", raises);
  section("Example", example?.split("\n") ?? []);
  out.push("", `Source: ${source}`);
  return `${out.join("\n")}\n`;
}

function parameterLines(param: Parameter): string[] {
  const name = param.rest ? "…" : param.optional ? `${param.name}?` : param.name;
  return [
    described(name, param.type, param.summary),
    ...(param.fields ?? []).flatMap(parameterLines).map((line) => `  ${line}`),
  ];
}

function described(name: string, type: string, summary: string): string {
  const typed = `${name.padEnd(14)} ${type}`;
  return summary === "" ? typed : `${typed.padEnd(34)} ${summary}`;
}

/** A library: what it is for, its functions, the methods of its handles. */
export function libraryHelp(library: Library): string {
  const rows = library.functions.map((one): [string, string] => [
    signature(qualified(library, one), one.params),
    one.summary,
  ]);
  const kinds = [...kindsOf(library).map(kindHelp), ...tablesOf(library).map(tableHelp)].map((text) => `\n${text}`);
  const title = library.name === "_G" ? "" : `${library.name}: `;
  return `${title}${library.summary}\n\n${table(rows)}${kinds.join("")}`;
}

function methodRows(kind: Kind): [string, string][] {
  return kind.methods.map((method) => [signature(`:${method.name}`, method.params.slice(1)), method.summary]);
}

/** A kind of handle and its methods. */
export function kindHelp(kind: Kind): string {
  return `${kind.name}: ${kind.summary}\n\n${table(methodRows(kind))}`;
}

/** A table with named fields. */
export function tableHelp({ name, summary, fields }: TableType): string {
  const lines = fields.map((field) => `  ${described(field.name, field.type, field.summary)}\n`);
  return `${name}: ${summary}\n\n${lines.join("")}`;
}

/** Two columns, the first as wide as it needs to be within reason. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(44, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > width ? `  ${left}\n  ${" ".repeat(width)}  ${right}\n` : `  ${left.padEnd(width)}  ${right}\n`,
    )
    .join("");
}

/** An embedded module as its source describes it. */
export interface Module {
  /** As `require` wants it: `assay.vault`. */
  readonly name: string;
  readonly summary: string;
  /** The whole comment at the top. */
  readonly comment: string;
  readonly functions: readonly ModuleFunction[];
}

export interface ModuleFunction {
  readonly name: string;
  readonly signature: string;
  readonly summary: string;
  /** The comment above it, annotations included, without the dashes. */
  readonly comment: string;
}

/** The modules that scripts may load; those that begin with an underscore are for other modules. */
export function embeddedModules(): Module[] {
  return Object.keys(modules)
    .filter((name) => !name.startsWith("_"))
    .sort()
    .map((name) => readModule(`assay.${name}`, modules[name]!));
}

function readModule(name: string, source: string): Module {
  const comment = /^(?:---.*\n)+/.exec(source)?.[0] ?? "";
  const functions: ModuleFunction[] = [];
  for (const match of source.matchAll(/((?:^---.*\n)*)^function (?:M|methods|Client|C)[.:]([\w.]+)\(([^)]*)\)/gm)) {
    const text = uncomment(match[1]!);
    // What has no comment, or begins with an underscore, is not for others.
    if (text === "" || match[2]!.startsWith("_")) continue;
    functions.push({
      name: match[2]!,
      signature: `${match[2]}(${match[3]})`,
      summary: firstSentence(text),
      comment: text,
    });
  }
  const text = uncomment(comment);
  return { name, summary: firstSentence(text), comment: text, functions };
}

function uncomment(comment: string): string {
  return comment.replace(/^--- ?/gm, "").trim();
}

function firstSentence(text: string): string {
  const plain = text.split(/\n(?=@|Source:|Raises|Example:|\n)/)[0]!.replace(/\s+/g, " ");
  return /^.*?[.](?= |$)/.exec(plain)?.[0] ?? plain;
}

export function moduleHelp(module: Module): string {
  const rows = module.functions.map((one): [string, string] => [one.signature, one.summary]);
  return `${module.name}\n\n${indent(module.comment)}\n${rows.length > 0 ? `\n${table(rows)}` : ""}`;
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
