/**
 * The keys that JSON objects were seen to have, in order: a trie whose nodes know the shape of a table with the keys
 * on the way to them. Most objects repeat their predecessors' keys, which the parser then recognises by comparing
 * bytes in place: no string is made, nothing is hashed, and tables that are alike share one shape.
 */
import { rootShape, type Shape } from "../interpreter/table.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";

/** Keys that may follow one key before an object counts as a dictionary, whose keys are data. */
const MAX_CHILDREN = 60;
/** Keys on one way from the root: as many as shared shapes go. */
const MAX_DEPTH = 40;
/** Nodes of one trie; a full one is given up at the next document, and with it the shapes that nobody uses. */
const MAX_NODES = 1024;

export class Keys {
  /** The child that was taken last. */
  next: Keys | undefined = undefined;
  private children: Map<string, Keys> | undefined = undefined;
  /**
   * The last key as it stands in a document, closing quote included: four bytes at a time, and which of the last four
   * count. Keys with escapes never match.
   */
  readonly words: Int32Array;
  readonly mask: number;
  readonly length: number;

  constructor(
    readonly trie: Trie,
    readonly shape: Shape,
    readonly depth: number,
    key: string,
  ) {
    const bytes = Buffer.from(`${key}"\0\0\0`, "latin1");
    this.length = key.length + 1;
    this.words = Int32Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readInt32LE(i * 4));
    this.mask = -1 >>> (8 * (-this.length & 3));
  }

  /** The node with `key` added; `undefined` when the object must own its shape from here on. */
  after(key: string): Keys | undefined {
    let child = this.children?.get(key);
    if (child === undefined) {
      child = this.add(key);
      if (child === undefined) return undefined;
    }
    this.next = child;
    return child;
  }

  private add(key: string): Keys | undefined {
    const { trie } = this;
    if (this.depth >= MAX_DEPTH || trie.nodes >= MAX_NODES || this.shape.slots.has(key)) return undefined;
    this.children ??= new Map();
    if (this.children.size >= MAX_CHILDREN) return undefined;
    const shape = this.shape.after(key, true);
    if (shape === undefined) return undefined;
    trie.nodes++;
    const child = new Keys(trie, shape, this.depth + 1, key);
    this.children.set(key, child);
    return child;
  }
}

class Trie {
  nodes = 0;
  readonly root = new Keys(this, rootShape(), 0, "");
}

const tries = new WeakMap<VirtualMachine, Trie>();

/** Where the keys of an object begin, for the tables of one virtual machine. */
export function rootKeys(vm: VirtualMachine): Keys {
  let trie = tries.get(vm);
  if (trie === undefined || trie.nodes >= MAX_NODES) {
    trie = new Trie();
    tries.set(vm, trie);
  }
  return trie.root;
}
