/**
 * SQL text as far as the client has to know it: how many parameters it takes, whether it is one statement, and which
 * one. A scanner, not a parser: it only tells code from strings, quoted names and comments.
 */

export type Dialect = "postgres" | "mysql" | "sqlite";

export interface Placeholder {
  /** Offsets in the SQL text, the end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Which parameter, from 1. */
  readonly index: number;
}

export interface Scanned {
  /** The text to be sent: as given, but SQLite's `$1` is written `?1`, of the same length. */
  readonly text: string;
  /** The first words of the statement in lower case, such as `["create", "table"]`. */
  readonly words: readonly string[];
  /** How many parameters it takes. */
  readonly parameters: number;
  readonly placeholders: readonly Placeholder[];
  /** Whether something follows the first statement. */
  readonly several: boolean;
  /** Offset behind the `;` that ends the first statement; undefined without one. */
  readonly end: number | undefined;
  /** A named parameter such as `:name`, which is not supported. */
  readonly named: string | undefined;
  /** Literal or parameter that names the file of SQLite's ATTACH and VACUUM INTO; see sqlite-guard.ts. */
  readonly tokens: readonly Token[];
}

export interface Token {
  readonly kind: "word" | "string" | "name" | "number" | "parameter" | "symbol";
  /** As written, quotes included. */
  readonly text: string;
}

/** How many tokens are kept: enough to recognise a statement and its file name. */
const KEPT_TOKENS = 16;
/** Statements are often repeated: what the scanner found about the last ones. */
const CACHE_SIZE = 300;
const CACHED_LENGTH = 4000;

const caches: Record<Dialect, Map<string, Scanned>> = { postgres: new Map(), mysql: new Map(), sqlite: new Map() };

export function scan(sql: string, dialect: Dialect): Scanned {
  const cache = caches[dialect];
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const scanned = new Scanner(sql, dialect).run();
  if (sql.length <= CACHED_LENGTH) {
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(sql, scanned);
  }
  return scanned;
}

const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/y;
const DIGITS = /\d+/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const NAME = /[A-Za-z0-9_\u0080-\uffff]+/y;

/** The statements of a script, without the blanks around them; comments stay with the statement that follows. */
export function split(script: string, dialect: Dialect): string[] {
  const out: string[] = [];
  let rest = script;
  for (;;) {
    const { tokens, end } = new Scanner(rest, dialect).run();
    if (tokens.length === 0) return out;
    out.push(rest.slice(0, end).trim());
    if (end === undefined) return out;
    rest = rest.slice(end);
  }
}

class Scanner {
  private at = 0;
  private readonly tokens: Token[] = [];
  private readonly placeholders: Placeholder[] = [];
  private count = 0;
  private named: string | undefined = undefined;
  private several = false;
  /** Offset behind the `;` at the top that has ended the statement. */
  private ended: number | undefined = undefined;
  /** PostgreSQL's parentheses, and the blocks of a routine's body (`begin atomic`, `case`), that are open. */
  private parentheses = 0;
  private blocks = 0;
  /** The last two tokens, for the `; END ;` that ends a SQLite trigger. */
  private previous = "";
  private beforePrevious = "";
  private readonly dollars: number[] = [];

  constructor(
    private readonly sql: string,
    private readonly dialect: Dialect,
  ) {}

  run(): Scanned {
    const { sql } = this;
    while (this.at < sql.length && !this.several) this.step();
    let text = sql;
    if (this.dollars.length > 0) {
      const chars = sql.split("");
      for (const at of this.dollars) chars[at] = "?";
      text = chars.join("");
    }
    const words: string[] = [];
    for (const token of this.tokens) {
      if (token.kind !== "word") break;
      words.push(token.text.toLowerCase());
    }
    return {
      text,
      words,
      parameters: this.count,
      placeholders: this.placeholders,
      several: this.several,
      end: this.ended,
      named: this.named,
      tokens: this.tokens,
    };
  }

  private step(): void {
    const { sql, dialect } = this;
    const char = sql[this.at]!;
    switch (char) {
      case " ":
      case "\t":
      case "\r":
      case "\n":
      case "\f":
      case "\v":
        this.at++;
        return;
      case "-":
        if (this.isLineComment()) this.skipLine();
        else this.symbol();
        return;
      case "#":
        if (dialect === "mysql") this.skipLine();
        else this.symbol();
        return;
      case "/":
        if (sql[this.at + 1] === "*") this.blockComment();
        else this.symbol();
        return;
      case "*":
        // The end of MySQL's `/*! code */`, whose inside counts as code.
        if (dialect === "mysql" && sql[this.at + 1] === "/") this.at += 2;
        else this.symbol();
        return;
      case "'":
        this.quoted("'", "string", dialect === "mysql" || this.isEscapeString());
        return;
      case '"':
        this.quoted('"', dialect === "mysql" ? "string" : "name", dialect === "mysql");
        return;
      case "`":
        if (dialect === "postgres") this.symbol();
        else this.quoted("`", "name", false);
        return;
      case "[":
        if (dialect === "sqlite") this.quoted("]", "name", false);
        else this.symbol();
        return;
      case "?":
        this.question();
        return;
      case "$":
        this.dollar();
        return;
      case ":":
      case "@":
        if (dialect === "sqlite") this.name();
        else this.symbol();
        return;
      case ";":
        this.semicolon();
        return;
      default:
        if (this.match(WORD, "word") || this.match(NUMBER, "number")) return;
        this.symbol();
    }
  }

  private push(kind: Token["kind"], end: number): void {
    if (this.ended !== undefined) this.several = true;
    const text = this.sql.slice(this.at, end);
    this.beforePrevious = this.previous;
    this.previous = kind === "word" || kind === "symbol" ? text.toLowerCase() : kind;
    if (this.tokens.length < KEPT_TOKENS) this.tokens.push({ kind, text });
    if (this.dialect === "postgres") this.nest(this.previous);
    this.at = end;
  }

  /** Where a `;` is inside of a PostgreSQL statement: in parentheses and in the bodies of routines, as psql sees it. */
  private nest(token: string): void {
    if (token === "(") this.parentheses++;
    else if (token === ")") this.parentheses = Math.max(0, this.parentheses - 1);
    else if (this.parentheses > 0 || !this.isRoutine()) return;
    else if (token === "begin" || (token === "case" && this.blocks > 0)) this.blocks++;
    else if (token === "end") this.blocks = Math.max(0, this.blocks - 1);
  }

  private isRoutine(): boolean {
    const words = this.tokens.slice(0, 4).map((token) => token.text.toLowerCase());
    return /^create (?:or replace )?(?:function|procedure)\b/.test(words.join(" "));
  }

  private match(pattern: RegExp, kind: Token["kind"]): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.sql);
    if (found === null) return false;
    this.push(kind, pattern.lastIndex);
    return true;
  }

  private symbol(): void {
    this.push("symbol", this.at + 1);
  }

  private semicolon(): void {
    if (this.isInside()) {
      this.symbol();
      return;
    }
    this.beforePrevious = this.previous;
    this.previous = ";";
    this.at++;
    // An empty statement in front is none.
    if (this.tokens.length > 0) this.ended ??= this.at;
  }

  /** Whether a `;` here belongs to the statement. */
  private isInside(): boolean {
    if (this.dialect === "postgres") return this.parentheses > 0 || this.blocks > 0;
    return this.isTrigger() && !(this.previous === "end" && this.beforePrevious === ";");
  }

  /** Whether the statement may hold others inside: only SQLite's needs care, MySQL's server looks for itself. */
  private isTrigger(): boolean {
    const words = this.tokens.slice(0, 3).map((token) => token.text.toLowerCase());
    if (words[0] !== "create") return this.dialect === "mysql" && words[0] === "begin" && words[1] === "not";
    if (this.dialect !== "sqlite") return !/^(?:unique|index|table|view|database|schema)$/.test(words[1] ?? "");
    return words[1] === "trigger" || ((words[1] === "temp" || words[1] === "temporary") && words[2] === "trigger");
  }

  private isLineComment(): boolean {
    if (this.sql[this.at + 1] !== "-") return false;
    if (this.dialect !== "mysql") return true;
    const next = this.sql[this.at + 2];
    return next === undefined || next <= " ";
  }

  private skipLine(): void {
    const end = this.sql.indexOf("\n", this.at);
    this.at = end < 0 ? this.sql.length : end + 1;
  }

  private blockComment(): void {
    const { sql, dialect } = this;
    if (dialect === "mysql" && /^\/\*M?!/.test(sql.slice(this.at, this.at + 4))) {
      DIGITS.lastIndex = this.at + (sql[this.at + 2] === "M" ? 4 : 3);
      this.at = DIGITS.lastIndex;
      if (DIGITS.exec(sql) !== null) this.at = DIGITS.lastIndex;
      return;
    }
    let depth = 1;
    let at = this.at + 2;
    while (at < sql.length && depth > 0) {
      if (sql[at] === "*" && sql[at + 1] === "/") {
        depth--;
        at += 2;
      } else if (dialect === "postgres" && sql[at] === "/" && sql[at + 1] === "*") {
        depth++;
        at += 2;
      } else at++;
    }
    this.at = at;
  }

  /** PostgreSQL's `E'…'`: the E is the word just before. */
  private isEscapeString(): boolean {
    if (this.dialect !== "postgres") return false;
    return this.previous === "e" && /[eE]/.test(this.sql[this.at - 1] ?? "");
  }

  private quoted(close: string, kind: "string" | "name", backslash: boolean): void {
    const { sql } = this;
    let at = this.at + 1;
    for (; at < sql.length; at++) {
      const char = sql[at];
      if (char === "\\" && backslash) at++;
      else if (char === close) {
        if (sql[at + 1] !== close || close === "]") break;
        at++;
      }
    }
    this.push(kind, Math.min(at + 1, sql.length));
  }

  private parameter(index: number, end: number): void {
    if (index > this.count) this.count = index;
    this.placeholders.push({ start: this.at, end, index });
    this.push("parameter", end);
  }

  private question(): void {
    if (this.dialect === "postgres") {
      this.symbol();
      return;
    }
    if (this.dialect === "sqlite") {
      DIGITS.lastIndex = this.at + 1;
      const digits = DIGITS.exec(this.sql);
      if (digits !== null) {
        this.parameter(Number(digits[0]), DIGITS.lastIndex);
        return;
      }
    }
    this.parameter(this.count + 1, this.at + 1);
  }

  private dollar(): void {
    const { sql, dialect } = this;
    if (dialect === "mysql") {
      this.symbol();
      return;
    }
    DIGITS.lastIndex = this.at + 1;
    const digits = DIGITS.exec(sql);
    if (digits !== null) {
      if (dialect === "sqlite") this.dollars.push(this.at);
      this.parameter(Number(digits[0]), DIGITS.lastIndex);
      return;
    }
    if (dialect === "sqlite") {
      this.name();
      return;
    }
    DOLLAR_TAG.lastIndex = this.at;
    const tag = DOLLAR_TAG.exec(sql);
    if (tag === null) {
      this.symbol();
      return;
    }
    const end = sql.indexOf(tag[0], DOLLAR_TAG.lastIndex);
    this.push("string", end < 0 ? sql.length : end + tag[0].length);
  }

  private name(): void {
    NAME.lastIndex = this.at + 1;
    const found = NAME.exec(this.sql);
    if (found === null) {
      this.symbol();
      return;
    }
    this.named ??= this.sql.slice(this.at, NAME.lastIndex);
    this.push("parameter", NAME.lastIndex);
  }
}
