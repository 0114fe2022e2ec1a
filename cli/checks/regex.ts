/** Regular expressions of check files: RE2 syntax, linear time on whatever a server sends. */
import type { RE2JS } from "re2js";

const cache = new Map<string, RE2JS>();

/** Whether the pattern matches anywhere in the text. */
export function matches(pattern: string, text: string): boolean {
  return compiled(pattern).matcher(text).find();
}

/** What is wrong with a pattern, or undefined. */
export function patternError(pattern: string): string | undefined {
  try {
    compiled(pattern);
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : "";
    return `invalid regular expression${words === "" ? "" : `: ${words.replace(/^error parsing regexp: /, "")}`}`;
  }
}

function compiled(pattern: string): RE2JS {
  let known = cache.get(pattern);
  if (known === undefined) {
    // By require, as builtins/regex does: the package has two builds, and they must not both be loaded.
    known = (require("re2js") as typeof import("re2js")).RE2JS.compile(pattern);
    cache.set(pattern, known);
  }
  return known;
}
