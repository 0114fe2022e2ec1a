/** Checks a tree against the schema; every mistake is noted with its place. */
import { didYouMean } from "../nearest.ts";
import { describe, type MapTree, quote, type ScalarTree, type Tree } from "./document.ts";
import { type Mistakes, type Place, Trial } from "./mistakes.ts";
import { type Schema, SOME_TEXT } from "./schema-parts.ts";

export class Validator {
  constructor(
    private readonly root: Schema,
    /** Says where a key that one schema does not know belongs, such as `a key of prometheus checks`. */
    private readonly elsewhere: (key: string) => string | undefined,
  ) {}

  /** Notes what is wrong with `tree`. Text that an environment variable gave becomes the number that is expected. */
  validate(tree: Tree, schema: Schema, path: string, mistakes: Mistakes): void {
    if (schema.$ref !== undefined) this.validate(tree, this.resolve(schema.$ref), path, mistakes);
    if (tree.kind === "scalar" && tree.deferred === true) return;
    if (schema.anyOf !== undefined && !this.anyOf(tree, schema, path, mistakes)) return;
    if (schema.type !== undefined && !this.hasType(tree, schema)) {
      mistakes.add(tree.at, path, `expected ${wordsFor(schema)}, got ${describe(tree)}${hint(tree, schema)}`);
      return;
    }
    if (tree.kind === "scalar") this.scalar(tree, schema, path, mistakes);
    else if (tree.kind === "list") {
      if (tree.items.length < (schema.minItems ?? 0))
        mistakes.add(tree.at, path, "expected at least one item, got an empty list");
      if (schema.items !== undefined) {
        for (const [i, item] of tree.items.entries()) this.validate(item, schema.items, `${path}[${i}]`, mistakes);
      }
    } else this.map(tree, schema, path, mistakes);
    for (const part of schema.allOf ?? []) {
      if (part.if === undefined || this.matches(tree, part.if)) this.validate(tree, part.then ?? part, path, mistakes);
    }
  }

  /** Whether a tree satisfies a schema. */
  private matches(tree: Tree, schema: Schema): boolean {
    if (schema.const !== undefined && tree.kind !== "scalar") return false;
    if (!this.propertiesMatch(tree, schema)) return false;
    if (schema.not !== undefined && this.matches(tree, schema.not)) return false;
    const { not: _, properties: __, ...rest } = schema;
    return this.fits(tree, rest);
  }

  /** Whether there is nothing wrong with a tree; what it would be does not matter. */
  private fits(tree: Tree, schema: Schema): boolean {
    const trial = new Trial();
    this.validate(tree, schema, "", trial);
    return !trial.any;
  }

  private propertiesMatch(tree: Tree, schema: Schema): boolean {
    if (schema.properties === undefined || tree.kind !== "map") return true;
    return Object.entries(schema.properties).every(([key, inner]) => {
      const entry = tree.entries.get(key);
      return entry === undefined || this.matches(entry.value, inner);
    });
  }

  private resolve(ref: string): Schema {
    return this.root.$defs![ref.replace("#/$defs/", "")]!;
  }

  /** One of the alternatives must fit; if none does, the one meant speaks for all, or the title does. */
  private anyOf(tree: Tree, schema: Schema, path: string, mistakes: Mistakes): boolean {
    const alternatives = schema.anyOf!;
    if (alternatives.some((alternative) => this.fits(tree, alternative))) return true;
    const meant = alternatives.filter((one) => one.type !== undefined && this.hasType(tree, one));
    if (tree.kind !== "scalar" && meant.length > 0) {
      // Of several mappings, the one with the most of the keys given is meant.
      const best = meant.reduce((a, b) => (knownKeys(tree, b) > knownKeys(tree, a) ? b : a));
      this.validate(tree, best, path, mistakes);
      return false;
    }
    if (alternatives.every((one) => one.type === undefined && one.required !== undefined)) {
      const missing = alternatives.flatMap((one) => one.required ?? []);
      mistakes.add(headOf(tree), path, `missing ${missing.map((key) => `"${key}"`).join(" or ")}`);
    } else {
      const note = schema.$comment === undefined ? "" : ` (${schema.$comment})`;
      mistakes.add(tree.at, path, `expected ${schema.title}, got ${describe(tree)}${note}`);
    }
    return false;
  }

  private hasType(tree: Tree, schema: Schema): boolean {
    switch (schema.type) {
      case undefined:
        return true;
      case "object":
        return tree.kind === "map";
      case "array":
        return tree.kind === "list";
      default:
        return tree.kind === "scalar" && scalarHasType(tree, schema.type);
    }
  }

  private scalar(tree: ScalarTree, schema: Schema, path: string, mistakes: Mistakes): void {
    const { value } = tree;
    const complain = (message: string) => mistakes.add(tree.at, path, message);
    if (schema.const !== undefined && value !== schema.const)
      complain(`expected ${JSON.stringify(schema.const)}, got ${describe(tree)}`);
    if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
      const suggestion = typeof value === "string" ? didYouMean(value, schema.enum) : "";
      complain(`expected one of ${schema.enum.join(", ")}, got ${describe(tree)}${suggestion}`);
    }
    if (typeof value === "string") {
      if (value.length > (schema.maxLength ?? Infinity)) complain(`longer than ${schema.maxLength} characters`);
      if (value.length < (schema.minLength ?? 0)) complain("expected some text, got an empty string");
      else if (schema.pattern !== undefined && !expressionOf(schema.pattern).test(value)) {
        const what = schema.pattern === SOME_TEXT ? "some text" : (schema.title ?? `text like ${schema.pattern}`);
        complain(`expected ${what}, got ${describe(tree)}`);
      }
    }
    if (typeof value === "number" || typeof value === "bigint") {
      if (Number.isNaN(value)) complain("expected a number, got .nan");
      else if (value === Infinity || value === -Infinity) complain("expected a number that is not infinite");
      if (schema.minimum !== undefined && value < schema.minimum)
        complain(`expected at least ${schema.minimum}, got ${value}`);
      if (schema.maximum !== undefined && value > schema.maximum)
        complain(`expected at most ${schema.maximum}, got ${value}`);
    }
  }

  private map(tree: MapTree, schema: Schema, path: string, mistakes: Mistakes): void {
    const { entries } = tree;
    if (entries.size < (schema.minProperties ?? 0))
      mistakes.add(tree.at, path, "expected at least one key, got an empty mapping");
    for (const key of schema.required ?? []) {
      if (entries.has(key)) continue;
      const type = schema.properties?.[key]?.enum;
      const missing = `missing "${key}"${type === undefined ? "" : ` (one of ${type.join(", ")})`}`;
      // Where keys are known to be wrong, they are mistakes of their own.
      const misspelt = schema.additionalProperties === false ? undefined : misspeltIn(tree, schema, key);
      if (misspelt === undefined) mistakes.add(headOf(tree), path, missing);
      else mistakes.add(entries.get(misspelt)!.keyAt, path, `${missing}: is ${quote(misspelt)} meant to be it?`);
    }
    for (const [key, { keyAt, value }] of entries) {
      const inside = path === "" ? key : `${path}.${key}`;
      const known =
        schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      if (known !== undefined) this.validate(value, known, inside, mistakes);
      else if (schema.additionalProperties === false) mistakes.add(keyAt, inside, this.unknownKey(key, schema));
      else if (typeof schema.additionalProperties === "object")
        this.validate(value, schema.additionalProperties, inside, mistakes);
    }
  }

  private unknownKey(key: string, schema: Schema): string {
    const known = Object.keys(schema.properties ?? {});
    const suggestion = didYouMean(key, known);
    const owner = suggestion === "" ? this.elsewhere(key) : undefined;
    const note = owner === undefined ? suggestion : ` (it is ${owner})`;
    return `unknown key ${quote(key)}${note}; known here: ${known.join(", ")}`;
  }
}

const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  let expression = expressions.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(pattern);
    expressions.set(pattern, expression);
  }
  return expression;
}

/** Where a mapping begins: its first key rather than its whole extent. */
function headOf(tree: Tree): Place {
  if (tree.kind !== "map") return tree.at;
  for (const { keyAt } of tree.entries.values()) return keyAt;
  return tree.at;
}

/** The key that seems to be meant for a missing one. */
function misspeltIn(tree: MapTree, schema: Schema, missing: string): string | undefined {
  return [...tree.entries.keys()].find(
    (key) => !Object.hasOwn(schema.properties ?? {}, key) && didYouMean(key, [missing]) !== "",
  );
}

function knownKeys(tree: Tree, schema: Schema): number {
  if (tree.kind !== "map") return 0;
  return [...tree.entries.keys()].filter((key) => Object.hasOwn(schema.properties ?? {}, key)).length;
}

function scalarHasType(tree: ScalarTree, type: Schema["type"]): boolean {
  const { value } = tree;
  switch (type) {
    case "null":
      return value === null;
    case "string":
      return typeof value === "string";
    case "boolean":
      return (
        typeof value === "boolean" || convert(tree, value === "true" ? true : value === "false" ? false : undefined)
      );
    case "number":
      return (
        typeof value === "number" ||
        typeof value === "bigint" ||
        convert(tree, numberOf(value, /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i))
      );
    case "integer":
      return Number.isInteger(value) || typeof value === "bigint" || convert(tree, numberOf(value, /^-?\d+$/));
    default:
      return false;
  }
}

function numberOf(value: ScalarTree["value"], form: RegExp): number | undefined {
  return typeof value === "string" && form.test(value) ? Number(value) : undefined;
}

/** Gives text from the environment the type that is expected of it. */
function convert(tree: ScalarTree, value: number | boolean | undefined): boolean {
  if (tree.fromEnvironment !== true || value === undefined) return false;
  (tree as { value: ScalarTree["value"] }).value = value;
  return true;
}

const TYPE_WORDS: Readonly<Record<NonNullable<Schema["type"]>, string>> = {
  object: "a mapping",
  array: "a list",
  string: "a string",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
  null: "nothing",
};

function wordsFor(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  return schema.title ?? TYPE_WORDS[schema.type!];
}

function hint(tree: Tree, schema: Schema): string {
  if (schema.type !== "string" || schema.enum !== undefined || tree.kind !== "scalar" || tree.value === null) return "";
  return " (put it in quotes)";
}
