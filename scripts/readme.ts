/** Writes the reference tables of the README from the declarations of builtins and modules. */
import { join } from "node:path";
import { allLibraries } from "../builtins/index.ts";
import { embeddedModules, qualified, signature } from "../cli/reference.ts";
import { kindsOf, type Library } from "../interpreter/native.ts";

const README = join(import.meta.dir, "..", "README.md");
const BEGIN = /<!-- reference:[^>]*-->\n/;
const END = "<!-- end of reference -->";

/** The README with its reference as it should be. */
export async function updatedReadme(): Promise<{ now: string; wanted: string }> {
  const now = await Bun.file(README).text();
  const begin = BEGIN.exec(now);
  const end = now.indexOf(END);
  if (begin === null || end < 0) throw new Error("the README lacks the marks of its reference");
  return { now, wanted: `${now.slice(0, begin.index + begin[0].length)}\n${reference()}\n${now.slice(end)}` };
}

function reference(): string {
  const modules = embeddedModules().map(({ name, summary }) => `| \`${name}\` | ${cell(summary)} |`);
  return [
    ...allLibraries().map(section),
    `### Modules\n\n| Module | Description |\n| --- | --- |\n${modules.join("\n")}\n`,
  ].join("\n");
}

function section(library: Library): string {
  const rows = library.functions.map(
    (one) => `| \`${cell(signature(qualified(library, one), one.params))}\` | ${cell(one.summary)} |`,
  );
  const methods = kindsOf(library).flatMap((kind) =>
    kind.methods.map(
      (one) => `| \`${cell(signature(`${kind.name}:${one.name}`, one.params.slice(1)))}\` | ${cell(one.summary)} |`,
    ),
  );
  const title = library.name === "_G" ? "Globals" : library.name;
  return `### ${title}\n\n${library.summary}\n\n| Function | Description |\n| --- | --- |\n${[...rows, ...methods].join("\n")}\n`;
}

/** Text in a cell of a table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (import.meta.main) {
  const { now, wanted } = await updatedReadme();
  if (now === wanted) console.log("README.md: nothing to do");
  else {
    await Bun.write(README, wanted);
    console.log("README.md: reference written");
  }
}
