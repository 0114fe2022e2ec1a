/**
 * Byte strings to and from JavaScript text. Lua strings hold one byte per char; text formats and host interfaces
 * want UTF-16. Pure ASCII, by far the common case, is the same in both.
 */

const ASCII = /^[\x00-\x7f]*$/;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text that UTF-8 bytes stand for; `undefined` when they are not valid UTF-8. */
export function toText(bytes: string): string | undefined {
  if (ASCII.test(bytes)) return bytes;
  try {
    return decoder.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}

/** The same for messages and terminals: invalid bytes become U+FFFD. */
export function toTextLossy(bytes: string): string {
  return ASCII.test(bytes) ? bytes : lossyDecoder.decode(Buffer.from(bytes, "latin1"));
}

/** UTF-8 bytes of a text. */
export function fromText(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** The part in front of the first zero byte: what the reference shows of a name in a message. */
export function upToZero(bytes: string): string {
  const end = bytes.indexOf("\0");
  return end < 0 ? bytes : bytes.slice(0, end);
}

/** The bytes of a byte string, as a buffer of their own. */
export function toBuffer(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}

/** A byte string from a buffer. */
export function fromBuffer(buffer: Uint8Array): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString("latin1");
}
