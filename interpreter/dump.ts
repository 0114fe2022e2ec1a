/**
 * Functions as strings and back (manual §6.5 `string.dump`). Ours is a portable form: behind the reference's header
 * (version, sizes and byte orders, so that other interpreters refuse it) stands the function's source text with what
 * it needs of its surroundings: the names of its upvalues, and the constants it was compiled with.
 */
import type { Expression, FunctionDeclaration } from "./ast.ts";
import { compile } from "./compile.ts";
import { Cell, LuaFunction, type Prototype } from "./function.ts";
import { SyntaxFailure } from "./lexer.ts";
import type { Variable } from "./resolver.ts";
import type { Results, Value } from "./value.ts";

/** Signature, version 5.5, format 0, conversion check, then sizes and samples of int, instruction, integer, float. */
const HEADER = header();
/** Locals that one function may declare around the dumped one; further ones go into a function inside. */
const LOCALS_PER_FUNCTION = 150;

function header(): string {
  const bytes = Buffer.alloc(29);
  let at = 0;
  const byte = (n: number) => {
    at = bytes.writeUInt8(n, at);
  };
  byte(4);
  at = bytes.writeInt32LE(-0x5678, at);
  byte(4);
  at = bytes.writeUInt32LE(0x12345678, at);
  byte(8);
  at = bytes.writeBigInt64LE(-0x5678n, at);
  byte(8);
  bytes.writeDoubleLE(-370.5, at);
  return `\x1bLua\x55\x00\x19\x93\r\n\x1a\n${bytes.toString("latin1")}`;
}

/** What the bytes of the header are for, up to which: what is said where the first of them differs. */
const HEADER_PARTS: readonly (readonly [number, string])[] = [
  [4, "not a binary chunk"],
  [5, "version mismatch"],
  [6, "format mismatch"],
  [12, "corrupted chunk"],
  [13, "int size mismatch"],
  [17, "int format mismatch"],
  [18, "instruction size mismatch"],
  [22, "instruction format mismatch"],
  [23, "Lua integer size mismatch"],
  [31, "Lua integer format mismatch"],
  [32, "Lua number size mismatch"],
  [Infinity, "Lua number format mismatch"],
];

function checkHeader(dumped: string): void {
  for (let i = 0; i < HEADER.length; i++) {
    if (i >= dumped.length) throw new SyntaxFailure("truncated chunk");
    if (dumped[i] !== HEADER[i]) throw new SyntaxFailure(HEADER_PARTS.find(([end]) => i < end)![1]);
  }
}

function packString(text: string): string {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  return size.toString("latin1") + text;
}

/** The parts of a dump, each a byte string. */
class Reader {
  private at = HEADER.length;
  constructor(private readonly dumped: string) {}
  string(): string {
    if (this.at + 4 > this.dumped.length) throw new SyntaxFailure("truncated");
    const size = Buffer.from(this.dumped.slice(this.at, this.at + 4), "latin1").readUInt32LE();
    const start = this.at + 4;
    if (start + size > this.dumped.length) throw new SyntaxFailure("truncated");
    this.at = start + size;
    return this.dumped.slice(start, this.at);
  }
  number(): number {
    return Number(this.string());
  }
}

/** The text of a function expression that is equal to a declaration. */
function expressionText(declaration: FunctionDeclaration, source: string): string {
  const { identifier, range } = declaration;
  if (identifier === null) return source.slice(range[0], range[1]);
  const rest = source.slice(source.indexOf("(", identifier.range[1]) + 1, range[1]);
  const isMethod = identifier.type === "MemberExpression" && identifier.indexer === ":";
  if (!isMethod) return `function (${rest}`;
  return /^(?:\s|--\[\[.*?\]\])*\)/s.test(rest) ? `function (self${rest}` : `function (self, ${rest}`;
}

function constantText(variable: Variable, source: string): string {
  const { range } = variable.constant as Expression;
  return source.slice(range[0], range[1]);
}

/** A Lua function as a string; `strip` leaves out what only debugging needs. */
export function dump(fn: LuaFunction, wantsStrip: boolean): string {
  const { prototype } = fn;
  const { declaration } = prototype;
  // What was stripped stays so; its names are known to the syntax tree still, and needed to compile it again.
  const strip = wantsStrip || prototype.stripped;
  const names = declaration?.scope?.upvalues.map((upvalue) => upvalue.variable.name);
  const source = prototype.text ?? "";
  const constants = prototype.constants ?? [];
  const isMain = declaration === undefined;
  return [
    HEADER,
    packString(strip ? "1" : "0"),
    packString(isMain ? "1" : "0"),
    packString(strip || (isMain && prototype.source === source) ? "" : prototype.source),
    packString(String(prototype.line)),
    packString(String(prototype.upvalues.length)),
    ...prototype.upvalues.map((upvalue, i) => packString(names?.[i] ?? upvalue.name)),
    packString(String(constants.length)),
    ...constants.flatMap((constant) => [packString(constant.name), packString(constantText(constant, source))]),
    packString(isMain ? source : expressionText(declaration, source)),
  ].join("");
}

/** A function from a dump, or nil and a message. `environment` becomes its first upvalue. */
export function undump(dumped: string, chunkName: string, environment: Cell): Results {
  try {
    return read(dumped, environment);
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    const name = /^[@=]/.test(chunkName)
      ? chunkName.slice(1)
      : chunkName.startsWith("\x1b")
        ? "binary string"
        : chunkName;
    return [undefined, `${name}: bad binary format (${error.message})`];
  }
}

function read(dumped: string, environment: Cell): LuaFunction {
  checkHeader(dumped);
  const reader = new Reader(dumped);
  const strip = reader.string() === "1";
  const isMain = reader.string() === "1";
  const name = reader.string();
  const line = reader.number();
  const upvalues = Array.from({ length: reader.number() }, () => reader.string());
  const constants = Array.from({ length: reader.number() }, () => [reader.string(), reader.string()] as const);
  const text = reader.string();
  const source = strip ? "=?" : name === "" ? text : name;
  const options = { debug: true, stripped: strip };
  if (isMain) return compile(text, source, environment, options);

  const declarations = [
    ...constants.map(([constant, value]) => `local ${constant} <const> = ${value} `),
    ...upvalues.filter((upvalue) => upvalue !== "_ENV").map((upvalue) => `local ${upvalue} `),
  ];
  let opening = "";
  let closing = "";
  let depth = 0;
  for (let i = 0; i < declarations.length; i += LOCALS_PER_FUNCTION) {
    if (i > 0) {
      opening += "return (function() ";
      closing += " end)()";
      depth++;
    }
    opening += declarations.slice(i, i + LOCALS_PER_FUNCTION).join("");
  }
  const prototypes: Prototype[] = [];
  const around = upvalues.indexOf("_ENV") === 0 ? environment : new Cell(undefined);
  const wrapped = `${"\n".repeat(Math.max(0, line - 1))}${opening}return ${text}${closing}`;
  compile(wrapped, source, around, { ...options, prototypes });
  const prototype = prototypes[depth] as Prototype;
  const cells: (Cell | Value)[] = prototype.upvalues.map((upvalue) =>
    upvalue.name === "_ENV" ? around : new Cell(undefined),
  );
  const [first] = cells;
  if (first instanceof Cell) first.value = environment.value;
  return new LuaFunction(prototype, cells);
}
