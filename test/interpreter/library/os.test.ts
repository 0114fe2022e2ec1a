import { afterAll, beforeAll } from "bun:test";
import { expressions } from "./expressions.ts";

const before = process.env.TZ;
beforeAll(() => {
  // A zone written out: the test needs no zone files.
  process.env.TZ = "CET-1CEST,M3.5.0,M10.5.0/3";
});
afterAll(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

expressions("os.date, manual §6.10", [
  [`os.date("!%c", 0), os.date("!%x %X", 0)`, "Thu Jan  1 00:00:00 1970 01/01/70 00:00:00"],
  [`os.date("!%Y-%m-%dT%H:%M:%SZ", 951782400)`, "2000-02-29T00:00:00Z"],
  [`os.date("!%a %A %b %B %h %p %%", 1e9)`, "Sun Sunday Sep September Sep AM %"],
  [
    `os.date("!%C %D %e %F %g %G %I %j %R %T %u %U %V %w %W %y", 1e9)`,
    "20 09/09/01  9 2001-09-09 01 2001 01 252 01:46 01:46:40 7 36 36 0 36 01",
  ],
  [`os.date("!%r|%n|%t|%z|%Z", 46800)`, "01:00:00 PM|\\10|\\9|+0000|GMT"],
  [
    `os.date("!%Ec %EC %Ex %EX %Ey %EY %Od %Oe %OH %OI %Om %OM %OS %Ou %OU %OV %Ow %OW %Oy", 0)`,
    "Thu Jan  1 00:00:00 1970 19 01/01/70 00:00:00 70 1970 01  1 00 12 01 00 00 4 00 01 4 00 70",
  ],
  [
    `os.date("%c %z %Z", 1711846799), os.date("%T %z %Z", 1711846800)`,
    "Sun Mar 31 01:59:59 2024 +0100 CET 03:00:00 +0200 CEST",
  ],
  [`os.date("%T %Z", 1729987199), os.date("%T %Z", 1729990800)`, "01:59:59 CEST 02:00:00 CET"],
  [
    `(function() local d = os.date("*t", 1711846800) return d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst end)()`,
    "2024 3 31 3 0 0 1 91 true",
  ],
  [`(function() local d = os.date("!*t", 0) return d.year, d.yday, d.wday, d.isdst end)()`, "1970 1 5 false"],
  [`os.date("!%Y", -62135596800), os.date("!%Y", -62167219201), os.date("!%Y", 1 << 40)`, "1 -1 36812"],
  [`os.date("!%Y", 67767976233619199), math.type(os.time(os.date("*t", 1 << 50)))`, "-2147483648 integer"],
  [`os.date(""), os.date("!"), #os.date("\\0\\0"), os.date("!\\0%Y", 0)`, "  2 \\01970"],
  [`#os.date("%d", 0):rep(3), type(os.date())`, "6 string"],
  [`os.date("%Q", 0)`, "! bad argument #1 to 'date' (invalid conversion specifier '%Q')"],
  [`os.date("%", 0)`, "! bad argument #1 to 'date' (invalid conversion specifier '%')"],
  [`os.date("x%Ea%d", 0)`, "! bad argument #1 to 'date' (invalid conversion specifier '%Ea%d')"],
  [`os.date("%Y", 1 << 60)`, "! date result cannot be represented in this installation"],
  [`os.date("*t", math.mininteger)`, "! date result cannot be represented in this installation"],
  [`os.date("%Y", 1.5)`, "! bad argument #2 to 'date' (number has no integer representation)"],
  [`os.date("%Y", "x")`, "! bad argument #2 to 'date' (number expected, got string)"],
]);

expressions("os.time and others", [
  [`os.time{year = 1970, month = 1, day = 1, hour = 1}`, "0"],
  [`os.time{year = 2024, month = 7, day = 1}, os.time{year = 2024, month = 1, day = 1}`, "1719828000 1704106800"],
  [
    `os.time{year = 2024, month = 1, day = 1, isdst = true}, os.time{year = 2024, month = 7, day = 1, isdst = false}`,
    "1704103200 1719831600",
  ],
  [
    `(function() local d = {year = 2024, month = 14, day = -3, hour = 30, min = -5, sec = 100} local t = os.time(d) return t, d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst end)()`,
    "1738126600 2025 1 29 5 56 40 4 29 false",
  ],
  [`os.time{year = 2024, month = 3, day = 31, hour = 2, min = 30}`, "1711848600"],
  [`(function() local t = os.time() return math.abs(os.time(os.date("*t", t)) - t) end)()`, "0"],
  [`os.time(setmetatable({}, {__index = {year = 2000, month = 1, day = 1}}))`, "946724400"],
  [`os.time{year = "2000", month = "1", day = "1"}`, "946724400"],
  [`os.time{year = 2020}`, "! field 'month' missing in date table"],
  [`os.time{hour = 1}`, "! field 'year' missing in date table"],
  [`os.time{year = "x", month = 1, day = 1}`, "! field 'year' is not an integer"],
  [`os.time{year = 2020, month = 1.5, day = 1}`, "! field 'month' is not an integer"],
  [`os.time{year = 1 << 40, month = 1, day = 1}`, "! field 'year' is out-of-bound"],
  [`os.time{year = -(1 << 31) + 1899, month = 1, day = 1}`, "! field 'year' is out-of-bound"],
  [
    `os.time{year = (1 << 31) + 1899, month = 12, day = 32}`,
    "! time result cannot be represented in this installation",
  ],
  [
    `os.time{year = 1970, month = 1, day = 1, hour = 0, min = 59, sec = 59}`,
    "! time result cannot be represented in this installation",
  ],
  [`os.time(5)`, "! bad argument #1 to 'time' (table expected, got number)"],
  [`os.difftime(5, 3), os.difftime(math.maxinteger, 0)`, "2.0 9.2233720368547758e+18"],
  [`os.difftime(1.5, 2)`, "! bad argument #1 to 'difftime' (number has no integer representation)"],
  [`os.difftime(1)`, "! bad argument #2 to 'difftime' (number expected, got no value)"],
  [`math.type(os.clock()), os.getenv("ASSAY_NO_SUCH_VARIABLE"), type(os.getenv("PATH"))`, "float nil string"],
  [`os.getenv()`, "! bad argument #1 to 'getenv' (string expected, got no value)"],
]);
