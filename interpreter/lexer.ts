/**
 * Lua's lexical conventions (manual §3.1), exactly: the same tokens, the same line counts and the same errors as the
 * reference. `diagnose.ts` reads chunks with it. luaparse has a lexer of its own, whose answers differ.
 *
 * Sources are byte strings: one char per byte, 0 to 255.
 */
import { chunkId } from "./chunk.ts";

/** A chunk was refused. The message is complete: `script.lua:3: unexpected symbol near '%'`. */
export class SyntaxFailure {
  constructor(readonly message: string) {}
}

/** What a token is; a token of one character is its own char code, so `"+".charCodeAt(0)` is the token `+`. */
export enum Token {
  And = 256,
  Break,
  Do,
  Else,
  Elseif,
  End,
  False,
  For,
  Function,
  Goto,
  If,
  In,
  Local,
  Nil,
  Not,
  Or,
  Repeat,
  Return,
  Then,
  True,
  Until,
  While,
  IntegerDivide,
  Concat,
  Dots,
  Equal,
  GreaterEqual,
  LessEqual,
  NotEqual,
  ShiftLeft,
  ShiftRight,
  DoubleColon,
  Eof,
  Number,
  Name,
  String,
}

/** How messages call the tokens from `Token.And` on, in that order. */
const TOKEN_TEXT = (
  "and break do else elseif end false for function goto if in local nil not or repeat return then true until while " +
  "// .. ... == >= <= ~= << >> :: <eof> <number> <name> <string>"
).split(" ");

/** `global` is not among them: the reference keeps it a name wherever no declaration can start (LUA_COMPAT_GLOBAL). */
const RESERVED = new Map<string, Token>();
for (let token = Token.And; token <= Token.While; token++) RESERVED.set(TOKEN_TEXT[token - Token.And]!, token);

const ALPHA = 1;
const DIGIT = 2;
const HEX = 4;
const SPACE = 8;

/** Classes of the 256 bytes. Letters are ASCII letters and the underscore, whatever the locale. */
const CLASS = new Uint8Array(256);
for (const [chars, classes] of [
  ["ABCDEFabcdef", ALPHA | HEX],
  ["GHIJKLMNOPQRSTUVWXYZghijklmnopqrstuvwxyz_", ALPHA],
  ["0123456789", DIGIT | HEX],
  [" \f\n\r\t\v", SPACE],
] as const)
  for (const char of chars) CLASS[char.charCodeAt(0)] = classes;

/** What the byte `code` is; 0 for the NaN that stands for the end. */
function is(code: number, classes: number): boolean {
  return code < 256 && (CLASS[code]! & classes) !== 0;
}

/** A numeral that `lua_stringtonumber` takes (manual §3.1); the scanner gathers more than that. */
const NUMERAL =
  /^(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)$/;

/** luaparse wants a hexadecimal digit before the dot. */
const NO_DIGIT_BEFORE_DOT = /^0[xX]\./;
/** The largest code point that luaparse takes in `\u{XXX}`. */
const MAX_UNICODE = 0x10ffff;

const NEWLINE = 10;
const RETURN = 13;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const ZERO = 48;
const COLON = 58;
const LESS = 60;
const EQUAL = 61;
const GREATER = 62;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const TILDE = 126;

/**
 * Reads tokens one by one, with one token of lookahead. As in the reference (llex.c), `line` is where scanning has got
 * to, which is the end of the current token, or of the lookahead once there is one; errors are reported there.
 */
export class Lexer {
  /** The current token and where it lies in the source. */
  token: number = Token.Eof;
  start = 0;
  end = 0;
  line = 1;
  /** Tokens read so far. */
  count = 0;
  /** The line of the last token consumed, where errors of meaning are reported. */
  lastLine = 1;
  /** Spans of valid tokens that luaparse refuses, as flat pairs of start and end. */
  readonly unknownToLuaparse: number[] = [];

  private position = 0;
  private scannedStart = 0;
  private aheadToken: number = Token.Eof;
  private aheadStart = 0;
  private aheadEnd = 0;
  /** Whether the string being scanned has an escape sequence that luaparse refuses. */
  private largeCodePoint = false;

  constructor(
    readonly source: string,
    readonly chunkName: string,
  ) {}

  /** Goes on to the next token. */
  next(): void {
    this.count++;
    this.lastLine = this.line;
    if (this.aheadToken !== Token.Eof) {
      this.token = this.aheadToken;
      this.start = this.aheadStart;
      this.end = this.aheadEnd;
      this.aheadToken = Token.Eof;
    } else {
      this.token = this.scan();
      this.start = this.scannedStart;
      this.end = this.position;
    }
  }

  /** The token after the current one. To be asked once for each current token. */
  lookahead(): number {
    this.aheadToken = this.scan();
    this.aheadStart = this.scannedStart;
    this.aheadEnd = this.position;
    return this.aheadToken;
  }

  /** The current token as it stands in the source. */
  text(): string {
    return this.source.slice(this.start, this.end);
  }

  /** Refuses the chunk because of the current token. */
  fail(message: string): never {
    this.raise(message, this.token, this.start, this.end);
  }

  /** Refuses the chunk for what the last tokens mean, not for where they stand: no "near" and one token back. */
  failMeaning(message: string): never {
    throw new SyntaxFailure(`${chunkId(this.chunkName)}:${this.lastLine}: ${message}`);
  }

  private raise(message: string, token: number, start: number, end: number): never {
    message = `${chunkId(this.chunkName)}:${this.line}: ${message}`;
    if (token === Token.String) message += ` near ${quoted(spelling(this.source, start, end))}`;
    else if (token === Token.Name || token === Token.Number)
      message += ` near ${quoted(this.source.slice(start, end))}`;
    else if (token !== 0) message += ` near ${tokenText(token)}`; // the reference takes a NUL for "no token"
    throw new SyntaxFailure(message);
  }

  /** Refuses the token being scanned, showing it as far as it has been read. */
  private raiseWithin(message: string, token: Token): never {
    this.raise(message, token, this.scannedStart, this.position);
  }

  private scan(): number {
    const { source } = this;
    for (;;) {
      const at = this.position;
      const code = source.charCodeAt(at);
      this.scannedStart = at;
      if (is(code, ALPHA)) return this.scanName();
      if (is(code, DIGIT)) return this.scanNumeral();
      switch (code) {
        case NEWLINE:
        case RETURN:
          this.skipNewline();
          continue;
        case 32:
        case 12:
        case 9:
        case 11:
          this.position++;
          continue;
        case MINUS:
          if (source.charCodeAt(at + 1) !== MINUS) return this.punctuation(MINUS, 1);
          this.skipComment();
          continue;
        case OPEN_BRACKET: {
          const level = this.longBracketLevel(at);
          if (level >= 0) {
            this.scanLongBracket(level, "string");
            return Token.String;
          }
          if (source.charCodeAt(at + 1) !== EQUAL) return this.punctuation(OPEN_BRACKET, 1);
          this.position++;
          while (source.charCodeAt(this.position) === EQUAL) this.position++;
          return this.raiseWithin("invalid long string delimiter", Token.String);
        }
        case EQUAL:
          return source.charCodeAt(at + 1) === EQUAL ? this.punctuation(Token.Equal, 2) : this.punctuation(code, 1);
        case LESS:
          switch (source.charCodeAt(at + 1)) {
            case EQUAL:
              return this.punctuation(Token.LessEqual, 2);
            case LESS:
              return this.punctuation(Token.ShiftLeft, 2);
          }
          return this.punctuation(code, 1);
        case GREATER:
          switch (source.charCodeAt(at + 1)) {
            case EQUAL:
              return this.punctuation(Token.GreaterEqual, 2);
            case GREATER:
              return this.punctuation(Token.ShiftRight, 2);
          }
          return this.punctuation(code, 1);
        case SLASH:
          return source.charCodeAt(at + 1) === SLASH
            ? this.punctuation(Token.IntegerDivide, 2)
            : this.punctuation(code, 1);
        case TILDE:
          return source.charCodeAt(at + 1) === EQUAL ? this.punctuation(Token.NotEqual, 2) : this.punctuation(code, 1);
        case COLON:
          return source.charCodeAt(at + 1) === COLON
            ? this.punctuation(Token.DoubleColon, 2)
            : this.punctuation(code, 1);
        case DOUBLE_QUOTE:
        case SINGLE_QUOTE:
          return this.scanString(code);
        case DOT:
          if (source.charCodeAt(at + 1) === DOT)
            return source.charCodeAt(at + 2) === DOT
              ? this.punctuation(Token.Dots, 3)
              : this.punctuation(Token.Concat, 2);
          if (is(source.charCodeAt(at + 1), DIGIT)) return this.scanNumeral();
          return this.punctuation(DOT, 1);
        default:
          if (at >= source.length) return Token.Eof;
          return this.punctuation(code, 1);
      }
    }
  }

  private punctuation(token: number, length: number): number {
    this.position += length;
    return token;
  }

  private scanName(): number {
    const { source } = this;
    let at = this.position;
    do at++;
    while (is(source.charCodeAt(at), ALPHA | DIGIT));
    this.position = at;
    return RESERVED.get(source.slice(this.scannedStart, at)) ?? Token.Name;
  }

  /** Gathers digits, dots, exponents and one letter that touches them, and only then asks whether that is a number. */
  private scanNumeral(): number {
    const { source } = this;
    let at = this.position;
    let exponent = 101; // e
    if (source.charCodeAt(at) === DOT) at++;
    if (source.charCodeAt(at) === ZERO && (source.charCodeAt(at + 1) | 32) === 120) {
      exponent = 112; // p
      at += 2;
    }
    for (;;) {
      const code = source.charCodeAt(at);
      if ((code | 32) === exponent) {
        const sign = source.charCodeAt(++at);
        if (sign === PLUS || sign === MINUS) at++;
      } else if (is(code, HEX) || code === DOT) at++;
      else break;
    }
    if (is(source.charCodeAt(at), ALPHA)) at++;
    this.position = at;
    const numeral = source.slice(this.scannedStart, at);
    if (!NUMERAL.test(numeral)) this.raiseWithin("malformed number", Token.Number);
    if (NO_DIGIT_BEFORE_DOT.test(numeral)) this.unknownToLuaparse.push(this.scannedStart, at);
    return Token.Number;
  }

  private scanString(delimiter: number): number {
    const { source } = this;
    this.largeCodePoint = false;
    this.position++;
    for (;;) {
      const code = source.charCodeAt(this.position);
      if (code === delimiter) break;
      if (code === BACKSLASH) this.skipEscape();
      else if (code === NEWLINE || code === RETURN) this.raiseWithin("unfinished string", Token.String);
      else if (this.position >= source.length) this.raiseWithin("unfinished string", Token.Eof);
      else this.position++;
    }
    this.position++;
    if (this.largeCodePoint) this.unknownToLuaparse.push(this.scannedStart, this.position);
    return Token.String;
  }

  /** Skips an escape sequence, the backslash being current, and checks it (manual §3.1). */
  private skipEscape(): void {
    const { source } = this;
    const code = source.charCodeAt(++this.position);
    switch (code) {
      case 97: // a
      case 98: // b
      case 102: // f
      case 110: // n
      case 114: // r
      case 116: // t
      case 118: // v
      case BACKSLASH:
      case DOUBLE_QUOTE:
      case SINGLE_QUOTE:
        this.position++;
        return;
      case NEWLINE:
      case RETURN:
        this.skipNewline();
        return;
      case 120: // x
        for (let digit = 0; digit < 2; digit++) {
          this.position++;
          this.escapeNeeds(is(source.charCodeAt(this.position), HEX), "hexadecimal digit expected");
        }
        this.position++;
        return;
      case 117: // u
        this.skipUnicodeEscape();
        return;
      case 122: // z
        this.position++;
        while (is(source.charCodeAt(this.position), SPACE)) {
          const space = source.charCodeAt(this.position);
          if (space === NEWLINE || space === RETURN) this.skipNewline();
          else this.position++;
        }
        return;
    }
    if (this.position >= source.length) return; // reported as an unfinished string
    this.escapeNeeds(is(code, DIGIT), "invalid escape sequence");
    let value = 0;
    for (let digits = 0; digits < 3 && is(source.charCodeAt(this.position), DIGIT); digits++)
      value = value * 10 + source.charCodeAt(this.position++) - ZERO;
    this.escapeNeeds(value <= 255, "decimal escape too large");
  }

  private skipUnicodeEscape(): void {
    const { source } = this;
    this.position++;
    this.escapeNeeds(source.charCodeAt(this.position) === OPEN_BRACE, "missing '{'");
    this.position++;
    this.escapeNeeds(is(source.charCodeAt(this.position), HEX), "hexadecimal digit expected");
    let value = Number.parseInt(source[this.position]!, 16);
    for (;;) {
      this.position++;
      if (!is(source.charCodeAt(this.position), HEX)) break;
      this.escapeNeeds(value <= 0x7fffffff >> 4, "UTF-8 value too large");
      value = value * 16 + Number.parseInt(source[this.position]!, 16);
    }
    this.escapeNeeds(source.charCodeAt(this.position) === CLOSE_BRACE, "missing '}'");
    this.position++;
    if (value > MAX_UNICODE) this.largeCodePoint = true;
  }

  /** Unless `holds`, refuses the escape sequence being read, showing the string up to and with the current byte. */
  private escapeNeeds(holds: boolean, message: string): void {
    if (holds) return;
    if (this.position < this.source.length) this.position++;
    this.raiseWithin(message, Token.String);
  }

  /** The number of signs in the `[==[` at `at`, or -1 if there is no long bracket. */
  private longBracketLevel(at: number): number {
    let end = at + 1;
    while (this.source.charCodeAt(end) === EQUAL) end++;
    return this.source.charCodeAt(end) === OPEN_BRACKET ? end - at - 1 : -1;
  }

  /** Skips a long bracket that opens at the current position. */
  private scanLongBracket(level: number, what: "string" | "comment"): void {
    const { source } = this;
    const from = this.line;
    const close = source.indexOf(`]${"=".repeat(level)}]`, this.position + level + 2);
    const end = close < 0 ? source.length : close + level + 2;
    this.position += level + 2;
    this.line += newlinesIn(source, this.position, end);
    this.position = end;
    if (close < 0) this.raiseWithin(`unfinished long ${what} (starting at line ${from})`, Token.Eof);
  }

  /** Skips a comment that starts at the current position. */
  private skipComment(): void {
    const { source } = this;
    this.position += 2;
    if (source.charCodeAt(this.position) === OPEN_BRACKET) {
      const level = this.longBracketLevel(this.position);
      if (level >= 0) {
        this.scanLongBracket(level, "comment");
        return;
      }
    }
    this.position = endOfLine(source, this.position);
  }

  /** Skips `\n`, `\r`, `\r\n` or `\n\r`, each of which is one line break. */
  private skipNewline(): void {
    this.position = afterNewline(this.source, this.position);
    this.line++;
  }
}

/** How messages name a token: `'while'`, `'+'`, `<eof>`, `'<\1>'` for a control character. */
function tokenText(token: number): string {
  if (token >= Token.And) {
    const text = TOKEN_TEXT[token - Token.And]!;
    return token < Token.Eof ? `'${text}'` : text;
  }
  return token >= 32 && token < 127 ? `'${String.fromCharCode(token)}'` : `'<\\${token}>'`;
}

/** Messages are C strings in the reference: what follows a NUL is not shown. */
function quoted(text: string): string {
  const nul = text.indexOf("\0");
  return `'${nul < 0 ? text : text.slice(0, nul)}'`;
}

/** The offset of the line break that ends the line, or of the end of the source. */
function endOfLine(source: string, at: number): number {
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === NEWLINE || code === RETURN) break;
    at++;
  }
  return at;
}

/** The offset after the line break at `at`. */
function afterNewline(source: string, at: number): number {
  const next = source.charCodeAt(at + 1);
  return (next === NEWLINE || next === RETURN) && next !== source.charCodeAt(at) ? at + 2 : at + 1;
}

function newlinesIn(source: string, from: number, to: number): number {
  let count = 0;
  while (from < to) {
    const code = source.charCodeAt(from);
    if (code === NEWLINE || code === RETURN) {
      count++;
      from = afterNewline(source, from);
    } else from++;
  }
  return count;
}

/** The offset after the comment that starts at `at`; the source is known to be valid. */
export function afterComment(source: string, at: number): number {
  if (source.charCodeAt(at + 2) === OPEN_BRACKET) {
    let end = at + 3;
    while (source.charCodeAt(end) === EQUAL) end++;
    if (source.charCodeAt(end) === OPEN_BRACKET) {
      const close = `]${"=".repeat(end - at - 3)}]`;
      return source.indexOf(close, end + 1) + close.length;
    }
  }
  return endOfLine(source, at + 2);
}

/** The bytes that the string literal in `source` from `start` to `end` denotes (manual §3.1). It is known to be valid. */
export function decodeString(source: string, start: number, end: number): string {
  if (source.charCodeAt(start) !== OPEN_BRACKET) return decodeEscapes(source, start + 1, end - 1);
  const level = source.indexOf("[", start + 1) - start + 1;
  let text = source.slice(start + level, end - level);
  if (text.includes("\r")) text = text.replace(/\r\n|\n\r|\r/g, "\n");
  return text.charCodeAt(0) === NEWLINE ? text.slice(1) : text;
}

/** A string token as messages show it: with its delimiters, but decoded. It may be cut short by an error. */
function spelling(source: string, start: number, end: number): string {
  if (source.charCodeAt(start) !== OPEN_BRACKET) return decodeEscapes(source, start, end);
  const open = source.indexOf("[", start + 1);
  if (open < 0 || open >= end) return source.slice(start, end); // an invalid delimiter
  const level = open - start + 1;
  return source.slice(start, start + level) + decodeString(source, start, end) + source.slice(end - level, end);
}

const SIMPLE_ESCAPES: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** Decodes the escape sequences from `at` to `end`; one that `end` cuts short stays as it is. */
function decodeEscapes(source: string, at: number, end: number): string {
  let backslash = source.indexOf("\\", at);
  if (backslash < 0 || backslash >= end) return source.slice(at, end);
  const parts: string[] = [];
  while (backslash >= 0 && backslash < end) {
    parts.push(source.slice(at, backslash));
    const char = source[backslash + 1]!;
    const simple = SIMPLE_ESCAPES[char];
    at = backslash + 2;
    if (at > end) {
      at = backslash;
      break;
    }
    if (simple !== undefined) parts.push(simple);
    else if (char === "\n" || char === "\r") {
      parts.push("\n");
      at = afterNewline(source, at - 1);
    } else if (char === "z") {
      while (at < end && is(source.charCodeAt(at), SPACE)) at++;
    } else {
      const match = /x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\}|([0-9]{1,3})/y;
      match.lastIndex = at - 1;
      const [all, hex, unicode, decimal] = match.exec(source) ?? [""];
      if (all === "" || at - 1 + all.length > end || Number(decimal) > 255) {
        at = backslash; // what the error is about
        break;
      }
      if (unicode !== undefined) parts.push(encodeUtf8(Number.parseInt(unicode, 16)));
      else parts.push(String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)));
      at += all.length - 1;
    }
    backslash = source.indexOf("\\", at);
  }
  parts.push(source.slice(at, end));
  return parts.join("");
}

/** The bytes of a code point below 2^31, as UTF-8 before it was cut down to 2^21 (manual §3.1). */
function encodeUtf8(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  let tail = "";
  let firstByteMax = 0x3f;
  do {
    tail = String.fromCharCode(0x80 | (code & 0x3f)) + tail;
    code >>= 6;
    firstByteMax >>= 1;
  } while (code > firstByteMax);
  return String.fromCharCode(((~firstByteMax << 1) & 0xff) | code) + tail;
}
