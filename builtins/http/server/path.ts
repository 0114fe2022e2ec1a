/**
 * The one form of a request's path that routing and handlers see, so that no spelling of a path gets around either:
 *
 * 1. percent-escapes are decoded, once, to bytes (`%2F` too: it is a slash); a broken escape, and control
 *    characters however written, are refused;
 * 2. runs of slashes become one;
 * 3. `.` and `..` segments are resolved and never lead above `/`.
 *
 * A slash at the end stays, and nothing else is changed: `;`, `+` and bytes that are not UTF-8 stay as they are.
 */

/** What a path that is in its normal form already does not contain. */
const UNUSUAL = /%|\/\/|\/\.|[\x00-\x1f\x7f]/;

/** The normal form of a path that begins with a slash; undefined if it is refused. */
export function normalPath(raw: string): string | undefined {
  if (!UNUSUAL.test(raw)) return raw;
  const decoded = percentDecode(raw);
  if (decoded === undefined || /[\x00-\x1f\x7f]/.test(decoded)) return undefined;
  const segments: string[] = [];
  const parts = decoded.split("/");
  for (const part of parts) {
    if (part === "" || part === ".") continue;
    if (part === "..") segments.pop();
    else segments.push(part);
  }
  const last = parts[parts.length - 1];
  const folder = last === "" || last === "." || last === "..";
  return segments.length === 0 ? "/" : `/${segments.join("/")}${folder ? "/" : ""}`;
}

/** Percent-decoding to bytes; undefined when an escape is broken. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes("%")) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Decodes one name or value of a query: `+` is a space, broken escapes stay as they are. */
export function queryDecode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  return spaced.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
