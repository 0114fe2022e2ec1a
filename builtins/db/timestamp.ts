/** Dates and times as the servers print them, turned into RFC 3339 in UTC. */

const PRINTED = /^(\d{4,6})-(\d\d)-(\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?:(Z)|([-+])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?$/;

/**
 * `2024-01-02 03:04:05.678+00` as `2024-01-02T03:04:05.678Z`. A time without a zone counts as UTC, which the sessions
 * are set to. What is not such a time (`infinity`, years BC, MySQL's zero dates) stays as it is.
 */
export function rfc3339(text: string): string {
  // Sessions run in UTC: nearly every value takes this way.
  if (text.length >= 19 && text.charCodeAt(10) === 0x20 && text.charCodeAt(0) <= 0x39 && !text.startsWith("0000-00")) {
    if (text.endsWith("+00")) return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
    if (text.length === 19 || (text.charCodeAt(19) === 0x2e && !/[-+A-Z]/.test(text.slice(20)))) {
      return `${text.slice(0, 10)}T${text.slice(11)}Z`;
    }
  }
  const parts = PRINTED.exec(text);
  if (parts === null || parts[2] === "00" || parts[3] === "00") return text;
  const [, year, month, day, time, fraction = "", zulu, sign, hours, minutes = "00", seconds = "00"] = parts;
  if (sign === undefined || zulu !== undefined) return `${year}-${month}-${day}T${time}${fraction}Z`;
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * (sign === "-" ? -1 : 1);
  const [h, m, s] = time!.split(":").map(Number) as [number, number, number];
  const instant = Date.UTC(Number(year), Number(month) - 1, Number(day), h, m, s) - offset * 1000;
  const shifted = new Date(instant).toISOString().replace(/\.\d+Z$/, "");
  return `${shifted}${fraction}Z`;
}

/** What `rfc3339` gives, for recognising it among parameters. */
export const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/;
