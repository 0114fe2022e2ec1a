/**
 * Random programs that end: loops have bounds, and functions and other loops count their steps with `tick`
 * (driver.lua). Manual §3.3, §3.4.
 */
import { Arbitrary, type Random, Stream, Value } from "fast-check";
import { Expressions } from "./expressions.ts";
import type { Kind, Settings } from "./scope.ts";
import { block, expression as e, type Node, type Part, statement as s, smaller } from "./tree.ts";

const ATTRIBS: readonly Kind[] = ["int", "float", "str", "bool", "seq", "obj", "fn", "co"];

class Grammar extends Expressions {
  private nesting = 0;
  private loops = 0;

  program(): Node {
    const statements = [this.declaration("obj"), this.declaration("fn")];
    while (this.room > 0) statements.push(this.statement());
    return block(statements);
  }

  protected override functionBody(options: { self?: boolean; yields?: boolean } = {}): Node {
    const before = { varargs: this.varargs, yields: this.yields, loops: this.loops };
    this.loops = 0;
    // Nothing tells who calls a function: now and then it yields where only some callers can be yielded through.
    this.yields = options.yields === true || (before.yields && this.chance(60)) || this.chance(5);
    this.nesting++;
    const node = this.scoped(() => {
      const params: string[] = [];
      const kinds: Kind[] = ["int", "str", "int"];
      const names: [string, Kind][] = [];
      for (const kind of kinds.slice(0, this.below(4))) {
        const name = this.fresh(kind);
        if (params.includes(name)) break;
        params.push(name);
        names.push([name, kind]);
      }
      this.varargs = this.chance(45);
      if (options.self === true) this.declare("self", "obj", true);
      for (const [name, kind] of names) this.declare(name, kind, false);
      if (this.varargs) params.push("...");
      return e(
        `(${params.join(", ")})`,
        this.body(1 + this.below(3), [s("tick()")], () => this.result()),
        "end",
      );
    });
    this.nesting--;
    Object.assign(this, before);
    return node;
  }

  /** Statements in a scope of their own, and sometimes one that ends the block. */
  private body(n: number, begin: readonly Node[] = [], end?: () => Node): Node {
    return this.scoped(() => {
      const statements = [...begin];
      const deep = this.nesting > 4 || this.room < 0;
      for (let i = 0; i < (deep ? 1 : n); i++) statements.push(this.statement());
      if (end !== undefined && this.chance(85)) statements.push(end());
      else if (this.loops > 0 && this.chance(12)) statements.push(s("break"));
      else if (this.chance(4)) statements.push(this.result());
      return block(statements);
    });
  }

  /** A return statement. */
  private result(): Node {
    return this.weighted<() => Node>([
      [6, () => s("return ", this.of("int"))],
      [3, () => s("return ", this.list(2 + this.below(2)))],
      [3, () => s("return ", this.several())],
      [2, () => s("return ", this.call("fn"))],
      [1, () => s("return")],
      [1, () => s("return ", this.of("str"), ", ", this.several())],
      [1, () => s("return ", this.of("bool"))],
    ])();
  }

  private statement(): Node {
    this.room--;
    this.nesting++;
    try {
      const deep = this.nesting > 5 || this.room < 0;
      return this.weighted<() => Node>([
        [14, () => this.declaration()],
        [12, () => this.assignment()],
        [14, () => s("out(", this.list(1 + this.below(3)), ")")],
        [4, () => s("out(", this.several(), ")")],
        [3, () => s("local _ = ", this.any())],
        ...(deep ? [] : this.compound()),
      ])();
    } finally {
      this.nesting--;
    }
  }

  private compound(): (readonly [number, () => Node])[] {
    return [
      [7, () => this.conditional()],
      [6, () => this.numericFor()],
      [6, () => this.genericFor()],
      [4, () => this.whileLoop()],
      [3, () => this.repeatLoop()],
      [2, () => this.gotoLoop()],
      [3, () => s("do", this.body(1 + this.below(3)), "end")],
      [4, () => this.functionDeclaration()],
      [10, () => this.protectedCall()],
      [6, () => this.closing()],
      [8, () => this.coroutine()],
      [4, () => this.tableOperation()],
      [3, () => this.method()],
      [2, () => this.sort()],
    ];
  }

  private declaration(kind: Kind = this.pick(["int", "float", "str", "bool", "seq", "obj", "fn", "co"])): Node {
    if (this.chance(75)) {
      const attrib = this.chance(15);
      const fixed = attrib || kind === "fn" || kind === "obj" || this.chance(50);
      const value = this.of(kind);
      const name = this.fresh(kind);
      this.declare(name, kind, fixed);
      return s("local ", name, attrib ? " <const>" : "", " = ", value);
    }
    const kinds = this.times(2 + this.below(2), () => this.pick(ATTRIBS));
    const values = this.chance(60)
      ? e(...kinds.flatMap((each, i) => [i > 0 ? ", " : "", this.of(each)]))
      : this.several();
    const names = kinds.map((each) => this.fresh(each));
    for (const [i, each] of kinds.entries()) this.declare(names[i]!, each, false);
    return s("local ", names.join(", "), " = ", values);
  }

  private assignment(): Node {
    return this.weighted<() => Node>([
      [5, () => this.assignTo(this.pick(["int", "str", "float", "bool", "seq"]))],
      [1, () => s(this.pick(["gi", "gs"]), " = ", this.of("int"))],
      [3, () => s(this.constantPrefix("seq"), "[", this.constantIndex(), "] = ", this.of("int"))],
      [3, () => s(this.constantPrefix("obj"), ".", this.pick(["n", "s", "x", "y", "m"]), " = ", this.bounded())],
      [3, () => this.multiple()],
    ])();
  }

  private assignTo(kind: Kind): Node {
    const target = this.variable(kind, ({ fixed }) => !fixed);
    if (target === undefined) return s(`g${kind[0]} = `, this.of(kind));
    if (kind === "int" && this.chance(30))
      return s(target.name, " = ", target.name, this.pick([" + ", " - ", " * "]), "1");
    if (kind === "str" && this.chance(40)) return s(target.name, " = ", target.name, ' .. "."');
    return s(target.name, " = ", this.bounded(kind));
  }

  /** Several targets at once; fields of tables among them. */
  private multiple(): Node {
    const targets: Part[] = [];
    for (let i = 0; i < 2 + this.below(2); i++) {
      const variable = this.variable(this.pick(["int", "str"]), ({ fixed }) => !fixed);
      if (i > 0) targets.push(", ");
      if (variable !== undefined && this.chance(60)) targets.push(variable.name);
      else if (this.chance(50)) targets.push(this.constantPrefix("seq"), "[", this.constantIndex(), "]");
      else targets.push(this.constantPrefix("obj"), ".", this.pick(["n", "x"]));
    }
    return s(...targets, " = ", this.chance(60) ? this.list(1 + this.below(3), "int") : this.several());
  }

  /** A table that an assignment changes: what other parts of the statement do must not replace it. */
  private constantPrefix(kind: Kind): Node {
    const name = this.variable(kind, ({ fixed }) => fixed || this.settings.anyOrder)?.name;
    return e(name ?? "_G");
  }

  private constantIndex(): Node {
    const name = this.variable("int", ({ fixed }) => fixed || this.settings.anyOrder)?.name;
    return e(
      name !== undefined && this.chance(60) ? name : this.pick(["1", "2", "3", "#{1, 2}", '"n"', "nil", "1.0", "0/0"]),
    );
  }

  private conditional(): Node {
    const parts: Part[] = ["if ", this.of("bool"), " then", this.body(1 + this.below(2))];
    if (this.chance(30)) parts.push("elseif ", this.of("bool"), " then", this.body(1));
    if (this.chance(50)) parts.push("else", this.body(1 + this.below(2)));
    return s(...parts, "end");
  }

  /** The body of a loop, sometimes with a way to its end. */
  private looping(n: number, begin: readonly Node[] = []): Node {
    this.loops++;
    const node = this.body(n, begin);
    this.loops--;
    if (this.chance(85)) return node;
    const label = this.label();
    const rest = node.parts.slice(begin.length) as Node[];
    const skip = s("if ", this.of("bool"), ` then goto ${label} end`);
    return block([...begin, skip, s("do", block(rest), "end"), s(`::${label}::`)]);
  }

  private numericFor(): Node {
    const range = this.weighted<() => Node>([
      [8, () => e(this.pick(["1, 3", "3, 1, -1", "1, 0", "0, 4, 2", "-1, 1", "1, 2"]))],
      [
        2,
        () =>
          e(this.pick(["1, 2, 0.5", "1.0, 3", "0.1, 0.35, 0.1", "3, 1.5, -1", "1, 2.9", "1, -1/0", "0, 2^64, 2^62"])),
      ],
      [
        2,
        () =>
          e(
            this.pick([
              "math.maxinteger - 1, math.maxinteger",
              "math.mininteger, math.mininteger + 1",
              "math.mininteger, math.maxinteger, math.maxinteger",
              "math.maxinteger, 2^70, 1",
              "-3, math.mininteger, math.mininteger",
              "1, 3, math.maxinteger",
              "math.maxinteger - 1, 1/0",
            ]),
          ),
      ],
      [1, () => e(this.pick(["1, 3, 0", '"1", 2', '1, "x"', "1, 2, {}", "1.5, 2, 0.0", "nil, 1"]))],
      [2, () => e("1, ", this.of("int"), ", ", this.pick(["math.maxinteger // 2", "2^62"]))],
    ])();
    return this.scoped(() => {
      const name = this.fresh("int");
      this.declare(name, "int", true);
      return s(
        `for ${name} = `,
        range,
        " do",
        this.looping(1 + this.below(2), this.chance(50) ? [s("tick()")] : []),
        "end",
      );
    });
  }

  private genericFor(): Node {
    // The order of keys is left open by the manual: only their number is known.
    if (this.chance(5))
      return s("do local n = 0 for _ in pairs(", this.of("obj"), ") do tick() n = n + 1 end out(n) end");
    const iterator = this.weighted<() => Node>([
      [4, () => e("ipairs(", this.of("seq"), ")")],
      [2, () => e("pairs({", this.list(this.below(4), "int"), "})")],
      [3, () => e("coroutine.wrap(function", this.functionBody({ yields: true }), ")")],
      [3, () => e(this.prefix("str"), ':gmatch("', this.pick([".", "%w+", "(a)(.)", "()"]), '")')],
      [2, () => e("function(a, b) tick() b = (b or 0) + 1 if b < 4 then return b, ", this.any(), " end end")],
      [2, () => e("next, {", this.list(this.below(3), "int"), "}")],
      [
        1,
        () =>
          e(
            "next, {",
            this.list(this.below(3), "int"),
            "}, nil, setmetatable({}, {__close = function",
            this.functionBody(),
            "})",
          ),
      ],
      [1, () => e(this.prefix("fn"), ", ", this.of("seq"))],
      [1, () => e("utf8.codes(", this.of("str"), ")")],
    ])();
    return this.scoped(() => {
      const key = this.fresh("int");
      const value = this.fresh("int");
      this.declare(key, "int", true);
      if (value !== key) this.declare(value, "int", false);
      const names = value === key ? key : `${key}, ${value}`;
      return s(`for ${names} in `, iterator, " do", this.looping(1 + this.below(2), [s("tick()")]), "end");
    });
  }

  private whileLoop(): Node {
    const name = this.label();
    const limit = 1 + this.below(4);
    return s(
      `do local ${name} = 0 while ${name} < ${limit}`,
      this.chance(30) ? e(" and (", this.of("bool"), ")") : "",
      " do",
      this.looping(1 + this.below(2), [s(`tick() ${name} = ${name} + 1`)]),
      "end end",
    );
  }

  private repeatLoop(): Node {
    const name = this.label();
    const limit = 1 + this.below(4);
    this.loops++;
    // The condition sees the locals of the block.
    const node = this.scoped(() => {
      const statements = [s(`tick() ${name} = ${name} + 1`), this.declaration("int"), this.declaration("bool")];
      if (this.chance(20)) statements.push(s("if ", this.of("bool"), " then break end"));
      return s(
        `do local ${name} = 0 repeat`,
        block(statements),
        `until ${name} > ${limit} or (`,
        this.of("bool"),
        ") end",
      );
    });
    this.loops--;
    return node;
  }

  private gotoLoop(): Node {
    const [label, name] = [this.label(), this.label()];
    return s(
      `do local ${name} = 0 ::${label}:: tick() ${name} = ${name} + 1 do`,
      this.body(1 + this.below(2)),
      `end if ${name} < 3 then goto ${label} end end`,
    );
  }

  private functionDeclaration(): Node {
    if (this.chance(30)) {
      const name = this.pick(["gf", "gg"]);
      return s(`function ${name}`, this.functionBody(), this.chance(50) ? ` out(${name}(1, "s"))` : "");
    }
    const name = this.fresh("fn");
    this.declare(name, "fn", true);
    return s(`local function ${name}`, this.functionBody());
  }

  private method(): Node {
    const object = this.variable("obj");
    if (object === undefined) return this.declaration("obj");
    return s(`function ${object.name}${this.pick([":", ":", "."])}m`, this.functionBody({ self: true }));
  }

  private protectedCall(): Node {
    const raise = () =>
      this.weighted<() => Node>([
        [4, () => s("error(", this.any(), this.chance(50) ? e(", ", this.pick(["0", "1", "2", "3"])) : "", ")")],
        [1, () => s("error()")],
        [2, () => s("assert(", this.of("bool"), ", ", this.any(), ")")],
        [
          2,
          () =>
            s(
              "local _ = ",
              this.of("int"),
              " + ",
              this.pick(["{}", "nil", '"x"', "({}).x", "unknown", "1.5 // 0", "1 // 0", "1 % 0"]),
            ),
        ],
        [1, () => s("local _ = 1 < ", this.pick(['"2"', "{}", "nil"]))],
        [1, () => s("local _ = ", this.pick(["1.5 | 1", "2^70 & 1", '"a" | 1', '"1.5" ~ 2', "#5", "-{}", "{} .. {}"]))],
        [1, () => s("unknown.x.y = 1")],
        [1, () => s(this.prefix("str"), ":nomethod()")],
        [3, () => this.result()],
      ])();
    return this.weighted<() => Node>([
      [6, () => s("out(pcall(function() ", this.protectedBody(raise), "end))")],
      [
        2,
        () =>
          s(
            "out(xpcall(function(...)",
            this.protectedBody(raise, true),
            "end, ",
            this.handler(),
            this.furtherArgs(),
            "))",
          ),
      ],
      [2, () => s("out(pcall(", this.prefix("fn"), this.furtherArgs(), "))")],
      [1, () => s("out(pcall(error, ", this.any(), "))")],
      [1, () => s('out(select("#", pcall(', this.prefix("fn"), this.furtherArgs(), ")))")],
      [
        1,
        () =>
          s(
            "out(pcall(",
            this.pick([
              "math.floor",
              "setmetatable",
              "ipairs",
              "string.sub",
              "table.insert",
              "tonumber",
              "string.char",
              "utf8.char",
              "table.concat",
              "select",
              "coroutine.resume",
              "next",
            ]),
            ", ",
            this.list(1 + this.below(2)),
            "))",
          ),
      ],
    ])();
  }

  private protectedBody(end: () => Node, varargs = false, begin: readonly Node[] = []): Node {
    const before = { varargs: this.varargs, loops: this.loops };
    Object.assign(this, { varargs, loops: 0 });
    const node = this.body(1 + this.below(3), begin, end);
    Object.assign(this, before);
    return node;
  }

  /** A message handler that does not fail: how deep failing ones nest depends on the depth of native calls. */
  private handler(): Node {
    return this.weighted<() => Node>([
      [4, () => e('function(m) return "handled " .. str(m) end')],
      [2, () => e('function(m) out("handling", m) return m, 2 end')],
      [1, () => e("function() end")],
      [1, () => e("str")],
    ])();
  }

  /** Variables that are closed at the end of their block, manual §3.3.8. */
  private closing(): Node {
    const name = this.label();
    const closes = this.weighted<() => Node>([
      [5, () => e(`function(_, e) out("close ${name}", e) end`)],
      [3, () => e("function", this.functionBody())],
      // A coroutine that is closed by another one cannot yield, whatever the other one can.
      [this.yields ? 0 : 2, () => e(`function(_, e) out("close ${name}", e) coroutine.yield(1) end`)],
      [2, () => e(`function(_, e) error("from ${name}: " .. str(e), 0) end`)],
    ])();
    const value = this.weighted<() => Node>([
      [8, () => e("setmetatable({}, {__close = ", closes, "})")],
      [1, () => e(this.pick(["nil", "false"]))],
      [1, () => this.of("obj")],
    ])();
    const variable = s(`local ${name} <close> = `, value);
    return this.weighted<() => Node>([
      [3, () => s("do", this.body(1 + this.below(3), [variable]), "end")],
      [
        3,
        () =>
          s(
            "out(pcall(function()",
            this.protectedBody(() => this.result(), false, [variable]),
            "end))",
          ),
      ],
      [2, () => s("for _ = 1, 2 do", this.looping(1 + this.below(2), [variable]), "end")],
      [
        3,
        () =>
          s(
            "out((function(...)",
            this.protectedBody(() => this.result(), true, [variable]),
            "end)(",
            this.args(),
            "))",
          ),
      ],
    ])();
  }

  private coroutine(): Node {
    const body = () => this.functionBody({ yields: true });
    return this.weighted<() => Node>([
      [
        5,
        () => {
          const name = this.label();
          const resumes = this.times(1 + this.below(4), () =>
            s(`out(coroutine.resume(${name}`, this.furtherArgs(), "))"),
          );
          return s(
            `do local ${name} = coroutine.create(function`,
            body(),
            ")",
            block(resumes),
            `out(coroutine.status(${name}))`,
            this.chance(40) ? ` out(coroutine.close(${name}))` : "",
            " end",
          );
        },
      ],
      [
        3,
        () => {
          const name = this.label();
          return s(
            `do local ${name} = coroutine.wrap(function`,
            body(),
            ")",
            block(this.times(1 + this.below(3), () => s(`out(pcall(${name}`, this.furtherArgs(), "))"))),
            "end",
          );
        },
      ],
      [2, () => s("out(coroutine.resume(", this.of("co"), this.furtherArgs(), "))")],
      [1, () => s("out(coroutine.status(", this.of("co"), "))")],
      [1, () => s("out(pcall(coroutine.close, ", this.of("co"), "))")],
      [1, () => s("out(coroutine.wrap(function", body(), ")(", this.args(), "))")],
      [1, () => s("out(select(2, coroutine.running()))")],
    ])();
  }

  private tableOperation(): Node {
    const table = this.constantPrefix("seq");
    const target = this.dense(table);
    return this.weighted<() => Node>([
      [3, () => s("table.insert(", target, ", ", this.of("int"), ")")],
      [2, () => s("table.insert(", target, ", ", this.pick(["1", "2", "5"]), ", ", this.of("int"), ")")],
      [3, () => s("out(table.remove(", target, this.chance(40) ? e(", ", this.pick(["1", "2", "0"])) : "", "))")],
      [2, () => s("out(table.unpack(", target, "))")],
      [2, () => s("out(#", target, ", next(", target, ") == nil)")],
      [1, () => s("rawset(", table, ", ", this.list(2), ")")],
      [1, () => s("out(rawget(", table, ", ", this.of("int"), "))")],
      [1, () => s("for i = #", target, ", 1, -1 do tick() ", table, "[i] = nil end")],
    ])();
  }

  private sort(): Node {
    const values = e("{", this.list(2 + this.below(6), this.pick(["int", "str", "float"])), "}");
    const order = this.weighted<() => Node>([
      [3, () => e("")],
      [3, () => e(", function(a, b) ", this.chance(50) ? "tick() " : "", "return a > b end")],
      [1, () => e(", function(a, b) return str(a) < str(b) end")],
    ])();
    return s(
      "out(pcall(function() local t = dense(",
      values,
      ") table.sort(t",
      order,
      ") return table.unpack(t) end))",
    );
  }
}

/** Programs as trees: `render` makes them source text. */
export class Programs extends Arbitrary<Node> {
  constructor(private readonly settings: Settings) {
    super();
  }

  override generate(random: Random): Value<Node> {
    return new Value(new Grammar(random, this.settings).program(), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is Node {
    return false;
  }

  override shrink(program: Node): Stream<Value<Node>> {
    return new Stream(smaller(program)).map((node) => new Value(node, undefined));
  }
}
