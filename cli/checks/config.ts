/** From a check file to a suite: reading, including, substituting, merging, validating. Nothing has run when it fails. */
import { dirname } from "node:path";
import { toText } from "../../interpreter/text.ts";
import { fileError } from "../status.ts";
import { child, type Entry, listItems, type MapTree, plain, readDocument, type Tree } from "./document.ts";
import { instances } from "./foreach.ts";
import { pathFrom, readInput } from "./input.ts";
import type { Jq } from "./jq.ts";
import { Mistakes, type Place } from "./mistakes.ts";
import { fileGrants } from "./permissions.ts";
import { type CheckTree, readCheck, readFileSettings } from "./read.ts";
import { Rules } from "./rules.ts";
import { CHECK_KEYS, checkFileSchema, elsewhere } from "./schema.ts";
import type { Schema } from "./schema-parts.ts";
import { type Scope, substitute } from "./substitute.ts";
import type { Suite } from "./suite.ts";
import { CHECK_TYPES } from "./types/index.ts";
import { Validator } from "./validate.ts";

/** Files that includes may lead to. */
const MAX_FILES = 200;

/** One file of a suite, read. */
interface FileTree {
  readonly file: string;
  readonly tree: MapTree;
  readonly scope: Scope;
  readonly vars: ReadonlyMap<string, Entry>;
}

/** Loads a check file with everything it includes. Throws a CommandError that lists every mistake. */
export async function loadSuite(file: string, jq: Jq): Promise<Suite> {
  const loader = new Loader(jq);
  const suite = await loader.load(file);
  if (loader.mistakes.any) throw fileError(loader.mistakes.render());
  return suite;
}

class Loader {
  readonly mistakes = new Mistakes();
  private readonly schema = checkFileSchema();
  private readonly validator = new Validator(this.schema, elsewhere);
  private readonly files: FileTree[] = [];

  constructor(private readonly jq: Jq) {}

  async load(file: string): Promise<Suite> {
    this.readFile(file, undefined, new Map(), []);
    const main = this.files.at(-1);
    const rules = new Rules(this.mistakes);
    const checks: CheckTree[] = [];
    for (const one of this.files) checks.push(...this.checksOf(one));
    const settings = main === undefined ? undefined : readFileSettings(main.tree);
    const read = checks.map((check) => readCheck(check, rules));
    if (!this.mistakes.any && read.length === 0 && main !== undefined) {
      this.mistakes.add(main.tree.at, "checks", "there are no checks");
    }
    const grants = this.files.flatMap((one) => fileGrants(one.file, one.tree, this.mistakes) ?? []);
    rules.checkTogether(checks, read);
    await rules.compileExpressions(this.jq);
    const secrets = this.files.flatMap((one) => listItems(child(one.tree, "secrets")).map(plain));
    return {
      file,
      timeoutMs: settings?.timeoutMs ?? 0,
      parallel: settings?.parallel ?? 1,
      cleanupMs: settings?.cleanupMs ?? 0,
      secrets: secrets
        .map((name) => (typeof name === "string" ? (process.env[name] ?? "") : ""))
        .filter((value) => value !== ""),
      grants,
      checks: read,
    };
  }

  /** Reads a file and, before it, what it includes. `outer` are the variables of the file that includes it. */
  private readFile(file: string, from: Place | undefined, outer: ReadonlyMap<string, Entry>, chain: string[]): void {
    if (chain.includes(file)) {
      this.mistakes.add(from!, "include", `${[...chain, file].join(" includes ")}`);
      return;
    }
    if (chain.length + this.files.length > MAX_FILES) throw fileError(`${file}: more than ${MAX_FILES} included files`);
    const text = readText(file);
    if (text instanceof Error) {
      if (from === undefined) throw fileError(`${file}: ${text.message}`);
      this.mistakes.add(from, "include", `${file}: ${text.message}`);
      return;
    }
    const own = new Mistakes();
    const tree = readDocument(text, file, own);
    for (const { place, path, message } of own.all) this.mistakes.add(place, path, message);
    if (tree === undefined) return;
    if (tree.kind !== "map") {
      this.validator.validate(tree, { type: "object" }, "", this.mistakes);
      return;
    }
    const vars = new Map(outer);
    const ownVars = child(tree, "vars");
    if (ownVars?.kind === "map") {
      for (const [name, entry] of ownVars.entries) if (!outer.has(name)) vars.set(name, entry);
    }
    const resolved = this.resolveVars(vars);
    const scope = fileScope(resolved);
    const top = this.topLevel(tree, scope);
    const include = child(top, "include");
    const paths = include === undefined ? [] : include.kind === "list" ? include.items : [include];
    for (const path of paths) {
      if (path.kind !== "scalar" || typeof path.value !== "string") continue;
      this.readFile(pathFrom(dirname(file), path.value), path.at, resolved, [...chain, file]);
    }
    this.files.push({ file, tree: top, scope, vars: resolved });
  }

  /** Variables with the references in them replaced: to the environment, and to other variables. */
  private resolveVars(vars: ReadonlyMap<string, Entry>): Map<string, Entry> {
    const done = new Map<string, Entry>();
    const active: string[] = [];
    const resolve = (name: string): Tree | undefined => {
      const known = done.get(name);
      if (known !== undefined) return known.value;
      const entry = vars.get(name);
      if (entry === undefined) return undefined;
      if (active.includes(name)) {
        this.mistakes.add(entry.keyAt, `vars.${name}`, `refers to itself (${[...active, name].join(" -> ")})`);
        return { kind: "scalar", value: "", at: entry.keyAt };
      }
      active.push(name);
      const value = substitute(entry.value, scopeOver(resolve), `vars.${name}`, this.mistakes);
      active.pop();
      done.set(name, { keyAt: entry.keyAt, value });
      return value;
    };
    for (const name of vars.keys()) resolve(name);
    return done;
  }

  /** Validates everything but the checks themselves, and replaces references there. */
  private topLevel(tree: MapTree, scope: Scope): MapTree {
    const entries = new Map<string, Entry>();
    for (const [key, entry] of tree.entries) {
      const later = key === "checks" || key === "defaults" || key === "vars";
      entries.set(key, later ? entry : { ...entry, value: substitute(entry.value, scope, key, this.mistakes) });
    }
    const top: MapTree = { ...tree, entries };
    const { checks, ...properties } = this.schema.properties!;
    const shallow: Schema = { ...this.schema, properties: { ...properties, checks: { ...checks, items: undefined } } };
    this.validator.validate(top, shallow, "", this.mistakes);
    this.checkDefaults(child(tree, "defaults"));
    return top;
  }

  /** A key of `defaults` must be one of some check type. */
  private checkDefaults(defaults: Tree | undefined): void {
    if (defaults?.kind !== "map") return;
    const known = new Set([
      ...Object.keys(CHECK_KEYS),
      "expect",
      ...CHECK_TYPES.flatMap((type) => Object.keys(type.fields)),
    ]);
    for (const own of ["name", "steps", "foreach", "matrix"]) known.delete(own);
    const schema: Schema = {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries([...known].map((key) => [key, {}])),
    };
    this.validator.validate(defaults, schema, "defaults", this.mistakes);
  }

  /** The checks of one file: one for each item of a `foreach`, defaults merged in, validated. */
  private checksOf(file: FileTree): CheckTree[] {
    const list = child(file.tree, "checks");
    if (list?.kind !== "list") return [];
    const defaults = child(file.tree, "defaults");
    const out: CheckTree[] = [];
    for (const [i, item] of list.items.entries()) {
      const path = `checks[${i}]`;
      for (const instance of instances(item, file.scope, path, this.mistakes)) {
        const before = this.mistakes.all.length;
        const merged = mergeDefaults(instance.tree, defaults);
        const tree = withStepTypes(instance.named(substitute(merged, instance.scope, path, this.mistakes)));
        this.validator.validate(tree, { $ref: "#/$defs/check" }, path, this.mistakes);
        out.push({
          tree,
          path,
          group: instance.group,
          folder: dirname(file.file),
          file: file.tree,
          vars: plain({ kind: "map", entries: file.vars, at: file.tree.at }) as Record<string, unknown>,
          valid: this.mistakes.all.length === before,
        });
      }
    }
    return out;
  }
}

const EMPTY_LIST: Tree = { kind: "list", items: [], at: { file: "", line: 1, column: 1, text: "", width: 1 } };

function readText(file: string): string | Error {
  let bytes: Buffer;
  try {
    bytes = readInput(file);
  } catch (error) {
    const words = {
      ENOENT: "no such file or directory",
      EISDIR: "is a directory",
      EACCES: "permission denied",
      ENXIO: "is a device",
    }[(error as NodeJS.ErrnoException).code ?? ""];
    return new Error(words ?? "cannot be read");
  }
  return toText(bytes.toString("latin1").replace(/^\xef\xbb\xbf/, "")) ?? new Error("not valid UTF-8");
}

function fileScope(vars: ReadonlyMap<string, Entry>): Scope {
  return scopeOver((name) => vars.get(name)?.value, vars);
}

/** References to variables (found one by one), the environment and captures. */
function scopeOver(find: (name: string) => Tree | undefined, all?: ReadonlyMap<string, Entry>): Scope {
  const entries: ReadonlyMap<string, Entry> = all ?? new LazyEntries(find);
  return {
    roots: ["vars", "env", "captures"],
    env: (name) => (Object.hasOwn(process.env, name) ? process.env[name] : undefined),
    lookup(root) {
      if (root === "env") return "environment";
      if (root === "captures") return "captures";
      return root === "vars" ? { kind: "map", entries, at: EMPTY_LIST.at } : undefined;
    },
  };
}

/** Entries that are made when they are asked for: variables that refer to variables. */
class LazyEntries extends Map<string, Entry> {
  constructor(private readonly find: (name: string) => Tree | undefined) {
    super();
  }

  override get(name: string): Entry | undefined {
    const value = this.find(name);
    return value === undefined ? undefined : { keyAt: value.at, value };
  }
}

/** A check with the defaults that its type knows under it; in a check with steps, each step gets its own. */
function mergeDefaults(check: Tree, defaults: Tree | undefined): Tree {
  if (check.kind !== "map" || defaults?.kind !== "map") return check;
  const type = typeOf(check) ?? typeOf(defaults);
  const steps = child(check, "steps");
  const common = new Map<string, Entry>();
  for (const [key, entry] of defaults.entries) if (Object.hasOwn(CHECK_KEYS, key)) common.set(key, entry);
  if (steps?.kind !== "list") {
    for (const [key, entry] of fieldsOf(defaults, type)) common.set(key, entry);
    return overlay(check, { ...defaults, entries: common });
  }
  const items = steps.items.map((step) =>
    step.kind === "map"
      ? overlay(step, { ...defaults, entries: fieldsOf(defaults, typeOf(step) ?? type ?? "http") })
      : step,
  );
  const withSteps = new Map(check.entries);
  withSteps.set("steps", { ...check.entries.get("steps")!, value: { ...steps, items } });
  return overlay({ ...check, entries: withSteps }, { ...defaults, entries: common });
}

/** A check whose steps all say their type: the check's own, or http, where the file does not. */
function withStepTypes(check: Tree): Tree {
  if (check.kind !== "map") return check;
  const type = typeOf(check) ?? "http";
  const entries = new Map(check.entries);
  for (const key of ["steps", "cleanup"]) {
    const entry = entries.get(key);
    if (entry?.value.kind !== "list") continue;
    const items = entry.value.items.map((step) => {
      if (step.kind !== "map" || step.entries.has("type")) return step;
      const added: Entry = { keyAt: step.at, value: { kind: "scalar", value: type, at: step.at } };
      return { ...step, entries: new Map([...step.entries, ["type", added]]) };
    });
    entries.set(key, { ...entry, value: { ...entry.value, items } });
  }
  return { ...check, entries };
}

function typeOf(tree: Tree): string | undefined {
  const type = child(tree, "type");
  return type?.kind === "scalar" && typeof type.value === "string" ? type.value : undefined;
}

/** The entries of `defaults` that a check type has: its own keys, and of `expect` those it knows. */
function fieldsOf(defaults: MapTree, typeName: string | undefined): Map<string, Entry> {
  const out = new Map<string, Entry>();
  const type = CHECK_TYPES.find((one) => one.name === typeName);
  if (type === undefined) return out;
  for (const [key, entry] of defaults.entries) {
    if (Object.hasOwn(type.fields, key)) out.set(key, entry);
    else if (key === "expect" && entry.value.kind === "map" && type.expect !== undefined) {
      const known = new Map([...entry.value.entries].filter(([name]) => Object.hasOwn(type.expect!, name)));
      if (known.size > 0) out.set(key, { ...entry, value: { ...entry.value, entries: known } });
    }
  }
  return out;
}

/** `over` with the entries of `under` that it lacks; mappings in both are merged likewise. */
function overlay(over: MapTree, under: MapTree): MapTree {
  const entries = new Map<string, Entry>(over.entries);
  for (const [key, entry] of under.entries) {
    const own = entries.get(key);
    if (own === undefined) entries.set(key, entry);
    else if (own.value.kind === "map" && entry.value.kind === "map" && key !== "auth" && key !== "backoff") {
      entries.set(key, { keyAt: own.keyAt, value: overlay(own.value, entry.value) });
    }
  }
  return { ...over, entries };
}
