/** YAML text: parsed, written, parsed again. */
import { Machine, SAME } from "../machine.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  "name: web\nports:\n  - 80\n  - 443\nmeta: {a: 1, b: [x, 'y', \"z\"]}\nnothing: ~\n",
  "base: &base {a: 1, b: 2}\nderived:\n  <<: *base\n  c: 3\nlist: [*base, *base]\n",
  "text: |\n  line one\n  line two\nfolded: >-\n  a\n  b\n\n  c\nkeep: |+\n  x\n\n",
  "? complex\n: value\n? [a, b]\n: 2\n'quoted key': \"\\x41\\u00e9\\n\"\n",
  "ints: [0, 1, -1, 0x1F, 0o17, 9223372036854775807, 9223372036854775808]\nfloats: [1.5, .inf, -.inf, .nan, 1e3]\nbools: [true, False, yes, on]\n",
  "%YAML 1.2\n---\na: !!str 1\nb: !!int '2'\nc: !!binary aGk=\n...\n---\nsecond: doc\n",
  "- - - a\n    - b\n  - c\n- # comment\n  d: e # more\n",
  "a: 'it''s'\nb: \"tab\\there\"\nc: plain with spaces\nd: -not-a-list\n",
  "{a: [1, {b: [2, {c: 3}]}], 'd e': ~, ? f : g}",
];
const PIECES = [
  ..."{}[]:,-#&*!|>'\"%@`?",
  ": ",
  "- ",
  "\n  ",
  "---\n",
  "...\n",
  "&a ",
  "*a",
  "<<: *a",
  "!!str ",
  "!custom ",
  "!!map ",
  "|\n",
  ">-2\n",
  "null",
  "~",
  "true",
  ".nan",
  "0x10",
  "\\u0041",
  "\u00c2\u0085",
  "\u00e2\u0080\u00a8",
];

export const yaml: Target = {
  name: "yaml",
  summary: "yaml.parse, yaml.parse_all, yaml.encode",
  cases: 1200,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(`${SAME}
      local s = ...
      local all = try(yaml.parse_all, s)
      local v = yaml.parse(s, {null = json.null})
      if v == nil then return all end -- no document
      local text = yaml.encode(v, {sort_keys = #s % 2 == 0})
      local again = yaml.parse(text, {null = json.null})
      if not same(v, again) then error("fuzz: differs after " .. text) end
      try(json.encode, v)
      return v, all`);
    return { seeds: SEEDS, pieces: PIECES, run: (input) => machine.run(input) };
  },
};
