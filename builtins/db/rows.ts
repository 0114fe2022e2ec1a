/**
 * Rows of a result as Lua tables. All rows of a result share one shape, made once per list of column names, so that
 * a row costs one table and one array of values.
 */
import { charge } from "../../interpreter/memory.ts";
import { state, TICKS } from "../../interpreter/state.ts";
import { type Key, LuaTable, Shape } from "../../interpreter/table.ts";
import type { Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { DatabaseError } from "./failure.ts";

/** Where the values of a result's columns go in a row. */
export interface Layout {
  readonly shape: Shape;
  /** Slot of each column; columns of the same name share one, and the last of them wins. */
  readonly slots: readonly number[];
  /** Length of a row's value array. */
  readonly size: number;
}

/** The layouts of one connection, so that the same query gives the same shape again. */
export class Layouts {
  private readonly known = new Map<string, Layout>();

  /** `names` as byte strings. */
  of(names: readonly string[]): Layout {
    const id = names.join("\0");
    let layout = this.known.get(id);
    if (layout === undefined) {
      layout = makeLayout(names);
      if (this.known.size >= 500) this.known.clear();
      this.known.set(id, layout);
    }
    return layout;
  }
}

function makeLayout(names: readonly string[]): Layout {
  const bySlot = new Map<Key, number>();
  // Slot 0 of a shape is never used.
  const keys: Key[] = [false];
  const slots: number[] = [];
  for (const name of names) {
    let slot = bySlot.get(name);
    if (slot === undefined) {
      slot = keys.length;
      bySlot.set(name, slot);
      keys.push(name);
    }
    slots.push(slot);
  }
  return { shape: new Shape(true, bySlot, keys), slots, size: keys.length };
}

export function rowTable(layout: Layout, values: Value[]): LuaTable {
  const table = new LuaTable(layout.shape);
  table.vals = values;
  return table;
}

/** What a row costs beside its strings, in bytes, as the census counts it: the table, its slots, its place in the list. */
function rowCost(layout: Layout): number {
  return 72 + 8 * layout.size;
}

/** How many bytes may come in between two looks at the memory limit. */
const STEP = 1 << 20;

/**
 * Watches the memory that results take while they come in, outside of any Lua code: rows that the machine's census
 * cannot see yet count against its limit.
 */
export class Meter {
  bytes = 0;
  private next: number;

  constructor(private readonly vm: VirtualMachine) {
    this.next = Math.min(STEP, vm.memory.limit);
  }

  /** Notes `bytes` more; throws a DatabaseError when they do not fit. */
  add(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.next) this.check();
  }

  /** Whether a message of this size, still incomplete, could fit at all. */
  fits(bytes: number): boolean {
    return this.bytes + bytes <= this.vm.memory.limit;
  }

  private check(): void {
    this.next = this.bytes + STEP;
    // No Lua code runs now: the machine's accounts are opened for the question only.
    const { memory } = this.vm;
    const running = state.vm;
    state.vm = this.vm;
    memory.enter();
    try {
      memory.reserve(this.bytes);
    } catch {
      throw notEnoughMemory();
    } finally {
      memory.leave();
      state.vm = running;
    }
  }

  /** Hands what came in over to the accounts of the machine, which runs now. */
  settle(): void {
    charge(this.bytes);
    this.bytes = 0;
  }
}

export function notEnoughMemory(): DatabaseError {
  return new DatabaseError("not enough memory", { fatal: true });
}

/** Takes the rows of one result as they come. */
export class Rows {
  /** From index 1, as a table's array part wants them. */
  list: Value[] = [undefined];
  private layout: Layout | undefined = undefined;
  private cost = 0;
  private deferred: { readonly slot: number; readonly convert: (value: Value) => Value }[] = [];

  constructor(
    private readonly layouts: Layouts,
    readonly meter: Meter,
  ) {}

  get count(): number {
    return this.list.length - 1;
  }

  /** Announces the columns; returns where their values go. */
  columns(names: readonly string[]): Layout {
    const layout = this.layouts.of(names);
    this.layout = layout;
    this.cost = rowCost(layout);
    return layout;
  }

  /** Adds a row: its values by slot, element 0 undefined. `bytes` is the length of its strings. */
  add(values: Value[], bytes: number): void {
    this.meter.add(bytes + this.cost);
    const table = new LuaTable(this.layout!.shape);
    table.vals = values;
    this.list.push(table);
  }

  /** Has the values of a slot converted by `finish`, in the task that wants them. */
  defer(slot: number, convert: (value: Value) => Value): void {
    this.deferred.push({ slot, convert });
  }

  /** Completes the rows in the task that waits for them: conversions that take time, and the account of memory. */
  finish(): void {
    this.meter.settle();
    if (this.deferred.length === 0) return;
    const { list } = this;
    for (let i = 1; i < list.length; i++) {
      const { vals } = list[i] as LuaTable;
      for (const { slot, convert } of this.deferred) {
        const value = vals[slot];
        if (value !== undefined) vals[slot] = convert(value);
      }
      if (--state.ticks < 0) {
        state.ticks = TICKS;
        state.vm.check();
      }
    }
    this.deferred = [];
  }

  /** The rows as a Lua list. */
  table(): LuaTable {
    const table = new LuaTable();
    if (this.list.length > 1) table.reserveArray(this.list);
    return table;
  }
}
