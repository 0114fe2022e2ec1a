/**
 * Lua tables (manual §2.1): a dense array part for the keys 1..n and a hash part.
 *
 * The hash part is a `Shape` (which key lives in which slot) beside the table's own slot values. Tables that get
 * the same constant keys in the same order share one immutable shape, so that an access site can remember
 * (shape, slot) and skip the search; a table used as a dictionary owns its shape and grows it in place.
 */
import { charge } from "./memory.ts";
import { floatToInteger } from "./number.ts";
import { LuaFloat, type Value } from "./value.ts";

/** A key inside the hash part: floats with integer values are normalised away before they get here. */
export type Key = Exclude<Value, undefined | LuaFloat>;

/** How many keys a shared shape may have, and how many ways on it may know, before tables get their own. */
const MAX_SHARED_KEYS = 48;
const MAX_TRANSITIONS = 64;
/** An element with the object that holds its number: where one is, its neighbours are taken to be such too. */
const BOXED_BYTES = 40;
function isBoxed(value: Value): boolean {
  return typeof value === "bigint" || value instanceof LuaFloat;
}
/** How far beyond its end an array part with holes may grow at once. */
const MAX_GAP = 16;

export class Shape {
  /** Slot of each key; slot 0 is never used, so that slot arrays start with `undefined` and stay generic. */
  readonly slots: Map<Key, number>;
  readonly keys: Key[];
  private transitions: Map<Key, Shape> | undefined = undefined;

  constructor(
    /** Shared shapes never change; one that is not shared belongs to exactly one table. */
    readonly shared: boolean,
    slots: Map<Key, number>,
    keys: Key[],
    /** Whether other shapes may follow from it; not from the one that all machines share. */
    private readonly grows = true,
  ) {
    this.slots = slots;
    this.keys = keys;
  }

  /** The shape with `key` added, if tables may still share it. */
  after(key: Key, create: boolean): Shape | undefined {
    const known = this.transitions?.get(key);
    if (known !== undefined) return known;
    if (!create || !this.grows || !this.shared || this.keys.length > MAX_SHARED_KEYS) return undefined;
    if (this.transitions === undefined) this.transitions = new Map();
    else if (this.transitions.size >= MAX_TRANSITIONS) return undefined;
    const slots = new Map(this.slots);
    slots.set(key, this.keys.length);
    const next = new Shape(true, slots, [...this.keys, key]);
    this.transitions.set(key, next);
    return next;
  }

  /** A shape with `key` added that no transition leads to, for a site that keeps it itself. */
  alone(key: Key): Shape {
    const slots = new Map(this.slots);
    slots.set(key, this.keys.length);
    return new Shape(true, slots, [...this.keys, key]);
  }
}

/** The hash part of a table without keys. The one shape that all virtual machines share; it holds no key. */
export const EMPTY_SHAPE = new Shape(true, new Map(), [false], false);
/** Stands for "no slots" and "no array": never written to. Their first element keeps arrays generic for the JIT. */
const NO_VALUES: Value[] = [undefined];

/** Where the shapes of one virtual machine begin, so that its keys die with it. */
export function rootShape(): Shape {
  return new Shape(true, new Map(), [false]);
}

export class LuaTable {
  shape: Shape;
  /** Values by slot; `undefined` where the key has been removed. */
  vals: Value[] = NO_VALUES;
  /** The array part, from index 1 (element 0 is a filler). Its last element is never nil. */
  array: Value[] = NO_VALUES;
  metatable: LuaTable | undefined = undefined;
  /**
   * Set once this table serves as a metatable: what its metamethods are known to be. Any store of a string key
   * drops it. See metatable.ts.
   */
  events: Value[] | undefined = undefined;
  /** Whether the array part has been allowed to have holes: then it may also grow over small gaps. */
  private sparse = false;
  /** The longest that the array part was before it shrank. */
  private formerLength = 0;
  /** JSON kind, weak mode and other marks of the library; 0 for an ordinary table. */
  mark = 0;
  /** The census that last visited it; see collector.ts. */
  epoch = 0;

  constructor(shape: Shape = EMPTY_SHAPE) {
    this.shape = shape;
  }

  /** `t[key]` without metamethods. */
  get(key: Value): Value {
    if (typeof key === "string") {
      const slot = this.shape.slots.get(key);
      return slot === undefined ? undefined : this.vals[slot];
    }
    if (typeof key === "number") {
      const array = this.array;
      const i = +key;
      if (i > 0 && i < array.length && Number.isSafeInteger(i)) return array[i];
    } else if (key instanceof LuaFloat) return this.get(key.n === 0 ? 0 : key.n);
    return this.getHash(key);
  }

  /** `t[key]` for a string key. */
  getString(key: string): Value {
    const slot = this.shape.slots.get(key);
    return slot === undefined ? undefined : this.vals[slot];
  }

  /** `t[key]` for a key that is not in the array part. */
  private getHash(key: Value): Value {
    if (key === undefined) return undefined;
    const slot = this.shape.slots.get(normalise(key));
    return slot === undefined ? undefined : this.vals[slot];
  }

  /** `t[i]` for an integer from 1. */
  getIndex(i: number): Value {
    const array = this.array;
    return i > 0 && i < array.length ? array[i] : this.getHash(i);
  }

  /** `t[key] = value` without metamethods. The key must be neither nil nor NaN (`checkKey`). */
  set(key: Value, value: Value): void {
    if (typeof key === "number") {
      const array = this.array;
      const i = +key;
      if (i > 0 && i < array.length && Number.isSafeInteger(i)) {
        if (value === undefined && i === array.length - 1) this.shrink();
        else array[i] = value;
        return;
      }
      if (i === array.length) {
        this.append(value);
        return;
      }
      if (
        this.sparse &&
        value !== undefined &&
        i > array.length &&
        i < array.length + MAX_GAP &&
        Number.isSafeInteger(i)
      ) {
        this.bridge(i, value);
        return;
      }
    } else if (key instanceof LuaFloat) {
      this.set(key.n === 0 ? 0 : key.n, value);
      return;
    }
    this.setHash(normalise(key as Key), value, false);
  }

  /** `t[key] = value` for a constant key of the program: such keys build shared shapes. */
  setConstant(key: string, value: Value): void {
    this.setHash(key, value, true);
  }

  setString(key: string, value: Value): void {
    this.setHash(key, value, false);
  }

  /** `t[i] = value` for an integer from 1. */
  setIndex(i: number, value: Value): void {
    const array = this.array;
    if (i < array.length && i > 0) {
      if (value === undefined && i === array.length - 1) this.shrink();
      else array[i] = value;
    } else if (i === array.length) this.append(value);
    else this.setHash(i, value, false);
  }

  /** Stores at the end of the array part, and draws in what followed it in the hash part. */
  append(value: Value): void {
    const array = this.array;
    const at = array.length;
    if (value === undefined) {
      if (this.shape.keys.length > 1) this.setHash(at, value, false);
      return;
    }
    if (array === NO_VALUES) {
      this.array = [undefined, value];
      charge(64);
    } else {
      array.push(value);
      // Arrays grow by half: charged when the length passes a power of two.
      if ((at & (at - 1)) === 0) charge(at * (isBoxed(value) ? BOXED_BYTES : 8));
    }
    if (this.shape.keys.length > 1) this.migrate(at);
  }

  /** Stores a little beyond the end of an array part that may have holes. */
  private bridge(key: number, value: Value): void {
    const { array } = this;
    const { slots } = this.shape;
    while (array.length < key) {
      const slot = slots.get(array.length);
      if (slot === undefined) array.push(undefined);
      else {
        array.push(this.vals[slot]);
        this.vals[slot] = undefined;
      }
    }
    const stale = slots.get(key);
    if (stale !== undefined) this.vals[stale] = undefined;
    array.push(value);
    charge(64);
    if (slots.size > 0) this.drawIn();
  }

  /** After `appended` joined the array part: takes it and its successors out of the hash part. */
  private migrate(appended: number): void {
    const stale = this.shape.slots.get(appended);
    if (stale !== undefined) this.vals[stale] = undefined;
    this.drawIn();
  }

  /** Moves the elements that continue the array part over from the hash part. */
  private drawIn(): void {
    const { slots } = this.shape;
    for (;;) {
      const next = this.array.length;
      const slot = slots.get(next);
      if (slot === undefined) return;
      const value = this.vals[slot];
      if (value === undefined) return;
      this.vals[slot] = undefined;
      this.array.push(value);
    }
  }

  /** Removes the last element of the array part, and the nils then at its end. */
  private shrink(): void {
    const array = this.array;
    if (array.length > this.formerLength) this.formerLength = array.length;
    let length = array.length - 1;
    while (length > 1 && array[length - 1] === undefined) length--;
    array.length = length;
  }

  private setHash(key: Key, value: Value, constant: boolean): void {
    if (this.events !== undefined && typeof key === "string") this.events = undefined;
    const shape = this.shape;
    const slot = shape.slots.get(key);
    if (slot !== undefined) {
      this.vals[slot] = value;
      return;
    }
    if (value === undefined) return;
    if (shape.shared) {
      const next = shape.after(key, constant);
      if (next !== undefined) {
        if (this.vals === NO_VALUES) this.vals = [undefined, value];
        else this.vals.push(value);
        this.shape = next;
        charge(24);
        return;
      }
    }
    this.insert(key, value);
  }

  /** Adds a new key to a shape of the table's own. */
  private insert(key: Key, value: Value): void {
    let shape = this.shape;
    const size = shape.keys.length;
    // Room is made when the slot count reaches a power of two: removed keys are dropped then.
    if (shape.shared || (size >= 8 && (size & (size - 1)) === 0)) {
      this.rehash();
      shape = this.shape;
      if (typeof key === "number" && key > 0 && key <= this.array.length && Number.isSafeInteger(key)) {
        this.set(key, value); // the array part has grown to where it belongs
        return;
      }
    }
    shape.slots.set(key, shape.keys.length);
    shape.keys.push(key);
    if (this.vals === NO_VALUES) this.vals = [undefined, value];
    else this.vals.push(value);
    charge(56);
  }

  /** Gives the table a fresh shape of its own without the removed keys; slots move, remembered ones miss from now on. */
  private rehash(): void {
    this.growArray();
    const { keys } = this.shape;
    const old = this.vals;
    if (!this.shape.shared) {
      let removed = 0;
      for (let i = 1; i < old.length; i++) if (old[i] === undefined) removed++;
      if (removed < old.length / 8) return; // nothing worth cleaning up
    }
    const slots = new Map<Key, number>();
    const newKeys: Key[] = [false];
    const vals: Value[] = [undefined];
    for (let i = 1; i < keys.length; i++) {
      const value = old[i];
      if (value === undefined) continue;
      const key = keys[i]!;
      slots.set(key, newKeys.length);
      newKeys.push(key);
      vals.push(value);
    }
    this.shape = new Shape(false, slots, newKeys);
    this.vals = vals;
    charge(120);
  }

  /**
   * Moves integer keys from the hash part to the array part as far as more than a quarter of it would be in use,
   * so that a sequence that does not start at 1 or was filled backwards becomes an array all the same.
   */
  private growArray(): void {
    const { keys } = this.shape;
    const vals = this.vals;
    const perPower: number[] = []; // perPower[b]: keys in (2^(b-1), 2^b]
    let candidates = 0;
    for (let slot = 1; slot < keys.length; slot++) {
      const key = keys[slot];
      if (typeof key !== "number" || key < 1 || key > 0x4000_0000 || (key | 0) !== key) continue;
      if (vals[slot] === undefined) continue;
      const power = 32 - Math.clz32(key - 1);
      perPower[power] = (perPower[power] ?? 0) + 1;
      candidates++;
    }
    const inArray = this.array.length - 1;
    if (candidates < 4 || candidates <= inArray >> 2) return;
    let best = 0;
    let seen = 0;
    for (let power = 0; power < perPower.length; power++) {
      seen += perPower[power] ?? 0;
      const size = 2 ** power;
      if (size > inArray && seen + inArray > size / 4) best = size;
    }
    if (best === 0) return;
    if (this.array === NO_VALUES) this.array = [undefined];
    const array = this.array;
    let last = 0;
    for (let slot = 1; slot < keys.length; slot++) {
      const key = keys[slot];
      if (typeof key === "number" && key <= best && key > last && vals[slot] !== undefined && (key | 0) === key)
        last = key;
    }
    charge((last - inArray) * 8);
    this.sparse = true;
    while (array.length <= last) array.push(undefined);
    for (let slot = 1; slot < keys.length; slot++) {
      const key = keys[slot];
      if (typeof key !== "number" || key < 1 || key > last || (key | 0) !== key) continue;
      array[key] = vals[slot];
      vals[slot] = undefined;
    }
    this.drawIn();
  }

  /** A border (manual §3.4.7): the length operator without metamethods. */
  length(): number {
    const n = this.array.length - 1;
    if (n > 0 || this.shape.keys.length === 1) return n;
    if (this.getHash(1) === undefined) return 0;
    return this.hashBorder();
  }

  /** A border of a table whose sequence lies in the hash part: doubling, then halving. */
  private hashBorder(): number {
    let low = 1;
    let high = 2;
    while (this.getHash(high) !== undefined) {
      low = high;
      if (high >= Number.MAX_SAFE_INTEGER / 2) return low;
      high *= 2;
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.getHash(middle) === undefined) high = middle;
      else low = middle;
    }
    return low;
  }

  /**
   * The position that `next` continues from after `key`: k for the array part, -slot for the hash part, 0 for the
   * start; NaN when the key was never there.
   */
  position(key: Value): number {
    if (key === undefined) return 0;
    if (key instanceof LuaFloat) key = key.n === 0 ? 0 : key.n;
    const isIndex = typeof key === "number" && Number.isSafeInteger(key) && key > 0;
    if (isIndex && (key as number) < this.array.length) return key as number;
    const slot = this.shape.slots.get(normalise(key));
    if (slot !== undefined) return -slot;
    // The element may have left the array part when its tail was cleared during the traversal.
    return isIndex && (key as number) < this.formerLength ? this.array.length - 1 : Number.NaN;
  }

  /** The first position after `position` that holds a value, or 0 at the end. */
  nextPosition(position: number): number {
    let slot = 1;
    if (position >= 0) {
      const array = this.array;
      for (let at = position + 1; at < array.length; at++) if (array[at] !== undefined) return at;
    } else slot = 1 - position;
    const vals = this.vals;
    for (; slot < vals.length; slot++) if (vals[slot] !== undefined) return -slot;
    return 0;
  }

  keyAt(position: number): Value {
    return position > 0 ? position : this.shape.keys[-position];
  }

  valueAt(position: number): Value {
    return position > 0 ? this.array[position] : this.vals[-position];
  }

  /** Calls `visit` for each pair, in the order of `next`. For the host's use: no Lua code may run inside. */
  forEach(visit: (key: Value, value: Value) => void): void {
    for (let at = this.nextPosition(0); at !== 0; at = this.nextPosition(at)) visit(this.keyAt(at), this.valueAt(at));
  }

  /** The elements 1..#t. */
  toArray(): Value[] {
    const n = this.length();
    const out: Value[] = new Array(n);
    for (let i = 1; i <= n; i++) out[i - 1] = this.getIndex(i);
    return out;
  }

  /**
   * A table with a shape of its own from the start, for one that gets many keys and has no others like it: each shared
   * shape on the way would know all keys before it.
   */
  static ofItsOwn(): LuaTable {
    return new LuaTable(new Shape(false, new Map(), [false]));
  }

  /** A table with the given elements at 1..n. */
  static fromArray(values: readonly Value[]): LuaTable {
    const table = new LuaTable();
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value !== undefined) table.setIndex(i + 1, value);
    }
    charge(64);
    return table;
  }

  /** A table with the given string keys, in that order. */
  static fromObject(fields: Record<string, Value>): LuaTable {
    const table = new LuaTable();
    for (const key of Object.keys(fields)) table.setHash(key, fields[key], false);
    charge(64);
    return table;
  }

  /** Makes room for `arraySize` elements and `hashSize` keys ahead of their use (`table.create`, constructors). */
  reserveArray(values: Value[]): void {
    this.array = values;
  }
}

/** A key as the hash part stores it: floats of 2^53 and beyond that equal an integer become that integer. */
function normalise(key: Exclude<Value, undefined>): Key {
  if (typeof key === "number") {
    if (Number.isSafeInteger(key)) return key === 0 ? 0 : key;
    const exact = floatToInteger(key);
    return exact === undefined ? key : exact;
  }
  return key instanceof LuaFloat ? key.n : key;
}
