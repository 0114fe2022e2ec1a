/** Mutations of valid inputs, as arbitraries: fast-check shrinks them edit by edit. */
import fc from "fast-check";

/** One change. Places are fractions of the text, so that they make sense in any. */
interface Edit {
  kind: number;
  at: number;
  /** Another place, or another seed's. */
  other: number;
  length: number;
  piece: number;
  byte: number;
}

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.nat(9),
  at: fraction,
  other: fraction,
  length: fc.nat(40),
  piece: fraction,
  byte: fc.nat(255),
});

/** What breaks parsers of any kind. */
const HOSTILE = [
  "",
  "\0",
  "\xff",
  "\xef\xbb\xbf",
  "\xed\xa0\x80",
  "\xf4\x90\x80\x80",
  "\u0080",
  "\r\n",
  "\n",
  "\t",
  " ",
  "\x1b[31m",
  "9223372036854775807",
  "-9223372036854775808",
  "18446744073709551616",
  "1e400",
  "-0",
  "0x",
  "1".repeat(300),
  "(".repeat(300),
  "[".repeat(300),
  "{".repeat(300),
  "A".repeat(5000),
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "%s%n",
  "../..",
  "${x}",
];

/** Seeds with changes, words in a row, and bytes; `generated` too if there is a grammar. */
export function inputs(
  seeds: readonly string[],
  pieces: readonly string[],
  generated: fc.Arbitrary<string> | undefined,
): fc.Arbitrary<string> {
  const words = [...pieces, ...HOSTILE];
  const mutated = fc
    .tuple(fc.nat(seeds.length - 1), fc.array(edit, { maxLength: 6, size: "max" }))
    .map(([seed, edits]) => edits.reduce((text, one) => apply(text, one, seeds, words), seeds[seed]!));
  const row = fc.array(fc.constantFrom(...words), { maxLength: 12, size: "max" }).map((parts) => parts.join(""));
  const bytes = fc.uint8Array({ maxLength: 40, size: "max" }).map((array) => Buffer.from(array).toString("latin1"));
  const choices = [
    { weight: 8, arbitrary: mutated },
    { weight: 2, arbitrary: row },
    { weight: 1, arbitrary: bytes },
  ];
  if (generated === undefined) return fc.oneof(...choices);
  const changed = fc
    .tuple(generated, fc.array(edit, { maxLength: 3 }))
    .map(([text, edits]) => edits.reduce((before, one) => apply(before, one, seeds, words), text));
  return fc.oneof(...choices, { weight: 6, arbitrary: changed });
}

function apply(text: string, edit: Edit, seeds: readonly string[], words: readonly string[]): string {
  const from = Math.floor(edit.at * (text.length + 1));
  const to = Math.min(text.length, from + edit.length);
  const word = words[Math.floor(edit.piece * words.length)]!;
  switch (edit.kind) {
    case 0:
      return text.slice(0, from) + text.slice(to);
    case 1:
      return text.slice(0, from) + word + text.slice(from);
    case 2:
      return text.slice(0, from) + word + text.slice(to);
    case 3:
      return text.slice(0, from) + String.fromCharCode(edit.byte) + text.slice(from + 1);
    case 4: {
      // A piece of the text, a second time.
      const source = Math.floor(edit.other * (text.length + 1));
      return text.slice(0, from) + text.slice(source, source + edit.length * 4) + text.slice(from);
    }
    case 5: {
      // A piece of another input.
      const other = seeds[Math.floor(edit.other * seeds.length)]!;
      const source = Math.floor(edit.piece * (other.length + 1));
      return text.slice(0, from) + other.slice(source, source + edit.length * 8) + text.slice(to);
    }
    case 6: {
      const lines = text.split("\n");
      lines.splice(Math.floor(edit.at * lines.length), 1);
      return lines.join("\n");
    }
    case 7: {
      const lines = text.split("\n");
      const [line] = lines.splice(Math.floor(edit.at * lines.length), 1);
      lines.splice(Math.floor(edit.other * (lines.length + 1)), 0, line!);
      return lines.join("\n");
    }
    case 8: {
      // A number, changed.
      const numbers = [...text.matchAll(/\d+/g)];
      const number = numbers[Math.floor(edit.at * numbers.length)];
      if (number === undefined) return text;
      const changed = NUMBERS[edit.byte % NUMBERS.length]!;
      return text.slice(0, number.index) + changed + text.slice(number.index + number[0].length);
    }
    default: {
      // A word in the place of a word.
      const names = [...text.matchAll(/\w+/g)];
      const name = names[Math.floor(edit.at * names.length)];
      if (name === undefined) return text;
      return text.slice(0, name.index) + word + text.slice(name.index + name[0].length);
    }
  }
}

const NUMBERS = [
  "0",
  "1",
  "2",
  "-1",
  "127",
  "128",
  "255",
  "256",
  "65535",
  "65536",
  "1000000",
  "2147483647",
  "2147483648",
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "9223372036854775807",
  "9223372036854775808",
  "0.5",
  "1e308",
  "1e309",
  "007",
];

/** Takes away from a text what the failure does not need: halves, quarters, … then single bytes, for a while. */
export async function minimise(
  text: string,
  fails: (text: string) => Promise<boolean>,
  budgetMs: number,
): Promise<string> {
  const end = performance.now() + budgetMs;
  for (let size = Math.ceil(text.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < text.length; ) {
      if (performance.now() > end) return text;
      const shorter = text.slice(0, from) + text.slice(from + size);
      if (await fails(shorter)) text = shorter;
      else from += size;
    }
  }
  return text;
}
