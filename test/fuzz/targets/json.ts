/** JSON text: parsed, written in several ways, parsed again. */
import { Machine, SAME } from "../machine.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  '{"a": [1, 2.5, -0, null, true, false, "x"], "b": {"c": {}, "d": []}}',
  "[9223372036854775807, -9223372036854775808, 1e308, 1.0, 0.1, 1E-7, 123456789012345678901234567890]",
  '"\\u00e9\\ud83d\\ude00\\n\\t\\"\\\\\\/\\b\\f\\u0000"',
  '{"__proto__": {"constructor": 1}, "toString": [[[[]]]], "": "", "1": 2}',
  " [ 1 , 2\n\t, 3 ] ",
  '{"k": 1, "k": 2, "nested": [{"a": 1}, {"a": 2, "b": [null, null]}]}',
  '"\u00c3\u00a9 \u00e2\u0082\u00ac \u00f0\u009f\u0098\u0080"',
];
const PIECES = [
  ...'{}[]:,"\\',
  "null",
  "true",
  "false",
  "1",
  "-1",
  "0.5",
  "1e5",
  "\\u0000",
  "\\ud800",
  '"a"',
  '{"a":',
  "[1,",
];

export const json: Target = {
  name: "json",
  summary: "json.parse, json.encode",
  cases: 3000,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(`${SAME}
      local s = ...
      local v = json.parse(s, {null = json.null})
      local text = json.encode(v)
      if not same(v, json.parse(text, {null = json.null})) then error("fuzz: differs after " .. text) end
      local pretty = try(json.encode, v, {indent = 3, sort_keys = true})
      if pretty and not same(v, json.parse(pretty, {null = json.null})) then error("fuzz: differs after " .. pretty) end
      return v, json.parse(s)`);
    return { seeds: SEEDS, pieces: PIECES, run: (input) => machine.run(input) };
  },
};
