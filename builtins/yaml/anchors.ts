/** Anchors, aliases and merge keys: what they stand for, and how much they may add to what the text itself holds. */
import { tick } from "../../interpreter/library/steps.ts";
import { charge } from "../../interpreter/memory.ts";
import { state } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { LuaFloat, type Value } from "../../interpreter/value.ts";
import { ARRAY, OBJECT } from "../json-mark.ts";
import type { MapMaker } from "./entries.ts";

/** How many values aliases and merge keys may add. */
const MAX_EXPANSION = 250_000;

/** Makes the error for a problem of the node at hand, from words in bytes. */
export type Fail = (message: string) => unknown;

/** A value with an anchor. */
export interface Anchored<T> {
  /** Undefined while it is being read. */
  value: T | undefined;
  /** False while the value is being read: an alias inside it would make a cycle. */
  done: boolean;
}

/** The anchors of one document after the other; the limit is one for all of them. */
export class Anchors {
  private readonly named = new Map<string, Anchored<Value>>();
  private added = 0;

  newDocument(): void {
    this.named.clear();
  }

  /** A value with an anchor begins; whoever reads it says when it is done. */
  begin(name: string): Anchored<Value> {
    const anchored: Anchored<Value> = { value: undefined, done: false };
    this.named.set(name, anchored);
    return anchored;
  }

  /** What an alias stands for: a copy, so that a script that changes one place does not change the others. */
  resolve(name: string, fail: Fail): Value {
    const anchored = this.named.get(name);
    if (anchored === undefined) throw fail(`unknown alias ${printable(name)}`);
    if (!anchored.done) throw fail(`alias ${printable(name)} inside what it stands for`);
    return this.copy(anchored.value, fail);
  }

  private copy(value: Value, fail: Fail): Value {
    this.count(fail);
    if (typeof value === "string") charge(value.length);
    if (!(value instanceof LuaTable)) return value;
    const { shape, vals, array } = value;
    const table = new LuaTable(shape.shared ? shape : state.vm.rootShape);
    table.mark = value.mark;
    charge(64 + (vals.length + array.length) * 8);
    if (array.length > 1) table.reserveArray(array.map((element) => this.copyOf(element, fail)));
    if (shape.shared) {
      if (vals.length > 1) table.vals = vals.map((element) => this.copyOf(element, fail));
    } else {
      for (let slot = 1; slot < vals.length; slot++) {
        if (vals[slot] !== undefined) table.set(shape.keys[slot], this.copy(vals[slot], fail));
      }
    }
    return table;
  }

  /** `<<: *defaults`, or a list of such: adds the entries that the map has not got yet. */
  merge(into: MapMaker, value: Value, fail: Fail): void {
    const isList = value instanceof LuaTable && value.mark === ARRAY;
    const sources = isList ? value.toArray() : [value];
    for (const source of sources) {
      if (!(source instanceof LuaTable) || source.mark !== OBJECT) throw fail("<< needs a map or a list of maps");
      source.forEach((key, entry) => {
        this.count(fail);
        if (!into.has(key)) into.add(key, entry);
      });
    }
  }

  /** The copy of an element, or of the nil that stands for none. */
  private copyOf(element: Value, fail: Fail): Value {
    return element === undefined ? undefined : this.copy(element, fail);
  }

  private count(fail: Fail): void {
    tick();
    if (++this.added > MAX_EXPANSION) throw fail(`aliases add more than ${MAX_EXPANSION} values`);
  }
}

/** A key as tables hold it: a float that equals an integer is that integer. Not every value can be one. */
export function keyOf(value: Value, nullValue: Value, fail: Fail): Value {
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return value;
  if (value instanceof LuaFloat) return value.n === 0 ? 0 : value.n;
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  throw fail(`${value === nullValue ? "null" : value instanceof LuaTable ? "a collection" : "nan"} as key`);
}

/** A key in a message. */
export function shownKey(key: Value): string {
  return typeof key === "string" ? printable(JSON.stringify(key)) : String(key);
}

/** UTF-8 text of the input in a message: one line, not too long, cut between characters. */
export function printable(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f]+/g, " ");
  return line.length > 80 ? `${line.slice(0, 77).replace(/[\xc0-\xff][\x80-\xbf]*$/, "")}...` : line;
}
