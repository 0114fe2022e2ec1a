/**
 * YAML as trees whose values know their places, for files whose mistakes are shown to people. At a small part of the
 * memory of the library's nodes; what structure.ts leaves alone is left to the caller and the library.
 */
import { fromText, toText } from "../../interpreter/text.ts";
import { LuaFloat, type Value } from "../../interpreter/value.ts";
import type { Anchored } from "./anchors.ts";
import { UNSURE } from "./lines.ts";
import { type Key, MERGE, paddedBytes, readable, Structure } from "./structure.ts";

/** Where something lies in the text: UTF-16 units from 0, the end excluded. */
export interface Span {
  readonly at: number;
  readonly end: number;
}

/** The value of a scalar by the core schema; integers are bigints beyond 2^53, and floats beyond 64 bits. */
export type ScalarValue = null | boolean | number | bigint | string;

/** A scalar of several lines ends with its first one here, an absent one where it begins. */
export interface TreeScalar extends Span {
  readonly kind: "scalar";
  readonly value: ScalarValue;
}

export interface TreeList {
  readonly kind: "list";
  readonly items: readonly YamlTree[];
  readonly at: number;
}

export interface TreeMap {
  readonly kind: "map";
  /** In the order of the text, keys given twice included. */
  readonly entries: readonly TreeEntry[];
  readonly at: number;
}

export interface TreeEntry extends Span {
  readonly key: ScalarValue;
  /** Whether the key is `<<`, unquoted. */
  readonly merges: boolean;
  readonly value: YamlTree;
}

export interface TreeAlias extends Span {
  readonly kind: "alias";
  readonly name: string;
  /** Undefined when there is no such anchor, and inside what the alias stands for. */
  readonly target: YamlTree | undefined;
}

export type YamlTree = TreeScalar | TreeList | TreeMap | TreeAlias;

export interface YamlText {
  /** The text with single line feeds, in which the places are. */
  readonly text: string;
  readonly documents: readonly YamlTree[];
}

/** Reads a text, if it is plain enough; with `undefined` it must be read by the library, which words its errors. */
export function readYamlTree(given: string): YamlText | undefined {
  const bytes = given.isWellFormed() ? readable(fromText(given)) : undefined;
  if (bytes === undefined) return undefined;
  const reader = new Reader(bytes);
  try {
    return { text: toText(bytes)!, documents: reader.documents() };
  } catch (error) {
    if (error === UNSURE) return undefined;
    throw error;
  }
}

interface OpenMap {
  readonly kind: "map";
  readonly entries: TreeEntry[];
  readonly at: number;
}

class Reader extends Structure<YamlTree, OpenMap> {
  private readonly anchors = new Map<string, Anchored<YamlTree>>();
  private readonly places: Places;

  constructor(text: string) {
    super(paddedBytes(text), text.length, undefined);
    this.places = new Places(this.bytes, this.end);
  }

  protected override newDocument(): void {
    this.anchors.clear();
  }

  protected override anchored(name: string): Anchored<YamlTree> {
    const anchored: Anchored<YamlTree> = { value: undefined, done: false };
    this.anchors.set(name, anchored);
    return anchored;
  }

  protected override alias(name: string, at: number): YamlTree {
    const { value: target } = this.anchors.get(name) ?? {};
    return { kind: "alias", name: toText(name)!, target, at: this.places.of(at), end: this.places.of(this.p) };
  }

  protected override scalar(value: Value, at: number, end: number): YamlTree {
    return { kind: "scalar", value: scalarValue(value), at: this.places.of(at), end: this.places.of(end) };
  }

  protected override newItems(): YamlTree[] {
    return [];
  }

  protected override closeList(items: YamlTree[], at: number): YamlTree {
    return { kind: "list", items, at: this.places.of(at) };
  }

  protected override openMap(at: number): OpenMap {
    return { kind: "map", entries: [], at: this.places.of(at) };
  }

  protected override entry(map: OpenMap, key: Key, at: number, end: number, value: YamlTree): void {
    const merges = key === MERGE;
    const { places } = this;
    map.entries.push({
      key: merges ? "<<" : scalarValue(key),
      merges,
      at: places.of(at),
      end: places.of(end),
      value,
    });
  }

  protected override closeMap(map: OpenMap): YamlTree {
    return map;
  }

  protected override lookAround(): void {}
}

function scalarValue(value: Value): ScalarValue {
  if (value === undefined) return null;
  if (typeof value === "string") return toText(value)!;
  if (value instanceof LuaFloat) return value.n;
  return value as ScalarValue;
}

/** Bytes between two that are counted ahead. */
const STRIDE = 256;

/** Positions in UTF-8 as positions in UTF-16. */
class Places {
  /** UTF-16 units before each multiple of the stride; undefined for ASCII. */
  private readonly before: Uint32Array | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    end: number,
  ) {
    let p = 0;
    while (p < end && bytes[p]! < 0x80) p++;
    if (p === end) return;
    this.before = new Uint32Array(Math.floor(end / STRIDE) + 1);
    let units = 0;
    for (p = 0; p <= end; p++) {
      if (p % STRIDE === 0) this.before[p / STRIDE] = units;
      units += unitsOf(bytes[p]!);
    }
  }

  of(at: number): number {
    if (this.before === undefined) return at;
    const stride = Math.floor(at / STRIDE);
    let units = this.before[stride]!;
    for (let p = stride * STRIDE; p < at; p++) units += unitsOf(this.bytes[p]!);
    return units;
  }
}

/** UTF-16 units of the character that begins with a byte; 0 for the other bytes of a character. */
function unitsOf(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc0) return 0;
  return byte < 0xf0 ? 1 : 2;
}
