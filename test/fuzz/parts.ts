/** Inputs of several parts: a pattern and a text, a token and a key. A line of dashes stands between them. */
const LINE = "\n----\n";

export function join(...parts: string[]): string {
  return parts.join(LINE);
}

/** The parts of an input: always `count`, the last with all that is left, missing ones empty. */
export function parts(input: string, count: number): string[] {
  const split = input.split(LINE);
  const last = split.slice(count - 1).join(LINE);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : (split[i] ?? "")));
}

export const SEPARATOR = LINE;
