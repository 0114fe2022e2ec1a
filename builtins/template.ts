/**
 * Templates in Jinja's language (jinja.palletsprojects.com, "Template Designer Documentation"). A template reaches the
 * values it was given and nothing else.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { failure } from "../interpreter/error.ts";
import { runSteps, type Steps } from "../interpreter/library/steps.ts";
import { charge } from "../interpreter/memory.ts";
import { boolean, fn, library, optional, options, returns, string, table } from "../interpreter/native.ts";
import type { LuaTable } from "../interpreter/table.ts";
import { fromText } from "../interpreter/text.ts";
import { NOTHING, type Results } from "../interpreter/value.ts";
import { FileCall } from "./fs/access.ts";
import { readFile } from "./fs/read.ts";
import { settled } from "./settled.ts";
import { runTemplate } from "./template/blocks.ts";
import { FolderLoader, MAX_TEMPLATE, NO_FILES, type ParseOptions, sourceText, templateOf } from "./template/loader.ts";
import { Problem } from "./template/problem.ts";
import { Context, Frame, type Loader, Render, Scope, type Template, VariableScope } from "./template/runtime.ts";

interface Settings extends ParseOptions {
  readonly strict: boolean;
}

/** A template and where it finds others. */
interface Source {
  readonly template: Template;
  readonly loader: Loader;
}

/** Renders, and makes Lua errors of what goes wrong. `place` words where a problem is. */
function* rendered(
  what: string,
  place: (problem: Problem) => string,
  load: () => Source | Steps<Source>,
  variables: LuaTable | undefined,
  settings: Settings,
): Steps<Results> {
  try {
    const loaded = load();
    const { template, loader } = "template" in loaded ? loaded : yield* loaded;
    const render = new Render(loader, settings.strict);
    const top = new Scope(new VariableScope(variables));
    yield* runTemplate(new Frame(render, template, new Context(top), top));
    const text = fromText(render.out.text);
    charge(text.length);
    return text;
  } catch (error) {
    if (error instanceof Problem) throw failure(fromText(`${what}: ${place(error)}${error.message}`));
    if (error instanceof RangeError) throw failure(`${what}: nested too deeply`);
    throw error;
  }
}

function renderString(source: string, variables: LuaTable | undefined, settings: Settings) {
  const what = "template.render_string";
  const text = sourceText(what, source);
  const place = ({ line }: Problem) => (line > 0 ? `line ${line}: ` : "");
  const load = () => ({ template: templateOf("template", text, settings), loader: NO_FILES });
  return runSteps(rendered(what, place, load, variables, settings), variables);
}

function renderFile(given: string, variables: LuaTable | undefined, settings: Settings) {
  const call = new FileCall("template.render");
  const path = call.path(given);
  call.checkRead(path);
  // The file's own name is shown as the script gave it.
  const name = basename(path);
  const place = ({ template = name, line }: Problem) =>
    `${template === name ? path : template}:${line > 0 ? `${line}:` : ""} `;
  const load = function* (): Steps<Source> {
    let source = "";
    let folder = "";
    const reading = call.run(path, async () => {
      source = await readFile(call, path, MAX_TEMPLATE);
      folder = await realpath(dirname(path));
      return NOTHING;
    });
    yield* settled(reading);
    const template = templateOf(name, sourceText(call.what, source), settings);
    return { template, loader: new FolderLoader(call, folder, settings) };
  };
  return runSteps(rendered(call.what, place, load, variables, settings), variables);
}

// --- the library ----------------------------------------------------------------------------------------------------

const VARIABLES = optional(
  table("vars", {
    type: "table<string, any>",
    summary: "what the template may use; functions can be called and may wait",
  }),
);
const OPTIONS = options("options", [
  optional(
    boolean("strict", { summary: "an undefined name raises instead of printing nothing; default false" }),
    false,
  ),
  optional(boolean("trim_blocks", { summary: "drop the newline behind a tag; default false" }), false),
  optional(
    boolean("lstrip_blocks", { summary: "drop blanks in front of a tag that begins its line; default false" }),
    false,
  ),
  optional(boolean("keep_trailing_newline", { summary: "keep the newline at the end; default false" }), false),
]);
const settingsOf = (given: {
  strict: boolean;
  trim_blocks: boolean;
  lstrip_blocks: boolean;
  keep_trailing_newline: boolean;
}) => ({
  strict: given.strict,
  trimBlocks: given.trim_blocks,
  lstripBlocks: given.lstrip_blocks,
  keepTrailingNewline: given.keep_trailing_newline,
});
const SOURCE = "Jinja, Template Designer Documentation, jinja.palletsprojects.com/en/stable/templates/";
const RAISES = [
  "an error with the template's name and line for what is wrong in it",
  "with `strict`: an error for an undefined name",
  "an error for text that is not UTF-8",
];

export const templateLibrary = library(
  "template",
  "Text from templates in Jinja's language. Nothing is escaped by itself; a template reaches only what it is given.",
  [
    fn("render", {
      summary:
        "Renders a template file. `include`, `extends` and `import` find templates in the file's folder and below, nowhere else.",
      params: [string("path"), VARIABLES, OPTIONS],
      returns: [returns("text", "string")],
      raises: [...RAISES, "an error when the file cannot be read"],
      source: SOURCE,
      example: `local dir = fs.tempdir()\nfs.write(dir .. "/page.txt", "Hello {{ name }}!\\n")\nassert(template.render(dir .. "/page.txt", { name = "World" }) == "Hello World!")`,
      run: (path, variables, given) => renderFile(path, variables, settingsOf(given)),
    }),
    fn("render_string", {
      summary: "Renders a template that is given as text; it cannot include others.",
      params: [string("text"), VARIABLES, OPTIONS],
      returns: [returns("text", "string")],
      raises: RAISES,
      source: SOURCE,
      example: `assert(template.render_string("{% for n in list %}{{ n }};{% endfor %}", { list = { 1, 2 } }) == "1;2;")`,
      run: (text, variables, given) => renderString(text, variables, settingsOf(given)),
    }),
  ],
);
