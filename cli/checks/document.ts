/** Check files as trees whose every value knows its place in the file. */
import { readYamlTree, type TreeEntry, type YamlTree } from "../../builtins/yaml/tree.ts";
import type { Mistakes, Place } from "./mistakes.ts";
import { Source, SourcePlace } from "./source.ts";
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
export const MAX_NODES = 200_000;
export const MAX_DEPTH = 200;

export class TooLarge {}

/** Reads a check file's text. Returns undefined when it is not one YAML document; the mistakes say why. */
export function readDocument(text: string, file: string, mistakes: Mistakes): Tree | undefined {
  const read = readYamlTree(text);
  const [document, second] = read?.documents ?? [];
  if (read === undefined || document === undefined || second !== undefined || isNothing(document)) {
    const { readByLibrary } = require("./library-document.ts") as typeof import("./library-document.ts");
    return readByLibrary(text, file, mistakes);
  }
  const reader = new Reader(new Source(file, read.text), mistakes);
  try {
    return reader.tree(document, "", 0);
  } catch (error) {
    if (!(error instanceof TooLarge) && !(error instanceof RangeError)) throw error;
    mistakes.add(reader.place(0, 0), "", `more than ${MAX_NODES} values (aliases expanded), or nested too deeply`);
    return undefined;
  }
}

function isNothing(tree: YamlTree): boolean {
  return tree.kind === "scalar" && tree.value === null;
}

/** From the places in the text to those for people; aliases and merges are resolved. */
class Reader {
  private nodes = 0;
  private readonly under = new Set<YamlTree>();

  constructor(
    private readonly source: Source,
    private readonly mistakes: Mistakes,
  ) {}

  place(at: number, end: number | (() => number)): Place {
    return new SourcePlace(this.source, at, end);
  }

  tree(tree: YamlTree, path: string, depth: number): Tree {
    if (++this.nodes > MAX_NODES || depth > MAX_DEPTH) throw new TooLarge();
    if (tree.kind === "scalar") {
      return { kind: "scalar", value: tree.value, at: this.place(tree.at, tree.end) };
    }
    if (tree.kind === "alias") {
      const { name, target } = tree;
      if (target !== undefined && !this.under.has(target)) return this.tree(target, path, depth + 1);
      const at = this.place(tree.at, tree.end);
      this.mistakes.add(at, path, `*${name} ${target === undefined ? "has no anchor" : "contains itself"}`);
      return { kind: "scalar", value: null, at, deferred: true };
    }
    const at = this.place(tree.at, () => endOf(tree, this.source.text));
    this.under.add(tree);
    try {
      if (tree.kind === "map") return { kind: "map", entries: this.entries(tree.entries, path, depth), at };
      return { kind: "list", items: tree.items.map((item, i) => this.tree(item, `${path}[${i}]`, depth + 1)), at };
    } finally {
      this.under.delete(tree);
    }
  }

  private entries(given: readonly TreeEntry[], path: string, depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const { key, merges, at, end, value } of given) {
      if (merges) {
        mergeInto(merged, this.tree(value, path, depth), path, this.mistakes);
        continue;
      }
      const keyAt = this.place(at, end);
      const name = String(key ?? "");
      const inside = path === "" ? name : `${path}.${name}`;
      const known = entries.get(name);
      if (known !== undefined) {
        this.mistakes.add(keyAt, inside, `the key "${name}" is here twice (first in line ${known.keyAt.line})`);
        continue;
      }
      entries.set(name, { keyAt, value: this.tree(value, inside, depth + 1) });
    }
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }
}

/** `<<: *defaults`, or a list of such; the first that has a key wins. */
export function mergeInto(into: Map<string, Entry>, tree: Tree, path: string, mistakes: Mistakes): void {
  if (tree.kind === "scalar" && tree.value === null) return;
  for (const map of tree.kind === "list" ? tree.items : [tree]) {
    if (map.kind !== "map") {
      mistakes.add(map.at, path, "<< takes a mapping or a list of them");
      continue;
    }
    for (const [name, entry] of map.entries) if (!into.has(name)) into.set(name, entry);
  }
}

/** Where a value ends in the text. */
function endOf(tree: YamlTree, text: string): number {
  if (tree.kind === "scalar" || tree.kind === "alias") return tree.end;
  const last = tree.kind === "list" ? tree.items.at(-1) : tree.entries.at(-1);
  const inside = last === undefined ? tree.at + 1 : "key" in last ? endOf(last.value, text) : endOf(last, text);
  const closing = { "[": "]", "{": "}" }[text[tree.at]!];
  if (closing === undefined) return inside;
  const end = text.indexOf(closing, inside);
  return end < 0 ? inside : end + 1;
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
