/** TOML text: parsed, written, parsed again. */
import { Machine, SAME } from "../machine.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  'title = "x"\n[owner]\nname = "Tom"\ndob = 1979-05-27T07:32:00-08:00\n[[points]]\nx = 1\n[[points]]\nx = 2\n',
  "a.b.c = 1\na.b.d = [1, 2, [3, 4]]\n'quoted key' = 'literal'\n\"a\\tb\" = true\n",
  "ints = [0, +1, -17, 1_000, 0xdead_beef, 0o755, 0b11, 9223372036854775807]\nfloats = [1.0, -0.0, 3e2, 6.626e-34, inf, -inf, nan]\n",
  's = """\nline\\\n   joined "quotes" """\nl = \'\'\'raw \\n\'\'\'\n',
  "d = 1979-05-27\nt = 07:32:00.999999\nldt = 1979-05-27T07:32:00\nz = 1979-05-27 07:32:00Z\n",
  "inline = {a = 1, b = {c = [2, {d = 3}]}}\n[x.y.z]\nw = 1\n[x.'y y']\n",
  "[[a.b]]\n[a.b.c]\nd = 1\n[[a.b]]\ne = [ # comment\n 1,\n 2,\n]\n",
  '__proto__ = 1\n[constructor]\nprototype = "x"\n[toString]\n',
];
const PIECES = [
  ..."[]{}=.,#\"'_+-:",
  " = ",
  "[[",
  "]]",
  '"""',
  "'''",
  "\n[a]\n",
  "\na = 1\n",
  "true",
  "inf",
  "nan",
  "1e5",
  "0x",
  "1979-05-27",
  "T07:32:00Z",
  "\\u00e9",
  "\\UFFFFFFFF",
];

export const toml: Target = {
  name: "toml",
  summary: "toml.parse, toml.encode",
  cases: 2500,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(`${SAME}
      local s = ...
      local v = toml.parse(s)
      local text = toml.encode(v, {sort_keys = #s % 2 == 0})
      if not same(v, toml.parse(text)) then error("fuzz: differs after " .. text) end
      try(json.encode, v) try(yaml.encode, v)
      return v`);
    return { seeds: SEEDS, pieces: PIECES, run: (input) => machine.run(input) };
  },
};
