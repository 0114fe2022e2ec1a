/** Running templates: those they extend, their blocks, and those they include. */
import type { Steps } from "../../interpreter/library/steps.ts";
import { Problem } from "./problem.ts";
import { type BlockCode, Context, Frame, MAX_CALLS, Scope, type Template } from "./runtime.ts";
import { Callable, Namespace, type TemplateValue, Undefined } from "./values.ts";

/** Runs a template from its beginning, then those it extends, in the given context. */
export function* runTemplate(frame: Frame): Steps<void> {
  const { context, render } = frame;
  const { out } = render;
  let template = frame.template;
  context.addBlocks(template);
  for (let parents = 0; ; parents++) {
    if (parents > MAX_CALLS) throw new Problem("templates extend one another in a circle");
    context.parent = undefined;
    try {
      yield* template.body(new Frame(render, template, context, frame.scope));
    } finally {
      render.out = out;
    }
    if (context.parent === undefined) return;
    template = context.parent;
    context.addBlocks(template);
  }
}

/** Runs one version of a block in a scope of its own. */
export function* runBlock(frame: Frame, versions: readonly BlockCode[], index: number): Steps<void> {
  const code = versions[index]!;
  if (code.required) throw new Problem(`block '${code.name}' must be defined by a template that extends this one`);
  const inner = new Frame(frame.render, code.template, frame.context, new Scope(frame.scope), { versions, index });
  yield* frame.render.nested(`block '${code.name}'`, () => code.body(inner) as Steps<unknown>);
}

/** `super()`: the block as the template further up has it. */
export function superOf(frame: Frame): TemplateValue {
  const { versions, index } = frame.block!;
  return new Callable("super", (_args, { render }) => {
    if (index + 1 >= versions.length) throw new Problem(`block '${versions[index]!.name}' has no parent`);
    return render.captured(() => runBlock(frame, versions, index + 1));
  });
}

/** `self.name()`: a block of this template, once more. */
export function selfOf(frame: Frame): TemplateValue {
  return new Namespace("self", (name) => {
    const versions = frame.context.blocks.get(name);
    if (versions === undefined) return undefined;
    return new Callable(name, (_args, { render }) =>
      render.captured(() => runBlock(frame.within(frame.context.top), versions, 0)),
    );
  });
}

/** The frame for a template that is included or imported. It sees the names around it, but is in no loop. */
export function freshFrame(frame: Frame, template: Template, withContext: boolean): Frame {
  const around = withContext ? new Scope(frame.scope) : undefined;
  around?.set("loop", new Undefined("'loop'"));
  const scope = new Scope(around);
  return new Frame(frame.render, template, new Context(scope), scope);
}
