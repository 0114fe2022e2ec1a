/**
 * `${{ vars.x }}`, `${{ env.X }}`, `${{ item }}`, `${{ matrix.x }}` and `${{ captures.x }}` in the strings of a check
 * file. References are replaced in the parsed tree, so that no value can change what the file means.
 */
import { type Entry, type MapTree, plain, type ScalarTree, type Tree } from "./document.ts";
import type { Mistakes, Place } from "./mistakes.ts";

/** What references can name at one point of a file. */
export interface Scope {
  /** Values by the first word of a reference. Undefined for a word that means nothing here. */
  lookup(root: string): Tree | "environment" | "captures" | undefined;
  /** The words that mean something here, for messages. */
  readonly roots: readonly string[];
  env(name: string): string | undefined;
}

/** A string that contains captures: text and names of captures in turn. Filled in when the check runs. */
export class Template {
  constructor(readonly parts: readonly (string | CaptureReference)[]) {}

  /** The names of all captures in it. */
  names(): string[] {
    return this.parts.flatMap((part) => (typeof part === "string" ? [] : [part.capture]));
  }
}

export interface CaptureReference {
  readonly capture: string;
  readonly path: readonly string[];
}

const REFERENCE = /(\$?)\$\{\{([^}]*)\}\}/g;
const PATH = /^\s*([A-Za-z_][\w-]*)((?:\.[A-Za-z_][\w-]*|\[\d+\])*)\s*$/;

/** The tree with all references replaced, except captures, which become templates. */
export function substitute(tree: Tree, scope: Scope, path: string, mistakes: Mistakes): Tree {
  if (tree.kind === "list") {
    return { ...tree, items: tree.items.map((item, i) => substitute(item, scope, `${path}[${i}]`, mistakes)) };
  }
  if (tree.kind === "map") return substituteMap(tree, scope, path, mistakes);
  if (typeof tree.value !== "string" || !tree.value.includes("${{")) return tree;
  return substituteText(tree, tree.value, scope, path, mistakes);
}

function substituteMap(tree: MapTree, scope: Scope, path: string, mistakes: Mistakes): MapTree {
  const entries = new Map<string, Entry>();
  for (const [key, { keyAt, value }] of tree.entries) {
    entries.set(key, { keyAt, value: substitute(value, scope, path === "" ? key : `${path}.${key}`, mistakes) });
  }
  return { ...tree, entries };
}

function substituteText(tree: ScalarTree, text: string, scope: Scope, path: string, mistakes: Mistakes): Tree {
  const complain = (message: string) => mistakes.add(tree.at, path, message);
  const parts: (string | CaptureReference)[] = [];
  let end = 0;
  let only: Tree | undefined;
  let fromEnvironment = false;
  for (const match of text.matchAll(REFERENCE)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[1] === "$") {
      parts.push(match[0].slice(1));
      continue;
    }
    const whole = match.index === 0 && end === text.length;
    const found = resolve(match[2]!, scope, complain);
    // Noted as a mistake; what the value would have been is nobody's concern any more.
    if (found === undefined) return { kind: "scalar", value: "", at: tree.at, deferred: true };
    if ("capture" in found) parts.push(found);
    else if (found.kind === "environment") {
      parts.push(found.value);
      fromEnvironment = whole;
    } else if (whole) only = found.tree;
    else parts.push(asText(found.tree, match[2]!, complain));
  }
  if (text.slice(end).includes("${{")) {
    complain('"${{" without "}}"');
    return { kind: "scalar", value: "", at: tree.at, deferred: true };
  }
  if (only !== undefined) return replaceAt(only, tree.at);
  parts.push(text.slice(end));
  if (parts.some((part) => typeof part !== "string")) {
    const template = new Template(parts.filter((part) => part !== ""));
    return { kind: "scalar", value: text, at: tree.at, deferred: true, template };
  }
  return { kind: "scalar", value: parts.join(""), at: tree.at, ...(fromEnvironment ? { fromEnvironment } : {}) };
}

type Found = CaptureReference | { kind: "tree"; tree: Tree } | { kind: "environment"; value: string };

function resolve(reference: string, scope: Scope, complain: (message: string) => void): Found | undefined {
  const match = PATH.exec(reference);
  if (match === null) {
    complain(`"\${{${reference}}}" is not a reference such as \${{ vars.name }}`);
    return undefined;
  }
  const root = match[1]!;
  const path = [...match[2]!.matchAll(/\.([A-Za-z_][\w-]*)|\[(\d+)\]/g)].map((step) => step[1] ?? step[2]!);
  const source = scope.lookup(root);
  if (source === undefined) {
    complain(`\${{ ${root} }} means nothing here (known: ${scope.roots.join(", ")})`);
    return undefined;
  }
  if (source === "environment" || source === "captures") {
    const [name, ...rest] = path;
    if (name === undefined || (source === "environment" && rest.length > 0)) {
      complain(`\${{ ${root} }} needs a name: \${{ ${root}.NAME }}`);
      return undefined;
    }
    if (source === "captures") return { capture: name, path: rest };
    const value = scope.env(name);
    if (value !== undefined) return { kind: "environment", value };
    complain(`the environment variable ${name} is not set`);
    return undefined;
  }
  let tree: Tree | undefined = source;
  let known = root;
  for (const step of path) {
    tree =
      tree.kind === "list" ? tree.items[Number(step)] : tree.kind === "map" ? tree.entries.get(step)?.value : undefined;
    known += `.${step}`;
    if (tree === undefined) {
      complain(`${known} is not set`);
      return undefined;
    }
  }
  return { kind: "tree", tree };
}

/** A value inside a longer text. */
function asText(tree: Tree, reference: string, complain: (message: string) => void): string {
  if (tree.kind !== "scalar") return JSON.stringify(plain(tree));
  if (tree.value === null) complain(`${reference.trim()} is empty`);
  return String(tree.value ?? "");
}

/** The same value, said to stand where it was referred to: that is where a mistake about it is of use. */
function replaceAt(tree: Tree, at: Place): Tree {
  return { ...tree, at };
}

/** Data with its templates filled in. A template that is one capture gives the capture's value, of whatever type. */
export function fill(data: unknown, captures: Readonly<Record<string, unknown>>): unknown {
  if (data instanceof Template) return fillTemplate(data, captures);
  if (Array.isArray(data)) return data.map((item) => fill(item, captures));
  if (typeof data !== "object" || data === null) return data;
  const out: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(data)) out[key] = fill((data as Record<string, unknown>)[key], captures);
  return out;
}

function fillTemplate(template: Template, captures: Readonly<Record<string, unknown>>): unknown {
  const values = template.parts.map((part) => (typeof part === "string" ? part : captured(part, captures)));
  if (values.length === 1) return values[0];
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join("");
}

/** Raised when a capture has no value, or one that does not fit where it is used. */
export class CaptureFailure {
  constructor(readonly message: string) {}
}

function captured({ capture, path }: CaptureReference, captures: Readonly<Record<string, unknown>>): unknown {
  let value = Object.hasOwn(captures, capture) ? captures[capture] : undefined;
  let name = `captures.${capture}`;
  for (const step of path) {
    name += `.${step}`;
    const inside = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
    value = Object.hasOwn(inside, step) ? inside[step] : undefined;
  }
  if (value === undefined) throw new CaptureFailure(`${name} has no value`);
  return value;
}

/** Whether some data contains templates. */
export function hasTemplates(data: unknown): boolean {
  if (data instanceof Template) return true;
  if (typeof data !== "object" || data === null) return false;
  return Object.values(data).some(hasTemplates);
}

/** The names of all captures that some data refers to. */
export function captureNames(data: unknown): string[] {
  if (data instanceof Template) return data.names();
  if (typeof data !== "object" || data === null) return [];
  return Object.values(data).flatMap(captureNames);
}
