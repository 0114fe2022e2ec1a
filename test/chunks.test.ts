/**
 * Runs the chunks of test/lua/*.lua. A line of dashes starts a new chunk, with a virtual machine of its own; an error
 * that a chunk must raise is written behind `--!` on the line that raises it.
 */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LuaError } from "../interpreter/index.ts";
import { run, runPausing } from "./lua.ts";

const folder = join(import.meta.dir, "lua");

interface Chunk {
  /** Line of the file that it begins on. */
  line: number;
  source: string;
  /** The whole error message, if it must raise one. */
  error: string | undefined;
}

function chunks(file: string): Chunk[] {
  const found: Chunk[] = [];
  const lines = readFileSync(join(folder, file), "latin1").split("\n");
  let begin = 0;
  for (let i = 0; i <= lines.length; i++) {
    if (i < lines.length && !/^-{4,}$/.test(lines[i]!)) continue;
    // Empty lines in front keep the line numbers of the file.
    const source = "\n".repeat(begin) + lines.slice(begin, i).join("\n");
    const at = lines.findIndex((line, n) => n >= begin && n < i && line.includes("--! "));
    const error = at < 0 ? undefined : `${file}:${at + 1}: ${lines[at]!.split("--! ")[1]}`;
    found.push({ line: begin + 1, source, error });
    begin = i + 1;
  }
  return found;
}

async function errorOf(running: Promise<unknown>): Promise<unknown> {
  try {
    await running;
    return undefined;
  } catch (error) {
    if (error instanceof LuaError) return error.value;
    throw error;
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".lua"))) {
  describe(file, () => {
    for (const { line, source, error } of chunks(file)) {
      test(`chunk at line ${line}`, async () => {
        const options = { chunkName: `@${file}` };
        expect(await errorOf(run(source, options))).toBe(error);
        for (const interval of [1, 3]) expect(await errorOf(runPausing(source, interval, options))).toBe(error);
      });
    }
  });
}
