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

/** How many parts a parsed format or pattern may grow by between two checks of the memory limit. */
const UNCHECKED_PARTS = 1000;

/** Checks now and then that the parts of a long format or pattern still fit, while they are being collected. */
export function reserveParts(count: number, bytesEach: number): void {
  if (count % UNCHECKED_PARTS === 0 && count > 0) reserveMemory(count * bytesEach);
}
