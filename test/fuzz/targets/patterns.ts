/** Lua's own formats: patterns, string.format, string.pack, numbers, UTF-8, dates. The input: format, replacement, text. */
import fc from "fast-check";
import { Machine } from "../machine.ts";
import { join, parts, SEPARATOR } from "../parts.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  join("(%w+)=(%w+)", "%2=%1", "key=value, a=b"),
  join("^%s*(.-)%s*$", "<%1>", "  trimmed  "),
  join("%b()%f[%w]%d+[^%]x-z]*", "%0%%", "(a(b)c) 42]"),
  join("()a*()(b-)%1", "%3", "aaabbb"),
  join("[%a_][%w_]*", "x", "some_name = other"),
  join("%5.2f %d %5s %-5s| %q %x %g %c %i %a %%", "%s", "text"),
  join("%+#0 10.3e %.14g %-10.4s %5c %o %X %p", "%s", "text"),
  join("<i4>I2!8bBhHlLjJTfdn", "%s", "\x01\x02\x03\x04"),
  join("s1s2z=xXi3I16!4 c5", "%s", "\x03abc\x00\x02hi"),
  join("%Y-%m-%d %H:%M:%S %j %p", "%1", "2024-02-30"),
  join("*t", "!%c", "0x1p-2"),
  join(".-.-.-b", "%0", "a".repeat(300)),
  join("a?".repeat(20), "", "aaaa"),
];
const PIECES = [
  ..."%()[]^$.*+-?",
  SEPARATOR,
  "%b()",
  "%f[%w]",
  "%1",
  "%w",
  "%s",
  "%d",
  "%5.3f",
  "%q",
  "%a",
  "%99d",
  "%-",
  "()",
  "[^]",
  "[%]",
  "[a-",
  "<i16",
  "!4",
  "s4",
  "z",
  "c100",
  "Xi8",
  "\xf4\x90\x80\x80",
  "\xc3\xa9",
  "0x1p4",
  "1e1",
];

const item = fc.constantFrom(
  "a",
  "b",
  ".",
  "%d",
  "%a",
  "[a-c]",
  "[^b]",
  "%w",
  "%b()",
  "%f[a]",
  "()",
  "(a)",
  "(.)",
  "%1",
  "%s",
);
const generated = fc
  .tuple(
    fc.array(fc.tuple(item, fc.constantFrom("", "", "*", "+", "-", "?")), { maxLength: 6 }),
    fc.constantFrom("%0", "%1", "x", "%%", "%2%1", ""),
    fc.string({ unit: fc.constantFrom("a", "b", "c", "1", "(", ")", " "), maxLength: 20 }),
  )
  .map(([pattern, replacement, text]) => join(pattern.flat().join(""), replacement, text));

export const patterns: Target = {
  name: "patterns",
  summary: "string.find, gsub, format, pack, …, utf8.*, tonumber, os.date",
  cases: 1500,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(`
      local f, r, s = ...
      local out = {}
      local function run(fn, ...) local p = table.pack(try(fn, ...)) out[#out + 1] = p return p end
      local from, to = table.unpack(run(string.find, s, f), 1, 2)
      run(string.find, s, f, -2) run(string.find, s, f, 1, true) run(string.match, s, f)
      local kept = try(string.gsub, s, f, "%0")
      if kept and kept ~= s then error("fuzz: gsub by %0 makes " .. kept) end
      run(string.gsub, s, f, r) run(string.gsub, s, f, r, 2) run(string.gsub, s, f, {a = "b", x = 1, b = false})
      run(string.gsub, s, f, function(...) return ... end)
      try(function() local n = 0 for a, b in string.gmatch(s, f) do n = n + 1 if n > 50 then break end end end)
      local n = tonumber(s) or #s
      run(string.format, f, n, s, n, s, n, s) run(string.format, f, 1.5, -7, "x", {}, nil, true) run(string.format, f, s, s, s)
      run(string.format, f, math.mininteger, 1e300, 0/0, -0.0)
      local packed = run(string.pack, f, 1, 2, 3, 4, 5, 6, 7, 8)[1] or run(string.pack, f, s, s, s)[1] or try(string.pack, f, 1.5, s)
      if packed then
        local values = table.pack(string.unpack(f, packed))
        if values[values.n] ~= #packed + 1 then error("fuzz: unpack ends at " .. tostring(values[values.n])) end
      end
      run(string.unpack, f, s) run(string.unpack, f, s, 2) run(string.packsize, f)
      run(string.rep, s, #f, r) run(tonumber, s) run(tonumber, s, #f % 40)
      run(utf8.len, s) run(utf8.len, s, 1, -1, true) run(utf8.codepoint, s, 1, -1) run(utf8.offset, s, 2) run(string.match, s, utf8.charpattern)
      try(function() for p, c in utf8.codes(s, #r % 2 == 0) do out[#out + 1] = p end end)
      run(os.date, f, 0) run(os.date, f, n) run(os.date, r, -n) run(os.time, {year = n, month = #s, day = #f, hour = s})
      return out`);
    const run = (input: string): Promise<string> => {
      const [format, replacement, text] = parts(input, 3) as [string, string, string];
      return machine.run(format, replacement, text);
    };
    return { seeds: SEEDS, pieces: PIECES, generated, run };
  },
};
