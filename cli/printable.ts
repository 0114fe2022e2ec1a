/** Text from outside (responses, error messages, file contents) made harmless for terminals and line-based readers. */

const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text on one line, control characters as escapes. */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, (c) => NAMED[c] ?? escaped(c));
}

/** The same, but lines stay lines, and tabs tabs. */
export function printableLines(text: string): string {
  return text.replace(CONTROLS, (c) => (c === "\n" || c === "\t" ? c : escaped(c)));
}

function escaped(c: string): string {
  const code = c.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}

/** At most `length` characters; what is cut off is said. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}
