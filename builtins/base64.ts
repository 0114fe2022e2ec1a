/** Base64 (RFC 4648) of bytes. */
import { failure } from "../interpreter/error.ts";
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { fn, library, returns, string } from "../interpreter/native.ts";

type Alphabet = "base64" | "base64url";

function encode(bytes: string, alphabet: Alphabet): string {
  const size = Math.ceil(bytes.length / 3) * 4;
  reserveMemory(size);
  charge(size);
  return Buffer.from(bytes, "latin1").toString(alphabet);
}

const NOT_BASE64 = /[^A-Za-z0-9+/]/;
const NOT_BASE64URL = /[^A-Za-z0-9_-]/;

function decode(what: string, text: string, alphabet: Alphabet): string {
  reserveMemory(text.length);
  const digits = text.replace(/[ \t\r\n]+/g, "").replace(/={1,2}$/, "");
  const wrong = (alphabet === "base64" ? NOT_BASE64 : NOT_BASE64URL).exec(digits);
  if (wrong !== null) {
    const [found] = wrong;
    const other = alphabet === "base64" ? "base64.decode_url" : "base64.decode";
    const isOther = (alphabet === "base64" ? "-_" : "+/").includes(found);
    const position = text.indexOf(found) + 1;
    throw failure(
      `${what}: ${shown(found)} at position ${position}${isOther ? `; ${other} reads this alphabet` : " is not base64"}`,
    );
  }
  const padding = text.replace(/[^=]+/g, "").length;
  const missing = -digits.length & 3;
  if (missing === 3) throw failure(`${what}: text is cut short`);
  if (padding !== missing && (alphabet === "base64" || padding > 0)) {
    throw failure(`${what}: ${padding < missing ? "padding is missing" : "too much padding"}`);
  }
  const bytes = Buffer.from(digits, alphabet);
  // The bits of the last digit that stand for no byte must be zero: otherwise a digit is wrong, or one is missing.
  if (missing > 0) {
    const last = bytes
      .subarray(bytes.length - (3 - missing))
      .toString(alphabet)
      .replace(/=+$/, "");
    if (!digits.endsWith(last)) throw failure(`${what}: last digit has bits left over`);
  }
  charge(bytes.length);
  return bytes.toString("latin1");
}

function shown(byte: string): string {
  const code = byte.charCodeAt(0);
  return code > 0x20 && code < 0x7f ? `'${byte}'` : `byte 0x${code.toString(16).padStart(2, "0")}`;
}

const RFC = "RFC 4648";
const bytes = string("s", { summary: "any bytes" });
const text = (summary: string) => string("s", { summary });

export const base64Library = library("base64", "Base64 of bytes.", [
  fn("encode", {
    summary: "Encodes bytes as base64, with padding and without line breaks.",
    params: [bytes],
    returns: [returns("text", "string")],
    source: `${RFC} §4`,
    example: `assert(base64.encode("hello\\0") == "aGVsbG8A")`,
    run: (s) => encode(s, "base64"),
  }),
  fn("decode", {
    summary: "Decodes base64.",
    params: [text("base64 with its padding; white space is skipped")],
    returns: [returns("bytes", "string")],
    raises: ["A character is not base64, or the padding is wrong."],
    source: `${RFC} §4`,
    example: `assert(base64.decode("aGVs bG8=") == "hello")`,
    run: (s) => decode("base64.decode", s, "base64"),
  }),
  fn("encode_url", {
    summary: "Encodes bytes in the alphabet that is safe in URLs and file names, without padding.",
    params: [bytes],
    returns: [returns("text", "string")],
    source: `${RFC} §5`,
    example: `assert(base64.encode_url("\\xff\\xfe") == "__4")`,
    run: (s) => encode(s, "base64url"),
  }),
  fn("decode_url", {
    summary: "Decodes the alphabet that is safe in URLs and file names.",
    params: [text("base64url with or without padding; white space is skipped")],
    returns: [returns("bytes", "string")],
    raises: ["A character is not base64url, or there is wrong padding."],
    source: `${RFC} §5`,
    example: `assert(base64.decode_url("__4") == "\\xff\\xfe")`,
    run: (s) => decode("base64.decode_url", s, "base64url"),
  }),
]);
