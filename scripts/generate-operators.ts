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
}

const bothInteger = (y: Operand) =>
  y === "K" ? "Number.isSafeInteger(x)" : y === "F" ? "false" : "(Number.isSafeInteger(x) && Number.isSafeInteger(y))";

/** The result is right when it is a safe integer exactly if both operands are; -0 must not pass for an integer. */
const plain = (symbol: string, zero: string) => (_x: Operand, y: Operand) =>
  y === "F"
    ? `const z = x ${symbol} y; return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`
    : `const z = x ${symbol} y; if (Number.isSafeInteger(z) === ${bothInteger(y)}) return z${zero};`;

const ARITHMETIC: Arithmetic[] = [
  { name: "Add", row: "ADD", fast: plain("+", "") },
  { name: "Sub", row: "SUB", fast: plain("-", "") },
  { name: "Mul", row: "MUL", fast: plain("*", " + 0") },
  {
    name: "Div",
    row: "DIV",
    fast: () => `const z = x / y; return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`,
  },
  {
    name: "Mod",
    row: "MOD",
    fast: (_x, y) =>
      y === "F"
        ? `const z = floatModulo(x, y); return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`
        : `if (${bothInteger(y)}) { if (x >= 0 && y > 0) return x % y; if (y !== 0) return integerModulo(x, y); }`,
  },
  {
    name: "IDiv",
    row: "IDIV",
    fast: (_x, y) =>
      y === "F"
        ? ""
        : `if (${bothInteger(y)} && y !== 0) { if (x >= 0 && y > 0) return (x - (x % y)) / y; return integerFloorDivide(x, y); }`,
  },
  {
    name: "Pow",
    row: "POW",
    fast: () => `const z = power(x, y); return Number.isSafeInteger(z) ? new LuaFloat(z) : z;`,
  },
  { name: "BAnd", row: "BAND", fast: bits("&", "and") },
  { name: "BOr", row: "BOR", fast: bits("|", "or") },
  { name: "BXor", row: "BXOR", fast: bits("^", "xor") },
  {
    name: "Shl",
    row: "SHL",
    fast: (_x, y) => `if (${bothInteger(y)}) return shiftLeft(x, y);`,
  },
  {
    name: "Shr",
    row: "SHR",
    fast: (_x, y) =>
      `if (${bothInteger(y)}) { if (x >= 0 && x <= 0x7fffffff && y >= 0 && y < 32) return x >>> y; return shiftRight(x, y); }`,
  },
];

function bits(symbol: string, general: string): (x: Operand, y: Operand) => string {
  return (_x, y) =>
    y === "F"
      ? ""
      : `if ((x | 0) === x && (y | 0) === y) return x ${symbol} y; if (${bothInteger(y)}) return ${general}(x, y);`;
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
  if (["Add", "Sub", "Mul"].includes(name)) return FORMS;
  if (["Div", "Mod", "IDiv"].includes(name))
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
  if (y === "K" || y === "F") {
    declared.push("  private readonly constant: number;");
    assigned.push("    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);");
  }
  return { declared: declared.join("\n"), assigned: assigned.join("\n") };
}

function numbers(y: Operand): string {
  return y === "K" || y === "F" ? `typeof x === "number"` : `typeof x === "number" && typeof y === "number"`;
}

function arithmeticClass(op: Arithmetic, x: Operand, y: Operand): string {
  const { declared, assigned } = fieldsOf(x, y);
  const slowRight = y === "F" ? "this.right.value" : "y";
  return `class ${op.name}${x}${y} extends Binary {
${declared}
  constructor(line: number, ${operandParameter("left", x)}, ${operandParameter("right", y)}) {
    super(line, ${op.row}, left, right);
${assigned}
  }
  override eval(R: Registers, base: number): Value | Suspended {
    ${fetch(x, "x", "left", "suspend(this, base, LEFT)")}
    ${fetch(y, "y", "right", "suspend(this, base, RIGHT, x)")}
    if (${numbers(y)}) {
      ${op.fast(x, y)}
    }
    return operate(R, base, this, ${op.row}, x, ${slowRight}, this.left, this.right);
  }
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
    if (${numbers(y)}) return x ${op.symbol} y;
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
  ADD, and, BAND, BOR, BXOR, DIV, floatModulo, IDIV, integerFloorDivide, integerModulo, MOD, MUL, or, POW, power,
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
