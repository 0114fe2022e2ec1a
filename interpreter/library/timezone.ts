/**
 * The local time zone as the C library finds it (POSIX TZ, RFC 8536 files): offset, daylight saving and name at any
 * time. The engine's own dates know no names, no seconds in old offsets, and a shorter span of years.
 */
import { readFileSync } from "node:fs";

/** What applies in a zone at some time. */
export interface ZoneTime {
  /** Seconds east of Greenwich. */
  readonly offset: number;
  readonly isdst: boolean;
  readonly name: string;
}

const UTC: ZoneTime = { offset: 0, isdst: false, name: "UTC" };

/** A date of each year when daylight saving begins or ends. */
interface Change {
  readonly kind: "month" | "julian" | "day";
  readonly month: number;
  readonly week: number;
  /** Of the week (Sunday is 0) or of the year. */
  readonly day: number;
  /** Seconds after midnight, local time before the change. */
  readonly time: number;
}

interface Rule {
  readonly standard: ZoneTime;
  readonly daylight: ZoneTime | undefined;
  readonly start: Change | undefined;
  readonly end: Change | undefined;
}

interface TimeZone {
  /** Times of the changes, in order, and what applies from each on. */
  readonly times: number[];
  readonly types: ZoneTime[];
  readonly before: ZoneTime;
  /** What applies after the last change. */
  readonly rule: Rule | undefined;
}

let known: { setting: string | undefined; zone: TimeZone } | undefined;

/** What applies at a time in seconds since the epoch (within 2^53). */
export function zoneAt(seconds: number): ZoneTime {
  const setting = process.env.TZ;
  if (known === undefined || known.setting !== setting) known = { setting, zone: findZone(setting) };
  const { times, types, before, rule } = known.zone;
  const last = times.length - 1;
  if (rule !== undefined && (last < 0 || seconds >= times[last]!)) return ruleAt(rule, seconds);
  if (last < 0 || seconds < times[0]!) return before;
  let low = 0;
  let high = last + 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= seconds) low = middle;
    else high = middle;
  }
  return types[low]!;
}

function fixed(zone: ZoneTime): TimeZone {
  return { times: [], types: [], before: zone, rule: undefined };
}

function findZone(setting: string | undefined): TimeZone {
  if (setting === "") return fixed(UTC);
  const name = setting?.replace(/^:/, "");
  const path = name === undefined ? "/etc/localtime" : name.startsWith("/") ? name : `/usr/share/zoneinfo/${name}`;
  const fromFile = path.split("/").includes("..") ? undefined : readZone(path);
  if (fromFile !== undefined) return fromFile;
  const rule = name === undefined ? undefined : parseRule(name);
  if (rule !== undefined) return { times: [], types: [], before: rule.standard, rule };
  // An unknown zone is UTC under the name it was given.
  const letters = /^[A-Za-z]{3,}/.exec(name ?? "")?.[0];
  return fixed(letters === undefined ? UTC : { ...UTC, name: letters });
}

/** Reads a TZif file; `undefined` if there is none. */
function readZone(path: string): TimeZone | undefined {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch {
    return undefined;
  }
  try {
    if (file.toString("latin1", 0, 4) !== "TZif") return undefined;
    const wide = file[4]! >= 0x32;
    return parseZone(file, wide ? 44 + blockLength(file, 0, 4) : 0, wide);
  } catch {
    return undefined; // a damaged file
  }
}

/** The counts of a header: of isut, isstd, leap, time, type and character entries. */
function counts(file: Buffer, at: number): number[] {
  return [0, 1, 2, 3, 4, 5].map((i) => file.readUInt32BE(at + 20 + i * 4));
}

function blockLength(file: Buffer, at: number, timeSize: number): number {
  const [isut, isstd, leap, time, type, character] = counts(file, at) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return time * timeSize + time + type * 6 + character + leap * (timeSize + 4) + isstd + isut;
}

function parseZone(file: Buffer, header: number, wide: boolean): TimeZone {
  const [, , , timeCount, typeCount, nameLength] = counts(file, header) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const size = wide ? 8 : 4;
  let at = header + 44;
  const times: number[] = [];
  for (let i = 0; i < timeCount; i++) {
    times.push(wide ? Number(file.readBigInt64BE(at + i * 8)) : file.readInt32BE(at + i * 4));
  }
  at += timeCount * size;
  const indices = file.subarray(at, at + timeCount);
  at += timeCount;
  const names = file.toString("latin1", at + typeCount * 6, at + typeCount * 6 + nameLength);
  const all: ZoneTime[] = [];
  for (let i = 0; i < typeCount; i++) {
    const entry = at + i * 6;
    const from = file[entry + 5]!;
    all.push({
      offset: file.readInt32BE(entry),
      isdst: file[entry + 4] !== 0,
      name: names.slice(from, names.indexOf("\0", from)),
    });
  }
  const end = header + 44 + blockLength(file, header, size);
  const footer = wide ? /^\n([^\n]*)\n/.exec(file.toString("latin1", end))?.[1] : undefined;
  return {
    times,
    types: Array.from(indices, (index) => all[index]!),
    before: all.find((type) => !type.isdst) ?? all[0] ?? UTC,
    rule: footer === undefined ? undefined : parseRule(footer),
  };
}

const NAME = "([A-Za-z]{3,}|<[-+A-Za-z0-9]{3,}>)";
const OFFSET = "([-+]?\\d{1,3}(?::\\d{2}){0,2})";
const RULE = new RegExp(`^${NAME}${OFFSET}(?:${NAME}${OFFSET}?(?:,([^,]+),([^,]+))?)?$`);

/** A TZ value such as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX, "Other Environment Variables"). */
function parseRule(text: string): Rule | undefined {
  const match = RULE.exec(text);
  if (match === null) return undefined;
  const [, name, offset, daylightName, daylightOffset, start = "M3.2.0", end = "M11.1.0"] = match;
  const standard = { offset: -seconds(offset!), isdst: false, name: bare(name!) };
  if (daylightName === undefined) return { standard, daylight: undefined, start: undefined, end: undefined };
  const daylight = {
    offset: daylightOffset === undefined ? standard.offset + 3600 : -seconds(daylightOffset),
    isdst: true,
    name: bare(daylightName),
  };
  const from = parseChange(start);
  const to = parseChange(end);
  return from === undefined || to === undefined ? undefined : { standard, daylight, start: from, end: to };
}

function bare(name: string): string {
  return name.replace(/[<>]/g, "");
}

function seconds(text: string): number {
  const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[-+]/, "").split(":").map(Number);
  return (hours * 3600 + minutes * 60 + rest) * (text.startsWith("-") ? -1 : 1);
}

function parseChange(text: string): Change | undefined {
  const match = /^(?:M(\d{1,2})\.(\d)\.(\d)|(J?)(\d{1,3}))(?:\/([-+]?\d{1,3}(?::\d{2}){0,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, month, week, weekday, julian, day, time = "2"] = match;
  if (month !== undefined) {
    return { kind: "month", month: Number(month), week: Number(week), day: Number(weekday), time: seconds(time) };
  }
  return { kind: julian === "J" ? "julian" : "day", month: 0, week: 0, day: Number(day), time: seconds(time) };
}

function ruleAt({ standard, daylight, start, end }: Rule, time: number): ZoneTime {
  if (daylight === undefined || start === undefined || end === undefined) return standard;
  const { year } = civil(Math.floor((time + standard.offset) / 86400));
  const from = changeTime(start, year) - standard.offset;
  const to = changeTime(end, year) - daylight.offset;
  const inside = from < to ? time >= from && time < to : !(time >= to && time < from);
  return inside ? daylight : standard;
}

/** When a change happens in a year, in seconds since the epoch of local time. */
function changeTime({ kind, month, week, day, time }: Change, year: number): number {
  const january = daysBefore(year, 1, 1);
  if (kind === "day") return (january + day) * 86400 + time;
  // Julian days leave out February 29.
  if (kind === "julian") return (january + day - 1 + (day > 59 && isLeap(year) ? 1 : 0)) * 86400 + time;
  const first = daysBefore(year, month, 1);
  const weekday = (((first + 4) % 7) + 7) % 7;
  let date = first + ((day - weekday + 7) % 7) + (week - 1) * 7;
  const next = month === 12 ? daysBefore(year + 1, 1, 1) : daysBefore(year, month + 1, 1);
  while (date >= next) date -= 7;
  return date * 86400 + time;
}

// --- the calendar -----------------------------------------------------------------------------------------------------

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar, extended both ways. */
export function daysBefore(year: number, month: number, day: number): number {
  // Years that begin in March have their leap day at the end.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

/** The date that is so many days after 1970-01-01; month and day count from 1. */
export function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const index = Math.floor((5 * dayOfYear + 2) / 153);
  const month = index < 10 ? index + 3 : index - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * index + 2) / 5) + 1,
  };
}
