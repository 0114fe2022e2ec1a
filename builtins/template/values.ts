/**
 * The values that templates work with. What a script gives stays what it is (tables are read where they lie, never
 * through JavaScript); what a template makes has classes of its own. Text is UTF-16 here.
 */
import { LuaFunction, NativeFunction } from "../../interpreter/function.ts";
import type { Steps } from "../../interpreter/library/steps.ts";
import { Event, eventOf } from "../../interpreter/metatable.ts";
import { formatNumber } from "../../interpreter/number.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import { LuaFloat, rawEquals, Userdata, type Value } from "../../interpreter/value.ts";
import { ARRAY, OBJECT } from "../json-mark.ts";
import { Problem, work, workOnText } from "./problem.ts";
import type { Frame } from "./runtime.ts";

/** How deep values may nest where they are compared or printed. */
const MAX_DEPTH = 100;

/** What a name or attribute stands for that nobody set. */
export class Undefined {
  constructor(
    /** For messages: `'name'`. */
    readonly what: string,
  ) {}
}

/** A value that may be absent, as an undefined one then. (`??` will not do: none is null.) */
export function orUndefined(value: TemplateValue | undefined, what: string): TemplateValue {
  return value === undefined ? new Undefined(what) : value;
}

/** A value, or another in place of an absent one. */
export function orElse<T>(value: TemplateValue | undefined, otherwise: T): TemplateValue | T {
  return value === undefined ? otherwise : value;
}

/** A list or tuple that a template made. */
export class List {
  constructor(
    readonly items: TemplateValue[],
    readonly isTuple = false,
    /** Names of the elements of a tuple, if they have any. */
    readonly names: readonly string[] = [],
  ) {}
}

export type Key = string | number | bigint | boolean | null | LuaTable | List | Callable;

/** A dictionary that a template made. */
export class Dict {
  readonly map = new Map<Key, TemplateValue>();
}

/** What `namespace()` makes: attributes that can be set from inner scopes. Also the names of an imported template. */
export class Namespace {
  constructor(
    readonly kind: "namespace" | "module" | "self",
    readonly get: (name: string) => TemplateValue | undefined,
    readonly set?: (name: string, value: TemplateValue) => void,
    /** What it prints as. */
    readonly text = "",
  ) {}
}

/** The arguments of a call in a template. */
export class Arguments {
  constructor(
    readonly positional: TemplateValue[],
    readonly named: Map<string, TemplateValue>,
  ) {}
}

/** A function of the template language: a macro, a method, a global. */
export class Callable {
  constructor(
    readonly name: string,
    /** Results at once, or a generator when it may have to wait. */
    readonly call: (args: Arguments, frame: Frame) => TemplateValue | Steps<TemplateValue>,
    /** Attributes it has besides: `loop` is called and looked at. */
    readonly attribute?: (name: string) => TemplateValue | undefined,
  ) {}
}

/** `null` is `none`. */
export type TemplateValue =
  | Undefined
  | null
  | boolean
  | number
  | bigint
  | LuaFloat
  | string
  | List
  | Dict
  | Namespace
  | Callable
  | LuaTable
  | LuaFunction
  | NativeFunction
  | Userdata;

// --- to and from Lua ------------------------------------------------------------------------------------------------

/** A Lua value as a template sees it. `what` names it should it be nil. */
export function fromLua(value: Value, what: string): TemplateValue {
  if (value === undefined) return new Undefined(what);
  if (typeof value === "string") {
    const text = toText(value);
    if (text === undefined) throw new Problem(`${what} is not valid UTF-8`);
    return text;
  }
  if (value instanceof Userdata && /(?:^|\.)null$/.test(value.kind)) return null;
  if (typeof value !== "object" || value instanceof LuaTable || value instanceof LuaFloat) return value;
  if (value instanceof LuaFunction || value instanceof NativeFunction || value instanceof Userdata) return value;
  return new Undefined(what); // a coroutine: nothing a template could do with it
}

/** A value for a Lua function that a template calls. */
export function toLua(value: TemplateValue, depth = 0): Value {
  if (value === null || value instanceof Undefined) return undefined;
  if (typeof value === "string") return fromText(value);
  if (depth > MAX_DEPTH) throw new Problem("a value nests too deeply");
  if (value instanceof List) return LuaTable.fromArray(value.items.map((item) => toLua(item, depth + 1)));
  if (value instanceof Dict) {
    const table = new LuaTable();
    for (const [key, item] of value.map) table.set(toLua(key, depth + 1), toLua(item, depth + 1));
    return table;
  }
  if (value instanceof Callable || value instanceof Namespace)
    throw new Problem(`${typeOf(value)} cannot be given to a function`);
  return value;
}

// --- kinds ----------------------------------------------------------------------------------------------------------

/** Whether a table is a list: only the keys 1 to n, or marked so by the format it came from. */
export function isLuaList(table: LuaTable): boolean {
  if (table.mark === ARRAY) return true;
  if (table.mark === OBJECT) return false;
  const n = table.length();
  if (n === 0) return false;
  // The array part holds nothing but such keys; only the rest needs a look, and a list has none.
  for (let at = table.nextPosition(table.array.length - 1); at !== 0; at = table.nextPosition(at)) {
    const key = table.keyAt(at);
    if (typeof key !== "number" || key < 1 || key > n) return false;
  }
  return true;
}

export function isSequence(value: TemplateValue): value is List | LuaTable | string {
  return (
    value instanceof List ||
    typeof value === "string" ||
    (value instanceof LuaTable && (isLuaList(value) || (value.mark !== OBJECT && isEmpty(value))))
  );
}

export function isMapping(value: TemplateValue): value is Dict | LuaTable {
  return value instanceof Dict || (value instanceof LuaTable && !isLuaList(value));
}

function isEmpty(table: LuaTable): boolean {
  return table.nextPosition(0) === 0;
}

export function isCallable(value: TemplateValue): value is Callable | LuaFunction | NativeFunction {
  return value instanceof Callable || value instanceof LuaFunction || value instanceof NativeFunction;
}

export function isNumeric(value: TemplateValue): value is number | bigint | LuaFloat {
  return typeof value === "number" || typeof value === "bigint" || value instanceof LuaFloat;
}

/** What messages call a value's type. */
export function typeOf(value: TemplateValue): string {
  if (value === null) return "none";
  if (value instanceof Undefined) return "an undefined value";
  if (typeof value === "string") return "a string";
  if (typeof value === "boolean") return "a boolean";
  if (isNumeric(value)) return "a number";
  if (value instanceof List) return value.isTuple ? "a tuple" : "a list";
  if (value instanceof Dict) return "a dictionary";
  if (value instanceof LuaTable) return isLuaList(value) ? "a list" : "a dictionary";
  if (value instanceof Namespace) return `a ${value.kind}`;
  return isCallable(value) ? "a function" : "a handle";
}

/** Truth as in Python: empty things, zeros, none and undefined are false. */
export function truth(value: TemplateValue): boolean {
  if (typeof value === "boolean") return value;
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === "string") return value !== "";
  if (typeof value === "number" || typeof value === "bigint") return Number(value) !== 0;
  if (value instanceof LuaFloat) return value.n !== 0;
  if (value instanceof List) return value.items.length > 0;
  if (value instanceof Dict) return value.map.size > 0;
  if (value instanceof LuaTable) return !isEmpty(value);
  return true;
}

// --- parts ----------------------------------------------------------------------------------------------------------

/** A string's characters; code points, not UTF-16 units. */
export function characters(text: string): string[] {
  return /[\ud800-\udfff]/.test(text) ? [...text] : text.split("");
}

export function lengthOf(value: TemplateValue): number {
  if (typeof value === "string") return /[\ud800-\udfff]/.test(value) ? [...value].length : value.length;
  if (value instanceof List) return value.items.length;
  if (value instanceof Dict) return value.map.size;
  if (value instanceof Undefined) return 0;
  if (value instanceof LuaTable) {
    if (isLuaList(value)) return value.length();
    let n = 0;
    for (let at = value.nextPosition(0); at !== 0; at = value.nextPosition(at)) n++;
    return n;
  }
  throw new Problem(`${typeOf(value)} has no length`);
}

/** What a loop over a value goes through: elements, characters, or keys. */
export function elementsOf(value: TemplateValue): TemplateValue[] {
  const elements = partsOf(value);
  work(elements.length);
  return elements;
}

function partsOf(value: TemplateValue): TemplateValue[] {
  if (value instanceof List) return value.items;
  if (typeof value === "string") return characters(value);
  if (value instanceof Dict) return [...value.map.keys()];
  if (value instanceof Undefined) return [];
  if (value instanceof LuaTable) {
    if (isLuaList(value)) return value.toArray().map((item, i) => fromLua(item, `element ${i}`));
    return entriesOf(value).map(([key]) => key);
  }
  throw new Problem(`${typeOf(value)} cannot be looped over`);
}

/** The pairs of a dictionary, in its order. */
export function entriesOf(value: TemplateValue): [Key, TemplateValue][] {
  if (value instanceof Dict) return [...value.map];
  if (value instanceof Undefined) return [];
  if (!(value instanceof LuaTable)) throw new Problem(`${typeOf(value)} has no items`);
  const pairs: [Key, TemplateValue][] = [];
  value.forEach((key, item) => {
    work(1);
    const name = keyOf(fromLua(key, "a key"));
    pairs.push([name, fromLua(item, `'${textOf(name)}'`)]);
  });
  return pairs;
}

/** A value as a dictionary's key. */
export function keyOf(value: TemplateValue): Key {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (value instanceof LuaFloat) return value.n === 0 ? 0 : value.n;
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof LuaTable || value instanceof List || value instanceof Callable) return value;
  throw new Problem(`${typeOf(value)} cannot be a key`);
}

/** A field of a script's table, through `__index` tables too (functions are not called). */
function fieldOf(table: LuaTable, key: Value): Value {
  let at: Value = table;
  for (let i = 0; i < MAX_DEPTH && at instanceof LuaTable; i++) {
    const value: Value = at.get(key);
    if (value !== undefined || at.metatable === undefined) return value;
    at = eventOf(at.metatable, Event.Index);
  }
  return undefined;
}

/** `value[key]`; undefined when there is none. Lists count from 0, and from the end below. */
export function itemOf(value: TemplateValue, key: TemplateValue): TemplateValue | undefined {
  if (value instanceof List || typeof value === "string") {
    const named = typeof key === "string" && typeof value !== "string" ? value.names.indexOf(key) : -1;
    const index = named >= 0 ? named : indexOf(key);
    if (index === undefined) return undefined;
    if (typeof value === "string") workOnText(value.length);
    const items = typeof value === "string" ? characters(value) : value.items;
    return items[index < 0 ? index + items.length : index];
  }
  if (value instanceof Dict) return value.map.get(keyOf(key));
  if (value instanceof Namespace) return typeof key === "string" ? value.get(key) : undefined;
  if (value instanceof Callable) return typeof key === "string" ? value.attribute?.(key) : undefined;
  if (!(value instanceof LuaTable)) return undefined;
  const index = indexOf(key);
  if (index !== undefined && isLuaList(value)) {
    const found = value.getIndex(index < 0 ? index + value.length() + 1 : index + 1);
    return found === undefined ? undefined : fromLua(found, `element ${index}`);
  }
  const name = typeof key === "string" ? fromText(key) : isNumeric(key) || typeof key === "boolean" ? key : undefined;
  if (name === undefined) return undefined;
  const found = fieldOf(value, name);
  return found === undefined ? undefined : fromLua(found, `'${String(key)}'`);
}

function indexOf(key: TemplateValue): number | undefined {
  if (typeof key === "number" && Number.isSafeInteger(key)) return key;
  return key instanceof LuaFloat ? key.n : undefined;
}

/** `value[start:stop:step]` of a list or string. */
export function sliceOf(
  value: TemplateValue,
  start: TemplateValue,
  stop: TemplateValue,
  step: TemplateValue,
): TemplateValue {
  if (value instanceof Undefined) return new List([]);
  if (!isSequence(value)) throw new Problem(`${typeOf(value)} cannot be sliced`);
  const items = elementsOf(value);
  const n = items.length;
  const by = step === null ? 1 : bound(step);
  if (by === 0) throw new Problem("a slice's step cannot be zero");
  const clamp = (given: TemplateValue, missing: number, low: number, high: number) => {
    if (given === null) return missing;
    const at = bound(given);
    return Math.min(Math.max(at < 0 ? at + n : at, low), high);
  };
  const from = by > 0 ? clamp(start, 0, 0, n) : clamp(start, n - 1, -1, n - 1);
  const to = by > 0 ? clamp(stop, n, 0, n) : clamp(stop, -1, -1, n - 1);
  const taken: TemplateValue[] = [];
  for (let at = from; by > 0 ? at < to : at > to; at += by) taken.push(items[at]!);
  return typeof value === "string" ? taken.join("") : new List(taken, value instanceof List && value.isTuple);
}

function bound(value: TemplateValue): number {
  const index = value instanceof Undefined ? 0 : indexOf(value);
  if (index === undefined) throw new Problem("a slice's bounds must be integers");
  return index;
}

// --- comparison -----------------------------------------------------------------------------------------------------

export function equal(a: TemplateValue, b: TemplateValue, depth = 0): boolean {
  work(1);
  if (typeof a === "string" && typeof b === "string") workOnText(a.length === b.length ? a.length : 0);
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b)) return rawEquals(a, b);
  if (a instanceof Undefined || b instanceof Undefined) return a instanceof Undefined && b instanceof Undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (depth > MAX_DEPTH) throw new Problem("values nest too deeply to be compared");
  if (isMapping(a) && isMapping(b)) {
    const entries = entriesOf(a);
    return (
      entries.length === lengthOf(b) &&
      entries.every(([key, value]) => {
        const other = itemOf(b, key);
        return other !== undefined && equal(value, other, depth + 1);
      })
    );
  }
  if (!isSequence(a) || !isSequence(b)) return false;
  const [x, y] = [elementsOf(a), elementsOf(b)];
  return x.length === y.length && x.every((item, i) => equal(item, y[i]!, depth + 1));
}

/** Negative, zero or positive; undefined when one of them is nan. Raises for values without an order. */
export function compare(a: TemplateValue, b: TemplateValue, depth = 0): number | undefined {
  work(1);
  if (isNumeric(a) && isNumeric(b)) {
    const x = a instanceof LuaFloat ? a.n : a;
    const y = b instanceof LuaFloat ? b.n : b;
    return x < y ? -1 : x > y ? 1 : x === y || rawEquals(a, b) ? 0 : undefined;
  }
  if (typeof a === "string" && typeof b === "string") {
    workOnText(Math.min(a.length, b.length));
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (typeof a === "object" && typeof b === "object" && isSequence(a) && isSequence(b) && depth < MAX_DEPTH) {
    const [x, y] = [elementsOf(a), elementsOf(b)];
    for (let i = 0; i < x.length && i < y.length; i++) {
      const order = compare(x[i]!, y[i]!, depth + 1);
      if (order !== 0) return order;
    }
    return x.length - y.length;
  }
  throw new Problem(`${typeOf(a)} cannot be compared with ${typeOf(b)}`);
}

/** `needle in haystack`. */
export function contains(haystack: TemplateValue, needle: TemplateValue): boolean {
  if (typeof haystack === "string") {
    if (typeof needle !== "string") throw new Problem(`${typeOf(needle)} cannot be in a string`);
    workOnText(haystack.length);
    return haystack.includes(needle);
  }
  if (haystack instanceof Namespace) return typeof needle === "string" && haystack.get(needle) !== undefined;
  if (isMapping(haystack)) return itemOf(haystack, needle) !== undefined;
  return elementsOf(haystack).some((item) => equal(item, needle));
}

// --- text -----------------------------------------------------------------------------------------------------------

/** What `{{ value }}` prints. */
export function textOf(value: TemplateValue): string {
  if (typeof value === "string") return value;
  if (value === null || value instanceof Undefined) return "";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isNumeric(value)) return formatNumber(value);
  return represent(value, [], { left: MAX_TEXT });
}

/** Characters that a list or dictionary may take when it is printed; shared parts are printed each time they are met. */
const MAX_TEXT = 1_000_000;

/** A value as it would be written in a template. */
export function represent(value: TemplateValue, around: readonly unknown[] = [], budget = { left: MAX_TEXT }): string {
  work(1);
  if (budget.left < 0) throw new Problem("a value is too large to be printed");
  if (value instanceof Undefined) return "undefined";
  if (value === null) return "none";
  if (typeof value === "string") {
    budget.left -= value.length + 4;
    return quote(value);
  }
  if (typeof value === "boolean" || isNumeric(value)) {
    budget.left -= 8;
    return textOf(value);
  }
  if (value instanceof Namespace) return value.kind === "namespace" ? "<namespace>" : value.text;
  if (isCallable(value)) return "<function>";
  if (value instanceof Userdata) return "<handle>";
  budget.left -= 2;
  if (around.includes(value)) return "...";
  if (around.length > MAX_DEPTH) throw new Problem("a value nests too deeply to be printed");
  const inside = [...around, value];
  if (isMapping(value) && !(value instanceof LuaTable && isEmpty(value))) {
    const pairs = entriesOf(value).map(
      ([key, item]) => `${represent(key, inside, budget)}: ${represent(item, inside, budget)}`,
    );
    return `{${pairs.join(", ")}}`;
  }
  const items = elementsOf(value).map((item) => represent(item, inside, budget));
  if (value instanceof List && value.isTuple) return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
  return value instanceof LuaTable && value.mark === OBJECT ? "{}" : `[${items.join(", ")}]`;
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t\x00-\x1f\x7f]|['"]/g, (c) => {
    if (c === "'" || c === '"') return c === mark ? `\\${c}` : c;
    const named = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[c];
    return named ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return mark + escaped + mark;
}
