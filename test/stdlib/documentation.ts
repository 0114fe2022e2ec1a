/** What the doc comments of the embedded modules say, read from their sources. */
import { modules } from "../../stdlib/index.ts";

export interface Documented {
  module: string;
  /** As it is declared: `M.query`, `Client:stages`. */
  name: string;
  parameters: string[];
  /** Lines of the comment, without the dashes. */
  comment: string[];
}

/** Modules that scripts load, by name. */
export const publicModules = Object.keys(modules).filter((name) => !name.startsWith("_"));

/** The functions of a module that scripts call, in order. */
export function functionsOf(module: string): Documented[] {
  const lines = modules[module]!.split("\n");
  const out: Documented[] = [];
  lines.forEach((line, i) => {
    const declared = /^function ((?:M\.|Client[:.])\w+)\((.*)\)/.exec(line);
    if (declared === null) return;
    out.push({
      module,
      name: declared[1]!,
      parameters: declared[2]!.split(", ").filter((one) => one !== ""),
      comment: commentAbove(lines, i),
    });
  });
  return out;
}

/** The comment at the head of a module. */
export function headOf(module: string): string[] {
  const lines = modules[module]!.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("---"));
  return lines.slice(0, end).map(stripped);
}

function commentAbove(lines: string[], index: number): string[] {
  const comment: string[] = [];
  for (let i = index - 1; i >= 0 && lines[i]!.startsWith("---"); i--) comment.unshift(stripped(lines[i]!));
  return comment;
}

function stripped(line: string): string {
  return line.replace(/^--- ?/, "");
}

/** The Lua code of the example, which may go on over several lines. */
export function exampleOf(comment: string[]): string | undefined {
  const start = comment.findIndex((line) => line.startsWith("Example: "));
  if (start < 0) return undefined;
  const rest = comment.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("@") || /^[A-Z]\w*:? /.test(line));
  return [comment[start]!.slice("Example: ".length), ...(end < 0 ? rest : rest.slice(0, end))].join("\n");
}
