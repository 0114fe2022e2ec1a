/** nunjucks's tokenizer, where Jinja reads a template differently. */
import {
  type LexerOptions,
  lex,
  TOKEN_COMMENT,
  TOKEN_FLOAT,
  TOKEN_INT,
  TOKEN_RIGHT_CURLY,
  TOKEN_SYMBOL,
  type Token,
  type Tokenizer as TokenizerType,
} from "nunjucks/src/lexer.js";
import { Problem, work } from "./problem.ts";

// The class itself is not exported.
const Tokenizer = lex("", {}).constructor as typeof TokenizerType;

/** A token and its node take as long as so many turns of a loop. */
const TOKEN_WORK = 8;
/** Numbers as in Python: underscores between digits, exponents, hexadecimal, octal and binary integers. */
const NUMBER = /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(?:(\.\d[\d_]*)?[eE][+-]?\d[\d_]*|(\.\d[\d_]*))?/y;
const NAME = /^[\p{L}\p{Nl}_][\p{L}\p{N}\p{M}_]*$/u;
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

export class JinjaTokenizer extends Tokenizer {
  /** Braces open in the expression that is being read: `}}` ends it only outside of them. */
  private braces = 0;
  private inComment = false;
  private previousDot = false;
  private readonly lstrip: boolean;

  constructor(source: string, options: LexerOptions) {
    super(source, options);
    this.lstrip = this.lstripBlocks;
  }

  override nextToken(): Token | null {
    work(TOKEN_WORK);
    const token = this.in_code ? this.codeToken() : this.dataToken();
    this.previousDot = token?.value === ".";
    return token;
  }

  private token(type: string, length: number): Token {
    const token = {
      type,
      value: this.str.slice(this.index, this.index + length),
      lineno: this.lineno,
      colno: this.colno,
    };
    this.forwardN(length);
    return token;
  }

  private dataToken(): Token | null {
    this.inComment = this.str.startsWith(this.tags.COMMENT_START, this.index);
    const token = super.nextToken();
    if (this.in_code) {
      this.braces = 0;
      // `{%+` only says that white space in front is kept, which `_matches` saw to.
      this.lstripBlocks = this.lstrip;
      if (this.current() === "+") this.forward();
    } else if (token?.type === TOKEN_COMMENT) this.trimNewline();
    else if (token !== null && this.lstrip && this.isComment()) token.value = withoutIndent(token);
    return token;
  }

  /** Whether a comment begins here that lets the white space in front of it go. */
  private isComment(): boolean {
    return this.str.startsWith(this.tags.COMMENT_START, this.index) && this.str[this.index + 2] !== "+";
  }

  /** Skips the newline behind a tag if tags take theirs. */
  trimNewline(): void {
    if (!this.trimBlocks) return;
    if (this.str.startsWith("\r\n", this.index)) this.forwardN(2);
    else if (this.current() === "\n") this.forward();
  }

  override _matches(text: string): boolean | null {
    // The end of a comment outside of one is ordinary text.
    if (text === this.tags.COMMENT_END && !this.inComment) return false;
    const matches = super._matches(text);
    if (matches && text === this.tags.BLOCK_START && this.str[this.index + 2] === "+") this.lstripBlocks = false;
    return matches;
  }

  private codeToken(): Token | null {
    const { str, index } = this;
    const c = str[index];
    if (c === undefined) return null;
    if (c >= "0" && c <= "9") return this.number();
    if (c === "{") this.braces++;
    else if (c === "}" && this.braces > 0) {
      this.braces--;
      return this.token(TOKEN_RIGHT_CURLY, 1);
    } else if (c === "r" && str[index + 1] === "/") {
      // nunjucks would take it for a regular expression.
      return this.token(TOKEN_SYMBOL, 1);
    } else if (c === "+" && str.startsWith(this.tags.BLOCK_END, index + 1)) {
      // `+%}` keeps the newline behind.
      const trim = this.trimBlocks;
      this.forward();
      this.trimBlocks = false;
      const end = super.nextToken();
      this.trimBlocks = trim;
      return end;
    }
    const token = super.nextToken();
    if (token?.type === TOKEN_SYMBOL && !NAME.test(token.value)) {
      throw new Problem(`unexpected '${token.value.slice(0, 20)}'`, token.lineno + 1);
    }
    return token;
  }

  private number(): Token {
    NUMBER.lastIndex = this.index;
    const [text, fractionOfPower, fraction] = NUMBER.exec(this.str)!;
    // Behind a dot it is an index, as in `list.0.name`.
    if (this.previousDot) return this.token(TOKEN_INT, /^\d*/.exec(text)![0].length);
    const isFloat = fractionOfPower !== undefined || fraction !== undefined || /^\d[\d_]*[eE]/.test(text);
    return this.token(isFloat ? TOKEN_FLOAT : TOKEN_INT, text.length);
  }

  /** Strings as in Python: an unknown escape stays as it is. */
  override _parseString(delimiter: string): string {
    const line = this.lineno + 1;
    this.forward();
    let text = "";
    for (;;) {
      if (this.isFinished()) throw new Problem("string is not closed", line);
      const c = this.current();
      this.forward();
      if (c === delimiter) return text;
      text += c === "\\" ? this.escape() : c;
    }
  }

  private escape(): string {
    const c = this.current();
    const digits = { x: 2, u: 4, U: 8 }[c];
    if (digits !== undefined) {
      const hex = this.str.slice(this.index + 1, this.index + 1 + digits);
      const code = /^[\da-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1;
      if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        throw new Problem("invalid escape sequence", this.lineno + 1);
      this.forwardN(1 + digits);
      return String.fromCodePoint(code);
    }
    this.forward();
    return Object.hasOwn(ESCAPES, c) ? ESCAPES[c]! : `\\${c}`;
  }
}

/** A token's text without the blanks at its end, if they begin their line. */
function withoutIndent({ value, colno }: Token): string {
  let end = value.length;
  while (value[end - 1] === " " || value[end - 1] === "\t") end--;
  const beginsLine = end === 0 ? colno === 0 : value[end - 1] === "\n";
  return beginsLine ? value.slice(0, end) : value;
}
