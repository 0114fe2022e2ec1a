/**
 * YAML 1.2 text to Lua values, by the library yaml: it finds the structure, this module the values. Tags beyond the
 * core schema, keys given twice and nodes inside themselves are errors.
 */

import type * as Yaml from "yaml";
import type { Alias, Document, Node, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { failure } from "../interpreter/error.ts";
import { tick } from "../interpreter/library/steps.ts";
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { fromText, toText } from "../interpreter/text.ts";
import { float, integer, LuaFloat, type Value } from "../interpreter/value.ts";
import { ARRAY, OBJECT } from "./json-mark.ts";
import { MAX_DEPTH } from "./json-parser.ts";

/** How many values aliases and merge keys may add to what the text itself holds. */
const MAX_EXPANSION = 250_000;
/** Bytes of the library's tree for each byte of a document, roughly. */
const TREE_FACTOR = 40;

/** What `!!` stands for, and what of it the core schema knows. */
const CORE = "tag:yaml.org,2002:";
const CORE_TAGS: ReadonlySet<string> = new Set(["str", "int", "float", "bool", "null", "map", "seq"]);
const FLOAT = `${CORE}float`;

/** Loaded when first needed: a script that reads no YAML does not pay for it. */
const library = () => require("yaml") as typeof Yaml;

export interface YamlSettings {
  /** What null becomes. */
  nullValue: Value;
  /** Longest text that is read, in bytes. */
  maxSize: number;
}

/** The documents of a YAML stream. Raises `what: … at line 3, column 14`. */
export function readYaml(what: string, bytes: string, settings: YamlSettings): Value[] {
  return new Reader(what, settings).documents(bytes);
}

/** A value with an anchor. */
interface Anchored {
  value: Value;
  /** False while the value is being read: an alias inside it would make a cycle. */
  done: boolean;
}

class Reader {
  private readonly yaml = library();
  private readonly lines = new this.yaml.LineCounter();
  private anchors = new Map<string, Anchored>();
  private expanded = 0;
  /** What stopped the reading from inside the library, which would take it for an error of the text. */
  private stop: unknown;

  constructor(
    private readonly what: string,
    private readonly settings: YamlSettings,
  ) {}

  documents(bytes: string): Value[] {
    const { maxSize } = this.settings;
    if (bytes.length > maxSize) throw failure(`${this.what}: text longer than ${maxSize} bytes`);
    const text = toText(bytes);
    if (text === undefined) throw failure(`${this.what}: invalid UTF-8`);
    reserveMemory(longestDocument(text) * TREE_FACTOR);
    const values: Value[] = [];
    for (const document of this.compose(text)) {
      // Tags that the library does not know are only warnings to it; `checkTag` looks at all of them.
      const warning = document.warnings.find(({ code }) => code !== "TAG_RESOLVE_FAILED");
      const problem = document.errors[0] ?? warning;
      if (problem !== undefined) throw this.problem(problem);
      this.anchors = new Map();
      values.push(document.contents === null ? this.settings.nullValue : this.value(document.contents));
    }
    return values;
  }

  /** The library's parser step by step, so that time and depth can be looked at on the way. */
  private *compose(text: string): Generator<Document.Parsed> {
    const { Lexer, Parser, Composer } = this.yaml;
    const control = /[\0-\x08\x0b\x0c\x0e-\x1f]/.exec(text);
    this.lines.addNewLine(0);
    const parser = new Parser(this.lines.addNewLine);
    const composer = new Composer({
      intAsBigInt: true,
      uniqueKeys: false,
      schema: "core",
      resolveKnownTags: false,
      prettyErrors: false,
      customTags: (tags) => [this.clock(), ...tags],
      logLevel: "silent",
    });
    for (const lexeme of new Lexer().lex(text)) {
      tick();
      for (const token of parser.next(lexeme)) yield* this.composed(composer, token);
      if (parser.stack.length > MAX_DEPTH + 1) throw this.error(`nested deeper than ${MAX_DEPTH}`, parser.offset);
      if (control !== null && parser.offset > control.index) {
        throw this.error(`control character U+${hex(text.charCodeAt(control.index))}`, control.index);
      }
    }
    for (const token of parser.end()) yield* this.composed(composer, token);
    yield* composer.end();
  }

  private *composed(composer: InstanceType<typeof Yaml.Composer>, token: Yaml.CST.Token): Generator<Document.Parsed> {
    for (const document of composer.next(token)) {
      yield document as Document.Parsed;
    }
    if (this.stop !== undefined) throw this.stop;
  }

  /** A tag that fits nothing. The library tries it on every plain scalar: the one chance to look at the clock. */
  private clock(): Yaml.ScalarTag {
    const test = (): boolean => {
      try {
        tick();
      } catch (error) {
        this.stop ??= error;
        throw error;
      }
      return false;
    };
    return { tag: "!clock", default: true, test: { test } as unknown as RegExp, resolve: (text) => text };
  }

  // --- values ---------------------------------------------------------------------------------------------------------

  private value(node: Node): Value {
    const { yaml } = this;
    if (yaml.isAlias(node)) return this.alias(node);
    const { anchor, tag } = node as Scalar;
    if (tag !== undefined && tag !== "!") this.checkTag(node, tag);
    const anchored: Anchored = { value: undefined, done: false };
    if (anchor !== undefined) this.anchors.set(anchor, anchored);
    let value: Value;
    if (yaml.isScalar(node)) value = tag === FLOAT ? this.float(node) : this.scalar(node);
    else if (yaml.isMap(node)) value = this.map(node);
    else if (yaml.isSeq(node)) value = this.list(node);
    anchored.value = value;
    anchored.done = true;
    return value;
  }

  private scalar({ value }: Scalar): Value {
    switch (typeof value) {
      case "string": {
        const bytes = fromText(value);
        charge(bytes.length + 24);
        return bytes;
      }
      case "bigint":
        return value >= -(2n ** 63n) && value < 2n ** 63n ? integer(value) : float(Number(value));
      case "number":
        return float(value);
      case "boolean":
        return value;
      default:
        return this.settings.nullValue;
    }
  }

  /** `!!float 3`, which the library does not take for a float. */
  private float(node: Scalar): Value {
    const { value } = node;
    if (typeof value === "number" || typeof value === "bigint") return float(Number(value));
    if (typeof value === "string" && /^[-+]?[0-9]+$/.test(value)) return float(Number(value));
    throw this.error("!!float needs a number", start(node));
  }

  /** Lets the tags of the core schema pass, on nodes of their kind. */
  private checkTag(node: Node, tag: string): void {
    const { yaml } = this;
    const name = tag.startsWith(CORE) ? tag.slice(CORE.length) : "";
    const fits = yaml.isMap(node)
      ? name === "map"
      : yaml.isSeq(node)
        ? name === "seq"
        : yaml.isScalar(node) && fitsScalar(name, node.value);
    if (fits) return;
    if (CORE_TAGS.has(name)) throw this.error(`!!${name} does not fit the value`, start(node));
    throw this.error(`unknown tag ${printable(tag.startsWith(CORE) ? `!!${name}` : tag)}`, start(node));
  }

  private list(node: YAMLSeq): LuaTable {
    const table = new LuaTable(state.vm.rootShape);
    table.mark = ARRAY;
    node.items.forEach((item, i) => {
      table.setIndex(i + 1, this.value(item as Node));
    });
    return table;
  }

  private map(node: YAMLMap): LuaTable {
    const table = new LuaTable(state.vm.rootShape);
    table.mark = OBJECT;
    const seen = new Set<Value>();
    const merges: Node[] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      if (isMerge(this.yaml, pair.key)) {
        if (pair.value !== null) merges.push(pair.value);
        continue;
      }
      const key = this.key(pair.key);
      if (seen.has(key)) throw this.error(`key ${shown(key)} given twice`, start(pair.key));
      seen.add(key);
      table.set(key, pair.value === null ? this.settings.nullValue : this.value(pair.value));
    }
    for (const merge of merges) this.merge(table, seen, merge);
    return table;
  }

  /** A key as tables hold it: a float that equals an integer is that integer. */
  private key(node: Node): Value {
    const value = this.value(node);
    if (value instanceof LuaFloat) return value.n === 0 ? 0 : value.n;
    if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return value;
    if (typeof value === "number" && !Number.isNaN(value)) return value;
    const name = value === undefined ? "null" : value instanceof LuaTable ? "a collection" : "nan";
    throw this.error(`${name} as key`, start(node));
  }

  /** `<<: *defaults`, or a list of such: adds the entries that the map has not got yet. */
  private merge(table: LuaTable, seen: Set<Value>, node: Node): void {
    const value = this.value(node);
    const isList = value instanceof LuaTable && value.mark === ARRAY;
    const sources = isList ? value.toArray() : [value];
    for (const source of sources) {
      if (!(source instanceof LuaTable) || source.mark !== OBJECT)
        throw this.error("<< needs a map or a list of maps", start(node));
      source.forEach((key, entry) => {
        this.count(node);
        if (seen.has(key)) return;
        seen.add(key);
        table.set(key, entry);
      });
    }
  }

  private alias(node: Alias): Value {
    const anchored = this.anchors.get(node.source);
    if (anchored === undefined) throw this.error(`unknown alias ${printable(node.source)}`, start(node));
    if (!anchored.done) throw this.error(`alias ${printable(node.source)} inside what it stands for`, start(node));
    return this.copy(anchored.value, node);
  }

  /** A copy, so that a script that changes one place does not change the others. */
  private copy(value: Value, node: Node): Value {
    this.count(node);
    if (typeof value === "string") charge(value.length);
    if (!(value instanceof LuaTable)) return value;
    const table = new LuaTable(state.vm.rootShape);
    table.mark = value.mark;
    value.forEach((key, element) => {
      table.set(key, this.copy(element, node));
    });
    charge(64);
    return table;
  }

  private count(node: Node): void {
    tick();
    if (++this.expanded > MAX_EXPANSION) throw this.error(`aliases add more than ${MAX_EXPANSION} values`, start(node));
  }

  // --- errors ---------------------------------------------------------------------------------------------------------

  private problem({ code, message, pos }: Yaml.YAMLParseError | Yaml.YAMLWarning): unknown {
    if (code === "RESOURCE_EXHAUSTION") return this.error("nested too deep", pos[0]);
    const words = printable(message.replace(/\.$/, ""));
    return this.error(words.charAt(0).toLowerCase() + words.slice(1), pos[0]);
  }

  private error(message: string, offset: number): unknown {
    const { line, col } = this.lines.linePos(offset);
    return failure(`${this.what}: ${fromText(message)} at line ${line}, column ${col}`);
  }
}

function fitsScalar(name: string, value: unknown): boolean {
  switch (name) {
    case "str":
      return typeof value === "string";
    case "int":
      return typeof value === "bigint";
    case "bool":
      return typeof value === "boolean";
    case "null":
      return value === null;
    default:
      return name === "float";
  }
}

/** The length of the longest document of a stream, roughly: their trees live one after the other. */
function longestDocument(text: string): number {
  let longest = 0;
  let from = 0;
  for (let next = text.indexOf("\n---"); next >= 0; next = text.indexOf("\n---", from + 1)) {
    longest = Math.max(longest, next - from);
    from = next;
  }
  return Math.max(longest, text.length - from);
}

function start(node: Node): number {
  return (node as ParsedNode).range?.[0] ?? 0;
}

/** Whether a key is the plain scalar `<<`. */
function isMerge(yaml: typeof Yaml, key: unknown): boolean {
  return yaml.isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

function shown(key: Value): string {
  return typeof key === "string" ? printable(JSON.stringify(toText(key) ?? key)) : String(key);
}

/** Text of the input in a message: one line, not too long. */
function printable(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f]+/g, " ");
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
