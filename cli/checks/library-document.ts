/** Check files that builtins/yaml/tree.ts leaves to the library, those with mistakes of syntax among them. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type parseAllDocuments,
  type YAMLMap,
} from "yaml";
import { withLibrary } from "../../builtins/yaml/library.ts";
import { type Entry, MAX_DEPTH, MAX_NODES, mergeInto, type Scalar, TooLarge, type Tree } from "./document.ts";
import type { Mistakes, Place } from "./mistakes.ts";
import { Source, SourcePlace } from "./source.ts";

/** Reads a check file's text. Returns undefined when it is not one YAML document; the mistakes say why. */
export function readByLibrary(text: string, file: string, mistakes: Mistakes): Tree | undefined {
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = withLibrary((yaml) =>
      yaml.parseAllDocuments(text, {
        uniqueKeys: false,
        merge: true,
        version: "1.2",
        prettyErrors: false,
      }),
    );
  } catch {
    mistakes.add({ file, line: 1, column: 1, text: "", width: 1 }, "", "nested too deeply");
    return undefined;
  }
  const reader = new Reader(new Source(file, text), mistakes);
  const [document, second] = documents;
  if (document === undefined) {
    mistakes.add(reader.place(0, 0), "", "the file is empty (a mapping with checks expected)");
    return undefined;
  }
  if (second !== undefined) {
    mistakes.add(reader.place(second.range?.[0] ?? 0, 3), "", "a second document (a check file is one document)");
    return undefined;
  }
  return reader.document(document as Document<Node>);
}

class Reader {
  private nodes = 0;
  private readonly under = new Set<Node>();
  private documentRead!: Document<Node>;

  constructor(
    private readonly source: Source,
    private readonly mistakes: Mistakes,
  ) {}

  document(document: Document<Node>): Tree | undefined {
    this.documentRead = document;
    // What follows the first syntax error is mostly caused by it.
    for (const problem of [...document.errors.slice(0, 1), ...document.warnings]) {
      const [start, end] = problem.pos;
      const words = /call stack/i.test(problem.message)
        ? "nested too deeply"
        : problem.message.replace(/^[A-Z]/, (c) => c.toLowerCase()).replace(/\.$/, "");
      this.mistakes.add(this.place(start, end - start), "", `not valid YAML: ${words}`);
    }
    if (this.mistakes.any) return undefined;
    if (document.contents === null) {
      this.mistakes.add(this.place(0, 0), "", "the file is empty (a mapping with checks expected)");
      return undefined;
    }
    try {
      return this.tree(document.contents, "", 0);
    } catch (error) {
      if (!(error instanceof TooLarge) && !(error instanceof RangeError)) throw error;
      this.mistakes.add(this.place(0, 0), "", `more than ${MAX_NODES} values (aliases expanded), or nested too deeply`);
      return undefined;
    }
  }

  place(offset: number, width: number): Place {
    return new SourcePlace(this.source, offset, offset + width);
  }

  private placeOf(node: Node | null): Place {
    const range = node?.range;
    return range ? this.place(range[0], range[1] - range[0]) : this.place(0, 1);
  }

  private tree(node: Node, path: string, depth: number): Tree {
    if (++this.nodes > MAX_NODES || depth > MAX_DEPTH) throw new TooLarge();
    if (isAlias(node)) {
      const target = node.resolve(this.documentRead);
      if (target === undefined || this.under.has(target)) {
        this.mistakes.add(
          this.placeOf(node),
          path,
          `*${node.source} ${target === undefined ? "has no anchor" : "contains itself"}`,
        );
        return { kind: "scalar", value: null, at: this.placeOf(node), deferred: true };
      }
      return this.tree(target, path, depth + 1);
    }
    const at = this.placeOf(node);
    if (isScalar(node)) return { kind: "scalar", value: this.scalar(node.value), at };
    this.under.add(node);
    try {
      if (isSeq(node)) {
        const items = node.items.map((item, i) => this.tree(this.itemNode(item), `${path}[${i}]`, depth + 1));
        return { kind: "list", items, at };
      }
      if (isMap(node)) return { kind: "map", entries: this.entries(node, path, depth), at };
    } finally {
      this.under.delete(node);
    }
    throw new TooLarge();
  }

  private itemNode(item: unknown): Node {
    // A sequence of pairs (`[a: 1]`) holds them unwrapped.
    if (isPair(item)) return this.documentRead.createNode({ [String(item.key)]: item.value });
    return item as Node;
  }

  private scalar(value: unknown): Scalar {
    if (value === undefined || value === null) return null;
    if (
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean" ||
      typeof value === "bigint"
    )
      return value;
    return String(value);
  }

  private entries(map: YAMLMap, path: string, depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const { key } = pair;
      if (!isScalar(key)) {
        this.mistakes.add(this.placeOf(key), path, "a key must be a plain value");
        continue;
      }
      const keyAt = this.placeOf(key);
      const name = String(key.value ?? "");
      // The library has a symbol of its own for the key that merges.
      if (typeof key.value === "symbol" || (name === "<<" && key.type === "PLAIN")) {
        if (pair.value !== null) mergeInto(merged, this.tree(pair.value, path, depth), path, this.mistakes);
        continue;
      }
      const inside = path === "" ? name : `${path}.${name}`;
      const known = entries.get(name);
      if (known !== undefined) {
        this.mistakes.add(keyAt, inside, `the key "${name}" is here twice (first in line ${known.keyAt.line})`);
        continue;
      }
      const value: Tree =
        pair.value === null || pair.value === undefined
          ? { kind: "scalar", value: null, at: keyAt }
          : this.tree(pair.value, inside, depth + 1);
      entries.set(name, { keyAt, value });
    }
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }
}
