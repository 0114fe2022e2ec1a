/** Templates, given variables of every kind. */
import { Machine } from "../machine.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  "Hello {{ name }}! {{ list | join(', ') }} {{ map.key.inner }}\n",
  "{% for x in list %}{{ loop.index }}:{{ x | upper }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
  "{% if n > 1 and (name == 'x' or list) %}a{% elif n is defined %}b{% else %}c{% endif %}",
  "{% set y = n * 2 + 1 %}{{ y // 3 }} {{ y % 3 }} {{ -y ** 2 }} {{ 7 / 2 }} {{ 'a' ~ y }}",
  "{% macro field(label, value='') %}<{{ label }}={{ value | e }}>{% endmacro %}{{ field('a', value=n) }}{{ field('b') }}",
  "{%- raw %}{{ not }}{% endraw -%}{# comment #}{{ '{{' }}",
  "{{ list | length }} {{ list | first }} {{ list | sort | reverse | list }} {{ map | dictsort }} {{ name | replace('a', 'b') }}",
  "{{ list[0] }} {{ list[-1] }} {{ list[1:2] }} {{ map['key'] }} {{ f(1, 2) }} {{ name.upper() }}",
  "{{ n if flag else 'no' }} {{ missing | default('d') }} {{ 1 in list }} {{ n is odd }} {{ none is none }} {{ [1, 'a', {'k': 2}] }}",
  "{% block title %}x{% endblock %}{% filter upper %}abc{% endfilter %}{% call field('x') %}body{% endcall %}",
  "{% for k, v in map %}{{ k }}={{ v }};{% endfor %}{{ range(3) | list }}{{ text | indent(2) | truncate(5) | wordwrap(3) }}",
  "{{ range.constructor }} {{ ''.constructor }} {{ x.__proto__ }} {{ cycler('a', 'b').next() }} {{ joiner(',')() }}",
];
const PIECES = [
  "{{",
  "}}",
  "{%",
  "%}",
  "{#",
  "#}",
  "{{ name }}",
  "{% if n %}",
  "{% endif %}",
  "{% for x in list %}",
  "{% endfor %}",
  "{% set a = 1 %}",
  "{% include 'x' %}",
  "{% extends 'x' %}",
  "{% import 'x' as y %}",
  "{% macro m() %}",
  "{% endmacro %}",
  "{% raw %}",
  " | upper",
  " | join",
  " | sort",
  " | groupby('a')",
  " | batch(2)",
  " | tojson",
  " | round(2)",
  " | map('upper')",
  " | select('odd')",
  " | sum",
  " | random",
  " | safe",
  "list",
  "map",
  "f",
  "co",
  "loop.index",
  "range(10000000)",
  "is defined",
  "not",
  "in",
  "none",
  "caller()",
  "super()",
  "self",
  "**",
  "//",
  "~",
];

export const template: Target = {
  name: "template",
  summary: "template.render_string",
  cases: 1500,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(`
      local s = ...
      local vars = {
        name = "assay", n = 3, x = 2.5, big = math.maxinteger, flag = true, list = {3, 1, 2}, empty = {}, text = "a b\\nc \\xc3\\xa9",
        map = {key = {inner = 1}, other = "v"}, f = function(...) return select("#", ...) end, co = coroutine.create(print),
        raise = function() error({}) end, waits = function() sleep(0) return "w" end,
        strange = setmetatable({}, {__index = function(_, k) return k end, __tostring = function() return "S" end}),
      }
      local lax = try(template.render_string, s, vars)
      local strict = try(template.render_string, s, vars, {strict = true, trim_blocks = true, lstrip_blocks = true})
      return lax, strict`);
    return { seeds: SEEDS, pieces: PIECES, run: (input) => machine.run(input) };
  },
};
