/** Filters. Jinja, "List of Builtin Filters". */
import { charge } from "../../interpreter/memory.ts";
import { parseNumber } from "../../interpreter/number.ts";
import { float, isInteger, LuaFloat, toDouble } from "../../interpreter/value.ts";
import { formatText } from "./format.ts";
import { jsonText } from "./json.ts";
import { joinTexts } from "./methods.ts";
import { add, negate } from "./operators.ts";
import { type Argument, bind, flag, type Row, required, row, text, whole } from "./parameters.ts";
import { Problem, work, workOnText } from "./problem.ts";
import { type Frame, reserveText } from "./runtime.ts";
import { TESTS } from "./tests.ts";
import { capitalize, center, escapeHtml, replaceText, stripTags, title, trimText, truncate, wrapText } from "./text.ts";
import {
  Arguments,
  compare,
  elementsOf,
  entriesOf,
  equal,
  isMapping,
  isNumeric,
  itemOf,
  List,
  lengthOf,
  orElse,
  orUndefined,
  represent,
  type TemplateValue,
  textOf,
  truth,
  Undefined,
} from "./values.ts";

// --- lists ----------------------------------------------------------------------------------------------------------

/** How to get `a.b.0` out of an element; several paths with commas give a list. Nothing given: the element itself. */
function getter(attribute: Argument, fallback?: TemplateValue): (item: TemplateValue) => TemplateValue {
  if (attribute === undefined || attribute === null) return (item) => item;
  const paths = textOf(attribute)
    .split(",")
    .map((path) => path.trim().split("."));
  const get = (item: TemplateValue, path: string[]) => {
    let value: TemplateValue | undefined = item;
    for (const step of path) {
      value = value === undefined ? undefined : itemOf(value, /^\d+$/.test(step) ? Number(step) : step);
    }
    return orUndefined(orElse(value, fallback), `'${path.join(".")}'`);
  };
  const [first] = paths;
  return paths.length === 1 ? (item) => get(item, first!) : (item) => new List(paths.map((path) => get(item, path)));
}

/** Counts a text that was made for one element of many: together they may take long, and more than there is. */
function made(text: string): void {
  charge(text.length);
  workOnText(text.length);
  reserveText(text.length);
}

/** Folds case, so that comparing ignores it; unless told not to. */
function folded(caseSensitive: Argument): (value: TemplateValue) => TemplateValue {
  if (flag(caseSensitive)) return (value) => value;
  const fold = (value: TemplateValue): TemplateValue => {
    work(1);
    if (typeof value === "string") {
      made(value);
      return value.toLowerCase();
    }
    return value instanceof List ? new List(value.items.map(fold)) : value;
  };
  return fold;
}

function sorted<T>(items: readonly T[], key: (item: T) => TemplateValue, reverse: boolean): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse ? -1 : 1;
  keyed.sort((a, b) => sign * (compare(a.key, b.key) ?? 0));
  return keyed.map(({ item }) => item);
}

function extreme(value: TemplateValue, caseSensitive: Argument, attribute: Argument, sign: number): TemplateValue {
  const get = getter(attribute);
  const fold = folded(caseSensitive);
  let best: TemplateValue | undefined;
  for (const item of elementsOf(value)) {
    if (best === undefined || sign * (compare(fold(get(item)), fold(get(best))) ?? 0) > 0) best = item;
  }
  return orUndefined(best, "the extreme of an empty list");
}

function batch(value: TemplateValue, size: number, fill: Argument): List {
  if (size < 1) throw new Problem("batch: the size must be above 0");
  const items = elementsOf(value);
  const batches: TemplateValue[] = [];
  for (let at = 0; at < items.length; at += size) {
    const one = items.slice(at, at + size);
    if (fill !== undefined && fill !== null) while (one.length < Math.min(size, 1_000_000)) one.push(fill);
    batches.push(new List(one));
  }
  return new List(batches);
}

function slices(value: TemplateValue, count: number, fill: Argument): List {
  if (count < 1 || count > 100_000) throw new Problem("slice: the number of slices must be above 0");
  const items = elementsOf(value);
  const size = Math.floor(items.length / count);
  const larger = items.length % count;
  const out: TemplateValue[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const end = at + size + (i < larger ? 1 : 0);
    const one = items.slice(at, end);
    if (fill !== undefined && fill !== null && i >= larger) one.push(fill);
    out.push(new List(one));
    at = end;
  }
  return new List(out);
}

function groupBy(value: TemplateValue, attribute: Argument, fallback: Argument, caseSensitive: Argument): List {
  const get = getter(required(attribute), fallback);
  const fold = folded(caseSensitive);
  const groups: { key: TemplateValue; folded: TemplateValue; items: TemplateValue[] }[] = [];
  for (const item of sorted(elementsOf(value), (item) => fold(get(item)), false)) {
    const key = get(item);
    const last = groups[groups.length - 1];
    if (last !== undefined && equal(last.folded, fold(key))) last.items.push(item);
    else groups.push({ key, folded: fold(key), items: [item] });
  }
  return new List(groups.map(({ key, items }) => new List([key, new List(items)], true, ["grouper", "list"])));
}

function unique(value: TemplateValue, caseSensitive: Argument, attribute: Argument): List {
  const get = getter(attribute);
  const fold = folded(caseSensitive);
  const seen: TemplateValue[] = [];
  const simple = new Set<unknown>();
  const kept = elementsOf(value).filter((item) => {
    work(1);
    const key = fold(get(item));
    const plain = key instanceof LuaFloat ? key.n : key;
    if (typeof plain !== "object" || plain === null) {
      if (simple.has(plain)) return false;
      simple.add(plain);
      return true;
    }
    if (seen.some((other) => equal(other, key))) return false;
    seen.push(key);
    return true;
  });
  return new List(kept);
}

/** `select`, `reject` and those by attribute. The first argument behind the attribute is the test. */
function selecting(byAttribute: boolean, keep: boolean): Row {
  return {
    run: (value, { positional, named }, frame) => {
      const attribute = byAttribute ? required(positional[0]) : undefined;
      const rest = byAttribute ? positional.slice(1) : positional;
      const [name, ...args] = rest;
      const test = name === undefined ? undefined : TESTS.get(textOf(name));
      if (name !== undefined && test === undefined) throw new Problem(`there is no test '${textOf(name)}'`);
      const get = getter(attribute);
      const given = new Arguments(args, named);
      const kept = elementsOf(value).filter((item) => {
        work(1);
        const subject = get(item);
        return (test === undefined ? truth(subject) : truth(test.run(subject, given, frame))) === keep;
      });
      return new List(kept);
    },
  };
}

/** `map('filter', …)` or `map(attribute='name', default=…)`. */
function mapping(value: TemplateValue, { positional, named }: Arguments, frame: Frame): TemplateValue {
  const attribute = named.get("attribute");
  if (attribute !== undefined) {
    const [, fallback] = bind(new Arguments(positional, named), ["attribute", "default"]);
    return new List(elementsOf(value).map(getter(attribute, fallback)));
  }
  const [name, ...args] = positional;
  const filter = FILTERS.get(textOf(required(name)));
  if (filter === undefined) throw new Problem(`there is no filter '${textOf(name!)}'`);
  const given = new Arguments(args, named);
  const results = elementsOf(value).map((item) => {
    const result = filter.run(item, given, frame);
    if (typeof result === "string") made(result);
    work(1);
    return result;
  });
  return new List(results);
}

// --- numbers --------------------------------------------------------------------------------------------------------

function toInt(value: TemplateValue, fallback: Argument, base: Argument): TemplateValue {
  const otherwise = orElse(fallback, 0);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isNumeric(value)) {
    if (isInteger(value)) return value;
    const n = toDouble(value);
    return Number.isFinite(n) ? Math.trunc(n) + 0 : otherwise;
  }
  if (typeof value !== "string") return otherwise;
  const radix = whole(base, 10);
  if (radix !== 10) {
    if (radix < 2 || radix > 36) throw new Problem("int: the base must be from 2 to 36");
    const digits = value
      .trim()
      .replace(radix === 16 ? /^([-+]?)0x/i : radix === 8 ? /^([-+]?)0o/i : radix === 2 ? /^([-+]?)0b/i : /^$/, "$1");
    const highest = (radix - 1).toString(36);
    const valid = radix <= 10 ? `[0-${highest}]` : `[0-9a-${highest}]`;
    return new RegExp(`^[-+]?${valid}{1,15}$`, "i").test(digits) ? Number.parseInt(digits, radix) : otherwise;
  }
  const parsed = parseDecimal(value);
  if (parsed === undefined) return otherwise;
  return isInteger(parsed) ? parsed : toInt(parsed, otherwise, undefined);
}

function parseDecimal(value: string): number | bigint | LuaFloat | undefined {
  const plain = value.trim().replaceAll("_", "");
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(plain) ? parseNumber(plain.replace(/^\+/, "")) : undefined;
}

function toFloat(value: TemplateValue, fallback: Argument): TemplateValue {
  if (typeof value === "boolean") return float(value ? 1 : 0);
  if (isNumeric(value)) return float(toDouble(value));
  const parsed = typeof value === "string" ? parseDecimal(value) : undefined;
  return parsed === undefined ? orElse(fallback, float(0)) : float(toDouble(parsed));
}

/** As Python's: halves go to the even neighbour, and an integer stays one. */
function round(value: TemplateValue, precision: Argument, method: Argument): TemplateValue {
  const n = numberOf(value);
  const places = whole(precision, 0);
  if (Math.abs(places) > 50) throw new Problem("round: the precision is out of range");
  const kind = text(method, "common");
  const scale = 10 ** places;
  if (kind === "floor" || kind === "ceil")
    return float((kind === "floor" ? Math.floor(n * scale) : Math.ceil(n * scale)) / scale);
  if (kind !== "common") throw new Problem("round: the method must be common, ceil or floor");
  if (isNumeric(value) && isInteger(value)) return places >= 0 ? value : evenly(n * scale) / scale;
  if (!Number.isFinite(n) || Math.abs(n) >= 1e21) return float(n);
  if (places <= 0) return float(evenly(n * scale) / scale);
  // Whether it really lies half way shows in its exact digits.
  const digits = n.toFixed(100);
  const at = digits.indexOf(".") + 1 + places;
  const isHalf = /^50*$/.test(digits.slice(at));
  if (!isHalf || /[02468]/.test(digits[at - 1]!) === false) return float(Number(n.toFixed(places)));
  return float(Number(digits.slice(0, at)));
}

function evenly(n: number): number {
  const below = Math.floor(n);
  return n - below === 0.5 ? below + (Math.abs(below) % 2) : Math.round(n);
}

function numberOf(value: TemplateValue): number {
  if (isNumeric(value)) return toDouble(value);
  const parsed = typeof value === "string" ? parseDecimal(value) : undefined;
  if (parsed === undefined) throw new Problem("a number is needed");
  return toDouble(parsed);
}

function fileSize(value: TemplateValue, binary: Argument): string {
  const bytes = numberOf(value);
  const base = flag(binary) ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const units = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
  for (const [i, unit] of units.entries()) {
    const next = base ** (i + 2);
    if (bytes < next || i === units.length - 1)
      return `${((base * bytes) / next).toFixed(1)} ${flag(binary) ? `${unit.toUpperCase()}i` : unit}B`;
  }
  return "";
}

// --- text -----------------------------------------------------------------------------------------------------------

function indent(value: TemplateValue, width: Argument, first: Argument, blank: Argument): string {
  const by = typeof width === "string" ? width : " ".repeat(Math.min(Math.max(0, whole(width, 4)), 10_000));
  const lines = textOf(value).split(/\r\n|\n|\r/);
  reserveText(lines.length * by.length + textOf(value).length);
  const [head = "", ...rest] = lines;
  const indented = rest.map((line) => (line === "" && !flag(blank) ? line : by + line));
  return (flag(first) ? by : "") + [head, ...indented].join("\n");
}

/** Percent-encoded as Python does it: a path keeps its slashes; a dictionary or list of pairs becomes a query. */
function urlEncode(value: TemplateValue): string {
  const encode = (s: string) =>
    encodeURIComponent(s.toWellFormed()).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = (part: TemplateValue) => encode(textOf(part)).replaceAll("%20", "+");
  if (isMapping(value))
    return entriesOf(value)
      .map(([key, item]) => `${query(key)}=${query(item)}`)
      .join("&");
  if (typeof value === "string" || isNumeric(value)) return encode(textOf(value)).replaceAll("%2F", "/");
  return elementsOf(value)
    .map((pair) => elementsOf(pair).map(query).join("="))
    .join("&");
}

/** Web addresses as links. */
function urlize(value: TemplateValue, limit: Argument, nofollow: Argument, target: Argument): string {
  const most = limit === undefined || limit === null ? Infinity : whole(limit);
  const rel = flag(nofollow) ? ' rel="nofollow noopener"' : ' rel="noopener"';
  const where = target === undefined || target === null ? "" : ` target="${escapeHtml(textOf(target))}"`;
  return textOf(value)
    .split(/(\s+)/)
    .map((word) => {
      const parts = /^([(<]*)((?:https?:\/\/|www\.)[^\s<>"']+?)([)>.,;:!?]*)$/i.exec(word);
      if (parts === null) return escapeHtml(word);
      const [, before, url, after] = parts as unknown as [string, string, string, string];
      const shown = lengthOf(url) > most ? `${[...url].slice(0, most).join("")}...` : url;
      const address = url.startsWith("www.") ? `https://${url}` : url;
      return `${escapeHtml(before)}<a href="${escapeHtml(address)}"${rel}${where}>${escapeHtml(shown)}</a>${escapeHtml(after)}`;
    })
    .join("");
}

function xmlAttributes(value: TemplateValue, autospace: Argument): string {
  const shown = entriesOf(value).flatMap(([key, item]) => {
    if (item === null || item instanceof Undefined) return [];
    const name = textOf(key);
    if (/[\s/>=]/.test(name)) throw new Problem(`xmlattr: invalid attribute name '${name}'`);
    return [`${escapeHtml(name)}="${escapeHtml(textOf(item))}"`];
  });
  return (flag(autospace, true) && shown.length > 0 ? " " : "") + shown.join(" ");
}

// --- the list -------------------------------------------------------------------------------------------------------

const onText = (change: (s: string) => string) => row([], (value) => change(textOf(value)));
const length = row([], lengthOf);
const fallback = row(
  ["default_value", "boolean"],
  (value, otherwise, boolean) =>
    value instanceof Undefined || (flag(boolean) && !truth(value)) ? orElse(otherwise, "") : value,
  true,
);
const escaped = onText(escapeHtml);

export const FILTERS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["abs", row([], (value) => ((compare(value, 0) ?? 0) < 0 ? negate(value) : value))],
  ["attr", row(["name"], (value, name) => orUndefined(itemOf(value, textOf(required(name))), `'${text(name)}'`))],
  ["batch", row(["linecount", "fill_with"], (value, size, fill) => batch(value, whole(size), fill))],
  ["capitalize", onText(capitalize)],
  ["center", row(["width"], (value, width) => center(textOf(value), whole(width, 80)))],
  ["count", length],
  ["d", fallback],
  ["default", fallback],
  [
    "dictsort",
    row(["case_sensitive", "by", "reverse"], (value, caseSensitive, by, reverse) => {
      const at = { key: 0, value: 1 }[text(by, "key")];
      if (at === undefined) throw new Problem("dictsort: by must be key or value");
      const fold = folded(caseSensitive);
      return new List(
        sorted(entriesOf(value), (pair) => fold(pair[at]!), flag(reverse)).map((pair) => new List(pair, true)),
      );
    }),
  ],
  ["dump", row(["indent"], (value, by) => jsonText(value, by === undefined ? undefined : whole(by), false))],
  ["e", escaped],
  ["escape", escaped],
  ["filesizeformat", row(["binary"], fileSize)],
  ["first", row([], (value) => orUndefined(elementsOf(value)[0], "the first of an empty list"))],
  ["float", row(["default"], toFloat)],
  ["forceescape", escaped],
  ["format", { run: (value, args) => formatText(textOf(value), args) }],
  ["groupby", row(["attribute", "default", "case_sensitive"], groupBy)],
  ["indent", row(["width", "first", "blank"], indent)],
  ["int", row(["default", "base"], toInt)],
  ["items", row([], (value) => new List(entriesOf(value).map((pair) => new List(pair, true))))],
  [
    "join",
    row(["d", "attribute"], (value, separator, attribute) =>
      joinTexts(elementsOf(value).map(getter(attribute)).map(textOf), text(separator)),
    ),
  ],
  [
    "last",
    row([], (value) => {
      const items = elementsOf(value);
      return orUndefined(items[items.length - 1], "the last of an empty list");
    }),
  ],
  ["length", length],
  ["list", row([], (value) => new List([...elementsOf(value)]))],
  ["lower", onText((s) => s.toLowerCase())],
  ["map", { run: mapping }],
  [
    "max",
    row(["case_sensitive", "attribute"], (value, sensitive, attribute) => extreme(value, sensitive, attribute, 1)),
  ],
  [
    "min",
    row(["case_sensitive", "attribute"], (value, sensitive, attribute) => extreme(value, sensitive, attribute, -1)),
  ],
  ["nl2br", onText((s) => s.replaceAll("\n", "<br />\n"))],
  ["pprint", row([], (value) => represent(value))],
  [
    "random",
    row([], (value) => {
      const items = elementsOf(value);
      return orUndefined(items[Math.floor(Math.random() * items.length)], "one of an empty list");
    }),
  ],
  ["reject", selecting(false, false)],
  ["rejectattr", selecting(true, false)],
  [
    "replace",
    row(["old", "new", "count"], (value, old, by, count) =>
      replaceText(textOf(value), text(old), text(by), count === null ? -1 : whole(count, -1)),
    ),
  ],
  [
    "reverse",
    row([], (value) => {
      const items = [...elementsOf(value)].reverse();
      return typeof value === "string" ? items.map(textOf).join("") : new List(items);
    }),
  ],
  ["round", row(["precision", "method"], round)],
  ["safe", row([], (value) => value)],
  ["select", selecting(false, true)],
  ["selectattr", selecting(true, true)],
  ["slice", row(["slices", "fill_with"], (value, count, fill) => slices(value, whole(count), fill))],
  [
    "sort",
    row(["reverse", "case_sensitive", "attribute"], (value, reverse, caseSensitive, attribute) => {
      const get = getter(attribute);
      const fold = folded(caseSensitive);
      return new List(sorted(elementsOf(value), (item) => fold(get(item)), flag(reverse)));
    }),
  ],
  ["string", row([], textOf)],
  ["striptags", onText(stripTags)],
  [
    "sum",
    row(["attribute", "start"], (value, attribute, start) =>
      elementsOf(value)
        .map(getter(attribute))
        .reduce<TemplateValue>((sum, item) => add(sum, item), orElse(start, 0)),
    ),
  ],
  ["title", onText(title)],
  [
    "tojson",
    row(["indent"], (value, by) => jsonText(value, by === undefined || by === null ? undefined : whole(by), true)),
  ],
  [
    "trim",
    row(["chars"], (value, chars) =>
      trimText(textOf(value), chars === undefined || chars === null ? undefined : textOf(chars)),
    ),
  ],
  [
    "truncate",
    row(["length", "killwords", "end", "leeway"], (value, most, kill, end, leeway) =>
      truncate(textOf(value), whole(most, 255), flag(kill), text(end, "..."), whole(leeway, 5)),
    ),
  ],
  ["unique", row(["case_sensitive", "attribute"], unique)],
  ["upper", onText((s) => s.toUpperCase())],
  ["urlencode", row([], urlEncode)],
  ["urlize", row(["trim_url_limit", "nofollow", "target"], urlize)],
  ["wordcount", row([], (value) => (textOf(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length)],
  [
    "wordwrap",
    row(["width", "break_long_words", "wrapstring", "break_on_hyphens"], (value, width, breakLong, joint, hyphens) =>
      wrapText(textOf(value), whole(width, 79), flag(breakLong, true), text(joint, "\n"), flag(hyphens, true)),
    ),
  ],
  ["xmlattr", row(["autospace"], xmlAttributes)],
]);
