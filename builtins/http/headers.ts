/** Header fields both ways (RFC 9110 §5): what scripts may set, and what they get to see. */
import { formatNumber } from "../../interpreter/number.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { isNumber, type Value } from "../../interpreter/value.ts";
import { Failure, quoted } from "./failure.ts";

/** Fields in the order they go out: name, value, name, value … A name may repeat. */
export type HeaderList = string[];

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Bytes a field value may hold: visible ASCII, space, tab and bytes above ASCII (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/** Fields that frame the message; set by whoever sends it, never by a script. */
const FRAMING = new Set([
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "proxy-connection",
  "upgrade",
  "expect",
  "te",
  "trailer",
  "http2-settings",
]);

/** Fields that mean something else to everybody who reads them when they come twice. */
const SINGLE = new Set(["host", "content-type", "location", "authorization"]);

/**
 * The fields of a `headers` table: values are strings, numbers, or lists of them for repeated fields. Throws a
 * Failure that names the field.
 */
export function readHeaders(table: LuaTable | undefined, direction: "request" | "response"): HeaderList {
  const out: HeaderList = [];
  if (table === undefined) return out;
  table.forEach((key, value) => {
    if (typeof key !== "string") throw new Failure(`header names must be strings (got ${describe(key)})`, "never");
    if (!TOKEN.test(key)) throw new Failure(`invalid header name ${quoted(key)}`, "never");
    const lower = key.toLowerCase();
    if (FRAMING.has(lower))
      throw new Failure(`header ${quoted(key)} cannot be set: it follows from the ${direction}`, "never");
    if (lower === "connection" && (typeof value !== "string" || !/^(close|keep-alive)$/i.test(value))) {
      throw new Failure(`header ${quoted(key)} may only be "close" or "keep-alive"`, "never");
    }
    if (lower === "host" && (typeof value !== "string" || !isHostHeader(value))) {
      throw new Failure(`invalid value of header ${quoted(key)}`, "never");
    }
    // Names differ by case only: two keys of the table may be one field.
    if (SINGLE.has(lower) && (value instanceof LuaTable || hasHeader(out, lower)))
      throw new Failure(`header ${quoted(key)} can only be set once`, "never");
    if (value instanceof LuaTable) for (const one of value.toArray()) out.push(key, headerValue(key, one));
    else out.push(key, headerValue(key, value));
  });
  return out;
}

/** `host` or `host:port` (RFC 9110 §7.2), without user information. */
export function isHostHeader(value: string): boolean {
  return /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(:\d{0,5})?$/.test(value) && !/,/.test(value);
}

function headerValue(name: string, value: Value): string {
  const text = typeof value === "string" ? value : isNumber(value) ? formatNumber(value) : undefined;
  if (text === undefined) {
    throw new Failure(`value of header ${quoted(name)} must be a string, a number or a list of them`, "never");
  }
  if (!VALUE.test(text)) throw new Failure(`invalid character in the value of header ${quoted(name)}`, "never");
  return trimmed(text);
}

/** A field value without the white space around it (RFC 9110 §5.6.3): spaces and tabs, and no other character. */
export function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpace(value.charCodeAt(start))) start++;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function describe(value: Value): string {
  return isNumber(value) ? formatNumber(value) : typeof value;
}

/** Whether a field of that name (lower case) is in the list. */
export function hasHeader(list: HeaderList, lower: string): boolean {
  for (let i = 0; i < list.length; i += 2) if (list[i]!.toLowerCase() === lower) return true;
  return false;
}

/** The first value of a field by its lower-case name. */
export function headerOf(list: HeaderList, lower: string): string | undefined {
  for (let i = 0; i < list.length; i += 2) if (list[i]!.toLowerCase() === lower) return list[i + 1];
  return undefined;
}

/** All values of a field, joined as RFC 9110 §5.2 says. */
export function joinedHeader(list: HeaderList, lower: string): string | undefined {
  let out: string | undefined;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i]!.toLowerCase() === lower) out = out === undefined ? list[i + 1]! : `${out}, ${list[i + 1]}`;
  }
  return out;
}

/** Puts one list over another: a field of `over` replaces all fields of that name in `under`. */
export function overlay(under: HeaderList, over: HeaderList): HeaderList {
  if (under.length === 0) return over;
  const out: HeaderList = [];
  for (let i = 0; i < under.length; i += 2) {
    if (!hasHeader(over, under[i]!.toLowerCase())) out.push(under[i]!, under[i + 1]!);
  }
  out.push(...over);
  return out;
}

/** The table scripts get: lower-case names, repeated fields joined by `, ` (cookies by `; ` in requests). */
export function headerTable(list: HeaderList, table: LuaTable): LuaTable {
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!.toLowerCase();
    const value = list[i + 1]!;
    const before = table.getString(name);
    if (before === undefined) table.setString(name, value);
    else table.setString(name, `${before as string}${name === "cookie" ? "; " : ", "}${value}`);
  }
  return table;
}
