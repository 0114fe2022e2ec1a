/** The bytes that YAML is made of, for the readers that look at them one by one. */

export const TAB = 0x09;
export const LF = 0x0a;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const AMPERSAND = 0x26;
export const APOSTROPHE = 0x27;
export const ASTERISK = 0x2a;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const PERIOD = 0x2e;
export const COLON = 0x3a;
export const LESS = 0x3c;
export const GREATER = 0x3e;
export const OPEN_LIST = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN_MAP = 0x7b;
export const BAR = 0x7c;
export const CLOSE_MAP = 0x7d;
/** Behind the text stand zeros. */
export const END = 0;
export const PADDING = 8;

/** Whether a byte separates tokens: white space, or the end. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === TAB || byte === END;
}

/** A table that gives the meaning of each byte, 0 for those that have none. */
export function classes(rows: readonly (readonly [bytes: string, meaning: number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [bytes, meaning] of rows) for (const byte of Buffer.from(bytes, "latin1")) table[byte] = meaning;
  return table;
}
