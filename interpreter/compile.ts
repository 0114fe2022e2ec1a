/** From the resolved syntax tree to the nodes that evaluate it. */

import type { AssignmentStatement, Chunk, Expression, FunctionDeclaration, Identifier, Statement } from "./ast.ts";
import { chunkId } from "./chunk.ts";
import { type CompileOptions, ExpressionCompiler, lastIsMulti } from "./compile-expression.ts";
import { type Cell, LuaFunction, Prototype } from "./function.ts";
import { registerPrototype } from "./hook.ts";
import { SyntaxFailure } from "./lexer.ts";
import {
  assignSeveral,
  SetCell,
  SetField,
  SetGlobal,
  SetLocal,
  SetLocalCell,
  SetUpvalue,
  StepLocal,
  type Target,
} from "./nodes/assignment.ts";
import { Binary } from "./nodes/binary.ts";
import { Block, Block2, Block3, Block4, Block5, Break, CallStatement, Goto, LabelledBlock } from "./nodes/block.ts";
import { type Call, FunctionCall, MethodCall } from "./nodes/call.ts";
import { If, IfElse, Repeat, Until, While } from "./nodes/control.ts";
import {
  CheckUndefinedGlobal,
  CloseScope,
  DeclareCell,
  DeclareFunctionCell,
  DeclareLocals,
} from "./nodes/declaration.ts";
import { FunctionExpression } from "./nodes/function.ts";
import { GenericFor } from "./nodes/generic-for.ts";
import { Constant } from "./nodes/literal.ts";
import { Expression as ExpressionNode, type Label, linking, type Statement as StatementNode } from "./nodes/node.ts";
import { NumericFor } from "./nodes/numeric-for.ts";
import { Return, ReturnCall, ReturnMultiple, TailCall } from "./nodes/return.ts";
import { EnvironmentVariable, Local } from "./nodes/variable.ts";
import { ADD, SUB } from "./operators.ts";
import { parse } from "./parse.ts";
import { type Binding, type FunctionScope, resolve, type Variable } from "./resolver.ts";
import { LOCALS } from "./state.ts";

/** Nesting levels of nodes whose JavaScript frames one register stands for; see STACK_REGISTERS. */
const LEVELS_PER_REGISTER = 5;

/**
 * Compiles a chunk (a byte string) to a function whose `_ENV` is `environment`. Throws a SyntaxFailure.
 * `chunkName` is in Lua's form, such as "@script.lua".
 */
export function compile(
  source: string,
  chunkName: string,
  environment: Cell,
  options: CompileOptions = {},
): LuaFunction {
  const chunk = parse(source, chunkName, options.reserve);
  linking.late = options.debug === true;
  try {
    resolve(chunk, chunkName, options.debug === true);
    const prototype = new Compiler(chunkName, source, environment, options).main(chunk);
    return new LuaFunction(prototype, options.debug === true ? [environment] : []);
  } catch (error) {
    if (error instanceof RangeError)
      throw new SyntaxFailure(`${chunkId(chunkName)}:1: chunk has too many syntax levels`);
    throw error;
  }
}

class Compiler extends ExpressionCompiler {
  main(chunk: Chunk): Prototype {
    const prototype = new Prototype(this.id, this.chunkName, 0, 0, [], true, undefined);
    this.function(prototype, chunk.scope as FunctionScope, chunk.body, chunk.lastLine);
    return prototype;
  }

  // --- functions ----------------------------------------------------------------------------------------------------

  private function(prototype: Prototype, scope: FunctionScope, body: Statement[], lastLine: number): void {
    const outer = this.context;
    this.context = {
      scope,
      prototype,
      sites: [],
      depth: 0,
      maxDepth: 0,
      closing: 0,
      constants: new Set(),
      names: new Set(),
      points: [],
    };
    prototype.lastLine = lastLine;
    prototype.varargRegister = scope.varargRegister;
    prototype.varargTable = scope.varargVariable !== undefined;
    prototype.cellParameters = scope.parameters.filter((p) => this.inCell(p)).map((p) => p.register);
    prototype.plainParameters =
      scope.varargRegister >= 0 || prototype.cellParameters.length > 0 ? -1 : scope.parameters.length;
    if (scope.varargVariable !== undefined && this.inCell(scope.varargVariable)) {
      prototype.cellParameters.push(scope.varargRegister);
    }
    for (const upvalue of scope.upvalues) {
      prototype.upvalues.push({
        name: upvalue.variable.name,
        fromParent: upvalue.fromParent,
        index: upvalue.fromParent === "local" ? upvalue.variable.register : upvalue.index,
        cell: this.inCell(upvalue.variable),
      });
    }
    for (const parameter of scope.parameters) parameter.from = 0;
    if (scope.varargVariable !== undefined) scope.varargVariable.from = 0;
    prototype.body = this.block(body);
    for (const parameter of scope.parameters) parameter.to = Infinity;
    prototype.locals = scope.variables.map((variable) => ({
      name: variable.name,
      register: variable.register,
      from: variable.from,
      to: variable.to,
      cell: this.inCell(variable),
    }));
    prototype.size = Math.max(scope.maxRegisters, LOCALS + 1 + Math.ceil(this.context.maxDepth / LEVELS_PER_REGISTER));
    for (const site of this.context.sites) site.size = prototype.size;
    if (this.debug) {
      prototype.endOrder = this.order;
      prototype.points = this.context.points;
      registerPrototype(prototype, this.source.includes("sethook"));
      prototype.text = this.source;
      prototype.constants = [...this.context.constants];
    }
    // What an inner function takes from further out, this one must have too.
    if (outer !== undefined) for (const constant of this.context.constants) outer.constants.add(constant);
    if (this.options.stripped === true) strip(prototype);
    this.context = outer;
  }

  protected override functionExpression(declaration: FunctionDeclaration): FunctionExpression {
    const scope = declaration.scope as FunctionScope;
    const prototype = new Prototype(
      this.id,
      this.chunkName,
      declaration.line,
      scope.parameters.length,
      scope.parameters.map((parameter) => parameter.name),
      scope.isVararg,
      declaration,
    );
    this.options.prototypes?.push(prototype);
    this.function(prototype, scope, declaration.body, declaration.lastLine);
    return new FunctionExpression(prototype);
  }

  // --- statements ---------------------------------------------------------------------------------------------------

  private block(body: Statement[]): StatementNode {
    this.enter();
    const node = this.blockFrom(body, 0, this.trailing(body));
    this.context.depth--;
    return node;
  }

  /** Where the labels at the very end of a block begin: they count as outside the scope of its locals. */
  private trailing(body: Statement[]): number {
    let at = body.length;
    while (at > 0 && body[at - 1]!.type === "LabelStatement") at--;
    return at;
  }

  /** Statements from `start` on, up to `end` if a scope inside is being compiled (its block keeps the last labels). */
  private blockFrom(body: Statement[], start: number, end: number): StatementNode {
    const statements: StatementNode[] = [];
    const labels = new Map<Label, number>();
    const declared: Variable[] = [];
    for (let i = start; i < end; i++) {
      const statement = body[i]!;
      if (statement.type === "LabelStatement") {
        labels.set(statement.target as Label, statements.length);
        continue;
      }
      const node = this.debug ? this.observed(statement) : this.statement(statement);
      if (node instanceof Block && (statement.type === "LocalStatement" || statement.type === "AssignmentStatement")) {
        statements.push(...node.statements);
      } else if (node !== undefined) statements.push(node);
      if (statement.type === "LocalStatement") this.activate(statement.variables, declared);
      else if (statement.type === "FunctionDeclaration" && statement.isLocal)
        this.activate([statement.identifier as Identifier], declared);
      const closing = closingVariable(statement);
      if (closing !== undefined) {
        this.context.closing++;
        this.enter();
        const variable = closing.variable as Variable;
        const rest = this.blockFrom(body, i + 1, end);
        statements.push(
          this.site(new CloseScope(statement.line, variable.register, variable.name, this.inCell(variable), rest)),
        );
        this.context.closing--;
        this.context.depth--;
        break;
      }
    }
    // The end of a block is a place of its own for the debug library.
    if (this.debug) this.order++;
    for (const variable of declared) variable.to = this.order + 1;
    if (start === 0) {
      for (let i = end; i < body.length; i++) {
        const statement = body[i]!;
        if (statement.type === "LabelStatement") labels.set(statement.target as Label, statements.length);
      }
    }
    if (labels.size > 0) return new LabelledBlock(statements, labels);
    return sequence(statements);
  }

  /** Variables are active from the first site after their declaration. */
  private activate(identifiers: Identifier[], declared: Variable[]): void {
    for (const identifier of identifiers) {
      const variable = identifier.variable as Variable;
      variable.from = this.order + 1;
      declared.push(variable);
    }
  }

  /** The body of a loop, with the loop's variables active in it. */
  private loopBody(body: Statement[], variables: Variable[]): StatementNode {
    for (const variable of variables) variable.from = this.order + 1;
    const node = this.block(body);
    for (const variable of variables) variable.to = this.order + 1;
    return node;
  }

  /** A statement of which hooks can hear. */
  private observed(statement: Statement): StatementNode | undefined {
    const order = ++this.order;
    const node = this.statement(statement);
    if (node === undefined) return node;
    const { line } = statement;
    switch (statement.type) {
      case "DoStatement":
      case "RepeatStatement":
      case "IfStatement":
        return node;
      case "FunctionDeclaration": {
        // The reference makes the closure at the end, and assigns it on the first line.
        const after = statement.isLocal || statement.lastLine === line ? 0 : line;
        this.point(node, "statement", statement.lastLine, after, order);
        return node;
      }
      case "WhileStatement": {
        const start = firstLine(statement.condition, line);
        this.point(node, "while", start, 0, order);
        this.point(node, "statement", start, 0, order);
        return node;
      }
      case "ForNumericStatement":
      case "ForGenericStatement":
        this.point(node, statement.type === "ForNumericStatement" ? "numeric" : "generic", line, 0, order);
        this.point(node, "statement", line, 0, order);
        return node;
      case "LocalStatement":
      case "AssignmentStatement":
      case "GlobalStatement":
        if (statement.type === "AssignmentStatement") this.observeStore(node, statement, order);
        this.point(
          node instanceof Block ? (node.statements[0] ?? node) : node,
          "statement",
          statement.init[0] === undefined ? line : firstLine(statement.init[0], line),
          0,
          order,
        );
        return node;
      case "CallStatement":
        this.point(node, "statement", firstLine(statement.expression, line), 0, order);
        return node;
      case "ReturnStatement":
        this.point(
          node,
          "statement",
          statement.arguments[0] === undefined ? line : firstLine(statement.arguments[0], line),
          0,
          order,
        );
        return node;
      default:
        this.point(node, "statement", line, 0, order);
        return node;
    }
  }

  /** A store on another line than its value. */
  private observeStore(node: StatementNode, { init, line }: AssignmentStatement, order: number): void {
    const { value } = node as { value?: unknown };
    if (init.length !== 1 || init[0]?.type !== "BinaryExpression" || !(value instanceof ExpressionNode)) return;
    if (firstLine(init[0], line) !== line) this.point(value, "expression", 0, line, order);
  }

  private statement(statement: Statement): StatementNode | undefined {
    switch (statement.type) {
      case "LocalStatement":
        return this.local(statement.variables, statement.init);
      case "GlobalStatement":
        return this.global(statement);
      case "AssignmentStatement":
        return this.assignment(statement);
      case "CallStatement":
        return new CallStatement(this.expression(statement.expression) as Call);
      case "FunctionDeclaration":
        return this.functionStatement(statement);
      case "ReturnStatement":
        return this.return(statement.arguments);
      case "DoStatement":
        return this.block(statement.body);
      case "IfStatement":
        return this.if(statement.clauses, 0);
      case "WhileStatement":
        return new While(this.expression(statement.condition), this.block(statement.body));
      case "RepeatStatement":
        return this.repeat(statement);
      case "ForNumericStatement": {
        const variable = statement.variable.variable as Variable;
        return this.site(
          new NumericFor(
            statement.line,
            this.expression(statement.start),
            this.expression(statement.end),
            statement.step === null ? new Constant(1) : this.expression(statement.step),
            variable.register,
            this.inCell(variable),
            this.loopBody(statement.body, [variable]),
          ),
        );
      }
      case "ForGenericStatement": {
        const variables = statement.variables.map((identifier) => identifier.variable as Variable);
        const iterators = statement.iterators.map((iterator) => this.expression(iterator));
        // The loop may have a value to close, so a return inside is no tail call.
        this.context.closing++;
        const body = this.loopBody(statement.body, [...(statement.hidden as Variable[]), ...variables]);
        this.context.closing--;
        const node = this.site(
          new GenericFor(
            statement.line,
            iterators,
            variables[0]!.register,
            variables.map((variable) => this.inCell(variable)),
            body,
            statement.closing as number,
          ),
        );
        return node;
      }
      case "GotoStatement":
        return new Goto(statement.target as Label);
      case "BreakStatement":
        return new Break();
      case "LabelStatement":
        return undefined;
    }
  }

  /** The condition is the last thing in the body's block, inside its scopes. */
  private repeat(statement: Extract<Statement, { type: "RepeatStatement" }>): StatementNode {
    const until: UntilStatement = { type: "Until", condition: statement.condition };
    this.enter();
    const body = this.repeatBody(statement.body, 0, until);
    this.context.depth--;
    const node = new Repeat(body);
    if (this.debug) this.point(node, "repeat", 0, 0, this.order);
    return node;
  }

  private repeatBody(body: Statement[], start: number, until: UntilStatement): StatementNode {
    const closing = body.findIndex((s, i) => i >= start && closingVariable(s) !== undefined);
    if (closing < 0) {
      const inner = this.blockFrom(body.slice(start), 0, body.length - start);
      const order = ++this.order;
      const test = new Until(this.expression(until.condition));
      if (this.debug) this.point(test, "statement", firstLine(until.condition, 0), 0, order);
      return new Block2(inner, test);
    }
    // A to-be-closed variable: the condition goes into its scope.
    const before = this.blockFrom(body.slice(start, closing), 0, closing - start);
    const declaration = this.statement(body[closing]!) as StatementNode;
    const variable = (closingVariable(body[closing]!) as Identifier).variable as Variable;
    this.context.closing++;
    const rest = this.repeatBody(body, closing + 1, until);
    this.context.closing--;
    const scope = this.site(
      new CloseScope(body[closing]!.line, variable.register, variable.name, this.inCell(variable), rest),
    );
    return new Block3(before, declaration, scope);
  }

  private if(clauses: Extract<Statement, { type: "IfStatement" }>["clauses"], at: number): StatementNode {
    // Built from the last clause backwards, so that long chains do not recurse here.
    let otherwise: StatementNode | undefined;
    for (let i = clauses.length - 1; i >= at; i--) {
      const clause = clauses[i]!;
      const body = this.block(clause.body);
      if (clause.type === "ElseClause") otherwise = body;
      else {
        const condition = this.expression(clause.condition);
        otherwise = otherwise === undefined ? new If(condition, body) : new IfElse(condition, body, otherwise);
        if (this.debug) this.point(otherwise, "statement", firstLine(clause.condition, clause.line), 0, this.order);
      }
    }
    const { context } = this;
    context.maxDepth = Math.max(context.maxDepth, context.depth + clauses.length);
    return otherwise as StatementNode;
  }

  private local(identifiers: Identifier[], init: Expression[]): StatementNode | undefined {
    const variables = identifiers.map((identifier) => identifier.variable as Variable);
    if (variables.length === 1) {
      const variable = variables[0]!;
      if (variable.constant !== undefined) return undefined;
      if (init.length <= 1) {
        const value = init[0] === undefined ? new Constant(undefined) : this.single(init[0]);
        return this.inCell(variable)
          ? new DeclareCell(variable.register, value)
          : new SetLocal(variable.register, value);
      }
    }
    const values = this.list(init);
    if (values.length === variables.length && !lastIsMulti(values)) {
      // No value can refer to the variables before it: declaring them one by one is the same.
      return new Block(
        variables.map((variable, i) =>
          this.inCell(variable)
            ? new DeclareCell(variable.register, values[i]!)
            : new SetLocal(variable.register, values[i]!),
        ),
      );
    }
    const targets = variables.map((variable) => ({ register: variable.register, cell: this.inCell(variable) }));
    return new DeclareLocals(targets, values);
  }

  private functionStatement(declaration: FunctionDeclaration): StatementNode {
    const identifier = declaration.identifier;
    if (identifier === null) throw new Error("a function expression is no statement");
    if (identifier.type === "Identifier" && declaration.isLocal) {
      const variable = identifier.variable as Variable;
      const value = this.functionExpression(declaration);
      return this.inCell(variable)
        ? new DeclareFunctionCell(variable.register, value)
        : new SetLocal(variable.register, value);
    }
    const value = this.functionExpression(declaration);
    if (identifier.type === "MemberExpression") {
      return this.site(
        new SetField(declaration.line, this.expression(identifier.base), identifier.identifier.name, value),
      );
    }
    const store = this.store(identifier, identifier.binding as Binding, value, declaration.line);
    if (declaration.isGlobal !== true) return store;
    return new Block2(this.checkGlobal(identifier, declaration.line), store);
  }

  private checkGlobal(identifier: Identifier, line: number): StatementNode {
    const binding = identifier.binding as Binding;
    const environment =
      binding.kind === "field" ? this.variable(binding.environment, "_ENV") : new EnvironmentVariable(this.environment);
    return this.site(new CheckUndefinedGlobal(line, environment, identifier.name));
  }

  private global(statement: Extract<Statement, { type: "GlobalStatement" }>): StatementNode | undefined {
    if (statement.init.length === 0) return undefined;
    const checks = statement.variables.map((identifier) => this.checkGlobal(identifier, statement.line));
    const [only] = statement.variables;
    const assign =
      statement.variables.length === 1 && statement.init.length === 1 && only !== undefined
        ? this.store(only, only.binding as Binding, this.single(statement.init[0]!), statement.line)
        : this.multiple(statement.variables, statement.init, statement.line, statement.temporaries as number);
    return new Block([...checks, assign]);
  }

  private assignment(statement: Extract<Statement, { type: "AssignmentStatement" }>): StatementNode {
    const [target] = statement.variables;
    if (statement.variables.length > 1 || statement.init.length > 1 || target === undefined) {
      return this.multiple(statement.variables, statement.init, statement.line, statement.temporaries as number);
    }
    const source = statement.init[0]!;
    if (target.type === "Identifier") {
      return this.store(target, target.binding as Binding, this.single(source), target.line);
    }
    const object = this.expression(target.base);
    if (target.type === "MemberExpression") {
      return this.setField(target.line, object, target.identifier.name, this.single(source));
    }
    const key = this.expression(target.index);
    const value = this.single(source);
    return this.setIndex(target.line, object, key, value);
  }

  private store(identifier: Identifier, binding: Binding, value: ExpressionNode, line: number): StatementNode {
    switch (binding.kind) {
      case "local":
        if (this.inCell(binding.variable)) return new SetLocalCell(binding.variable.register, value);
        return this.setLocal(binding.variable.register, value);
      case "upvalue":
        return new SetUpvalue(binding.index, value);
      case "global":
        return this.site(new SetGlobal(line, this.environment, identifier.name, value));
      case "field":
        return this.site(new SetField(line, this.variable(binding.environment, "_ENV"), identifier.name, value));
      case "environment":
        return new SetCell(this.environment, value);
    }
  }

  private setLocal(register: number, value: ExpressionNode): StatementNode {
    if (value instanceof Binary && value.left instanceof Local && value.left.register === register) {
      const { operator, right } = value;
      if ((operator === ADD || operator === SUB) && right instanceof Constant) {
        const step = right.value;
        if (typeof step === "number" && Number.isSafeInteger(step)) {
          return new StepLocal(register, value, operator === ADD ? step : -step);
        }
      }
    }
    return new SetLocal(register, value);
  }

  private multiple(
    variables: Extract<Statement, { type: "AssignmentStatement" }>["variables"],
    init: Expression[],
    line: number,
    temporaries: number,
  ): StatementNode {
    const targets = variables.map((target): Target => {
      if (target.type === "IndexExpression") {
        const key = this.expression(target.index);
        const constant = key instanceof Constant && typeof key.value === "string";
        return { kind: "index", object: this.expression(target.base), key, constant };
      }
      if (target.type === "MemberExpression") {
        return {
          kind: "index",
          object: this.expression(target.base),
          key: new Constant(target.identifier.name),
          constant: true,
        };
      }
      const binding = target.binding as Binding;
      switch (binding.kind) {
        case "local":
          return { kind: this.inCell(binding.variable) ? "cell" : "local", register: binding.variable.register };
        case "upvalue":
          return { kind: "upvalue", index: binding.index };
        case "global":
          return { kind: "global", environment: this.environment, name: target.name };
        case "field":
          return {
            kind: "index",
            object: this.variable(binding.environment, "_ENV"),
            key: new Constant(target.name),
            constant: true,
          };
        case "environment":
          return { kind: "environment", environment: this.environment };
      }
    });
    const values = this.list(init);
    if (values.length === targets.length && values.every(isSteady) && targets.every(isSteadyPlace)) {
      // Nothing that is read can change between the stores: they are made one by one, from right to left.
      const stores = targets.map((target, i) => this.storePlace(target as IndexTarget, values[i]!, line));
      return new Block(stores.reverse());
    }
    return this.site(assignSeveral(line, targets, values, temporaries));
  }

  private storePlace({ object, key }: IndexTarget, value: ExpressionNode, line: number): StatementNode {
    return this.setIndex(line, object, key, value);
  }

  private return(values: Expression[]): StatementNode {
    const [only] = values;
    if (values.length !== 1 || only === undefined) return new ReturnMultiple(this.list(values));
    const value = this.expression(only);
    if (!value.isMulti) return new Return(value);
    if (value instanceof FunctionCall || value instanceof MethodCall) {
      return this.context.closing > 0 ? new ReturnCall(value) : this.site(new TailCall(value));
    }
    return new ReturnMultiple([value]);
  }
}

interface UntilStatement {
  type: "Until";
  condition: Expression;
}

/** Takes away what `string.dump` leaves out when asked to. */
function strip(prototype: Prototype): void {
  prototype.locals = [];
  prototype.stripped = true;
  for (const upvalue of prototype.upvalues) upvalue.name = upvalue.name === "_ENV" ? "_ENV" : "(no name)";
}

/** Statements one after the other, in the form that runs fastest: unrolled up to six, the rest nested in the last. */
function sequence(statements: StatementNode[]): StatementNode {
  const [a, b, c, d, e] = statements as [StatementNode, StatementNode, StatementNode, StatementNode, StatementNode];
  switch (statements.length) {
    case 0:
      return new Block([]);
    case 1:
      return a;
    case 2:
      return new Block2(a, b);
    case 3:
      return new Block3(a, b, c);
    case 4:
      return new Block4(a, b, c, d);
    case 5:
      return new Block5(a, b, c, d, e);
    default:
      // Long blocks run once, as a rule: initialisation, the main chunk.
      return statements.length > 20 ? new Block(statements) : new Block5(a, b, c, d, sequence(statements.slice(4)));
  }
}

type IndexTarget = Extract<Target, { kind: "index" }>;

/** Reading it gives the same whatever is stored elsewhere: a constant, or a local that no closure changes. */
function isSteady(node: ExpressionNode): boolean {
  return node instanceof Constant || node instanceof Local;
}

function isSteadyPlace(target: Target): boolean {
  return target.kind === "index" && isSteady(target.object) && isSteady(target.key);
}

/** The line of the first thing that evaluating an expression does; `fallback` if the expression tells none. */
function firstLine(expression: Expression, fallback: number): number {
  switch (expression.type) {
    case "BinaryExpression":
    case "LogicalExpression":
      return firstLine(expression.left, expression.line || fallback);
    case "UnaryExpression":
      return firstLine(expression.argument, expression.line || fallback);
    case "MemberExpression":
    case "IndexExpression":
    case "CallExpression":
    case "TableCallExpression":
    case "StringCallExpression":
      return firstLine(expression.base, expression.line || fallback);
    case "FunctionDeclaration":
      return expression.lastLine;
    case "Identifier":
      // A local is where it is needed already.
      return expression.binding?.kind === "local" ? fallback : expression.line || fallback;
    default:
      return expression.line || fallback;
  }
}

function closingVariable(statement: Statement): Identifier | undefined {
  if (statement.type !== "LocalStatement") return undefined;
  return statement.variables.find((identifier) => identifier.attrib === "close");
}
