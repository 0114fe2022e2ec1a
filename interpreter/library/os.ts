/** Operating system facilities (manual §6.10), the part that a sandboxed script may have. */
import { failure } from "../error.ts";
import {
  argumentError,
  checkInteger,
  checkNumber,
  checkString,
  type Library,
  library,
  rawFn,
  returns,
  typeError,
} from "../native.ts";
import { floatToInteger, toInteger } from "../number.ts";
import { state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { float, type Value } from "../value.ts";
import { type BrokenDown, breakDown, convert, makeTime } from "./date.ts";

const INT_MAX = 2147483647;

/** An integer field of a date table, less `delta`; without a default it must be there. */
function field(t: LuaTable, key: string, fallback: number | undefined, delta: number): number {
  const value = t.getString(key);
  const n = toInteger(value);
  if (n === undefined) {
    if (value !== undefined) throw failure(`field '${key}' is not an integer`);
    if (fallback === undefined) throw failure(`field '${key}' missing in date table`);
    return fallback + delta;
  }
  const given = BigInt(n);
  const fits = given >= 0n ? given - BigInt(delta) <= INT_MAX : BigInt(delta - INT_MAX - 1) <= given;
  if (!fits) throw failure(`field '${key}' is out-of-bound`);
  return Number(given);
}

function setFields(t: LuaTable, date: BrokenDown): void {
  for (const key of ["year", "month", "day", "hour", "min", "sec", "yday", "wday", "isdst"] as const) {
    t.setString(key, date[key]);
  }
}

function time(table?: Value): Value {
  if (table === undefined) return Math.floor(Date.now() / 1000);
  if (!(table instanceof LuaTable)) throw typeError(1, "table", table);
  const year = field(table, "year", undefined, 1900);
  const month = field(table, "month", undefined, 1);
  const day = field(table, "day", undefined, 0);
  const hour = field(table, "hour", 12, 0);
  const min = field(table, "min", 0, 0);
  const sec = field(table, "sec", 0, 0);
  const seconds = makeTime(year, month, day, hour, min, sec, table.getString("isdst") === true);
  const date = Number.isNaN(seconds) ? undefined : breakDown(seconds, false);
  if (date === undefined || seconds === -1) throw failure("time result cannot be represented in this installation");
  setFields(table, date);
  return floatToInteger(seconds);
}

const ONE_LETTER = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
const TWO_LETTERS = [
  "Ec",
  "EC",
  "Ex",
  "EX",
  "Ey",
  "EY",
  "Od",
  "Oe",
  "OH",
  "OI",
  "Om",
  "OM",
  "OS",
  "Ou",
  "OU",
  "OV",
  "Ow",
  "OW",
  "Oy",
];

function date(formatValue?: Value, timeValue?: Value): Value {
  let format = formatValue === undefined ? "%c" : checkString(formatValue, 1);
  const seconds = timeValue === undefined ? Math.floor(Date.now() / 1000) : Number(checkInteger(timeValue, 2));
  const utc = format.startsWith("!");
  if (utc) format = format.slice(1);
  const broken = breakDown(seconds, utc);
  if (broken === undefined) throw failure("date result cannot be represented in this installation");
  if (format === "*t") {
    const table = state.vm.newTable();
    setFields(table, broken);
    return table;
  }
  let out = "";
  for (let i = 0; i < format.length; ) {
    if (format[i] !== "%") {
      out += format[i++];
      continue;
    }
    const rest = format.slice(i + 1);
    const length = ONE_LETTER.includes(rest[0] ?? " ") ? 1 : TWO_LETTERS.includes(rest.slice(0, 2)) ? 2 : 0;
    if (length === 0) throw argumentError(1, `invalid conversion specifier '%${rest}'`);
    out += convert(rest[length - 1] as string, broken);
    i += length + 1;
  }
  return out;
}

const source = "Lua manual §6.10";

export const osLibrary: Library = library("os", "Time and environment.", [
  rawFn(
    "clock",
    {
      summary: "Processor time used by the program, in seconds.",
      params: [],
      returns: [returns("seconds", "number")],
      source,
    },
    () => {
      const { user, system } = process.cpuUsage();
      return float((user + system) / 1e6);
    },
  ),
  rawFn(
    "date",
    {
      summary: "The current or a given time as text, in strftime's formats, or as a table for `*t`; `!` for UTC.",
      params: [],
      returns: [returns("date", "string|table")],
      source,
      example: 'assert(os.date("!%Y-%m-%d", 0) == "1970-01-01")',
    },
    date,
  ),
  rawFn(
    "difftime",
    {
      summary: "The seconds from one time to another.",
      params: [],
      returns: [returns("seconds", "number")],
      source,
    },
    (to, from) => float(checkNumber(to, 1) - checkNumber(from, 2)),
  ),
  rawFn(
    "getenv",
    {
      summary: "The value of an environment variable, or nil.",
      params: [],
      returns: [returns("value", "string?")],
      source,
    },
    (name) => state.vm.getenv(checkString(name, 1)),
  ),
  rawFn(
    "time",
    {
      summary: "The current time, or the time a date table stands for, in seconds since the epoch.",
      params: [],
      returns: [returns("seconds", "integer")],
      source,
      example: "assert(os.time{year = 2000, month = 1, day = 1} > 0)",
    },
    time,
  ),
]);
