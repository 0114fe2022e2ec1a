/**
 * Strings out of the bytes of a document. Documents repeat short ones, keys above all: those seen lately are kept, and a
 * string found among them is not made again. Never substrings of the text: these would keep the whole text alive for as
 * long as a script keeps one name out of it.
 */

/** Up to which length strings are looked for, and how many of them are kept. */
const SHORT = 24;
const KNOWN = 1 << 10;

const known: string[] = new Array(KNOWN).fill("");
const knownLengths = new Uint8Array(KNOWN);
const knownBytes = new Uint8Array(KNOWN * SHORT);

/** The bytes [start, end) as a string, one character a byte. */
export function stringOf(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return "";
  if (length > SHORT) return bytes.toString("latin1", start, end);
  const sample =
    bytes[start]! + bytes[end - 1]! * 3 + bytes[start + (length >> 1)]! * 11 + bytes[end - (length >> 2) - 1]! * 31;
  const at = (sample + length * 61) & (KNOWN - 1);
  const from = at * SHORT;
  if (knownLengths[at] === length) {
    let i = 0;
    while (i < length && knownBytes[from + i] === bytes[start + i]) i++;
    if (i === length) return known[at]!;
  }
  const made = bytes.toString("latin1", start, end);
  known[at] = made;
  knownLengths[at] = length;
  for (let i = 0; i < length; i++) knownBytes[from + i] = bytes[start + i]!;
  return made;
}
