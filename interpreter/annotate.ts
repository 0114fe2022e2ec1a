/**
 * The walk over a tree fresh from luaparse that makes it what `ast.ts` describes. It gives every node its line, decodes
 * the strings, marks what stood in parentheses and puts back what `dialect.ts` hid.
 */
import type {
  AnyCall,
  Chunk,
  Expression,
  FunctionDeclaration,
  GlobalStatement,
  LocalStatement,
  Statement,
  TableConstructor,
} from "./ast.ts";
import type { Findings } from "./diagnose.ts";
import { afterComment, decodeString } from "./lexer.ts";

const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const MINUS = 45;
const SPACE = 32;

/** How much of the source a keyword takes. */
const IF = "if".length;
const ELSEIF = "elseif".length;
const WHILE = "while".length;
const REPEAT = "repeat".length;
const RETURN = "return".length;
const FUNCTION = "function".length;

/** Length from which the reference tells equal strings apart by where they are (LUAI_MAXSHORTLEN). */
const MAX_SHORT = 40;

/** Completes the tree of a valid chunk in place. */
export function annotate(chunk: Chunk, source: string, findings: Findings): void {
  new Walk(source, findings).chunk(chunk);
}

/**
 * The line of a node is the one that the reference reports for an error in it. It has two ways of choosing it. Calls,
 * arithmetic, concatenations and loops note their own: that of the `(` of a call, of the operator. Everything else gets
 * the line of the last token that the parser had consumed when it made the instruction. For `t.k` that is later than
 * one thinks: an operand is fetched once the operator has been read, an argument once the `,` or `)` has been. That
 * line is passed down as `fetched`, with 0 for the usual case, the end of the node itself.
 *
 * Gaps between nodes hold no tokens but punctuation and keywords, so that they can be scanned without a lexer. They
 * tell of the parentheses, which luaparse drops.
 *
 * Nodes of all kinds in one place make property accesses slow, so each kind reads its own in its own case.
 */
class Walk {
  /** Where lines start, and the line last asked for: `line` goes from `from` to before `to`. */
  private readonly starts: number[];
  private line = 1;
  private from = 0;
  private to: number;
  /** Operators, indices and calls whose first operand is being walked. */
  private readonly spine: Expression[] = [];
  /** The chunk's long strings. */
  private readonly strings = new Map<string, string>();
  /** Saves looking up every call and every variable in most chunks. */
  private readonly hasHidden: boolean;
  private readonly hasAttribs: boolean;

  constructor(
    private readonly source: string,
    private readonly findings: Findings,
  ) {
    this.starts = lineStarts(source);
    this.to = this.starts[1] ?? Number.POSITIVE_INFINITY;
    this.hasHidden = findings.hidden.size > 0;
    this.hasAttribs = findings.attribs.size > 0;
  }

  chunk(chunk: Chunk): void {
    chunk.line = 0; // as the reference has it for main functions
    this.block(chunk.body);
    chunk.lastLine = chunk.body.length === 0 ? 1 : this.lineAt(chunk.range[1] - 1);
  }

  // Source

  private lineAt(offset: number): number {
    if (offset >= this.to || offset < this.from) this.seek(offset);
    return this.line;
  }

  private seek(offset: number): void {
    const { starts } = this;
    let low = 0;
    let high = starts.length; // the line's index is in low .. high - 1
    if (offset >= this.to) {
      low = this.line;
      if (low + 1 >= high || offset < starts[low + 1]!) high = low + 1; // most often, the next line
    } else high = this.line - 1;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    this.line = low + 1;
    this.from = starts[low]!;
    this.to = low + 1 < starts.length ? starts[low + 1]! : Number.POSITIVE_INFINITY;
  }

  /** The offset of the first token from `offset` on. */
  private token(offset: number): number {
    const { source } = this;
    for (;;) {
      const code = source.charCodeAt(offset);
      if (code === MINUS && source.charCodeAt(offset + 1) === MINUS) offset = afterComment(source, offset);
      else if (code === SPACE || (code >= 9 && code <= 13)) offset++;
      else return offset;
    }
  }

  /** The same, but a `)` does not count: what was in parentheses ends before it. */
  private tokenAfterParens(offset: number): number {
    while (this.source.charCodeAt((offset = this.token(offset))) === CLOSE_PAREN) offset++;
    return offset;
  }

  /**
   * Whether a node, from `start` to `end`, stands in parentheses: whether there is a `(` in the gap that begins at `at`.
   * If so, it is fetched with the first `)`; that line is then the current one.
   */
  private inParens(at: number, start: number, end: number): boolean {
    if (start <= at) return false;
    const { source } = this;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code === OPEN_PAREN) break;
      if (code === MINUS && source.charCodeAt(at + 1) === MINUS) at = afterComment(source, at);
      else at++;
      if (at >= start) return false;
    }
    this.lineAt(this.token(end));
    return true;
  }

  /** The line of the first token after an expression that ends at `end`; what follows that token starts at `next`. */
  private lineAfter(end: number, next: number): number {
    const line = this.lineAt(end - 1);
    return next < this.to ? line : this.lineAt(this.tokenAfterParens(end));
  }

  /** The line where the first token of an expression ends, which may be a `(` after `at` or a long string. */
  private lineOfFirstToken(at: number, node: Expression): number {
    if (node.inParens) {
      at = this.token(at);
      while (this.source.charCodeAt(at) !== OPEN_PAREN) at = this.token(at + 1);
      return this.lineAt(at);
    }
    const start = node.range[0];
    for (;;) {
      const first = "left" in node ? node.left : "base" in node ? node.base : node;
      if (first === node || first.range[0] > start) break;
      node = first;
    }
    return this.lineAt(node.type === "StringLiteral" && node.range[0] === start ? node.range[1] - 1 : start);
  }

  // Statements

  private block(body: Statement[]): void {
    for (let i = 0; i < body.length; i++) {
      let statement = body[i]!;
      if (this.hasHidden && statement.type === "CallStatement") {
        const hidden = this.findings.hidden.get(statement.range[0]);
        if (hidden !== undefined) statement = body[i] = hidden;
      }
      this.statement(statement);
    }
  }

  private statement(node: Statement): void {
    switch (node.type) {
      case "LocalStatement":
        this.local(node);
        return;
      case "CallStatement": {
        const start = node.range[0];
        node.line = this.lineAt(start);
        this.expression(node.expression, start, 0);
        return;
      }
      case "AssignmentStatement": {
        const { variables, init } = node;
        const line = this.lineAt(node.range[1] - 1); // values are stored at the end
        node.line = line;
        let at = node.range[0];
        for (const variable of variables) {
          this.expression(variable, at, line);
          at = variable.range[1];
        }
        this.expressions(init, at, 0);
        return;
      }
      case "ReturnStatement": {
        const start = node.range[0];
        node.line = this.lineAt(start);
        this.expressions(node.arguments, start + RETURN, 0);
        return;
      }
      case "IfStatement":
        node.line = this.lineAt(node.range[0]);
        for (const clause of node.clauses) {
          const start = clause.range[0];
          clause.line = this.lineAt(start);
          if (clause.type !== "ElseClause")
            this.expression(clause.condition, start + (clause.type === "IfClause" ? IF : ELSEIF), 0);
          this.block(clause.body);
        }
        return;
      case "FunctionDeclaration":
        this.functionStatement(node);
        return;
      case "WhileStatement": {
        const start = node.range[0];
        node.line = this.lineAt(start);
        this.expression(node.condition, start + WHILE, 0);
        this.block(node.body);
        node.lastLine = this.lineAt(node.range[1] - 1);
        return;
      }
      case "DoStatement":
        node.line = this.lineAt(node.range[0]);
        this.block(node.body);
        node.lastLine = this.lineAt(node.range[1] - 1);
        return;
      case "RepeatStatement": {
        const { body } = node;
        node.line = this.lineAt(node.range[0]);
        this.block(body);
        const at = body.length > 0 ? body[body.length - 1]!.range[1] : node.range[0] + REPEAT;
        this.expression(node.condition, at, 0);
        return;
      }
      case "ForNumericStatement": {
        const { variable, start: first, end: limit, step } = node;
        variable.line = this.lineAt(variable.range[0]);
        this.expression(first, variable.range[1], 0);
        this.expression(limit, first.range[1], 0);
        if (step !== null) this.expression(step, limit.range[1], 0);
        node.line = this.lineAt(this.tokenAfterParens((step ?? limit).range[1])); // prepared at the `do`
        this.block(node.body);
        node.lastLine = this.lineAt(node.range[1] - 1);
        return;
      }
      case "ForGenericStatement": {
        const { variables, iterators } = node;
        for (const variable of variables) variable.line = this.lineAt(variable.range[0]);
        const at = variables[variables.length - 1]!.range[1];
        this.expressions(iterators, at, 0);
        node.line = this.lineOfFirstToken(at, iterators[0]!); // where the iterator is called
        this.block(node.body);
        node.lastLine = this.lineAt(node.range[1] - 1);
        return;
      }
      case "LabelStatement":
      case "GotoStatement":
        node.line = this.lineAt(node.range[0]);
        node.label.line = this.lineAt(node.label.range[0]);
        return;
      default:
        node.line = this.lineAt(node.range[0]);
    }
  }

  /** `local` and `global` declarations; luaparse sees the latter as the former. */
  private local(node: LocalStatement): void {
    const { variables, init } = node;
    const { attribs, globals } = this.findings;
    for (const variable of variables) {
      const start = variable.range[0];
      variable.line = this.lineAt(start);
      if (this.hasAttribs) variable.attrib = attribs.get(start);
    }
    const at = variables[variables.length - 1]!.range[1];
    this.expressions(init, at, 0);
    if (globals.has(node.range[0])) {
      Object.assign<LocalStatement, Partial<GlobalStatement>>(node, { type: "GlobalStatement", wildcard: false });
      // Where it shows that there is such a global already.
      node.line = init.length > 0 ? this.lineOfFirstToken(at, init[0]!) : this.lineAt(at - 1);
    } else node.line = this.lineAt(node.range[1] - 1); // where it shows that a variable cannot be closed
  }

  private functionStatement(node: FunctionDeclaration): void {
    const identifier = node.identifier!;
    const start = node.range[0];
    const global = this.findings.globalFunctions.get(start);
    if (global !== undefined) node.isGlobal = true;
    const line = this.lineAt(global ?? (node.isLocal ? this.token(identifier.range[1]) : start));
    node.line = line;
    let target = identifier;
    while (target.type === "MemberExpression") {
      target.line = target === identifier ? line : this.lineAt(target.range[1] - 1);
      target.identifier.line = this.lineAt(target.identifier.range[0]);
      target = target.base as typeof target;
    }
    target.line = this.lineAt(target.range[0]);
    this.functionBody(node);
  }

  private functionBody(node: FunctionDeclaration): void {
    for (const parameter of node.parameters) {
      const start = parameter.range[0];
      parameter.line = this.lineAt(start);
      if (parameter.type !== "VarargLiteral") continue;
      const name = this.findings.varargNames.get(start);
      if (name !== undefined) node.varargName = name;
    }
    this.block(node.body);
    node.lastLine = this.lineAt(node.range[1] - 1);
  }

  // Expressions

  /** The expressions of a list; `at` is before the first, `fetched` is for the last. */
  private expressions(list: Expression[], at: number, fetched: number): void {
    const last = list.length - 1;
    for (let i = 0; i <= last; i++) {
      const node = list[i]!;
      const end = node.range[1];
      this.expression(node, at, i === last ? fetched : this.lineAfter(end, list[i + 1]!.range[0]));
      at = end;
    }
  }

  /** Walks an expression that starts after `at`, but for parentheses. */
  private expression(node: Expression, at: number, fetched: number): void {
    const { spine } = this;
    const bottom = spine.length;
    // The first operand of an operator, an index or a call is walked in this loop: such chains may be very long.
    for (;;) {
      switch (node.type) {
        case "BinaryExpression":
        case "LogicalExpression": {
          const { left, range } = node;
          if (this.inParens(at, range[0], range[1])) node.inParens = true;
          fetched = node.line = this.lineAfter(left.range[1], node.right.range[0]);
          spine.push(node);
          at = range[0];
          node = left;
          continue;
        }
        case "MemberExpression": {
          const { base, identifier, range } = node;
          identifier.line = this.lineAt(identifier.range[0]);
          if (node.indexer === ":") fetched = node.line = identifier.line;
          else {
            node.line = fetched > 0 ? fetched : identifier.line;
            fetched = 0;
            if (this.inParens(at, range[0], range[1])) {
              node.inParens = true;
              node.line = this.line;
            }
          }
          spine.push(node);
          at = range[0];
          node = base;
          continue;
        }
        case "IndexExpression": {
          const { base, range } = node;
          node.line = fetched > 0 ? fetched : this.lineAt(range[1] - 1);
          fetched = 0;
          if (this.inParens(at, range[0], range[1])) {
            node.inParens = true;
            node.line = this.line;
          }
          spine.push(node);
          at = range[0];
          node = base;
          continue;
        }
        case "CallExpression":
        case "TableCallExpression":
        case "StringCallExpression": {
          const { base, range } = node;
          if (this.inParens(at, range[0], range[1])) node.inParens = true;
          fetched = 0;
          spine.push(node);
          at = range[0];
          node = base;
          continue;
        }
        case "Identifier": {
          const { range } = node;
          if (this.inParens(at, range[0], range[1])) node.inParens = true;
          node.line = this.lineAt(range[0]);
          break;
        }
        default:
          if (this.inParens(at, node.range[0], node.range[1])) node.inParens = true;
          this.operand(node);
      }
      break;
    }
    while (spine.length > bottom) this.rest(spine.pop()!);
  }

  /** The rest of an expression whose first operand has been walked. */
  private rest(node: Expression): void {
    switch (node.type) {
      case "BinaryExpression": {
        const { right, operator } = node;
        this.expression(right, node.left.range[1], 0);
        // `a .. b .. c` is one operation, made at its last operator.
        if (operator === "..") {
          if (right.type === "BinaryExpression" && right.operator === "..") node.line = right.line;
        } else if (isComparison(operator)) node.line = this.lineAt(node.range[1] - 1);
        return;
      }
      case "LogicalExpression":
        this.expression(node.right, node.left.range[1], 0);
        return;
      case "IndexExpression":
        this.expression(node.index, node.base.range[1], 0);
        return;
      case "CallExpression":
      case "TableCallExpression":
      case "StringCallExpression":
        this.call(node);
    }
  }

  private call(node: AnyCall): void {
    switch (node.type) {
      case "CallExpression": {
        const args = node.arguments;
        const open = this.tokenAfterParens(node.base.range[1]);
        node.line = this.lineAt(open);
        if (args.length > 0) this.expressions(args, open + 1, this.lineAt(node.range[1] - 1));
        return;
      }
      case "TableCallExpression":
        node.line = this.lineAt(node.arguments.range[0]);
        this.operand(node.arguments);
        return;
      case "StringCallExpression":
        this.operand(node.argument);
        node.line = this.lineAt(node.range[1] - 1); // known when all of the string has been read
    }
  }

  /** Equal strings of a chunk are one string, as in the reference; short ones are not worth the look. */
  private shared(text: string): string {
    if (text.length <= MAX_SHORT) return text;
    const known = this.strings.get(text);
    if (known === undefined) this.strings.set(text, text);
    return known ?? text;
  }

  /** An expression that has no first operand. */
  private operand(node: Expression): void {
    switch (node.type) {
      case "StringLiteral": {
        const { range } = node;
        node.line = this.lineAt(range[0]);
        node.value = this.shared(decodeString(this.source, range[0], range[1]));
        return;
      }
      case "NumericLiteral": {
        const { range } = node;
        node.line = this.lineAt(range[0]);
        node.raw = this.source.slice(range[0], range[1]);
        return;
      }
      case "UnaryExpression": {
        const start = node.range[0];
        node.line = this.lineAt(start);
        this.expression(node.argument, start + node.operator.length, 0);
        return;
      }
      case "FunctionDeclaration":
        node.line = this.lineAt(this.token(node.range[0] + FUNCTION));
        this.functionBody(node);
        return;
      case "TableConstructorExpression":
        node.line = this.lineAt(node.range[0]);
        this.table(node);
        return;
      default:
        node.line = this.lineAt(node.range[0]);
    }
  }

  private table(node: TableConstructor): void {
    const { fields, range } = node;
    const last = fields.length - 1;
    let at = range[0] + 1;
    for (let i = 0; i <= last; i++) {
      const field = fields[i]!;
      switch (field.type) {
        case "TableValue": {
          const { value } = field;
          // Fetched with the separator, or, there being none or none but it, with the `}`.
          const end = i === last ? range[1] - 1 : this.tokenAfterParens(value.range[1]);
          this.expression(value, at, this.lineAt(end));
          at = field.range[1];
          field.line = this.lineAt(at - 1);
          break;
        }
        case "TableKeyString": {
          const { key } = field;
          key.line = this.lineAt(key.range[0]);
          this.expression(field.value, key.range[1], 0);
          at = field.range[1];
          field.line = this.lineAt(at - 1);
          break;
        }
        case "TableKey": {
          const { key } = field;
          this.expression(key, field.range[0] + 1, 0);
          this.expression(field.value, key.range[1], 0);
          at = field.range[1];
          field.line = this.lineAt(at - 1);
        }
      }
    }
  }
}

function isComparison(operator: string): boolean {
  switch (operator) {
    case "==":
    case "~=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return true;
  }
  return false;
}

function lineStarts(source: string): number[] {
  const starts = [0];
  if (source.includes("\r")) {
    for (const { index, 0: newline } of source.matchAll(/\r\n|\n\r|\r|\n/g)) starts.push(index + newline.length);
    return starts;
  }
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
