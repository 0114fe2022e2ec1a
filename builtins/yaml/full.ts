/**
 * YAML with all that may be in it, by the library yaml: it finds the structure, this module the values. Tags beyond the
 * core schema, keys given twice and nodes inside themselves are errors.
 */
import type * as Yaml from "yaml";
import type { Alias, Document, Node, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { failure } from "../../interpreter/error.ts";
import { tick } from "../../interpreter/library/steps.ts";
import { charge, reserveMemory } from "../../interpreter/memory.ts";
import { state } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText } from "../../interpreter/text.ts";
import { float, isInteger, isNumber, toDouble, type Value } from "../../interpreter/value.ts";
import { ARRAY, OBJECT } from "../json-mark.ts";
import { MAX_DEPTH } from "../json-parser.ts";
import { type Anchored, Anchors, keyOf, printable, shownKey } from "./anchors.ts";
import { coreValue } from "./core.ts";
import { MapMaker } from "./entries.ts";
import { withLibrary } from "./library.ts";

/** Memory that the library takes for each token of a document while it reads it, in bytes. */
const TOKEN = 300;
/** Tokens between two looks at the memory limit. */
const LOOK_EVERY = 1 << 12;

/** What `!!` stands for, and what of it the core schema knows. */
const CORE = "tag:yaml.org,2002:";
const CORE_TAGS: ReadonlySet<string> = new Set(["str", "int", "float", "bool", "null", "map", "seq"]);

/** The documents of a stream. Raises `what: … at line 3, column 14`. */
export function readFully(what: string, text: string, nullValue: Value): Value[] {
  return withLibrary((yaml) => new Reader(yaml, what, nullValue).documents(text));
}

class Reader {
  private readonly lines: Yaml.LineCounter;
  private readonly anchors = new Anchors();
  /** What stopped the reading from inside the library, which would take it for an error of the text. */
  private stop: unknown;

  constructor(
    private readonly yaml: typeof Yaml,
    private readonly what: string,
    private readonly nullValue: Value,
  ) {
    this.lines = new yaml.LineCounter();
  }

  documents(text: string): Value[] {
    const values: Value[] = [];
    for (const document of this.compose(text)) {
      // Tags that the library does not know are only warnings to it; `tagged` looks at all of them.
      const warning = document.warnings.find(({ code }) => code !== "TAG_RESOLVE_FAILED");
      const problem = document.errors[0] ?? warning;
      if (problem !== undefined) throw this.problem(problem);
      this.anchors.newDocument();
      values.push(document.contents === null ? this.nullValue : this.value(document.contents));
    }
    return values;
  }

  /** The library's parser step by step, so that time, memory and depth can be looked at on the way. */
  private *compose(text: string): Generator<Document.Parsed> {
    const { Lexer, Parser, Composer } = this.yaml;
    const control = /[\0-\x08\x0b\x0c\x0e-\x1f]/.exec(text);
    this.lines.addNewLine(0);
    const parser = new Parser(this.lines.addNewLine);
    const composer = new Composer({
      uniqueKeys: false,
      // Scalars stay texts: coreValue reads them.
      schema: "failsafe",
      resolveKnownTags: false,
      prettyErrors: false,
      customTags: (tags) => [this.clock(), ...tags],
      logLevel: "silent",
    });
    let tokens = 0;
    for (const lexeme of new Lexer().lex(text)) {
      tick();
      if (++tokens % LOOK_EVERY === 0) reserveMemory(tokens * TOKEN);
      for (const token of parser.next(lexeme)) {
        yield* this.composed(composer, token);
        tokens = 0;
      }
      if (parser.stack.length > MAX_DEPTH + 1) throw this.error(`nested deeper than ${MAX_DEPTH}`, parser.offset);
      if (control !== null && parser.offset > control.index) {
        throw this.error(`control character U+${hex(text.charCodeAt(control.index))}`, control.index);
      }
    }
    for (const token of parser.end()) yield* this.composed(composer, token);
    yield* composer.end() as Generator<Document.Parsed>;
  }

  private *composed(composer: InstanceType<typeof Yaml.Composer>, token: Yaml.CST.Token): Generator<Document.Parsed> {
    for (const document of composer.next(token)) yield document as Document.Parsed;
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
    const anchored: Anchored<Value> | undefined =
      anchor === undefined ? undefined : this.anchors.begin(fromText(anchor));
    const value = tag === undefined || tag === "!" ? this.untagged(node) : this.tagged(node, tag);
    if (anchored !== undefined) {
      anchored.value = value;
      anchored.done = true;
    }
    return value;
  }

  private untagged(node: Node): Value {
    const { yaml } = this;
    if (yaml.isMap(node)) return this.map(node);
    if (yaml.isSeq(node)) return this.list(node);
    const { type, tag, source = "" } = node as Scalar;
    const value = type === "PLAIN" && tag === undefined ? coreValue(source, this.nullValue) : source;
    return typeof value === "string" ? this.text(node, value) : value;
  }

  private text(node: Node, text: string): string {
    if (!text.isWellFormed()) throw this.error("lone surrogate", start(node));
    const bytes = fromText(text);
    charge(bytes.length + 24);
    return bytes;
  }

  /** The tags of the core schema pass, on nodes of their kind. */
  private tagged(node: Node, tag: string): Value {
    const { yaml } = this;
    const name = tag.startsWith(CORE) ? tag.slice(CORE.length) : "";
    if (!CORE_TAGS.has(name)) {
      throw this.error(`unknown tag ${printable(fromText(name === "" ? tag : `!!${name}`))}`, start(node));
    }
    if (yaml.isMap(node) && name === "map") return this.map(node);
    if (yaml.isSeq(node) && name === "seq") return this.list(node);
    if (yaml.isScalar(node)) {
      const { source = "" } = node;
      if (name === "str") return this.text(node, source);
      const value = coreValue(source, undefined);
      if (name === "float") {
        if (isNumber(value)) return float(toDouble(value));
        throw this.error("!!float needs a number", start(node));
      }
      if (name === "int" && isInteger(value)) return value;
      if (name === "bool" && typeof value === "boolean") return value;
      if (name === "null" && value === undefined) return this.nullValue;
    }
    throw this.error(`!!${name} does not fit the value`, start(node));
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
    const maker = new MapMaker(table);
    const merges: [value: Value, node: Node][] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      if (isMerge(this.yaml, pair.key)) {
        if (pair.value !== null) merges.push([this.value(pair.value), pair.value]);
        continue;
      }
      const key = keyOf(this.value(pair.key), this.nullValue, this.failAt(pair.key));
      if (maker.has(key)) throw this.error(`key ${shownKey(key)} given twice`, start(pair.key));
      maker.add(key, pair.value === null ? this.nullValue : this.value(pair.value));
    }
    for (const [value, at] of merges) this.anchors.merge(maker, value, this.failAt(at));
    return table;
  }

  private alias(node: Alias): Value {
    return this.anchors.resolve(fromText(node.source), this.failAt(node));
  }

  // --- errors ---------------------------------------------------------------------------------------------------------

  private failAt(node: Node): (message: string) => unknown {
    return (message) => this.error(message, start(node));
  }

  private problem({ code, message, pos }: Yaml.YAMLParseError | Yaml.YAMLWarning): unknown {
    if (code === "RESOURCE_EXHAUSTION") return this.error("nested too deep", pos[0]);
    const words = printable(fromText(message.replace(/\.$/, "")));
    return this.error(words.charAt(0).toLowerCase() + words.slice(1), pos[0]);
  }

  /** @param message in bytes */
  private error(message: string, offset: number): unknown {
    const { line, col } = this.lines.linePos(offset);
    return failure(`${this.what}: ${message} at line ${line}, column ${col}`);
  }
}

function start(node: Node): number {
  return (node as ParsedNode).range?.[0] ?? 0;
}

/** Whether a key is the plain scalar `<<`. */
function isMerge(yaml: typeof Yaml, key: unknown): boolean {
  return yaml.isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
