/** Random expressions, manual §3.4. */

import { Choices, type Kind } from "./scope.ts";
import { expression as e, type Node, type Part } from "./tree.ts";

const INTEGERS = ["0", "1", "2", "3", "-1", "7", "10", "255", "0x7f", "64", "-63"];
const EDGES = [
  "math.maxinteger",
  "math.mininteger",
  "0x7fffffffffffffff",
  "9007199254740992",
  "9007199254740993",
  "-9007199254740993",
  "4611686018427387904",
  "2147483648",
  "0xffffffff",
];
const FLOATS = ["0.0", "-0.0", "0.5", "1.5", "2.0", "-3.0", "0.25", "1e3", "1e15", "2^53", "1e100"];
const FLOAT_EDGES = ["1/0", "-1/0", "0x1p-1074", "2^63", "-2^63", "1e308", "2^53+1"];
const STRINGS = ['""', '"a"', '"b"', '"abc"', '"10"', '"0x10"', '"3.0"', '" 7 "', '"x y"', '"e1"', '"\\0z"', '"ABC"'];
const COMPARISONS = ["<", "<=", ">", ">=", "==", "~="];
const FIELDS = ["n", "s", "x", "y"];

const KINDS: readonly Kind[] = ["int", "float", "str", "bool", "seq", "obj", "fn", "co"];

/** Names and literals have no effects, and their values do not change while another operand is evaluated. */
const LITERAL = /^-?[\w.]+$|^"[^"]*"$/;

export abstract class Expressions extends Choices {
  /** How deep the expression being made is nested. */
  private depth = 0;
  /** Whether `...` may be used, and whether a yield has a resume to go to. */
  protected varargs = true;
  protected yields = false;

  /** A function's parameters and body up to `end`. */
  protected abstract functionBody(options?: { self?: boolean; yields?: boolean }): Node;

  protected any(): Node {
    return this.of(
      this.weighted([
        [4, "int"],
        [2, "float"],
        [4, "str"],
        [2, "bool"],
        [1, "seq"],
        [1, "obj"],
        [1, "fn"],
      ] as const),
    );
  }

  /** An expression that mostly has values of a kind. */
  protected of(kind: Kind): Node {
    if (this.chance(2)) return this.wrong();
    this.room--;
    this.depth++;
    try {
      const simple = this.depth > 4 || this.room < 0 || this.chance(30);
      const known = this.variable(kind);
      if (known !== undefined && this.chance(simple ? 75 : 25)) return e(known.name);
      switch (kind) {
        case "int":
          return simple ? this.integerLiteral() : this.integer();
        case "float":
          return simple ? e(this.pick(this.chance(80) ? FLOATS : FLOAT_EDGES)) : this.float();
        case "str":
          return simple ? e(this.pick(STRINGS)) : this.string();
        case "bool":
          return simple ? e(this.pick(["true", "false", "nil"])) : this.boolean();
        case "seq":
          return simple ? e("{", this.list(this.below(4), "int"), "}") : this.sequence();
        case "obj":
          return simple ? e("{n = ", this.of("int"), ", s = ", this.of("str"), "}") : this.object();
        case "fn":
          return simple ? e(this.pick(["id", "str", "math.abs", "string.len"])) : e("function", this.functionBody());
        case "co":
          return e("coroutine.create(function", this.functionBody({ yields: true }), ")");
      }
    } finally {
      this.depth--;
    }
  }

  private wrong(): Node {
    const any = this.variable(this.pick(KINDS));
    if (any !== undefined && this.chance(40)) return e(any.name);
    return e(
      this.pick(["nil", "{}", '"abc"', "true", "unknown", "({}).x", "print", "(nil)", "str", "math.x", '("x").y']),
    );
  }

  /** A sequence without holes: only one border, manual §3.4.7. */
  protected dense(sequence = this.of("seq")): Node {
    return e("dense(", sequence, ")");
  }

  /** An expression for something that outlives this statement: loops must not double strings. */
  protected bounded(kind?: Kind): Node {
    const node = kind === undefined ? this.any() : this.of(kind);
    return /\.\.|:|format|concat/.test(node.text) ? e("cut(", node, ")") : node;
  }

  /** Several expressions with commas between them. */
  protected list(n: number, kind?: Kind): Node {
    const parts: Part[] = [];
    for (let i = 0; i < n; i++) parts.push(i > 0 ? ", " : "", kind === undefined ? this.any() : this.of(kind));
    return e(...parts);
  }

  private integerLiteral(): Node {
    return e(this.chance(88) ? this.pick(INTEGERS) : this.pick(EDGES));
  }

  private integer(): Node {
    return this.weighted<() => Node>([
      [10, () => this.binary(this.pick(["+", "-", "*", "+", "-"]), "int")],
      [4, () => this.binary(this.pick(["//", "%", "//", "%"]), "int")],
      [4, () => this.binary(this.pick(["&", "|", "~", "<<", ">>"]), "int")],
      [1, () => this.binary(this.pick(["+", "-", "//", "%", "&"]), "str", "int")],
      [2, () => e(this.pick(["-", "~", "- -"]), this.operand("int"))],
      [3, () => (this.chance(60) ? e("#", this.operand("str")) : e("#", this.dense()))],
      [4, () => e(this.prefix("seq"), "[", this.of("int"), "]")],
      [4, () => e(this.prefix("obj"), ".", this.pick(FIELDS))],
      [6, () => this.call("int")],
      [2, () => e("select(", this.chance(50) ? '"#"' : this.integerLiteral(), ", ", this.several(), ")")],
      [2, () => e("math.", this.pick(["floor", "ceil", "tointeger"]), "(", this.of("float"), ")")],
      [2, () => e("math.", this.pick(["max", "min", "ult", "fmod"]), "(", this.list(2, "int"), ")")],
      [1, () => e("tonumber(", this.of("str"), this.pick(["", ", 10", ", 16", ", 2"]), ")")],
      [1, () => e("string.byte(", this.of("str"), ", ", this.integerLiteral(), ")")],
      [1, () => e("rawlen(", this.dense(), ")")],
      [2, () => (this.yields || this.chance(3) ? e("coroutine.yield(", this.list(this.below(3)), ")") : e("1"))],
      [1, () => (this.varargs ? e("(...)") : e("2"))],
      [3, () => e("(", this.of("bool"), this.pick([" and ", " or "]), this.of("int"), " or ", this.of("int"), ")")],
      [1, () => e("utf8.", this.pick(["len", "codepoint"]), "(", this.of("str"), ")")],
    ])();
  }

  private float(): Node {
    return this.weighted<() => Node>([
      [6, () => this.binary(this.pick(["+", "-", "*", "/"]), "float")],
      [4, () => this.binary(this.pick(["/", "+", "-", "*"]), "int", "float")],
      [3, () => this.binary(this.pick(["//", "%"]), "float")],
      [3, () => this.binary(this.pick(["//", "%", "/"]), "float", "int")],
      // The last digit of other powers depends on the C library.
      [
        2,
        () =>
          e(this.pick(["2", "3", "-2", "0.5", "10", "1.5"]), "^", this.pick(["0", "1", "2", "3", "5", "-1", "1/0"])),
      ],
      [2, () => e("-", this.operand("float"))],
      [2, () => e("math.", this.pick(["abs", "floor", "sqrt", "ceil"]), "(", this.of("float"), ")")],
      [1, () => e("math.", this.pick(["max", "min", "fmod"]), "(", this.list(2, "float"), ")")],
      [1, () => e("(math.modf(", this.of("float"), "))")],
      [1, () => e("(", this.of("int"), " + 0.0)")],
    ])();
  }

  private string(): Node {
    return this.weighted<() => Node>([
      [8, () => this.concat()],
      [2, () => e("str(", this.textual(), ")")],
      [2, () => this.methodCall("str", "rep", e(this.pick(["0", "1", "2", "3"]), this.chance(40) ? ', "-"' : ""))],
      [2, () => this.methodCall("str", "sub", this.list(1 + this.below(2), "int"))],
      [2, () => this.methodCall("str", this.pick(["upper", "lower", "reverse"]), e())],
      [
        2,
        () =>
          e(
            "string.format(",
            this.pick(['"%d|%s"', '"%5d %-4s|"', '"%x%q"', '"%+i.%10.2s"']),
            ", ",
            this.of("int"),
            ", ",
            this.of("str"),
            ")",
          ),
      ],
      [1, () => e("string.char(", this.pick(["65", "97, 98", "0", "48, 49, 50"]), ")")],
      [1, () => e("table.concat(", this.dense(), this.chance(50) ? ', ","' : "", ")")],
      [
        2,
        () =>
          this.methodCall(
            "str",
            "gsub",
            e(this.pick(['"%w"', '"a"', '"."', '"%s*"', '"(a)(b)"']), ", ", this.replacement()),
          ),
      ],
      [
        1,
        () =>
          this.methodCall(
            "str",
            this.pick(["match", "find"]),
            e(this.pick(['"%w+"', '"(%a)(.)"', '"()b"', '"^a?"', '"[%d]"'])),
          ),
      ],
      [2, () => e(this.prefix("obj"), ".s")],
      [1, () => e("type(", this.any(), ")")],
      [1, () => e("(", this.of("bool"), " and ", this.of("str"), " or ", this.of("str"), ")")],
      [1, () => e("utf8.char(", this.pick(["65, 0x20ac", "0x7f", "0x7ff, 0xffff"]), ")")],
      [1, () => e("math.type(", this.any(), ")")],
      [1, () => e("select(2, pcall(", this.any(), this.chance(50) ? e(", ", this.any()) : "", "))")],
    ])();
  }

  private replacement(): Node {
    return this.weighted<() => Node>([
      [2, () => e(this.pick(['"%0%0"', '"%1"', '"<%0>"', '""', '"%%"']))],
      [2, () => e("function", this.functionBody())],
      [1, () => e("{a = ", this.of("str"), ", b = ", this.of("bool"), "}")],
    ])();
  }

  private boolean(): Node {
    return this.weighted<() => Node>([
      [6, () => this.binary(this.pick(COMPARISONS), "int")],
      [3, () => this.binary(this.pick(COMPARISONS), "float", "int")],
      [3, () => this.binary(this.pick(COMPARISONS), "str")],
      [1, () => this.binary(this.pick(COMPARISONS), "obj")],
      [1, () => this.binary(this.pick(["==", "~="]), "str", "int")],
      [3, () => e("not ", this.operand("bool"))],
      [3, () => e("(", this.of("bool"), this.pick([" and ", " or "]), this.of("bool"), ")")],
      [1, () => this.binary(this.pick(["==", "~="]), "bool")],
      [1, () => e("rawequal(", this.list(2), ")")],
      [1, () => e("(coroutine.isyieldable())")],
      [1, () => e("(pcall(", this.any(), "))")],
      [1, () => e(this.of("int"), " == nil")],
    ])();
  }

  private sequence(): Node {
    return this.weighted<() => Node>([
      [4, () => e("{", this.list(this.below(5), "int"), "}")],
      [2, () => e("{", this.list(1 + this.below(2), "int"), this.chance(50) ? ", " : "; ", this.several(), "}")],
      [1, () => e("table.pack(", this.several(), ")")],
      [1, () => e("{", this.list(2, "str"), ", n = ", this.of("int"), "}")],
      [1, () => e("table.move(", this.of("seq"), ", 1, 2, ", this.pick(["1", "2", "3"]), ", {})")],
      [1, () => e("(", this.of("bool"), " and ", this.of("seq"), " or {})")],
    ])();
  }

  private object(): Node {
    if (this.chance(20)) return e("{n = ", this.of("int"), ", x = ", this.any(), ', ["s"] = ', this.of("str"), "}");
    const fields = e("{n = ", this.of("int"), this.chance(50) ? e(", s = ", this.of("str")) : "", "}");
    const other = this.variable("obj");
    if (other !== undefined && this.chance(30)) return e("setmetatable(", fields, ", getmetatable(", other.name, "))");
    return e("setmetatable(", fields, ", ", this.metatable(), ")");
  }

  /** A table of metamethods, manual §2.4. */
  private metatable(): Node {
    const parts: Part[] = [];
    const events: string[] = [];
    const shared = this.variable("fn");
    for (const [event, odds, result] of [
      ["__add", 40, "int"],
      ["__sub", 20, "int"],
      ["__mul", 20, "int"],
      ["__div", 20, "float"],
      ["__mod", 20, "int"],
      ["__idiv", 20, "int"],
      ["__pow", 10, "float"],
      ["__unm", 25, "int"],
      ["__band", 20, "int"],
      ["__bor", 15, "int"],
      ["__bxor", 15, "int"],
      ["__shl", 15, "int"],
      ["__shr", 15, "int"],
      ["__bnot", 15, "int"],
      ["__concat", 35, "str"],
      ["__len", 30, "int"],
      ["__eq", 40, "bool"],
      ["__lt", 40, "bool"],
      ["__le", 40, "bool"],
      ["__index", 45, "int"],
      ["__newindex", 30, "int"],
      ["__call", 35, "int"],
      ["__close", 25, "int"],
      ["__tostring", 15, "str"],
      ["__pairs", 10, "fn"],
    ] as const) {
      const needed = event === "__le" && !this.settings.exact && events.includes("__lt");
      if (!needed && !this.chance(odds)) continue;
      events.push(event);
      const value = this.weighted<() => Node>([
        [
          6,
          () =>
            e(
              "function(a, b, c) ",
              this.chance(30) ? "tick() " : "",
              "return ",
              this.scoped(() => this.answer(result)),
              " end",
            ),
        ],
        [2, () => e("function", this.functionBody())],
        [shared === undefined ? 0 : 2, () => e(shared?.name ?? "id")],
        [
          event === "__index" || event === "__newindex" ? 5 : 0,
          () => e("{x = ", this.any(), ", y = ", this.any(), "}"),
        ],
        [event === "__call" ? 1 : 0, () => e("setmetatable({}, {__call = ", this.of("fn"), "})")],
      ])();
      parts.push(event, " = ", value, ", ");
    }
    return e("{", ...parts, "}");
  }

  private answer(result: Kind): Node {
    const before = this.varargs;
    this.varargs = false;
    const node = this.weighted<() => Node>([
      [3, () => e('rawget(a, "n") or ', this.of(result))],
      [3, () => this.of(result)],
      [1, () => e("type(a) .. type(b) .. type(c)")],
      [1, () => e("coroutine.yield(", this.pick(["1", '"m"', "b"]), ")")],
      [1, () => e("error(", this.of("str"), ")")],
    ])();
    this.varargs = before;
    return node;
  }

  /** `left op right`, with and without parentheses. */
  private binary(operator: string, left: Kind, right: Kind = left): Node {
    const swap = left !== right && this.chance(50);
    const b = this.operand(swap ? left : right);
    const a = this.first(swap ? right : left, b);
    const parts = [a, ` ${operator} `, b];
    return this.chance(50) ? e("(", ...parts, ")") : e(...parts);
  }

  /** The operand in front of another one, which may change variables. */
  private first(kind: Kind, next: Node): Node {
    const operand = this.operand(kind);
    const text = operand.text;
    if (this.settings.anyOrder || LITERAL.test(next.text) || !/^\w+$/.test(text)) return operand;
    return this.variable(kind, ({ name, fixed }) => name === text && !fixed) === undefined
      ? operand
      : e("id(", text, ")");
  }

  private operand(kind: Kind): Node {
    const node = this.of(kind);
    const text = node.text;
    if (/^\w+$/.test(text)) return node;
    return this.chance(60) || text.startsWith("-") ? e("(", node, ")") : node;
  }

  private concat(): Node {
    const parts: Part[] = [];
    const n = 2 + this.below(3);
    for (let i = 0; i < n; i++) {
      const operand = this.textual();
      parts.push(i > 0 ? " .. " : "", /^\w+$|^"[^"]*"$/.test(operand.text) ? operand : e("(", operand, ")"));
    }
    return e(...parts);
  }

  /** Something that may become text. */
  private textual(): Node {
    if (this.settings.exact && this.chance(20)) return this.of("float");
    return this.of(this.chance(65) ? "str" : this.chance(90) ? "int" : "obj");
  }

  /** What may stand in front of an index or a call: a name, a call, or anything in parentheses. */
  protected prefix(kind: Kind): Node {
    const known = this.variable(kind);
    if (known !== undefined && this.chance(85)) return e(known.name);
    return e("(", this.of(kind), ")");
  }

  protected call(kind: "int" | "fn"): Node {
    return this.weighted<() => Node>([
      [8, () => e(this.prefix("fn"), "(", this.args(), ")")],
      [2, () => e(this.prefix("obj"), ":", this.pick(["m", "x"]), "(", this.args(), ")")],
      [1, () => e(this.prefix("obj"), "(", this.args(), ")")],
      [1, () => e(this.prefix("obj"), ".", this.pick(["m", "x"]), "(", this.args(), ")")],
      [1, () => e(this.prefix("fn"), this.pick(['"lit"', "{1, n = 2}", "[[long]]"]))],
      [kind === "int" ? 2 : 0, () => e("(", this.prefix("fn"), "(", this.args(), "))")],
    ])();
  }

  /** Arguments: by convention an integer, a string, and more. */
  protected args(): Node {
    return this.weighted<() => Node>([
      [5, () => e(this.of("int"), ", ", this.bounded("str"))],
      [2, () => this.of("int")],
      [1, () => e()],
      [2, () => e(this.of("int"), ", ", this.bounded("str"), ", ", this.several())],
    ])();
  }

  /** Arguments behind another one. */
  protected furtherArgs(): Node {
    const args = this.args();
    return args.text === "" ? args : e(", ", args);
  }

  /** An expression that may have any number of values. */
  protected several(): Node {
    return this.weighted<() => Node>([
      [this.varargs ? 3 : 0, () => e("...")],
      [3, () => this.call("fn")],
      [2, () => e("table.unpack(", this.dense(), ")")],
      [1, () => e("table.unpack(", this.dense(), ", ", this.list(2, "int"), ")")],
      [2, () => this.list(1 + this.below(3))],
      [1, () => e("pcall(", this.prefix("fn"), this.furtherArgs(), ")")],
      [1, () => e("coroutine.resume(", this.of("co"), this.furtherArgs(), ")")],
      [this.yields ? 2 : 0, () => e("coroutine.yield(", this.list(this.below(3)), ")")],
    ])();
  }

  private methodCall(kind: Kind, name: string, args: Node): Node {
    return e(this.prefix(kind), ":", name, "(", args, ")");
  }
}
