/** Syntax trees to templates that can be run. */
import type * as nodes from "nunjucks/src/nodes.js";
import type { Template } from "./runtime.ts";
import { TemplateCompiler } from "./statement.ts";

/** Makes a template of a syntax tree. */
export function compileTemplate(name: string, root: nodes.Root): Template {
  const template: Template = { name, body: function* () {}, blocks: [] };
  template.body = new TemplateCompiler(template).body(root);
  return template;
}
