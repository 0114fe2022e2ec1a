/**
 * Lua 5.5's grammar (manual §9), checked token by token without building a tree, to answer two questions that luaparse
 * cannot: what is wrong with a chunk, in the reference's words and at the reference's line; and where in a valid chunk
 * the syntax is that luaparse lacks. It follows lparser.c function by function, because an error's wording depends on
 * which of them notices it first. What needs names (goto, labels, constants, declarations, limits) is the resolver's.
 */
import type { Attrib, GlobalStatement, GotoStatement, Identifier, LabelStatement } from "./ast.ts";
import { Lexer, SyntaxFailure, Token } from "./lexer.ts";

/**
 * How deep constructs may nest: the reference counts each statement, each operand and each parenthesis as a C call, and
 * allows 200 (LUAI_MAXCCALLS), of which `load` called by a main chunk has used two already.
 */
const MAX_LEVELS = 198;

/** For a chunk that nests deeper. Like the reference's message it has no position. */
export const OVERFLOW = new SyntaxFailure("C stack overflow");

/** Where a valid chunk has syntax that luaparse lacks. Maps have offsets into the source as keys. */
export interface Findings {
  /** Edits, in no particular order, that make a text of the same length that luaparse takes. */
  edits: { start: number; end: number; text: string }[];
  /** By the offset of the variable's name. */
  attribs: Map<number, Attrib>;
  /** The offsets of the word `global` before variables. */
  globals: Set<number>;
  /** From the offset of `function` to that of the word `global` before it. */
  globalFunctions: Map<number, number>;
  /** By the offset of `...` in a parameter list. */
  varargNames: Map<number, string>;
  /** Gotos, labels and `global *`, by the offset of the call that stands for them in the edited text. */
  hidden: Map<number, GlobalStatement | GotoStatement | LabelStatement>;
  /** How many tokens the chunk has. */
  tokens: number;
}

/** What a suffixed expression is, as far as statements care. */
/** Local variables that a function may have (MAXVARS). */
const MAX_LOCALS = 200;

enum Kind {
  /** Something in parentheses, which is neither a variable nor a call. */
  Value,
  Variable,
  Call,
}

const char = (text: string): number => text.charCodeAt(0);
const ASSIGN = char("=");
const COMMA = char(",");
const SEMICOLON = char(";");
const COLON = char(":");
const DOT = char(".");
const STAR = char("*");
const LESS = char("<");
const GREATER = char(">");
const MINUS = char("-");
const HASH = char("#");
const TILDE = char("~");
const OPEN_PAREN = char("(");
const CLOSE_PAREN = char(")");
const OPEN_BRACKET = char("[");
const CLOSE_BRACKET = char("]");
const OPEN_BRACE = char("{");
const CLOSE_BRACE = char("}");

const UNARY_PRIORITY = 12;

/** Left and right priority of each binary operator (manual §3.4.8); `^` and `..` associate to the right. */
const LEFT_PRIORITY = new Uint8Array(Token.String + 1);
const RIGHT_PRIORITY = new Uint8Array(Token.String + 1);
for (const [left, right, ...operators] of [
  [14, 13, char("^")],
  [11, 11, STAR, char("/"), Token.IntegerDivide, char("%")],
  [10, 10, char("+"), MINUS],
  [9, 8, Token.Concat],
  [7, 7, Token.ShiftLeft, Token.ShiftRight],
  [6, 6, char("&")],
  [5, 5, TILDE],
  [4, 4, char("|")],
  [3, 3, LESS, GREATER, Token.LessEqual, Token.GreaterEqual, Token.Equal, Token.NotEqual],
  [2, 2, Token.And],
  [1, 1, Token.Or],
] as const)
  for (const operator of operators) {
    LEFT_PRIORITY[operator] = left;
    RIGHT_PRIORITY[operator] = right;
  }

/**
 * Checks a chunk. Throws a `SyntaxFailure` with the reference's message if it is not valid, and else tells what
 * `dialect.ts` has to rewrite for luaparse.
 */
export function diagnose(source: string, chunkName: string): Findings {
  return new Checker(source, chunkName).chunk();
}

class Checker {
  private readonly lexer: Lexer;
  private readonly found: Findings = {
    edits: [],
    attribs: new Map(),
    globals: new Set(),
    globalFunctions: new Map(),
    varargNames: new Map(),
    hidden: new Map(),
    tokens: 0,
  };
  private level = 0;
  /** Of the function being read: the loops around the current statement, and whether `...` means something. */
  private loops = 0;
  /** Local variables in scope in the function being read, and the line that it begins on (0: main chunk). */
  private locals = 0;
  private functionLine = 0;
  private vararg = true;

  constructor(source: string, chunkName: string) {
    this.lexer = new Lexer(source, chunkName);
  }

  chunk(): Findings {
    const { lexer, found } = this;
    lexer.next();
    this.block();
    this.check(Token.Eof, "<eof>");
    found.tokens = lexer.count;
    const spans = lexer.unknownToLuaparse;
    for (let i = 0; i < spans.length; i += 2) this.simplify(spans[i]!, spans[i + 1]!);
    return found;
  }

  /** Has luaparse read a plain literal of the same length; its value comes from the source. */
  private simplify(start: number, end: number): void {
    const quote = this.lexer.source[start]!;
    const inside = end - start - 2;
    const text = quote === "0" ? "1".repeat(inside + 2) : quote + " ".repeat(inside) + quote;
    this.found.edits.push({ start, end, text });
  }

  private blank(start: number, end: number): void {
    this.found.edits.push({ start, end, text: " ".repeat(end - start) });
  }

  // Tokens

  private accept(token: number): boolean {
    if (this.lexer.token !== token) return false;
    this.lexer.next();
    return true;
  }

  /** `what` is how messages name the token. */
  private check(token: number, what: string): void {
    if (this.lexer.token !== token) this.lexer.fail(`${what} expected`);
  }

  private expect(token: number, what: string): void {
    this.check(token, what);
    this.lexer.next();
  }

  private expectName(): void {
    this.expect(Token.Name, "<name>");
  }

  /** Expects the token that closes what `opening` began at `line`. */
  private close(token: number, what: string, opening: string, line: number): void {
    if (this.accept(token)) return;
    const { lexer } = this;
    if (line === lexer.line) lexer.fail(`${what} expected`);
    lexer.fail(`${what} expected (to close ${opening} at line ${line})`);
  }

  private enter(): void {
    if (++this.level >= MAX_LEVELS) throw OVERFLOW;
  }

  // Statements (manual §3.3)

  /** Whether the current token ends a block. */
  private atBlockEnd(): boolean {
    switch (this.lexer.token) {
      case Token.Else:
      case Token.Elseif:
      case Token.End:
      case Token.Eof:
      case Token.Until:
        return true;
    }
    return false;
  }

  private block(): void {
    const { locals } = this;
    while (!this.atBlockEnd()) {
      const last = this.lexer.token === Token.Return;
      this.statement();
      if (last) break;
    }
    this.locals = locals;
  }

  /** Counts local variables in scope: passing the limit is an error at once, whatever may be wrong further down. */
  private countLocal(): void {
    if (++this.locals <= MAX_LOCALS) return;
    const where = this.functionLine === 0 ? "main function" : `function at line ${this.functionLine}`;
    this.lexer.fail(`too many local variables (limit is ${MAX_LOCALS}) in ${where}`);
  }

  private loopBlock(): void {
    this.loops++;
    this.block();
    this.loops--;
  }

  private statement(): void {
    const { lexer } = this;
    const { line, start } = lexer;
    this.enter();
    switch (lexer.token) {
      case SEMICOLON:
        lexer.next();
        break;
      case Token.If:
        this.ifStatement(line);
        break;
      case Token.While:
        lexer.next();
        this.expression();
        this.expect(Token.Do, "'do'");
        this.loopBlock();
        this.close(Token.End, "'end'", "'while'", line);
        break;
      case Token.Do:
        lexer.next();
        this.block();
        this.close(Token.End, "'end'", "'do'", line);
        break;
      case Token.For:
        this.forStatement(line);
        break;
      case Token.Repeat:
        lexer.next();
        this.loopBlock();
        this.close(Token.Until, "'until'", "'repeat'", line);
        this.expression();
        break;
      case Token.Function:
        lexer.next();
        this.expectName();
        while (this.accept(DOT)) this.expectName();
        if (this.accept(COLON)) this.expectName();
        this.functionBody(line);
        break;
      case Token.Local:
        lexer.next();
        if (this.accept(Token.Function)) {
          this.expectName();
          this.countLocal();
          this.functionBody(lexer.line);
        } else this.localStatement();
        break;
      case Token.DoubleColon:
        this.labelStatement(start);
        break;
      case Token.Return:
        lexer.next();
        if (!this.atBlockEnd() && lexer.token !== SEMICOLON) this.expressionList();
        this.accept(SEMICOLON);
        break;
      case Token.Break:
        if (this.loops === 0) lexer.fail("break outside loop");
        lexer.next();
        break;
      case Token.Goto:
        lexer.next();
        this.gotoStatement(start);
        break;
      case Token.Name:
        if (lexer.end - start === 6 && lexer.text() === "global") {
          const ahead = lexer.lookahead();
          if (ahead === LESS || ahead === Token.Name || ahead === STAR || ahead === Token.Function) {
            this.globalStatement();
            break;
          }
        }
        this.expressionStatement();
        break;
      default:
        this.expressionStatement();
    }
    this.level--;
  }

  private ifStatement(line: number): void {
    const { lexer } = this;
    do {
      lexer.next(); // 'if' or 'elseif'
      this.expression();
      this.expect(Token.Then, "'then'");
      this.block();
    } while (lexer.token === Token.Elseif);
    if (this.accept(Token.Else)) this.block();
    this.close(Token.End, "'end'", "'if'", line);
  }

  private forStatement(line: number): void {
    const { lexer } = this;
    lexer.next();
    this.expectName();
    switch (lexer.token) {
      case ASSIGN:
        lexer.next();
        this.expression();
        this.expect(COMMA, "','");
        this.expression();
        if (this.accept(COMMA)) this.expression();
        break;
      case COMMA:
      case Token.In:
        while (this.accept(COMMA)) this.expectName();
        this.expect(Token.In, "'in'");
        this.expressionList();
        break;
      default:
        lexer.fail("'=' or 'in' expected");
    }
    this.expect(Token.Do, "'do'");
    this.loopBlock();
    this.close(Token.End, "'end'", "'for'", line);
  }

  private gotoStatement(start: number): void {
    const range: [number, number] = [start, this.lexer.end];
    const label = this.label();
    this.hide(start, { type: "GotoStatement", label, line: 0, range }, "a();");
  }

  private labelStatement(start: number): void {
    const { lexer } = this;
    lexer.next();
    const label = this.label();
    this.check(Token.DoubleColon, "'::'");
    const range: [number, number] = [start, lexer.end];
    this.hide(start + 1, { type: "LabelStatement", label, line: 0, range }, ";a();"); // what is before may touch it
    lexer.next();
    // Statements that do nothing belong to the label, so that one at the end of a block is seen to be there.
    while (lexer.token === SEMICOLON || lexer.token === Token.DoubleColon) this.statement();
  }

  private label(): Identifier {
    const { start, end } = this.lexer;
    const name = this.lexer.text();
    this.expectName();
    return { type: "Identifier", name, line: 0, range: [start, end] };
  }

  /** Has luaparse read `text`, with a call at `at`, for a statement that it would not understand. */
  private hide(at: number, node: GlobalStatement | GotoStatement | LabelStatement, text: string): void {
    const [start, end] = node.range;
    this.found.hidden.set(at, node);
    this.found.edits.push({ start, end, text: text.padEnd(end - start) });
  }

  private localStatement(): void {
    const { lexer, found } = this;
    const common = this.attrib();
    let toBeClosed = false;
    do {
      const { start } = lexer;
      this.expectName();
      this.countLocal();
      const attrib = this.attrib() ?? common;
      if (attrib === "close") {
        if (toBeClosed) lexer.failMeaning("multiple to-be-closed variables in local list");
        toBeClosed = true;
      }
      if (attrib !== undefined) found.attribs.set(start, attrib);
    } while (this.accept(COMMA));
    if (this.accept(ASSIGN)) this.expressionList();
  }

  /** An attrib, if there is one: `'<' Name '>'`. */
  private attrib(): Attrib | undefined {
    const { lexer } = this;
    if (lexer.token !== LESS) return undefined;
    this.blank(lexer.start, lexer.end);
    lexer.next();
    const name = lexer.text();
    this.blank(lexer.start, lexer.end);
    this.expectName();
    this.blank(lexer.start, lexer.end);
    this.expect(GREATER, "'>'");
    if (name !== "const" && name !== "close") lexer.failMeaning(`unknown attribute '${name}'`);
    return name as Attrib;
  }

  /** Manual §3.3.7. The word `global` is current. */
  private globalStatement(): void {
    const { lexer, found } = this;
    const { start, end } = lexer;
    lexer.next();
    if (lexer.token === Token.Function) {
      this.blank(start, end);
      found.globalFunctions.set(lexer.start, start);
      lexer.next();
      this.expectName();
      this.functionBody(lexer.line);
      return;
    }
    const before = found.edits.length;
    const attrib = this.globalAttrib();
    if (lexer.token === STAR) {
      const range: [number, number] = [start, lexer.end];
      const node: GlobalStatement = {
        type: "GlobalStatement",
        variables: [],
        init: [],
        wildcard: true,
        line: 0,
        range,
      };
      if (attrib !== undefined) node.attrib = attrib;
      found.edits.length = before; // the attrib goes with the rest
      this.hide(start, node, "a();");
      lexer.next();
      return;
    }
    found.globals.add(start);
    found.edits.push({ start, end, text: "local " });
    let count = 0;
    do {
      const name = lexer.start;
      this.expectName();
      const own = this.globalAttrib() ?? attrib;
      if (own !== undefined) found.attribs.set(name, own);
      count++;
    } while (this.accept(COMMA));
    if (this.accept(ASSIGN)) {
      // The reference handles the variables by recursion.
      for (let i = 0; i < count; i++) this.enter();
      this.expressionList();
      this.level -= count;
    }
  }

  private globalAttrib(): Attrib | undefined {
    const attrib = this.attrib();
    if (attrib === "close") this.lexer.failMeaning("global variables cannot be to-be-closed");
    return attrib;
  }

  /** An assignment or a call. */
  private expressionStatement(): void {
    const { lexer } = this;
    let kind = this.suffixed();
    if (lexer.token !== ASSIGN && lexer.token !== COMMA) {
      if (kind !== Kind.Call) lexer.fail("syntax error");
      return;
    }
    const { level } = this;
    for (;;) {
      if (kind !== Kind.Variable) lexer.fail("syntax error");
      if (!this.accept(COMMA)) break;
      kind = this.suffixed();
      this.enter(); // the reference handles the variables by recursion
    }
    this.expect(ASSIGN, "'='");
    this.expressionList();
    this.level = level;
  }

  // Expressions (manual §3.4)

  private expressionList(): void {
    do this.expression();
    while (this.accept(COMMA));
  }

  private expression(): void {
    this.operation(0);
  }

  /** An operand and the binary operators after it that bind more tightly than `limit`. */
  private operation(limit: number): void {
    const { lexer } = this;
    this.enter();
    switch (lexer.token) {
      case Token.Not:
      case MINUS:
      case TILDE:
      case HASH:
        lexer.next();
        this.operation(UNARY_PRIORITY);
        break;
      default:
        this.simple();
    }
    for (;;) {
      const operator = lexer.token;
      if (LEFT_PRIORITY[operator]! <= limit) break; // 0 if it is no operator
      lexer.next();
      this.operation(RIGHT_PRIORITY[operator]!);
    }
    this.level--;
  }

  private simple(): void {
    const { lexer } = this;
    switch (lexer.token) {
      case Token.Number:
      case Token.String:
      case Token.Nil:
      case Token.True:
      case Token.False:
        break;
      case Token.Dots:
        if (!this.vararg) lexer.fail("cannot use '...' outside a vararg function");
        break;
      case OPEN_BRACE:
        this.table();
        return;
      case Token.Function:
        lexer.next();
        this.functionBody(lexer.line);
        return;
      default:
        this.suffixed();
        return;
    }
    lexer.next();
  }

  private suffixed(): Kind {
    const { lexer } = this;
    let kind = Kind.Variable;
    if (lexer.token === OPEN_PAREN) {
      const { line } = lexer;
      lexer.next();
      this.expression();
      this.close(CLOSE_PAREN, "')'", "'('", line);
      kind = Kind.Value;
    } else if (lexer.token === Token.Name) lexer.next();
    else lexer.fail("unexpected symbol");
    for (;;) {
      switch (lexer.token) {
        case DOT:
          lexer.next();
          this.expectName();
          kind = Kind.Variable;
          continue;
        case OPEN_BRACKET:
          this.bracketed();
          kind = Kind.Variable;
          continue;
        case COLON:
          lexer.next();
          this.expectName();
          this.callArguments();
          kind = Kind.Call;
          continue;
        case OPEN_PAREN:
        case Token.String:
        case OPEN_BRACE:
          this.callArguments();
          kind = Kind.Call;
          continue;
      }
      return kind;
    }
  }

  private bracketed(): void {
    this.lexer.next();
    this.expression();
    this.expect(CLOSE_BRACKET, "']'");
  }

  private callArguments(): void {
    const { lexer } = this;
    switch (lexer.token) {
      case OPEN_PAREN: {
        const { line } = lexer;
        lexer.next();
        if (lexer.token !== CLOSE_PAREN) this.expressionList();
        this.close(CLOSE_PAREN, "')'", "'('", line);
        return;
      }
      case OPEN_BRACE:
        this.table();
        return;
      case Token.String:
        lexer.next();
        return;
    }
    lexer.fail("function arguments expected");
  }

  private table(): void {
    const { lexer } = this;
    const { line } = lexer;
    lexer.next();
    while (lexer.token !== CLOSE_BRACE) {
      if (lexer.token === OPEN_BRACKET) {
        this.bracketed();
        this.expect(ASSIGN, "'='");
      } else if (lexer.token === Token.Name && lexer.lookahead() === ASSIGN) {
        lexer.next();
        lexer.next();
      }
      this.expression();
      if (!this.accept(COMMA) && !this.accept(SEMICOLON)) break;
    }
    this.close(CLOSE_BRACE, "'}'", "'{'", line);
  }

  /** Parameters, body and `end` of a function defined at `line` (manual §3.4.11). */
  private functionBody(line: number): void {
    const { lexer, loops, vararg, locals, functionLine } = this;
    this.locals = 0;
    this.functionLine = line;
    this.expect(OPEN_PAREN, "'('");
    this.loops = 0;
    this.vararg = false;
    if (lexer.token !== CLOSE_PAREN)
      do {
        if (lexer.token === Token.Dots) this.varargParameter();
        else if (lexer.token === Token.Name) {
          lexer.next();
          this.countLocal();
        } else lexer.fail("<name> or '...' expected");
      } while (!this.vararg && this.accept(COMMA));
    this.expect(CLOSE_PAREN, "')'");
    this.block();
    this.close(Token.End, "'end'", "'function'", line);
    this.loops = loops;
    this.vararg = vararg;
    this.locals = locals;
    this.functionLine = functionLine;
  }

  private varargParameter(): void {
    const { lexer, found } = this;
    const { start } = lexer;
    this.vararg = true;
    lexer.next();
    if (lexer.token !== Token.Name) return;
    found.varargNames.set(start, lexer.text());
    this.blank(lexer.start, lexer.end);
    lexer.next();
  }
}
