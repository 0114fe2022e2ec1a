/** YAML from bytes straight to Lua values, as far as structure.ts reads it; the library reads the rest (full.ts). */
import { failure } from "../../interpreter/error.ts";
import { charge, reserveMemory } from "../../interpreter/memory.ts";
import { state, TICKS } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import type { Value } from "../../interpreter/value.ts";
import { type Keys, rootKeys } from "../json-keys.ts";
import { ARRAY, OBJECT } from "../json-mark.ts";
import { placeOf } from "../json-parser.ts";
import { type Anchored, Anchors, keyOf, shownKey } from "./anchors.ts";
import { Entries } from "./entries.ts";
import { UNSURE } from "./lines.ts";
import { type Key, MERGE, paddedBytes, readable, Structure } from "./structure.ts";

/** Bytes of input between two looks at the clock and the memory limit. */
const LOOK_EVERY = 1 << 16;
/** What a table takes, and what a value in it takes on average, strings without their bytes included. */
const TABLE = 120;
const SLOT = 24;

const unsure = () => UNSURE;

/** The documents of a stream, and where this reader had to give up. */
export interface Attempt {
  documents: Value[] | undefined;
  /** In bytes. */
  at: number;
}

/** Reads UTF-8 text; raises `what: … at line 3, column 14` for keys given twice and wrong aliases. */
export function readQuickly(what: string, given: string, nullValue: Value): Attempt {
  const text = readable(given);
  if (text === undefined) return { documents: undefined, at: 0 };
  reserveMemory(text.length);
  const reader = new Reader(what, text, nullValue);
  try {
    const documents = reader.documents();
    reader.charge();
    return { documents, at: 0 };
  } catch (error) {
    if (error === UNSURE) return { documents: undefined, at: reader.p };
    throw error;
  }
}

class Reader extends Structure<Value, Entries> {
  private readonly anchors = new Anchors();
  private readonly root: Keys = rootKeys(state.vm);
  /** Memory for tables and strings: made in all, charged, and asked for. */
  private made = 0;
  private charged = 0;
  private reserved = 0;

  constructor(
    private readonly what: string,
    private readonly text: string,
    nullValue: Value,
  ) {
    super(paddedBytes(text), text.length, nullValue);
    this.look = LOOK_EVERY;
  }

  /** Charges what has been made since the last time. */
  charge(): void {
    charge(this.made - this.charged);
    this.charged = this.made;
  }

  protected override lookAround(): void {
    this.look = this.p + LOOK_EVERY;
    this.charge();
    if (this.made > this.reserved * 1.5) {
      this.reserved = this.made;
      reserveMemory(this.made);
    }
    state.ticks = TICKS;
    state.vm.check();
  }

  protected override newDocument(): void {
    this.anchors.newDocument();
  }

  protected override anchored(name: string): Anchored<Value> {
    return this.anchors.begin(name);
  }

  protected override alias(name: string, at: number): Value {
    return this.anchors.resolve(name, (message) => this.error(message, at));
  }

  protected override scalar(value: Value): Value {
    if (typeof value === "string") this.made += value.length;
    return value;
  }

  protected override newItems(): Value[] {
    // Element 0 is a filler; see LuaTable.
    return [undefined];
  }

  protected override closeList(values: Value[]): LuaTable {
    const table = this.table(ARRAY);
    this.made += values.length * SLOT;
    // The array part of a table never ends in nil.
    let { length } = values;
    while (length > 1 && values[length - 1] === undefined) length--;
    values.length = length;
    if (length > 1) table.reserveArray(values);
    return table;
  }

  protected override openMap(): Entries {
    return new Entries(this.table(OBJECT), this.root);
  }

  protected override entry(map: Entries, key: Key, at: number, _end: number, value: Value): void {
    this.made += SLOT;
    if (key === MERGE) {
      map.merges ??= [];
      map.merges.push(value);
      return;
    }
    const kept = typeof key === "string" ? key : keyOf(key, this.nullValue, unsure);
    if (!map.put(kept, value)) throw this.error(`key ${shownKey(kept)} given twice`, at);
  }

  protected override closeMap(map: Entries): LuaTable {
    const { merges } = map;
    const table = map.finish();
    if (merges !== undefined) {
      const rest = map.dictionary();
      for (const value of merges) this.anchors.merge(rest, value, unsure);
    }
    return table;
  }

  private table(mark: number): LuaTable {
    this.made += TABLE;
    const table = new LuaTable(this.root.shape);
    table.mark = mark;
    return table;
  }

  private error(message: string, at: number): unknown {
    return failure(`${this.what}: ${message} at ${placeOf(this.text, at)}`);
  }
}
