/**
 * The syntax tree that `parse.ts` hands to the resolver: luaparse's node types, narrowed to what the
 * evaluator needs, plus what Lua 5.4 and 5.5 added (attribs, `global` declarations, named varargs).
 *
 * Strings are byte strings (one char per byte), lines count from 1, offsets from 0 into the source.
 */

import type { Label } from "./nodes/node.ts";
import type { Binding, FunctionScope, Variable } from "./resolver.ts";

/** What every node carries. */
export interface Located {
  /** The line a runtime error in this node reports; see `parse.ts` for which token that is. */
  line: number;
  /** Start and end offset in the source. */
  range: [number, number];
}

export interface Chunk extends Located {
  type: "Chunk";
  body: Statement[];
  /** The line of the last token, where the main function ends. */
  lastLine: number;
  /** Set by the resolver. */
  scope?: FunctionScope;
}

export type Attrib = "const" | "close";

export interface Identifier extends Located {
  type: "Identifier";
  name: string;
  /** Set on the variables of a LocalStatement or GlobalStatement that were declared with an attrib. */
  attrib?: Attrib | undefined;
  inParens?: boolean;
  /** What the name refers to where it is used; set by the resolver. */
  binding?: Binding;
  /** The variable it declares; set by the resolver. */
  variable?: Variable;
}

export interface StringLiteral extends Located {
  type: "StringLiteral";
  /** The bytes it denotes, escapes decoded. */
  value: string;
  inParens?: boolean;
}

export interface NumericLiteral extends Located {
  type: "NumericLiteral";
  /** The numeral as written, such as `0x7fp-1`. */
  raw: string;
  inParens?: boolean;
}

export interface BooleanLiteral extends Located {
  type: "BooleanLiteral";
  value: boolean;
  inParens?: boolean;
}

export interface NilLiteral extends Located {
  type: "NilLiteral";
  inParens?: boolean;
}

export interface VarargLiteral extends Located {
  type: "VarargLiteral";
  inParens?: boolean;
}

export interface TableKey extends Located {
  type: "TableKey";
  key: Expression;
  value: Expression;
}

export interface TableKeyString extends Located {
  type: "TableKeyString";
  key: Identifier;
  value: Expression;
}

export interface TableValue extends Located {
  type: "TableValue";
  value: Expression;
}

export interface TableConstructor extends Located {
  type: "TableConstructorExpression";
  fields: (TableKey | TableKeyString | TableValue)[];
  inParens?: boolean;
}

/** A function expression, and the function part of `function f() … end` and `local function f() … end`. */
export interface FunctionDeclaration extends Located {
  type: "FunctionDeclaration";
  /** What it is assigned to; null for a function expression. */
  identifier: Identifier | MemberExpression | null;
  isLocal: boolean;
  /** Set for `global function f`. */
  isGlobal?: boolean;
  parameters: (Identifier | VarargLiteral)[];
  /** The name given to the varargs (`...name`, Lua 5.5), if any. */
  varargName?: string;
  body: Statement[];
  /** The line of its `end`. */
  lastLine: number;
  inParens?: boolean;
  /** Set by the resolver. */
  scope?: FunctionScope;
}

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "//"
  | "%"
  | "^"
  | ".."
  | "&"
  | "|"
  | "~"
  | "<<"
  | ">>"
  | "=="
  | "~="
  | "<"
  | "<="
  | ">"
  | ">=";

export interface BinaryExpression extends Located {
  type: "BinaryExpression";
  operator: BinaryOperator;
  left: Expression;
  right: Expression;
  inParens?: boolean;
}

export interface LogicalExpression extends Located {
  type: "LogicalExpression";
  operator: "and" | "or";
  left: Expression;
  right: Expression;
  inParens?: boolean;
}

export interface UnaryExpression extends Located {
  type: "UnaryExpression";
  operator: "not" | "-" | "~" | "#";
  argument: Expression;
  inParens?: boolean;
}

export interface MemberExpression extends Located {
  type: "MemberExpression";
  indexer: "." | ":";
  identifier: Identifier;
  base: Expression;
  inParens?: boolean;
}

export interface IndexExpression extends Located {
  type: "IndexExpression";
  base: Expression;
  index: Expression;
  inParens?: boolean;
}

export interface CallExpression extends Located {
  type: "CallExpression";
  base: Expression;
  arguments: Expression[];
  inParens?: boolean;
}

export interface TableCallExpression extends Located {
  type: "TableCallExpression";
  base: Expression;
  arguments: Expression;
  inParens?: boolean;
}

export interface StringCallExpression extends Located {
  type: "StringCallExpression";
  base: Expression;
  argument: Expression;
  inParens?: boolean;
}

export type AnyCall = CallExpression | TableCallExpression | StringCallExpression;

export type Expression =
  | Identifier
  | StringLiteral
  | NumericLiteral
  | BooleanLiteral
  | NilLiteral
  | VarargLiteral
  | TableConstructor
  | FunctionDeclaration
  | BinaryExpression
  | LogicalExpression
  | UnaryExpression
  | MemberExpression
  | IndexExpression
  | AnyCall;

export interface LabelStatement extends Located {
  type: "LabelStatement";
  label: Identifier;
  /** Set by the resolver. */
  target?: Label;
}
export interface BreakStatement extends Located {
  type: "BreakStatement";
}
export interface GotoStatement extends Located {
  type: "GotoStatement";
  label: Identifier;
  /** Set by the resolver. */
  target?: Label;
}
export interface ReturnStatement extends Located {
  type: "ReturnStatement";
  arguments: Expression[];
}

export interface IfClause extends Located {
  type: "IfClause" | "ElseifClause";
  condition: Expression;
  body: Statement[];
}
export interface ElseClause extends Located {
  type: "ElseClause";
  body: Statement[];
}
export interface IfStatement extends Located {
  type: "IfStatement";
  clauses: (IfClause | ElseClause)[];
}

export interface WhileStatement extends Located {
  type: "WhileStatement";
  condition: Expression;
  body: Statement[];
  lastLine: number;
}
export interface DoStatement extends Located {
  type: "DoStatement";
  body: Statement[];
  lastLine: number;
}
export interface RepeatStatement extends Located {
  type: "RepeatStatement";
  condition: Expression;
  body: Statement[];
}

export interface LocalStatement extends Located {
  type: "LocalStatement";
  variables: Identifier[];
  init: Expression[];
}

/** `global a, b = 1, 2`, `global <const> x`, `global *` (manual §3.3.7). Made by `parse.ts`; luaparse has no such node. */
export interface GlobalStatement extends Located {
  type: "GlobalStatement";
  variables: Identifier[];
  init: Expression[];
  /** Set for `global *` and `global <const> *`, which declare every name; `attrib` then holds the attrib. */
  wildcard: boolean;
  attrib?: Attrib | undefined;
  /** As for an assignment. */
  temporaries?: number;
}

export interface AssignmentStatement extends Located {
  type: "AssignmentStatement";
  variables: (Identifier | MemberExpression | IndexExpression)[];
  init: Expression[];
  /** First of the registers that hold places and values of a multiple assignment; set by the resolver. */
  temporaries?: number;
}
export interface CallStatement extends Located {
  type: "CallStatement";
  expression: AnyCall;
}

export interface ForNumericStatement extends Located {
  type: "ForNumericStatement";
  variable: Identifier;
  start: Expression;
  end: Expression;
  step: Expression | null;
  body: Statement[];
  lastLine: number;
}
export interface ForGenericStatement extends Located {
  type: "ForGenericStatement";
  variables: Identifier[];
  iterators: Expression[];
  body: Statement[];
  lastLine: number;
  /** Register of the closing value, three more hidden ones behind it; set by the resolver. */
  closing?: number;
  /** The loop's state as the debug library lists it: iterator, state, closing value. */
  hidden?: Variable[];
}

export type Statement =
  | LabelStatement
  | BreakStatement
  | GotoStatement
  | ReturnStatement
  | IfStatement
  | WhileStatement
  | DoStatement
  | RepeatStatement
  | LocalStatement
  | GlobalStatement
  | AssignmentStatement
  | CallStatement
  | FunctionDeclaration
  | ForNumericStatement
  | ForGenericStatement;
