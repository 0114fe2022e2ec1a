/** YAML as trees with places: the values are those of the library, and the places show them in the text. */
import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { readYamlTree, type YamlText, type YamlTree } from "../../builtins/yaml/tree.ts";

function read(text: string): YamlText {
  const read = readYamlTree(text);
  if (read === undefined) throw new Error("left to the library");
  return read;
}

/** The value of a tree, as the library gives it. */
function plain(tree: YamlTree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "list":
      return tree.items.map(plain);
    case "alias":
      return plain(tree.target!);
    case "map":
      return Object.fromEntries(tree.entries.map(({ key, value }) => [String(key), plain(value)]));
  }
}

test.each([
  "a: 1\nb: [x, 'y', {c: 2.5}]\nd:\n  - e\n  - f: true\n    g: ~\n",
  "a: &x {n: 1}\nb: *x\n",
  "text: |\n  one\n  two\nfolded: >-\n  one\n  two\nplain: one\n  two\n",
  "a: 1.0\nb: 0x1F\nc: 1e3\nd: .inf\n",
  "grün: 😀\nb: ü\n",
  "a: 1\r\nb: 2\r\n",
])("%j", (text) => {
  expect(plain(read(text).documents[0]!)).toEqual(parse(text));
});

describe("places", () => {
  /** Every key and scalar, as the text has it at its place. */
  function* shown(tree: YamlTree, text: string): Generator<string> {
    if (tree.kind === "scalar" || tree.kind === "alias") yield text.slice(tree.at, tree.end);
    else if (tree.kind === "list") for (const item of tree.items) yield* shown(item, text);
    else {
      for (const { at, end, value } of tree.entries) {
        yield text.slice(at, end);
        yield* shown(value, text);
      }
    }
  }

  test.each([
    ["a: 1\nb c : 'x y' # z\n", ["a", "1", "b c", "'x y'"]],
    ['- a\n- - b\n  - "c"\n', ["a", "b", '"c"']],
    ["{a: [b, c ], 'd': e}", ["a", "b", "c", "'d'", "e"]],
    ["a: &x b\nc: *x\n", ["a", "b", "c", "*x"]],
    ["a:\nb: # c\nd: |\n  e\n", ["a", "", "b", "", "d", "|"]],
    ["a: b\n  c\n", ["a", "b"]],
    [`é: ${"ü".repeat(300)}\n😀: 'ß'\n`, ["é", "ü".repeat(300), "😀", "'ß'"]],
    ["a: b\r\nc: d\r\n", ["a", "b", "c", "d"]],
  ])("%j", (text, expected) => {
    const { documents, text: normal } = read(text);
    expect([...shown(documents[0]!, normal)]).toEqual(expected);
  });

  test("collections lie where they begin", () => {
    const [map] = read("\na:\n  - b\nc: [d]\n").documents;
    expect(map).toMatchObject({ kind: "map", at: 1, entries: [{ value: { at: 6 } }, { value: { at: 13 } }] });
  });
});

test("keys given twice, merge keys and wrong aliases are there to be reported", () => {
  const [map] = read("a: 1\na: 2\n<<: {b: 3}\n'<<': 4\nc: &x [*x, *y]\n").documents;
  expect(map).toMatchObject({
    entries: [
      { key: "a", merges: false },
      { key: "a", merges: false },
      { key: "<<", merges: true },
      { key: "<<", merges: false },
      {
        value: {
          items: [
            { name: "x", target: undefined },
            { name: "y", target: undefined },
          ],
        },
      },
    ],
  });
});

test("several documents, and none", () => {
  expect(read("a\n---\nb\n").documents).toHaveLength(2);
  expect(read("# nothing\n").documents).toEqual([]);
});

test.each(["a: !x b", "a: [", "a: \0", "? a", "\ud800"])("%j is left to the library", (text) => {
  expect(readYamlTree(text)).toBeUndefined();
});
