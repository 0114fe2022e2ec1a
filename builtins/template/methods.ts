/** Methods of strings, lists and dictionaries: the useful ones of Python's. */
import { charge } from "../../interpreter/memory.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { formatBraces } from "./braces.ts";
import { bind, flag, required, text, whole } from "./parameters.ts";
import { Problem, work } from "./problem.ts";
import { reserveText } from "./runtime.ts";
import { capitalize, center, replaceText, title, trimText } from "./text.ts";
import {
  type Arguments,
  Callable,
  characters,
  compare,
  Dict,
  elementsOf,
  entriesOf,
  equal,
  isMapping,
  isSequence,
  itemOf,
  keyOf,
  List,
  lengthOf,
  orElse,
  type TemplateValue,
  textOf,
} from "./values.ts";

type Argument = TemplateValue | undefined;
interface Method<T> {
  readonly parameters: readonly string[];
  readonly run: (self: T, ...args: Argument[]) => TemplateValue;
  /** Takes the arguments as they come. */
  readonly raw?: (self: T, args: Arguments) => TemplateValue;
}

function method<T>(parameters: readonly string[], run: (self: T, ...args: Argument[]) => TemplateValue): Method<T> {
  return { parameters, run };
}

/** The method of a value, bound to it; undefined when there is none of that name. */
export function methodOf(value: TemplateValue, name: string): Callable | undefined {
  if (typeof value === "string") return bound(STRING.get(name), value, name);
  if (value instanceof List) return bound(LIST.get(name) ?? SEQUENCE.get(name), value, name);
  if (value instanceof Dict) return bound(DICT.get(name) ?? MAPPING.get(name), value, name);
  if (!(value instanceof LuaTable)) return undefined;
  // What the script gave can be read, not changed.
  const isOwn = isSequence(value) && !isMapping(value);
  const found = bound<List | Dict | LuaTable>(isOwn ? SEQUENCE.get(name) : MAPPING.get(name), value, name);
  if (found !== undefined) return found;
  const changes = isOwn ? LIST.has(name) : DICT.has(name) || LIST.has(name);
  if (!changes) return undefined;
  return new Callable(name, () => {
    throw new Problem(`'${name}' would change a value that was given to the template`);
  });
}

function bound<T>(found: Method<T> | undefined, self: T, name: string): Callable | undefined {
  if (found === undefined) return undefined;
  return new Callable(name, (args) => {
    work(1);
    charge(16);
    return found.raw !== undefined ? found.raw(self, args) : found.run(self, ...bind(args, found.parameters));
  });
}

// --- strings --------------------------------------------------------------------------------------------------------

const isEach = (pattern: RegExp) => method<string>([], (s) => pattern.test(s));
const stripped = (left: boolean, right: boolean) =>
  method<string>(["chars"], (s, chars) =>
    trimText(s, chars === undefined || chars === null ? undefined : textOf(chars), left, right),
  );
const padded = (pad: (s: string, width: number, fill: string) => string) =>
  method<string>(["width", "fillchar"], (s, width, fill) => {
    const n = whole(width);
    reserveText(n);
    return pad(s, n, text(fill, " "));
  });

/** A prefix or suffix, or several of which one is enough. */
function some(given: Argument, holds: (part: string) => boolean): boolean {
  const parts = required(given);
  return parts instanceof List ? parts.items.some((part) => holds(textOf(part))) : holds(textOf(parts));
}

function split(s: string, separator: Argument, limit: Argument, fromRight: boolean): List {
  const most = whole(limit, -1);
  if (separator === undefined || separator === null) {
    const trimmed = s.trim();
    const words = trimmed === "" ? [] : trimmed.split(/\s+/);
    if (most < 0 || words.length <= most + 1) return new List(words);
    if (fromRight) {
      const tail = new RegExp(`(?:\\s+\\S+){${most}}$`);
      return new List([trimmed.replace(tail, ""), ...words.slice(words.length - most)]);
    }
    const head = new RegExp(`^(?:\\S+\\s+){${most}}`);
    return new List([...words.slice(0, most), trimmed.replace(head, "")]);
  }
  const joint = textOf(separator);
  if (joint === "") throw new Problem("an empty separator");
  const parts = s.split(joint);
  if (most < 0 || parts.length <= most + 1) return new List(parts);
  if (fromRight) {
    const at = parts.length - most;
    return new List([parts.slice(0, at).join(joint), ...parts.slice(at)]);
  }
  return new List([...parts.slice(0, most), parts.slice(most).join(joint)]);
}

function partition(s: string, separator: string, at: number): List {
  if (at < 0) return new List([s, "", ""], true);
  return new List([s.slice(0, at), separator, s.slice(at + separator.length)], true);
}

const STRING: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ["upper", method([], (s) => s.toUpperCase())],
  ["lower", method([], (s) => s.toLowerCase())],
  ["casefold", method([], (s) => s.toLowerCase())],
  ["capitalize", method([], capitalize)],
  ["title", method([], title)],
  [
    "swapcase",
    method([], (s) =>
      characters(s)
        .map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()))
        .join(""),
    ),
  ],
  ["strip", stripped(true, true)],
  ["lstrip", stripped(true, false)],
  ["rstrip", stripped(false, true)],
  ["startswith", method(["prefix"], (s, prefix) => some(prefix, (part) => s.startsWith(part)))],
  ["endswith", method(["suffix"], (s, suffix) => some(suffix, (part) => s.endsWith(part)))],
  ["removeprefix", method(["prefix"], (s, prefix) => (s.startsWith(text(prefix)) ? s.slice(text(prefix).length) : s))],
  [
    "removesuffix",
    method(["suffix"], (s, suffix) =>
      text(suffix) !== "" && s.endsWith(text(suffix)) ? s.slice(0, -text(suffix).length) : s,
    ),
  ],
  [
    "replace",
    method(["old", "new", "count"], (s, old, by, count) => replaceText(s, text(old), text(by), whole(count, -1))),
  ],
  ["split", method(["sep", "maxsplit"], (s, separator, limit) => split(s, separator, limit, false))],
  ["rsplit", method(["sep", "maxsplit"], (s, separator, limit) => split(s, separator, limit, true))],
  [
    "splitlines",
    method(
      [],
      (s) =>
        new List(
          s === ""
            ? []
            : s
                .replace(/\r\n|\n|\r$/, (end) => end)
                .replace(/(?:\r\n|\n|\r)$/, "")
                .split(/\r\n|\n|\r/),
        ),
    ),
  ],
  ["partition", method(["sep"], (s, separator) => partition(s, text(separator), s.indexOf(text(separator))))],
  [
    "rpartition",
    method(["sep"], (s, separator) => {
      const at = s.lastIndexOf(text(separator));
      return at < 0 ? new List(["", "", s], true) : partition(s, text(separator), at);
    }),
  ],
  ["join", method(["iterable"], (s, list) => joinTexts(elementsOf(required(list)).map(textOf), s))],
  ["count", method(["sub"], (s, part) => (text(part) === "" ? lengthOf(s) + 1 : s.split(text(part)).length - 1))],
  ["find", method(["sub"], (s, part) => place(s, s.indexOf(text(part))))],
  ["rfind", method(["sub"], (s, part) => place(s, s.lastIndexOf(text(part))))],
  ["index", method(["sub"], (s, part) => found(place(s, s.indexOf(text(part)))))],
  ["center", padded((s, width) => center(s, width))],
  ["ljust", padded((s, width, fill) => s + fill.repeat(Math.max(0, width - lengthOf(s))))],
  ["rjust", padded((s, width, fill) => fill.repeat(Math.max(0, width - lengthOf(s))) + s)],
  [
    "zfill",
    padded((s, width) =>
      s.replace(/^([-+]?)(.*)$/s, (_all, sign: string, rest: string) => sign + rest.padStart(width - sign.length, "0")),
    ),
  ],
  ["isdigit", isEach(/^\p{Nd}+$/u)],
  ["isdecimal", isEach(/^\p{Nd}+$/u)],
  ["isnumeric", isEach(/^\p{N}+$/u)],
  ["isalpha", isEach(/^\p{L}+$/u)],
  ["isalnum", isEach(/^[\p{L}\p{N}]+$/u)],
  ["isspace", isEach(/^\s+$/)],
  ["islower", method([], (s) => s === s.toLowerCase() && s !== s.toUpperCase())],
  ["isupper", method([], (s) => s === s.toUpperCase() && s !== s.toLowerCase())],
  ["format", { parameters: [], run: (s) => s, raw: formatBraces }],
]);

/** Joins texts after checking that there is room. */
export function joinTexts(parts: readonly string[], separator: string): string {
  let size = separator.length * parts.length;
  for (const part of parts) size += part.length;
  reserveText(size);
  return parts.join(separator);
}

/** A position in UTF-16 units as one in characters. */
function place(s: string, at: number): number {
  return at < 0 ? -1 : lengthOf(s.slice(0, at));
}

function found(at: number): number {
  if (at < 0) throw new Problem("not found");
  return at;
}

// --- lists ----------------------------------------------------------------------------------------------------------

const SEQUENCE: ReadonlyMap<string, Method<List | Dict | LuaTable>> = new Map<string, Method<List | Dict | LuaTable>>([
  [
    "index",
    method(["value"], (list, value) => found(elementsOf(list).findIndex((item) => equal(item, required(value))))),
  ],
  ["count", method(["value"], (list, value) => elementsOf(list).filter((item) => equal(item, required(value))).length)],
  ["copy", method([], (list) => new List([...elementsOf(list)]))],
]);

const LIST: ReadonlyMap<string, Method<List>> = new Map<string, Method<List>>([
  ["append", method(["value"], (list, value) => none(changeable(list).push(required(value))))],
  [
    "extend",
    method(["values"], (list, values) => {
      const items = changeable(list);
      for (const value of elementsOf(required(values)).slice()) items.push(value);
      return null;
    }),
  ],
  [
    "insert",
    method(["index", "value"], (list, index, value) => none(changeable(list).splice(whole(index), 0, required(value)))),
  ],
  [
    "pop",
    method(["index"], (list, index) => {
      const items = changeable(list);
      const [value] = items.splice(whole(index, -1), 1);
      if (value === undefined) throw new Problem("pop from an empty list, or at an index it does not have");
      return value;
    }),
  ],
  [
    "remove",
    method(["value"], (list, value) => {
      const items = changeable(list);
      return none(items.splice(found(items.findIndex((item) => equal(item, required(value)))), 1));
    }),
  ],
  ["clear", method([], (list) => none(changeable(list).splice(0)))],
  ["reverse", method([], (list) => none(changeable(list).reverse()))],
  [
    "sort",
    method(["reverse"], (list, reverse) => {
      changeable(list).sort((a, b) => compare(a, b) ?? 0);
      if (flag(reverse)) list.items.reverse();
      return null;
    }),
  ],
]);

function changeable(list: List): TemplateValue[] {
  if (list.isTuple) throw new Problem("a tuple cannot be changed");
  return list.items;
}

function none(_result: unknown): null {
  return null;
}

// --- dictionaries ---------------------------------------------------------------------------------------------------

const MAPPING: ReadonlyMap<string, Method<List | Dict | LuaTable>> = new Map<string, Method<List | Dict | LuaTable>>([
  ["items", method([], (dict) => new List(entriesOf(dict).map((pair) => new List(pair, true))))],
  ["iteritems", method([], (dict) => new List(entriesOf(dict).map((pair) => new List(pair, true))))],
  ["keys", method([], (dict) => new List(entriesOf(dict).map(([key]) => key)))],
  ["values", method([], (dict) => new List(entriesOf(dict).map(([, value]) => value)))],
  [
    "get",
    method(["key", "default"], (dict, key, fallback) => orElse(orElse(itemOf(dict, required(key)), fallback), null)),
  ],
  ["has_key", method(["key"], (dict, key) => itemOf(dict, required(key)) !== undefined)],
  [
    "copy",
    method([], (dict) => {
      const copy = new Dict();
      for (const [key, value] of entriesOf(dict)) copy.map.set(key, value);
      return copy;
    }),
  ],
]);

const DICT: ReadonlyMap<string, Method<Dict>> = new Map<string, Method<Dict>>([
  [
    "update",
    {
      parameters: [],
      run: () => null,
      raw: (dict, { positional, named }) => {
        for (const other of positional) for (const [key, value] of entriesOf(other)) dict.map.set(key, value);
        for (const [name, value] of named) dict.map.set(name, value);
        return null;
      },
    },
  ],
  [
    "setdefault",
    method(["key", "default"], (dict, key, fallback) => {
      const name = keyOf(required(key));
      const known = orElse(orElse(dict.map.get(name), fallback), null);
      dict.map.set(name, known);
      return known;
    }),
  ],
  [
    "pop",
    method(["key", "default"], (dict, key, fallback) => {
      const name = keyOf(required(key));
      const value = orElse(dict.map.get(name), fallback);
      if (value === undefined) throw new Problem(`there is no key '${textOf(name)}'`);
      dict.map.delete(name);
      return value;
    }),
  ],
  ["clear", method([], (dict) => none(dict.map.clear()))],
]);
