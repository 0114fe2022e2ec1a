/**
 * Writes interpreter/nodes/arithmetic.ts: the binary operator nodes with their fast paths, specialised by the kind of
 * their operands. The engine optimises each class by what that class has seen, which one shared class (or classes
 * made by a function, which share their code) would spoil; so the text is made here from one template.
 *
 *     bun scripts/generate-operators.ts
 */

/** How an operand is had: any expression, a local variable, a constant integer, a constant float. */
type Operand = "E" | "L" | "K" | "F";

interface Arithmetic {
  name: string;
  row: string;
  /** Fast path over `x` and `y`, both of type number; returns, or falls through to the slow path. */
  fast: (x: Operand, y: Operand) => string;
  /** The operation on floats, as an expression over `x` and `y`: for operands that are floats with integer values. */
  floats?: string;
  /** The low 32 bits of the result from those of the operands. */
  low?: string;
}

/** Whether both operands are integers: known for constants. */
function bothInteger(x: Operand, y: Operand): string {
  if (x === "F" || y === "F") return "false";
  const tests = [];
  if (x !== "K") tests.push("Number.isSafeInteger(x)");
  if (y !== "K") tests.push("Number.isSafeInteger(y)");
  return tests.length === 1 ? (tests[0] as string) : `(${tests.join(" && ")})`;
}

/** Below it a result that is no integer has a fraction, which integers never give. */
const FRACTION = "Math.abs(z) < 9007199254740992";

/** The result is right when it is a safe integer exactly if both operands are; -0 must not pass for an integer. */
const plain = (symbol: string, zero: string) => (x: Operand, y: Operand) =>
  x === "F" || y === "F"
    ? `const z = x ${symbol} y; return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`
    : `const z = x ${symbol} y; if (Number.isSafeInteger(z)) { if (${bothInteger(x, y)}) return z${zero}; } else if (${FRACTION} || !${bothInteger(x, y)}) return z;`;

const ARITHMETIC: Arithmetic[] = [
  { name: "Add", row: "ADD", fast: plain("+", ""), floats: "x + y", low: "(x + y) | 0" },
  { name: "Sub", row: "SUB", fast: plain("-", ""), floats: "x - y", low: "(x - y) | 0" },
  { name: "Mul", row: "MUL", fast: plain("*", " + 0"), floats: "x * y", low: "Math.imul(x, y)" },
  {
    name: "Div",
    row: "DIV",
    floats: "x / y",
    fast: () => `const z = x / y; return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`,
  },
  {
    name: "Mod",
    row: "MOD",
    fast: (x, y) =>
      y === "F"
        ? `const z = floatModulo(x, y); return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`
        : `if (${bothInteger(x, y)}) { if (x >= 0 && y > 0) return x % y; if (y !== 0) return integerModulo(x, y); }`,
  },
  {
    name: "IDiv",
    row: "IDIV",
    fast: (x, y) =>
      y === "F"
        ? ""
        : `if (${bothInteger(x, y)} && y !== 0) { if (x >= 0 && y > 0) return (x - (x % y)) / y; return integerFloorDivide(x, y); }`,
  },
  {
    name: "Pow",
    row: "POW",
    fast: () => `const z = power(x, y); return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`,
  },
  { name: "BAnd", row: "BAND", fast: bits("&", "and"), low: "x & y" },
  { name: "BOr", row: "BOR", fast: bits("|", "or"), low: "x | y" },
  { name: "BXor", row: "BXOR", fast: bits("^", "xor"), low: "x ^ y" },
  {
    name: "Shl",
    row: "SHL",
    low: "y >= 0 && y < 32 ? x << y : undefined",
    fast: (x, y) => `if (${bothInteger(x, y)}) return shiftLeft(x, y);`,
  },
  {
    name: "Shr",
    row: "SHR",
    fast: (x, y) =>
      `if (x >>> 0 === x && y >= 0 && y < 32 && (y | 0) === y) return x >>> y; if (${bothInteger(x, y)}) return shiftRight(x, y);`,
  },
];

/** By halves of 32 bits where that gives the whole result; the general way is exact for all integers. */
function bits(symbol: string, general: string): (x: Operand, y: Operand) => string {
  return (x, y) => {
    if (y === "F") return "";
    const unsigned = `return (x ${symbol} y) >>> 0;`;
    const small = `if ((x | 0) === x && (y | 0) === y) return x ${symbol} y;`;
    const large = `if (${bothInteger(x, y)}) return ${general}(x, y);`;
    if (symbol !== "&") return `${small} if (x >>> 0 === x && y >>> 0 === y) ${unsigned} ${large}`;
    // The upper half of one operand being zero, so is the result's.
    const masked = (condition: string) => (condition === "" ? unsigned : `if (${condition}) ${unsigned}`);
    const right = y === "K" ? "" : "Number.isSafeInteger(y)";
    return `${small} if (x >>> 0 === x) { ${masked(right)} } else if (y >>> 0 === y) { ${masked("Number.isSafeInteger(x)")} } else { ${large} }`;
  };
}

const COMPARISONS = [
  { name: "Less", symbol: "<", swapped: false, orEqual: false },
  { name: "LessEqual", symbol: "<=", swapped: false, orEqual: true },
  { name: "Greater", symbol: ">", swapped: true, orEqual: false },
  { name: "GreaterEqual", symbol: ">=", swapped: true, orEqual: true },
];

const FORMS: [Operand, Operand][] = [
  ["E", "E"],
  ["E", "K"],
  ["E", "F"],
  ["E", "L"],
  ["L", "E"],
  ["L", "K"],
  ["L", "F"],
  ["L", "L"],
];

/** Which forms pay for an operator. */
function formsOf(name: string): [Operand, Operand][] {
  const left: [Operand, Operand][] = [
    ["K", "E"],
    ["F", "E"],
  ];
  if (["Add", "Sub", "Mul"].includes(name)) return [...FORMS, ...left];
  if (name === "Div") return [...FORMS, ...left];
  if (["Mod", "IDiv"].includes(name))
    return FORMS.filter(([x, y]) => y !== "F" || x === "E").filter(([, y]) => !(y === "F" && name === "IDiv"));
  if (["BAnd", "BOr", "BXor", "Shl", "Shr"].includes(name))
    return FORMS.filter(([, y]) => y !== "F").filter(([x, y]) => x === "E" || y !== "E");
  return [["E", "E"]];
}

function operandParameter(side: "left" | "right", kind: Operand): string {
  if (kind === "E") return `override readonly ${side}: Expression`;
  if (kind === "L") return `override readonly ${side}: Local`;
  return `override readonly ${side}: Constant`;
}

function fetch(kind: Operand, variable: "x" | "y", side: "left" | "right", failed: string): string {
  if (kind === "E")
    return `const ${variable} = this.${side}.eval(R, base);\n    if (${variable} === SUSPENDED) return ${failed};`;
  if (kind === "L") return `const ${variable}: Value = R[base + this.${side}Register];`;
  return `const ${variable} = this.constant;`;
}

function fieldsOf(x: Operand, y: Operand): { declared: string; assigned: string } {
  const declared: string[] = [];
  const assigned: string[] = [];
  if (x === "L") {
    declared.push("  private readonly leftRegister: number;");
    assigned.push("    this.leftRegister = left.register;");
  }
  if (y === "L") {
    declared.push("  private readonly rightRegister: number;");
    assigned.push("    this.rightRegister = right.register;");
  }
  for (const [kind, side] of [
    [x, "left"],
    [y, "right"],
  ] as const) {
    if (kind !== "K" && kind !== "F") continue;
    declared.push("  private readonly constant: number;");
    assigned.push(
      `    this.constant = ${side}.value instanceof LuaFloat ? ${side}.value.n : (${side}.value as number);`,
    );
  }
  return { declared: declared.join("\n"), assigned: assigned.join("\n") };
}

/**
 * The fast path on operands that are known to be numbers by now. The `+` does nothing to them but tell the engine: what
 * it has seen of `x` includes tables and strings, and it would call out to its general operators for those.
 */
function asNumbers(code: string, x: Operand, y: Operand): string {
  let text = code;
  let declared = "";
  if (x === "E" || x === "L") {
    declared += "const a = +x;";
    text = text.replace(/\bx\b/g, "a");
  }
  if (y === "E" || y === "L") {
    declared += "const b = +y;";
    text = text.replace(/\by\b/g, "b");
  }
  return declared + text;
}

/** What remains to be tested for both operands to be plain numbers. */
function numbers(x: Operand, y: Operand): string {
  const tests = [];
  if (x !== "K" && x !== "F") tests.push(`typeof x === "number"`);
  if (y !== "K" && y !== "F") tests.push(`typeof y === "number"`);
  return tests.join(" && ");
}

/** The path for floats with integer values. */
function floatPath(op: Arithmetic, x: Operand, y: Operand): string {
  if (op.floats === undefined) return "";
  // The reference subtracts a small constant by adding its opposite, so that -0.0 - 0 is 0.0.
  const added = op.name === "Sub" && y === "K" ? " + 0" : "";
  const give = (left: string, right: string) =>
    `{ const z = ${op.floats?.replace("x", left).replace("y", right)}${added}; return Number.isSafeInteger(z) ? new LuaFloat(z) : z; }`;
  const isConstant = (kind: Operand) => kind === "K" || kind === "F";
  if (isConstant(y)) return `if (x instanceof LuaFloat) ${give("x.n", "y")}`;
  if (isConstant(x)) return `if (y instanceof LuaFloat) ${give("x", "y.n")}`;
  return `if (x instanceof LuaFloat) {
      if (typeof y === "number") ${give("x.n", "y")}
      if (y instanceof LuaFloat) ${give("x.n", "y.n")}
    } else if (y instanceof LuaFloat && typeof x === "number") ${give("x", "y.n")}`;
}

/** The method that computes only the low bits, on operands that do so too. */
function lowPath(op: Arithmetic, x: Operand, y: Operand): string {
  if (op.name === "Shr") return shiftedLow(x, y);
  if (op.low === undefined) return "";
  const operand = (kind: Operand, variable: "x" | "y", side: "left" | "right"): string => {
    if (kind === "E")
      return `const ${variable} = this.${side}.lowBits(R, base);\n    if (${variable} === undefined) return undefined;`;
    const value =
      kind === "L"
        ? `const ${side}Value: Value = R[base + this.${side}Register];\n    if (typeof ${side}Value !== "number") return undefined;\n    const ${side} = +${side}Value;`
        : `const ${side} = this.constant;`;
    return `${value}\n    if (!Number.isSafeInteger(${side})) return undefined;\n    const ${variable} = ${side} | 0;`;
  };
  return `  override lowBits(R: Registers, base: number): number | undefined {
    ${operand(x, "x", "left")}
    ${operand(y, "y", "right")}
    return ${op.low};
  }`;
}

/** A shift to the right needs the high bits of its operand. */
function shiftedLow(x: Operand, y: Operand): string {
  const operand = (kind: Operand, variable: "x" | "y", side: "left" | "right"): string =>
    kind === "E"
      ? `const ${variable} = this.${side}.eval(R, base);`
      : kind === "L"
        ? `const ${variable}: Value = R[base + this.${side}Register];`
        : `const ${variable} = this.constant;`;
  return `  override lowBits(R: Registers, base: number): number | undefined {
    ${operand(x, "x", "left")}
    ${operand(y, "y", "right")}
    if (${numbers(x, y)}) { ${asNumbers("if (x >>> 0 === x && y >= 0 && y < 32 && (y | 0) === y) return (x >>> y) | 0;", x, y)} }
    return lowOfShift(x, y);
  }`;
}

function arithmeticClass(op: Arithmetic, x: Operand, y: Operand): string {
  const { declared, assigned } = fieldsOf(x, y);
  const slowLeft = x === "F" ? "this.left.value" : "x";
  const slowRight = y === "F" ? "this.right.value" : "y";
  return `class ${op.name}${x}${y} extends Binary {
${declared}
  constructor(line: number, ${operandParameter("left", x)}, ${operandParameter("right", y)}) {
    super(line, ${op.row}, left, right);
${assigned}
  }
  override eval(R: Registers, base: number): Value | Suspended {
    ${fetch(x, "x", "left", "suspend(this, base, LEFT)")}
    ${fetch(y, "y", "right", `suspend(this, base, RIGHT, ${slowLeft})`)}
    if (${numbers(x, y)}) {
      ${asNumbers(op.fast(x, y), x, y)}
    }
    ${floatPath(op, x, y)}
    return operate(R, base, this, ${op.row}, ${slowLeft}, ${slowRight}, this.left, this.right);
  }
${lowPath(op, x, y)}
}
`;
}

function comparisonClass(op: (typeof COMPARISONS)[number], x: Operand, y: Operand): string {
  const { declared, assigned } = fieldsOf(x, y);
  const slow = y === "F" ? "this.right.value" : "y";
  const operands = op.swapped ? `${slow}, x` : `x, ${slow}`;
  return `class ${op.name}${x}${y} extends Comparison {
${declared}
  constructor(line: number, ${operandParameter("left", x)}, ${operandParameter("right", y)}) {
    super(line, left, right, ${op.swapped}, ${op.orEqual});
${assigned}
  }
  override test(R: Registers, base: number): boolean | Suspended {
    ${fetch(x, "x", "left", "suspend(this, base, LEFT)")}
    ${fetch(y, "y", "right", "suspend(this, base, RIGHT, x)")}
    if (${numbers(x, y)}) { ${asNumbers(`return x ${op.symbol} y;`, x, y)} }
    ${y === "K" || y === "F" ? `if (x instanceof LuaFloat) return x.n ${op.symbol} y;` : ""}
    return compare(R, base, this, ${operands}, ${op.orEqual});
  }
}
`;
}

function table(name: string, forms: [Operand, Operand][]): string {
  return `  ${name}: { ${forms.map(([x, y]) => `${x}${y}: ${name}${x}${y}`).join(", ")} },`;
}

const parts = [
  `// Written by scripts/generate-operators.ts: change that, not this.
/** Binary arithmetic, bitwise operators and order comparisons, specialised by operand (manual §3.4.1, §3.4.2, §3.4.4). */
import { compare, operate } from "../access.ts";
import {
  ADD, and, BAND, BOR, BXOR, DIV, floatModulo, IDIV, integerFloorDivide, integerModulo, lowOfShift, MOD, MUL, or, POW, power,
  SHL, SHR, SUB, shiftLeft, shiftRight, xor,
} from "../operators.ts";
import type { Registers } from "../state.ts";
import { LuaFloat, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { Binary, Comparison, LEFT, RIGHT } from "./binary.ts";
import type { Constant } from "./literal.ts";
import { type Expression, suspend } from "./node.ts";
import type { Local } from "./variable.ts";
`,
];
for (const op of ARITHMETIC) for (const [x, y] of formsOf(op.name)) parts.push(arithmeticClass(op, x, y));
const comparisonForms = FORMS;
for (const op of COMPARISONS) for (const [x, y] of comparisonForms) parts.push(comparisonClass(op, x, y));
parts.push(`/** The classes by operator and operand kinds: E any expression, L a local, K a constant integer, F a constant float. */
export const ARITHMETIC = {
${ARITHMETIC.map((op) => table(op.name, formsOf(op.name))).join("\n")}
} as const;

export const COMPARISONS = {
${COMPARISONS.map((op) => table(op.name, comparisonForms)).join("\n")}
} as const;
`);

const target = new URL("../interpreter/nodes/arithmetic.ts", import.meta.url).pathname;
await Bun.write(target, parts.join("\n"));
