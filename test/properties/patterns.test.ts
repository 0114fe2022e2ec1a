import { test } from "bun:test";
import fc from "fast-check";
import { agree } from "./agreement.ts";
import { available } from "./reference.ts";

/** Source of a string with these characters. */
function quoted(text: string): string {
  return `"${text.replace(/["\\\0\n]/g, (c) => `\\${String(c.charCodeAt(0)).padStart(3, "0")}`)}"`;
}

const subject = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."aab1 (."), maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(..."abAB12 _-().%[]^$\0\n\xe9"), maxLength: 10 }),
);
const classes = fc.constantFrom(..."acdglpsuwxACDGLPSUWX").map((letter) => `%${letter}`);
const set = fc
  .tuple(
    fc.constantFrom("", "^"),
    fc.array(
      fc.oneof(fc.constantFrom("a", "b", "1", "]", "-", "%]", "%-", "^", ".", "a-c", "0-9", "b-", "%a-z"), classes),
      {
        maxLength: 3,
      },
    ),
    fc.constantFrom("]", "]", "]", "]", ""),
  )
  .map(([sign, members, end]) => `[${sign}${members.join("")}${end}`);
const single = fc.oneof(fc.constantFrom("a", "b", "1", ".", "%.", "%(", "%%", " ", "("), classes, set);
const piece = fc.oneof(
  { weight: 6, arbitrary: single },
  // With few repetitions matching takes polynomial time at worst, on subjects this short none at all.
  { weight: 5, arbitrary: fc.tuple(single, fc.constantFrom("*", "+", "-", "?")).map(([one, sign]) => one + sign) },
  { weight: 1, arbitrary: fc.constantFrom("%b()", "%bab", "%baa", "%b", "%bx") },
  { weight: 1, arbitrary: set.map((members) => `%f${members}`) },
  { weight: 2, arbitrary: fc.constantFrom("()", "(", ")", "%1", "%2", "%0", "^", "$", "%", "]", "%f") },
  { weight: 3, arbitrary: fc.tuple(single, fc.constantFrom("", "*", "-")).map(([one, sign]) => `(${one}${sign})`) },
);
const pattern = fc
  .tuple(fc.constantFrom("", "", "", "^"), fc.array(piece, { maxLength: 5 }), fc.constantFrom("", "", "", "$"))
  .map((parts) => parts.flat().join(""));
const position = fc.oneof(fc.constant(1), fc.integer({ min: -14, max: 14 }));
const replacement = fc.oneof(
  fc
    .array(fc.constantFrom("x", "%0", "%1", "%2", "%%", "%", "<", ">", "%x"), { maxLength: 4 })
    .map((parts) => quoted(parts.join(""))),
  fc.constantFrom('{a = 1, b = "B", ab = true, ["1"] = false}', "function(...) return ... end", "function() end"),
  fc.constantFrom(
    "function(a, b) return b end",
    "function(...) return select('#', ...) end",
    "function() return {} end",
    "1.5",
    "{}",
  ),
);

test.skipIf(!available)(
  "find, match, gmatch and gsub",
  async () => {
    await agree({
      cases: fc.tuple(subject, pattern, position, fc.boolean(), replacement, fc.integer({ min: -1, max: 4 })),
      source: ([text, sought, init, plain, replaced, count]) => `local s, p = ${quoted(text)}, ${quoted(sought)}
out(pcall(string.find, s, p, ${init}, ${plain}))
out(pcall(string.find, s, p))
out(pcall(string.match, s, p, ${init}))
out(pcall(function() local n = 0 for a, b, c in s:gmatch(p, ${init}) do out(a, b, c) n = n + 1 if n > 20 then break end end end))
out(pcall(string.gsub, s, p, ${replaced}))
out(pcall(string.gsub, s, p, ${replaced}, ${count}))`,
      runs: 1200,
    });
  },
  600_000,
);
