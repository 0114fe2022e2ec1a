/**
 * Names to slots (manual §2.2, §3.3, §3.5): finds what each name refers to, which variables are captured and which of
 * those change, gives locals their registers, and enforces the rules on constants, declarations, gotos and limits.
 * What it finds is written into the syntax tree (`binding`, `variable`, `scope`, `target`).
 */
import type {
  AssignmentStatement,
  Chunk,
  Expression,
  ForGenericStatement,
  FunctionDeclaration,
  GlobalStatement,
  GotoStatement,
  Identifier,
  LocalStatement,
  Statement,
} from "./ast.ts";
import { chunkId } from "./chunk.ts";
import { SyntaxFailure } from "./lexer.ts";
import { Label } from "./nodes/node.ts";
import { LOCALS } from "./state.ts";

const MAX_LOCALS = 200;
const MAX_UPVALUES = 255;
const MAX_RETURNS = 254;
const MAX_ARGUMENT_REGISTERS = 255;

/** A local variable, parameter or loop variable. */
export class Variable {
  /** Used by a function inside the one that declares it. */
  captured = false;
  /** Assigned to after its declaration. */
  reassigned = false;
  /** Offset of its register in the window. */
  register = 0;
  /** Lines it is visible on, for the debug library. */
  from = 0;
  to = 0;
  /** The literal that a compile-time constant stands for. */
  constant: Expression | undefined = undefined;
  /** A local function refers to itself before its value is there: copying would come too early. */
  early = false;

  constructor(
    readonly name: string,
    readonly kind: "regular" | "const" | "close" | "loop",
    readonly owner: FunctionScope,
  ) {}

  get readonly(): boolean {
    return this.kind !== "regular";
  }
}

/** What a name refers to where it is used. */
export type Binding =
  | { kind: "local"; variable: Variable }
  | { kind: "upvalue"; variable: Variable; index: number }
  /** A field of the chunk's `_ENV`. */
  | { kind: "global" }
  /** A field of an `_ENV` that the program declared. */
  | { kind: "field"; environment: Binding }
  /** The chunk's `_ENV` itself. */
  | { kind: "environment" };

/** An entry of the list of what is in scope: a local, or a global declaration (`name` undefined for `global *`). */
type Entry = { variable: Variable } | { global: string | undefined; readonly: boolean };

interface PendingGoto {
  statement: GotoStatement;
  /** How many entries are in scope at the goto, as far as the block it has been carried to knows. */
  level: number;
}

interface PlacedLabel {
  label: Label;
  level: number;
}

class BlockScope {
  readonly labels = new Map<string, PlacedLabel>();
  readonly gotos: PendingGoto[] = [];
  constructor(
    readonly parent: BlockScope | undefined,
    /** Entries in scope outside the block. */
    readonly level: number,
    readonly registers: number,
  ) {}
}

/** One function: what is in scope, its upvalues, the registers it needs. */
export class FunctionScope {
  readonly entries: Entry[] = [];
  readonly upvalues: { variable: Variable; fromParent: "local" | "upvalue"; index: number }[] = [];
  readonly parameters: Variable[] = [];
  block: BlockScope | undefined = undefined;
  /** Registers in use, and the most there ever were. */
  registers = LOCALS;
  maxRegisters = LOCALS;
  activeLocals = 0;
  varargRegister = -1;
  varargVariable: Variable | undefined = undefined;
  /** All variables, in order of declaration. */
  readonly variables: Variable[] = [];
  constructor(
    readonly parent: FunctionScope | undefined,
    readonly line: number,
    readonly isVararg: boolean,
  ) {}

  /** The index of an upvalue for a variable of an enclosing function. */
  upvalue(variable: Variable, fail: (message: string) => never): number {
    const known = this.upvalues.findIndex((upvalue) => upvalue.variable === variable);
    if (known >= 0) return known;
    if (this.upvalues.length >= MAX_UPVALUES)
      fail(`too many upvalues (limit is ${MAX_UPVALUES}) in ${this.describe()}`);
    const parent = this.parent as FunctionScope;
    variable.captured = true;
    if (variable.owner === parent) {
      this.upvalues.push({ variable, fromParent: "local", index: -1 }); // the register, once it is final
    } else this.upvalues.push({ variable, fromParent: "upvalue", index: parent.upvalue(variable, fail) });
    return this.upvalues.length - 1;
  }

  describe(): string {
    return this.line === 0 ? "main function" : `function at line ${this.line}`;
  }
}

/**
 * Resolves all names of a chunk; throws a SyntaxFailure for what breaks a rule. With `debug`, functions count the
 * `_ENV` they use among their upvalues, where the debug library looks for it.
 */
export function resolve(chunk: Chunk, chunkName: string, debug: boolean): void {
  new Resolver(chunkId(chunkName), debug).chunk(chunk);
}

class Resolver {
  private fn!: FunctionScope;

  /** The chunk's `_ENV` as a variable around it, for the upvalue lists. */
  private environment: Variable | undefined = undefined;

  constructor(
    private readonly chunkId: string,
    private readonly debug: boolean,
  ) {}

  private fail(line: number, message: string): never {
    throw new SyntaxFailure(`${this.chunkId}:${line}: ${message}`);
  }

  chunk(chunk: Chunk): void {
    let around: FunctionScope | undefined;
    if (this.debug) {
      around = new FunctionScope(undefined, 0, false);
      this.environment = new Variable("_ENV", "regular", around);
      this.environment.early = true; // always in a cell
    }
    const scope = new FunctionScope(around, 0, true);
    if (this.environment !== undefined) scope.upvalue(this.environment, (message) => this.fail(0, message));
    this.fn = scope;
    chunk.scope = scope;
    scope.varargRegister = this.hidden();
    this.openBlock();
    this.statements(chunk.body);
    this.closeBlock(chunk.lastLine);
  }

  // --- scopes -------------------------------------------------------------------------------------------------------

  private openBlock(): void {
    const { fn } = this;
    fn.block = new BlockScope(fn.block, fn.entries.length, fn.registers);
  }

  /** Ends a block: resolves the gotos to its labels, hands the others to the enclosing block. */
  private closeBlock(line: number): void {
    const { fn } = this;
    const block = fn.block as BlockScope;
    for (const pending of block.gotos) {
      const name = pending.statement.label.name;
      const placed = block.labels.get(name);
      if (placed !== undefined) {
        if (pending.level < placed.level) {
          const entry = fn.entries[pending.level]!;
          const into = "variable" in entry ? entry.variable.name : (entry.global ?? "*");
          this.fail(line, `<goto ${name}> at line ${pending.statement.line} jumps into the scope of '${into}'`);
        }
        pending.statement.target = placed.label;
      } else if (block.parent === undefined) {
        this.fail(line, `no visible label '${name}' for <goto> at line ${pending.statement.line}`);
      } else block.parent.gotos.push({ statement: pending.statement, level: block.level });
    }
    for (let i = block.level; i < fn.entries.length; i++) {
      const entry = fn.entries[i]!;
      if ("variable" in entry) {
        entry.variable.to = line;
        fn.activeLocals--;
      }
    }
    fn.entries.length = block.level;
    fn.registers = block.registers;
    fn.block = block.parent;
  }

  private declare(variable: Variable, line: number): void {
    const { fn } = this;
    if (++fn.activeLocals > MAX_LOCALS) {
      this.fail(line, `too many local variables (limit is ${MAX_LOCALS}) in ${fn.describe()} near '${variable.name}'`);
    }
    variable.register = this.hidden();
    variable.from = line;
    fn.entries.push({ variable });
    fn.variables.push(variable);
  }

  /** Takes the next register. */
  private hidden(): number {
    const { fn } = this;
    const register = fn.registers++;
    if (fn.registers > fn.maxRegisters) fn.maxRegisters = fn.registers;
    return register;
  }

  // --- names --------------------------------------------------------------------------------------------------------

  /** Looks a name up from `fn` outwards, as `searchvar` does: locals, and global declarations on the way. */
  private search(name: string, line: number): { variable?: Variable; readonly: boolean } | undefined {
    // undefined: no declaration met; "none": only declarations of other names; else what `global *` says
    let collective: "default" | "undeclared" | { readonly: boolean } = "default";
    for (let fn: FunctionScope | undefined = this.fn; fn !== undefined; fn = fn.parent) {
      for (let i = fn.entries.length - 1; i >= 0; i--) {
        const entry = fn.entries[i]!;
        if ("variable" in entry) {
          if (entry.variable.name === name) return { variable: entry.variable, readonly: entry.variable.readonly };
        } else if (entry.global === undefined) {
          if (typeof collective === "string") collective = { readonly: entry.readonly };
        } else if (entry.global === name) return { readonly: entry.readonly };
        else if (collective === "default") collective = "undeclared";
      }
    }
    if (collective === "undeclared") this.fail(line, `variable '${name}' not declared`);
    return typeof collective === "object" ? { readonly: collective.readonly } : undefined;
  }

  private bind(name: string, line: number): { binding: Binding; readonly: boolean } {
    if (name === "_ENV") {
      const variable = this.searchEnvironment(name, line);
      if (variable === undefined) return { binding: { kind: "environment" }, readonly: false };
      return { binding: this.reference(variable, line), readonly: variable.readonly };
    }
    const found = this.search(name, line);
    if (found?.variable !== undefined)
      return { binding: this.reference(found.variable, line), readonly: found.readonly };
    return { binding: this.globalBinding(name, line), readonly: found?.readonly ?? false };
  }

  /** The `_ENV` that the program declared, if any; `name` is what is being looked up in it. */
  private searchEnvironment(name: string, line: number): Variable | undefined {
    for (let fn: FunctionScope | undefined = this.fn; fn !== undefined; fn = fn.parent) {
      for (let i = fn.entries.length - 1; i >= 0; i--) {
        const entry = fn.entries[i]!;
        if ("variable" in entry) {
          if (entry.variable.name === "_ENV") return entry.variable;
        } else if (entry.global === "_ENV") this.fail(line, `_ENV is global when accessing variable '${name}'`);
      }
    }
    if (this.environment !== undefined) this.fn.upvalue(this.environment, (message) => this.fail(0, message));
    return undefined;
  }

  private globalBinding(name: string, line: number): Binding {
    const environment = this.searchEnvironment(name, line);
    return environment === undefined
      ? { kind: "global" }
      : { kind: "field", environment: this.reference(environment, line) };
  }

  private reference(variable: Variable, line: number): Binding {
    if (variable.owner === this.fn) return { kind: "local", variable };
    if (variable.constant !== undefined) return { kind: "local", variable }; // compiled to its literal
    const index = this.fn.upvalue(variable, (message) => this.fail(line, `${message} near '${variable.name}'`));
    return { kind: "upvalue", variable, index };
  }

  private use(identifier: Identifier): void {
    identifier.binding = this.bind(identifier.name, identifier.line).binding;
  }

  private assign(identifier: Identifier): void {
    const { binding, readonly } = this.bind(identifier.name, identifier.line);
    if (readonly) this.fail(identifier.line, `attempt to assign to const variable '${identifier.name}'`);
    if (binding.kind === "local" || binding.kind === "upvalue") binding.variable.reassigned = true;
    identifier.binding = binding;
  }

  // --- functions ----------------------------------------------------------------------------------------------------

  private function(declaration: FunctionDeclaration, method: boolean): void {
    const isVararg = declaration.parameters.some((parameter) => parameter.type === "VarargLiteral");
    const scope = new FunctionScope(this.fn, declaration.line, isVararg || declaration.varargName !== undefined);
    declaration.scope = scope;
    this.fn = scope;
    this.openBlock();
    if (method) this.parameter(new Variable("self", "regular", scope), declaration.line);
    for (const parameter of declaration.parameters) {
      if (parameter.type !== "Identifier") continue;
      const variable = new Variable(parameter.name, "regular", scope);
      parameter.variable = variable;
      this.parameter(variable, parameter.line);
    }
    if (declaration.varargName !== undefined) {
      const variable = new Variable(declaration.varargName, "const", scope);
      this.declare(variable, declaration.line);
      scope.varargVariable = variable;
      scope.varargRegister = variable.register;
    } else if (isVararg) scope.varargRegister = this.hidden();
    this.statements(declaration.body);
    this.closeBlock(declaration.lastLine);
    this.fn = scope.parent as FunctionScope;
  }

  private parameter(variable: Variable, line: number): void {
    this.declare(variable, line);
    this.fn.parameters.push(variable);
  }

  // --- statements ---------------------------------------------------------------------------------------------------

  private block(body: Statement[], lastLine: number): void {
    this.openBlock();
    this.statements(body);
    this.closeBlock(lastLine);
  }

  private statements(body: Statement[]): void {
    for (let i = 0; i < body.length; i++) this.statement(body[i]!, body, i);
  }

  private statement(statement: Statement, body: Statement[], at: number): void {
    switch (statement.type) {
      case "LocalStatement":
        return this.local(statement);
      case "GlobalStatement":
        return this.global(statement);
      case "AssignmentStatement":
        return this.assignment(statement);
      case "CallStatement":
        return this.expression(statement.expression);
      case "FunctionDeclaration":
        return this.functionStatement(statement);
      case "ReturnStatement":
        if (statement.arguments.length > MAX_RETURNS) {
          const where = `(limit is ${MAX_RETURNS + 1}) in ${this.fn.describe()}`; // the reference counts one more
          this.fail(statement.line, `too many returns ${where} near <eof>`);
        }
        for (const argument of statement.arguments) this.expression(argument);
        return;
      case "DoStatement":
        return this.block(statement.body, statement.lastLine);
      case "IfStatement":
        for (const clause of statement.clauses) {
          if (clause.type !== "ElseClause") this.expression(clause.condition);
          this.block(clause.body, lastLineOf(clause.body, clause.line));
        }
        return;
      case "WhileStatement":
        this.expression(statement.condition);
        return this.block(statement.body, statement.lastLine);
      case "RepeatStatement":
        this.openBlock();
        this.repeats.add(statement.body);
        this.statements(statement.body);
        this.expression(statement.condition);
        return this.closeBlock(statement.condition.line);
      case "ForNumericStatement": {
        this.expression(statement.start);
        this.expression(statement.end);
        if (statement.step !== null) this.expression(statement.step);
        this.openBlock();
        const variable = new Variable(statement.variable.name, "loop", this.fn);
        statement.variable.variable = variable;
        this.declare(variable, statement.variable.line);
        this.block(statement.body, statement.lastLine);
        return this.closeBlock(statement.lastLine);
      }
      case "ForGenericStatement":
        return this.genericFor(statement);
      case "LabelStatement":
        return this.label(statement, body, at);
      case "GotoStatement":
        (this.fn.block as BlockScope).gotos.push({ statement, level: this.fn.entries.length });
        return;
      case "BreakStatement":
        return;
    }
  }

  private genericFor(statement: ForGenericStatement): void {
    for (const iterator of statement.iterators) this.expression(iterator);
    this.openBlock();
    // Closing value, iterator, state, control: hidden, but counted by the limit as the reference does.
    const closing = this.hidden();
    for (let i = 0; i < 3; i++) this.hidden();
    this.fn.activeLocals += 3;
    statement.closing = closing;
    statement.hidden = [closing + 1, closing + 2, closing].map((register) => {
      const variable = new Variable("(for state)", "loop", this.fn);
      variable.register = register;
      this.fn.variables.push(variable);
      return variable;
    });
    statement.variables.forEach((identifier, i) => {
      const variable = new Variable(identifier.name, i === 0 ? "loop" : "regular", this.fn);
      identifier.variable = variable;
      this.declare(variable, identifier.line);
    });
    this.block(statement.body, statement.lastLine);
    this.closeBlock(statement.lastLine);
    this.fn.activeLocals -= 3;
  }

  private label(statement: Extract<Statement, { type: "LabelStatement" }>, body: Statement[], at: number): void {
    const name = statement.label.name;
    for (let block = this.fn.block; block !== undefined; block = block.parent) {
      const known = block.labels.get(name);
      if (known !== undefined) this.fail(statement.line, `label '${name}' already defined on line ${known.label.line}`);
    }
    const block = this.fn.block as BlockScope;
    // At the end of a block its locals count as out of scope already (void statements may follow).
    let last = true;
    for (let i = at + 1; i < body.length; i++) if (body[i]!.type !== "LabelStatement") last = false;
    const label = new Label(name, statement.line);
    statement.target = label;
    block.labels.set(name, { label, level: last && !this.inRepeat(body) ? block.level : this.fn.entries.length });
  }

  /** Bodies of `repeat`: their end is not the end of their locals' scope. */
  private readonly repeats = new Set<Statement[]>();
  private inRepeat(body: Statement[]): boolean {
    return this.repeats.has(body);
  }

  private local(statement: LocalStatement): void {
    for (const value of statement.init) this.expression(value);
    const { variables, init } = statement;
    variables.forEach((identifier, i) => {
      const kind = identifier.attrib ?? "regular";
      const variable = new Variable(identifier.name, kind, this.fn);
      const value = init[i];
      if (kind === "const" && variables.length === init.length && value !== undefined && isLiteral(value)) {
        variable.constant = value;
      }
      identifier.variable = variable;
    });
    for (const identifier of variables) this.declare(identifier.variable as Variable, identifier.line);
  }

  private global(statement: GlobalStatement): void {
    for (const value of statement.init) this.expression(value);
    if (statement.wildcard) {
      this.fn.entries.push({ global: undefined, readonly: statement.attrib === "const" });
      return;
    }
    for (const identifier of statement.variables)
      identifier.binding = this.globalBinding(identifier.name, identifier.line);
    for (const identifier of statement.variables) {
      this.fn.entries.push({ global: identifier.name, readonly: identifier.attrib === "const" });
    }
    this.reserveTemporaries(statement);
  }

  private assignment(statement: AssignmentStatement): void {
    // Left to right, as they stand: the order in which upvalues are met is the order in which they are numbered.
    for (const target of statement.variables) {
      if (target.type === "Identifier") this.assign(target);
      else this.expression(target);
    }
    for (const value of statement.init) this.expression(value);
    if (statement.variables.length > 1 || statement.init.length > 1) this.reserveTemporaries(statement);
  }

  /** Registers for the objects and keys of a multiple assignment and then its values, free again after it. */
  private reserveTemporaries(statement: AssignmentStatement | GlobalStatement): void {
    const { fn } = this;
    const { registers } = fn;
    statement.temporaries = registers;
    const places = statement.variables.filter((v) => v.type !== "Identifier" || v.binding?.kind === "field").length;
    const count = 2 * places + Math.max(statement.variables.length, statement.init.length);
    for (let i = 0; i < count; i++) this.hidden();
    fn.registers = registers;
  }

  private functionStatement(declaration: FunctionDeclaration): void {
    const { identifier } = declaration;
    if (identifier === null) return this.function(declaration, false);
    if (identifier.type === "MemberExpression") {
      this.expression(identifier);
      return this.function(declaration, identifier.indexer === ":");
    }
    if (declaration.isLocal) {
      const variable = new Variable(identifier.name, "regular", this.fn);
      variable.early = true;
      identifier.variable = variable;
      this.declare(variable, identifier.line);
    } else if (declaration.isGlobal === true) {
      this.fn.entries.push({ global: identifier.name, readonly: false });
      identifier.binding = this.globalBinding(identifier.name, identifier.line);
    } else this.assign(identifier);
    this.function(declaration, false);
  }

  // --- expressions --------------------------------------------------------------------------------------------------

  private expression(expression: Expression): void {
    // Chains that lean to the left (`a + b + c`, `a.b.c`, `f()()`) may be long: they are walked, not recursed into.
    const spine: Expression[] = [];
    let at: Expression = expression;
    for (;;) {
      if (at.type === "BinaryExpression" || at.type === "LogicalExpression") {
        spine.push(at);
        at = at.left;
      } else if ("base" in at) {
        spine.push(at);
        at = at.base;
      } else break;
    }
    this.leaf(at);
    for (let i = spine.length - 1; i >= 0; i--) {
      const node = spine[i]!;
      switch (node.type) {
        case "BinaryExpression":
        case "LogicalExpression":
          this.expression(node.right);
          break;
        case "IndexExpression":
          this.expression(node.index);
          break;
        case "CallExpression":
          this.checkRegisters(node.arguments.length, node.line);
          for (const argument of node.arguments) this.expression(argument);
          break;
        case "TableCallExpression":
          this.expression(node.arguments);
          break;
        case "StringCallExpression":
          this.expression(node.argument);
      }
    }
  }

  /** The reference evaluates arguments into registers, of which a function has 255. */
  private checkRegisters(count: number, line: number): void {
    if (this.fn.activeLocals + count + 2 <= MAX_ARGUMENT_REGISTERS) return;
    const where = `(limit is ${MAX_ARGUMENT_REGISTERS}) in ${this.fn.describe()}`;
    this.fail(line, `too many registers ${where} near ')'`);
  }

  private leaf(expression: Expression): void {
    switch (expression.type) {
      case "Identifier":
        return this.use(expression);
      case "FunctionDeclaration":
        return this.function(expression, false);
      case "UnaryExpression":
        return this.expression(expression.argument);
      case "TableConstructorExpression":
        for (const field of expression.fields) {
          if (field.type === "TableKey") this.expression(field.key);
          this.expression(field.value);
        }
    }
  }
}

/** Literals that a constant variable stands for at compile time (`luaK_exp2const`). */
function isLiteral(expression: Expression): boolean {
  switch (expression.type) {
    case "NilLiteral":
    case "BooleanLiteral":
    case "NumericLiteral":
    case "StringLiteral":
      return true;
    case "UnaryExpression":
      return expression.operator === "-" && expression.argument.type === "NumericLiteral";
    default:
      return false;
  }
}

function lastLineOf(body: Statement[], line: number): number {
  const last = body[body.length - 1];
  return last === undefined ? line : last.line;
}
