/** Statements to closures: output, control, assignments, blocks and other templates. */
import type * as nodes from "nunjucks/src/nodes.js";
import { countCall } from "../../interpreter/call.ts";
import type { Steps } from "../../interpreter/library/steps.ts";
import { state } from "../../interpreter/state.ts";
import { lookAround } from "../../interpreter/task.ts";
import { freshFrame, runBlock, runTemplate } from "./blocks.ts";
import { type Code, ExpressionCompiler, evaluate, kindOf } from "./expression.ts";
import { Position } from "./position.ts";
import { Problem, work } from "./problem.ts";
import { type BlockCode, DISCARD, type Frame, type Template, use } from "./runtime.ts";
import type { Do, Jump, Loop as LoopNode, With } from "./syntax.ts";
import {
  elementsOf,
  entriesOf,
  isMapping,
  isSequence,
  List,
  Namespace,
  orUndefined,
  type TemplateValue,
  textOf,
  truth,
  typeOf,
} from "./values.ts";

/** Checks limits and stop requests, and lets other tasks have their turn when it is theirs. */
function* lookAroundOrPause(): Steps<void> {
  if (!lookAround()) return;
  // Nothing is called, but the record that continues here takes back a call.
  countCall();
  yield;
}

/** A statement's effect on the loop around it. */
type Completion = undefined | "break" | "continue";
type Statement =
  | { readonly run: (frame: Frame) => Completion; readonly steps?: undefined }
  | { readonly run?: undefined; readonly steps: (frame: Frame) => Steps<Completion> };

/** Assigns to a target, spreading the value over several names if need be. */
type Assign = (frame: Frame, value: TemplateValue) => void;

export class TemplateCompiler extends ExpressionCompiler {
  // --- statements ---------------------------------------------------------------------------------------------------

  /** Statements in a row, as a generator; a `break` or `continue` among them ends it. */
  override body(list: nodes.NodeList): (frame: Frame) => Steps<Completion> {
    const statement = this.sequence(list);
    return function* (frame) {
      return statement.run !== undefined ? statement.run(frame) : yield* statement.steps(frame);
    };
  }

  private sequence(list: nodes.NodeList): Statement {
    const statements = list.children.map((child) => this.level(child, () => this.statement(child)));
    if (statements.every((statement) => statement.run !== undefined)) {
      const runs = statements.map((statement) => statement.run!);
      return {
        run: (frame) => {
          for (const run of runs) {
            const completion = run(frame);
            if (completion !== undefined) return completion;
          }
          return undefined;
        },
      };
    }
    return {
      steps: function* (frame) {
        for (const statement of statements) {
          const completion: Completion =
            statement.run !== undefined ? statement.run(frame) : yield* statement.steps(frame);
          if (completion !== undefined) return completion;
        }
        return undefined;
      },
    };
  }

  private statement(node: nodes.Node): Statement {
    switch (kindOf(node)) {
      case "Output":
        return this.output(node as nodes.Output);
      case "If":
        return this.condition(node as nodes.If);
      case "Loop":
        return this.loop(node as LoopNode);
      case "Set":
        return this.assignment(node as nodes.Set);
      case "With":
        return this.withBlock(node as With);
      case "Do":
        return this.effect(this.expression((node as Do).expression), () => {});
      case "Jump": {
        const { kind } = node as Jump;
        return { run: () => kind };
      }
      case "Macro": {
        const name = (node as nodes.Macro).name.value;
        const make = this.macroMaker(name, node as nodes.Macro);
        return { run: (frame) => void frame.scope.set(name, make(frame)) };
      }
      case "Block":
        return this.block(node as nodes.Block);
      case "Extends":
        return this.extending(node as nodes.Extends);
      case "Include":
        return this.include(node as nodes.Include);
      case "Import":
        return this.importing(node as nodes.Import);
      case "FromImport":
        return this.importingNames(node as nodes.FromImport);
      default:
        throw this.problem(node, "unexpected statement");
    }
  }

  /** A statement that does something with the value of an expression. */
  private effect(code: Code, act: (frame: Frame, value: TemplateValue) => void): Statement {
    if (code.run !== undefined) return { run: (frame) => void act(frame, code.run(frame)) };
    return {
      steps: function* (frame) {
        act(frame, yield* code.steps(frame));
        return undefined;
      },
    };
  }

  private output(node: nodes.Output): Statement {
    const [child] = node.children;
    if (kindOf(child!) === "TemplateData") {
      const { value } = child as nodes.TemplateData;
      const text = String(value);
      return { run: (frame) => void frame.render.out.write(text) };
    }
    const line = node.lineno + 1;
    return this.effect(this.expression(child!), (frame, value) => {
      work(1);
      try {
        frame.render.out.write(textOf(use(frame, value)));
      } catch (error) {
        throw this.placed(error, line);
      }
    });
  }

  private condition(node: nodes.If): Statement {
    // A chain of elif is a loop here, however long.
    const branches: { condition: Code; body: Statement }[] = [];
    let otherwise: Statement = { run: () => undefined };
    for (let at: nodes.Node | null = node; at !== null; ) {
      if (kindOf(at) !== "If") {
        otherwise = this.sequence(at as nodes.NodeList);
        break;
      }
      const branch: nodes.If = at as nodes.If;
      branches.push({ condition: this.expression(branch.cond), body: this.sequence(branch.body) });
      at = branch.else_;
    }
    return {
      steps: function* (frame) {
        work(1);
        let chosen = otherwise;
        for (const { condition, body } of branches) {
          const value = condition.run !== undefined ? condition.run(frame) : yield* condition.steps(frame);
          if (truth(use(frame, value))) {
            chosen = body;
            break;
          }
        }
        return chosen.run !== undefined ? chosen.run(frame) : yield* chosen.steps(frame);
      },
    };
  }

  private target(node: nodes.Node): Assign {
    if (kindOf(node) === "Symbol") {
      const { value: name } = node as nodes.Symbol;
      return (frame, value) => frame.scope.set(name, value);
    }
    if (kindOf(node) === "LookupVal") {
      const { target, val } = node as nodes.LookupVal;
      const object = (target as nodes.Symbol).value;
      const attribute = (val as nodes.Literal).value as string;
      return (frame, value) => {
        const holder = frame.scope.get(object);
        if (!(holder instanceof Namespace) || holder.set === undefined) {
          throw new Problem(`only attributes of a namespace can be set, and '${object}' is none`);
        }
        holder.set(attribute, value);
      };
    }
    const targets = (node as nodes.NodeList).children.map((child) => this.target(child));
    return (frame, value) => {
      if (!isSequence(value)) throw new Problem(`${typeOf(value)} cannot be spread over ${targets.length} names`);
      const items = elementsOf(value);
      if (items.length !== targets.length)
        throw new Problem(`${items.length} values cannot be spread over ${targets.length} names`);
      targets.forEach((assign, i) => {
        assign(frame, items[i]!);
      });
    };
  }

  private assignment(node: nodes.Set): Statement {
    const assign = this.target(node.targets[0]!);
    const line = node.lineno + 1;
    return this.effect(this.expression(node.value!), (frame, value) => {
      try {
        assign(frame, value);
      } catch (error) {
        throw this.placed(error, line);
      }
    });
  }

  private withBlock(node: With): Statement {
    const values = node.values.map((value) => this.expression(value));
    const names = node.targets.map((target) => (target as nodes.Symbol).value);
    const body = this.body(node.body);
    return {
      steps: function* (frame) {
        const inner = frame.inner();
        for (const [i, value] of values.entries()) inner.scope.set(names[i]!, yield* evaluate(value, frame));
        return yield* body(inner);
      },
    };
  }

  // --- loops --------------------------------------------------------------------------------------------------------

  private loop(node: LoopNode): Statement {
    const line = node.lineno + 1;
    const iterable = this.expression(node.iterable);
    const assign = this.target(node.target);
    const spreads = kindOf(node.target) === "Tuple";
    const test = node.test === undefined ? undefined : this.expression(node.test);
    const body = this.sequence(node.body);
    const otherwise = node.otherwise === undefined ? undefined : this.body(node.otherwise);
    const place = (error: unknown) => this.placed(error, line);
    const { recursive } = node;

    const spread = (frame: Frame, value: TemplateValue) => {
      try {
        assign(frame, value);
      } catch (error) {
        throw place(error);
      }
    };

    function* run(frame: Frame, given: TemplateValue, depth: number): Steps<Completion> {
      let items: TemplateValue[];
      try {
        const value = use(frame, given);
        // `for key, value in dict` goes through the pairs.
        items = spreads && isMapping(value) ? entriesOf(value).map((pair) => new List(pair, true)) : elementsOf(value);
      } catch (error) {
        throw place(error);
      }
      if (test !== undefined) {
        const kept: TemplateValue[] = [];
        for (const item of items) {
          work(1);
          const inner = frame.inner();
          spread(inner, item);
          if (truth(use(inner, yield* evaluate(test, inner)))) kept.push(item);
        }
        items = kept;
      }
      if (items.length === 0 && otherwise !== undefined) return yield* otherwise(frame.inner());
      const again = recursive
        ? (children: TemplateValue) =>
            frame.render.nested("the loop", () => frame.render.captured(() => run(frame, children, depth + 1)))
        : undefined;
      const position = new Position(items, depth, again);
      const { loop } = position;
      for (; position.index < items.length; position.index++) {
        if (--state.ticks < 0) yield* lookAroundOrPause();
        const inner = frame.inner();
        inner.scope.set("loop", loop);
        spread(inner, items[position.index]!);
        const completion: Completion = body.run !== undefined ? body.run(inner) : yield* body.steps(inner);
        if (completion === "break") break;
      }
      return undefined;
    }
    return {
      steps: function* (frame) {
        return yield* run(frame, yield* evaluate(iterable, frame), 1);
      },
    };
  }

  // --- blocks and other templates -----------------------------------------------------------------------------------

  private block(node: nodes.Block): Statement {
    const { scoped, required } = node as nodes.Block & { scoped: boolean; required: boolean };
    const { value: name } = node.name;
    const { template } = this;
    if (template.blocks.some((block) => block.name === name))
      throw this.problem(node, `block '${name}' is defined twice`);
    const code: BlockCode = { name, body: this.body(node.body), template, scoped, required, line: node.lineno + 1 };
    template.blocks.push(code);
    const line = node.lineno + 1;
    const place = (error: unknown) => this.placed(error, line);
    return {
      steps: function* (frame) {
        // In a template that extends another, blocks are definitions only.
        if (frame.context.parent !== undefined) return undefined;
        const versions = frame.context.blocks.get(name) ?? [code];
        const scope = scoped || versions[0]!.scoped ? frame.scope : frame.context.top;
        try {
          yield* runBlock(frame.within(scope), versions, 0);
        } catch (error) {
          throw place(error);
        }
        return undefined;
      },
    };
  }

  private extending(node: nodes.Extends): Statement {
    const name = this.expression(node.template);
    const line = node.lineno + 1;
    const load = this.loading(line);
    const place = (error: unknown) => this.placed(error, line);
    return {
      steps: function* (frame) {
        if (frame.context.parent !== undefined) throw place(new Problem("a template extends one other only"));
        frame.context.parent = yield* load(frame, yield* evaluate(name, frame), false);
        frame.render.out = DISCARD;
        return undefined;
      },
    };
  }

  /** Loads the template that a value names, or the first there is of a list of names. */
  private loading(
    line: number,
  ): (frame: Frame, value: TemplateValue, optional: boolean) => Steps<Template | undefined> {
    const place = (error: unknown) => this.placed(error, line);
    return function* (frame, value, optional) {
      try {
        const names = typeof value === "string" ? [value] : elementsOf(use(frame, value));
        for (const name of names) {
          if (typeof name !== "string")
            throw new Problem(`the name of a template must be a string, not ${typeOf(name)}`);
          const template = yield* frame.render.loader.load(name, frame.template.name);
          if (template !== undefined) return template;
        }
        if (optional) return undefined;
        throw new Problem(
          `template ${names.map((name) => `'${textOf(name)}'`).join(", ") || "without a name"} not found`,
        );
      } catch (error) {
        throw place(error);
      }
    };
  }

  private include(node: nodes.Include): Statement {
    const name = this.expression(node.template);
    const { withContext } = node as nodes.Include & { withContext: boolean };
    const line = node.lineno + 1;
    const load = this.loading(line);
    const place = (error: unknown) => this.placed(error, line);
    const { ignoreMissing } = node;
    return {
      steps: function* (frame) {
        const template = yield* load(frame, yield* evaluate(name, frame), ignoreMissing === true);
        if (template === undefined) return undefined;
        try {
          yield* frame.render.nested(`include of '${template.name}'`, () =>
            runTemplate(freshFrame(frame, template, withContext)),
          );
        } catch (error) {
          throw place(error);
        }
        return undefined;
      },
    };
  }

  /** Runs a template for its names; what it writes is the module's text. */
  private module(node: nodes.Import | nodes.FromImport): (frame: Frame) => Steps<Namespace> {
    const name = this.expression(node.template);
    const line = node.lineno + 1;
    const load = this.loading(line);
    const place = (error: unknown) => this.placed(error, line);
    const withContext = node.withContext === true;
    return function* (frame) {
      const template = (yield* load(frame, yield* evaluate(name, frame), false))!;
      const inner = freshFrame(frame, template, withContext);
      try {
        const { render } = frame;
        const text = yield* render.nested(`import of '${template.name}'`, () =>
          render.captured(() => runTemplate(inner)),
        );
        return new Namespace("module", (key) => inner.scope.exported(key), undefined, text);
      } catch (error) {
        throw place(error);
      }
    };
  }

  private importing(node: nodes.Import): Statement {
    const module = this.module(node);
    const { value: name } = node.target;
    return {
      steps: function* (frame) {
        frame.scope.set(name, yield* module(frame));
        return undefined;
      },
    };
  }

  private importingNames(node: nodes.FromImport): Statement {
    const module = this.module(node);
    const names = node.names.children.map((child) => {
      const pair = kindOf(child) === "Pair" ? (child as nodes.Pair) : undefined;
      const source = ((pair?.key ?? child) as nodes.Symbol).value;
      return { source, name: pair === undefined ? source : (pair.value as nodes.Symbol).value };
    });
    return {
      steps: function* (frame) {
        const imported = yield* module(frame);
        for (const { source, name } of names) {
          frame.scope.set(name, orUndefined(imported.get(source), `'${source}' of the imported template`));
        }
        return undefined;
      },
    };
  }
}
