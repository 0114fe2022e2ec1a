/** What a template has around it while it is rendered: scopes, blocks, output, limits. */
import { failure } from "../../interpreter/error.ts";
import type { Steps } from "../../interpreter/library/steps.ts";
import { charge, reserveMemory } from "../../interpreter/memory.ts";
import type { LuaTable } from "../../interpreter/table.ts";
import { fromText } from "../../interpreter/text.ts";
import { Problem } from "./problem.ts";
import { fromLua, type TemplateValue, Undefined } from "./values.ts";

/** Macros, includes, blocks and recursive loops under way at a time. */
export const MAX_CALLS = 100;
/** Output grows by this much between two checks of the memory limit, in characters. */
const RESERVE_STEP = 256 * 1024;
/** Longest output; strings cannot be much longer. */
const MAX_OUTPUT = 2 ** 29;

/** Text as it is written. */
export class Output {
  text = "";
  private reserved = RESERVE_STEP;

  write(text: string): void {
    this.text += text;
    if (this.text.length > this.reserved) this.grow();
  }

  private grow(): void {
    const { length } = this.text;
    if (length > MAX_OUTPUT) throw failure("not enough memory");
    // Both the text and what it will be as bytes.
    reserveMemory(2 * length);
    charge(RESERVE_STEP);
    this.reserved = length + RESERVE_STEP;
  }
}

/** Swallows what a child template writes outside of its blocks. */
class Discard extends Output {
  override write(): void {}
}
export const DISCARD: Output = new Discard();

/** Checks that a string of so many characters may be made. */
export function reserveText(characters: number): void {
  if (characters > MAX_OUTPUT) throw failure("not enough memory");
  if (characters > RESERVE_STEP) reserveMemory(2 * characters);
}

/** Checks that a list of so many elements may be made. */
export function reserveItems(items: number): void {
  if (items > 10_000) reserveMemory(16 * items);
}

export class Scope {
  private readonly names = new Map<string, TemplateValue>();
  constructor(private readonly parent: Scope | undefined) {}

  get(name: string): TemplateValue | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const value = scope.own(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** A name of this scope itself. */
  protected own(name: string): TemplateValue | undefined {
    return this.names.get(name);
  }

  set(name: string, value: TemplateValue): void {
    this.names.set(name, value);
  }

  /** What a template exports: its own names that do not begin with an underscore. */
  exported(name: string): TemplateValue | undefined {
    return name.startsWith("_") ? undefined : this.names.get(name);
  }
}

/** The outermost scope: the variables that the script gave. */
export class VariableScope extends Scope {
  constructor(private readonly variables: LuaTable | undefined) {
    super(undefined);
  }

  protected override own(name: string): TemplateValue | undefined {
    const value = this.variables?.getString(fromText(name));
    return value === undefined ? undefined : fromLua(value, `'${name}'`);
  }
}

/** Code of a block of a template, or of its whole. */
export type Body = (frame: Frame) => Steps<unknown>;

export interface BlockCode {
  readonly name: string;
  readonly body: Body;
  readonly template: Template;
  readonly scoped: boolean;
  readonly required: boolean;
  readonly line: number;
}

/** A template ready to be run. */
export interface Template {
  readonly name: string;
  body: Body;
  readonly blocks: BlockCode[];
}

/** One template with those it extends: they share top-level names and blocks. */
export class Context {
  /** Blocks by name, those of the most derived template first. */
  readonly blocks = new Map<string, BlockCode[]>();
  /** The template that the one under way extends, once it said so. */
  parent: Template | undefined = undefined;

  constructor(
    /** Top-level names. */
    readonly top: Scope,
  ) {}

  addBlocks(template: Template): void {
    for (const block of template.blocks) {
      const known = this.blocks.get(block.name);
      if (known === undefined) this.blocks.set(block.name, [block]);
      else known.push(block);
    }
  }
}

/** Where includes, imports and parents come from. */
export interface Loader {
  /** The template of that name as seen from `from`; undefined when there is none. May wait. */
  load(name: string, from: string): Steps<Template | undefined>;
}

/** One call of `template.render`. */
export class Render {
  out = new Output();
  calls = 0;

  constructor(
    readonly loader: Loader,
    /** Undefined values raise where they are used. */
    readonly strict: boolean,
  ) {}

  /** Runs something that nests: a macro, an include, a block. */
  *nested<T>(what: string, work: () => Steps<T>): Steps<T> {
    if (this.calls >= MAX_CALLS) throw new Problem(`${what} nests too deeply (${MAX_CALLS} calls)`);
    this.calls++;
    try {
      return yield* work();
    } finally {
      this.calls--;
    }
  }

  /** What `work` writes, instead of writing it. */
  *captured(work: () => Steps<unknown>): Steps<string> {
    const { out } = this;
    const captured = new Output();
    this.out = captured;
    try {
      yield* work();
    } finally {
      this.out = out;
    }
    return captured.text;
  }
}

/** What code runs in: changes from construct to construct. */
export class Frame {
  constructor(
    readonly render: Render,
    readonly template: Template,
    readonly context: Context,
    readonly scope: Scope,
    /** The block under way: its versions, and which of them this is. */
    readonly block: { readonly versions: readonly BlockCode[]; readonly index: number } | undefined = undefined,
  ) {}

  within(scope: Scope): Frame {
    return new Frame(this.render, this.template, this.context, scope, this.block);
  }

  /** A frame with a scope of its own inside this one. */
  inner(): Frame {
    return this.within(new Scope(this.scope));
  }

  /** A value for what nobody set. */
  undefined(what: string): Undefined {
    return new Undefined(what);
  }
}

/** Refuses an undefined value in strict mode. */
export function use(frame: Frame, value: TemplateValue): TemplateValue {
  if (frame.render.strict && value instanceof Undefined) throw new Problem(`${value.what} is undefined`);
  return value;
}
