/** `foreach` and `matrix`: one check becomes several. */
import { child, type Entry, type MapTree, type ScalarTree, type Tree } from "./document.ts";
import type { Mistakes } from "./mistakes.ts";
import { type Scope, substitute } from "./substitute.ts";

export interface Instance {
  /** The check without `foreach` and `matrix`, its references not yet replaced. */
  readonly tree: Tree;
  readonly scope: Scope;
  /** The name that stands for all instances in `needs`; undefined for a check that is only itself. */
  readonly group: string | undefined;
  /** Gives the check its own name, when references in the name have not done so already. */
  named(tree: Tree): Tree;
}

/** Combinations that one matrix may have. */
const MAX_INSTANCES = 10_000;

/** The checks that one entry of `checks` stands for. */
export function instances(check: Tree, scope: Scope, path: string, mistakes: Mistakes): Instance[] {
  const foreach = child(check, "foreach");
  const matrix = child(check, "matrix");
  const single: Instance = { tree: check, scope, group: undefined, named: (tree) => tree };
  if (check.kind !== "map" || (foreach === undefined && matrix === undefined)) return [single];
  if (foreach !== undefined && matrix !== undefined) {
    mistakes.add(check.entries.get("matrix")!.keyAt, `${path}.matrix`, "either foreach or matrix");
    return [];
  }
  const entries = new Map(check.entries);
  entries.delete("foreach");
  entries.delete("matrix");
  const rest: MapTree = { ...check, entries };
  if (foreach !== undefined) {
    const list = substitute(foreach, scope, `${path}.foreach`, mistakes);
    if (list.kind === "list" && list.items.length > 0) {
      return list.items.map((item, i) =>
        instance(rest, { item, index: numberTree(i, item) }, itemName(item, i), scope),
      );
    }
    mistakes.add(
      foreach.at,
      `${path}.foreach`,
      list.kind === "list" ? "expected at least one item, got an empty list" : "expected a list",
    );
    return [];
  }
  const axes = substitute(matrix!, scope, `${path}.matrix`, mistakes);
  const combinations = combine(axes);
  if (combinations === undefined || combinations.length === 0 || combinations.length > MAX_INSTANCES) {
    mistakes.add(matrix!.at, `${path}.matrix`, `expected a mapping of lists with 1 to ${MAX_INSTANCES} combinations`);
    return [];
  }
  return combinations.map((entries, i) => {
    const name = [...entries.values()].map(({ value }) => itemName(value, i)).join(", ");
    return instance(rest, { matrix: { kind: "map", entries, at: matrix!.at } }, name, scope);
  });
}

function instance(tree: MapTree, roots: Readonly<Record<string, Tree>>, suffix: string, outer: Scope): Instance {
  const name = child(tree, "name");
  const given = name?.kind === "scalar" && typeof name.value === "string" ? name.value : undefined;
  const scope: Scope = {
    ...outer,
    roots: [...outer.roots, ...Object.keys(roots)],
    lookup: (root) => (Object.hasOwn(roots, root) ? roots[root] : outer.lookup(root)),
  };
  const named = (result: Tree): Tree => {
    if (given === undefined || given.includes("${{") || result.kind !== "map") return result;
    const entries = new Map<string, Entry>(result.entries);
    const entry = entries.get("name")!;
    entries.set("name", { ...entry, value: { ...(entry.value as ScalarTree), value: `${given}[${suffix}]` } });
    return { ...result, entries };
  };
  return { tree, scope, group: given, named };
}

function numberTree(n: number, like: Tree): Tree {
  return { kind: "scalar", value: n, at: like.at };
}

/** What tells an item from the others: its value, or its `name`, or its place in the list. */
function itemName(item: Tree, index: number): string {
  if (item.kind === "scalar") return String(item.value);
  const name = child(item, "name");
  return name?.kind === "scalar" && name.value !== null ? String(name.value) : String(index);
}

/** Every combination of one value from each list. */
function combine(axes: Tree): Map<string, Entry>[] | undefined {
  if (axes.kind !== "map") return undefined;
  let out: Map<string, Entry>[] = [new Map()];
  for (const [key, { keyAt, value }] of axes.entries) {
    if (value.kind !== "list" || out.length * value.items.length > MAX_INSTANCES) return undefined;
    out = out.flatMap((one) => value.items.map((item) => new Map([...one, [key, { keyAt, value: item }]])));
  }
  return out;
}
