/**
 * Lua 5.5 as Lua 5.3. luaparse lacks what 5.4 and 5.5 added (attribs and `global` declarations, manual §3.3.7; names for
 * varargs, §3.4.11), checks gotos and labels by older rules (§3.3.4), and refuses a few literals (§3.1). `diagnose.ts`
 * finds all that in a chunk; here it is overwritten, without moving any character, with what luaparse takes, and
 * `annotate.ts` puts it back into the tree by its offset.
 */
import type { Findings } from "./diagnose.ts";

/** The text to give to luaparse: as long as the source, every token of the tree where it was. */
export function rewrite(source: string, { edits }: Findings): string {
  if (edits.length === 0) return source;
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(source.slice(at, start), text);
    at = end;
  }
  parts.push(source.slice(at));
  return parts.join("");
}
