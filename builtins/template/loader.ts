/** Where templates come from: a file and what lies in its folder, each compiled once for as long as it is remembered. */
import { dirname, normalize } from "node:path/posix";
import { failure } from "../../interpreter/error.ts";
import type { Steps } from "../../interpreter/library/steps.ts";
import { state } from "../../interpreter/state.ts";
import { toText } from "../../interpreter/text.ts";
import { NOTHING } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { errorCode } from "../errno.ts";
import type { FileCall } from "../fs/access.ts";
import { readFile } from "../fs/read.ts";
import { settled } from "../settled.ts";
import { compileTemplate } from "./compile.ts";
import { parseTemplate } from "./parse.ts";
import { Problem } from "./problem.ts";
import type { Loader, Template } from "./runtime.ts";

/** Largest template, in bytes. */
export const MAX_TEMPLATE = 4 * 1024 * 1024;
/** Compiled templates kept per machine, and the characters of their sources together. */
const CACHED = 64;
const CACHED_CHARACTERS = 1_000_000;

export interface ParseOptions {
  readonly trimBlocks: boolean;
  readonly lstripBlocks: boolean;
  readonly keepTrailingNewline: boolean;
}

// --- compiling ------------------------------------------------------------------------------------------------------

class Cache {
  private readonly templates = new Map<string, Template>();
  private characters = 0;

  get(key: string): Template | undefined {
    return this.templates.get(key);
  }

  add(key: string, template: Template): void {
    this.templates.set(key, template);
    this.characters += key.length;
    for (const oldest of this.templates.keys()) {
      if (this.templates.size <= CACHED && this.characters <= CACHED_CHARACTERS) return;
      this.templates.delete(oldest);
      this.characters -= oldest.length;
    }
  }
}

const caches = new WeakMap<VirtualMachine, Cache>();

/** A template of a source text. Throws a Problem with name and line. */
export function templateOf(name: string, source: string, options: ParseOptions): Template {
  let cache = caches.get(state.vm);
  if (cache === undefined) caches.set(state.vm, (cache = new Cache()));
  const key = `${name}\0${JSON.stringify(options)}\0${source}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  let template: Template;
  try {
    const text = options.keepTrailingNewline ? source : source.replace(/\r?\n$/, "");
    template = compileTemplate(name, parseTemplate(text, options));
  } catch (error) {
    if (error instanceof Problem) error.template ??= name;
    throw error;
  }
  cache.add(key, template);
  return template;
}

/** A template's bytes as text. */
export function sourceText(what: string, bytes: string): string {
  if (bytes.length > MAX_TEMPLATE) throw failure(`${what}: template too large (more than ${MAX_TEMPLATE} bytes)`);
  const text = toText(bytes);
  if (text === undefined) throw failure(`${what}: the template is not valid UTF-8`);
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

// --- loading --------------------------------------------------------------------------------------------------------

/** For templates that are no file: there is nothing to load from. */
export const NO_FILES: Loader = {
  load(): Steps<undefined> {
    throw new Problem("include, extends and import need a template file (template.render)");
  },
};

/** Loads from the folder of a file, and from nowhere else: not by `..`, not by an absolute path, not by a link. */
export class FolderLoader implements Loader {
  constructor(
    private readonly call: FileCall,
    /** The folder's real path. */
    private readonly folder: string,
    private readonly options: ParseOptions,
  ) {}

  *load(name: string, from: string): Steps<Template | undefined> {
    if (name === "" || /[\0\\]/.test(name)) throw new Problem(`bad template name '${name}'`);
    // `./x` and `../x` are relative to the template that says so, other names to the folder.
    const isRelative = /^\.{1,2}\//.test(name);
    const path = normalize(isRelative ? `${dirname(from)}/${name}` : name);
    if (path.startsWith("/") || path === ".." || path.startsWith("../")) throw this.outside(name);
    const bytes = yield* this.read(path);
    if (bytes === OUTSIDE) throw this.outside(name);
    return bytes === undefined ? undefined : templateOf(path, sourceText(this.call.what, bytes), this.options);
  }

  private outside(name: string): Problem {
    return new Problem(`template '${name}' lies outside of the folder`);
  }

  private *read(path: string): Steps<string | typeof OUTSIDE | undefined> {
    const full = `${this.folder}/${path}`;
    let found: string | typeof OUTSIDE | undefined;
    const accept = (real: string) => {
      if (!real.startsWith(this.folder === "/" ? "/" : `${this.folder}/`)) throw OUTSIDE;
    };
    const reading = this.call.run(path, async () => {
      try {
        found = await readFile(this.call, full, MAX_TEMPLATE, accept);
      } catch (error) {
        if (error === OUTSIDE) found = OUTSIDE;
        else if (!["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errorCode(error) ?? "")) throw error;
      }
      return NOTHING;
    });
    yield* settled(reading);
    return found;
  }
}

/** Marks a file that a link led out of the folder to. */
const OUTSIDE = Symbol("outside");
