/** Operating system facilities (manual §6.10), the part that a sandboxed script may have. */
import { indexValue, setIndexValue } from "../access.ts";
import { failure } from "../error.ts";
import {
  argumentError,
  checkInteger,
  checkString,
  integer,
  type Library,
  library,
  optional,
  rawFn,
  returns,
  string,
  table,
  typeError,
} from "../native.ts";
import { big, toInteger } from "../number.ts";
import { state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { float, type Results, type Suspended, truthy, type Value } from "../value.ts";
import { breakDown, convert, makeTime } from "./date.ts";
import { awaited, runSteps, type Steps } from "./steps.ts";

const INT_MAX = 2147483647;

/** An integer field of a date table, less `delta`; without a default it must be there. */
function* field(table: LuaTable, key: string, fallback: number | undefined, delta: number): Steps<number> {
  const value = yield* awaited(indexValue(table, key));
  const n = toInteger(value);
  if (n === undefined) {
    if (value !== undefined) throw failure(`field '${key}' is not an integer`);
    if (fallback === undefined) throw failure(`field '${key}' missing in date table`);
    return fallback + delta;
  }
  const given = big(n);
  const fits = given >= 0n ? given - BigInt(delta) <= INT_MAX : BigInt(delta - INT_MAX - 1) <= given;
  if (!fits) throw failure(`field '${key}' is out-of-bound`);
  return Number(given);
}

const FIELDS = ["year", "month", "day", "hour", "min", "sec", "yday", "wday", "isdst"] as const;

/** The time that a date table stands for; its fields are brought into their ranges. Its metamethods may wait. */
function* timeSteps(table: LuaTable): Steps<Results> {
  const year = yield* field(table, "year", undefined, 1900);
  const month = yield* field(table, "month", undefined, 1);
  const day = yield* field(table, "day", undefined, 0);
  const hour = yield* field(table, "hour", 12, 0);
  const min = yield* field(table, "min", 0, 0);
  const sec = yield* field(table, "sec", 0, 0);
  const isdst = yield* awaited(indexValue(table, "isdst"));
  const seconds = makeTime(year, month, day, hour, min, sec, isdst === undefined ? undefined : truthy(isdst));
  const date = breakDown(seconds, false);
  // C's mktime says -1 when it fails, and so cannot say the second before the epoch.
  if (date === undefined || seconds === -1) throw failure("time result cannot be represented in this installation");
  for (const key of FIELDS) yield* awaited(setIndexValue(table, key, date[key]));
  return seconds;
}

function time(table?: Value): Results | Suspended {
  if (table === undefined) return now();
  if (!(table instanceof LuaTable)) throw typeError(1, "table", table);
  return runSteps(timeSteps(table), table);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
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
  const seconds = timeValue === undefined ? now() : checkInteger(timeValue, 2);
  const utc = format.startsWith("!");
  if (utc) format = format.slice(1);
  const broken = breakDown(seconds, utc);
  if (broken === undefined) throw failure("date result cannot be represented in this installation");
  if (format === "*t") {
    const fields = state.vm.newTable();
    for (const key of FIELDS) fields.setConstant(key, broken[key]);
    return fields;
  }
  let out = "";
  for (let i = 0; i < format.length; ) {
    if (format[i] !== "%") {
      out += format[i++];
      continue;
    }
    const rest = format.slice(i + 1);
    const length = ONE_LETTER.includes(rest[0] ?? " ") ? 1 : TWO_LETTERS.includes(rest.slice(0, 2)) ? 2 : 0;
    if (length === 0) throw argumentError(1, `invalid conversion specifier '%${rest.split("\0", 1)[0]}'`);
    out += convert(rest[length - 1] as string, broken);
    i += length + 1;
  }
  return out;
}

const source = "Lua 5.5 manual §6.10";

export const osLibrary: Library = library("os", "Time and environment.", [
  rawFn(
    "clock",
    {
      summary: "Processor time used by the program.",
      params: [],
      returns: [returns("seconds", "number")],
      source,
      example: "assert(os.clock() >= 0)",
    },
    () => {
      const { user, system } = process.cpuUsage();
      return float((user + system) / 1e6);
    },
  ),
  rawFn(
    "date",
    {
      summary: "A time as text in the formats of C's strftime, or as a table of fields for the format *t.",
      params: [
        optional(string("format", { summary: "%c by default; with ! in front: UTC instead of local time" })),
        optional(integer("time", { summary: "since the epoch, by default now", unit: "seconds" })),
      ],
      returns: [returns("date", "string|table")],
      raises: ["The format has an unknown conversion.", "The year is beyond 32 bits."],
      source,
      example: `assert(os.date("!%Y-%m-%d", 0) == "1970-01-01")`,
    },
    date,
  ),
  rawFn(
    "difftime",
    {
      summary: "The seconds from one time to another.",
      params: [integer("to", { unit: "seconds" }), integer("from", { unit: "seconds" })],
      returns: [returns("seconds", "number")],
      source,
      example: "assert(os.difftime(5, 3) == 2.0)",
    },
    (to, from) => {
      const end = big(checkInteger(to, 1));
      return float(Number(end - big(checkInteger(from, 2))));
    },
  ),
  rawFn(
    "getenv",
    {
      summary: "The value of an environment variable, or nil.",
      params: [string("name")],
      returns: [returns("value", "string?")],
      source,
      example: `assert(os.getenv("NO_SUCH_VARIABLE") == nil)`,
    },
    (name) => state.vm.getenv(checkString(name, 1)),
  ),
  rawFn(
    "time",
    {
      summary: "The current time, or the one that a date table stands for in local time; brings its fields into range.",
      params: [
        optional(
          table("date", { summary: "year, month, day; hour (12), min (0), sec (0), isdst; as os.date gives it" }),
        ),
      ],
      returns: [returns("seconds", "integer", "since the epoch")],
      raises: ["A field is missing, not an integer or out of bounds.", "The time cannot be represented."],
      source,
      example: "assert(os.time{year = 2000, month = 1, day = 1} > 0)",
    },
    time,
  ),
]);
