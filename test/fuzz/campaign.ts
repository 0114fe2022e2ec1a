/** Fuzzing one target in this process: batches of cases, finds made small, figures at the end. */
import fc from "fast-check";
import { inputs, minimise } from "./mutate.ts";
import { describe, Finding, MemoryWatch } from "./oracle.ts";
import type { Session, Target } from "./target.ts";

export interface Plan {
  /** Of the first batch; each further one has the next. */
  readonly seed: number;
  readonly cases: number;
  /** Milliseconds after which no further case is tried. */
  readonly timeMs: number;
  /** fast-check's path to one counterexample of the first batch. */
  readonly path: string | undefined;
  /** Tried before anything else, and mutated. */
  readonly corpus: readonly string[];
}

/** A find, with what is needed to see it again. */
export interface Find {
  readonly key: string;
  readonly message: string;
  readonly input: string;
  readonly seed: number;
  /** Empty for an input of the corpus, and for what a whole batch shows. */
  readonly path: string;
}

export interface Figures {
  readonly cases: number;
  readonly seconds: number;
  /** Different ways in which cases ended. */
  readonly outcomes: number;
  /** Cases that showed what had been found before. */
  readonly repeated: number;
  readonly slowestMs: number;
  /** Bytes after each batch, collected. */
  readonly heap: readonly [first: number, last: number];
  readonly rss: number;
  /** Inputs that ended as none before; for the corpus. */
  readonly interesting: readonly string[];
}

/** Milliseconds that making a find smaller may take. */
const SHRINK_MS = 15_000;
/** Beyond its limit, a case that waits for something gets this many milliseconds before it counts as hanging. */
const HANG_MS = 4000;
const INTERESTING = 200;

/** `begin` is told each input before it runs, so that one which ends the process is known. */
export async function campaign(
  target: Target,
  plan: Plan,
  begin: (input: string, seed: number) => void,
  report: (find: Find) => void,
): Promise<Figures> {
  const strays: unknown[] = [];
  const stray = (error: unknown): void => void strays.push(error);
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
  const session = await target.open();
  const trial = new Trial(target, session, begin, strays);
  const memory = new MemoryWatch();
  const start = performance.now();
  const left = (): number => plan.timeMs - (performance.now() - start);
  const found = (finding: Finding, input: string, seed: number, path: string): void => {
    trial.known.add(finding.key);
    report({ key: finding.key, message: finding.message, input, seed, path });
  };
  const shrink = async (finding: Finding, input: string): Promise<string> => {
    if (finding.kind === "hang" || finding.kind === "slow") return input;
    const same = async (text: string): Promise<boolean> => (await trial.run(text))?.key === finding.key;
    return minimise(input, same, SHRINK_MS);
  };

  for (const input of plan.corpus) {
    const finding = await trial.run(input);
    if (finding !== undefined && !trial.known.has(finding.key)) found(finding, input, plan.seed, "");
  }
  const arbitrary = inputs([...session.seeds, ...plan.corpus], session.pieces, session.generated);
  const batch = Math.min(200, Math.ceil(plan.cases / 4));
  let first = 0;
  for (let number = 0; trial.cases < plan.cases && left() > 0; number++) {
    const seed = plan.seed + number;
    trial.seed = seed;
    let current: Finding | undefined;
    const property = fc.asyncProperty(arbitrary, async (input) => {
      const finding = await trial.run(input);
      if (finding === undefined || trial.known.has(finding.key)) return;
      current ??= finding;
      if (finding.key === current.key) throw finding;
    });
    const run = await fc.check(property, {
      seed,
      numRuns: batch,
      interruptAfterTimeLimit: Math.max(1, Math.min(left(), 120_000)),
      markInterruptAsFailure: false,
      ...(plan.path !== undefined && number === 0 ? { path: plan.path } : {}),
    });
    if (run.failed && current !== undefined) {
      const input = await shrink(current, run.counterexample![0]);
      found(current, input, seed, run.counterexamplePath ?? "");
    } else if (run.failed) throw new Error(`fast-check: ${describe(run.errorInstance)}`);
    try {
      await memory.look(number >= 2);
    } catch (finding) {
      if (!(finding instanceof Finding)) throw finding;
      found(finding, "", seed, "");
    }
    if (number === 2) first = memory.heap;
    if (plan.path !== undefined) break;
  }
  await session.close?.();
  return {
    cases: trial.cases,
    seconds: (performance.now() - start) / 1000,
    outcomes: trial.outcomes.size,
    repeated: trial.repeated,
    slowestMs: trial.slowestMs,
    heap: [first, memory.heap],
    rss: process.memoryUsage.rss(),
    interesting: trial.interesting,
  };
}

/** Runs single inputs and judges them. */
class Trial {
  readonly known = new Set<string>();
  readonly outcomes = new Set<string>();
  readonly interesting: string[] = [];
  cases = 0;
  repeated = 0;
  slowestMs = 0;
  seed = 0;

  constructor(
    private readonly target: Target,
    private readonly session: Session,
    private readonly begin: (input: string, seed: number) => void,
    private readonly strays: unknown[],
  ) {}

  async run(input: string): Promise<Finding | undefined> {
    this.cases++;
    const finding = await this.judged(input);
    if (finding !== undefined && this.known.has(finding.key)) this.repeated++;
    return finding;
  }

  private async judged(input: string): Promise<Finding | undefined> {
    const { limitMs } = this.target;
    let taken = Infinity;
    // The machine may be busy with other things: slow is what is slow three times.
    for (let attempt = 0; attempt < 3 && taken > limitMs; attempt++) {
      const start = performance.now();
      const finding = await this.once(input);
      if (finding !== undefined) return finding;
      taken = Math.min(taken, performance.now() - start);
    }
    this.slowestMs = Math.max(this.slowestMs, taken);
    return taken > limitMs ? new Finding("slow", `more than ${limitMs} ms`) : undefined;
  }

  private async once(input: string): Promise<Finding | undefined> {
    this.begin(input, this.seed);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const { limitMs } = this.target;
    const hang = new Promise<never>((_, reject) => {
      const message = `no end ${(limitMs + HANG_MS) / 1000} s after the start`;
      timer = setTimeout(() => reject(new Finding("hang", message)), limitMs + HANG_MS);
    });
    try {
      const outcome = await Promise.race([this.session.run(input), hang]);
      this.note(outcome, input);
    } catch (error) {
      return error instanceof Finding ? error : new Finding("javascript", describe(error));
    } finally {
      clearTimeout(timer);
    }
    const thrown = this.strays.splice(0);
    return thrown.length === 0 ? undefined : new Finding("javascript", `uncaught: ${describe(thrown[0])}`);
  }

  private note(outcome: string, input: string): void {
    if (this.outcomes.has(outcome)) return;
    this.outcomes.add(outcome);
    if (this.interesting.length < INTERESTING && input.length < 2000) this.interesting.push(input);
  }
}
