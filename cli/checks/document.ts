/** Check files as trees whose every value knows its place in the file. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { Mistakes, Place } from "./mistakes.ts";
import type { Template } from "./substitute.ts";

export type Scalar = null | boolean | number | bigint | string;

export interface ScalarTree {
  readonly kind: "scalar";
  readonly value: Scalar;
  readonly at: Place;
  /** The whole value is that of an environment variable: text that may stand for a number or a boolean. */
  readonly fromEnvironment?: boolean;
  /** Contains `${{ captures.… }}`: the value is known when the check runs. */
  readonly deferred?: boolean;
  readonly template?: Template;
}

export interface ListTree {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly at: Place;
}

export interface MapTree {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Place;
}

export interface Entry {
  readonly keyAt: Place;
  readonly value: Tree;
}

export type Tree = ScalarTree | ListTree | MapTree;

/** Values that aliases may multiply a file to. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 200;

/** Reads a check file's text. Returns undefined when it is not one YAML document; the mistakes say why. */
export function readDocument(text: string, file: string, mistakes: Mistakes): Tree | undefined {
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, {
      uniqueKeys: false,
      merge: true,
      version: "1.2",
      prettyErrors: false,
    });
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

class TooLarge {}

/** A file's text and where its lines begin. */
class Source {
  private starts: number[] | undefined;

  constructor(
    readonly file: string,
    readonly text: string,
  ) {}

  /** The line that an offset lies in, from 1, and where it begins. */
  lineAt(offset: number): { line: number; start: number } {
    this.starts ??= lineStarts(this.text);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, start: this.starts[low]! };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** A place that is worked out when somebody asks: every value of a file has one, and hardly any is shown. */
class SourcePlace implements Place {
  readonly width: number;
  private readonly offset: number;

  constructor(
    private readonly source: Source,
    offset: number,
    width: number,
  ) {
    this.offset = Math.min(offset, source.text.length);
    this.width = Math.max(1, width);
  }

  get file(): string {
    return this.source.file;
  }

  get line(): number {
    return this.source.lineAt(this.offset).line;
  }

  get column(): number {
    return this.offset - this.source.lineAt(this.offset).start + 1;
  }

  get text(): string {
    const { start } = this.source.lineAt(this.offset);
    const end = this.source.text.indexOf("\n", start);
    return this.source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  }
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
      const words = problem.message.replace(/^[A-Z]/, (c) => c.toLowerCase()).replace(/\.$/, "");
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
    return new SourcePlace(this.source, offset, width);
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
      if (name === "<<" && key.type === "PLAIN") {
        this.merge(pair.value, merged, path, depth);
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

  /** `<<: *defaults`, or a list of such; the first that has a key wins. */
  private merge(value: Node | null, into: Map<string, Entry>, path: string, depth: number): void {
    if (value === null) return;
    const tree = this.tree(value, path, depth + 1);
    const maps = tree.kind === "list" ? tree.items : [tree];
    for (const map of maps) {
      if (map.kind !== "map") {
        this.mistakes.add(map.at, path, "<< takes a mapping or a list of them");
        continue;
      }
      for (const [name, entry] of map.entries) if (!into.has(name)) into.set(name, entry);
    }
  }
}

/** The value of a tree without its places; text with captures as templates. Maps have no prototype: no key is special. */
export function plain(tree: Tree): unknown {
  if (tree.kind === "scalar" && tree.template !== undefined) return tree.template;
  if (tree.kind === "scalar") return typeof tree.value === "bigint" ? Number(tree.value) : tree.value;
  if (tree.kind === "list") return tree.items.map(plain);
  const out: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of tree.entries) out[key] = plain(entry.value);
  return out;
}

/** The entry of a map; undefined if the tree is none or lacks it. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === "map" ? tree.entries.get(key)?.value : undefined;
}

/** What a value is, for messages: `"ok"`, `1.5`, `a list`, `nothing`. */
export function describe(tree: Tree): string {
  if (tree.kind === "list") return "a list";
  if (tree.kind === "map") return "a mapping";
  if (tree.value === null) return "nothing";
  if (typeof tree.value === "string") return quote(tree.value);
  return String(tree.value);
}

/** A text in quotes, cut when long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}

/** The items of a list; none of anything else. */
export function listItems(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === "list" ? tree.items : [];
}

/** The place that a path leads to, as far as it leads. */
export function placeAt(tree: Tree, path: readonly (string | number)[]): Place {
  let current = tree;
  let place = current.kind === "map" ? firstKey(current) : current.at;
  for (const step of path) {
    const next = current.kind === "list" ? current.items[Number(step)] : child(current, String(step));
    if (next === undefined) break;
    current = next;
    place = current.at;
  }
  return place;
}

function firstKey(tree: Tree): Place {
  if (tree.kind === "map") for (const { keyAt } of tree.entries.values()) return keyAt;
  return tree.at;
}

/** Data that has no places, as a tree. */
export function dataTree(data: unknown): Tree {
  const at: Place = { file: "", line: 1, column: 1, text: "", width: 1 };
  if (Array.isArray(data)) return { kind: "list", items: data.map(dataTree), at };
  if (typeof data === "object" && data !== null) {
    const entries = new Map(Object.entries(data).map(([key, value]) => [key, { keyAt: at, value: dataTree(value) }]));
    return { kind: "map", entries, at };
  }
  return { kind: "scalar", value: data as Scalar, at };
}
