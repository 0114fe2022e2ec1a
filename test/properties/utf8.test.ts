import { test } from "bun:test";
import fc from "fast-check";
import { agree } from "./agreement.ts";
import { available, exact } from "./reference.ts";

const code = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0x10ffff }),
  fc.constantFrom(
    0x7ff,
    0x800,
    0xd7ff,
    0xd800,
    0xdfff,
    0xe000,
    0xffff,
    0x10000,
    0x10ffff,
    0x110000,
    0x3ffffff,
    0x7fffffff,
    -1,
  ),
);
const escaped = (bytes: Iterable<number>) => [...bytes].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("");
/** Source of valid text, of text with something missing, and of bytes. */
const text = fc.oneof(
  fc.array(code, { maxLength: 6 }).map((codes) => `utf8.char(${codes.filter((c) => c >= 0).join(", ")})`),
  fc
    .tuple(fc.string({ unit: "binary", maxLength: 6 }), fc.nat(12), fc.nat(12))
    .map(([s, from, length]) => `"${escaped(new TextEncoder().encode(s).slice(from, from + length))}"`),
  fc
    .array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc3, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xf4, 0x90, 0xf8, 0xfd, 0xff), {
      maxLength: 8,
    })
    .map((bytes) => `"${escaped(bytes)}"`),
);
const position = fc.integer({ min: -9, max: 10 });

test.skipIf(!available)(
  "utf8",
  async () => {
    await agree({
      cases: fc.tuple(
        text,
        position,
        position,
        fc.constantFrom("", ", true", ", false"),
        fc.array(code, { maxLength: 3 }),
      ),
      // The second result of utf8.offset is new in 5.5, and 5.4.4 still took stray continuation bytes in some places.
      source: ([s, i, j, lax, codes]) => `local s = ${s}
out(s, pcall(utf8.char${codes.map((c) => `, ${c}`).join("")}))
out(pcall(utf8.len, s))
out(pcall(utf8.len, s, ${i}, ${j}${lax}))
out(pcall(utf8.codepoint, s, 1, -1${lax}))
out(pcall(utf8.codepoint, s, ${i}, ${j}${lax}))
if not ${exact} and not utf8.len(s, 1, -1, true) then return end
out(pcall(function() return ${exact ? "" : "("}utf8.offset(s, ${i})${exact ? "" : ")"} end))
out(pcall(function() return ${exact ? "" : "("}utf8.offset(s, ${i}, ${j})${exact ? "" : ")"} end))
out(pcall(function() for p, c in utf8.codes(s${lax}) do out(p, c) end end))
for c in s:gmatch(utf8.charpattern) do out(c) end`,
      runs: 700,
    });
  },
  600_000,
);
