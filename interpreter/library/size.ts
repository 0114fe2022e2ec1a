/** Limits on the strings that one operation may make. */
import { LuaError } from "../error.ts";
import { reserveMemory } from "../memory.ts";

/** The longest string JavaScript can hold. */
const MAX_STRING = 0x7fff_ffff;

/** Checks that a string of `length` bytes may be made, before anything is allocated: raises `not enough memory`. */
export function reserveString(length: number): void {
  if (length > MAX_STRING) throw new LuaError("not enough memory");
  reserveMemory(length);
}
