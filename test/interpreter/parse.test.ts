/** The trees that the resolver gets: see `interpreter/ast.ts`. */
import { describe, expect, test } from "bun:test";
import type { Expression, FunctionDeclaration, Identifier, Statement } from "../../interpreter/ast.ts";
import { chunkId } from "../../interpreter/chunk.ts";
import { decodeString } from "../../interpreter/lexer.ts";
import { parse, skipShebang } from "../../interpreter/parse.ts";

/** Writes a tree as Lua again, with `(` and `)` just where the tree has `inParens`, and `[` and `]` around operations. */
function show(body: Statement[]): string {
  return body.map(statement).join("; ");
}

const list = (nodes: Expression[]): string => nodes.map(expression).join(", ");
const variable = ({ name, attrib }: Identifier): string => (attrib === undefined ? name : `${name} <${attrib}>`);

function functionText(node: FunctionDeclaration): string {
  const parameters = node.parameters.map((p) => (p.type === "Identifier" ? p.name : `...${node.varargName ?? ""}`));
  return `(${parameters.join(", ")}) ${show(node.body)} end`;
}

function statement(node: Statement): string {
  switch (node.type) {
    case "LabelStatement":
      return `::${node.label.name}::`;
    case "BreakStatement":
      return "break";
    case "GotoStatement":
      return `goto ${node.label.name}`;
    case "ReturnStatement":
      return `return ${list(node.arguments)}`;
    case "IfStatement":
      return `${node.clauses
        .map((clause) =>
          clause.type === "ElseClause"
            ? `else ${show(clause.body)}`
            : `${clause.type === "IfClause" ? "if" : "elseif"} ${expression(clause.condition)} then ${show(clause.body)}`,
        )
        .join(" ")} end`;
    case "WhileStatement":
      return `while ${expression(node.condition)} do ${show(node.body)} end`;
    case "DoStatement":
      return `do ${show(node.body)} end`;
    case "RepeatStatement":
      return `repeat ${show(node.body)} until ${expression(node.condition)}`;
    case "LocalStatement":
      return `local ${node.variables.map(variable).join(", ")} = ${list(node.init)}`;
    case "GlobalStatement":
      return node.wildcard
        ? `global ${node.attrib ?? "any"} *`
        : `global ${node.variables.map(variable).join(", ")} = ${list(node.init)}`;
    case "AssignmentStatement":
      return `${list(node.variables)} = ${list(node.init)}`;
    case "CallStatement":
      return expression(node.expression);
    case "FunctionDeclaration": {
      const scope = node.isLocal ? "local " : node.isGlobal ? "global " : "";
      return `${scope}function ${expression(node.identifier!)}${functionText(node)}`;
    }
    case "ForNumericStatement": {
      const range = [node.start, node.end, ...(node.step === null ? [] : [node.step])];
      return `for ${node.variable.name} = ${list(range)} do ${show(node.body)} end`;
    }
    case "ForGenericStatement":
      return `for ${list(node.variables)} in ${list(node.iterators)} do ${show(node.body)} end`;
  }
}

function expression(node: Expression): string {
  const text = bare(node);
  return node.inParens ? `(${text})` : text;
}

function bare(node: Expression): string {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "StringLiteral":
      return JSON.stringify(node.value);
    case "NumericLiteral":
      return node.raw;
    case "BooleanLiteral":
      return `${node.value}`;
    case "NilLiteral":
      return "nil";
    case "VarargLiteral":
      return "...";
    case "TableConstructorExpression":
      return `{${node.fields
        .map((field) => {
          if (field.type === "TableValue") return expression(field.value);
          const key = field.type === "TableKey" ? `[${expression(field.key)}]` : field.key.name;
          return `${key}=${expression(field.value)}`;
        })
        .join(", ")}}`;
    case "FunctionDeclaration":
      return `function${functionText(node)}`;
    case "BinaryExpression":
    case "LogicalExpression":
      return `[${expression(node.left)} ${node.operator} ${expression(node.right)}]`;
    case "UnaryExpression":
      return `[${node.operator} ${expression(node.argument)}]`;
    case "MemberExpression":
      return `${expression(node.base)}${node.indexer}${node.identifier.name}`;
    case "IndexExpression":
      return `${expression(node.base)}[${expression(node.index)}]`;
    case "CallExpression":
      return `${expression(node.base)}(${list(node.arguments)})`;
    case "TableCallExpression":
      return `${expression(node.base)}${expression(node.arguments)}`;
    case "StringCallExpression":
      return `${expression(node.base)}${expression(node.argument)}`;
  }
}

function trees(title: string, rows: [source: string, tree: string][]): void {
  describe(title, () => {
    for (const [source, tree] of rows)
      test(JSON.stringify(source), () => {
        expect(show(parse(source, "=x").body)).toBe(tree);
      });
  });
}

trees("operators, manual §3.4.8", [
  ["return 1 + 2 * 3 - 4", "return [[1 + [2 * 3]] - 4]"],
  ["return a .. b .. c", "return [a .. [b .. c]]"],
  ["return 2 ^ -3 ^ 2", "return [2 ^ [- [3 ^ 2]]]"],
  ["return -x ^ 2", "return [- [x ^ 2]]"],
  ["return not a == b", "return [[not a] == b]"],
  ["return a or b and c", "return [a or [b and c]]"],
  ["return a < b == true", "return [[a < b] == true]"],
  ["return a | b ~ c & d << e .. f", "return [a | [b ~ [c & [d << [e .. f]]]]]"],
  ["return # - ~ not x", "return [# [- [~ [not x]]]]"],
  ["return a //b", "return [a // b]"],
]);

trees("parentheses, manual §3.4", [
  ["return (f())", "return (f())"],
  ["return (f)()", "return (f)()"],
  ["return f((g()))", "return f((g()))"],
  ["return f(g())", "return f(g())"],
  ["return f --[[(]] (g())", "return f(g())"],
  ["return (f)(g())", "return (f)(g())"],
  ["return (f)((g()))", "return (f)((g()))"],
  ["return ((...))", "return (...)"],
  ["return f(a, (...))", "return f(a, (...))"],
  ["return f(a, --(\n...)", "return f(a, ...)"],
  ["return {...}, {(...)}", "return {...}, {(...)}"],
  ["return {f(), (f()); x = (f()), [(f())] = f()}", "return {f(), (f()), x=(f()), [(f())]=f()}"],
  ["return (a + b) * (c - (d))", "return [([a + b]) * ([c - (d)])]"],
  ["return ((a).b)[(c)]", "return ((a).b)[(c)]"],
  ["return -(x), not(x)", "return [- (x)], [not (x)]"],
  ["return ('x'):rep(2)", 'return ("x"):rep(2)'],
  ["local a, b = f(), (f())", "local a, b = f(), (f())"],
  ["a, b = (f())", "a, b = (f())"],
  ["if(a)then elseif(b)then end while(c)do end", "if (a) then  elseif (b) then  end; while (c) do  end"],
  ["repeat until(a)", "repeat  until (a)"],
  ["repeat x = (1) until(a)", "repeat x = (1) until (a)"],
  ["for i=(1),(2),(3)do end", "for i = (1), (2), (3) do  end"],
  ["for k in(f())do end", "for k in (f()) do  end"],
  ["(a).b = 1; (f)()", "(a).b = 1; (f)()"],
]);

trees("calls, manual §3.4.10", [
  ['f "a" [[b]] {c} (d) .e : g "h"', 'f"a""b"{c}(d).e:g"h"'],
  ['return "end"', 'return "end"'], // luaparse with decoded strings takes these for tokens
  ['f "="', 'f"="'],
  ['return {f "="}', 'return {f"="}'],
  ['return {x "=" {1}}', 'return {x"="{1}}'],
  ['f "(" f ";" f ","', 'f"("; f";"; f","'],
  ["f()\n(g)()", "f()(g)()"],
]);

trees("attribs, manual §3.3.8", [
  ["local x <const> = 1", "local x <const> = 1"],
  ["local x <const>, y, z <close> = 1", "local x <const>, y, z <close> = 1"],
  ["local <const> x, y <close>, z", "local x <const>, y <close>, z <const> = "],
  ["local<const>x<close> =1", "local x <close> = 1"],
  ["local x < --[[a]]\nconst --b\n>", "local x <const> = "],
  ["local x = a <const> b", "local x = [[a < const] > b]"],
  ["local x = '<const>'", 'local x = "<const>"'],
]);

trees("global declarations, manual §3.3.7", [
  ["global x, y", "global x, y = "],
  ["global x, y <const> = 1, 2", "global x, y <const> = 1, 2"],
  ["global <const> x, y", "global x <const>, y <const> = "],
  ["global *", "global any *"],
  ["global<const>*", "global const *"],
  ["global*x = 1", "global any *; x = 1"],
  ["global * ::l:: global <const> *", "global any *; ::l::; global const *"],
  ["global function f(a) return a end", "global function f(a) return a end"],
  ["function f() global x; x = 1 end", "function f() global x = ; x = 1 end"],
  ["if x then global y end", "if x then global y =  end"],
  ["global global = 1 global = 2", "global global = 1; global = 2"],
]);

trees("global as a name", [
  ["global = 1", "global = 1"],
  ["global, x = 1, 2", "global, x = 1, 2"],
  ["global.x = global[1]", "global.x = global[1]"],
  ["global(1) global 'x' global{}", 'global(1); global"x"; global{}'],
  ["global:f()", "global:f()"],
  ["local global <const> = global * 2", "local global <const> = [global * 2]"],
  ["x = global\ny = 1", "x = global; y = 1"],
  ["return global < x, global", "return [global < x], global"],
  ["return {global = global, global}", "return {global=global, global}"],
  ["::global:: goto global", "::global::; goto global"],
]);

trees("functions, manual §3.4.11", [
  ["function a.b.c:d(...) end", "function a.b.c:d(...)  end"],
  ["local function f(a, b) end", "local function f(a, b)  end"],
  ["return function(...t) return t, ... end", "return function(...t) return t, ... end"],
  ["return function(a, ... --[[x]]\nname) end", "return function(a, ...name)  end"],
]);

trees("gotos and labels, manual §3.3.4", [
  ["goto x ::x::", "goto x; ::x::"],
  ["goto\n--c\nx; :: --c\nx\n::", "goto x; ::x::"],
  ["x=1::x::y=2", "x = 1; ::x::; y = 2"],
  ["::a::::b:: ::c::", "::a::; ::b::; ::c::"],
  ["::x:: (f)()", "::x::; (f)()"],
  [
    "while x do if y then goto continue end ::continue:: end",
    "while x do if y then goto continue end; ::continue:: end",
  ],
  ["goto x; local a; ::x:: f()", "goto x; local a = ; ::x::; f()"], // the resolver refuses it
  ["goto nowhere", "goto nowhere"],
  ["break_ = 1 while x do break end", "break_ = 1; while x do break end"],
]);

trees("literals, manual §3.1", [
  [
    "return 3, 0xff, 3.1416e-2, 0x.8, 0xA., 0x.1p-4, .5, 5., 0xep1",
    "return 3, 0xff, 3.1416e-2, 0x.8, 0xA., 0x.1p-4, .5, 5., 0xep1",
  ],
  ["return x or.5", "return [x or .5]"],
  ["return nil, true, false", "return nil, true, false"],
  ["return '\\u{10FFFF}\\65'", `return ${JSON.stringify("\xf4\x8f\xbf\xbfA")}`],
  [
    "return '\\u{7FFFFFFF}', 'a\\u{110000}'",
    `return ${JSON.stringify("\xfd\xbf\xbf\xbf\xbf\xbf")}, ${JSON.stringify("a\xf4\x90\x80\x80")}`,
  ],
]);

describe("strings, manual §3.1", () => {
  for (const [literal, value] of [
    ["''", ""],
    ["'it\\'s'", "it's"],
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', '\x07\b\f\n\r\t\v\\"'],
    ["'\\x41\\xfF'", "A\xff"],
    ["'\\0\\65\\0651\\255'", "\0AA1\xff"],
    ["'a\\z \t\r\n  b\\z'", "ab"],
    ["'a\\\nb\\\r\nc\\\rd\\\n\re'", "a\nb\nc\nd\ne"],
    ["'\\u{0}\\u{7F}\\u{80}\\u{7ff}'", "\0\x7f\xc2\x80\xdf\xbf"],
    ["'\\u{800}\\u{FFFF}\\u{10000}'", "\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80"],
    ["'\\u{1FFFFF}\\u{200000}'", "\xf7\xbf\xbf\xbf\xf8\x88\x80\x80\x80"],
    ["'\\u{3FFFFFF}\\u{4000000}'", "\xfb\xbf\xbf\xbf\xbf\xfc\x84\x80\x80\x80\x80"],
    ["'\xe9\x80\0'", "\xe9\x80\0"],
    ["[[a\\n]]", "a\\n"],
    ["[[\na\n]]", "a\n"],
    ["[[\r\na\rb\r\nc\n\rd]]", "a\nb\nc\nd"],
    ["[==[]]]=]]==]", "]]]=]"],
    ["[[\n\n]]", "\n"],
  ] as const)
    test(JSON.stringify(literal), () => {
      expect(decodeString(`x${literal}x`, 1, literal.length + 1)).toBe(value);
      expect(show(parse(`return ${literal}`, "=x").body)).toBe(`return ${JSON.stringify(value)}`);
    });
});

describe("lines", () => {
  /** Every node that can fail, outermost first, and its line. */
  function lines(node: unknown): string {
    if (Array.isArray(node)) return node.map(lines).filter(Boolean).join(" ");
    if (node === null || typeof node !== "object" || !("type" in node)) return "";
    const { type, line, lastLine, range: _, ...rest } = node as Record<string, unknown>;
    const parts =
      /^(Chunk|CallStatement|Identifier|.*Literal|ReturnStatement|TableKey.*|TableValue|TableConstructor.*)$/.test(
        `${type}`,
      )
        ? []
        : [`${type}`.replace(/(Expression|Statement|Declaration)$/, "") + line + (lastLine ? `-${lastLine}` : "")];
    return [...parts, ...Object.values(rest).map(lines)].filter(Boolean).join(" ");
  }

  // Checked against the lines of the reference's runtime errors.
  for (const [source, expected] of [
    // An operator's own line, but a comparison's is where it ends, and a concatenation has one for all.
    ["return a\n+\nb", "Binary2"],
    ["return a\n-- +\n+\nb", "Binary3"],
    ["return (a\n)\n* --[[\n]] (\nb)", "Binary3"],
    ["return a + b +\nc\n+ d", "Binary3 Binary1 Binary1"],
    ["return a\n<\nb", "Binary3"],
    ["return a\n..\nb\n..\nc", "Binary4 Binary4"],
    ["return a\n..\n(b\n..\nc)", "Binary4 Binary4"],
    ["return\n-\nx", "Unary2"],
    ["return\n- -\nx", "Unary2 Unary2"],
    // A call's is that of its arguments.
    ["f\n(\n)", "Call2"],
    ["f\n{\n}", "TableCall2"],
    ["f\n[[\n]]", "StringCall3"],
    ["(f\n)\n-- (\n(a)", "Call4"],
    ["a\n.b\n:c\n(\n)", "Call4 Member3 Member3"],
    ["f(\n)(\n)", "Call2 Call1"],
    // An index is fetched as late as may be.
    ["return a\n.b\n.c", "Member3 Member2"],
    ["return a\n[\nb\n]", "Index4"],
    ["return a.b\n+ c", "Binary2 Member2"],
    ["return a\n+ b\n.c", "Binary2 Member3"],
    ["return (a.b\n) + c", "Binary2 Member2"],
    ["f(a.b\n,c.d\n)", "Call1 Member2 Member3"],
    ["return a.b\n, c.d\n", "Member2 Member2"],
    ["x = {a.b\n; c.d\n, x = e.f\n}", "Assignment4 Member2 Member3 Member3"],
    ["x = {a.b\n}", "Assignment2 Member2"],
    ["x = {a.b\n, \n}", "Assignment3 Member3"],
    // A value is stored when all of the statement has been read.
    ["a.b =\n{\n}", "Assignment3 Member3"],
    ["a.b.c,\nd[e.f] =\n1", "Assignment3 Member3 Member1 Index3 Member2"],
    ["function a\n.b\n.c() end", "Function1-3 Member1 Member2"],
    ["local x <close> =\nf\n{}", "Local3 TableCall3"],
    ["global x =\n\n1", "Global3"],
    ["global x\n, y", "Global2"],
    // Loops
    ["for i =\n1,\n2\ndo\nend", "ForNumeric4-5"],
    ["for k\nin\nf\n, g\ndo\nend", "ForGeneric3-6"],
    ["for k in\n(\nf)\ndo\nend", "ForGeneric2-5"],
    ["while\nx.y\ndo\nend", "While1-4 Member2"],
    ["repeat\nuntil x\n.y", "Repeat1 Member3"],
    ["if a\n.b then\nelseif c.d\nthen else end", "If1 IfClause1 Member2 ElseifClause3 Member3 ElseClause4"],
    ["\ndo\nend", "Do2-3"],
    // Functions are defined where their parameters start, unless a statement defines them.
    ["return function\n(\n)\nend", "Function2-4"],
    ["local function\nf\n(\n)\nend", "Function3-5"],
    ["function\nf\n(\n)\nend", "Function1-5"],
    ["global function\nf\n(\n)\nend", "Function1-5"],
    ["\ngoto\nx ::\nx ::", "Goto2 Label3"],
    // Line breaks of all kinds
    ["\r\n\n\r\r\n\nreturn a\r+ b", "Binary6"],
    ["return '\\\r\n\\z\n' + [[\n\n]] +\nb", "Binary5 Binary3"],
  ] as const)
    test(JSON.stringify(source), () => {
      expect(lines(parse(source, "=x"))).toBe(expected);
    });

  test("a chunk ends at its last token, a main function has no line", () => {
    expect(parse("x = 1\n\n;\n\n", "=x")).toMatchObject({ line: 0, lastLine: 3 });
    expect(parse("", "=x")).toMatchObject({ line: 0, lastLine: 1, body: [] });
  });

  test("ranges are offsets into the source", () => {
    const source = "global x <const> = 0x.8 ; ::l::";
    const [global, label] = parse(source, "=x").body;
    expect(source.slice(...global!.range)).toBe("global x <const> = 0x.8");
    expect(source.slice(...label!.range)).toBe("::l::");
  });
});

describe("size", () => {
  const n = 50_000;
  for (const [title, source] of [
    ["operators", `return 1${" + 1".repeat(n)}`],
    ["logical operators", `return x${" and x".repeat(n)}`],
    ["fields", `return a${".b".repeat(n)}`],
    ["indices", `return a${"[1]".repeat(n)}`],
    ["calls", `f${"()".repeat(n)}`],
    ["methods", `a${":b{}".repeat(n)}`],
    ["elseif", `if a then ${"elseif b then ".repeat(n)}end`],
    ["statements", "x = 1;".repeat(n)],
    ["fields of a constructor", `return {${"1,".repeat(n)}}`],
    ["arguments", `f(${"1,".repeat(n)}1)`],
    ["gotos and blocks", `${"goto x do end ".repeat(n)}::x::`],
    ["signs of a long bracket", `return [${"=".repeat(n)}[x]${"=".repeat(n)}]`],
    ["comments", `f ${"--[[(]]".repeat(n)} (1)`],
  ] as const)
    test(`${n} ${title}`, () => {
      expect(parse(source, "=x").body.length).toBeGreaterThan(0);
    });

  test("a long string is read once", () => {
    const megabyte = "x".repeat(1 << 20);
    expect(parse(`return '${megabyte}' -- ${megabyte}`, "=x").body.length).toBe(1);
  });
});

describe("skipShebang, manual §7 (D14)", () => {
  for (const [file, source] of [
    ["return 1", "return 1"],
    ["#!/usr/bin/env assay\nreturn 1", "\nreturn 1"],
    ["# anything\r\nreturn 1", "\nreturn 1"],
    ["#", ""],
    ["", ""],
    ["\xef\xbb\xbfreturn 1", "return 1"],
    ["\xef\xbb\xbf#!assay\nreturn 1", "\nreturn 1"],
    ["\n#x", "\n#x"],
  ] as const)
    test(JSON.stringify(file), () => {
      expect(skipShebang(file)).toBe(source);
    });
});

describe("chunkId, manual §4.7", () => {
  const digits = "0123456789".repeat(10);
  for (const [name, id] of [
    ["=stdin", "stdin"],
    [`=${digits}`, digits.slice(0, 59)],
    ["@script.lua", "script.lua"],
    [`@${digits.slice(0, 59)}`, digits.slice(0, 59)],
    [`@${digits.slice(0, 60)}`, `...${digits.slice(4, 60)}`],
    ["x = 1", '[string "x = 1"]'],
    ["x = 1\ny = 2", '[string "x = 1..."]'],
    ["", '[string ""]'],
    [digits.slice(0, 44), `[string "${digits.slice(0, 44)}"]`],
    [digits.slice(0, 45), `[string "${digits.slice(0, 45)}..."]`],
    [digits, `[string "${digits.slice(0, 45)}..."]`],
    ["a\0b", '[string "a"]'],
  ] as const)
    test(JSON.stringify(name), () => {
      expect(chunkId(name)).toBe(id);
    });
});
