/** Maps under way. */
import type { LuaTable } from "../../interpreter/table.ts";
import type { Value } from "../../interpreter/value.ts";
import type { Keys } from "../json-keys.ts";

/** A map by its table: knows which keys it has been given, those with nil for a value included. */
export class MapMaker {
  private readonly nils = new Set<Value>();

  constructor(readonly table: LuaTable) {}

  has(key: Value): boolean {
    const { table } = this;
    return table.get(key) !== undefined || this.nils.has(key) || table.shape.slots.has(key as string);
  }

  add(key: Value, value: Value): void {
    if (value === undefined) this.nils.add(key);
    else this.table.set(key, value);
  }
}

/**
 * A map of a text with many. Its first keys are looked up among those of the maps before it, so that maps that are
 * alike share one shape; from a key on that is no string, or one too many, it is a dictionary.
 */
export class Entries {
  /** Values of `<<`. */
  merges: Value[] | undefined;
  /** Slot 0 is never used; see Shape. */
  private readonly values: Value[] = [undefined];
  private rest: MapMaker | undefined;

  constructor(
    private readonly table: LuaTable,
    private keys: Keys,
  ) {}

  /** False when the map has the key already. */
  put(key: Value, value: Value): boolean {
    if (this.rest === undefined && typeof key === "string") {
      const next = this.keys.after(key);
      if (next !== undefined) {
        this.keys = next;
        this.values.push(value);
        return true;
      }
      if (this.keys.shape.slots.has(key)) return false;
    }
    const rest = this.dictionary();
    if (rest.has(key)) return false;
    rest.add(key, value);
    return true;
  }

  dictionary(): MapMaker {
    this.rest ??= new MapMaker(this.finish());
    return this.rest;
  }

  finish(): LuaTable {
    const { table, values } = this;
    if (this.rest === undefined && values.length > 1) {
      table.shape = this.keys.shape;
      table.vals = values;
    }
    return table;
  }
}
