/** Expressions as Jinja has them: its precedence of operators, tests, tuples, slices and star arguments. */
import {
  TOKEN_BLOCK_END,
  TOKEN_COLON,
  TOKEN_COMMA,
  TOKEN_FLOAT,
  TOKEN_INT,
  TOKEN_LEFT_BRACKET,
  TOKEN_LEFT_CURLY,
  TOKEN_LEFT_PAREN,
  TOKEN_OPERATOR,
  TOKEN_PIPE,
  TOKEN_RIGHT_BRACKET,
  TOKEN_RIGHT_CURLY,
  TOKEN_RIGHT_PAREN,
  TOKEN_STRING,
  TOKEN_SYMBOL,
  TOKEN_TILDE,
  type Token,
} from "nunjucks/src/lexer.js";
import * as nodes from "nunjucks/src/nodes.js";
import { Parser } from "nunjucks/src/parser.js";
import { parseNumber } from "../../interpreter/number.ts";
import { float } from "../../interpreter/value.ts";
import { Slice, Star, Tuple } from "./syntax.ts";

/** How deep statements and expressions may nest. */
const MAX_DEPTH = 100;

const BINARY: Readonly<Record<string, typeof nodes.BinOp>> = {
  "+": nodes.Add,
  "-": nodes.Sub,
  "*": nodes.Mul,
  "/": nodes.Div,
  "//": nodes.FloorDiv,
  "%": nodes.Mod,
  "**": nodes.Pow,
};
const COMPARISONS = new Set(["==", "!=", "<", ">", "<=", ">="]);
/** Words that end an expression: a test's single argument cannot begin with one. */
const KEYWORDS = new Set([
  "and",
  "or",
  "not",
  "in",
  "is",
  "if",
  "else",
  "as",
  "import",
  "ignore",
  "with",
  "without",
  "recursive",
]);

export class ExpressionParser extends Parser {
  private depth = 0;

  override expect(type: string): Token {
    const token = this.nextToken();
    if (token?.type === type) return token;
    return this.fail(`expected a ${type === TOKEN_SYMBOL ? "name" : type}, got ${token?.value ?? "end of file"}`);
  }

  override advanceAfterBlockEnd(name?: string): Token {
    const token = name === undefined ? this.nextToken() : null;
    if (name === undefined && token?.type !== TOKEN_SYMBOL)
      this.fail(`expected a tag, got ${token?.value ?? "end of file"}`);
    const end = this.nextToken();
    if (end?.type !== TOKEN_BLOCK_END)
      this.fail(
        `expected %} after ${name ?? token?.value}, got ${end?.value ?? "end of file"}`,
        end?.lineno,
        end?.colno,
      );
    if (end.value.startsWith("-")) this.dropLeadingWhitespace = true;
    return end;
  }

  // --- expressions --------------------------------------------------------------------------------------------------

  protected nested<T>(parse: () => T): T {
    if (++this.depth > MAX_DEPTH) this.fail("nested too deeply");
    const result = parse();
    this.depth--;
    return result;
  }

  override parseExpression(): nodes.Node {
    return this.nested(() => super.parseExpression());
  }

  /** An expression, or several with commas between them, which make a tuple. */
  parseTuple(): nodes.Node {
    const first = this.parseExpression();
    if (!this.isComma()) return first;
    const tuple = new Tuple(first.lineno, first.colno, [first]);
    while (this.skip(TOKEN_COMMA)) {
      const token = this.peekToken();
      if (token === null || token.type === TOKEN_BLOCK_END || token.value === "}}" || token.value === "=") break;
      tuple.addChild(this.parseExpression());
    }
    return tuple;
  }

  protected isComma(): boolean {
    return this.peekToken()?.type === TOKEN_COMMA;
  }

  override parseInlineIf(): nodes.Node {
    let node = this.parseOr();
    while (this.skipSymbol("if")) {
      const choice = new nodes.InlineIf(node.lineno, node.colno);
      choice.body = node;
      choice.cond = this.parseOr();
      choice.else_ = this.skipSymbol("else") ? this.nested(() => this.parseInlineIf()) : null;
      node = choice;
    }
    return node;
  }

  override parseNot(): nodes.Node {
    const token = this.peekToken();
    if (!this.skipSymbol("not")) return this.parseIn();
    return this.nested(() => new nodes.Not(token!.lineno, token!.colno, this.parseNot()));
  }

  /** Comparisons, which chain as in Python; `in` and `not in` are among them. */
  override parseIn(): nodes.Node {
    const first = this.parseSum();
    const operands: nodes.CompareOperand[] = [];
    for (;;) {
      const token = this.nextToken();
      if (token === null) break;
      let operator: string | undefined;
      if (token.type === TOKEN_OPERATOR && COMPARISONS.has(token.value)) operator = token.value;
      else if (token.type === TOKEN_SYMBOL && token.value === "in") operator = "in";
      else if (token.type === TOKEN_SYMBOL && token.value === "not" && this.skipSymbol("in")) operator = "not in";
      if (operator === undefined) {
        this.pushToken(token);
        break;
      }
      operands.push(new nodes.CompareOperand(token.lineno, token.colno, this.parseSum(), operator));
    }
    return operands.length === 0 ? first : new nodes.Compare(first.lineno, first.colno, first, operands);
  }

  private parseBinary(operators: readonly string[], operand: () => nodes.Node): nodes.Node {
    let node = operand();
    for (;;) {
      const token = this.peekToken();
      if (token?.type !== TOKEN_OPERATOR || !operators.includes(token.value)) return node;
      this.nextToken();
      node = new BINARY[token.value]!(token.lineno, token.colno, node, operand());
    }
  }

  private parseSum(): nodes.Node {
    return this.parseBinary(["+", "-"], () => this.parseConcat());
  }

  override parseConcat(): nodes.Node {
    let node = this.parseProduct();
    while (this.skipValue(TOKEN_TILDE, "~"))
      node = new nodes.Concat(node.lineno, node.colno, node, this.parseProduct());
    return node;
  }

  private parseProduct(): nodes.Node {
    return this.parseBinary(["*", "/", "//", "%"], () => this.parseBinary(["**"], () => this.parseUnary()));
  }

  /** A sign binds more tightly than `**`, which groups from the left: unlike Python, but so it is in Jinja. */
  override parseUnary(noFilters = false): nodes.Node {
    const token = this.peekToken();
    const sign = token?.type === TOKEN_OPERATOR ? { "-": nodes.Neg, "+": nodes.Pos }[token.value] : undefined;
    let node: nodes.Node;
    if (sign === undefined) node = this.parsePrimary();
    else {
      this.nextToken();
      node = this.nested(() => new sign(token!.lineno, token!.colno, this.parseUnary(true)));
    }
    return noFilters ? node : this.parseFilter(node);
  }

  /** Filters and tests, in the order they stand in. */
  override parseFilter(node: nodes.Node): nodes.Node {
    for (;;) {
      const token = this.peekToken();
      if (token?.type === TOKEN_PIPE) {
        this.nextToken();
        const name = this.parseFilterName();
        const args = [node, ...this.parseFilterArgs(name)];
        node = new nodes.Filter(name.lineno, name.colno, name, new nodes.NodeList(name.lineno, name.colno, args));
      } else if (token?.type === TOKEN_SYMBOL && token.value === "is") {
        this.nextToken();
        node = this.parseTest(node);
      } else return node;
    }
  }

  private parseTest(node: nodes.Node): nodes.Node {
    const negated = this.skipSymbol("not");
    const token = this.nextToken();
    if (token === null) this.fail("expected a test, got end of file");
    const isName = [TOKEN_SYMBOL, "none", "boolean"].includes(token.type) || COMPARISONS.has(token.value);
    if (!isName) this.fail(`expected a test, got ${token.value}`, token.lineno, token.colno);
    const name = new nodes.Symbol(token.lineno, token.colno, token.value);
    const next = this.peekToken();
    let args = new nodes.NodeList(token.lineno, token.colno);
    if (next?.type === TOKEN_LEFT_PAREN) args = this.parseSignature() ?? args;
    else if (next !== null && this.startsOperand(next)) args.addChild(this.parsePrimary());
    const call = new nodes.FunCall(token.lineno, token.colno, name, args);
    const test = new nodes.Is(token.lineno, token.colno, node, call);
    return negated ? new nodes.Not(token.lineno, token.colno, test) : test;
  }

  private startsOperand(token: Token): boolean {
    if (token.type === TOKEN_SYMBOL) return !KEYWORDS.has(token.value);
    return [TOKEN_STRING, TOKEN_INT, TOKEN_FLOAT, TOKEN_LEFT_BRACKET, TOKEN_LEFT_CURLY, "none", "boolean"].includes(
      token.type,
    );
  }

  override parseFilterArgs(_name?: nodes.Node): nodes.Node[] {
    return this.peekToken()?.type === TOKEN_LEFT_PAREN ? (this.parseSignature()?.children ?? []) : [];
  }

  override parsePrimary(noPostfix = false): nodes.Node {
    const token = this.nextToken();
    if (token === null) this.fail("expected an expression, got end of file");
    const { lineno, colno } = token;
    let node: nodes.Node | undefined;
    if (token.type === TOKEN_STRING) {
      let text = token.value;
      // Strings in a row are one, as in Python.
      while (this.peekToken()?.type === TOKEN_STRING) text += this.nextToken()!.value;
      node = new nodes.Literal(lineno, colno, text);
    } else if (token.type === TOKEN_INT || token.type === TOKEN_FLOAT) {
      node = new nodes.Literal(lineno, colno, numberOf(token));
    } else if (token.type === TOKEN_SYMBOL && ["True", "False", "None"].includes(token.value)) {
      node = new nodes.Literal(lineno, colno, token.value === "None" ? null : token.value === "True");
    } else {
      this.pushToken(token);
      return super.parsePrimary(noPostfix);
    }
    return noPostfix ? node : this.parsePostfix(node);
  }

  override parsePostfix(node: nodes.Node): nodes.Node {
    for (;;) {
      const token = this.peekToken();
      if (token?.type === TOKEN_LEFT_PAREN) {
        node = new nodes.FunCall(token.lineno, token.colno, node, this.parseSignature());
      } else if (token?.type === TOKEN_LEFT_BRACKET) {
        this.nextToken();
        node = new nodes.LookupVal(token.lineno, token.colno, node, this.parseIndex(token));
      } else if (token?.type === TOKEN_OPERATOR && token.value === ".") {
        this.nextToken();
        const name = this.nextToken();
        if (name === null || ![TOKEN_SYMBOL, TOKEN_INT, "none", "boolean"].includes(name.type)) {
          this.fail(`expected a name after the dot, got ${name?.value ?? "end of file"}`, token.lineno, token.colno);
        }
        const key = new nodes.Literal(name.lineno, name.colno, name.type === TOKEN_INT ? numberOf(name) : name.value);
        node = new nodes.LookupVal(token.lineno, token.colno, node, key);
      } else return node;
    }
  }

  /** What stands in brackets behind a value, up to the closing one. */
  private parseIndex(open: Token): nodes.Node {
    const parts: (nodes.Node | undefined)[] = [undefined];
    let isSlice = false;
    while (!this.skip(TOKEN_RIGHT_BRACKET)) {
      if (this.skip(TOKEN_COLON)) {
        isSlice = true;
        parts.push(undefined);
      } else if (parts[parts.length - 1] === undefined) parts[parts.length - 1] = this.parseTuple();
      else this.fail("expected a closing bracket", open.lineno, open.colno);
    }
    const [start, stop, step] = parts;
    if (!isSlice && start !== undefined) return start;
    if (!isSlice || parts.length > 3) this.fail("invalid index", open.lineno, open.colno);
    return Object.assign(new Slice(open.lineno, open.colno), { start, stop, step });
  }

  /** Parentheses, lists and dictionaries. */
  override parseAggregate(): nodes.Node | null {
    const token = this.nextToken();
    if (token === null) return null;
    const { lineno, colno } = token;
    const closing = {
      [TOKEN_LEFT_PAREN]: TOKEN_RIGHT_PAREN,
      [TOKEN_LEFT_BRACKET]: TOKEN_RIGHT_BRACKET,
      [TOKEN_LEFT_CURLY]: TOKEN_RIGHT_CURLY,
    }[token.type];
    if (closing === undefined) this.fail(`unexpected '${token.value}'`, lineno, colno);
    const children: nodes.Node[] = [];
    let commas = 0;
    while (!this.skip(closing)) {
      if (children.length > commas && !this.skip(TOKEN_COMMA))
        this.fail("expected a comma or a closing bracket", lineno, colno);
      if (children.length > commas) {
        commas++;
        continue;
      }
      const child = this.parseExpression();
      if (token.type !== TOKEN_LEFT_CURLY) children.push(child);
      else if (this.skip(TOKEN_COLON))
        children.push(new nodes.Pair(child.lineno, child.colno, child, this.parseExpression()));
      else this.fail("expected a colon after the key", child.lineno, child.colno);
    }
    if (token.type === TOKEN_LEFT_BRACKET) return new nodes.Array(lineno, colno, children);
    if (token.type === TOKEN_LEFT_CURLY) return new nodes.Dict(lineno, colno, children);
    return children.length === 1 && commas === 0
      ? new nodes.Group(lineno, colno, children)
      : new Tuple(lineno, colno, children);
  }

  /** Arguments or parameters in parentheses. */
  override parseSignature(tolerant = false): nodes.NodeList | null {
    const open = this.peekToken();
    if (!this.skip(TOKEN_LEFT_PAREN)) {
      if (tolerant) return null;
      this.fail("expected arguments in parentheses");
    }
    const args = new nodes.NodeList(open!.lineno, open!.colno);
    const keywords = new nodes.KeywordArgs(open!.lineno, open!.colno);
    for (let isFirst = true; !this.skip(TOKEN_RIGHT_PAREN); isFirst = false) {
      if (!isFirst && !this.skip(TOKEN_COMMA))
        this.fail("expected a comma or a closing parenthesis", open!.lineno, open!.colno);
      if (!isFirst && this.skip(TOKEN_RIGHT_PAREN)) break;
      const token = this.peekToken();
      if (token?.type === TOKEN_OPERATOR && (token.value === "*" || token.value === "**")) {
        this.nextToken();
        const star = new Star(token.lineno, token.colno);
        args.addChild(Object.assign(star, { operand: this.parseExpression(), keywords: token.value === "**" }));
        continue;
      }
      const argument = this.parseExpression();
      if (!this.skipValue(TOKEN_OPERATOR, "=")) args.addChild(argument);
      else keywords.addChild(new nodes.Pair(argument.lineno, argument.colno, argument, this.parseExpression()));
    }
    if (keywords.children.length > 0) args.addChild(keywords);
    return args;
  }
}

function numberOf({ type, value }: Token): unknown {
  const digits = value.replaceAll("_", "");
  if (type === TOKEN_FLOAT) return float(Number(digits));
  if (/^0[bBoO]/.test(digits)) return Number(digits);
  return parseNumber(digits);
}
