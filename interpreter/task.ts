/**
 * Suspension and tasks: leaving the JavaScript stack with records, continuing from them, and taking turns.
 *
 * A task is a promise and a coroutine of its own. It runs until it waits for a promise (Reason.Await), or until it
 * is somebody else's turn or the JavaScript stack is deep (Reason.Pause); `drive` then continues it from its records.
 */
import { ENTER, invoke, ROOT_SITE } from "./call.ts";
import { Coroutine, type Segment } from "./coroutine.ts";
import { failure, LuaError, position, Stop, UNPLACED } from "./error.ts";
import type { LuaFunction } from "./function.ts";
import { type Completion, type Resumable, type Site, suspend } from "./nodes/node.ts";
import { CALLS_MASK, MAX_REGISTERS, Reason, type Registers, STACK_REGISTERS, state, TICKS } from "./state.ts";
import { list, type Results, SUSPENDED, type Suspended, type Value } from "./value.ts";
import type { VirtualMachine } from "./vm.ts";

/** How long a task runs before the event loop gets its turn, in milliseconds. */
const SLICE_MS = 8;
/** Registers kept free beyond a window: for a native window on top of it, and for handlers of a stack overflow. */
const MARGIN = 8;
const OVERFLOW_ROOM = 4000;

/** Test control: pause at every `interval`-th tick, so that suspension at each point can be tried. */
export const pausing = { ticks: TICKS, always: false };

let sliceEnd = 0;
/** Until when tasks begin, and go on after waits, without a turn of the event loop in between. */
let turnEnd = 0;
/** Set by `reserve`: the JavaScript stack is deep, the next call must move it to the heap. */
let deep = false;

/** Registers the JavaScript stack may still take on top of the current base; kept per coroutine switch. */
let budget = STACK_REGISTERS;

/** Where `stack overflow` is raised: MAX_REGISTERS, and some more while a message handler runs. */
let ceiling = MAX_REGISTERS;

/** Gives a message handler for a stack overflow room to run in, or takes it back. */
export function allowOverflow(allowed: boolean): void {
  ceiling = allowed ? MAX_REGISTERS + OVERFLOW_ROOM : MAX_REGISTERS;
}

/** Sets how far windows of the running coroutine may reach when its innermost window begins at `base`. */
function setLimit(R: Registers, base: number, room: number): void {
  budget = base + room;
  state.limit = Math.min(R.length - MARGIN, budget, ceiling);
}

/**
 * Makes room for a window that ends at `end`, beyond `state.limit`: grows the registers, asks for the JavaScript
 * stack to be moved to the heap, or raises `stack overflow`.
 */
export function reserve(R: Registers, end: number): void {
  if (end > ceiling) throw overflow();
  if (end + MARGIN > R.length)
    grow(R, Math.min(Math.max(end + MARGIN, R.length * 2), MAX_REGISTERS + 2 * OVERFLOW_ROOM));
  if (end > budget) {
    deep = true;
    state.ticks = 0;
    // Room until the next call looks at the ticks: native windows need a few registers more.
    budget = end + 64;
  }
  state.limit = Math.min(R.length - MARGIN, budget, ceiling);
}

function overflow(): LuaError {
  const error = failure(ceiling === MAX_REGISTERS ? "stack overflow" : "error in error handling");
  error.isOverflow = true;
  return error;
}

function grow(R: Registers, length: number): void {
  while (R.length < length) R.push(undefined);
}

/** Runs the body of the function in the window at `base` after a look around, or pauses before it. */
export function enterSlowly(R: Registers, base: number): Completion {
  if (lookAround()) return suspend(ENTER, base, 0);
  return (R[base] as LuaFunction).prototype.body.exec(R, base);
}

/**
 * Called when the ticks are used up: checks stop requests, the deadline and the memory debt (throws), and tells
 * whether to pause. A pausing node leaves its record and returns SUSPENDED.
 */
export function lookAround(): boolean {
  state.ticks = pausing.ticks;
  state.vm.check();
  if (!deep && !pausing.always && performance.now() < sliceEnd) return false;
  state.reason = Reason.Pause;
  return true;
}

/** Suspends the running task until a promise settles: returned by native functions, whose results it will be. */
export function awaitPromise(promise: Promise<Results>): Suspended {
  state.reason = Reason.Await;
  state.carried = promise;
  return SUSPENDED;
}

/** Moves the records of an unwinding into the coroutine they belong to. */
function keepRecords(coroutine: Coroutine): void {
  const records = state.records;
  state.records = [];
  if (records.length > 0) coroutine.segments.push({ records, position: 0 });
}

/**
 * Continues a coroutine from its records with a value, or with an error if `failing`. Returns the results of its
 * body, or SUSPENDED; throws what nothing inside handled.
 */
function continueRecords(coroutine: Coroutine, value: unknown, failing: boolean, room: number): Results | Suspended {
  const { R, segments } = coroutine;
  let carried = value;
  let failed = failing;
  for (;;) {
    try {
      for (;;) {
        const segment = segments[segments.length - 1];
        if (segment === undefined) {
          if (failed) throw carried;
          return carried as Results;
        }
        const { records, position: at } = segment;
        if (at >= records.length) {
          segments.pop();
          continue;
        }
        segment.position = at + 4;
        if (segment.position >= records.length) segments.pop();
        const node = records[at] as Resumable;
        const base = records[at + 1] as number;
        if (failed && !node.handlesErrors) continue;
        state.top = base;
        setLimit(R, base, room);
        if (failed) {
          failed = false;
          carried = node.handle(R, base, records[at + 2] as number, records[at + 3], carried);
        } else carried = node.resume(R, base, records[at + 2] as number, records[at + 3], carried);
        if (carried === SUSPENDED) return SUSPENDED;
      }
    } catch (error) {
      if (segments.length === 0) throw error;
      carried = caught(error);
      failed = true;
      state.records = [];
    }
  }
}

/** What a catch clause caught, as something the evaluator knows: a JavaScript stack overflow becomes Lua's. */
export function caught(error: unknown): LuaError | Stop | Closing {
  if (error instanceof LuaError || error instanceof Stop || error instanceof Closing) return error;
  const wrapped =
    error instanceof RangeError ? new LuaError(`stack overflow`) : new LuaError("internal error (please report it)");
  wrapped.cause = error;
  return wrapped;
}

/** Thrown into a coroutine that is being closed: only to-be-closed variables take notice. */
export class Closing {
  constructor(
    /** The error of a `__close` that failed on the way, if any. */
    public error: LuaError | undefined,
    /** Closed by another coroutine, which waits for the outcome; otherwise by itself. */
    readonly byOther: boolean,
  ) {}
}

/** Starts a coroutine's body. */
function start(coroutine: Coroutine, args: Value[], room: number): Results | Suspended {
  coroutine.started = true;
  const { R } = coroutine;
  setLimit(R, 0, room);
  state.top = 0;
  return invoke(coroutine.body, args, R, 0, ROOT_SITE);
}

/** Makes a coroutine the running one. */
function switchTo(coroutine: Coroutine): void {
  state.coroutine = coroutine;
  state.R = coroutine.R;
  state.nativeCalls = coroutine.nativeCalls;
}

/** What resuming a coroutine takes of the JavaScript stack, counted in registers. */
export const RESUME_ROOM = 12;

/**
 * Resumes a suspended coroutine on behalf of the native function that runs. Returns the values it yielded or
 * returned; SUSPENDED when the whole task must wait (then the outcome comes to the caller's continuation as results
 * or, to its `handle`, as an error). Throws what the coroutine did not handle.
 */
export function resumeCoroutine(coroutine: Coroutine, args: Value[], failing?: Closing): Results | Suspended {
  const from = state.coroutine;
  const { limit, top } = state;
  const outerBudget = budget;
  const room = budget - top - RESUME_ROOM;
  from.nativeCalls = state.nativeCalls;
  from.status = "normal";
  from.top = top;
  coroutine.entryCalls = (state.nativeCalls & CALLS_MASK) + 1;
  coroutine.nativeCalls += coroutine.entryCalls;
  coroutine.status = "running";
  coroutine.resumer = from;
  if (failing !== undefined) coroutine.protectedCalls++;
  switchTo(coroutine);
  let outcome: Results | Suspended;
  try {
    outcome = coroutine.started
      ? continueRecords(coroutine, failing ?? args, failing !== undefined, room)
      : start(coroutine, args, room);
  } catch (thrown) {
    const error = caught(thrown);
    died(coroutine, error);
    back(from, limit, top, outerBudget);
    return ended(error);
  }
  if (outcome === SUSPENDED) {
    keepRecords(coroutine);
    if (state.reason === Reason.Yield) {
      suspended(coroutine);
      outcome = state.carried as Value[];
    } else {
      coroutine.nativeCalls = state.nativeCalls;
      state.innermost ??= coroutine;
    }
  } else coroutine.status = "dead";
  back(from, limit, top, outerBudget);
  return outcome;
}

/**
 * How a coroutine ends that threw: errors go on to whoever resumed it. One that closed itself just returns, with
 * the error of a `__close` handler if there was one.
 */
function ended(error: LuaError | Stop | Closing): Results {
  if (!(error instanceof Closing) || error.byOther) throw error;
  if (error.error !== undefined) throw error.error;
  return [];
}

/** A coroutine has yielded: between its resumptions it counts only the native calls of its own. */
function suspended(coroutine: Coroutine): void {
  coroutine.status = "suspended";
  coroutine.top = state.top;
  coroutine.nativeCalls = state.nativeCalls - coroutine.entryCalls;
}

function back(from: Coroutine, limit: number, top: number, outerBudget: number): void {
  switchTo(from);
  from.status = "running";
  state.limit = limit;
  state.top = top;
  budget = outerBudget;
}

function died(coroutine: Coroutine, error: LuaError | Stop | Closing): void {
  coroutine.status = "dead";
  coroutine.segments.length = 0;
  if (error instanceof LuaError) coroutine.failure = error;
}

/** Whether there is room on the JavaScript stack to resume a coroutine; if not, pause first. */
export function hasRoom(): boolean {
  if (budget - state.top > RESUME_ROOM + 100) return true;
  state.reason = Reason.Pause;
  return false;
}

/** What a native function waits for may have a way to give it up (a timer, a request), used when the task is stopped. */
export interface Cancellable extends Promise<Results> {
  cancel?: () => void;
}

let running: Task | undefined;

/** The task that runs now, if any. */
export function runningTask(): Task | undefined {
  return running;
}

/** One line of execution: the main chunk, a spawned function, a request handler. */
export class Task {
  /** What builtins keep for this line of execution (a trace); tasks started from it begin with the same. */
  context: unknown;
  readonly coroutine: Coroutine;
  /** The coroutine that waits innermost. */
  current: Coroutine;
  readonly promise: Promise<Results>;
  private settle!: (results: Results) => void;
  private fail!: (error: unknown) => void;
  done = false;
  /** What it goes on with after the event loop's turn. */
  private pending: unknown = undefined;
  /** Set by `cancel`: thrown into the task at its next wait. */
  private cancelled: Stop | undefined = undefined;
  /** Set by `raise`: thrown into the task when it goes on. */
  private raised: LuaError | undefined = undefined;
  /** Interrupts the wait under way, when it is one. */
  private interrupt: ((error: Stop | LuaError) => void) | undefined = undefined;

  constructor(
    readonly vm: VirtualMachine,
    readonly fn: Value,
    private readonly args: Value[],
  ) {
    this.context = running?.context;
    this.coroutine = new Coroutine(fn, true);
    this.current = this.coroutine;
    this.promise = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
  }

  /** Begins the task in a turn of its own. */
  start(): this {
    this.vm.tasks.add(this);
    this.vm.tasksChanged();
    queueMicrotask(() => this.goOn(this.args, false));
    return this;
  }

  /** Stops the task at its next wait (or at once if it waits now). */
  cancel(stop: Stop): void {
    if (this.done) return;
    this.cancelled = stop;
    const interrupt = this.interrupt;
    if (interrupt !== undefined) interrupt(stop);
  }

  /** Raises an error in the task, from outside: in its wait under way, or else where it goes on after a pause. */
  raise(error: LuaError): void {
    if (this.done) return;
    if (this.interrupt !== undefined) this.interrupt(error);
    else this.raised = error;
  }

  /** Runs the task until it waits or ends; `value` is what its innermost wait gave. */
  private drive(value: unknown, failing: boolean): void {
    if (this.done) return;
    let carried = value;
    let failed = failing;
    if (this.cancelled !== undefined && !failed) {
      carried = this.cancelled;
      failed = true;
    } else if (this.raised !== undefined && !failed) {
      carried = this.raised;
      failed = true;
      this.raised = undefined;
    }
    sliceEnd = performance.now() + SLICE_MS;
    running = this;
    state.vm = this.vm;
    state.active = true;
    state.ticks = pausing.ticks;
    state.records = [];
    this.vm.memory.enter();
    try {
      for (;;) {
        let outcome: Results | Suspended;
        try {
          outcome = this.advance(carried, failed);
        } finally {
          deep = false;
        }
        if (outcome !== SUSPENDED) {
          this.finish();
          this.settle(outcome);
          return;
        }
        if (state.reason === Reason.Await) {
          this.wait(state.carried as Promise<Results>);
          return;
        }
        if (pausing.always || performance.now() < sliceEnd) {
          // Only the JavaScript stack had to be cleared.
          carried = undefined;
          failed = false;
          continue;
        }
        setImmediate(() => this.drive(undefined, false));
        return;
      }
    } catch (error) {
      this.finish();
      this.fail(caught(error));
    } finally {
      this.vm.memory.leave();
      state.active = false;
      running = undefined;
    }
  }

  /** Lua values that only the task knows, for the census. */
  roots(): Value[] {
    const { pending } = this;
    const given = pending instanceof LuaError ? pending.value : pending instanceof Stop ? undefined : pending;
    return [this.fn, ...this.args, ...list(given as Results)];
  }

  private finish(): void {
    this.done = true;
    this.coroutine.status = "dead";
    this.vm.tasks.delete(this);
    this.vm.tasksChanged();
  }

  private wait(promise: Promise<Results>): void {
    let over = false;
    this.interrupt = (error) => {
      if (over) return;
      over = true;
      this.interrupt = undefined;
      (promise as Cancellable).cancel?.();
      queueMicrotask(() => this.drive(error, true));
    };
    if (this.cancelled !== undefined) {
      this.interrupt(this.cancelled);
      promise.catch(() => {});
      return;
    }
    promise.then(
      (results) => {
        if (over) return;
        over = true;
        this.interrupt = undefined;
        this.goOn(results, false);
      },
      (error) => {
        if (over) return;
        over = true;
        this.interrupt = undefined;
        this.goOn(caught(error), true);
      },
    );
  }

  /**
   * Begins, or continues after a wait. Promises that are settled already come before timers, signals and connections:
   * tasks that wait for nothing else, such as two that exchange values, or many that end at once one after the other,
   * must let the event loop have its turn all the same.
   */
  private goOn(value: unknown, failing: boolean): void {
    if (performance.now() < turnEnd) {
      this.drive(value, failing);
      return;
    }
    this.pending = value;
    setImmediate(() => {
      turnEnd = performance.now() + SLICE_MS;
      this.pending = undefined;
      this.drive(value, failing);
    });
  }

  /** Continues the innermost coroutine, and those around it as it ends, until the task suspends or ends. */
  private advance(value: unknown, failing: boolean): Results | Suspended {
    let coroutine = this.current;
    let carried = value;
    let failed = failing;
    state.innermost = undefined;
    for (;;) {
      switchTo(coroutine);
      coroutine.status = "running";
      let outcome: Results | Suspended;
      if (failed && carried instanceof LuaError && carried.base === UNPLACED) place(carried, coroutine);
      // Stopped before its first turn: there is nothing to continue.
      if (failed && !coroutine.started && coroutine === this.coroutine) throw carried;
      try {
        outcome =
          !coroutine.started && coroutine === this.coroutine
            ? start(coroutine, carried as Value[], STACK_REGISTERS)
            : continueRecords(coroutine, carried, failed, STACK_REGISTERS);
        failed = false;
      } catch (error) {
        if (coroutine === this.coroutine) throw error;
        const reason = caught(error);
        died(coroutine, reason);
        coroutine = coroutine.resumer as Coroutine;
        failed = !(reason instanceof Closing) || reason.error !== undefined || reason.byOther;
        carried = reason instanceof Closing && !reason.byOther ? (reason.error ?? []) : reason;
        continue;
      }
      if (outcome === SUSPENDED) {
        keepRecords(coroutine);
        coroutine.nativeCalls = state.nativeCalls;
        if (state.reason !== Reason.Yield) {
          this.current = state.innermost ?? coroutine;
          return SUSPENDED;
        }
        suspended(coroutine);
        carried = state.carried;
      } else {
        if (coroutine === this.coroutine) return outcome;
        coroutine.status = "dead";
        carried = outcome;
      }
      coroutine = coroutine.resumer as Coroutine;
    }
  }
}

/** Adds the position of the waiting call to an error that came out of a promise. */
function place(error: LuaError, coroutine: Coroutine): void {
  error.base = -1;
  if (typeof error.value !== "string") return;
  const segment: Segment | undefined = coroutine.segments[coroutine.segments.length - 1];
  if (segment === undefined) return;
  // The innermost record is the call, unless a hook watches over it; calls by native code have no line.
  for (let at = segment.position; at < segment.records.length; at += 4) {
    const node = segment.records[at] as Partial<Site> & { watches?: boolean };
    if (node.watches === true) continue;
    if (typeof node.line !== "number" || node.line < 0) return;
    const base = segment.records[at + 1] as number;
    error.value = position(coroutine.R, base, node as Site) + error.value;
    error.coroutine = coroutine;
    error.base = base;
    error.site = node as Site;
    return;
  }
}
