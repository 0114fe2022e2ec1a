/** What a schema cannot say about checks: names, dependencies, captures, expressions, and each type's own rules. */
import { nearest } from "../nearest.ts";
import { child, listItems, placeAt, type Tree } from "./document.ts";
import type { Jq } from "./jq.ts";
import type { Mistakes, Place } from "./mistakes.ts";
import type { CheckTree } from "./read.ts";
import { patternError } from "./regex.ts";
import type { Check, Step } from "./suite.ts";
import type { ValidationContext } from "./types/type.ts";

type Path = readonly (string | number)[];

interface Expression {
  readonly text: string;
  readonly place: Place;
  readonly path: string;
}

export class Rules {
  private readonly expressions: Expression[] = [];

  constructor(private readonly mistakes: Mistakes) {}

  /** The rules for one check by itself. */
  checkOne(check: CheckTree, read: Check): void {
    const { tree, path } = check;
    for (const key of ["until", "if"]) this.jq(tree, path, [key], plainText(child(tree, key)));
    const { file } = check;
    const common = child(tree, "until") === undefined ? plainText(child(file, "until")) : undefined;
    if (typeof common === "string")
      this.expressions.push({ text: common, place: placeAt(file, ["until"]), path: "until" });
    if (read.backoff.maxMs < read.backoff.initialMs) {
      const [owner, at] = child(tree, "backoff") === undefined ? [file, "backoff"] : [tree, `${path}.backoff`];
      this.mistakes.add(placeAt(owner, ["backoff", "max"]), `${at}.max`, "max is below initial");
    }
    for (const name of Object.keys(read.capture)) this.jq(tree, path, ["capture", name], read.capture[name]);
    const steps = child(tree, "steps");
    if (steps === undefined) this.step(tree, path, read.steps[0], check.folder);
    else this.steps(listItems(steps), `${path}.steps`, read.steps, check.folder);
    this.steps(listItems(child(tree, "cleanup")), `${path}.cleanup`, read.cleanup, check.folder);
  }

  private steps(trees: readonly Tree[], path: string, steps: readonly Step[], folder: string): void {
    for (const [i, tree] of trees.entries()) {
      const step = steps[i];
      if (step === undefined) continue;
      for (const name of Object.keys(step.capture))
        this.jq(tree, `${path}[${i}]`, ["capture", name], step.capture[name]);
      this.step(tree, `${path}[${i}]`, step, folder);
    }
  }

  private step(tree: Tree, path: string, step: Step | undefined, folder: string): void {
    const context: ValidationContext = {
      folder,
      note: (at, message) => this.mistakes.add(placeAt(tree, at), join(path, at), message),
      jq: (at, expression) => this.jq(tree, path, at, expression),
      regex: (at, pattern) => {
        const error = typeof pattern === "string" ? patternError(pattern) : undefined;
        if (error !== undefined) this.mistakes.add(placeAt(tree, at), join(path, at), error);
      },
    };
    step?.type.validate(step.body, context);
  }

  private jq(tree: Tree, path: string, at: Path, expression: unknown): void {
    if (typeof expression !== "string") return;
    this.expressions.push({ text: expression, place: placeAt(tree, at), path: join(path, at) });
  }

  /** The rules for all checks of a run together. */
  checkTogether(trees: readonly CheckTree[], checks: readonly Check[]): void {
    const groups = this.uniqueNames(trees, checks);
    const needs = checks.map((check, i) => this.resolveNeeds(trees[i]!, check, groups));
    checks.forEach((check, i) => {
      (check as { needs: readonly string[] }).needs = needs[i]!;
    });
    this.noCycles(trees, checks);
    this.knownCaptures(trees, checks);
  }

  /** Names that `needs` may use: each check's own, and those of a `foreach` for all its checks. */
  private uniqueNames(trees: readonly CheckTree[], checks: readonly Check[]): Map<string, string[]> {
    const first = new Map<string, Place>();
    const groups = new Map<string, string[]>();
    checks.forEach(({ name, place }, i) => {
      const known = first.get(name);
      if (known !== undefined && trees[i]!.valid) {
        const where = known.file === place.file ? `line ${known.line}` : `${known.file}, line ${known.line}`;
        const message =
          known.line === place.line && known.file === place.file
            ? `several checks would be named ${JSON.stringify(name)}: tell them apart in the name`
            : `another check has the name ${JSON.stringify(name)} (${where})`;
        this.mistakes.add(place, `${trees[i]!.path}.name`, message);
      }
      first.set(name, known ?? place);
      groups.set(name, [name]);
    });
    checks.forEach(({ name }, i) => {
      const { group } = trees[i]!;
      if (group === undefined || first.has(group)) return;
      groups.set(group, [...(groups.get(group) ?? []), name]);
    });
    return groups;
  }

  private resolveNeeds(tree: CheckTree, check: Check, groups: ReadonlyMap<string, readonly string[]>): string[] {
    const out = new Set<string>();
    check.needs.forEach((need, i) => {
      const place = placeAt(tree.tree, ["needs", i]);
      const found = groups.get(need);
      if (found?.includes(check.name) === true)
        this.mistakes.add(place, `${tree.path}.needs`, "a check cannot need itself");
      else if (found !== undefined) for (const name of found) out.add(name);
      else {
        const suggestion = nearest(need, groups.keys());
        const hint = suggestion === undefined ? "" : ` (did you mean ${JSON.stringify(suggestion)}?)`;
        this.mistakes.add(place, `${tree.path}.needs`, `there is no check ${JSON.stringify(need)}${hint}`);
      }
    });
    return [...out];
  }

  private noCycles(trees: readonly CheckTree[], checks: readonly Check[]): void {
    const byName = new Map(checks.map((check, i) => [check.name, i]));
    const state = new Map<string, "active" | "done">();
    const chain: string[] = [];
    const visit = (name: string): void => {
      if (state.get(name) === "done") return;
      const index = byName.get(name)!;
      if (state.get(name) === "active") {
        const cycle = [...chain.slice(chain.indexOf(name)), name];
        this.mistakes.add(
          placeAt(trees[index]!.tree, ["needs"]),
          `${trees[index]!.path}.needs`,
          `a cycle: ${cycle.join(" needs ")}`,
        );
        return;
      }
      state.set(name, "active");
      chain.push(name);
      for (const need of checks[index]!.needs) visit(need);
      chain.pop();
      state.set(name, "done");
    };
    for (const check of checks) visit(check.name);
  }

  /** A capture must come from a check that is needed, directly or not, or from an earlier step. */
  private knownCaptures(trees: readonly CheckTree[], checks: readonly Check[]): void {
    const byName = new Map(checks.map((check) => [check.name, check]));
    checks.forEach((check, i) => {
      const { tree, path, valid } = trees[i]!;
      if (!valid) return;
      const available = new Set<string>();
      for (const need of needed(check, byName)) for (const name of capturesOf(need)) available.add(name);
      const look = (part: Tree | undefined, at: string) => {
        if (part !== undefined) this.captureReferences(part, at, available);
      };
      const steps = child(tree, "steps");
      if (steps === undefined) look(withoutCleanup(tree), path);
      listItems(steps).forEach((step, k) => {
        look(step, `${path}.steps[${k}]`);
        for (const name of Object.keys(check.steps[k]?.capture ?? {})) available.add(name);
      });
      for (const name of Object.keys(check.capture)) available.add(name);
      look(child(tree, "cleanup"), `${path}.cleanup`);
    });
  }

  private captureReferences(tree: Tree, path: string, available: ReadonlySet<string>): void {
    if (tree.kind === "list") {
      for (const [i, item] of tree.items.entries()) this.captureReferences(item, `${path}[${i}]`, available);
    } else if (tree.kind === "map") {
      for (const [key, { value }] of tree.entries) this.captureReferences(value, `${path}.${key}`, available);
    } else {
      for (const name of tree.template?.names() ?? []) {
        if (available.has(name)) continue;
        this.mistakes.add(tree.at, path, `nothing that this check needs captures ${JSON.stringify(name)}`);
      }
    }
  }

  /** Notes the jq expressions that do not compile. */
  async compileExpressions(jq: Jq): Promise<void> {
    const distinct = [...new Set(this.expressions.map((expression) => expression.text))];
    const errors = await jq.compile(distinct);
    for (const { text, place, path } of this.expressions) {
      const error = errors[distinct.indexOf(text)];
      if (error !== undefined) this.mistakes.add(place, path, `not a jq expression: ${error}`);
    }
  }
}

function plainText(tree: Tree | undefined): unknown {
  return tree?.kind === "scalar" && tree.template === undefined ? tree.value : undefined;
}

function withoutCleanup(tree: Tree): Tree {
  if (tree.kind !== "map") return tree;
  const entries = new Map(tree.entries);
  entries.delete("cleanup");
  return { ...tree, entries };
}

/** All checks that a check needs, directly or not. */
export function needed(check: Check, byName: ReadonlyMap<string, Check>): Set<Check> {
  const out = new Set<Check>();
  const visit = (one: Check) => {
    for (const name of one.needs) {
      const need = byName.get(name);
      if (need === undefined || out.has(need)) continue;
      out.add(need);
      visit(need);
    }
  };
  visit(check);
  return out;
}

function capturesOf(check: Check): string[] {
  return [...Object.keys(check.capture), ...check.steps.flatMap((step) => Object.keys(step.capture))];
}

function join(path: string, at: Path): string {
  return at.reduce<string>((text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${step}`), path);
}
