/**
 * The census: walks the live data of a virtual machine from its roots, counts its size, clears weak tables and finds
 * the objects to be finalized (manual §2.5). The engine frees the memory itself; this decides what Lua can see of it.
 */
import { Coroutine } from "./coroutine.ts";
import { Cell, LuaFunction, NativeFunction } from "./function.ts";
import { STRING_BYTES } from "./memory.ts";
import { Event, eventOf } from "./metatable.ts";
import { NATIVE_WINDOW, state } from "./state.ts";
import { LuaTable } from "./table.ts";
import type { Task } from "./task.ts";
import { LuaFloat, Userdata, type Value } from "./value.ts";
import type { VirtualMachine } from "./vm.ts";

// Sizes are what the reference would need, roughly; the engine's own are of the same order.
const TABLE_BYTES = 64;
const SLOT_BYTES = 8;
const KEY_BYTES = 48;
const FUNCTION_BYTES = 96;
const CELL_BYTES = 32;
const COROUTINE_BYTES = 1000;
/** What a table that serves as a metatable remembers of its events. */
const EVENTS_BYTES = 280;
const USERDATA_BYTES = 64;
/** Integers beyond what a double holds, and floats that need an object. */
const NUMBER_BYTES = 24;
/** Shorter strings are counted at each place that holds them; longer ones once. */
const SHARED_STRING = 64;
/**
 * From this length on strings are told apart by comparing those of the same length: to hash one that was put together
 * piece by piece, the engine would copy it, with every census one more time.
 */
const LARGE_STRING = 1 << 18;

/** An object that a census visits once. */
type Visited = LuaTable | LuaFunction | NativeFunction | Coroutine | Userdata | Cell;

/** Number of the census under way: objects that carry it have been visited. */
let epoch = 0;

class Census {
  bytes = 0;
  private readonly pending: Visited[] = [];
  private readonly strings = new Set<string>();
  private readonly largeStrings = new Map<number, string[]>();
  readonly weakValues: LuaTable[] = [];
  readonly ephemerons: LuaTable[] = [];
  readonly weakKeys: LuaTable[] = [];

  /** Visits a value or whatever the evaluator keeps among values (cells, arrays, saved temporaries). */
  visit(value: unknown): void {
    if (typeof value === "string") this.text(value);
    else if (typeof value === "object" && value !== null) this.object(value);
    else if (typeof value === "bigint") this.bytes += NUMBER_BYTES;
  }

  private text(text: string): void {
    if (text.length >= LARGE_STRING) {
      const others = this.largeStrings.get(text.length);
      if (others === undefined) this.largeStrings.set(text.length, [text]);
      else if (others.includes(text)) return;
      else others.push(text);
    } else if (text.length >= SHARED_STRING) {
      if (this.strings.has(text)) return;
      this.strings.add(text);
    }
    this.bytes += text.length + STRING_BYTES;
  }

  private object(value: object): void {
    if (value instanceof LuaFloat) this.bytes += NUMBER_BYTES;
    else if (
      value instanceof LuaTable ||
      value instanceof LuaFunction ||
      value instanceof NativeFunction ||
      value instanceof Coroutine ||
      value instanceof Userdata ||
      value instanceof Cell
    ) {
      if (value.epoch === epoch) return;
      value.epoch = epoch;
      this.pending.push(value);
    } else if (Array.isArray(value)) for (let i = 0; i < value.length; i++) this.visit(value[i]);
    else if (isPlain(value)) for (const field of Object.values(value)) this.visit(field);
  }

  /** Visits everything that can be reached from what has been visited. */
  propagate(): void {
    for (let object = this.pending.pop(); object !== undefined; object = this.pending.pop()) {
      if (object instanceof LuaTable) this.table(object);
      else if (object instanceof LuaFunction) {
        this.bytes += FUNCTION_BYTES + object.upvalues.length * SLOT_BYTES;
        for (const upvalue of object.upvalues) this.visit(upvalue);
      } else if (object instanceof Cell) {
        this.bytes += CELL_BYTES;
        this.visit(object.value);
      } else if (object instanceof NativeFunction) {
        if (object.held !== undefined) for (const value of object.held) this.visit(value);
      } else if (object instanceof Coroutine) this.coroutine(object);
      else {
        this.bytes += USERDATA_BYTES;
        this.visit(object.metatable);
        this.visit(object.user);
        if (object.references !== undefined) for (const value of object.references()) this.visit(value);
      }
    }
  }

  private table(table: LuaTable): void {
    const { array, vals, shape, metatable } = table;
    this.bytes += TABLE_BYTES + (array.length + vals.length) * SLOT_BYTES;
    if (!shape.shared) this.bytes += shape.keys.length * KEY_BYTES;
    if (table.events !== undefined) this.bytes += EVENTS_BYTES;
    let mode = "";
    if (metatable !== undefined) {
      this.visit(metatable);
      const given = eventOf(metatable, Event.Mode);
      if (typeof given === "string") mode = given;
    }
    if (mode === "") return this.strong(table);
    const weakKey = mode.includes("k");
    const weakValue = mode.includes("v");
    if (weakKey) {
      this.weakKeys.push(table);
      if (weakValue) this.weakValues.push(table);
      else this.ephemerons.push(table);
    } else if (weakValue) {
      this.weakValues.push(table);
      const { keys } = shape;
      for (let i = 1; i < keys.length; i++) if (vals[i] !== undefined) this.visit(keys[i]);
    } else this.strong(table);
  }

  private strong(table: LuaTable): void {
    const { array, vals, shape } = table;
    for (let i = 1; i < array.length; i++) this.visit(array[i]);
    const { keys } = shape;
    for (let i = 1; i < vals.length; i++) {
      const value = vals[i];
      if (value === undefined) continue;
      this.visit(value);
      if (!shape.shared) this.visit(keys[i]);
    }
  }

  private coroutine(coroutine: Coroutine): void {
    const { R, segments } = coroutine;
    this.bytes += COROUTINE_BYTES + R.length * SLOT_BYTES;
    this.visit(coroutine.body);
    if (coroutine.resumer !== undefined && coroutine.status !== "suspended") this.visit(coroutine.resumer);
    if (coroutine.failure !== undefined) this.visit(coroutine.failure.value);
    for (const value of coroutine.pending) this.visit(value);
    if (coroutine.status === "dead") return;
    // Above the window of the yield that it waits in, registers are left over from calls that are done.
    const end = coroutine.status === "suspended" ? Math.min(R.length, coroutine.top + NATIVE_WINDOW) : R.length;
    for (let i = 0; i < end; i++) {
      const value = R[i];
      // Call sites and other nodes of the evaluator lie between the values; they hold no Lua data.
      if (typeof value === "string" || typeof value === "object") this.visit(value);
    }
    for (const { records, position } of segments) {
      for (let i = position; i < records.length; i += 4) this.visit(records[i + 3]);
    }
  }

  /** Visits the values of ephemerons whose keys are alive, until that changes nothing more. */
  converge(isAlive: (value: Value) => boolean): void {
    for (let changed = true; changed; ) {
      changed = false;
      this.propagate();
      for (const table of this.ephemerons) {
        table.forEach((key, value) => {
          if (isAlive(key) && !isAlive(value)) {
            this.visit(value);
            changed = true;
          } else if (isAlive(key) && typeof value === "string") this.visit(value);
        });
      }
      this.propagate();
    }
  }
}

/** Temporaries that nodes save are plain objects and arrays; anything with a class of its own is not data. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isObject(value: Value): value is Extract<Visited, Value> {
  return typeof value === "object" && "epoch" in value;
}

/**
 * Counts the live data of a machine, clears the dead entries of weak tables, and hands dead objects with finalizers
 * to `vm.finalizers`. Not `full`, it spares objects that are younger than the last census: they may be known only to
 * an expression under way, which the walk does not see.
 */
export function collectGarbage(vm: VirtualMachine, full: boolean): number {
  epoch++;
  const census = new Census();
  visitRoots(vm, census);
  const isAlive = (value: Value): boolean => {
    if (!isObject(value)) return true;
    if (value.epoch === epoch) return true;
    if (full || value.epoch !== 0) return false;
    census.visit(value);
    return true;
  };
  census.converge(isAlive);
  clearValues(census.weakValues, 0, isAlive);
  const before = census.weakValues.length;
  for (const object of vm.finalizers.takeDead(isAlive)) census.visit(object);
  census.converge(isAlive);
  clearKeys(census.weakKeys, isAlive);
  clearValues(census.weakValues, before, isAlive);
  return census.bytes;
}

function clearValues(tables: LuaTable[], from: number, isAlive: (value: Value) => boolean): void {
  for (let i = from; i < tables.length; i++) {
    const table = tables[i]!;
    table.forEach((key, value) => {
      if (!isAlive(value)) table.set(key, undefined);
    });
  }
}

function clearKeys(tables: LuaTable[], isAlive: (value: Value) => boolean): void {
  for (const table of tables) {
    table.forEach((key) => {
      if (!isAlive(key)) table.set(key, undefined);
    });
  }
}

function visitRoots(vm: VirtualMachine, census: Census): void {
  for (const root of vm.roots()) census.visit(root);
  for (const task of vm.tasks) visitTask(task, census);
  if (state.active && state.vm === vm) {
    census.visit(state.coroutine);
    census.visit(state.carried);
    census.visit(state.returned);
    census.visit(state.returnedMulti);
  }
  census.propagate();
}

function visitTask(task: Task, census: Census): void {
  census.visit(task.coroutine);
  census.visit(task.current);
  for (const value of task.roots()) census.visit(value);
}
