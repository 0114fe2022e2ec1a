/** Expressions of the resolved syntax tree to the nodes that evaluate them. */
import type { BinaryExpression, Expression, FunctionDeclaration, Identifier, LogicalExpression } from "./ast.ts";
import { chunkId } from "./chunk.ts";
import type { Cell, Prototype } from "./function.ts";
import type { HookPoint } from "./hook.ts";
import { ARITHMETIC, COMPARISONS } from "./nodes/arithmetic.ts";
import { SetField, SetFieldOfLocal, SetIndex, SetIndexOfLocals } from "./nodes/assignment.ts";
import { Binary } from "./nodes/binary.ts";
import { Call0, Call1, Call2, Call3, FunctionCall, MethodCall, ShortMethodCall } from "./nodes/call.ts";
import { Chain } from "./nodes/chain.ts";
import {
  EmptyTable,
  type FieldSource,
  ListConstructor,
  RecordConstructor,
  TableConstructor,
} from "./nodes/constructor.ts";
import { isLate, isLatePlace, LateBinary, LateComparison, LateEqual, LateIndex, LateSetIndex } from "./nodes/late.ts";
import { Constant, NamedVararg, Parenthesised, Vararg } from "./nodes/literal.ts";
import { Mask } from "./nodes/mask.ts";
import { Expression as ExpressionNode, type Statement as StatementNode } from "./nodes/node.ts";
import { And, BitNot, Concat, Equal, EqualConstant, EqualInteger, Length, Negate, Not, Or } from "./nodes/operator.ts";
import { SpilledBinary } from "./nodes/spilled.ts";
import {
  EnvironmentVariable,
  Field,
  FieldOfLocal,
  Global,
  Index,
  IndexLocals,
  IndexOfLocal,
  Local,
  LocalCell,
  UpvalueCell,
  UpvalueCopy,
} from "./nodes/variable.ts";
import { parseNumber } from "./number.ts";
import {
  ADD,
  BAND,
  BNOT,
  BOR,
  BXOR,
  DIV,
  IDIV,
  MOD,
  MUL,
  type Operator,
  POW,
  SHL,
  SHR,
  SUB,
  UNM,
} from "./operators.ts";
import type { Binding, FunctionScope, Variable } from "./resolver.ts";
import { isFloat, LuaFloat, type Value } from "./value.ts";
export interface CompileOptions {
  /** Keep every captured variable in a cell, so that the debug library can change and join upvalues. */
  debug?: boolean;
  /** Leave out lines and names, as for a function dumped without them. */
  stripped?: boolean;
  /** Gets the prototypes of all function expressions, outer ones first. */
  prototypes?: Prototype[];
  /** Is asked for bytes of memory before the chunk's tree is made, and may raise an error. */
  reserve?: (bytes: number) => void;
}

/** Left-leaning operator chains longer than this are evaluated by a loop. */
const LONG_CHAIN = 64;
/** Constants that an instruction of the reference can name directly: shows in what its messages call a method. */
const NEAR_NAMES = 255;

/** What a function under compilation collects. */
export interface Context {
  scope: FunctionScope;
  prototype: Prototype;
  /** Nodes that call: they get the window's size once it is known. */
  sites: { size: number; order: number }[];
  depth: number;
  maxDepth: number;
  /** How many to-be-closed scopes are open: a return inside is no tail call. */
  closing: number;
  /** Variables that stand for a literal, used here but declared outside. */
  constants: Set<Variable>;
  /** Names of the globals used so far. */
  names: Set<string>;
  /** What hooks have to hear of, in debug mode. */
  points: HookPoint[];
}

/** What compiling expressions needs; compile.ts adds statements and functions. */
export abstract class ExpressionCompiler {
  protected readonly id: string;
  protected readonly debug: boolean;
  protected context!: Context;

  constructor(
    protected readonly chunkName: string,
    protected readonly source: string,
    protected readonly environment: Cell,
    protected readonly options: CompileOptions,
  ) {
    this.id = chunkId(chunkName);
    this.debug = options.debug === true;
  }

  /** Whether a variable lives in a cell: it is shared with a closure, and changes after that closure may exist. */
  protected inCell(variable: Variable): boolean {
    return variable.captured && (this.debug || variable.reassigned || variable.early);
  }

  protected site<T extends { size: number; order: number }>(node: T): T {
    this.context.sites.push(node);
    node.order = ++this.order;
    if (this.options.stripped === true) (node as { line?: number }).line = -1;
    return node;
  }

  /** Counts the sites in the order of evaluation. */
  protected order = 0;

  protected enter(): void {
    const { context } = this;
    if (++context.depth > context.maxDepth) context.maxDepth = context.depth;
  }

  protected point(node: object, kind: HookPoint["kind"], before: number, after: number, order: number): void {
    if (this.options.stripped !== true) this.context.points.push({ node, kind, before, after, order });
  }

  protected abstract functionExpression(declaration: FunctionDeclaration): ExpressionNode;

  protected list(expressions: Expression[]): ExpressionNode[] {
    return expressions.map((expression) => this.expression(expression));
  }

  /** An expression of which one value is wanted. */
  protected single(expression: Expression): ExpressionNode {
    return this.expression(expression);
  }

  protected expression(expression: Expression): ExpressionNode {
    this.enter();
    const node = this.bare(expression);
    this.context.depth--;
    return expression.inParens === true && node.isMulti ? new Parenthesised(node) : node;
  }

  protected bare(expression: Expression): ExpressionNode {
    switch (expression.type) {
      case "NilLiteral":
        return new Constant(undefined);
      case "BooleanLiteral":
        return new Constant(expression.value);
      case "StringLiteral":
        return new Constant(expression.value);
      case "NumericLiteral":
        return new Constant(parseNumber(expression.raw));
      case "VarargLiteral": {
        const { scope, prototype } = this.context;
        if (!prototype.varargTable) return new Vararg(scope.varargRegister);
        const table = this.variable({ kind: "local", variable: scope.varargVariable as Variable }, "...");
        return this.site(new NamedVararg(expression.line, table));
      }
      case "Identifier":
        return this.identifier(expression);
      case "FunctionDeclaration":
        return this.functionExpression(expression);
      case "TableConstructorExpression":
        return this.table(expression);
      case "UnaryExpression":
        return this.unary(expression.operator, this.expression(expression.argument), expression.line);
      case "BinaryExpression":
      case "LogicalExpression":
        return this.chain(expression);
      case "MemberExpression":
        return this.field(expression.line, this.expression(expression.base), expression.identifier.name);
      case "IndexExpression":
        return this.index(this.expression(expression.base), this.expression(expression.index), expression.line);
      case "CallExpression":
        return this.call(expression.base, expression.arguments, expression.line);
      case "TableCallExpression":
        return this.call(expression.base, [expression.arguments], expression.line);
      case "StringCallExpression":
        return this.call(expression.base, [expression.argument], expression.line);
    }
  }

  protected identifier(identifier: Identifier): ExpressionNode {
    const binding = identifier.binding as Binding;
    switch (binding.kind) {
      case "global":
        if (this.context.names.size < NEAR_NAMES) this.context.names.add(identifier.name);
        return this.site(new Global(identifier.line, this.environment, identifier.name));
      case "field":
        return this.site(new Field(identifier.line, this.variable(binding.environment, "_ENV"), identifier.name, true));
      default:
        return this.variable(binding, identifier.name);
    }
  }

  protected variable(binding: Binding, name: string): ExpressionNode {
    switch (binding.kind) {
      case "local":
        if (binding.variable.constant !== undefined) {
          if (binding.variable.owner !== this.context.scope) this.context.constants.add(binding.variable);
          return this.bare(binding.variable.constant);
        }
        return this.inCell(binding.variable)
          ? new LocalCell(binding.variable.register, name)
          : new Local(binding.variable.register, name);
      case "upvalue":
        return this.inCell(binding.variable)
          ? new UpvalueCell(binding.index, name)
          : new UpvalueCopy(binding.index, name);
      default:
        return new EnvironmentVariable(this.environment);
    }
  }

  protected index(object: ExpressionNode, key: ExpressionNode, line: number): ExpressionNode {
    if (key instanceof Constant && typeof key.value === "string") return this.field(line, object, key.value);
    if (object instanceof Local && key instanceof Local) return this.site(new IndexLocals(line, object, key));
    if (isLate(object, key)) return this.site(new LateIndex(line, object, key, "?"));
    // The reference names only the integers that fit its instruction.
    const n = key instanceof Constant && typeof key.value === "number" ? key.value : -1;
    const keyName = Number.isInteger(n) && n >= 0 && n <= 255 ? "integer index" : "?";
    return this.site(
      object instanceof Local ? new IndexOfLocal(line, object, key, keyName) : new Index(line, object, key, keyName),
    );
  }

  /** Whether a name comes after so many others in its function that the reference looks a method up as a field. */
  protected isFarName(name: string): boolean {
    const { names } = this.context;
    return names.size >= NEAR_NAMES && !names.has(name);
  }

  protected field(line: number, object: ExpressionNode, name: string): ExpressionNode {
    if (isEnvironment(object)) return this.site(new Field(line, object, name, true));
    return this.site(object instanceof Local ? new FieldOfLocal(line, object, name) : new Field(line, object, name));
  }

  protected setField(line: number, object: ExpressionNode, name: string, value: ExpressionNode): StatementNode {
    const key = new Constant(name);
    if (isLatePlace(object, key, value)) return this.site(new LateSetIndex(line, object, key, value));
    return this.site(
      object instanceof Local
        ? new SetFieldOfLocal(line, object, name, value)
        : new SetField(line, object, name, value),
    );
  }

  protected setIndex(line: number, object: ExpressionNode, key: ExpressionNode, value: ExpressionNode): StatementNode {
    if (isLatePlace(object, key, value)) return this.site(new LateSetIndex(line, object, key, value));
    if (key instanceof Constant && typeof key.value === "string") return this.setField(line, object, key.value, value);
    return this.site(
      object instanceof Local && key instanceof Local
        ? new SetIndexOfLocals(line, object, key, value)
        : new SetIndex(line, object, key, value),
    );
  }

  protected call(base: Expression, args: Expression[], line: number): ExpressionNode {
    if (base.type === "MemberExpression" && base.indexer === ":") {
      const object = this.expression(base.base);
      const values = this.list(args);
      const short = values.length <= 2 && !lastIsMulti(values);
      const node = new (short ? ShortMethodCall : MethodCall)(line, object, base.identifier.name, values);
      node.isField = this.isFarName(base.identifier.name);
      this.site(node.method);
      return this.site(node);
    }
    const callee = this.expression(base);
    const values = this.list(args);
    if (lastIsMulti(values)) return this.site(new FunctionCall(line, callee, values));
    const forms = [Call0, Call1, Call2, Call3];
    return this.site(new (forms[values.length] ?? FunctionCall)(line, callee, values));
  }

  protected table(expression: Extract<Expression, { type: "TableConstructorExpression" }>): ExpressionNode {
    const { fields } = expression;
    if (fields.length === 0) return new EmptyTable();
    if (fields.every((field) => field.type === "TableValue")) {
      return new ListConstructor(fields.map((field) => this.expression(field.value)));
    }
    const names = new Set<string>();
    const isRecord = fields.every((field) => {
      if (field.type !== "TableKeyString" || names.has(field.key.name)) return false;
      names.add(field.key.name);
      return true;
    });
    if (isRecord && fields.length <= 48) {
      return new RecordConstructor(
        [...names],
        fields.map((field) => this.expression(field.value)),
      );
    }
    const sources = fields.map((field): FieldSource => {
      const key =
        field.type === "TableValue"
          ? undefined
          : field.type === "TableKey"
            ? this.expression(field.key)
            : new Constant(field.key.name);
      return { key, value: this.expression(field.value) };
    });
    return this.site(new TableConstructor(expression.line, sources));
  }

  protected unary(operator: string, operand: ExpressionNode, line: number): ExpressionNode {
    if (operator === "not") return new Not(operand);
    if (operator === "#") return this.site(new Length(line, operand));
    const row = operator === "-" ? UNM : BNOT;
    if (operand instanceof Constant && isFoldable(operand.value)) {
      const folded = row.raw(operand.value, operand.value);
      if (folded !== undefined) return new Constant(folded);
    }
    return this.site(new (operator === "-" ? Negate : BitNot)(line, row, operand));
  }

  /** Operators that lean to the left: short ones as nested nodes, long ones as a loop over their operands. */
  protected chain(expression: BinaryExpression | LogicalExpression): ExpressionNode {
    const spine: (BinaryExpression | LogicalExpression)[] = [];
    let at: Expression = expression;
    while (
      (at.type === "BinaryExpression" || at.type === "LogicalExpression") &&
      (spine.length === 0 || at.inParens !== true)
    ) {
      spine.push(at);
      at = at.left;
    }
    let node = this.expression(at);
    if (spine.length <= LONG_CHAIN) {
      const { context } = this;
      context.maxDepth = Math.max(context.maxDepth, context.depth + spine.length);
      for (let i = spine.length - 1; i >= 0; i--) node = this.binary(spine[i]!, node, this.expression(spine[i]!.right));
      return node;
    }
    const links = [];
    for (let i = spine.length - 1; i >= 0; i--) {
      const link = spine[i]!;
      const carried = new Carried();
      links.push({ carried, node: this.binary(link, carried, this.expression(link.right)) });
    }
    node = new Chain(node, links);
    return node;
  }

  protected binary(
    expression: BinaryExpression | LogicalExpression,
    left: ExpressionNode,
    right: ExpressionNode,
  ): ExpressionNode {
    const { line, operator } = expression;
    if (this.debug) this.observeOperands(expression, left, right);
    switch (operator) {
      case "and":
      case "or": {
        const isAnd = operator === "and";
        if (left instanceof Constant) {
          // What a constant leaves to the right side is the right side, in messages too; `nil and nil` is nil.
          if (left.test() === isAnd) return right.isMulti ? new Parenthesised(right) : right;
          if (isAnd && right instanceof Constant && !right.test()) return left;
        }
        return new (isAnd ? And : Or)(left, right);
      }
      case "..":
        return this.site(new Concat(line, left, right));
      case "==":
      case "~=":
        return this.equality(left, right, operator === "==", line);
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.comparison(operator, left, right, line);
      default:
        return this.arithmetic(operator, left, right, line);
    }
  }

  /** Operands on other lines than their operator: hooks hear of each line. */
  protected observeOperands(
    { line, left, right }: BinaryExpression | LogicalExpression,
    leftNode: ExpressionNode,
    rightNode: ExpressionNode,
  ): void {
    if (left.type !== "MemberExpression" && left.type !== "IndexExpression") return;
    if (right.type !== "MemberExpression" && right.type !== "IndexExpression") return;
    if (left.line === right.line && left.line === line) return;
    this.point(leftNode, "expression", left.line, 0, this.order);
    this.point(rightNode, "expression", right.line, line, this.order);
  }

  protected equality(left: ExpressionNode, right: ExpressionNode, expected: boolean, line: number): ExpressionNode {
    if (right instanceof Constant) {
      const { value } = right;
      if (value === undefined || typeof value === "string" || typeof value === "boolean") {
        return new EqualConstant(left, value, expected);
      }
      if (typeof value === "number" && Number.isSafeInteger(value)) return new EqualInteger(left, value, expected);
    }
    return this.site(new (isLate(left, right) ? LateEqual : Equal)(line, left, right, expected));
  }

  protected comparison(operator: string, left: ExpressionNode, right: ExpressionNode, line: number): ExpressionNode {
    if (isLate(left, right)) {
      return this.site(new LateComparison(line, left, right, operator.startsWith(">"), operator.endsWith("=")));
    }
    const name = { "<": "Less", "<=": "LessEqual", ">": "Greater", ">=": "GreaterEqual" }[
      operator
    ] as keyof typeof COMPARISONS;
    return this.specialised(COMPARISONS[name] as Forms, left, right, line);
  }

  protected arithmetic(operator: string, left: ExpressionNode, right: ExpressionNode, line: number): ExpressionNode {
    const { name, row } = ARITHMETIC_ROWS[operator] as { name: keyof typeof ARITHMETIC; row: Operator };
    if (left instanceof Constant && right instanceof Constant && isFoldable(left.value) && isFoldable(right.value)) {
      const folded = fold(row, left.value, right.value);
      if (folded !== undefined) return new Constant(folded);
    }
    if (isLate(left, right)) return this.site(new LateBinary(line, row, left, right));
    if (this.debug && right instanceof FunctionCall && !(left instanceof Constant)) {
      const register = this.context.scope.maxRegisters++;
      this.context.prototype.temporaries.push({ register, order: right.order });
      return this.site(new SpilledBinary(line, row, left, right, register));
    }
    const node = this.specialised(ARITHMETIC[name] as Forms, left, right, line);
    const mask = right instanceof Constant ? lowMask(row, right.value) : undefined;
    return mask !== undefined && left.isPure && mayOutgrow(left) ? new Mask(left, mask, node) : node;
  }

  /** The most specialised class there is for these operands. */
  protected specialised(forms: Forms, left: ExpressionNode, right: ExpressionNode, line: number): ExpressionNode {
    const x = operandKind(left);
    const y = operandKind(right);
    if ((x === "K" || x === "F") && y !== "K" && forms[`${x}E`] !== undefined) {
      return this.site(new (forms[`${x}E`] as Forms["EE"])(line, left, right));
    }
    const make = forms[`${x}${y}`] ?? forms[`E${y}`] ?? (x === "L" ? forms.LE : undefined) ?? forms.EE;
    return this.site(new (make as Forms["EE"])(line, left, right));
  }
}

/** Classes of arithmetic.ts by operand kinds. Each takes operands of just those kinds, which `specialised` sees to. */
type Forms = Record<
  string,
  (new (line: number, left: never, right: never) => ExpressionNode & { size: number; order: number }) | undefined
> & {
  EE: new (
    line: number,
    left: ExpressionNode,
    right: ExpressionNode,
  ) => ExpressionNode & { size: number; order: number };
};

const ARITHMETIC_ROWS: Record<string, { name: keyof typeof ARITHMETIC; row: Operator }> = {
  "+": { name: "Add", row: ADD },
  "-": { name: "Sub", row: SUB },
  "*": { name: "Mul", row: MUL },
  "/": { name: "Div", row: DIV },
  "%": { name: "Mod", row: MOD },
  "//": { name: "IDiv", row: IDIV },
  "^": { name: "Pow", row: POW },
  "&": { name: "BAnd", row: BAND },
  "|": { name: "BOr", row: BOR },
  "~": { name: "BXor", row: BXOR },
  "<<": { name: "Shl", row: SHL },
  ">>": { name: "Shr", row: SHR },
};

/** The value so far of a long chain of operators: the left operand of each link. */
class Carried extends ExpressionNode {
  value: Value = undefined;
  override eval(): Value {
    return this.value;
  }
}

function operandKind(node: ExpressionNode): "E" | "L" | "K" | "F" {
  if (node instanceof Local) return "L";
  if (!(node instanceof Constant)) return "E";
  if (typeof node.value === "number") return Number.isSafeInteger(node.value) ? "K" : "F";
  return node.value instanceof LuaFloat ? "F" : "E";
}

function isFoldable(value: Value): boolean {
  return typeof value === "number" || typeof value === "bigint" || value instanceof LuaFloat;
}

/** An operation on constants done now, unless it raises, or gives a NaN or a zero float (as the reference refrains). */
function fold(row: Operator, a: Value, b: Value): Value {
  try {
    const value = row.raw(a, b);
    if (isFloat(value)) {
      const n = typeof value === "number" ? value : value.n;
      if (Number.isNaN(n) || n === 0) return undefined;
    }
    return value;
  } catch {
    return undefined;
  }
}

/**
 * The mask of 32 bits or less that `e & mask` or `e % 2^n` puts on an integer; undefined for any other operator. (The
 * remainder of a division by 2^n is the low n bits: `%` rounds down, so that holds for negative integers too.)
 */
function lowMask(row: Operator, value: Value): number | undefined {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return undefined;
  if (row === BAND) return value >= 0 && value <= 0xffff_ffff ? value : undefined;
  if (row !== MOD || value < 1 || value > 2 ** 32) return undefined;
  return Number.isInteger(Math.log2(value)) ? value - 1 : undefined;
}

/** Whether something in it may leave the range of doubles, among operators whose low bits depend on low bits only. */
function mayOutgrow(node: ExpressionNode): boolean {
  if (!(node instanceof Binary) || node.operator === SHR) return false;
  return node.operator === SHL || node.operator === MUL || mayOutgrow(node.left) || mayOutgrow(node.right);
}

/** Whether a variable is called `_ENV`: its fields are globals, however they are written. */
function isEnvironment(node: ExpressionNode): boolean {
  if (node instanceof EnvironmentVariable) return true;
  const isVariable =
    node instanceof Local || node instanceof LocalCell || node instanceof UpvalueCell || node instanceof UpvalueCopy;
  return isVariable && node.name === "_ENV";
}

export function lastIsMulti(values: ExpressionNode[]): boolean {
  return values.length > 0 && values[values.length - 1]!.isMulti;
}
