/**
 * Templates to syntax trees: nunjucks's parser, with the rules of Jinja where the two differ (precedence of operators,
 * tests, tuples, slices, star arguments, loop filters, more statements).
 *
 * Only nunjucks's front end is used. Its compiler writes JavaScript, into which a template's text can escape, and its
 * runtime lets a template reach whatever JavaScript reaches; expression.ts and statement.ts do that part.
 */
import {
  type LexerOptions,
  TOKEN_BLOCK_END,
  TOKEN_BLOCK_START,
  TOKEN_COMMA,
  TOKEN_COMMENT,
  TOKEN_DATA,
  TOKEN_LEFT_PAREN,
  TOKEN_OPERATOR,
  TOKEN_PIPE,
  TOKEN_RIGHT_PAREN,
  TOKEN_SYMBOL,
  TOKEN_VARIABLE_START,
} from "nunjucks/src/lexer.js";
import * as nodes from "nunjucks/src/nodes.js";
import { LuaError, Stop } from "../../interpreter/error.ts";
import { ExpressionParser } from "./parse-expression.ts";
import { Problem } from "./problem.ts";
import { Do, Jump, Loop, Tuple, With } from "./syntax.ts";
import { JinjaTokenizer } from "./tokens.ts";

class TemplateParser extends ExpressionParser {
  override parseUntilBlocks(...names: string[]): nodes.NodeList {
    return this.nested(() => {
      const body = super.parseUntilBlocks(...names);
      if (this.peekToken() === null) this.fail(`expected {% ${names[names.length - 1]} %}, got end of file`);
      return body;
    });
  }

  override parseStatement(): nodes.Node | null {
    const token = this.peekToken();
    if (token === null) this.fail("expected a tag, got end of file");
    if (token.type !== TOKEN_SYMBOL) this.fail(`expected a tag, got ${token.value}`, token.lineno, token.colno);
    if (this.breakOnBlocks?.includes(token.value)) return null;
    switch (token.value) {
      case "raw":
        return this.parseRaw();
      case "if":
        return this.parseIf();
      case "for":
        return this.parseFor();
      case "block":
        return this.parseBlock();
      case "extends":
        return this.parseExtends();
      case "include":
        return this.parseInclude();
      case "import":
        return this.parseImport();
      case "from":
        return this.parseFrom();
      case "set":
        return this.parseSet();
      case "with":
        return this.parseWith();
      case "macro":
        return this.parseMacro();
      case "call":
        return this.parseCall();
      case "filter":
        return this.parseFilterStatement();
      case "do":
        return this.parseDo();
      case "break":
      case "continue":
        return this.parseJump(token.value);
      case "autoescape":
        return this.parseAutoescape();
      default:
        return this.fail(`unknown tag '${token.value}'`, token.lineno, token.colno);
    }
  }

  /** The same as nunjucks's, without regular expressions that take a time quadratic in the white space. */
  override parseNodes(): nodes.Node[] {
    const found: nodes.Node[] = [];
    for (let token = this.nextToken(); token !== null; token = this.nextToken()) {
      const { type, lineno, colno } = token;
      if (type === TOKEN_DATA) {
        let text = token.value;
        const next = this.peekToken();
        if (this.dropLeadingWhitespace) text = text.trimStart();
        this.dropLeadingWhitespace = false;
        // `{%-`, `{{-` and `{#-` take the white space in front of them.
        if (next !== null && next.type !== TOKEN_DATA && next.value[2] === "-") text = text.trimEnd();
        found.push(new nodes.Output(lineno, colno, [new nodes.TemplateData(lineno, colno, text)]));
      } else if (type === TOKEN_BLOCK_START) {
        this.dropLeadingWhitespace = false;
        const statement = this.parseStatement();
        if (statement === null) break;
        found.push(statement);
      } else if (type === TOKEN_VARIABLE_START) {
        const expression = this.parseTuple();
        this.dropLeadingWhitespace = false;
        this.endVariable();
        found.push(new nodes.Output(lineno, colno, [expression]));
      } else if (type === TOKEN_COMMENT) {
        this.dropLeadingWhitespace = token.value.endsWith("-#}");
      } else this.fail(`unexpected '${token.value}'`, lineno, colno);
    }
    return found;
  }

  private endVariable(): void {
    const token = this.nextToken();
    if (token?.type !== "variable-end")
      this.fail(`expected }}, got ${token?.value ?? "end of file"}`, token?.lineno, token?.colno);
    this.dropLeadingWhitespace = token.value.startsWith("-");
  }

  private parseRaw(): nodes.Node {
    const { tokens } = this;
    // What is raw keeps its first newline.
    const { trimBlocks } = tokens;
    tokens.trimBlocks = false;
    const begun = this.advanceAfterBlockEnd();
    tokens.trimBlocks = trimBlocks;
    const end = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
    end.lastIndex = tokens.index;
    const found = end.exec(tokens.str);
    if (found === null) this.fail("expected {% endraw %}, got end of file", begun.lineno, begun.colno);
    let text = tokens.str.slice(tokens.index, found.index);
    if (this.dropLeadingWhitespace) text = text.trimStart();
    if (found[1] === "-") text = text.trimEnd();
    tokens.forwardN(end.lastIndex - tokens.index);
    if (found[2] !== "+") (tokens as JinjaTokenizer).trimNewline();
    this.dropLeadingWhitespace = found[2] === "-";
    return new nodes.Output(begun.lineno, begun.colno, [new nodes.TemplateData(begun.lineno, begun.colno, text)]);
  }

  private parseIf(): nodes.Node {
    const first = new nodes.If();
    let node = first;
    for (;;) {
      const token = this.nextToken()!; // if, elif
      node.lineno = token.lineno;
      node.colno = token.colno;
      node.cond = this.parseTuple();
      this.advanceAfterBlockEnd(token.value);
      node.body = this.parseUntilBlocks("elif", "else", "endif");
      node.else_ = null;
      if (this.peekToken()!.value === "elif") {
        const next = new nodes.If();
        node.else_ = next;
        node = next;
        continue;
      }
      if (this.peekToken()!.value === "else") {
        this.advanceAfterBlockEnd();
        node.else_ = this.parseUntilBlocks("endif");
      }
      this.advanceAfterBlockEnd();
      return first;
    }
  }

  /** A name, or several that a value is spread over; `ns.attribute` where `attributes`. */
  private parseTarget(attributes = false): nodes.Node {
    const one = (): nodes.Node => {
      const token = this.peekToken();
      if (token?.type === TOKEN_LEFT_PAREN) {
        this.nextToken();
        const inner = this.nested(() => this.parseTarget());
        if (!this.skip(TOKEN_RIGHT_PAREN)) this.fail("expected a closing parenthesis");
        return inner;
      }
      if (token?.type !== TOKEN_SYMBOL) this.fail(`expected a name, got ${token?.value ?? "end of file"}`);
      const name = this.parsePrimary(true);
      if (!attributes || !this.skipValue(TOKEN_OPERATOR, ".")) return name;
      const attribute = this.expect(TOKEN_SYMBOL);
      const key = new nodes.Literal(attribute.lineno, attribute.colno, attribute.value);
      return new nodes.LookupVal(name.lineno, name.colno, name, key);
    };
    const first = one();
    if (!this.isComma()) return first;
    const tuple = new Tuple(first.lineno, first.colno, [first]);
    while (this.skip(TOKEN_COMMA))
      if (this.peekToken()?.type === TOKEN_SYMBOL || this.peekToken()?.type === TOKEN_LEFT_PAREN) tuple.addChild(one());
    return tuple;
  }

  private parseFor(): nodes.Node {
    const token = this.nextToken()!;
    const loop = new Loop(token.lineno, token.colno);
    loop.target = this.parseTarget();
    if (!this.skipSymbol("in")) this.fail("expected 'in' in the for loop");
    // Without the conditional expression: `if` begins the loop's filter.
    loop.iterable = this.parseWithoutCondition();
    loop.test = this.skipSymbol("if") ? this.parseExpression() : undefined;
    loop.recursive = this.skipSymbol("recursive");
    this.advanceAfterBlockEnd("for");
    loop.body = this.parseUntilBlocks("else", "endfor");
    loop.otherwise = undefined;
    if (this.skipSymbol("else")) {
      this.advanceAfterBlockEnd("else");
      loop.otherwise = this.parseUntilBlocks("endfor");
    }
    this.advanceAfterBlockEnd();
    return loop;
  }

  private parseWithoutCondition(): nodes.Node {
    const first = this.parseOr();
    if (!this.isComma()) return first;
    const tuple = new Tuple(first.lineno, first.colno, [first]);
    while (this.skip(TOKEN_COMMA)) tuple.addChild(this.parseOr());
    return tuple;
  }

  private name(what: string): nodes.Symbol {
    const token = this.nextToken();
    if (token?.type !== TOKEN_SYMBOL)
      this.fail(`expected the name of ${what}, got ${token?.value ?? "end of file"}`, token?.lineno, token?.colno);
    return new nodes.Symbol(token.lineno, token.colno, token.value);
  }

  private parseBlock(): nodes.Node {
    const token = this.nextToken()!;
    const block = new nodes.Block(token.lineno, token.colno);
    block.name = this.name("the block");
    const scoped = this.skipSymbol("scoped");
    const required = this.skipSymbol("required");
    this.advanceAfterBlockEnd("block");
    block.body = this.parseUntilBlocks("endblock");
    this.nextToken(); // endblock
    const repeated = this.peekToken();
    if (repeated?.type === TOKEN_SYMBOL && repeated.value !== block.name.value) {
      this.fail(
        `expected the end of block '${block.name.value}', got '${repeated.value}'`,
        repeated.lineno,
        repeated.colno,
      );
    }
    if (repeated?.type === TOKEN_SYMBOL) this.nextToken();
    this.advanceAfterBlockEnd("endblock");
    return Object.assign(block, { scoped, required });
  }

  private parseInclude(): nodes.Node {
    const token = this.nextToken()!;
    const include = new nodes.Include(token.lineno, token.colno);
    include.template = this.parseExpression();
    include.ignoreMissing = this.skipSymbol("ignore");
    if (include.ignoreMissing && !this.skipSymbol("missing")) this.fail("expected 'missing' after 'ignore'");
    let withContext = true;
    if (this.skipSymbol("with") || (this.skipSymbol("without") && !(withContext = false))) {
      if (!this.skipSymbol("context")) this.fail("expected 'context'");
    }
    this.advanceAfterBlockEnd("include");
    return Object.assign(include, { withContext });
  }

  private parseSet(): nodes.Node {
    const token = this.nextToken()!;
    const set = new nodes.Set(token.lineno, token.colno, []);
    set.targets = [this.parseTarget(true)];
    if (this.skipValue(TOKEN_OPERATOR, "=")) {
      set.value = this.parseTuple();
      this.advanceAfterBlockEnd("set");
      return set;
    }
    // A block: its output, through filters if there are any.
    const filters: [nodes.Symbol, nodes.Node[]][] = [];
    while (this.skip(TOKEN_PIPE)) filters.push([this.parseFilterName(), this.parseFilterArgs()]);
    this.advanceAfterBlockEnd("set");
    set.value = filtered(new nodes.Capture(token.lineno, token.colno, this.parseUntilBlocks("endset")), filters);
    this.advanceAfterBlockEnd();
    return set;
  }

  private parseWith(): nodes.Node {
    const token = this.nextToken()!;
    const node = Object.assign(new With(token.lineno, token.colno), {
      targets: [] as nodes.Node[],
      values: [] as nodes.Node[],
    });
    while (this.peekToken()?.type !== TOKEN_BLOCK_END) {
      if (node.targets.length > 0 && !this.skip(TOKEN_COMMA)) this.fail("expected a comma");
      node.targets.push(this.name("a variable"));
      if (!this.skipValue(TOKEN_OPERATOR, "=")) this.fail("expected '='");
      node.values.push(this.parseExpression());
    }
    this.advanceAfterBlockEnd("with");
    node.body = this.parseUntilBlocks("endwith");
    this.advanceAfterBlockEnd();
    return node;
  }

  private parseMacro(): nodes.Node {
    const token = this.nextToken()!;
    const name = this.name("the macro");
    const macro = new nodes.Macro(token.lineno, token.colno, name, this.parseParameters());
    this.advanceAfterBlockEnd("macro");
    macro.body = this.parseUntilBlocks("endmacro");
    this.nextToken(); // endmacro
    if (this.peekToken()?.type === TOKEN_SYMBOL) this.nextToken();
    this.advanceAfterBlockEnd("endmacro");
    return macro;
  }

  private parseParameters(): nodes.NodeList {
    const parameters = this.parseSignature()!;
    for (const parameter of parameters.children) {
      const names =
        parameter instanceof nodes.KeywordArgs
          ? parameter.children.map((pair) => (pair as nodes.Pair).key)
          : [parameter];
      for (const name of names)
        if (!(name instanceof nodes.Symbol)) this.fail("expected a parameter name", name.lineno, name.colno);
    }
    return parameters;
  }

  private parseCall(): nodes.Node {
    const { lineno, colno } = this.nextToken()!;
    const parameters =
      this.peekToken()?.type === TOKEN_LEFT_PAREN ? this.parseParameters() : new nodes.NodeList(lineno, colno);
    const call = this.parseExpression();
    if (!(call instanceof nodes.FunCall) || call instanceof nodes.Filter) this.fail("expected a call", lineno, colno);
    this.advanceAfterBlockEnd("call");
    const name = new nodes.Symbol(lineno, colno, "caller");
    const caller = new nodes.Caller(lineno, colno, name, parameters, this.parseUntilBlocks("endcall"));
    this.advanceAfterBlockEnd();
    let keywords = call.args.children[call.args.children.length - 1];
    if (!(keywords instanceof nodes.KeywordArgs)) {
      keywords = new nodes.KeywordArgs(lineno, colno);
      call.args.addChild(keywords);
    }
    (keywords as nodes.KeywordArgs).addChild(new nodes.Pair(lineno, colno, name, caller));
    return new nodes.Output(lineno, colno, [call]);
  }

  private parseFilterStatement(): nodes.Node {
    const { lineno, colno } = this.nextToken()!;
    const filters: [nodes.Symbol, nodes.Node[]][] = [];
    do filters.push([this.parseFilterName(), this.parseFilterArgs()]);
    while (this.skip(TOKEN_PIPE));
    this.advanceAfterBlockEnd("filter");
    const body = new nodes.Capture(lineno, colno, this.parseUntilBlocks("endfilter"));
    this.advanceAfterBlockEnd();
    return new nodes.Output(lineno, colno, [filtered(body, filters)]);
  }

  private parseDo(): nodes.Node {
    const token = this.nextToken()!;
    const expression = this.parseTuple();
    this.advanceAfterBlockEnd("do");
    return Object.assign(new Do(token.lineno, token.colno), { expression });
  }

  private parseJump(kind: "break" | "continue"): nodes.Node {
    const token = this.nextToken()!;
    this.advanceAfterBlockEnd(kind);
    return Object.assign(new Jump(token.lineno, token.colno), { kind });
  }

  /** Nothing is ever escaped by itself; the block is taken as it stands. */
  private parseAutoescape(): nodes.Node {
    const token = this.nextToken()!;
    this.parseExpression();
    this.advanceAfterBlockEnd("autoescape");
    const body = this.parseUntilBlocks("endautoescape");
    this.advanceAfterBlockEnd();
    return Object.assign(new With(token.lineno, token.colno), { targets: [], values: [], body });
  }
}

function filtered(node: nodes.Node, filters: [nodes.Symbol, nodes.Node[]][]): nodes.Node {
  for (const [name, args] of filters) {
    node = new nodes.Filter(
      name.lineno,
      name.colno,
      name,
      new nodes.NodeList(name.lineno, name.colno, [node, ...args]),
    );
  }
  return node;
}

/** The syntax tree of a template. Throws a Problem with the line. */
export function parseTemplate(source: string, options: LexerOptions): nodes.Root {
  const tokens = new JinjaTokenizer(source, options);
  const parser = new TemplateParser(tokens);
  try {
    const root = parser.parseAsRoot();
    if (parser.peekToken() !== null) throw new Problem("unexpected text after the end", tokens.lineno + 1);
    return root;
  } catch (error) {
    // A stop, or an error of the machine such as no memory, is nobody's mistake in writing.
    if (error instanceof Problem || error instanceof Stop || error instanceof LuaError) throw error;
    if (error instanceof RangeError) throw new Problem("nested too deeply", tokens.lineno + 1);
    const { message, lineno } = error as { message?: unknown; lineno?: unknown };
    // nunjucks names its own functions in front of some messages.
    const text =
      typeof message === "string"
        ? message.replace(/^\(unknown path\)(?: \[.*?\])?\s*/, "").replace(/^parse\w+: /, "")
        : "";
    // What it quotes may be a line break.
    const shown = text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => JSON.stringify(char).slice(1, -1));
    const isOurs = shown !== "" && !(error instanceof TypeError);
    throw new Problem(isOurs ? shown : "syntax error", typeof lineno === "number" ? lineno : tokens.lineno + 1);
  }
}
