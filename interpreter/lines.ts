/** Lines of a function that have code (manual §4.7, `activelines`). */
import type { Prototype } from "./function.ts";
import { HookedBody } from "./hook.ts";

/** In ascending order. */
export function activeLines(prototype: Prototype): number[] {
  if (prototype.stripped) return [];
  const lines = new Set<number>();
  collect(prototype.body instanceof HookedBody ? prototype.body.inner : prototype.body, lines, new Set());
  for (const point of prototype.points ?? []) lines.add(point.before).add(point.after);
  lines.add(prototype.lastLine);
  return [...lines].filter((line) => line > 0).sort((a, b) => a - b);
}

/** Gathers the lines of all nodes below one, not entering the functions it makes. */
function collect(node: unknown, lines: Set<number>, seen: Set<unknown>): void {
  if (typeof node !== "object" || node === null || seen.has(node)) return;
  seen.add(node);
  if (Array.isArray(node)) {
    for (const element of node) collect(element, lines, seen);
    return;
  }
  if ("line" in node && typeof node.line === "number") lines.add(node.line);
  if ("prototype" in node || "environment" in node) return;
  for (const value of Object.values(node)) collect(value, lines, seen);
}
