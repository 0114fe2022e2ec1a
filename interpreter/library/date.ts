/** Dates as `os.date` and `os.time` see them (manual §6.10): broken-down times, and strftime in the C locale. */
import { integer } from "../value.ts";
import { civil, daysBefore, type ZoneTime, zoneAt } from "./timezone.ts";

/** A broken-down time; months and days of the month count from 1, days of the year from 1, Sunday is 1. */
export interface BrokenDown {
  year: number;
  month: number;
  day: number;
  hour: number;
  min: number;
  sec: number;
  wday: number;
  yday: number;
  isdst: boolean;
  /** Seconds east of Greenwich, and the name of the zone. */
  offset: number;
  zone: string;
}

const DAY = 86_400;
/** Days after which the calendar repeats itself, weekdays included. */
const CYCLE = 146_097;
/** Days from the epoch up to which seconds are exact doubles. */
const EXACT_DAYS = 1e11;
const GREENWICH: ZoneTime = { offset: 0, isdst: false, name: "GMT" };
/** C keeps years in 32 bits, counted from 1900. */
const FIRST_YEAR = -(2 ** 31) + 1900;
const LAST_YEAR = 2 ** 31 - 1 + 1900;

/** A time as whole days since the epoch and seconds of the day: exact for all 64 bits. */
function split(time: number | bigint): [days: number, seconds: number] {
  if (typeof time === "number") {
    const days = Math.floor(time / DAY);
    return [days, time - days * DAY];
  }
  const seconds = Number(((time % 86_400n) + 86_400n) % 86_400n);
  return [Number((time - BigInt(seconds)) / 86_400n), seconds];
}

/** What applies at a time of the local zone: far from now, what applies in the same year of a cycle closer by. */
function localAt(days: number, seconds: number): ZoneTime {
  let near = days;
  if (days > EXACT_DAYS) near = EXACT_DAYS + (days % CYCLE) - (EXACT_DAYS % CYCLE);
  else if (days < -EXACT_DAYS) near = -EXACT_DAYS + (days % CYCLE) + (EXACT_DAYS % CYCLE);
  return zoneAt(near * DAY + seconds);
}

/** A Lua integer, seconds since the epoch, as local time or UTC; undefined when its year is beyond C's. */
export function breakDown(time: number | bigint, utc: boolean): BrokenDown | undefined {
  let [days, seconds] = split(time);
  const { offset, isdst, name } = utc ? GREENWICH : localAt(days, seconds);
  seconds += offset;
  days += Math.floor(seconds / DAY);
  seconds = ((seconds % DAY) + DAY) % DAY;
  const { year, month, day } = civil(days);
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return undefined;
  return {
    year,
    month,
    day,
    hour: Math.floor(seconds / 3600),
    min: Math.floor(seconds / 60) % 60,
    sec: seconds % 60,
    wday: ((((days + 4) % 7) + 7) % 7) + 1,
    yday: days - daysBefore(year, 1, 1) + 1,
    isdst,
    offset,
    zone: name,
  };
}

/** How far from a time daylight saving, or its absence, is looked for, in steps shorter than any period of it. */
const STRIDE = 601_200;
const REACH = 268_828_200;

/**
 * Local time to seconds since the epoch as a Lua integer; fields may be out of their ranges (C's mktime). `isdst`
 * tells which offset is meant, undefined leaves it open.
 */
export function makeTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  min: number,
  sec: number,
  isdst: boolean | undefined,
): number | bigint {
  const years = year + Math.floor((month - 1) / 12);
  const first = daysBefore(years, ((((month - 1) % 12) + 12) % 12) + 1, 1);
  const rest = hour * 3600 + min * 60 + sec;
  const days = first + day - 1 + Math.floor(rest / DAY);
  const seconds = rest - Math.floor(rest / DAY) * DAY;
  const offset = offsetFor(days, seconds, isdst);
  return integer(BigInt(days) * 86_400n + BigInt(seconds - offset));
}

/** The offset that turns local time into the zone's time. */
function offsetFor(days: number, seconds: number, isdst: boolean | undefined): number {
  const at = (delta: number) => localAt(days, seconds + delta);
  // What applied a day before and a day after: all that can be meant around a change.
  const candidates = [at(-DAY), at(DAY)];
  const fitting = candidates.filter(({ offset }) => at(-offset).offset === offset);
  if (isdst !== undefined) {
    const wanted = fitting.find((zone) => zone.isdst === isdst);
    if (wanted !== undefined) return wanted.offset;
    const around = fitting[0] ?? candidates[0]!;
    for (let delta = STRIDE; delta < REACH; delta += STRIDE) {
      for (const zone of [at(-delta - around.offset), at(delta - around.offset)]) {
        if (zone.isdst === isdst) return zone.offset;
      }
    }
    // A zone without: daylight saving is taken for an hour.
    return around.offset + (isdst ? 3600 : -3600);
  }
  return (fitting[0] ?? candidates[0]!).offset;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const two = (n: number) => String(n).padStart(2, "0");
const spaced = (n: number) => String(n).padStart(2, " ");

/** ISO 8601 week and its year. */
function isoWeek(t: BrokenDown): { week: number; year: number } {
  const weekday = (t.wday + 5) % 7; // Monday is 0
  const week = Math.floor((t.yday - 1 - weekday + 10) / 7);
  if (week < 1) return { week: weeksIn(t.year - 1), year: t.year - 1 };
  if (week > weeksIn(t.year)) return { week: 1, year: t.year + 1 };
  return { week, year: t.year };
}

function weeksIn(year: number): number {
  const day = (y: number) => (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)) % 7;
  return day(year) === 4 || day(year - 1) === 3 ? 53 : 52;
}

function zoneOffset(seconds: number): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/** The last two digits of a year; 4 for -96, as the years are counted. */
function twoDigits(year: number): string {
  return two(((year % 100) + 100) % 100);
}

/** One conversion of strftime in the C locale, by its last letter; undefined if there is no such one. */
export function convert(letter: string, t: BrokenDown): string | undefined {
  // The C library writes years as 32 bits.
  const year = t.year | 0;
  const twelve = t.hour % 12 === 0 ? 12 : t.hour % 12;
  switch (letter) {
    case "a":
      return DAYS[t.wday - 1]?.slice(0, 3);
    case "A":
      return DAYS[t.wday - 1];
    case "b":
    case "h":
      return MONTHS[t.month - 1]?.slice(0, 3);
    case "B":
      return MONTHS[t.month - 1];
    case "c":
      return `${convert("a", t)} ${convert("b", t)} ${spaced(t.day)} ${convert("T", t)} ${year}`;
    case "C":
      return String(Math.floor(year / 100));
    case "d":
      return two(t.day);
    case "D":
    case "x":
      return `${two(t.month)}/${two(t.day)}/${convert("y", t)}`;
    case "e":
      return spaced(t.day);
    case "F":
      return `${year}-${two(t.month)}-${two(t.day)}`;
    case "g":
      return twoDigits(isoWeek(t).year | 0);
    case "G":
      return String(isoWeek(t).year | 0);
    case "H":
      return two(t.hour);
    case "I":
      return two(twelve);
    case "j":
      return String(t.yday).padStart(3, "0");
    case "m":
      return two(t.month);
    case "M":
      return two(t.min);
    case "n":
      return "\n";
    case "p":
      return t.hour < 12 ? "AM" : "PM";
    case "r":
      return `${two(twelve)}:${two(t.min)}:${two(t.sec)} ${convert("p", t)}`;
    case "R":
      return `${two(t.hour)}:${two(t.min)}`;
    case "S":
      return two(t.sec);
    case "t":
      return "\t";
    case "T":
    case "X":
      return `${two(t.hour)}:${two(t.min)}:${two(t.sec)}`;
    case "u":
      return String(((t.wday + 5) % 7) + 1);
    case "U":
      return two(Math.floor((t.yday + 6 - (t.wday - 1)) / 7));
    case "V":
      return two(isoWeek(t).week);
    case "w":
      return String(t.wday - 1);
    case "W":
      return two(Math.floor((t.yday + 6 - ((t.wday + 5) % 7)) / 7));
    case "y":
      return twoDigits(t.year);
    case "Y":
      return String(year);
    case "z":
      return zoneOffset(t.offset);
    case "Z":
      return t.zone;
    case "%":
      return "%";
    default:
      return undefined;
  }
}
