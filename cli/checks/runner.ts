/** Running a suite: what starts when, attempts and waits, clean-up, and the end of it all. */
import { durationText } from "../quantity.ts";
import {
  type AttemptContext,
  type AttemptResult,
  attempt,
  type Captures,
  capture,
  runSteps,
  untilError,
} from "./attempt.ts";
import { Halt } from "./halt.ts";
import { isTrue, shortJson } from "./jq.ts";
import {
  type AttemptRecord,
  type CheckResult,
  type CleanupResult,
  CONDITION_REASON,
  makeReport,
  maskData,
  type Report,
} from "./result.ts";
import { needed } from "./rules.ts";
import type { Secrets } from "./secrets.ts";
import { backoffMs, type Check, type Suite } from "./suite.ts";
import { limitTime } from "./time-limit.ts";
import type { Run } from "./types/type.ts";

/** What others may want to know while a suite runs. Results are masked already. */
export interface RunEvents {
  started?(check: Check): void;
  /** An attempt failed, and another one follows after a wait. */
  retrying?(check: Check, attempts: number, error: string): void;
  finished?(check: Check, result: CheckResult): void;
  /** Something a check printed, one line. */
  printed?(check: Check, line: string): void;
}

export interface RunSettings {
  readonly run: Run;
  readonly secrets: Secrets;
  readonly events: RunEvents;
  readonly failFast: boolean;
  /** Show the details of internal errors. */
  readonly debug: boolean;
  /** Given to end the run early; the reason is a text such as `stopped by SIGTERM`. */
  readonly stop: Halt;
  readonly shard?: string;
  /** Checks that run because others need them, without a result of their own. */
  readonly silent?: ReadonlySet<Check>;
}

/** Runs checks (a selection of the suite's, in its order) and returns their results in that order. */
export async function runSuite(suite: Suite, checks: readonly Check[], settings: RunSettings): Promise<Report> {
  return new SuiteRun(suite, checks, settings).result();
}

class SuiteRun {
  private readonly began = performance.now();
  private readonly startedAt = new Date().toISOString();
  private readonly results = new Map<Check, CheckResult>();
  private readonly captured = new Map<Check, Captures>();
  private readonly byName: ReadonlyMap<string, Check>;
  /** Checks whose needs are settled, by their place in the file. */
  private readonly ready: number[] = [];
  private readonly open: number[];
  private readonly dependents = new Map<string, number[]>();
  private running = 0;
  private readonly ending = new Halt();
  /** Why no further check starts. */
  private closed: string | undefined;
  private readonly done = Promise.withResolvers<void>();

  constructor(
    private readonly suite: Suite,
    private readonly checks: readonly Check[],
    private readonly settings: RunSettings,
  ) {
    this.byName = new Map(checks.map((check) => [check.name, check]));
    this.open = checks.map((check) => check.needs.length);
    checks.forEach((check, i) => {
      for (const need of check.needs) this.dependents.set(need, [...(this.dependents.get(need) ?? []), i]);
      if (check.needs.length === 0) this.ready.push(i);
    });
  }

  async result(): Promise<Report> {
    const { timeoutMs } = this.suite;
    const endLimit = limitTime(timeoutMs, () => this.end(`global timeout of ${durationText(timeoutMs)} exceeded`));
    const { stop } = this.settings;
    const withdraw = stop.onGiven(() => this.end(stop.reason));
    this.pump();
    await this.done.promise;
    endLimit();
    withdraw();
    const { silent } = this.settings;
    const shown = this.checks.filter((check) => silent?.has(check) !== true);
    return makeReport(
      shown.map((check) => this.results.get(check)!),
      {
        duration_ms: Math.round(performance.now() - this.began),
        started_at: this.startedAt,
        ...(this.ending.given ? { stopped: this.ending.reason } : {}),
        ...(this.settings.shard === undefined ? {} : { shard: this.settings.shard }),
      },
    );
  }

  /** Ends the run: what runs is stopped, what has not begun is skipped. */
  private end(reason: string): void {
    if (this.ending.given) return;
    this.closed = `not started: ${reason}`;
    this.ending.give(reason);
    this.pump();
  }

  /** Starts what may start. */
  private pump(): void {
    while (this.ready.length > 0) {
      if (this.closed === undefined && this.running >= this.suite.parallel) return;
      const index = this.ready.shift()!;
      const check = this.checks[index]!;
      const failedNeed = check.needs.find((name) => this.results.get(this.byName.get(name)!)?.status !== "passed");
      if (failedNeed !== undefined) {
        const { status } = this.results.get(this.byName.get(failedNeed)!)!;
        this.finish(
          check,
          this.skipped(`needs ${failedNeed}, which ${status === "failed" ? "failed" : "was skipped"}`),
        );
      } else if (this.closed !== undefined) this.finish(check, this.skipped(this.closed));
      else {
        this.running++;
        void this.run(check).then((result) => {
          this.running--;
          this.finish(check, result);
          this.pump();
        }, this.done.reject);
      }
    }
    if (this.running === 0 && this.results.size === this.checks.length) this.done.resolve();
  }

  private finish(check: Check, given: Omit<CheckResult, "name">): void {
    const result: CheckResult = maskData(
      { name: check.name, ...given, ...(given.status === "failed" || given.warnings ? placeOf(check) : {}) },
      this.settings.secrets.mask,
    );
    this.results.set(check, result);
    if (this.settings.silent?.has(check) !== true) this.settings.events.finished?.(check, result);
    for (const index of this.dependents.get(check.name) ?? []) {
      if (--this.open[index]! === 0) insert(this.ready, index);
    }
    if (result.status === "failed" && this.settings.failFast)
      this.closed ??= `not started: ${check.name} failed (--fail-fast)`;
  }

  private skipped(reason: string): Omit<CheckResult, "name"> {
    return { status: "skipped", duration_ms: 0, total_ms: 0, attempts: 0, started_ms: this.elapsed(), reason };
  }

  private elapsed(): number {
    return Math.round(performance.now() - this.began);
  }

  private async run(check: Check): Promise<Omit<CheckResult, "name">> {
    const { run, secrets, events } = this.settings;
    const captures = this.capturesFor(check);
    const context: AttemptContext = {
      run,
      secrets,
      halt: this.ending,
      debug: this.settings.debug,
      print: (line) => events.printed?.(check, secrets.mask(line)),
    };
    if (check.condition !== undefined) {
      const verdict = await this.condition(check, check.condition, captures);
      if (verdict !== undefined) return verdict;
    }
    if (this.settings.silent?.has(check) !== true) events.started?.(check);
    const { result, captures: after } = await this.attempts(check, captures, context);
    if (result.status === "passed") this.captured.set(check, after);
    if (check.cleanup.length === 0) return result;
    return { ...result, cleanup: await this.cleanUp(check, after, context) };
  }

  /** What the checks that this one needs have captured, in the order of the file. */
  private capturesFor(check: Check): Captures {
    if (check.needs.length === 0) return {};
    const all = needed(check, this.byName);
    return Object.assign({}, ...this.checks.filter((one) => all.has(one)).map((one) => this.captured.get(one) ?? {}));
  }

  /** Skips a check whose `if` is not true. The variables are the input, and also stand under `vars`. */
  private async condition(
    check: Check,
    expression: string,
    captures: Captures,
  ): Promise<Omit<CheckResult, "name"> | undefined> {
    const input = JSON.stringify({ vars: check.vars, captures, ...check.vars });
    const found = await this.settings.run.jq.evaluate(expression, input, this.ending);
    if (found.error === undefined && isTrue(found.outputs)) return undefined;
    if (found.error === undefined)
      return this.skipped(
        `${CONDITION_REASON}${expression} is ${found.outputs.map(shortJson).join(", ") || "nothing"}`,
      );
    if (this.ending.given) return this.skipped(`not started: ${this.ending.reason}`);
    return { ...this.skipped(""), reason: undefined, status: "failed", error: `if: ${expression}: ${found.error}` };
  }

  private async attempts(
    check: Check,
    captures: Captures,
    context: AttemptContext,
  ): Promise<{ result: Omit<CheckResult, "name">; captures: Captures }> {
    const { events, secrets } = this.settings;
    const began = performance.now();
    const startedMs = this.elapsed();
    const deadline = began + check.timeoutMs;
    const history: AttemptRecord[] = [];
    for (let attempts = 1; ; attempts++) {
      const attemptBegan = performance.now();
      const startedAttempt = this.elapsed();
      const limit = check.until === undefined ? check.timeoutMs : Math.max(1, deadline - attemptBegan);
      const outcome = await attempt(check, limit, captures, context);
      const after: Record<string, unknown> = { ...outcome.captures };
      let { error } = outcome;
      if (error === undefined && check.until !== undefined)
        error = await untilError(context.run.jq, check.until, outcome.result, context.halt);
      if (error === undefined) error = await capture(check.capture, outcome.result, after, context);
      const durationMs = Math.round(performance.now() - attemptBegan);
      history.push({ started_ms: startedAttempt, duration_ms: durationMs, ...(error === undefined ? {} : { error }) });
      const end = (error: string | undefined, details = outcome.details) => ({
        result: {
          ...describeOutcome(check, outcome, error, details),
          duration_ms: durationMs,
          total_ms: Math.round(performance.now() - began),
          attempts,
          started_ms: startedMs,
          ...(history.length > 1 ? { history } : {}),
        },
        captures: after,
      });
      if (error === undefined) return end(undefined);
      if (this.ending.given) return end(this.ending.reason);
      if (outcome.final === true || attempts > check.retries) return end(error);
      const wait = backoffMs(check.backoff, attempts + 1);
      if (check.until !== undefined && performance.now() + wait >= deadline) {
        return end(`timed out after ${durationText(check.timeoutMs)}: ${error}`);
      }
      events.retrying?.(check, attempts, secrets.mask(error));
      await this.pause(wait);
      if (this.ending.given) return end(this.ending.reason, { ...outcome.details, last_error: error });
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          withdraw();
          resolve();
        },
        Math.min(ms, 2 ** 31 - 1),
      );
      const withdraw = this.ending.onGiven(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The clean-up runs whatever happened, also when the run is being ended; its time is its own. */
  private async cleanUp(check: Check, captures: Captures, context: AttemptContext): Promise<CleanupResult> {
    const began = performance.now();
    const errors: string[] = [];
    const halt = new Halt();
    for (const step of check.cleanup) {
      const left = this.suite.cleanupMs - (performance.now() - began);
      if (left <= 0) {
        errors.push(`${step.label}: not started: the clean-up's ${durationText(this.suite.cleanupMs)} are over`);
        break;
      }
      // Each step runs, whatever became of those before it.
      const { error } = await runSteps(check, [step], left, captures, { ...context, halt }, () => true);
      if (error !== undefined) errors.push(error);
    }
    const duration_ms = Math.round(performance.now() - began);
    return errors.length === 0
      ? { status: "passed", duration_ms }
      : { status: "failed", duration_ms, error: errors.join("; ") };
  }
}

function describeOutcome(
  check: Check,
  outcome: AttemptResult,
  error: string | undefined,
  details: Readonly<Record<string, unknown>> | undefined,
): { status: "passed" | "failed" } & Partial<CheckResult> {
  const { output, warnings } = outcome;
  return {
    status: error === undefined ? "passed" : "failed",
    ...(error === undefined ? {} : { error }),
    ...(output === undefined ? {} : { output }),
    ...(check.tags.length === 0 ? {} : { tags: check.tags }),
    ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
    ...(error === undefined || details === undefined ? {} : { details }),
  };
}

/** Where a check stands. */
function placeOf(check: Check): { file: string; line: number } {
  return { file: check.place.file, line: check.place.line };
}

/** Keeps a sorted list sorted. */
function insert(list: number[], value: number): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < value) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, value);
}
