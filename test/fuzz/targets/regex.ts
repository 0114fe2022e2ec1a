/** Regular expressions. The input: a pattern, a replacement, a text. */
import fc from "fast-check";
import { Machine } from "../machine.ts";
import { join, parts, SEPARATOR } from "../parts.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  join("(\\w+)@(\\w+)\\.com", "$2 at $1", "me@home.com, you@work.com"),
  join("(?P<year>\\d{4})-(?<month>\\d\\d)", "${month}/${year}", "2024-01 and 2025-12"),
  join("^(?:a|b)+$", "$0", "aabbabab"),
  join("(?i)stra(ss|\u00c3\u009f)e", "$1", "STRASSE stra\u00c3\u009fe"),
  join("(?ms)^.*?$", "<$0>", "one\ntwo\n\nthree"),
  join("[[:alpha:]]+|[^\\d\\s]|\\p{Greek}|\\pL", "x", "abc 123 \u00ce\u00b1\u00ce\u00b2 !"),
  join("\\b\\B\\A\\z\\Q.*\\E", "$$", "a.*b"),
  join("a{2,5}?b{0}c{3,}(?U:x+)", "-", "aaabcccxxx"),
  join("(a*)*(b|c|)(?:d)??", "[$1|$2]", "aaabcd"),
  join("[a-z&&[^b]]|[\\]\\-x]|[]a]", ".", "]-xab"),
  join("\\x41\\x{1F600}\\101\\C\\n\\t\\a", "", "A\u00f0\u009f\u0098\u0080"),
];
const PIECES = [
  ..."()[]{}*+?|^$.\\",
  SEPARATOR,
  "(?i)",
  "(?:",
  "(?=",
  "(?<=",
  "(?P<n>",
  "(?<n>",
  "\\1",
  "\\b",
  "\\d",
  "\\pL",
  "\\p{Lu}",
  "[^",
  "[[:alpha:]]",
  "{1000}",
  "{2,}",
  "*?",
  "a",
  "$1",
  "${n}",
  "$9",
  "\u00f0\u009f\u0098\u0080",
  "\u00c3\u00a9",
];

const { pattern: generated } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom("a", "b", ".", "\\d", "\\w", "\\s", "[a-c]", "[^a]", "\\b", "^", "$", "\\pL", ""),
    },
    { weight: 1, arbitrary: tie("pattern").map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie("pattern").map((inner) => `(?:${inner})`) },
    { weight: 1, arbitrary: tie("pattern").map((inner) => `(?i:${inner})`) },
  ),
  pattern: fc
    .array(fc.tuple(tie("atom"), fc.constantFrom("", "", "*", "+", "?", "*?", "{2}", "{0,3}", "|")), { maxLength: 5 })
    .map((list) => list.map(([atom, suffix]) => atom + suffix).join("")),
}));

export const regex: Target = {
  name: "regex",
  summary: "regex.*: patterns, replacements and texts",
  cases: 1500,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(`
      local pattern, replacement, s = ...
      local matches = try(regex.match, pattern, s)
      local found = try(regex.find, pattern, s)
      local all = try(regex.find_all, pattern, s)
      local pieces = try(regex.split, pattern, s)
      try(regex.split, pattern, s, 2)
      try(regex.replace, pattern, s, replacement)
      local kept = try(regex.replace, pattern, s, function(m) return m end)
      if kept and kept ~= s then error("fuzz: replaced by itself it is " .. kept) end
      if matches ~= nil and (matches ~= (found ~= nil) or matches ~= (#all > 0)) then error("fuzz: match, find and find_all disagree") end
      if found and s:sub(found.start, found.finish) ~= found.match then error("fuzz: found is not where it says") end
      if pieces and #pieces == 0 then error("fuzz: split into nothing") end
      return matches, found, all, pieces`);
    const run = (input: string): Promise<string> => {
      const [pattern, replacement, text] = parts(input, 3) as [string, string, string];
      return machine.run(pattern, replacement, text);
    };
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", " ", "\n", "\u00c3\u00a9"), maxLength: 30 });
    return {
      seeds: SEEDS,
      pieces: PIECES,
      generated: fc.tuple(generated, text).map(([pattern, subject]) => join(pattern, "[$0]", subject)),
      run,
    };
  },
};
