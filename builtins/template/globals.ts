/** Functions that every template has. Jinja, "List of Global Functions". */
import { bind, text, whole } from "./parameters.ts";
import { Problem } from "./problem.ts";
import { reserveItems } from "./runtime.ts";
import {
  Callable,
  Dict,
  elementsOf,
  entriesOf,
  isMapping,
  isSequence,
  keyOf,
  List,
  Namespace,
  type TemplateValue,
  textOf,
} from "./values.ts";

/** Longest list that `range` makes. */
const MAX_RANGE = 1_000_000;

function range(
  first: TemplateValue | undefined,
  second: TemplateValue | undefined,
  third: TemplateValue | undefined,
): List {
  const start = second === undefined ? 0 : whole(first);
  const stop = second === undefined ? whole(first) : whole(second);
  const step = whole(third, 1);
  if (step === 0) throw new Problem("the step of range cannot be zero");
  const n = Math.max(0, Math.ceil((stop - start) / step));
  if (n > MAX_RANGE) throw new Problem(`range is too large (at most ${MAX_RANGE})`);
  reserveItems(n);
  return new List(Array.from({ length: n }, (_, i) => start + i * step));
}

/** Pairs from a dictionary, a list of pairs, or named arguments. */
function pairsInto(
  set: (key: TemplateValue, value: TemplateValue) => void,
  given: TemplateValue | undefined,
  named: ReadonlyMap<string, TemplateValue>,
): void {
  if (given !== undefined) {
    if (isMapping(given)) for (const [key, value] of entriesOf(given)) set(key, value);
    else {
      for (const pair of elementsOf(given)) {
        const items = isSequence(pair) ? elementsOf(pair) : [];
        if (items.length !== 2) throw new Problem("pairs of key and value are needed");
        set(items[0]!, items[1]!);
      }
    }
  }
  for (const [name, value] of named) set(name, value);
}

function namespace(given: TemplateValue | undefined, named: ReadonlyMap<string, TemplateValue>): Namespace {
  const attributes = new Map<string, TemplateValue>();
  pairsInto((key, value) => attributes.set(textOf(key), value), given, named);
  return new Namespace(
    "namespace",
    (name) => attributes.get(name),
    (name, value) => attributes.set(name, value),
  );
}

/** Goes through its values in turn. */
function cycler(values: readonly TemplateValue[]): Namespace {
  if (values.length === 0) throw new Problem("cycler needs values");
  let at = 0;
  const next = new Callable("next", () => {
    const value = values[at]!;
    at = (at + 1) % values.length;
    return value;
  });
  const reset = new Callable("reset", () => {
    at = 0;
    return null;
  });
  return new Namespace("namespace", (name) =>
    name === "next" ? next : name === "reset" ? reset : name === "current" ? values[at] : undefined,
  );
}

/** Empty at the first call, then the separator. */
function joiner(separator: string): Callable {
  let used = false;
  return new Callable("joiner", () => {
    if (used) return separator;
    used = true;
    return "";
  });
}

export const GLOBALS: ReadonlyMap<string, TemplateValue> = new Map<string, TemplateValue>([
  [
    "range",
    new Callable("range", (args) => {
      const [first, second, third] = bind(args, ["start", "stop", "step"]);
      return range(first, second, third);
    }),
  ],
  [
    "dict",
    new Callable("dict", ({ positional, named }) => {
      const dict = new Dict();
      pairsInto((key, value) => dict.map.set(keyOf(key), value), positional[0], named);
      return dict;
    }),
  ],
  ["namespace", new Callable("namespace", ({ positional, named }) => namespace(positional[0], named))],
  ["cycler", new Callable("cycler", ({ positional }) => cycler(positional))],
  ["joiner", new Callable("joiner", (args) => joiner(text(bind(args, ["sep"])[0], ", ")))],
]);
