/** Keeping the types of parameters that a library would bind as another type. Runs in the SQLite worker. */
import type { WireValue } from "./sqlite-wire.ts";
import { scan } from "./statement.ts";

/**
 * The statement with a cast around each parameter that needs one. The plus sign takes away the affinity that a cast
 * has and a parameter has not.
 */
export function withCasts(
  sql: string,
  parameters: readonly WireValue[],
  typeToKeep: (value: WireValue) => "integer" | "real" | "text" | undefined,
): string {
  const types = parameters.map(typeToKeep);
  if (types.every((type) => type === undefined)) return sql;
  let text = sql;
  for (const { start, end, index } of [...scan(sql, "sqlite").placeholders].reverse()) {
    const type = types[index - 1];
    if (type !== undefined) text = `${text.slice(0, start)}+cast(?${index} as ${type})${text.slice(end)}`;
  }
  return text;
}
