/** jq expressions, evaluated by jq itself in a worker thread that is started when the first one is needed. */
import { workerProgram } from "../../builtins/worker-program.ts";
import type { Halt } from "./halt.ts";
import type { Question, Reply, Request } from "./jq-worker.ts";

/** Questions in one run of jq, and the size of their documents together. */
const MAX_BATCH = 500;
const MAX_BATCH_CHARS = 8_000_000;

/** What an expression gave: its outputs, or jq's error message. */
export type JqResult =
  | { readonly outputs: readonly unknown[]; readonly error?: undefined }
  | { readonly error: string };

interface Pending extends Question {
  readonly settle: (result: JqResult) => void;
}

/** Expressions that read further inputs or end the run: they get a run of their own. */
const ALONE = /\b(?:inputs?|halt|halt_error|input_line_number)\b/;

export class Jq {
  private worker: Worker | undefined;
  private waiting: Pending[] = [];
  private running = new Map<number, Pending>();
  /** A batch is with the worker; some of its questions may be answered already. */
  private busy = false;
  private compiling = new Map<number, (errors: (string | undefined)[]) => void>();
  private nextId = 1;
  /** Questions of a run that was stopped: which of them was at fault is found by asking one at a time. */
  private suspects = new Set<number>();

  /** Starts the worker ahead of the first question. */
  warmUp(): void {
    this.worker ??= this.start();
  }

  /** Evaluates an expression on a document (JSON text). Never rejects; a halted question gives an error. */
  evaluate(expression: string, document: string, halt?: Halt): Promise<JqResult> {
    if (halt?.given === true) return Promise.resolve({ error: "stopped" });
    return new Promise((resolve) => {
      const id = this.nextId++;
      const settle = (result: JqResult) => {
        withdraw?.();
        resolve(result);
      };
      const withdraw = halt?.onGiven(() => this.abandon(id, settle));
      this.waiting.push({ id, expression, document, settle });
      this.send();
    });
  }

  /** For each expression what is wrong with it, or undefined. */
  compile(expressions: readonly string[]): Promise<(string | undefined)[]> {
    if (expressions.length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const id = this.nextId++;
      this.compiling.set(id, resolve);
      this.post({ kind: "compile", id, expressions });
    });
  }

  /** Ends the worker; what is under way fails. */
  close(): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { settle } of [...this.running.values(), ...this.waiting]) settle({ error: "stopped" });
    this.running.clear();
    this.waiting = [];
  }

  private start(): Worker {
    const worker = new Worker(workerProgram("cli/checks/jq-worker"));
    worker.onmessage = (event: MessageEvent<Reply>) => this.receive(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      for (const { settle } of this.running.values()) settle({ error: "jq failed" });
      for (const settle of this.compiling.values()) settle(["jq failed"]);
      this.running.clear();
      this.compiling.clear();
      this.restart();
    };
    return worker;
  }

  private post(request: Request): void {
    this.worker ??= this.start();
    this.worker.postMessage(request);
  }

  /** Sends what waits, unless a batch is under way. */
  private send(): void {
    if (this.busy || this.waiting.length === 0) return;
    this.busy = true;
    const batch = this.takeBatch();
    for (const pending of batch) this.running.set(pending.id, pending);
    this.post({
      kind: "evaluate",
      questions: batch.map(({ id, expression, document }) => ({ id, expression, document })),
    });
  }

  private takeBatch(): Pending[] {
    const alone = (one: Pending) => this.suspects.has(one.id) || ALONE.test(one.expression);
    let count = 1;
    if (!alone(this.waiting[0]!)) {
      let chars = this.waiting[0]!.document.length;
      for (; count < this.waiting.length && count < MAX_BATCH; count++) {
        const next = this.waiting[count]!;
        chars += next.document.length;
        if (alone(next) || chars > MAX_BATCH_CHARS) break;
      }
    }
    return this.waiting.splice(0, count);
  }

  private receive(reply: Reply): void {
    switch (reply.kind) {
      case "ready":
        return;
      case "compiled":
        this.compiling.get(reply.id)?.(reply.errors);
        this.compiling.delete(reply.id);
        return;
      case "answer": {
        const pending = this.running.get(reply.id);
        this.running.delete(reply.id);
        this.suspects.delete(reply.id);
        pending?.settle(reply.error === undefined ? { outputs: JSON.parse(reply.outputs!) } : { error: reply.error });
        return;
      }
      case "batch":
        for (const { settle } of this.running.values()) settle({ error: "jq gave no answer" });
        this.running.clear();
        this.busy = false;
        this.send();
    }
  }

  /** Nobody waits for this question any more. If jq is at it, jq is stopped and the others start again. */
  private abandon(id: number, settle: (result: JqResult) => void): void {
    this.waiting = this.waiting.filter((one) => one.id !== id);
    if (this.running.delete(id)) this.restart();
    settle({ error: "stopped" });
  }

  private restart(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.busy = false;
    const interrupted = [...this.running.values()];
    this.running.clear();
    for (const one of interrupted) this.suspects.add(one.id);
    this.waiting.unshift(...interrupted);
    this.send();
  }
}

/** Whether jq would call all outputs true: there is one, and none is false or null. */
export function isTrue(outputs: readonly unknown[]): boolean {
  return outputs.length > 0 && outputs.every((output) => output !== false && output !== null);
}

/**
 * Why a document does not satisfy an expression; undefined when it does. A comparison's message shows what was there
 * instead, and tells a value that is missing from one that differs.
 */
export async function unsatisfied(
  jq: Jq,
  expression: string,
  document: string,
  halt: Halt,
): Promise<string | undefined> {
  const result = await jq.evaluate(expression, document, halt);
  if (result.error !== undefined) return `${expression}: ${result.error}`;
  if (isTrue(result.outputs)) return undefined;
  const left = leftOfComparison(expression);
  if (left !== undefined) {
    const actual = await jq.evaluate(left, document, halt);
    if (actual.error === undefined && actual.outputs.length === 1) {
      const value = actual.outputs[0];
      if (value === null && (await isMissing(jq, left, document, halt)))
        return `expected ${expression}, but ${left} is missing`;
      return `expected ${expression}, got ${shortJson(value)}`;
    }
  }
  if (result.outputs.length === 0) return `expected ${expression} to be true, got nothing`;
  return `expected ${expression} to be true, got ${result.outputs.map(shortJson).join(", ")}`;
}

/** Whether a path expression leads to nothing (as against to a null). */
async function isMissing(jq: Jq, path: string, document: string, halt: Halt): Promise<boolean> {
  const there = `. as $d | [path(${path}\n)][0] as $p | if ($p | length) == 0 then true else $d | getpath($p[:-1]) | if type == "object" then has($p[-1]) elif type == "array" then ($p[-1] | type) != "number" or $p[-1] < length else false end end`;
  const result = await jq.evaluate(there, document, halt);
  return result.error === undefined && result.outputs[0] === false;
}

/** What is compared, in an expression that is one comparison; undefined for any other. */
function leftOfComparison(expression: string): string | undefined {
  let depth = 0;
  let at: number | undefined;
  for (let i = 0; i < expression.length; i++) {
    const c = expression[i]!;
    if (c === '"') {
      i = endOfString(expression, i);
      continue;
    }
    if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (depth > 0) continue;
    else if (
      /^(?:and|or|as|if|then|reduce|foreach|def|not)\b/.test(expression.slice(i)) &&
      !/[\w.]/.test(expression[i - 1] ?? " ")
    )
      return undefined;
    else if ("=<>!".includes(c)) {
      if (at !== undefined || !/^(?:==|!=|<=|>=|<(?!=)|>(?!=))/.test(expression.slice(i))) return undefined;
      at = i;
      if (expression[i + 1] === "=") i++;
    } else if ((c === "|" || c === ",") && at !== undefined) return undefined;
    else if (c === "," || c === "#") return undefined;
  }
  const left = at === undefined ? "" : expression.slice(0, at).trim();
  return left === "" ? undefined : left;
}

/** The index of the quote that ends the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** A value for a message: JSON, cut when long. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 197)}…` : text;
}
