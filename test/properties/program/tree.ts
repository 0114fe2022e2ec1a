/** Programs as trees of text: enough structure to make smaller programs out of a failing one. */

export type Part = string | Node;

/** An expression (its parts make one line), a statement, or a block (its parts are statements, a line each). */
export interface Node {
  readonly kind: "expression" | "statement" | "block";
  readonly parts: readonly Part[];
  /** The source text. Statements begin lines, so that the lines of error messages tell them apart. */
  readonly text: string;
}

export function node(kind: Node["kind"], parts: readonly Part[]): Node {
  let text = kind === "block" ? "\n" : "";
  for (const part of parts) {
    text += typeof part === "string" ? part : part.text;
    if (kind === "block") text += "\n";
  }
  return { kind, parts, text };
}

export function expression(...parts: Part[]): Node {
  return node("expression", parts);
}

export function statement(...parts: Part[]): Node {
  return node("statement", parts);
}

export function block(parts: readonly Node[]): Node {
  return node("block", parts);
}

/** Trees with one change that makes them smaller, the largest cuts first. */
export function* smaller(whole: Node): Generator<Node> {
  if (whole.kind === "block") yield* withoutSome(whole);
  else if (whole.kind === "expression") {
    for (const inner of expressionsIn(whole)) yield inner;
    for (const simple of ["1", "nil"]) if (whole.text.length > simple.length) yield expression(simple);
  }
  for (const [at, part] of whole.parts.entries()) {
    if (typeof part === "string") continue;
    if (whole.kind === "block" && part.kind === "statement") {
      // What a compound statement holds may do without it.
      for (const inner of blocksIn(part)) yield replace(whole, at, inner.parts);
    }
    for (const less of smaller(part)) yield replace(whole, at, [less]);
  }
}

function* withoutSome(whole: Node): Generator<Node> {
  const { length } = whole.parts;
  for (let size = length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < length; from += size) {
      // Without its counters a program may not end.
      const counters = whole.parts.slice(from, from + size).filter(isCounter);
      if (counters.length < Math.min(size, length - from)) yield replace(whole, from, counters, size);
    }
  }
}

function isCounter(part: Part): boolean {
  return typeof part !== "string" && part.text.startsWith("tick()");
}

function replace(whole: Node, at: number, parts: readonly Part[], count = 1): Node {
  return node(whole.kind, [...whole.parts.slice(0, at), ...parts, ...whole.parts.slice(at + count)]);
}

function* expressionsIn(whole: Node): Generator<Node> {
  for (const part of whole.parts) if (typeof part !== "string" && part.kind === "expression") yield part;
}

function* blocksIn(whole: Node): Generator<Node> {
  for (const part of whole.parts) {
    if (typeof part === "string") continue;
    if (part.kind === "block") yield part;
    else yield* blocksIn(part);
  }
}
