import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
// What Jinja 3.1 makes of these templates, its `True` written `true` and its `None` empty.
import jinja from "../fixtures/template.json";
import { errorOf, prepare, results } from "./script.ts";

const base = mkdtempSync(join(tmpdir(), "assay-template-test-"));
let dir: string;
let count = 0;
beforeEach(() => {
  dir = join(base, String(count++));
  mkdirSync(dir);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** JSON data as Lua values. */
function lua(value: unknown): Value {
  if (value === null) return undefined;
  if (typeof value === "string") return fromText(value);
  if (Array.isArray(value)) return LuaTable.fromArray(value.map(lua));
  if (typeof value !== "object") return value as Value;
  return LuaTable.fromObject(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, lua(item)])));
}

const renderString = prepare(`return template.render_string(...)`);
const renderFile = prepare(`return template.render(...)`);
const attempt = prepare(`return select(2, pcall(template.render_string, ...))`);
const attemptFile = prepare(`return select(2, pcall(template.render, ...))`);
const text = async (values: Promise<Value[]>) => toText(String((await values)[0]));

describe("as Jinja", () => {
  test.each(jinja.text as unknown as [string, object, string][])("%s", async (template, variables, output) => {
    expect(await text(renderString(fromText(template), lua(variables)))).toBe(output);
  });
  test.each(jinja.whitespace as unknown as [string, object, string][])(
    "white space in %j with %j",
    async (template, options, output) => {
      expect(await text(renderString(fromText(template), undefined, lua(options)))).toBe(output);
    },
  );
  test.each(jinja.files as unknown as [Record<string, string>, object, string][])(
    "files %j",
    async (files, variables, output) => {
      for (const name of Object.keys(files)) writeFileSync(join(dir, name), files[name]!);
      expect(await text(renderFile(join(dir, "main"), lua(variables)))).toBe(output);
    },
  );
});

describe("Lua values", () => {
  test.each([
    [`{{ x }}`, `{ x = 1 }`, "1"],
    [`{{ x }}`, `{ x = 1.0 }`, "1.0"],
    [`{{ x }}`, `{ x = math.maxinteger }`, "9223372036854775807"],
    [`{{ x + 1 }}`, `{ x = 2^53 | 0 }`, "9007199254740993"],
    [`{{ x }}`, `{ x = true }`, "true"],
    [`{{ x }}|{{ y.z.w }}`, `{}`, "|"],
    [`{% for v in list %}{{ v }}{% endfor %}`, `{ list = { 3, 1, 2 } }`, "312"],
    [`{{ list[0] }}{{ list[-1] }}{{ list[5] }}{{ list|length }}{{ list.length }}`, `{ list = { "a", "b" } }`, "ab22"],
    [`{{ list[1:] }}{{ 'b' in list }}{{ list == ['a', 'b'] }}`, `{ list = { "a", "b" } }`, "['b']truetrue"],
    [`{% if t %}yes{% else %}no{% endif %}`, `{ t = {} }`, "no"],
    [`{{ t[1] }}{{ t.a }}`, `{ t = { "one", a = "A" } }`, "oneA"],
    [
      `{{ pods.items[0].name }}{% for p in pods.items %}{{ p.name }}{% endfor %}`,
      `{ pods = { items = { { name = "x" } } } }`,
      "xx",
    ],
    [`{% for k, v in pods.items() %}{{ k }}{% endfor %}`, `{ pods = { items = {} } }`, "items"],
    [`{% for k, v in d %}{{ k }}{{ v }}{% endfor %}`, `{ d = { a = 1 } }`, "a1"],
    [`{{ o.inherited }}{{ o.own }}`, `{ o = setmetatable({ own = 1 }, { __index = { inherited = 2 } }) }`, "21"],
    [
      `{{ j.n }}|{{ j.a is none }}|{{ j.a is defined }}`,
      `{ j = json.parse('{"n":null,"a":null}', { null = json.null }) }`,
      "|true|true",
    ],
    [`{{ e|tojson }}{{ a|tojson }}`, `{ e = json.parse("{}"), a = json.parse("[]") }`, "{}[]"],
    [`{{ f(2) }}{{ f(2, b=3) }}`, `{ f = function(a, o) return a * (o and o.b or 10) end }`, "206"],
    [`{{ f([1, {'k': 'é'}]) }}`, `{ f = function(t) return #t .. t[2].k end }`, "2é"],
    [`{{ f() is defined }}`, `{ f = function() end }`, "false"],
    [`{{ o.method() }}`, `{ o = { method = function() return "called" end } }`, "called"],
    [`{{ f(1) ~ f(2) if f(0) == 0 else 'no' }}`, `{ f = function(n) sleep(0.001) return n end }`, "12"],
    [
      `{% for i in f() %}{{ g(i) }}{% endfor %}`,
      `{ f = function() sleep(0) return { 1, 2 } end, g = function(i) sleep(0) return i + 1 end }`,
      "23",
    ],
    [`{% macro m(x) %}{{ f(x) }}{% endmacro %}{{ m(1) }}{{ m(2) }}`, `{ f = function(n) sleep(0) return n end }`, "12"],
    [
      `{% set x = f(1) %}{% if f(x) %}{{ x }}{% endif %}{% filter upper %}{{ f('a') }}{% endfilter %}`,
      `{ f = function(n) sleep(0) return n end }`,
      "1A",
    ],
    [
      `{{ constructor }}{{ t.constructor }}{{ t.__proto__ }}`,
      `{ constructor = "c", t = { constructor = "d", __proto__ = "e" } }`,
      "cde",
    ],
  ])("%s with %s", async (template, variables, output) => {
    const source = `return template.render_string([==[${template}]==], ${variables})`;
    expect(toText(String((await results(source))[0]))).toBe(output);
    expect(toText(String((await results(source, { pauseEvery: 1 }))[0]))).toBe(output);
  });

  test("a function's error is the script's own", async () => {
    const source = `return select(2, pcall(template.render_string, "{{ f() }}", { f = function() error({ code = 7 }) end })).code`;
    expect(await results(source)).toEqual([7]);
    expect(await errorOf(`template.render_string("{{ f() }}", { f = function() sleep(0) error("boom") end })`)).toBe(
      "test:1: boom",
    );
  });

  test("a template changes nothing it was given", async () => {
    const source = `
      local list, dict = { 1 }, { a = 1 }
      local errors = {}
      for i, t in ipairs({ "{% do list.append(2) %}", "{% do dict.update({}) %}", "{% do list.pop() %}", "{% do dict.pop('a') %}" }) do
        local ok, e = pcall(template.render_string, t, { list = list, dict = dict })
        assert(not ok and e:find("would change a value that was given", 1, true), e)
      end
      pcall(template.render_string, "{% set list.x = 1 %}", { list = list })
      return #list, dict.a, list.x`;
    expect(await results(source)).toEqual([1, 1, undefined]);
  });

  test("bytes that are not UTF-8", async () => {
    expect(await text(attempt("\xff"))).toBe("template.render_string: the template is not valid UTF-8");
    expect(await text(attempt("{{ x }}", lua({ x: "" }), undefined))).toBe("");
    const error = await errorOf(`template.render_string("a\\n{{ x.y }}", { x = { y = "\\xff" } })`);
    expect(error).toBe("test:1: template.render_string: line 2: 'y' is not valid UTF-8");
    expect(await results(`return template.render_string("{{ a }}", { a = 1, x = "\\xff" })`)).toEqual(["1"]);
  });
});

describe("strict", () => {
  const strict = LuaTable.fromObject({ strict: true });
  test.each([
    ["{{ x }}", "line 1: 'x' is undefined"],
    ["\n{{ t.x }}", "line 2: 't.x' is undefined"],
    ["{{ t.x.y }}", "line 1: 't.x' is undefined"],
    ["{% for i in x %}{% endfor %}", "line 1: 'x' is undefined"],
    ["{% if x %}{% endif %}", "'x' is undefined"],
    ["{{ x + 1 }}", "line 1: 'x' is undefined"],
    ["{{ 'a' ~ x }}", "line 1: 'x' is undefined"],
    ["{{ x|upper }}", "line 1: 'x' is undefined"],
    ["{{ not x }}", "line 1: 'x' is undefined"],
    ["{{ 1 == x }}", "line 1: 'x' is undefined"],
  ])("%s", async (template, message) => {
    expect(await text(attempt(template, lua({ t: { a: 1 } }), strict))).toContain(message);
  });
  test.each([
    ["{{ x is defined }}{{ x is undefined }}", "falsetrue"],
    ["{{ x|default('d') }}{{ t.x.y|default('e') }}", undefined],
    ["{{ t.x|default('d') }}", "d"],
    ["{% if x is defined and x %}a{% endif %}b", "b"],
  ])("%s", async (template, output) => {
    if (output !== undefined) expect(await text(renderString(template, lua({ t: { a: 1 } }), strict))).toBe(output);
  });
});

describe("P04: mistakes", () => {
  test.each([
    ["{{ a", "line 1: expected }}, got end of file"],
    ["{{ a b }}", "line 1: expected }}, got b"],
    ["x\n{% if a %}", "line 2: expected {% endif %}, got end of file"],
    ["{% endif %}", "line 1: unknown tag 'endif'"],
    ["\n\n{% nope %}", "line 3: unknown tag 'nope'"],
    ["{% %}", "line 1: expected a tag, got %}"],
    ["{% for %}", "line 1: expected a name, got %}"],
    ["{% for x y %}", "line 1: expected 'in' in the for loop"],
    ["{% for x in y %}{% else %}", "line 1: expected {% endfor %}, got end of file"],
    ["{% raw %}", "line 1: expected {% endraw %}, got end of file"],
    ["{# open", "line 1: expected end of comment, got end of file"],
    ["{{ 'open }}", "line 1: string is not closed"],
    ["{{ [1, 2 }}", "line 1: expected a comma or a closing bracket"],
    ["{{ {'a' 1} }}", "line 1: expected a colon after the key"],
    ["{{ f(1 }}", "line 1: expected a comma or a closing parenthesis"],
    ["{{ a. }}", "line 1: expected a name after the dot, got }}"],
    ["{{ a[] }}", "line 1: invalid index"],
    ["{{ 1 + }}", "line 1: unexpected '}}'"],
    ["{{ a|nope }}", "line 1: there is no filter 'nope'"],
    ["{{ a is nope }}", "line 1: there is no test 'nope'"],
    ["{{ a|default(b=1) }}", "line 1: there is no argument 'b'"],
    ["{{ a|upper(1) }}", "line 1: too many arguments (at most 0)"],
    ["{% set a %}", "line 1: expected {% endset %}, got end of file"],
    ["{% block a %}{% endblock b %}", "line 1: expected the end of block 'a', got 'b'"],
    ["{% block a %}{% endblock %}{% block a %}{% endblock %}", "line 1: block 'a' is defined twice"],
    ["a\nb\n{{ 1 / 0 }}", "line 3: division by zero"],
    ["{{ 1 // 0 }}", "line 1: division by zero"],
    ["{{ 'a' - 1 }}", "line 1: '-' does not work on a string and a number"],
    ["{{ x + 1 }}", "line 1: 'x' is undefined"],
    ["{{ 1 < 'a' }}", "line 1: a number cannot be compared with a string"],
    ["{{ x() }}", "line 1: 'x' is undefined and cannot be called"],
    ["{{ x.y.z() }}", "line 1: 'x.y.z' is undefined and cannot be called"],
    ["{{ 'a'() }}", "line 1: a string cannot be called: it is a string"],
    ["{% for a, b in [1] %}{% endfor %}", "line 1: a number cannot be spread over 2 names"],
    ["{% for a, b in [[1]] %}{% endfor %}", "line 1: 1 values cannot be spread over 2 names"],
    ["{% for a in 5 %}{% endfor %}", "line 1: a number cannot be looped over"],
    ["{% macro m(a) %}{% endmacro %}\n{{ m(1, 2) }}", "line 2: macro 'm' takes at most 1 arguments"],
    ["{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", "line 1: macro 'm' takes no argument 'b'"],
    ["{% set x.y = 1 %}", "line 1: only attributes of a namespace can be set, and 'x' is none"],
    ["{% include 'x' %}", "line 1: include, extends and import need a template file (template.render)"],
    ["{{ range(10000000) }}", "line 1: range is too large (at most 1000000)"],
    ["{{ range(0, 1, 0) }}", "line 1: the step of range cannot be zero"],
    ["{{ nan|tojson }}", "line 1: tojson: nan and infinity are not JSON"],
    ["{{ '%d' % 'a' }}", "line 1: '%d' needs a number, not a string"],
    ["{{ '%s %s' % 1 }}", "line 1: not enough values for the format"],
    ["{{ '\\ud800' }}", "line 1: invalid escape sequence"],
    ['{{ a";x }}', "line 1: unexpected 'a\";x'"],
    ["{{ `x` }}", "line 1: unexpected '`x`'"],
    ["{{ super() }}", "line 1: 'super' is undefined and cannot be called"],
    ["{{ loop(1) }}", "line 1: 'loop' is undefined and cannot be called"],
    ["{% for x in [1] %}{{ loop(x) }}{% endfor %}", "line 1: the loop is not recursive (write 'recursive' behind it)"],
  ])("%s", async (template, message) => {
    expect(await text(attempt(fromText(template), lua({ nan: Number.NaN })))).toBe(
      `template.render_string: ${message}`,
    );
  });

  test("the template and line where it happened", async () => {
    writeFileSync(join(dir, "main"), "a\n{% include 'inc' %}");
    writeFileSync(join(dir, "inc"), "\n\n{{ 1/0 }}");
    expect(await text(attemptFile(join(dir, "main")))).toBe("template.render: inc:3: division by zero");
    writeFileSync(join(dir, "bad"), "{% import 'broken' as b %}");
    writeFileSync(join(dir, "broken"), "\n{% if %}");
    expect(await text(attemptFile(join(dir, "bad")))).toBe("template.render: broken:2: unexpected '%}'");
    writeFileSync(join(dir, "own"), "\n{{ x.y() }}");
    expect(await text(attemptFile(join(dir, "own")))).toBe(
      `template.render: ${dir}/own:2: 'x.y' is undefined and cannot be called`,
    );
    expect(await text(attemptFile(join(dir, "none")))).toBe(`template.render: ${dir}/none: no such file or directory`);
  });
});

describe("P02: files", () => {
  beforeEach(() => {
    mkdirSync(join(dir, "t/sub"), { recursive: true });
    mkdirSync(join(dir, "tt"));
    writeFileSync(join(dir, "secret"), "SECRET");
    writeFileSync(join(dir, "tt/secret"), "SECRET");
    symlinkSync("../secret", join(dir, "t/link"));
    symlinkSync("..", join(dir, "t/up"));
    writeFileSync(join(dir, "t/sub/a"), "A{% include './b' %}{% include '../c' %}");
    writeFileSync(join(dir, "t/sub/b"), "B");
    writeFileSync(join(dir, "t/c"), "C");
  });
  const main = async (template: string) => {
    writeFileSync(join(dir, "t/main"), template);
    return (await text(attemptFile(join(dir, "t/main"), lua({ name: "../secret" }))))?.replaceAll(dir, "DIR");
  };

  test("names inside the folder", async () => {
    expect(await main("{% include 'sub/a' %}{% include './c' %}{% include 'sub/../c' %}")).toBe("ABCCC");
  });
  test.each([
    ["{% include '../secret' %}", "template '../secret' lies outside of the folder"],
    ["{% include 'sub/../../secret' %}", "template 'sub/../../secret' lies outside of the folder"],
    ["{% include '../tt/secret' %}", "template '../tt/secret' lies outside of the folder"],
    ["{% include '/etc/passwd' %}", "template '/etc/passwd' lies outside of the folder"],
    ["{% include name %}", "template '../secret' lies outside of the folder"],
    ["{% include 'link' %}", "template 'link' lies outside of the folder"],
    ["{% include 'up/secret' %}", "template 'up/secret' lies outside of the folder"],
    ["{% extends '../secret' %}", "template '../secret' lies outside of the folder"],
    ["{% import '/etc/passwd' as x %}", "template '/etc/passwd' lies outside of the folder"],
    ["{% from '../secret' import x %}", "template '../secret' lies outside of the folder"],
    ["{% include ['none', '../secret'] %}", "template '../secret' lies outside of the folder"],
    ["{% include '../secret' ignore missing %}", "template '../secret' lies outside of the folder"],
    ["{% include '..' %}", "template '..' lies outside of the folder"],
    ["{% include 'sub\\\\a' %}", "bad template name 'sub\\a'"],
    ["{% include 'c\\0' %}", "bad template name 'c\0'"],
    ["{% include '' %}", "bad template name ''"],
    ["{% include 5 %}", "a number cannot be looped over"],
    ["{% include [5] %}", "the name of a template must be a string, not a number"],
    ["{% include 'none' %}", "template 'none' not found"],
    ["{% include ['none', 'nope'] %}", "template 'none', 'nope' not found"],
    ["{% extends 'c' %}{% extends 'c' %}", "a template extends one other only"],
  ])("%s", async (template, message) => {
    expect(await main(template)).toBe(`template.render: DIR/t/main:1: ${message}`);
  });
  test("a folder, a device", async () => {
    expect(await main("{% include 'sub' %}")).toBe("template.render: DIR/t/sub: is a directory");
  });
  test.each(["{% include 'main' %}", "{% extends 'main' %}", "{% import 'main' as m %}"])(
    "%s of itself",
    async (template) => {
      expect(await main(template)).toMatch(/nests too deeply|in a circle/);
    },
  );
  test("two that include each other", async () => {
    writeFileSync(join(dir, "t/other"), "{% include 'main' %}");
    expect(await main("{% include 'other' %}")).toContain("nests too deeply");
  });
});

describe("P03 P04: limits", () => {
  const limits = { memoryBytes: 64 << 20, timeoutMs: 60_000 };
  const soon = { memoryBytes: 64 << 20, timeoutMs: 150 };
  const run = (template: string) => `return template.render_string([==[${template}]==])`;

  test.each([
    "{% for i in range(1000000) %}{% for j in range(1000000) %}{% endfor %}{% endfor %}",
    "{% for i in range(1000000) %}{% set x = range(1000000)|sum %}{% endfor %}",
    "{% macro m() %}{% for i in range(1000000) %}{{ i }}{% endfor %}{% endmacro %}{% for i in range(1000000) %}{% set x = m() %}{% endfor %}",
    "{{ (['a' * 1000000] * 10000)|map('upper')|list|length }}",
    "{{ (['a' * 100000] * 10000)|sort|length }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ([ns.x] * 3)|sort|length }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ([ns.x] * 3)|unique|list|length }}",
    "{% set s = 'a' * 100000 %}{% for i in range(1000000) %}{{ s[i] }}{% if 'b' in s %}{% endif %}{% endfor %}",
    "{{ range(1000000)|map('string')|map('upper')|join|list|sort|unique|list|length }}{% for i in range(1000000) %}{{ range(100000)|sort|length }}{% endfor %}",
  ])("%s obeys the deadline", async (template) => {
    const begun = performance.now();
    expect(await errorOf(run(template), { limits: soon })).toMatch(/timeout of 0.15s exceeded|not enough memory/);
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  test("reading a large template obeys the deadline, which cannot be caught", async () => {
    const source = `local ok = pcall(template.render_string, "{{ " .. ("1 < "):rep(1000000) .. "1 }}") return ok`;
    expect(await errorOf(source, { limits: soon })).toMatch(/^timeout of 0.15s exceeded$/);
  });

  test("wrapping one long word is linear", async () => {
    const [length] = await results(run("{{ ('a' * 1000000)|wordwrap(1)|length }}"), { limits });
    expect(length).toBe("1999999");
    const [text] = await results(run("{{ 'abcdefghij klm no-pq   rstuvw'|wordwrap(4) }}"));
    expect(text).toBe("abcd\nefgh\nij\nklm\nno-\npq\nrstu\nvw");
  });

  test.each([
    "{% set x = 'a' * 1000000 %}{% for i in range(1000000) %}{{ x }}{% endfor %}",
    "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{{ 'a' * 10000000000 }}",
    "{{ 'a'|center(10000000000) }}",
    "{{ '%10000000s' % 'a' }}{{ '%999999999s' % 'a' }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ 'a'.ljust(10000000000) }}",
    "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "{{ (['a'] * 100000)|join('b' * 100000) }}",
    "{{ ('a\\n' * 100000)|indent('b' * 100000) }}",
    "{{ [0] * 10000000000 }}",
    "{% set l = [] %}{% for i in range(1000000) %}{% do l.append('x' * 1000 ~ i) %}{% endfor %}",
    "{% set ns = namespace(l=[0]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
  ])(
    "%s obeys the memory limit",
    async (template) => {
      const [ok, error] = await results(`return pcall(template.render_string, [==[${template}]==])`, { limits });
      expect([ok, String(error)]).toEqual([false, expect.stringContaining("not enough memory")]);
    },
    30_000,
  );

  test.each([
    ["if", `${"{% if 1 %}".repeat(100_000)}`],
    ["closed if", `${"{% if 1 %}".repeat(500)}${"{% endif %}".repeat(500)}`],
    ["parentheses", `{{ ${"(".repeat(100_000)}1 }}`],
    ["lists", `{{ ${"[".repeat(1000)}${"]".repeat(1000)} }}`],
    ["not", `{{ ${"not ".repeat(100_000)}1 }}`],
    ["minus", `{{ ${"-".repeat(100_000)}1 }}`],
    ["sums", `{{ 1${"+1".repeat(100_000)} }}`],
    ["attributes", `{{ a${".a".repeat(100_000)} }}`],
    ["filters", `{{ a${"|upper".repeat(100_000)} }}`],
    ["inline ifs", `{{ 1 ${"if 1 else 1 ".repeat(100_000)} }}`],
    ["macro recursion", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"],
    ["block recursion", "{% block a %}{{ self.a() }}{% endblock %}"],
    ["loop recursion", "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}"],
    ["caller recursion", "{% macro m() %}{{ caller }}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}"],
  ])(
    "nesting of %s",
    async (_what, template) => {
      const begun = performance.now();
      expect(await text(attempt(template))).toContain("too deeply");
      expect(performance.now() - begun).toBeLessThan(5000);
    },
    30_000,
  );

  test("many elifs are no nesting", async () => {
    expect(await text(renderString(`{% if 0 %}${"{% elif 0 %}".repeat(20_000)}{% else %}x{% endif %}`))).toBe("x");
  });

  test("a cyclic table", async () => {
    expect(await results(`local t = {} t.t = t return template.render_string("{{ t }}", { t = t })`)).toEqual([
      "{'t': ...}",
    ]);
    expect(await errorOf(`local t = {} t.t = t template.render_string("{{ t|tojson }}", { t = t })`)).toContain(
      "contains itself",
    );
    expect(
      await errorOf(`local a, b = {}, {} a.x = a b.x = b template.render_string("{{ a == b }}", { a = a, b = b })`),
    ).toContain("too deeply");
    // Shared, not cyclic: printed at every place, within limits.
    const shared = `local t = { 1 } for i = 1, 60 do t = { t, t } end return pcall(template.render_string, "{{ t }}", { t = t })`;
    expect((await results(shared))[0]).toBe(false);
  });

  test("too large a template", async () => {
    expect(await text(attempt("x".repeat(5 << 20)))).toBe(
      "template.render_string: template too large (more than 4194304 bytes)",
    );
  });

  test("other tasks run while a long template does", async () => {
    const source = `
      local n = 0
      local i = async.spawn_interval(function() n = n + 1 end, 1)
      template.render_string("{% for i in range(1000) %}{% for j in range(300) %}{{ j }}{% endfor %}{% endfor %}")
      return n > 0`;
    expect(await results(source)).toEqual([true]);
    const paused = `return template.render_string("{% for i in range(30) %}{{ i }}{% endfor %}")`;
    expect(await results(paused, { pauseEvery: 1 })).toEqual(await results(paused));
  });

  test("other tasks run between waits of a template", async () => {
    const source = `
      local n = 0
      async.spawn(function() for i = 1, 3 do sleep(0.001) n = n + 1 end end)
      template.render_string("{% for i in range(10) %}{{ f() }}{% endfor %}", { f = function() sleep(0.001) end })
      return n`;
    expect(await results(source)).toEqual([3]);
  });
});

describe("P01: escapes", () => {
  // Nothing of JavaScript is to be found: each prints nothing, or is an error of the template.
  const attempts = [
    "{{ range.constructor('return process')()() }}",
    "{{ ''.constructor }}",
    "{{ ''.constructor.constructor('return process')() }}",
    "{{ x.__proto__ }}",
    "{{ x['__proto__'] }}",
    "{{ x['const' + 'ructor'] }}",
    "{{ x['const' ~ 'ructor']['const' ~ 'ructor']('return 1')() }}",
    "{{ self }}",
    "{{ self.constructor }}",
    "{{ self.__proto__ }}",
    "{{ self.context }}",
    "{{ cycler.constructor }}",
    "{{ joiner.constructor }}",
    "{{ cycler('a').next.constructor }}",
    "{{ namespace().constructor }}",
    "{{ namespace(a=1).__proto__ }}",
    "{{ dict().constructor }}",
    "{{ [].constructor }}",
    "{{ [].constructor.constructor }}",
    "{{ [].map }}",
    "{{ [].push }}",
    "{{ [1].concat }}",
    "{{ {}.constructor }}",
    "{{ {}.toString }}",
    "{{ {}.hasOwnProperty }}",
    "{{ {}.__defineGetter__ }}",
    "{{ {}.__lookupGetter__('x') }}",
    "{{ (1).constructor }}",
    "{{ (1.5).toFixed }}",
    "{{ true.constructor }}",
    "{{ none.constructor }}",
    "{{ 'a'.toString }}",
    "{{ 'a'.charCodeAt }}",
    "{{ 'a'.matchAll }}",
    "{{ 'a'.at }}",
    "{{ f.constructor }}",
    "{{ f.call }}",
    "{{ f.apply }}",
    "{{ f.bind }}",
    "{{ f.prototype }}",
    "{{ f.__proto__.constructor('return globalThis')() }}",
    "{{ t.items.constructor }}",
    "{{ t.get.constructor }}",
    "{{ t.shape }}",
    "{{ t.vals }}",
    "{{ t.metatable }}",
    "{{ t.array }}",
    "{{ list.array }}",
    "{{ globalThis }}",
    "{{ process }}",
    "{{ require('fs') }}",
    "{{ console.log('x') }}",
    "{{ eval('1') }}",
    "{{ Function('return 1')() }}",
    "{{ this }}",
    "{{ this.constructor }}",
    "{{ arguments }}",
    "{{ context }}",
    "{{ env }}",
    "{{ frame }}",
    "{{ runtime }}",
    "{{ lib }}",
    "{{ output }}",
    "{{ undefined }}",
    "{% macro m() %}{{ caller.constructor }}{{ kwargs.constructor }}{{ varargs.constructor }}{% endmacro %}{{ m.constructor }}{{ m.call }}{{ m() }}",
    "{% for x in [1] %}{{ loop.constructor }}{{ loop.__proto__ }}{{ loop.cycle.constructor }}{{ loop.attribute }}{{ loop.call }}{% endfor %}",
    "{% set x = [] %}{{ x.items }}{{ x.isTuple }}{{ x.names }}",
    "{% set d = {} %}{{ d.map }}{{ d.map.constructor }}",
    "{% set ns = namespace() %}{% set ns.__proto__ = 'x' %}{% set ns.constructor = '' %}{{ {}.x }}{{ ns.toString }}",
    "{% set __proto__ = {'polluted': 1} %}{{ polluted }}{{ {}.polluted }}",
    "{{ dict(__proto__={'polluted': 1}).polluted }}",
    "{{ {'__proto__': {'polluted': 1}}.polluted }}",
    "{{ ''|attr('constructor') }}",
    "{{ ''|attr('__proto__') }}",
    "{{ f|attr('constructor') }}",
    "{{ [f]|map(attribute='constructor')|first }}",
    "{{ ['']|map(attribute='constructor.constructor')|first }}",
    "{{ [{}]|sum(attribute='constructor')|upper if false }}",
    "{{ [f, f]|groupby('constructor')|length if false }}",
    "{{ '{0.constructor}'.format(1) if false }}",
    "{{ 'a'.format.constructor }}",
    "{{ __proto__ }}{{ constructor }}{{ prototype }}{{ hasOwnProperty }}{{ valueOf }}{{ toString }}",
    "{{ super }}",
    "{{ loop }}",
    "{{ caller }}",
    "{{ [].length.constructor }}",
    "{{ r/abc/.source }}",
  ];
  const errors = [
    '{{ a";Function`process.exit(3)```;" }}',
    '{{ a"+globalThis+" }}',
    "{{ a`b` }}",
    "{{ x|constructor }}",
    "{{ x|__proto__ }}",
    "{{ x|toString }}",
    "{{ x is constructor }}",
    "{{ x is __proto__ }}",
    "{{ ['x']|map('constructor')|list }}",
    "{{ ['x']|select('constructor')|list }}",
    "{{ ''.constructor() }}",
    "{{ [].map(f) }}",
    "{{ range.call(1) }}",
    "{{ '{0.constructor}'.format(1) }}",
    "{{ '{0[a]}'.format({}) }}",
    "{{ '%(__class__)s' % {} }}",
    "{% block constructor %}{% endblock %}{% set self = 1 %}{{ self.constructor() }}",
    "{% include 'x' %}",
    '{% block a"b %}{% endblock %}',
    '{% macro a"b() %}{% endmacro %}',
    '{% set a"b = 1 %}',
    "{% import 'x' as a\"b %}",
    '{% for a"b in [1] %}{% endfor %}',
    "{% filter constructor %}x{% endfilter %}",
  ];
  const variables = `{ x = {}, t = { a = 1 }, list = { 1 }, f = function() return "called" end }`;

  test.each(attempts)("%s", async (template) => {
    const [ok, output] = await results(`return pcall(template.render_string, ..., ${variables})`, { args: [template] });
    if (ok === true) expect(String(output)).toMatch(/^(?:<function>|)*$/);
    else expect(String(output)).toMatch(/^template\.render_string: line 1: [^\n]*$/);
    expect(String(output)).not.toMatch(/native|object Object|=>|\bclass\b|process|globalThis|undefined is not/i);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
  test.each(errors)("%s", async (template) => {
    const [ok, output] = await results(`return pcall(template.render_string, ..., ${variables})`, { args: [template] });
    expect(ok).toBe(false);
    expect(String(output)).toMatch(/^template\.render_string: line 1: [^\n]*$/);
  });
});

describe("fuzzing", () => {
  const MESSAGE = /^template\.render_string: (?:line \d+: )?[^\n]+$/;
  const check = async (template: string) => {
    const [ok, output] = await both(fromText(template.toWellFormed()));
    if (ok !== true && !MESSAGE.test(toText(String(output)) ?? ""))
      throw new Error(`${JSON.stringify(template)}: ${String(output)}`);
    if (/internal error|syntax error$|is not a function|cannot read|undefined is not|\[object/i.test(String(output))) {
      throw new Error(`${JSON.stringify(template)}: ${String(output)}`);
    }
  };
  const both = prepare(
    `return pcall(template.render_string, ..., { a = 1, b = "x", c = { 1, 2 }, d = { k = "v" }, f = function(x) return x end })`,
  );

  test("pieces of templates in any order", async () => {
    const piece = fc.constantFrom(
      ..."{{ |}} |{% |%}|{%- |-%}|{#|#}|if |for x in c|endif |endfor |else |elif |set |=|block |macro |call |filter |endfilter |include |a|b|c|d|f|(|)|[|]|{|}|,|:|.|'|\"|1|2.5|+|-|*|/|//|%|~|==|<|in |not |is |and |or |upper|map|join|x|loop.index|recursive |\n|\\|é|😀|raw |endraw |with |endwith |do |namespace()|range(3)".split(
        "|",
      ),
      "|",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 25 }), (parts) => check(parts.join(""))),
      { numRuns: 3000 },
    );
  }, 30_000);

  test("templates with something changed", async () => {
    const templates = (jinja.text as unknown as [string][]).map(([template]) => template);
    const mutation = fc.tuple(
      fc.constantFrom(...templates),
      fc.nat(),
      fc.nat(10),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(mutation, ([template, at, length, insert]) => {
        const start = at % (template.length + 1);
        return check(template.slice(0, start) + insert + template.slice(start + length));
      }),
      { numRuns: 3000 },
    );
  }, 30_000);
});
