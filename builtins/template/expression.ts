/**
 * Expressions to closures. One that cannot wait is a plain function; one that may call into Lua is a generator.
 * Nothing here reaches JavaScript's own properties: names are looked up in scopes, attributes in tables and in the
 * classes of values.ts.
 */
import type * as nodes from "nunjucks/src/nodes.js";
import type { Steps } from "../../interpreter/library/steps.ts";
import { charge } from "../../interpreter/memory.ts";
import { selfOf, superOf } from "./blocks.ts";
import { FILTERS } from "./filters.ts";
import { GLOBALS } from "./globals.ts";
import { callValue, holds, memberOf } from "./invoke.ts";
import { methodOf } from "./methods.ts";
import { add, concatenate, divide, floorDivide, modulo, multiply, negate, power, subtract } from "./operators.ts";
import { Problem, work, workOnText } from "./problem.ts";
import { type Frame, Scope, type Template, use } from "./runtime.ts";
import type { Slice, Star } from "./syntax.ts";
import { TESTS } from "./tests.ts";
import {
  Arguments,
  Callable,
  Dict,
  elementsOf,
  entriesOf,
  isCallable,
  itemOf,
  keyOf,
  List,
  orElse,
  orUndefined,
  sliceOf,
  type TemplateValue,
  textOf,
  truth,
  Undefined,
} from "./values.ts";

/** Levels of nested nodes; long chains of operators count as well. */
const MAX_LEVELS = 500;

type Plain = (frame: Frame) => TemplateValue;
type Waiting = (frame: Frame) => Steps<TemplateValue>;
/** An expression: `run` when it cannot wait, `steps` when it may. */
export type Code =
  | { readonly run: Plain; readonly steps?: undefined }
  | { readonly run?: undefined; readonly steps: Waiting };

export function* evaluate(code: Code, frame: Frame): Steps<TemplateValue> {
  return code.run !== undefined ? code.run(frame) : yield* code.steps(frame);
}

export function kindOf(node: nodes.Node): string {
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

export abstract class ExpressionCompiler {
  private levels = 0;
  /** Names that the macro being compiled refers to: `varargs`, `kwargs`, `caller`. */
  private used = new Set<string>();

  constructor(protected readonly template: Template) {}

  /** Adds the template and line to a problem that does not know them. */
  protected placed(problem: unknown, line: number): unknown {
    if (problem instanceof Problem && problem.line === 0) {
      problem.line = line;
      problem.template = this.template.name;
    }
    return problem;
  }

  protected problem(node: nodes.Node, message: string): Problem {
    return this.placed(new Problem(message), node.lineno + 1) as Problem;
  }

  protected level<T>(node: nodes.Node, compile: () => T): T {
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
        if (typeof result === "string") {
          charge(result.length);
          workOnText(result.length);
        } else if (result instanceof List) {
          charge(64 + 16 * result.items.length);
          work(result.items.length);
        }
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
        return this.binary(node, (a, b, frame) => concatenate(use(frame, a), use(frame, b)));
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
        return orUndefined(GLOBALS.get(name), what);
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
      return found === undefined ? new Undefined(`'${source === "" ? "" : `${source}.`}${textOf(key!)}'`) : found;
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
        work(1);
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
      work(1);
      if (typeof value === "string") workOnText(value.length);
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
  protected macroMaker(name: string, node: nodes.Macro): (frame: Frame) => Callable {
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
        let value = orElse(args.positional[i], named.get(parameter));
        if (args.positional[i] !== undefined && named.has(parameter))
          throw new Problem(`macro '${name}' got argument '${parameter}' twice`);
        named.delete(parameter);
        if (value === undefined) {
          value = fallback === undefined ? new Undefined(`'${parameter}'`) : yield* evaluate(fallback, frame);
        }
        scope.set(parameter, value);
      }
      if (takesMore) scope.set("varargs", new List(args.positional.slice(parameters.length), true));
      if (takesCaller) scope.set("caller", orUndefined(named.get("caller"), "'caller'"));
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

  /** The code of statements in a row: what statement.ts adds. */
  abstract body(list: nodes.NodeList): (frame: Frame) => Steps<unknown>;
}
