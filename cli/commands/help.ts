/** `assay help NAME`. */
import { writeText } from "../../builtins/output.ts";
import { kindsOf, tablesOf } from "../../interpreter/native.ts";
import { didYouMean } from "../nearest.ts";
import {
  embeddedModules,
  functionHelp,
  indent,
  kindHelp,
  libraries,
  libraryHelp,
  moduleHelp,
  qualified,
  table,
  tableHelp,
} from "../reference.ts";
import { Status, usageError } from "../status.ts";
import { mainHelp } from "../usage.ts";

export async function help(args: string[]): Promise<Status> {
  const [name, more] = args;
  if (more !== undefined) throw usageError(`help: one name at a time, got ${JSON.stringify(more)} as well`);
  writeText(1, name === undefined ? `${await mainHelp()}\n${overview()}` : explain(name));
  return Status.Ok;
}

/** What there is to ask for. */
function overview(): string {
  const rows = libraries().map(({ name, summary }): [string, string] => [name === "_G" ? "(globals)" : name, summary]);
  return `Builtins (assay help NAME):\n${table(rows)}\nModules (assay modules):\n${table(embeddedModules().map(({ name, summary }) => [name, summary]))}`;
}

function explain(name: string): string {
  const bare = name.replace(/\(.*$/, "");
  const known: string[] = [];
  const found: string[] = [];
  for (const library of libraries()) {
    if (library.name !== "_G") known.push(library.name);
    if (library.name === bare) found.push(libraryHelp(library));
    for (const declaration of library.functions) {
      const full = qualified(library, declaration);
      known.push(full);
      if (full === bare) found.push(functionHelp(full, declaration));
    }
    for (const type of tablesOf(library)) {
      known.push(type.name);
      if (type.name === bare) found.push(tableHelp(type));
    }
    for (const kind of kindsOf(library)) {
      known.push(kind.name);
      if (kind.name === bare) found.push(kindHelp(kind));
      for (const method of kind.methods) {
        const full = `${kind.name}:${method.name}`;
        known.push(full);
        if (full === bare) found.push(functionHelp(full, { ...method, params: method.params.slice(1) }));
      }
    }
  }
  for (const module of embeddedModules()) {
    const short = module.name.replace("assay.", "");
    known.push(module.name, short);
    // A module of the name of a builtin is asked for by its whole name.
    if (module.name === bare || (short === bare && found.length === 0)) found.push(moduleHelp(module));
    for (const one of module.functions) {
      known.push(`${short}.${one.name}`);
      if (`${module.name}.${one.name}` === bare || `${short}.${one.name}` === bare) {
        found.push(`${module.name}: ${one.signature}\n\n${indent(one.comment)}\n`);
      }
    }
  }
  if (found.length > 0) return found.join("\n");
  throw usageError(`help: nothing is called ${JSON.stringify(name)}${didYouMean(bare, known)}`);
}
