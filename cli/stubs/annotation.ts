/** LuaCATS annotations, as far as they have to be taken apart: where a type ends, and what it names. */

/** Splits `TYPE the rest` behind the type, which may hold blanks inside brackets and behind `fun(…):` and `|`. */
export function splitType(text: string): [type: string, rest: string] {
  let at = 0;
  let depth = 0;
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"' || char === "'" || char === "`") {
      const close = text.indexOf(char, at + 1);
      at = close < 0 ? text.length : close;
    } else if ("{(<[".includes(char)) depth++;
    else if ("})>]".includes(char)) depth--;
    else if (char === " " && depth === 0 && !continues(text, at)) break;
  }
  return [text.slice(0, at), text.slice(at).trimStart()];
}

/** Whether the type goes on behind a blank: after the colon of a function's result, and around `|`. */
function continues(text: string, at: number): boolean {
  const before = text.slice(0, at).trimEnd();
  return /[|]$/.test(before) || /^ *\|/.test(text.slice(at)) || (before.endsWith(":") && /fun *[(<]/.test(before));
}

/** The names of other types in a type: `http.response` in `fun(r: http.response?): string[]`. */
export function typeNames(type: string): string[] {
  const out: string[] = [];
  const plain = type.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, " ");
  // Names in front of a colon are fields and parameters, with or without a question mark.
  const names = /[A-Za-z_][\w.]*(?!\w*\??\s*:(?!:))/g;
  for (const [name] of plain.replace(/[A-Za-z_]\w*\??\s*:/g, " ").matchAll(names)) {
    if (name !== "fun" && name !== "async") out.push(name.replace(/\.+$/, ""));
  }
  return out;
}

/** Types that the language server knows by itself. */
export const BASIC_TYPES: ReadonlySet<string> = new Set(
  "any boolean function integer lightuserdata nil number string table thread true false unknown userdata".split(" "),
);
