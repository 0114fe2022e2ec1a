/**
 * Syntax trees to closures. An expression that cannot wait is a plain function; what may call into Lua or load another
 * template is a generator. Nothing here reaches JavaScript's own properties: names are looked up in scopes, attributes
 * in tables and in the classes of values.ts.
 */
import type * as nodes from "nunjucks/src/nodes.js";
import { call } from "../../interpreter/call.ts";
import { awaited, type Steps, tick } from "../../interpreter/library/steps.ts";
import { charge } from "../../interpreter/memory.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { FILTERS } from "./filters.ts";
import { GLOBALS } from "./globals.ts";
import { methodOf } from "./methods.ts";
import { add, divide, floorDivide, modulo, multiply, negate, power, subtract } from "./operators.ts";
import type { Do, Jump, Loop as LoopNode, Slice, Star, With } from "./parse.ts";
import { Problem } from "./problem.ts";
import { type BlockCode, Context, DISCARD, Frame, MAX_CALLS, Scope, type Template, use } from "./runtime.ts";
import { TESTS } from "./tests.ts";
import {
  Arguments,
  Callable,
  compare,
  contains,
  Dict,
  elementsOf,
  entriesOf,
  equal,
  fromLua,
  isCallable,
  isMapping,
  isSequence,
  itemOf,
  keyOf,
  List,
  Namespace,
  sliceOf,
  type TemplateValue,
  textOf,
  toLua,
  truth,
  typeOf,
  Undefined,
} from "./values.ts";

/** Levels of nested nodes; long chains of operators count as well. */
const MAX_LEVELS = 500;

type Plain = (frame: Frame) => TemplateValue;
type Waiting = (frame: Frame) => Steps<TemplateValue>;
/** An expression: `run` when it cannot wait, `steps` when it may. */
type Code = { readonly run: Plain; readonly steps?: undefined } | { readonly run?: undefined; readonly steps: Waiting };

/** A statement's effect on the loop around it. */
type Completion = undefined | "break" | "continue";
type Statement =
  | { readonly run: (frame: Frame) => Completion; readonly steps?: undefined }
  | { readonly run?: undefined; readonly steps: (frame: Frame) => Steps<Completion> };

/** Assigns to a target, spreading the value over several names if need be. */
type Assign = (frame: Frame, value: TemplateValue) => void;

function* evaluate(code: Code, frame: Frame): Steps<TemplateValue> {
  return code.run !== undefined ? code.run(frame) : yield* code.steps(frame);
}

/** Makes a template of a syntax tree. */
export function compileTemplate(name: string, root: nodes.Root): Template {
  const template: Template = { name, body: function* () {}, blocks: [] };
  template.body = new Compiler(template).body(root);
  return template;
}

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

class Compiler {
  private levels = 0;
  /** Names that the macro being compiled refers to: `varargs`, `kwargs`, `caller`. */
  private used = new Set<string>();

  constructor(private readonly template: Template) {}

  /** Adds the template and line to a problem that does not know them. */
  private placed(problem: unknown, line: number): unknown {
    if (problem instanceof Problem && problem.line === 0) {
      problem.line = line;
      problem.template = this.template.name;
    }
    return problem;
  }

  private problem(node: nodes.Node, message: string): Problem {
    return this.placed(new Problem(message), node.lineno + 1) as Problem;
  }

  private level<T>(node: nodes.Node, compile: () => T): T {
    if (++this.levels > MAX_LEVELS) throw this.problem(node, "nested too deeply");
    const compiled = compile();
    this.levels--;
    return compiled;
  }

  /** An operation on operands that are all evaluated first, from left to right. */
  private operation(
    node: nodes.Node,
    operands: readonly Code[],
    operate: (values: TemplateValue[], frame: Frame) => TemplateValue,
  ): Code {
    const line = node.lineno + 1;
    const apply = (values: TemplateValue[], frame: Frame) => {
      try {
        const result = operate(values, frame);
        // What a template makes is not in the script's tables: it counts as it is made.
        if (typeof result === "string") charge(result.length);
        else if (result instanceof List) charge(64 + 16 * result.items.length);
        return result;
      } catch (error) {
        throw this.placed(error, line);
      }
    };
    if (operands.every((operand) => operand.run !== undefined)) {
      const runs = operands.map((operand) => operand.run as Plain);
      return {
        run: (frame) =>
          apply(
            runs.map((run) => run(frame)),
            frame,
          ),
      };
    }
    return {
      steps: function* (frame) {
        const values: TemplateValue[] = [];
        for (const operand of operands) values.push(yield* evaluate(operand, frame));
        return apply(values, frame);
      },
    };
  }

  // --- expressions --------------------------------------------------------------------------------------------------

  expression(node: nodes.Node): Code {
    return this.level(node, () => this.expressionOf(node));
  }

  private expressionOf(node: nodes.Node): Code {
    switch (kindOf(node)) {
      case "Literal": {
        const value = (node as nodes.Literal).value as TemplateValue;
        return { run: () => value };
      }
      case "Symbol":
        return this.symbol((node as nodes.Symbol).value);
      case "Group":
        return this.expression((node as nodes.Group).children[0]!);
      case "Array":
        return this.operation(node, this.children(node), (values) => new List(values));
      case "Tuple":
        return this.operation(node, this.children(node), (values) => new List(values, true));
      case "Dict":
        return this.dictionary(node as nodes.Dict);
      case "LookupVal":
        return this.lookup(node as nodes.LookupVal);
      case "InlineIf":
        return this.inlineIf(node as nodes.InlineIf);
      case "Or":
      case "And":
        return this.logical(node as nodes.BinOp, kindOf(node) === "Or");
      case "Not":
        return this.operation(
          node,
          [this.expression((node as nodes.UnaryOp).target)],
          ([value], frame) => !truth(use(frame, value!)),
        );
      case "Neg":
        return this.operation(node, [this.expression((node as nodes.UnaryOp).target)], ([value]) => negate(value!));
      case "Pos":
        return this.operation(node, [this.expression((node as nodes.UnaryOp).target)], ([value]) =>
          negate(negate(value!)),
        );
      case "Compare":
        return this.comparison(node as nodes.Compare);
      case "Is":
        return this.test(node as nodes.Is);
      case "Concat":
        return this.binary(node, (a, b, frame) => textOf(use(frame, a)) + textOf(use(frame, b)));
      case "Add":
        return this.binary(node, add);
      case "Sub":
        return this.binary(node, subtract);
      case "Mul":
        return this.binary(node, multiply);
      case "Div":
        return this.binary(node, divide);
      case "FloorDiv":
        return this.binary(node, floorDivide);
      case "Mod":
        return this.binary(node, modulo);
      case "Pow":
        return this.binary(node, power);
      case "FunCall":
        return this.call(node as nodes.FunCall);
      case "Filter":
        return this.filter(node as nodes.Filter);
      case "Capture":
        return this.capture(node as nodes.Capture);
      case "Caller":
        return this.caller(node as nodes.Caller);
      default:
        throw this.problem(node, "unexpected expression");
    }
  }

  private children(node: nodes.Node): Code[] {
    return (node as nodes.NodeList).children.map((child) => this.expression(child));
  }

  private symbol(name: string): Code {
    this.used.add(name);
    const what = `'${name}'`;
    return {
      run: (frame) => {
        const value = frame.scope.get(name);
        if (value !== undefined) return value;
        if (name === "self") return selfOf(frame);
        if (name === "super" && frame.block !== undefined) return superOf(frame);
        return GLOBALS.get(name) ?? new Undefined(what);
      },
    };
  }

  private binary(node: nodes.Node, operate: (a: TemplateValue, b: TemplateValue, frame: Frame) => TemplateValue): Code {
    const { left, right } = node as nodes.BinOp;
    return this.operation(node, [this.expression(left), this.expression(right)], ([a, b], frame) =>
      operate(a!, b!, frame),
    );
  }

  private dictionary(node: nodes.Dict): Code {
    const pairs = node.children as nodes.Pair[];
    const operands = pairs.flatMap(({ key, value }) => [this.expression(key), this.expression(value)]);
    return this.operation(node, operands, (values) => {
      const dict = new Dict();
      for (let i = 0; i < values.length; i += 2) dict.map.set(keyOf(values[i]!), values[i + 1]!);
      return dict;
    });
  }

  private lookup(node: nodes.LookupVal): Code {
    const target = this.expression(node.target);
    if (kindOf(node.val) === "Slice") {
      const { start, stop, step } = node.val as Slice;
      const none: Code = { run: () => null };
      const bounds = [start, stop, step].map((bound) => (bound === undefined ? none : this.expression(bound)));
      return this.operation(node, [target, ...bounds], ([value, from, to, by], frame) =>
        sliceOf(use(frame, value!), from!, to!, by!),
      );
    }
    const source = describe(node.target);
    return this.operation(node, [target, this.expression(node.val)], ([value, key], frame) => {
      const found = memberOf(use(frame, value!), use(frame, key!));
      return found ?? new Undefined(`${source === "" ? "" : `${source}.`}${textOf(key!)}`.replace(/^(.*)$/s, "'$1'"));
    });
  }

  private inlineIf(node: nodes.InlineIf): Code {
    const condition = this.expression(node.cond);
    const then = this.expression(node.body);
    const otherwise: Code =
      node.else_ === null
        ? { run: () => new Undefined("the value of an if without else") }
        : this.expression(node.else_);
    if (condition.run !== undefined && then.run !== undefined && otherwise.run !== undefined) {
      return { run: (frame) => (truth(use(frame, condition.run(frame))) ? then.run(frame) : otherwise.run(frame)) };
    }
    return {
      steps: function* (frame) {
        const chosen = truth(use(frame, yield* evaluate(condition, frame))) ? then : otherwise;
        return yield* evaluate(chosen, frame);
      },
    };
  }

  /** `or` stops at the first true operand, `and` at the first false one; the operand itself is the result. */
  private logical(node: nodes.BinOp, stopAt: boolean): Code {
    const left = this.expression(node.left);
    const right = this.expression(node.right);
    if (left.run !== undefined && right.run !== undefined) {
      return {
        run: (frame) => {
          const value = use(frame, left.run(frame));
          return truth(value) === stopAt ? value : right.run(frame);
        },
      };
    }
    return {
      steps: function* (frame) {
        const value = use(frame, yield* evaluate(left, frame));
        return truth(value) === stopAt ? value : yield* evaluate(right, frame);
      },
    };
  }

  private comparison(node: nodes.Compare): Code {
    const operands = [node.expr, ...node.ops.map((operand) => operand.expr)].map((operand) => this.expression(operand));
    const operators = node.ops.map((operand) => operand.type);
    return this.operation(node, operands, (values, frame) =>
      operators.every((operator, i) => holds(operator, use(frame, values[i]!), use(frame, values[i + 1]!))),
    );
  }

  private test(node: nodes.Is): Code {
    const { name, args } = node.right as nodes.FunCall;
    const word = (name as nodes.Symbol).value;
    const test = TESTS.get(word);
    if (test === undefined) throw this.problem(node, `there is no test '${word}'`);
    const { operands, collect } = this.arguments(args);
    return this.operation(node, [this.expression(node.left), ...operands], ([value, ...given], frame) => {
      if (!test.acceptsUndefined) use(frame, value!);
      return test.run(value!, collect(given), frame);
    });
  }

  /** The operands of a list of arguments, and how their values become Arguments. */
  private arguments(args: nodes.NodeList): { operands: Code[]; collect: (values: TemplateValue[]) => Arguments } {
    const operands: Code[] = [];
    const places: ({ kind: "one" | "list" | "dict" } | { kind: "named"; name: string })[] = [];
    for (const argument of args.children) {
      if (kindOf(argument) === "KeywordArgs") {
        for (const { key, value } of (argument as nodes.KeywordArgs).children as nodes.Pair[]) {
          if (kindOf(key) !== "Symbol") throw this.problem(key, "expected the name of an argument");
          operands.push(this.expression(value));
          places.push({ kind: "named", name: (key as nodes.Symbol).value });
        }
      } else if (kindOf(argument) === "Star") {
        const { operand, keywords } = argument as Star;
        operands.push(this.expression(operand));
        places.push({ kind: keywords ? "dict" : "list" });
      } else {
        operands.push(this.expression(argument));
        places.push({ kind: "one" });
      }
    }
    const collect = (values: TemplateValue[]): Arguments => {
      const positional: TemplateValue[] = [];
      const named = new Map<string, TemplateValue>();
      places.forEach((place, i) => {
        const value = values[i]!;
        if (place.kind === "one") positional.push(value);
        else if (place.kind === "named") named.set(place.name, value);
        else if (place.kind === "list") for (const item of elementsOf(value)) positional.push(item);
        else for (const [key, item] of entriesOf(value)) named.set(textOf(key), item);
      });
      return new Arguments(positional, named);
    };
    return { operands, collect };
  }

  private call(node: nodes.FunCall): Code {
    const line = node.lineno + 1;
    const { operands, collect } = this.arguments(node.args);
    const place = (error: unknown) => this.placed(error, line);
    const target =
      kindOf(node.name) === "LookupVal" && kindOf((node.name as nodes.LookupVal).val) !== "Slice"
        ? (node.name as nodes.LookupVal)
        : undefined;
    const callee = this.expression(target === undefined ? node.name : target.target);
    const key = target === undefined ? undefined : this.expression(target.val);
    const described = describe(node.name);
    return {
      steps: function* (frame) {
        const object = yield* evaluate(callee, frame);
        let fn: TemplateValue = object;
        if (key !== undefined) {
          const name = yield* evaluate(key, frame);
          const member = itemOf(use(frame, object), name);
          // A field that is no function does not hide a method: `d.items()` works where `d` has a field `items`.
          const method = typeof name === "string" ? methodOf(object, name) : undefined;
          fn =
            member !== undefined && (isCallable(member) || method === undefined)
              ? member
              : (method ?? new Undefined(described));
        }
        const values: TemplateValue[] = [];
        for (const operand of operands) values.push(yield* evaluate(operand, frame));
        tick();
        try {
          return yield* callValue(frame, fn, collect(values), described);
        } catch (error) {
          throw place(error);
        }
      },
    };
  }

  private filter(node: nodes.Filter): Code {
    const name = (node.name as nodes.Symbol).value;
    const filter = FILTERS.get(name);
    if (filter === undefined) throw this.problem(node, `there is no filter '${name}'`);
    const [target, ...rest] = node.args.children;
    const args = Object.assign(Object.create(node.args) as nodes.NodeList, { children: rest });
    const { operands, collect } = this.arguments(args);
    return this.operation(node, [this.expression(target!), ...operands], ([value, ...given], frame) => {
      tick();
      if (!filter.acceptsUndefined) use(frame, value!);
      return filter.run(value!, collect(given), frame);
    });
  }

  private capture(node: nodes.Capture): Code {
    const body = this.body(node.body);
    return { steps: (frame) => frame.render.captured(() => body(frame.inner())) };
  }

  // --- macros -------------------------------------------------------------------------------------------------------

  private caller(node: nodes.Caller): Code {
    const make = this.macroMaker("caller", node);
    return { run: (frame) => make(frame) };
  }

  /** How a macro is made where it is defined: its body sees the scopes around the definition. */
  private macroMaker(name: string, node: nodes.Macro): (frame: Frame) => Callable {
    const outer = this.used;
    this.used = new Set();
    const parameters: { name: string; fallback: Code | undefined }[] = [];
    for (const child of node.args.children) {
      if (kindOf(child) === "KeywordArgs") {
        for (const { key, value } of (child as nodes.KeywordArgs).children as nodes.Pair[]) {
          parameters.push({ name: (key as nodes.Symbol).value, fallback: this.expression(value) });
        }
      } else parameters.push({ name: (child as nodes.Symbol).value, fallback: undefined });
    }
    const body = this.body(node.body);
    const { used } = this;
    this.used = outer;
    for (const known of used) outer.add(known);
    const takes = (what: string) => used.has(what) && !parameters.some((parameter) => parameter.name === what);
    const [takesMore, takesKeywords, takesCaller] = [takes("varargs"), takes("kwargs"), takes("caller")];

    function* run(defined: Frame, args: Arguments): Steps<TemplateValue> {
      const scope = new Scope(defined.scope);
      const frame = defined.within(scope);
      const named = new Map(args.named);
      if (args.positional.length > parameters.length && !takesMore) {
        throw new Problem(`macro '${name}' takes at most ${parameters.length} arguments`);
      }
      for (const [i, { name: parameter, fallback }] of parameters.entries()) {
        let value = args.positional[i] ?? named.get(parameter);
        if (args.positional[i] !== undefined && named.has(parameter))
          throw new Problem(`macro '${name}' got argument '${parameter}' twice`);
        named.delete(parameter);
        value ??= fallback === undefined ? new Undefined(`'${parameter}'`) : yield* evaluate(fallback, frame);
        scope.set(parameter, value);
      }
      if (takesMore) scope.set("varargs", new List(args.positional.slice(parameters.length), true));
      if (takesCaller) scope.set("caller", named.get("caller") ?? new Undefined("'caller'"));
      if (takesCaller) named.delete("caller");
      if (takesKeywords) {
        const dict = new Dict();
        for (const [key, value] of named) dict.map.set(key, value);
        scope.set("kwargs", dict);
      } else for (const key of named.keys()) throw new Problem(`macro '${name}' takes no argument '${key}'`);
      return yield* defined.render.captured(() => body(frame));
    }
    return (defined) =>
      new Callable(name, (args, { render }) => render.nested(`macro '${name}'`, () => run(defined, args)));
  }

  // --- statements ---------------------------------------------------------------------------------------------------

  /** Statements in a row, as a generator; a `break` or `continue` among them ends it. */
  body(list: nodes.NodeList): (frame: Frame) => Steps<Completion> {
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
      tick();
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
        tick();
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
          tick();
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
        tick();
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
          frame.scope.set(name, imported.get(source) ?? new Undefined(`'${source}' of the imported template`));
        }
        return undefined;
      },
    };
  }
}

// --- what compiled code calls ---------------------------------------------------------------------------------------

function kindOf(node: nodes.Node): string {
  return node.typename;
}

/** How a node reads, for messages: `user.name`; empty for what is no name. */
function describe(node: nodes.Node): string {
  if (kindOf(node) === "Symbol") return (node as nodes.Symbol).value;
  if (kindOf(node) !== "LookupVal") return "";
  const { target, val } = node as nodes.LookupVal;
  const left = describe(target);
  return left !== "" && kindOf(val) === "Literal" ? `${left}.${String((val as nodes.Literal).value)}` : "";
}

/** `value.key` and `value[key]`: what the value holds, else a method, else the length. */
function memberOf(value: TemplateValue, key: TemplateValue): TemplateValue | undefined {
  const item = itemOf(value, key);
  if (item !== undefined || typeof key !== "string") return item;
  if (
    key === "length" &&
    (typeof value === "string" || value instanceof List || (value instanceof LuaTable && isSequence(value)))
  ) {
    return elementsOf(value).length;
  }
  return methodOf(value, key);
}

function holds(operator: string, a: TemplateValue, b: TemplateValue): boolean {
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "in":
      return contains(b, a);
    case "not in":
      return !contains(b, a);
  }
  const order = compare(a, b);
  if (order === undefined) return false;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

function* callValue(frame: Frame, fn: TemplateValue, args: Arguments, described: string): Steps<TemplateValue> {
  if (fn instanceof Callable) {
    const result = fn.call(args, frame);
    return isSteps(result) ? yield* result : result;
  }
  if (!isCallable(fn)) {
    const name = described === "" ? typeOf(fn) : `'${described}'`;
    throw new Problem(
      fn instanceof Undefined
        ? `${name} is undefined and cannot be called`
        : `${name} cannot be called: it is ${typeOf(fn)}`,
    );
  }
  // A function that the script gave: named arguments go into a last table.
  const given = args.positional.map((value) => toLua(value));
  if (args.named.size > 0) {
    const dict = new Dict();
    for (const [name, value] of args.named) dict.map.set(name, value);
    given.push(toLua(dict));
  }
  const results = call(fn, given);
  return fromLua(
    yield* awaited(results),
    described === "" ? "the result of a function" : `the result of '${described}'`,
  );
}

function isSteps(value: TemplateValue | Steps<TemplateValue>): value is Steps<TemplateValue> {
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof LuaTable) &&
    "next" in value &&
    typeof value.next === "function"
  );
}

function* runBlock(frame: Frame, versions: readonly BlockCode[], index: number): Steps<void> {
  const code = versions[index]!;
  if (code.required) throw new Problem(`block '${code.name}' must be defined by a template that extends this one`);
  const inner = new Frame(frame.render, code.template, frame.context, new Scope(frame.scope), { versions, index });
  yield* frame.render.nested(`block '${code.name}'`, () => code.body(inner) as Steps<unknown>);
}

/** `super()`: the block as the template further up has it. */
function superOf(frame: Frame): TemplateValue {
  const { versions, index } = frame.block!;
  return new Callable("super", (_args, { render }) => {
    if (index + 1 >= versions.length) throw new Problem(`block '${versions[index]!.name}' has no parent`);
    return render.captured(() => runBlock(frame, versions, index + 1));
  });
}

/** `self.name()`: a block of this template, once more. */
function selfOf(frame: Frame): TemplateValue {
  return new Namespace("self", (name) => {
    const versions = frame.context.blocks.get(name);
    if (versions === undefined) return undefined;
    return new Callable(name, (_args, { render }) =>
      render.captured(() => runBlock(frame.within(frame.context.top), versions, 0)),
    );
  });
}

/** The frame for a template that is included or imported. It sees the names around it, but is in no loop. */
function freshFrame(frame: Frame, template: Template, withContext: boolean): Frame {
  const around = withContext ? new Scope(frame.scope) : undefined;
  around?.set("loop", new Undefined("'loop'"));
  const scope = new Scope(around);
  return new Frame(frame.render, template, new Context(scope), scope);
}

/** Where a loop is: what its variable `loop` reads. */
class Position {
  index = 0;
  readonly loop: TemplateValue;
  private last: TemplateValue[] | undefined = undefined;

  constructor(
    private readonly items: readonly TemplateValue[],
    private readonly depth: number,
    again: ((children: TemplateValue) => Steps<TemplateValue>) | undefined,
  ) {
    const cycle = new Callable("cycle", ({ positional }) => {
      if (positional.length === 0) throw new Problem("loop.cycle needs arguments");
      return positional[this.index % positional.length]!;
    });
    const changed = new Callable("changed", ({ positional }) => {
      const before = this.last;
      this.last = positional;
      return (
        before === undefined ||
        before.length !== positional.length ||
        !before.every((value, i) => equal(value, positional[i]!))
      );
    });
    const attributes = (name: string): TemplateValue | undefined => {
      const { index, items } = this;
      switch (name) {
        case "index":
          return index + 1;
        case "index0":
          return index;
        case "revindex":
          return items.length - index;
        case "revindex0":
          return items.length - index - 1;
        case "first":
          return index === 0;
        case "last":
          return index === items.length - 1;
        case "length":
          return items.length;
        case "depth":
          return this.depth;
        case "depth0":
          return this.depth - 1;
        case "previtem":
          return items[index - 1];
        case "nextitem":
          return items[index + 1];
        case "cycle":
          return cycle;
        case "changed":
          return changed;
      }
      return undefined;
    };
    const repeat = ({ positional }: Arguments) => {
      if (again === undefined) throw new Problem("the loop is not recursive (write 'recursive' behind it)");
      return again(positional[0] ?? new Undefined("the argument of loop"));
    };
    this.loop = new Callable("loop", repeat, attributes);
  }
}
