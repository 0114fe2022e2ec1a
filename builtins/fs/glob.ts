/** File name patterns: `*`, `?`, `[a-z]`, `{a,b}` and, for any number of folders, `**`. */

/** What `{…}` may expand to. */
const MAX_ALTERNATIVES = 1000;

/** A pattern that cannot be used; `message` says why. */
export class GlobError {
  constructor(readonly message: string) {}
}

/** One component of a pattern. */
export type Segment =
  | { readonly kind: "literal"; readonly name: string }
  | { readonly kind: "pattern"; readonly matches: (name: string) => boolean }
  | { readonly kind: "folders" };

/** A pattern without alternatives, as its components. */
export interface Glob {
  readonly absolute: boolean;
  readonly segments: readonly Segment[];
  /** Ends with a slash: matches folders only. */
  readonly foldersOnly: boolean;
}

/** The patterns that a glob stands for, one for each choice of its `{…}`. */
export function parseGlob(pattern: string): Glob[] {
  return expandBraces(pattern).map((text) => ({
    absolute: text.startsWith("/"),
    segments: text
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .map(parseSegment),
    foldersOnly: text.endsWith("/"),
  }));
}

function parseSegment(text: string): Segment {
  if (text === "**") return { kind: "folders" };
  if (!/[*?[\\]/.test(text)) return { kind: "literal", name: text };
  return { kind: "pattern", matches: segmentMatcher(text) };
}

/** One element of a segment: a test for one character, or `*`. */
type Element = "*" | ((c: string) => boolean);

function segmentMatcher(text: string): (name: string) => boolean {
  const elements = parseElements([...text]);
  // As in a shell, names that begin with a dot must be asked for.
  const hidden = text.startsWith(".") || text.startsWith("\\.");
  return (name) => (hidden || !name.startsWith(".")) && matchElements(elements, [...name]);
}

function parseElements(chars: string[]): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < chars.length; at++) {
    const c = chars[at]!;
    if (c === "*") {
      if (elements[elements.length - 1] !== "*") elements.push("*");
    } else if (c === "?") elements.push(() => true);
    else if (c === "[") {
      const end = classEnd(chars, at);
      if (end < 0) elements.push((other) => other === "[");
      else {
        elements.push(characterClass(chars.slice(at + 1, end)));
        at = end;
      }
    } else {
      const literal = c === "\\" && at + 1 < chars.length ? chars[++at]! : c;
      elements.push((other) => other === literal);
    }
  }
  return elements;
}

function classEnd(chars: string[], start: number): number {
  let at = start + 1;
  if (chars[at] === "!" || chars[at] === "^") at++;
  return chars.indexOf("]", at + 1);
}

function characterClass(chars: string[]): (c: string) => boolean {
  const negated = chars[0] === "!" || chars[0] === "^";
  const ranges: [number, number][] = [];
  for (let at = negated ? 1 : 0; at < chars.length; at++) {
    const low = chars[at]!.codePointAt(0)!;
    const isRange = chars[at + 1] === "-" && at + 2 < chars.length;
    ranges.push([low, isRange ? chars[at + 2]!.codePointAt(0)! : low]);
    if (isRange) at += 2;
  }
  return (c) => {
    const code = c.codePointAt(0)!;
    return ranges.some(([low, high]) => low <= code && code <= high) !== negated;
  };
}

/** Only the last `*` is ever tried again, which is enough and keeps the time within pattern times name. */
function matchElements(elements: readonly Element[], name: readonly string[]): boolean {
  let at = 0;
  let element = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const wanted = elements[element];
    if (wanted === "*") {
      star = element++;
      starAt = at;
    } else if (wanted?.(name[at]!)) {
      element++;
      at++;
    } else if (star >= 0) {
      element = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (elements[element] === "*") element++;
  return element === elements.length;
}

/** `a{b,c{d,e}}f` as `abf`, `acdf`, `acef`. Braces without a comma or a partner stand for themselves. */
function expandBraces(pattern: string): string[] {
  let done: string[] = [];
  const open = [pattern];
  while (open.length > 0) {
    const text = open.shift()!;
    const group = firstGroup(text);
    if (group === undefined) done.push(text);
    else for (const choice of group.choices) open.push(text.slice(0, group.start) + choice + text.slice(group.end));
    if (open.length + done.length > MAX_ALTERNATIVES) throw new GlobError("too many alternatives");
  }
  done = done.map((text) => text.replaceAll("\0", ""));
  return [...new Set(done)];
}

function firstGroup(text: string): { start: number; end: number; choices: string[] } | undefined {
  for (let start = text.indexOf("{"); start >= 0; start = text.indexOf("{", start + 1)) {
    if (text[start - 1] === "\\") continue;
    const commas: number[] = [];
    let depth = 0;
    for (let at = start; at < text.length; at++) {
      const c = text[at];
      if (c === "\\") at++;
      else if (c === "{") depth++;
      else if (c === "," && depth === 1) commas.push(at);
      else if (c === "}" && --depth === 0) {
        if (commas.length === 0) break;
        const bounds = [start, ...commas, at];
        const choices = bounds.slice(1).map((end, i) => text.slice(bounds[i]! + 1, end));
        return { start, end: at + 1, choices };
      }
    }
  }
  return undefined;
}
