/** Deep comparison of Lua values, and how values look in messages. */
import { equalsValue } from "../interpreter/access.ts";
import { awaited, type Steps, tick } from "../interpreter/library/steps.ts";
import { plainText } from "../interpreter/library/tostring.ts";
import { Event, metamethod } from "../interpreter/metatable.ts";
import { LuaTable } from "../interpreter/table.ts";
import { toText } from "../interpreter/text.ts";
import { rawEquals, truthy, Userdata, type Value } from "../interpreter/value.ts";

/** Longest text of one value in a message, in characters. */
const MAX_SHOWN = 200;
const MAX_ITEMS = 8;
const MAX_SHOWN_DEPTH = 3;

/** Where two values differ first, in the order of the expected one. */
export interface Difference {
  /** Such as `$.spec.ports[2]`; `$` is the value itself. */
  readonly path: string;
  readonly expected: Value;
  readonly got: Value;
}

/** Two tables that are being compared: first the keys of what is expected, then those that only `got` has. */
interface Level {
  readonly path: string;
  readonly got: LuaTable;
  readonly expected: LuaTable;
  keys: Value[];
  next: number;
  extra: boolean;
}

/**
 * The first difference between two values, undefined when they are equal: raw equality, an `__eq` that says so, or
 * tables with equal values under the same keys. Integers equal floats of the same value. Cyclic tables are equal when
 * no difference can be found.
 */
export function* firstDifference(got: Value, expected: Value): Steps<Difference | undefined> {
  const levels: Level[] = [];
  // Pairs that are or have been compared: assumed equal when met again.
  const seen = new Map<LuaTable, Set<LuaTable>>();
  let path = "$";
  let a = got;
  let b = expected;
  for (;;) {
    tick();
    if (!rawEquals(a, b)) {
      const custom = hasEquality(a, b) && truthy(yield* awaited(equalsValue(a, b)));
      if (!custom) {
        if (!(a instanceof LuaTable) || !(b instanceof LuaTable)) return { path: shortened(path), expected: b, got: a };
        let met = seen.get(a);
        if (met === undefined) seen.set(a, (met = new Set()));
        if (!met.has(b)) {
          met.add(b);
          levels.push({ path, got: a, expected: b, keys: keysOf(b), next: 0, extra: false });
        }
      }
    }
    // On to the next pair of elements.
    let level = levels[levels.length - 1];
    while (level !== undefined && level.next === level.keys.length) {
      if (level.extra) {
        levels.pop();
        level = levels[levels.length - 1];
        continue;
      }
      level.extra = true;
      level.next = 0;
      const known = level.expected;
      level.keys = keysOf(level.got).filter((key) => known.get(key) === undefined);
    }
    if (level === undefined) return undefined;
    const key = level.keys[level.next++];
    path = level.path + step(key);
    a = level.got.get(key);
    b = level.expected.get(key);
  }
}

/** A path that is too long to read shows its end. */
function shortened(path: string): string {
  return path.length <= MAX_SHOWN ? path : `$…${path.slice(-MAX_SHOWN)}`;
}

function hasEquality(a: Value, b: Value): boolean {
  if (!(a instanceof LuaTable || a instanceof Userdata) || !(b instanceof LuaTable || b instanceof Userdata))
    return false;
  return metamethod(a, Event.Eq) !== undefined || metamethod(b, Event.Eq) !== undefined;
}

function keysOf(table: LuaTable): Value[] {
  const keys: Value[] = [];
  table.forEach((key) => {
    keys.push(key);
  });
  return keys;
}

/** One step of a path. */
function step(key: Value): string {
  return typeof key === "string" && /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${show(key)}]`;
}

/** A value as it would be written in Lua, on one line and cut to a readable length: text, not bytes. */
export function show(value: Value): string {
  if (typeof value === "string") return quote(value);
  return cut(value instanceof LuaTable ? showTable(value, []) : plainText(value));
}

function cut(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}

function quote(bytes: string): string {
  const text = toText(bytes);
  // What is not UTF-8 is shown byte by byte.
  const special = text === undefined ? /["\\\x00-\x1f\x7f-\xff]/g : /["\\\x00-\x1f\x7f]/g;
  const escaped = (text ?? bytes).slice(0, MAX_SHOWN + 1).replace(special, (c) => {
    if (c === '"' || c === "\\") return `\\${c}`;
    const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[c];
    return named ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return escaped.length > MAX_SHOWN ? `"${escaped.slice(0, MAX_SHOWN)}…" (${bytes.length} bytes)` : `"${escaped}"`;
}

function showTable(table: LuaTable, around: readonly LuaTable[]): string {
  if (around.includes(table) || around.length >= MAX_SHOWN_DEPTH) return "{…}";
  if (metamethod(table, Event.ToString) !== undefined) return plainText(table);
  const inside = [...around, table];
  const length = table.length();
  const items: string[] = [];
  let at = table.nextPosition(0);
  for (; at !== 0 && items.length < MAX_ITEMS; at = table.nextPosition(at)) {
    const key = table.keyAt(at);
    const value = table.valueAt(at);
    const shown =
      value instanceof LuaTable
        ? showTable(value, inside)
        : typeof value === "string"
          ? quote(value)
          : plainText(value);
    if (typeof key === "number" && key >= 1 && key <= length) items.push(shown);
    else if (typeof key === "string" && /^[A-Za-z_]\w*$/.test(key)) items.push(`${key} = ${shown}`);
    else items.push(`[${typeof key === "string" ? quote(key) : plainText(key)}] = ${shown}`);
  }
  if (at !== 0) items.push("…");
  return `{${items.join(", ")}}`;
}
