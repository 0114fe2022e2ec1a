/**
 * Lua's table library (manual §6.6). Every function has a raw path for tables without the metamethods it would
 * meet, and a path of steps that honours `__index`, `__newindex` and `__len` and may wait in each of them.
 */
import { equalsValue, indexValue, lengthOf, setIndexValue } from "../access.ts";
import { basicType, failure, LuaError } from "../error.ts";
import { charge, reserveMemory } from "../memory.ts";
import { Event, eventOf, metatableOf } from "../metatable.ts";
import {
  any,
  argumentError,
  callable,
  checkFunction,
  checkInteger,
  checkString,
  integer as integerParameter,
  library,
  optional,
  rawFn,
  rawVariadic,
  rest,
  returns,
  string,
  table as tableParameter,
  typeError,
} from "../native.ts";
import { big, formatNumber, toInteger } from "../number.ts";
import { MAX_REGISTERS, state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { integer, isNumber, NOTHING, type Results, results, type Suspended, truthy, type Value } from "../value.ts";
import { sortRaw, sortSteps } from "./sort.ts";
import { awaited, runSteps, type Steps, tick } from "./steps.ts";

/** C's INT_MAX: the most elements that `sort`, `unpack` and `create` deal with. */
const INT_MAX = 0x7fff_ffff;
const MAX_INTEGER = 0x7fff_ffff_ffff_ffffn;
/** Bytes a string may have: the engine's limit. */
const MAX_STRING = 0x7fff_ffff;
/** Pieces that `concat` joins at a time where it has to ask for each. */
const CONCAT_LOT = 1000;
/** Characters of `concat` between two looks at the memory limit. */
const CONCAT_STEP = 1 << 16;

/** Up to so many values `unpack` copies one by one. */
const SHORT = 16;

/** A Lua integer, as the value holds it. */
type Integer = number | bigint;

/** `a + b` with the wrap-around of Lua's integers. */
function add(a: Integer, b: Integer): Integer {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return integer(big(a) + big(b));
}

/** Whether 1 <= `position` <= `size`, compared as the reference does: unsigned, so that a negative size is huge. */
function isWithin(position: Integer, size: Integer): boolean {
  if (typeof position === "number" && typeof size === "number" && size >= 0) return position >= 1 && position <= size;
  return BigInt.asUintN(64, big(position) - 1n) < BigInt.asUintN(64, big(size));
}

// --- what behaves like a table ----------------------------------------------------------------------------------------

const READ = 1;
const WRITE = 2;
const LENGTH = 4;

/** Raises unless the argument is a table, or has the metamethods for what is going to be done with it. */
function checkTableLike(value: Value, position: number, uses: number): void {
  if (value instanceof LuaTable) return;
  const metatable = metatableOf(value);
  if (
    metatable === undefined ||
    ((uses & READ) !== 0 && metatable.getString("__index") === undefined) ||
    ((uses & WRITE) !== 0 && metatable.getString("__newindex") === undefined) ||
    ((uses & LENGTH) !== 0 && metatable.getString("__len") === undefined)
  ) {
    throw typeError(position, "table", value);
  }
}

/** Whether none of these uses of the value would call a metamethod. */
function isRaw(value: Value, uses: number): value is LuaTable {
  if (!(value instanceof LuaTable)) return false;
  const { metatable } = value;
  return (
    metatable === undefined ||
    (((uses & READ) === 0 || eventOf(metatable, Event.Index) === undefined) &&
      ((uses & WRITE) === 0 || eventOf(metatable, Event.NewIndex) === undefined) &&
      ((uses & LENGTH) === 0 || eventOf(metatable, Event.Len) === undefined))
  );
}

/** `#object` as an integer (`luaL_len`). */
function* lengthSteps(object: Value): Steps<Integer> {
  const n = toInteger(yield* awaited(lengthOf(object)));
  if (n === undefined) throw failure("object length is not an integer");
  return n;
}

// --- insert and remove ------------------------------------------------------------------------------------------------

function insert(object: Value, b: Value, c: Value): Results | Suspended {
  const given = state.argc;
  if (given === 2 && isRaw(object, WRITE | LENGTH)) {
    object.setIndex(object.length() + 1, b);
    return NOTHING;
  }
  checkTableLike(object, 1, READ | WRITE | LENGTH);
  if (given !== 3 || !isRaw(object, READ | WRITE | LENGTH)) {
    return runSteps(insertSteps(given, object, b, c), object, b, c);
  }
  const end = object.length() + 1;
  const position = checkInteger(b, 2);
  if (!isWithin(position, end)) throw argumentError(2, "position out of bounds");
  const at = position as number;
  const { array } = object;
  if (at < end && end === array.length) {
    object.append(array[end - 1]);
    object.array.copyWithin(at + 1, at, end - 1);
  } else {
    for (let i = end; i > at; i--) object.setIndex(i, object.getIndex(i - 1));
  }
  object.setIndex(at, c);
  return NOTHING;
}

function* insertSteps(given: number, object: Value, b: Value, c: Value): Steps<Results> {
  const end = add(yield* lengthSteps(object), 1);
  if (given === 2) {
    yield* awaited(setIndexValue(object, end, b));
    return NOTHING;
  }
  if (given !== 3) throw failure("wrong number of arguments to 'insert'");
  const position = checkInteger(b, 2);
  if (!isWithin(position, end)) throw argumentError(2, "position out of bounds");
  for (let i = end; i > position; ) {
    tick();
    const below = add(i, -1);
    yield* awaited(setIndexValue(object, i, yield* awaited(indexValue(object, below))));
    i = below;
  }
  yield* awaited(setIndexValue(object, position, c));
  return NOTHING;
}

function remove(object: Value, b: Value): Results | Suspended {
  checkTableLike(object, 1, READ | WRITE | LENGTH);
  if (!isRaw(object, READ | WRITE | LENGTH)) return runSteps(removeSteps(object, b), object, b);
  const size = object.length();
  if (b === undefined || b === size) {
    const last = object.getIndex(size);
    if (last !== undefined) object.setIndex(size, undefined);
    return last;
  }
  const position = checkInteger(b, 2);
  if (!isWithin(position, size + 1) && position !== size) throw argumentError(2, "position out of bounds");
  const at = position as number;
  const { array } = object;
  const removed = object.getIndex(at);
  if (at < size && size === array.length - 1) {
    array.copyWithin(at, at + 1);
    object.setIndex(size, undefined);
  } else {
    let i = at;
    for (; i < size; i++) object.setIndex(i, object.getIndex(i + 1));
    object.setIndex(i, undefined);
  }
  return removed;
}

function* removeSteps(object: Value, b: Value): Steps<Results> {
  const size = yield* lengthSteps(object);
  let at = b === undefined ? size : checkInteger(b, 2);
  if (at !== size && !isWithin(at, add(size, 1))) throw argumentError(2, "position out of bounds");
  const removed = yield* awaited(indexValue(object, at));
  while (at < size) {
    tick();
    const next = add(at, 1);
    yield* awaited(setIndexValue(object, at, yield* awaited(indexValue(object, next))));
    at = next;
  }
  yield* awaited(setIndexValue(object, at, undefined));
  return removed;
}

// --- move -------------------------------------------------------------------------------------------------------------

function move(args: Value[]): Results | Suspended {
  const source = args[0];
  const from = checkInteger(args[1], 2);
  const to = checkInteger(args[2], 3);
  const start = checkInteger(args[3], 4);
  const elsewhere = args[4] !== undefined;
  const target = elsewhere ? args[4] : source;
  checkTableLike(source, 1, READ);
  checkTableLike(target, elsewhere ? 5 : 1, WRITE);
  if (to < from) return target;
  if (from <= 0 && big(to) >= MAX_INTEGER + big(from)) throw argumentError(3, "too many elements to move");
  const count = add(add(to, typeof from === "number" ? -from : integer(-from)), 1);
  if (big(start) > MAX_INTEGER - big(count) + 1n) throw argumentError(4, "destination wrap around");
  const last = add(start, add(count, -1));
  const safe = [from, to, start, last].every((n) => typeof n === "number");
  const sameRaw = source === target || (metatableOf(source) === undefined && metatableOf(target) === undefined);
  if (safe && sameRaw && isRaw(source, READ) && isRaw(target, WRITE)) {
    moveRaw(source, target, from as number, to as number, start as number);
    return target;
  }
  return runSteps(moveSteps(source, target, from, to, start, elsewhere), source, target);
}

function moveRaw(source: LuaTable, target: LuaTable, from: number, to: number, start: number): void {
  const by = start - from;
  if (start > to || start <= from || source !== target) {
    for (let i = from; i <= to; i++) {
      tick();
      target.setIndex(i + by, source.getIndex(i));
    }
  } else {
    for (let i = to; i >= from; i--) {
      tick();
      target.setIndex(i + by, source.getIndex(i));
    }
  }
}

function* moveSteps(
  source: Value,
  target: Value,
  from: Integer,
  to: Integer,
  start: Integer,
  elsewhere: boolean,
): Steps<Results> {
  let upward = start > to || start <= from;
  if (!upward && elsewhere) upward = !truthy(yield* awaited(equalsValue(source, target)));
  const last = add(to, typeof from === "number" ? -from : integer(-from));
  const step = upward ? 1 : -1;
  let offset: Integer = upward ? 0 : last;
  for (;;) {
    tick();
    const value = yield* awaited(indexValue(source, add(from, offset)));
    yield* awaited(setIndexValue(target, add(start, offset), value));
    if (offset === (upward ? last : 0)) return target;
    offset = add(offset, step);
  }
}

// --- concat -----------------------------------------------------------------------------------------------------------

function concat(args: Value[]): Results | Suspended {
  const object = args[0];
  if (object instanceof LuaTable && isRaw(object, LENGTH)) {
    const size = object.length();
    const separator = args[1] === undefined ? "" : checkString(args[1], 2);
    const from = args[2] === undefined ? 1 : checkInteger(args[2], 3);
    const to = args[3] === undefined ? size : checkInteger(args[3], 4);
    const joined = joinRaw(object, separator, from, to);
    if (joined !== undefined) return joined;
  }
  checkTableLike(object, 1, READ | LENGTH);
  return runSteps(concatSteps(args), object);
}

/** The elements in the array part, joined; `undefined` when some are elsewhere or are not to be joined as they are. */
function joinRaw(table: LuaTable, separator: string, from: Integer, to: Integer): string | undefined {
  if (from > to) return "";
  const { array } = table;
  if (typeof from !== "number" || typeof to !== "number" || from < 1 || to >= array.length) return undefined;
  const parts = array.slice(from, to + 1);
  let bytes = separator.length * (parts.length - 1);
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (typeof part === "string") bytes += part.length;
    else {
      if (!isNumber(part)) return undefined;
      const text = formatNumber(part);
      parts[i] = text;
      bytes += text.length;
    }
  }
  reserveString(bytes);
  charge(bytes);
  state.ticks -= parts.length >> 4;
  return parts.join(separator);
}

function reserveString(bytes: number): void {
  if (bytes > CONCAT_STEP) reserveMemory(bytes);
  if (bytes > MAX_STRING) throw new LuaError("not enough memory");
}

function* concatSteps(args: Value[]): Steps<Results> {
  const [object, b, c, d] = args;
  const size = yield* lengthSteps(object);
  const separator = b === undefined ? "" : checkString(b, 2);
  const to = d === undefined ? size : checkInteger(d, 4);
  let joined = "";
  let length = 0;
  let reserved = 0;
  // Joined in lots: a string that grows by a few characters at a time takes many times its length.
  let parts: string[] = [];
  for (let i = c === undefined ? 1 : checkInteger(c, 3); i <= to; i = add(i, 1)) {
    tick();
    const part = yield* awaited(indexValue(object, i));
    if (typeof part !== "string" && !isNumber(part))
      throw failure(`invalid value (${basicType(part)}) at index ${i} in table for 'concat'`);
    const text = typeof part === "string" ? part : formatNumber(part);
    parts.push(text);
    length += text.length;
    if (i === to) break;
    parts.push(separator);
    length += separator.length;
    if (parts.length < CONCAT_LOT && length - joined.length < CONCAT_STEP) continue;
    if (length - reserved > CONCAT_STEP) {
      charge(length - reserved);
      reserved = length;
      reserveString(reserved);
    }
    joined += parts.join("");
    parts = [];
  }
  charge(length - reserved);
  return joined + parts.join("");
}

// --- pack, unpack, create ---------------------------------------------------------------------------------------------

function pack(args: Value[]): LuaTable {
  const count = args.length;
  const table = state.vm.newTable();
  let size = count;
  while (size > 0 && args[size - 1] === undefined) size--;
  if (size > 0) {
    // The array part begins with a filler.
    const array: Value[] = [undefined];
    for (let i = 0; i < size; i++) array.push(args[i]);
    table.reserveArray(array);
  }
  charge(64 + count * 8);
  table.setConstant("n", count);
  return table;
}

function unpack(object: Value, b: Value, c: Value): Results | Suspended {
  if (!isRaw(object, READ | LENGTH)) return runSteps(unpackSteps(object, b, c), object);
  const from = b === undefined ? 1 : checkInteger(b, 2);
  const to = c === undefined ? object.length() : checkInteger(c, 3);
  if (from > to) return NOTHING;
  const { array } = object;
  const count = resultCount(from, to);
  if (count === 1) return object.get(from);
  const values: Value[] = [];
  if (typeof from === "number" && typeof to === "number" && from >= 1 && to < array.length) {
    // For a few values a loop is quicker than the engine's own copying.
    if (count > SHORT) return array.slice(from, to + 1);
    for (let i = from; i <= to; i++) values.push(array[i]);
  } else for (let i: Integer = from; values.length < count; i = add(i, 1)) values.push(object.get(i));
  return values;
}

/** How many values lie between two indices; raises when they are more than registers could hold. */
function resultCount(from: Integer, to: Integer): number {
  const count = typeof from === "number" && typeof to === "number" ? to - from + 1 : Number(big(to) - big(from)) + 1;
  if (count > MAX_REGISTERS - state.top - 20) throw failure("too many results to unpack");
  charge(count * 8);
  return count;
}

function* unpackSteps(object: Value, b: Value, c: Value): Steps<Results> {
  const from = b === undefined ? 1 : checkInteger(b, 2);
  const to = c === undefined ? yield* lengthSteps(object) : checkInteger(c, 3);
  if (from > to) return NOTHING;
  const count = resultCount(from, to);
  const values: Value[] = [];
  for (let i: Integer = from; values.length < count; i = add(i, 1)) {
    tick();
    values.push(yield* awaited(indexValue(object, i)));
  }
  return results(values);
}

function create(b: Value, c: Value): LuaTable {
  const size = checkInteger(b, 1);
  const fields = c === undefined ? 0 : checkInteger(c, 2);
  if (size < 0 || size > INT_MAX) throw argumentError(1, "out of range");
  if (fields < 0 || fields > INT_MAX) throw argumentError(2, "out of range");
  // The hash part of the reference doubles, and 2^30 nodes are more than its sizes can say.
  if (fields > 2 ** 30) throw new LuaError("table overflow");
  const bytes = Number(size) * 8 + Number(fields) * 24;
  reserveMemory(bytes);
  charge(64 + bytes);
  return state.vm.newTable();
}

// --- sort -------------------------------------------------------------------------------------------------------------

function sort(object: Value, order: Value): Results | Suspended {
  if (isRaw(object, WRITE | LENGTH) && hasAll(object)) {
    const size = object.length();
    checkSort(size, order);
    return size > 1 ? sortRaw(object, size, order) : NOTHING;
  }
  checkTableLike(object, 1, READ | WRITE | LENGTH);
  return runSteps(sortChecked(object, order), object, order);
}

/** Whether reading the elements would meet no `__index`: there is none, or no element is nil. */
function hasAll(table: LuaTable): boolean {
  const { metatable } = table;
  if (metatable === undefined || eventOf(metatable, Event.Index) === undefined) return true;
  return !table.array.includes(undefined, 1);
}

function checkSort(size: Integer, order: Value): void {
  if (size <= 1) return;
  if (size >= INT_MAX) throw argumentError(1, "array too big");
  if (order !== undefined) checkFunction(order, 2);
}

function* sortChecked(object: Value, order: Value): Steps<Results> {
  const size = yield* lengthSteps(object);
  checkSort(size, order);
  return size > 1 ? yield* sortSteps(object, Number(size), order) : NOTHING;
}

// --- declarations -----------------------------------------------------------------------------------------------------

const list = tableParameter("list", { summary: "a table, or an object with the metamethods that are needed" });
const SOURCE = "Lua 5.5 manual §6.6";

export const tableLibrary = library("table", "Operations on lists.", [
  rawVariadic(
    "concat",
    {
      summary: "Joins strings and numbers of a list into one string.",
      params: [
        list,
        optional(string("sep", { summary: "between two elements; empty by default" })),
        optional(integerParameter("i", { summary: "first index, by default 1" })),
        optional(integerParameter("j", { summary: "last index, by default #list" })),
      ],
      returns: [returns("joined", "string")],
      raises: ["An element is neither a string nor a number."],
      source: SOURCE,
      example: `assert(table.concat({1, 2, "x"}, "-") == "1-2-x")`,
    },
    concat,
  ),
  rawFn(
    "create",
    {
      summary: "Makes an empty table, announcing how much it is going to hold.",
      params: [
        integerParameter("nseq", { summary: "elements of the sequence" }),
        optional(integerParameter("nrec", { summary: "other fields" })),
      ],
      returns: [returns("table", "table")],
      raises: ["A count is negative or not below 2^31."],
      source: SOURCE,
      example: `assert(#table.create(100) == 0)`,
    },
    create,
  ),
  rawFn(
    "insert",
    {
      summary: "Inserts a value into a list: insert(list, value) at its end, insert(list, pos, value) at a position.",
      params: [list, any("pos", { summary: "position from 1, or the value itself" }), optional(any("value"))],
      returns: [],
      raises: ["The position is outside 1..#list+1.", "The number of arguments is neither two nor three."],
      source: SOURCE,
      example: `local t = {1, 3}; table.insert(t, 2, 2); assert(#t == 3 and t[2] == 2)`,
    },
    insert,
  ),
  rawVariadic(
    "move",
    {
      summary: "Copies the elements from..to of one table to position at.. of another, or of the same.",
      params: [
        tableParameter("source"),
        integerParameter("from"),
        integerParameter("to"),
        integerParameter("at"),
        optional(tableParameter("target", { summary: "the source by default" })),
      ],
      returns: [returns("target", "table")],
      raises: ["The range or its destination leaves the integers."],
      source: SOURCE,
      example: `assert(#table.move({1, 2, 3}, 1, 3, 2) == 4)`,
    },
    move,
  ),
  rawVariadic(
    "pack",
    {
      summary: "Makes a list of the arguments, with their number in field n.",
      params: [rest(any("values"))],
      returns: [returns("list", "table")],
      source: SOURCE,
      example: `assert(table.pack(nil, nil).n == 2)`,
    },
    pack,
  ),
  rawFn(
    "remove",
    {
      summary: "Removes the element at a position, by default the last, and closes the gap.",
      params: [list, optional(integerParameter("pos", { summary: "from 1 to #list + 1" }))],
      returns: [returns("removed", "any")],
      raises: ["The position is outside the list."],
      source: SOURCE,
      example: `local t = {1, 2, 3}; assert(table.remove(t, 1) == 1 and #t == 2)`,
    },
    remove,
  ),
  rawFn(
    "sort",
    {
      summary: "Sorts a list in place; equal elements may change places.",
      params: [
        list,
        optional(
          callable("comp", { type: "fun(a: any, b: any): boolean", summary: "whether a comes before b; < by default" }),
        ),
      ],
      returns: [],
      raises: ["Two elements cannot be compared.", "The order function is inconsistent (not always noticed)."],
      source: SOURCE,
      example: `local t = {3, 1, 2}; table.sort(t); assert(table.concat(t) == "123")`,
    },
    sort,
  ),
  rawFn(
    "unpack",
    {
      summary: "Returns the elements of a list.",
      params: [
        list,
        optional(integerParameter("i", { summary: "first index, by default 1" })),
        optional(integerParameter("j", { summary: "last index, by default #list" })),
      ],
      returns: [returns("...", "any")],
      raises: ["There are too many of them (about a million)."],
      source: SOURCE,
      example: `assert(select("#", table.unpack({1, nil, 3}, 1, 3)) == 3)`,
    },
    unpack,
  ),
]);
