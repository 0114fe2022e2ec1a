/** Tables of Lua expressions and what they give, for the tests of Lua's own libraries. */
import { describe, expect, test } from "bun:test";
import { LuaError } from "../../../interpreter/index.ts";
import { plainText } from "../../../interpreter/library/tostring.ts";
import type { Value } from "../../../interpreter/value.ts";
import { run, runPausing } from "../../lua.ts";

/** An expression, and its values as `print` shows them (bytes beyond ASCII as `\ddd`), or `! ` and its error. */
export type Row = readonly [expression: string, printed: string];

function show(value: Value): string {
  return plainText(value).replace(/[^\x20-\x7e]/g, (byte) => `\\${byte.charCodeAt(0)}`);
}

async function outcome(values: Promise<Value[]>): Promise<string> {
  try {
    return (await values).map(show).join(" ");
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return `! ${show(error.value).replace(/^test:\d+: /, "")}`;
  }
}

/** Suspends at each tick, or at every other: what may wait is made to wait at each point in turn. */
const INTERVALS = [1, 2];

/** One test for each row; each is also run with forced suspensions, which must not change anything. */
export function expressions(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    test.each(rows.map((row) => [...row]))("%s", async (expression, printed) => {
      const source = `return ${expression}`;
      expect(await outcome(run(source))).toBe(printed);
      for (const interval of INTERVALS) expect(await outcome(runPausing(source, interval))).toBe(printed);
    });
  });
}
