/** One attempt at a check: its steps in order, within its time. */

import { durationText } from "../quantity.ts";
import { dataTree } from "./document.ts";
import { Halt } from "./halt.ts";
import { isTrue, type Jq, shortJson } from "./jq.ts";
import { Mistakes } from "./mistakes.ts";
import { checkFileSchema, elsewhere } from "./schema.ts";
import type { Secrets } from "./secrets.ts";
import { CaptureFailure, fill, hasTemplates } from "./substitute.ts";
import type { Check, Step } from "./suite.ts";
import { limitTime } from "./time-limit.ts";
import type { Body, Outcome, ResultText, Run, RunContext } from "./types/type.ts";
import { Validator } from "./validate.ts";

export type Captures = Readonly<Record<string, unknown>>;

export interface AttemptResult extends Outcome {
  /** What the steps captured; of a failed attempt, what had been captured before. */
  readonly captures: Captures;
}

/** What an attempt needs besides the check. */
export interface AttemptContext {
  readonly run: Run;
  readonly secrets: Secrets;
  /** Given by whatever ends the whole run; the reason is the text for the result. */
  readonly halt: Halt;
  /** Show the details of internal errors. */
  readonly debug: boolean;
  print(text: string): void;
}

/** Runs the steps of a check one after the other. `timeoutMs` is for all of them together. */
export async function attempt(
  check: Check,
  timeoutMs: number,
  captures: Captures,
  context: AttemptContext,
): Promise<AttemptResult> {
  return runSteps(check, check.steps, timeoutMs, captures, context, (step) => step.label !== undefined);
}

/** Runs steps until one fails. Labels say which one it was, where there are several. */
export async function runSteps(
  check: Check,
  steps: readonly Step[],
  timeoutMs: number,
  captures: Captures,
  context: AttemptContext,
  labelled: (step: Step) => boolean,
): Promise<AttemptResult> {
  const ends = performance.now() + timeoutMs;
  const known: Record<string, unknown> = { ...captures };
  const warnings: string[] = [];
  let last: Outcome = {};
  for (const step of steps) {
    const left = Math.max(0, ends - performance.now());
    const limit = Math.min(step.timeoutMs ?? Infinity, left);
    const said = step.timeoutMs !== undefined && step.timeoutMs <= left ? step.timeoutMs : timeoutMs;
    last = await runStep(check, step, limit, said, known, context);
    warnings.push(...(last.warnings ?? []));
    let { error } = last;
    if (error === undefined) error = await capture(step.capture, last.result, known, context);
    if (error !== undefined) {
      const where = labelled(step) ? `${step.label}: ` : "";
      return { ...last, error: where + error, warnings, captures: known };
    }
  }
  return { ...last, warnings, captures: known };
}

/** One step, stopped when its time is up or the run ends. `saidMs` is the limit that the message names. */
async function runStep(
  check: Check,
  step: Step,
  limitMs: number,
  saidMs: number,
  captures: Captures,
  context: AttemptContext,
): Promise<Outcome> {
  let body: Body;
  try {
    body = fillBody(step, captures);
  } catch (error) {
    if (error instanceof CaptureFailure) return { error: error.message };
    throw error;
  }
  context.secrets.addBody(body);
  const halt = new Halt();
  const stopped = Promise.withResolvers<Outcome>();
  const stop = (error: string) => {
    // Settled first: whatever the step makes of being stopped comes too late to be its outcome.
    stopped.resolve({ error });
    halt.give(error);
  };
  const endLimit = limitTime(limitMs, () => stop(`timed out after ${durationText(saidMs)}`));
  const withdraw = context.halt.onGiven(() => stop(context.halt.reason));
  const stepContext: RunContext = {
    run: context.run,
    name: step.name ?? check.name,
    folder: check.folder,
    limitMs,
    halt,
    print: context.print,
  };
  try {
    return await Promise.race([stopped.promise, step.type.run(body, stepContext)]);
  } catch (error) {
    // Our own mistake: this check fails by it, the others go on.
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (context.debug) for (const line of stack.split("\n")) context.print(line);
    return { error: "internal error (please report it); --debug shows the details", final: true };
  } finally {
    endLimit();
    withdraw();
  }
}

/** A step's keys with the captures in them. Throws a CaptureFailure when one is missing, or is of a wrong type. */
function fillBody(step: Step, captures: Captures): Body {
  if (!hasTemplates(step.body)) return step.body;
  const body = fill(step.body, captures) as Body;
  const mistakes = new Mistakes();
  stepValidator().validate(dataTree(body), { $ref: `#/$defs/${step.type.name}_step` }, "", mistakes);
  const [mistake] = mistakes.all;
  if (mistake !== undefined) throw new CaptureFailure(`${mistake.path}: ${mistake.message}`);
  return body;
}

let validator: Validator | undefined;

function stepValidator(): Validator {
  validator ??= new Validator(checkFileSchema(), elsewhere);
  return validator;
}

function textOf(result: ResultText | undefined): string {
  return typeof result === "function" ? result() : (result ?? "null");
}

/** Evaluates captures over a result and adds them to `into`. Returns what went wrong. */
export async function capture(
  expressions: Readonly<Record<string, string>>,
  result: ResultText | undefined,
  into: Record<string, unknown>,
  { run, halt }: AttemptContext,
): Promise<string | undefined> {
  for (const [name, expression] of Object.entries(expressions)) {
    const found = await run.jq.evaluate(expression, textOf(result), halt);
    if (found.error !== undefined) return `capture ${name}: ${expression}: ${found.error}`;
    const [value] = found.outputs;
    if (value === undefined || value === null)
      return `capture ${name}: ${expression} gives ${value === null ? "null" : "nothing"}`;
    into[name] = value;
  }
  return undefined;
}

/** Why the `until` condition does not hold for a result; undefined when it does. */
export async function untilError(
  jq: Jq,
  condition: string,
  result: ResultText | undefined,
  halt: Halt,
): Promise<string | undefined> {
  const found = await jq.evaluate(condition, textOf(result), halt);
  if (found.error !== undefined) return `until ${condition}: ${found.error}`;
  if (isTrue(found.outputs)) return undefined;
  return `until ${condition}: got ${found.outputs.length === 0 ? "nothing" : found.outputs.map(shortJson).join(", ")}`;
}
