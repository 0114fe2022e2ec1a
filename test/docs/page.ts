/** The code in a page of Markdown: fenced blocks, and what a comment in front of one says about it. */
import { readFileSync } from "node:fs";

export interface Block {
  /** Where it is: `docs/scripts.md:12`. */
  readonly at: string;
  /** What stands behind the fence: lua, yaml, console, … */
  readonly language: string;
  readonly text: string;
  /** `<!-- file: NAME -->`: it is saved under that name. */
  readonly file: string | undefined;
  /** `<!-- saved: NAME -->`: it is only saved, for the commands that follow. */
  readonly saved: string | undefined;
  /** `<!-- needs: … -->`: it cannot be run here. */
  readonly needs: string | undefined;
  /** `<!-- raises: TEXT -->`: it fails, and says so. */
  readonly raises: string | undefined;
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

/** @param path of the page @param name as it is called in messages */
export function blocksOf(path: string, name: string): Block[] {
  const source = readFileSync(path, "utf8");
  return Array.from(source.matchAll(FENCE), (match) => {
    const before = source.slice(0, match.index);
    const comment = /<!-- (file|saved|needs|raises): (.*?) -->\s*$/.exec(before);
    const said = (kind: string) => (comment?.[1] === kind ? comment[2]! : undefined);
    return {
      at: `${name}:${before.split("\n").length}`,
      language: match[2]!,
      text: match[3]!.replace(new RegExp(`^${match[1]}`, "gm"), ""),
      file: said("file"),
      saved: said("saved"),
      needs: said("needs"),
      raises: said("raises"),
    };
  });
}

/** A command of a `console` block, and the lines that it prints. */
export interface Command {
  readonly command: string;
  readonly output: string;
}

/** `$ command`, lines of output, `$ command` … A line that ends in `\` goes on in the next one, behind `>`. */
export function commandsOf(text: string): Command[] {
  const out: Command[] = [];
  for (const part of text.split(/^\$ /m).slice(1)) {
    let [command, ...rest] = part.split("\n") as [string, ...string[]];
    while (command.endsWith("\\")) command = `${command}\n${rest.shift()!.replace(/^> /, "")}`;
    out.push({ command, output: rest.join("\n").replace(/\n+$/, "") });
  }
  return out;
}
