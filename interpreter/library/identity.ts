/** Addresses: what tells one object from another in `table: 0x…` and `%p` (manual §6.5, `string.format`). */
import { LuaFloat, type Value } from "../value.ts";

const addresses = new WeakMap<object, string>();
/** Stands for the heap's bottom; it says nothing about the process. */
let nextAddress = 0x5500_0000_1000;

function newAddress(): string {
  const made = `0x${nextAddress.toString(16)}`;
  nextAddress += 32;
  return made;
}

/** What stands for a value's address; undefined for values without identity (nil, booleans, numbers). */
export function address(value: Value): string | undefined {
  if (typeof value === "string") return stringAddress(value);
  if (typeof value !== "object" || value instanceof LuaFloat) return undefined;
  let known = addresses.get(value);
  if (known === undefined) {
    known = newAddress();
    addresses.set(value, known);
  }
  return known;
}

/** Equal strings up to this length are the same string in the reference (LUAI_MAXSHORTLEN). */
const MAX_SHORT = 40;
/** Longer ones than this are told apart by their contents only. */
const MAX_MARKED = 10_000;
/** Long strings whose addresses are remembered. */
const MAX_RECENT = 64;

const recent = new Map<string, string>();
const interned = {};

function stringAddress(text: string): string {
  if (text.length <= MAX_SHORT || text.length > MAX_MARKED) return contentAddress(text);
  const known = recent.get(text);
  if (known !== undefined && isMarked(text)) return known;
  mark(text);
  const made = newAddress();
  if (recent.size >= MAX_RECENT) recent.clear();
  recent.set(text, made);
  return made;
}

/**
 * JavaScript strings have no identity, but the reference's long strings do, and its test suite asks for it. The
 * engine can be seen to treat one thing in memory differently from an equal one: a string that was used as a
 * property's name is interned where it is, its equals elsewhere are not.
 */
function mark(text: string): void {
  Reflect.has(interned, text);
}

function isMarked(text: string): boolean {
  const { jscDescribe } = require("bun:jsc") as typeof import("bun:jsc");
  return jscDescribe(text).startsWith("String (atomic)");
}

/** The same for equal strings, without keeping them: FNV-1a of some of the bytes. */
function contentAddress(text: string): string {
  let hash = 0x811c9dc5;
  const step = Math.max(1, text.length >> 10);
  for (let i = 0; i < text.length; i += step) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `0x57${(hash >>> 0).toString(16).padStart(8, "0")}${((text.length * 8) & 0xf8).toString(16).padStart(2, "0")}`;
}
