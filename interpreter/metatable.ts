/** Metatables and their events (manual §2.4). */

import { basicType } from "./error.ts";
import { charge } from "./memory.ts";
import { state } from "./state.ts";
import { LuaTable } from "./table.ts";
import { Userdata, type Value } from "./value.ts";

/** The events that are looked up while evaluating, numbered for the cache of a metatable. */
export enum Event {
  Index,
  NewIndex,
  Call,
  Add,
  Sub,
  Mul,
  Mod,
  Pow,
  Div,
  IDiv,
  BAnd,
  BOr,
  BXor,
  Shl,
  Shr,
  Unm,
  BNot,
  Concat,
  Len,
  Eq,
  Lt,
  Le,
  Close,
  Gc,
  Mode,
  ToString,
  Name,
  Pairs,
  Metatable,
}

export const EVENT_NAMES: readonly string[] = [
  "__index",
  "__newindex",
  "__call",
  "__add",
  "__sub",
  "__mul",
  "__mod",
  "__pow",
  "__div",
  "__idiv",
  "__band",
  "__bor",
  "__bxor",
  "__shl",
  "__shr",
  "__unm",
  "__bnot",
  "__concat",
  "__len",
  "__eq",
  "__lt",
  "__le",
  "__close",
  "__gc",
  "__mode",
  "__tostring",
  "__name",
  "__pairs",
  "__metatable",
];

/** The metatable of any value (`lua_getmetatable`). */
export function metatableOf(value: Value): LuaTable | undefined {
  if (value instanceof LuaTable || value instanceof Userdata) return value.metatable;
  if (typeof value === "string") return state.vm.stringMetatable;
  return state.vm.typeMetatables?.get(basicType(value));
}

/** A field of a metatable by its event, remembered until the metatable changes. */
export function eventOf(metatable: LuaTable, event: Event): Value {
  const events = metatable.events;
  return events !== undefined ? events[event] : readEvents(metatable)[event];
}

function readEvents(metatable: LuaTable): Value[] {
  const events: Value[] = [];
  for (const name of EVENT_NAMES) events.push(metatable.getString(name));
  metatable.events = events;
  charge(EVENT_NAMES.length * 8 + 40);
  return events;
}

/** The metamethod of a value for an event, nil if there is none (`luaT_gettmbyobj`). */
export function metamethod(value: Value, event: Event): Value {
  const metatable = metatableOf(value);
  return metatable === undefined ? undefined : eventOf(metatable, event);
}
