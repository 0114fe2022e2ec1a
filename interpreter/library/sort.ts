/**
 * `table.sort` (manual §6.6): quicksort with the median of three, comparing in the order of the reference
 * implementation, so that an inconsistent order function shows the same behaviour. Not stable.
 */
import { indexValue, lessThanValue, setIndexValue } from "../access.ts";
import { Continuation, call, complete, NATIVE_SITE, prologue } from "../call.ts";
import { failure } from "../error.ts";
import { LuaFunction } from "../function.ts";
import { RETURN, suspend } from "../nodes/node.ts";
import { CALLS_MASK, LOCALS, MAX_NATIVE_CALLS, NATIVE_WINDOW, state } from "../state.ts";
import type { LuaTable } from "../table.ts";
import { enterSlowly, reserve } from "../task.ts";
import { first, NOTHING, type Results, SUSPENDED, type Suspended, truthy, type Value } from "../value.ts";
import { awaited, type Steps, tick } from "./steps.ts";

/** Intervals from this length on may take their pivot at random, once a partition has come out lopsided. */
const RANDOM_FROM = 100;

/** The middle, or a random place in the middle half. */
function pivotPosition(low: number, high: number, random: boolean): number {
  if (!random || high - low < RANDOM_FROM) return Math.floor((low + high) / 2);
  const quarter = Math.floor((high - low) / 4);
  return low + quarter + Math.floor(Math.random() * quarter * 2);
}

function invalidOrder(): never {
  throw failure("invalid order function for sorting");
}

/** Sorts the elements 1..n of a table without metamethods; `order` nil means `<`. */
export function sortRaw(table: LuaTable, n: number, order: Value): Results | Suspended {
  if (order === undefined && sortAlike(table, n)) return NOTHING;
  return new Sorter(table, n, order).run(false);
}

/** Sorts numbers among themselves and strings among themselves, where equal elements cannot be told apart. */
function sortAlike(table: LuaTable, n: number): boolean {
  const array = table.array;
  if (n >= array.length) return false;
  const kind = typeof array[1];
  if (kind === "number") {
    const numbers = new Float64Array(n);
    for (let i = 1; i <= n; i++) {
      const value = array[i];
      // NaN has no place in an order, and LuaFloat or bigint elements need exact comparison.
      if (typeof value !== "number" || value !== value) return false;
      numbers[i - 1] = value;
    }
    numbers.sort();
    for (let i = 1; i <= n; i++) array[i] = numbers[i - 1];
    return true;
  }
  if (kind !== "string") return false;
  for (let i = 2; i <= n; i++) if (typeof array[i] !== "string") return false;
  // By code unit, which is by byte: the order of the C locale.
  const strings = array.slice(1, n + 1).sort();
  for (let i = 1; i <= n; i++) array[i] = strings[i - 1];
  return true;
}

// Stages: which comparison is under way.
const NONE = 0;
/** Is the last element below the first? */
const ENDS = 1;
/** Is the pivot below the first? */
const PIVOT_FIRST = 2;
/** Is the last below the pivot? */
const LAST_PIVOT = 3;
/** Is element `i` below the pivot? */
const UPWARD = 4;
/** Is the pivot below element `j`? */
const DOWNWARD = 5;

/** A sort under way, able to stop at each comparison and go on from there. */
class Sorter {
  private stage = NONE;
  private low = 1;
  private high: number;
  /** Position of the pivot, and its value. */
  private at = 0;
  private pivot: Value = undefined;
  private i = 0;
  private j = 0;
  /** The elements compared: they are what changes places, whatever the order function does to the table. */
  private x: Value = undefined;
  private y: Value = undefined;
  private random = false;
  /** Intervals still to be sorted: low and high of each. */
  private readonly open: number[] = [];

  constructor(
    readonly table: LuaTable,
    n: number,
    readonly order: Value,
  ) {
    this.high = n;
  }

  /** Begins the sort, or goes on with the answer to the comparison that `stage` names. */
  run(less: boolean): Results | Suspended {
    const { table } = this;
    let stage = this.stage;
    for (;;) {
      if (stage === NONE) {
        if (this.low >= this.high) {
          if (this.open.length === 0) return NOTHING;
          this.high = this.open.pop() as number;
          this.low = this.open.pop() as number;
          continue;
        }
        this.x = table.getIndex(this.low);
        this.y = table.getIndex(this.high);
        const given = this.less(this.y, this.x);
        stage = ENDS;
        if (given === SUSPENDED) return this.wait(stage);
        less = given;
      }
      if (stage === ENDS) {
        if (less) this.set(this.low, this.y, this.high, this.x);
        if (this.high - this.low === 1) {
          this.low = this.high;
          stage = NONE;
          continue;
        }
        this.at = pivotPosition(this.low, this.high, this.random);
        this.x = table.getIndex(this.at);
        this.y = table.getIndex(this.low);
        const given = this.less(this.x, this.y);
        stage = PIVOT_FIRST;
        if (given === SUSPENDED) return this.wait(stage);
        less = given;
      }
      if (stage === PIVOT_FIRST) {
        stage = LAST_PIVOT;
        if (less) {
          this.set(this.at, this.y, this.low, this.x);
          less = false;
        } else {
          this.y = table.getIndex(this.high);
          const given = this.less(this.y, this.x);
          if (given === SUSPENDED) return this.wait(stage);
          less = given;
        }
      }
      if (stage === LAST_PIVOT) {
        if (less) this.set(this.at, this.y, this.high, this.x);
        if (this.high - this.low === 2) {
          this.low = this.high;
          stage = NONE;
          continue;
        }
        this.pivot = table.getIndex(this.at);
        this.set(this.at, table.getIndex(this.high - 1), this.high - 1, this.pivot);
        this.i = this.low;
        this.j = this.high - 1;
      }
      if (!this.partition(stage, less)) return SUSPENDED;
      this.split();
      stage = NONE;
    }
  }

  /** Moves what is below the pivot to its left and the rest to its right; false when a comparison has to wait. */
  private partition(stage: number, less: boolean): boolean {
    const { table, pivot, high } = this;
    let { i, j, x, y } = this;
    let answered = stage === UPWARD || stage === DOWNWARD;
    for (;;) {
      if (!answered || stage === UPWARD) {
        for (;;) {
          if (!answered) {
            x = table.getIndex(++i);
            const given = this.less(x, pivot);
            if (given === SUSPENDED) return this.waitAt(UPWARD, i, j, x, y);
            less = given;
          }
          answered = false;
          if (!less) break;
          if (i === high - 1) invalidOrder();
        }
      }
      for (;;) {
        if (!answered) {
          y = table.getIndex(--j);
          const given = this.less(pivot, y);
          if (given === SUSPENDED) return this.waitAt(DOWNWARD, i, j, x, y);
          less = given;
        }
        answered = false;
        if (!less) break;
        if (j < i) invalidOrder();
      }
      if (j < i) break;
      this.set(i, y, j, x);
    }
    this.set(high - 1, x, i, pivot);
    this.at = i;
    return true;
  }

  /** Goes on with the smaller interval beside the pivot; the other one waits. */
  private split(): void {
    const { low, high, at } = this;
    let smaller: number;
    let larger: number;
    if (at - low < high - at) {
      this.open.push(at + 1, high);
      this.high = at - 1;
      smaller = at - low;
      larger = high - at - 1;
    } else {
      this.open.push(low, at - 1);
      this.low = at + 1;
      smaller = high - at;
      larger = at - 1 - low;
    }
    if (larger / 128 > smaller) this.random = true;
  }

  private set(i: number, x: Value, j: number, y: Value): void {
    this.table.setIndex(i, x);
    this.table.setIndex(j, y);
  }

  private wait(stage: number): Suspended {
    this.stage = stage;
    return suspend(SORTING, state.top, 0, this);
  }

  private waitAt(stage: number, i: number, j: number, x: Value, y: Value): false {
    this.i = i;
    this.j = j;
    this.x = x;
    this.y = y;
    this.wait(stage);
    return false;
  }

  /** Whether `a` comes before `b`. */
  private less(a: Value, b: Value): boolean | Suspended {
    const { order } = this;
    let given: Results | Suspended;
    if (order instanceof LuaFunction && (state.nativeCalls & CALLS_MASK) < MAX_NATIVE_CALLS && !state.vm.debug) {
      // `call` without the array of arguments.
      const { R, top } = state;
      const base = top + NATIVE_WINDOW;
      const { prototype } = order;
      const end = base + prototype.size;
      if (end > state.limit) reserve(R, end);
      R[base] = order;
      R[base + 1] = NATIVE_SITE;
      R[base + LOCALS] = a;
      R[base + LOCALS + 1] = b;
      if (prototype.plainParameters !== 2) prologue(order, R, base, 2);
      state.nativeCalls++;
      const completion = --state.ticks < 0 ? enterSlowly(R, base) : prototype.body.exec(R, base);
      given = completion === RETURN ? state.returned : complete(R, base, completion);
      state.top = top;
      if (given === SUSPENDED) return SUSPENDED;
      state.nativeCalls--;
    } else if (order === undefined) {
      tick();
      given = lessThanValue(a, b);
    } else given = call(order, [a, b]);
    return typeof given === "boolean" || given === SUSPENDED ? given : truthy(first(given));
  }
}

class Sorting extends Continuation {
  override proceed(saved: unknown, value: Results): Results | Suspended {
    return (saved as Sorter).run(truthy(first(value)));
  }
}
const SORTING = new Sorting();

/** The same sort for anything that behaves like a table: every access may call a metamethod. */
export function* sortSteps(object: Value, n: number, order: Value): Steps<Results> {
  const get = (i: number) => awaited(indexValue(object, i));
  const set = (i: number, value: Value) => awaited(setIndexValue(object, i, value));
  function* less(a: Value, b: Value): Steps<boolean> {
    tick();
    return truthy(yield* awaited(order === undefined ? lessThanValue(a, b) : call(order, [a, b])));
  }
  const open = [1, n];
  let random = false;
  while (open.length > 0) {
    const high = open.pop() as number;
    const low = open.pop() as number;
    if (low >= high) continue;
    const lowest = yield* get(low);
    const highest = yield* get(high);
    if (yield* less(highest, lowest)) {
      yield* set(low, highest);
      yield* set(high, lowest);
    }
    if (high - low === 1) continue;
    const at = pivotPosition(low, high, random);
    const middle = yield* get(at);
    const bottom = yield* get(low);
    if (yield* less(middle, bottom)) {
      yield* set(at, bottom);
      yield* set(low, middle);
    } else {
      const top = yield* get(high);
      if (yield* less(top, middle)) {
        yield* set(at, top);
        yield* set(high, middle);
      }
    }
    if (high - low === 2) continue;
    const pivot = yield* get(at);
    yield* set(at, yield* get(high - 1));
    yield* set(high - 1, pivot);
    let i = low;
    let j = high - 1;
    for (;;) {
      let left = yield* get(++i);
      while (yield* less(left, pivot)) {
        if (i === high - 1) invalidOrder();
        left = yield* get(++i);
      }
      let right = yield* get(--j);
      while (yield* less(pivot, right)) {
        if (j < i) invalidOrder();
        right = yield* get(--j);
      }
      if (j < i) {
        yield* set(high - 1, left);
        yield* set(i, pivot);
        break;
      }
      yield* set(i, right);
      yield* set(j, left);
    }
    // The smaller interval first: it is the one on top.
    if (i - low < high - i) {
      open.push(i + 1, high, low, i - 1);
      random ||= (high - i - 1) / 128 > i - low;
    } else {
      open.push(low, i - 1, i + 1, high);
      random ||= (i - 1 - low) / 128 > high - i;
    }
  }
  return NOTHING;
}
