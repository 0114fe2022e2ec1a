/** The parts of nunjucks that templates are parsed with; the package has no types of its own. */

declare module "nunjucks/src/lexer.js" {
  export interface Token {
    type: string;
    value: string;
    /** From 0, both. */
    lineno: number;
    colno: number;
  }
  export interface LexerOptions {
    trimBlocks?: boolean;
    lstripBlocks?: boolean;
  }
  export interface Tags {
    BLOCK_START: string;
    BLOCK_END: string;
    VARIABLE_START: string;
    VARIABLE_END: string;
    COMMENT_START: string;
    COMMENT_END: string;
  }
  export class Tokenizer {
    constructor(source: string, options: LexerOptions);
    str: string;
    index: number;
    len: number;
    lineno: number;
    colno: number;
    in_code: boolean;
    tags: Tags;
    trimBlocks: boolean;
    lstripBlocks: boolean;
    nextToken(): Token | null;
    _parseString(delimiter: string): string;
    _matches(text: string): boolean | null;
    current(): string;
    forward(): void;
    forwardN(n: number): void;
    isFinished(): boolean;
  }
  export function lex(source: string, options: LexerOptions): Tokenizer;
  export const TOKEN_STRING: string;
  export const TOKEN_DATA: string;
  export const TOKEN_BLOCK_START: string;
  export const TOKEN_BLOCK_END: string;
  export const TOKEN_VARIABLE_START: string;
  export const TOKEN_COMMENT: string;
  export const TOKEN_LEFT_PAREN: string;
  export const TOKEN_RIGHT_PAREN: string;
  export const TOKEN_LEFT_BRACKET: string;
  export const TOKEN_RIGHT_BRACKET: string;
  export const TOKEN_LEFT_CURLY: string;
  export const TOKEN_RIGHT_CURLY: string;
  export const TOKEN_OPERATOR: string;
  export const TOKEN_COMMA: string;
  export const TOKEN_COLON: string;
  export const TOKEN_TILDE: string;
  export const TOKEN_PIPE: string;
  export const TOKEN_INT: string;
  export const TOKEN_FLOAT: string;
  export const TOKEN_SYMBOL: string;
}

declare module "nunjucks/src/nodes.js" {
  export class Node {
    constructor(lineno?: number, colno?: number, ...fields: unknown[]);
    get typename(): string;
    lineno: number;
    colno: number;
  }
  export class NodeList extends Node {
    children: Node[];
    addChild(node: Node): void;
  }
  export class Root extends NodeList {}
  export class Output extends NodeList {}
  export class Group extends NodeList {}
  class ArrayNode extends NodeList {}
  export class Dict extends NodeList {}
  export class KeywordArgs extends Dict {}
  export class Literal extends Node {
    value: unknown;
  }
  export class TemplateData extends Literal {}
  class SymbolNode extends Node {
    value: string;
  }
  export class Pair extends Node {
    key: Node;
    value: Node;
  }
  export class LookupVal extends Node {
    target: Node;
    val: Node;
  }
  export class If extends Node {
    cond: Node;
    body: NodeList;
    else_: Node | null;
  }
  export class InlineIf extends Node {
    cond: Node;
    body: Node;
    else_: Node | null;
  }
  export class For extends Node {
    arr: Node;
    name: Node;
    body: NodeList;
    else_: NodeList | null;
  }
  export class Macro extends Node {
    name: SymbolNode;
    args: NodeList;
    body: NodeList;
  }
  export class Caller extends Macro {}
  export class Import extends Node {
    template: Node;
    target: SymbolNode;
    withContext: boolean | null;
  }
  export class FromImport extends Node {
    template: Node;
    names: NodeList;
    withContext: boolean | null;
  }
  export class FunCall extends Node {
    name: Node;
    args: NodeList;
  }
  export class Filter extends FunCall {}
  export class Block extends Node {
    name: SymbolNode;
    body: NodeList;
  }
  export class Extends extends Node {
    template: Node;
  }
  export class Include extends Node {
    template: Node;
    ignoreMissing: boolean | null;
  }
  class SetNode extends Node {
    targets: Node[];
    value: Node | null;
    body?: Node;
  }
  export class Capture extends Node {
    body: NodeList;
  }
  export class UnaryOp extends Node {
    target: Node;
  }
  export class BinOp extends Node {
    left: Node;
    right: Node;
  }
  export class In extends BinOp {}
  export class Is extends BinOp {}
  export class Or extends BinOp {}
  export class And extends BinOp {}
  export class Add extends BinOp {}
  export class Concat extends BinOp {}
  export class Sub extends BinOp {}
  export class Mul extends BinOp {}
  export class Div extends BinOp {}
  export class FloorDiv extends BinOp {}
  export class Mod extends BinOp {}
  export class Pow extends BinOp {}
  export class Not extends UnaryOp {}
  export class Neg extends UnaryOp {}
  export class Pos extends UnaryOp {}
  export class Compare extends Node {
    expr: Node;
    ops: CompareOperand[];
  }
  export class CompareOperand extends Node {
    expr: Node;
    type: string;
  }
  export { ArrayNode as Array, SetNode as Set, SymbolNode as Symbol };
}

declare module "nunjucks/src/parser.js" {
  import type { Token, Tokenizer } from "nunjucks/src/lexer.js";
  import type { Node, NodeList, Root, Symbol as SymbolNode } from "nunjucks/src/nodes.js";

  export class Parser {
    constructor(tokens: Tokenizer);
    tokens: Tokenizer;
    peeked: Token | null;
    breakOnBlocks: string[] | null;
    dropLeadingWhitespace: boolean;
    nextToken(withWhitespace?: boolean): Token | null;
    peekToken(): Token | null;
    pushToken(token: Token): void;
    fail(message: string, lineno?: number, colno?: number): never;
    skip(type: string): boolean;
    expect(type: string): Token;
    skipValue(type: string, value: string): boolean;
    skipSymbol(value: string): boolean;
    advanceAfterBlockEnd(name?: string): Token;
    advanceAfterVariableEnd(): void;
    parseExpression(): Node;
    parseInlineIf(): Node;
    parseOr(): Node;
    parseNot(): Node;
    parseIn(): Node;
    parseConcat(): Node;
    parseUnary(noFilters?: boolean): Node;
    parsePrimary(noPostfix?: boolean): Node;
    parsePostfix(node: Node): Node;
    parseAggregate(): Node | null;
    parseSignature(tolerant?: boolean, noParens?: boolean): NodeList | null;
    parseFilter(node: Node): Node;
    parseFilterName(): SymbolNode;
    parseFilterArgs(node: Node): Node[];
    parseStatement(): Node | null;
    parseUntilBlocks(...names: string[]): NodeList;
    parseNodes(): Node[];
    parseAsRoot(): Root;
    parseExtends(): Node;
    parseImport(): Node;
    parseFrom(): Node;
  }
}
