/** The spawned tasks and intervals of a virtual machine: who runs, who failed unseen, how all of them end. */
import { LuaError, Stop, UNPLACED } from "../../interpreter/error.ts";
import { plainText } from "../../interpreter/library/tostring.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { Task } from "../../interpreter/task.ts";
import { list, type Results, type Userdata, type Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import { writeLog } from "../log.ts";
import { after, type Timer } from "../timer.ts";

/** Tasks that may be alive at a time in one machine; each takes one to two kilobytes while it waits. */
export const MAX_TASKS = 20_000;
/** Intervals at a time in one machine. */
export const MAX_INTERVALS = 1000;
/** Failures kept for somebody to await them before the oldest are logged. */
const MAX_FAILURES = 10_000;

export type TaskStatus = "running" | "done" | "failed" | "cancelled";

const CANCELLED = new Stop("cancelled", "task cancelled");

/** What `handle:await()` and the like wait for: a spawned task or an interval. */
export interface Awaitable {
  readonly status: TaskStatus;
  /** A promise of the results for one who waits; rejects with an error of its own for each. */
  outcome(): Promise<Results>;
  /** Whether this is the task that the given coroutine is the root of. */
  isTask(root: unknown): boolean;
  cancel(): void;
}

/** An error for a task that waits: the position is that of its own waiting call, whoever raises it. */
export function unplaced(message: string): LuaError {
  const error = new LuaError(message);
  error.base = UNPLACED;
  return error;
}

/** The same error again, for another one to raise: raising marks an error. */
export function sameError(error: unknown): unknown {
  if (!(error instanceof LuaError)) return error;
  const again = new LuaError(error.value);
  again.traceback = error.traceback;
  again.cause = error.cause;
  return again;
}

/** Passes on an error of a task, a cancellation as an error that can be caught. `what` names who waits. */
export function outcomeError(what: string, error: unknown): unknown {
  if (error instanceof Stop && error.reason === "cancelled") return unplaced(`${what}: the task was cancelled`);
  return sameError(error);
}

export class Spawned implements Awaitable {
  status: TaskStatus = "running";
  /** Somebody has asked for the outcome: an error is theirs to handle. */
  private observed = false;
  private handle: WeakRef<Userdata> | undefined = undefined;
  readonly settled: Promise<void>;

  constructor(
    private readonly book: Book,
    private readonly task: Task,
  ) {
    book.live.add(this);
    this.settled = task.promise.then(
      (results) => this.finished(results),
      (error) => this.ended(error),
    );
    task.start();
  }

  /** The handle that scripts hold; only weakly, so that a failure nobody can await any more is noticed. */
  belongsTo(handle: Userdata): void {
    this.handle = new WeakRef(handle);
  }

  outcome(): Promise<Results> {
    this.observed = true;
    this.book.failures.delete(this);
    return this.task.promise.catch((error) => {
      throw outcomeError("await", error);
    });
  }

  isTask(root: unknown): boolean {
    return this.task.coroutine === root;
  }

  cancel(): void {
    this.task.cancel(CANCELLED);
  }

  private finished(results: Results): void {
    this.status = "done";
    this.book.live.delete(this);
    const values = list(results);
    // Attached to the handle, so that the memory census sees what it keeps alive.
    const handle = values.some(isLarge) ? this.handle?.deref() : undefined;
    if (handle !== undefined) handle.user = LuaTable.fromArray(values);
  }

  private ended(error: unknown): void {
    this.book.live.delete(this);
    this.status = error instanceof Stop ? "cancelled" : "failed";
    if (error instanceof Stop) {
      // `os.exit` in a task ends the script.
      if (error.reason !== "cancelled") this.book.stop(error);
      return;
    }
    if (this.observed) return;
    this.book.failures.add(this);
    const handle = this.handle?.deref();
    if (handle === undefined) this.report();
    else abandoned.register(handle, this);
    const { failures } = this.book;
    if (failures.size > MAX_FAILURES) failures.values().next().value?.report();
  }

  /** Logs an error that nobody awaited. */
  report(): void {
    if (!this.book.failures.delete(this)) return;
    this.task.promise.catch((error) => this.book.failed("a spawned task failed", error));
  }
}

/** Reports the failures whose handles have gone. */
const abandoned = new FinalizationRegistry<Spawned>((task) => task.report());

function isLarge(value: Value): boolean {
  return typeof value === "object" || (typeof value === "string" && value.length > 100);
}

/** A function that runs again and again, each run a task of its own; a run that takes too long delays the next. */
export class Interval implements Awaitable {
  status: TaskStatus = "running";
  private timer: Timer;
  private run: Task | undefined = undefined;
  private due: number;
  /** Of its function, among those that the machine keeps. */
  private readonly key: number;
  private waiting = 0;
  private readonly end = Promise.withResolvers<Results>();

  constructor(
    private readonly book: Book,
    private readonly fn: Value,
    private readonly periodMs: number,
  ) {
    this.due = performance.now() + periodMs;
    this.key = book.keep(fn);
    this.timer = after(periodMs, () => this.turn());
    this.end.promise.catch(() => {});
    book.intervals.add(this);
    hostOf(book.vm).resources.add(this);
  }

  private turn(): void {
    const { book } = this;
    this.run = new Task(book.vm, this.fn, []).start();
    this.run.promise.then(
      () => this.schedule(),
      (error) => {
        if (error instanceof Stop) {
          if (error.reason !== "cancelled") book.stop(error);
          this.finish("cancelled");
        } else if (this.waiting > 0) {
          this.finish("failed");
          this.end.reject(error);
        } else {
          book.failed("a run of an interval failed", error);
          this.schedule();
        }
      },
    );
  }

  private schedule(): void {
    this.run = undefined;
    if (this.status !== "running") return;
    const now = performance.now();
    this.due += this.periodMs;
    // Turns that were missed are left out, the rhythm is kept.
    if (this.due < now) this.due += Math.ceil((now - this.due) / this.periodMs) * this.periodMs;
    this.timer = after(this.due - now, () => this.turn());
  }

  private finish(status: TaskStatus): void {
    if (this.status !== "running") return;
    this.status = status;
    this.timer.cancel();
    this.book.intervals.delete(this);
    this.book.release(this.key);
    hostOf(this.book.vm).resources.delete(this);
    if (status === "cancelled") this.end.resolve([]);
  }

  /** Waits until the interval is cancelled, or for the error of a run. */
  async outcome(): Promise<Results> {
    this.waiting++;
    try {
      return await this.end.promise;
    } catch (error) {
      throw sameError(error);
    } finally {
      this.waiting--;
    }
  }

  isTask(root: unknown): boolean {
    return this.run?.coroutine === root;
  }

  cancel(): void {
    this.finish("cancelled");
    this.run?.cancel(CANCELLED);
  }

  close(): void {
    this.cancel();
  }
}

/** What one virtual machine has spawned. */
export class Book {
  readonly live = new Set<Spawned>();
  readonly intervals = new Set<Interval>();
  /** Failed, and nobody has awaited them yet. */
  readonly failures = new Set<Spawned>();
  /** A stop that a task brought about: `os.exit`, the deadline. */
  stopped: Stop | undefined = undefined;

  /** Functions that run later, where the memory census finds them. */
  private readonly kept: LuaTable;
  private lastKey = 0;

  constructor(readonly vm: VirtualMachine) {
    this.kept = vm.newTable();
    vm.registry.setString("_INTERVALS", this.kept);
  }

  keep(fn: Value): number {
    this.kept.set(++this.lastKey, fn);
    return this.lastKey;
  }

  release(key: number): void {
    this.kept.set(key, undefined);
  }

  stop(stop: Stop): void {
    this.stopped ??= stop;
    this.vm.stop(stop);
  }

  /** Logs an error that no script code will see; the script's exit status becomes 1. */
  failed(what: string, error: unknown): void {
    const host = hostOf(this.vm);
    host.unhandledFailure = true;
    const value = error instanceof LuaError ? error.value : "internal error";
    writeLog(host, "error", `${what}: ${plainText(value)}`);
  }
}

const books = new WeakMap<VirtualMachine, Book>();

export function bookOf(vm: VirtualMachine): Book {
  let book = books.get(vm);
  if (book === undefined) books.set(vm, (book = new Book(vm)));
  return book;
}

/**
 * For the end of the main chunk: stops the intervals, waits for the spawned tasks (and those they spawn), logs the
 * errors nobody awaited (`unhandledFailure` of the host is set then). Throws the Stop of a task that ended the script.
 */
export async function finishTasks(vm: VirtualMachine): Promise<void> {
  const book = books.get(vm);
  if (book === undefined) return;
  for (;;) {
    for (const interval of [...book.intervals]) interval.cancel();
    const running = [...book.live];
    if (running.length === 0) break;
    await Promise.all(running.map((task) => task.settled));
  }
  for (const failure of [...book.failures]) failure.report();
  await null; // the reports are written in callbacks of settled promises
  if (book.stopped !== undefined) throw book.stopped;
}

/** For a main chunk that failed: stops intervals and tasks instead of waiting for them. */
export async function cancelTasks(vm: VirtualMachine): Promise<void> {
  const book = books.get(vm);
  if (book === undefined) return;
  for (const interval of [...book.intervals]) interval.cancel();
  for (const task of book.live) task.cancel();
  await finishTasks(vm);
}
