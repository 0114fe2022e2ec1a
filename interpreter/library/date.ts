/** Dates as `os.date` and `os.time` see them (manual §6.10): broken-down times, and strftime in the C locale. */

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
  /** Offset from UTC in minutes, and the name of the zone. */
  offset: number;
  zone: string;
  /** Seconds since the epoch. */
  time: number;
}

const DAY_MS = 86_400_000;

/** Seconds since the epoch as local time or UTC; undefined if that is beyond what dates can hold. */
export function breakDown(seconds: number, utc: boolean): BrokenDown | undefined {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  if (utc) return fields(date, 0, "GMT", false, seconds);
  const offset = -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offset * 60_000);
  return fields(shifted, offset, zoneName(date), offset !== standardOffset(date), seconds);
}

function fields(date: Date, offset: number, zone: string, isdst: boolean, time: number): BrokenDown {
  const year = date.getUTCFullYear();
  const first = new Date(0);
  first.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    min: date.getUTCMinutes(),
    sec: date.getUTCSeconds(),
    wday: date.getUTCDay() + 1,
    yday: Math.floor((date.getTime() - first.getTime()) / DAY_MS) + 1,
    isdst,
    offset,
    zone,
    time,
  };
}

/** The offset without daylight saving: the smaller of January's and July's. */
function standardOffset(date: Date): number {
  const year = date.getFullYear();
  return -Math.max(new Date(year, 0, 1).getTimezoneOffset(), new Date(year, 6, 1).getTimezoneOffset());
}

function zoneName(date: Date): string {
  const text = date.toLocaleTimeString("en-US", { timeZoneName: "short" });
  return /[A-Z]{2,5}$|GMT[-+\d:]*$/.exec(text)?.[0] ?? "UTC";
}

/** Local time to seconds since the epoch; fields may be out of their ranges (C's mktime). */
export function makeTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  min: number,
  sec: number,
  isdst: boolean,
): number {
  const date = new Date(2000, 0, 1, 0, 0, 0);
  date.setFullYear(year, month - 1, day);
  date.setHours(hour, min, sec, 0);
  const time = date.getTime() / 1000;
  // A daylight saving time given where none is in force is an hour ahead.
  if (isdst && -date.getTimezoneOffset() === standardOffset(date)) return time - 3600;
  return time;
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

function zoneOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** One conversion of strftime in the C locale, by its last letter; undefined if there is no such one. */
export function convert(letter: string, t: BrokenDown): string | undefined {
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
      return `${convert("a", t)} ${convert("b", t)} ${spaced(t.day)} ${convert("T", t)} ${t.year}`;
    case "C":
      return two(Math.floor(t.year / 100));
    case "d":
      return two(t.day);
    case "D":
    case "x":
      return `${two(t.month)}/${two(t.day)}/${convert("y", t)}`;
    case "e":
      return spaced(t.day);
    case "F":
      return `${t.year}-${two(t.month)}-${two(t.day)}`;
    case "g":
      return two(((isoWeek(t).year % 100) + 100) % 100);
    case "G":
      return String(isoWeek(t).year);
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
    case "s":
      return String(t.time);
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
      return two(((t.year % 100) + 100) % 100);
    case "Y":
      return String(t.year);
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
