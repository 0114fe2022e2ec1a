/**
 * YAML 1.2 text to Lua values. Nearly every text is read straight from its bytes (quick.ts), at little more memory than
 * its values take; what is left, errors included, is read by the library yaml (full.ts).
 */
import { failure, LuaError } from "../../interpreter/error.ts";
import { toText } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { placeOf } from "../json-parser.ts";
import { isUtf8 } from "../json-writer.ts";
import { readFully } from "./full.ts";
import { readQuickly } from "./quick.ts";

export interface YamlSettings {
  /** What null becomes. */
  nullValue: Value;
  /** Longest text that is read, in bytes. */
  maxSize: number;
}

/** The documents of a YAML stream. Raises `what: … at line 3, column 14`. */
export function readYaml(what: string, bytes: string, settings: YamlSettings): Value[] {
  const { maxSize, nullValue } = settings;
  if (bytes.length > maxSize) throw failure(`${what}: text longer than ${maxSize} bytes`);
  if (!isUtf8(bytes)) throw failure(`${what}: invalid UTF-8`);
  const { documents, at } = readQuickly(what, bytes, nullValue);
  if (documents !== undefined) return documents;
  try {
    return readFully(what, toText(bytes)!, nullValue);
  } catch (error) {
    if (!(error instanceof LuaError) || error.value !== "not enough memory" || at === 0) throw error;
    throw failure(`${what}: not enough memory to read what begins at ${placeOf(bytes, at)}`);
  }
}
