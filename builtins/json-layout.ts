/**
 * How a table is written in a format of lists and maps: JSON, and YAML and TOML after it. A table with the keys 1..n
 * is a list and every other one a map, unless it is marked (json-mark.ts).
 */
import { basicType } from "../interpreter/error.ts";
import type { LuaTable } from "../interpreter/table.ts";
import { LuaFloat, type Userdata, type Value } from "../interpreter/value.ts";
import { ARRAY, OBJECT } from "./json-mark.ts";

/** What keeps a value from being written. */
export class Unwritable {
  /** Keys from the outermost table to the culprit. */
  readonly path: (string | number)[] = [];
  constructor(readonly reason: string) {}

  /** Such as `$.spec.ports[2]`. */
  place(): string {
    return `$${this.path.map(step).join("")}`;
  }
}

/** Path steps that a message shows at most, from either end. */
const MAX_STEPS = 10;

function step(key: string | number, i: number, path: readonly (string | number)[]): string {
  if (i >= MAX_STEPS && i < path.length - MAX_STEPS) return i === MAX_STEPS ? "..." : "";
  if (typeof key === "number") return `[${key}]`;
  return /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 64))}]`;
}

export interface Entry {
  key: string;
  value: Value;
}

/** A list with its length, or a map's entries in the order of the table. */
export type Layout = { length: number; entries?: undefined } | { length?: undefined; entries: Entry[] };

/** How far a marked list may be empty: beyond, its holes would be written as more nulls than it has elements. */
const SPARSE = 2;
const SPARSE_FROM = 10;

/** Decides how a table is written; throws an Unwritable for keys that no map can have. */
export function layoutOf(table: LuaTable): Layout {
  const { length, count } = listLayout(table);
  return length === undefined ? { entries: entriesOf(table, count) } : { length };
}

/** The length of a table that is written as a list, `undefined` for a map; how many elements it has in any case. */
export function listLayout(table: LuaTable): { length: number | undefined; count: number } {
  const { array, mark, vals } = table;
  const { keys } = table.shape;
  let hashed = 0;
  let largest = array.length - 1;
  let onlyIndices = true;
  for (let slot = 1; slot < vals.length; slot++) {
    if (vals[slot] === undefined) continue;
    hashed++;
    const key = keys[slot];
    if (typeof key === "number" && key >= 1 && Number.isSafeInteger(key)) {
      if (key > largest) largest = key;
    } else onlyIndices = false;
  }
  let holes = 0;
  for (let i = 1; i < array.length; i++) if (array[i] === undefined) holes++;
  const count = array.length - 1 - holes + hashed;
  if (!onlyIndices || mark === OBJECT || (largest !== count && mark !== ARRAY)) return { length: undefined, count };
  if (largest > SPARSE_FROM && largest > count * SPARSE) {
    throw new Unwritable(`list too sparse: ${count} elements up to index ${largest}`);
  }
  return { length: largest, count };
}

function entriesOf(table: LuaTable, count: number): Entry[] {
  const { array, vals } = table;
  const { keys } = table.shape;
  const entries: Entry[] = [];
  for (let i = 1; i < array.length; i++) if (array[i] !== undefined) entries.push({ key: String(i), value: array[i] });
  let converted = entries.length;
  for (let slot = 1; slot < vals.length; slot++) {
    const value = vals[slot];
    if (value === undefined) continue;
    const key = keys[slot]!;
    if (typeof key === "string") entries.push({ key, value });
    else if (typeof key === "number" || typeof key === "bigint") {
      entries.push({ key: key === Infinity ? "inf" : key === -Infinity ? "-inf" : String(key), value });
      converted++;
    } else throw new Unwritable(`a ${basicType(key)} as key`);
  }
  // Only converted keys can meet others.
  if (converted > 0 && converted < count) {
    const seen = new Set<string>();
    for (const { key } of entries) {
      if (seen.has(key)) throw new Unwritable(`two keys that are both written as "${key}"`);
      seen.add(key);
    }
  }
  return entries;
}

/** A float as JSON, YAML and TOML have it: shortest digits that read back, never to be taken for an integer. */
export function floatText(value: number | LuaFloat): string {
  const n = value instanceof LuaFloat ? value.n : value;
  if (Object.is(n, -0)) return "-0.0";
  const text = String(n);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The kinds of the sentinels that stand for null. */
const NULLS: ReadonlySet<string> = new Set(["json.null", "db.null"]);

/** Whether a userdata stands for null. */
export function isNull(value: Userdata): boolean {
  return NULLS.has(value.kind);
}
