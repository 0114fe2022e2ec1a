/** One virtual machine: its globals, its limits, and what must be closed when it ends. */
import { Stop } from "./error.ts";
import { Finalizers } from "./finalizers.ts";
import { Cell, type NativeFunction } from "./function.ts";
import { type Limits, Memory, machineRuns, NO_LIMITS, runningMachines } from "./limits.ts";
import { LuaTable, rootShape, type Shape } from "./table.ts";
import type { Task } from "./task.ts";
import type { Results, Userdata, Value } from "./value.ts";

/** Told the time at every look around, before anything else happens: whoever embeds the interpreter may ask for a stop. */
let lookout: ((now: number) => void) | undefined;

export function installLookout(look: (now: number) => void): void {
  lookout = look;
}

/** The longest wait that a timer can be set to; longer ones are set again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class VirtualMachine {
  readonly rootShape: Shape = rootShape();
  readonly globals = this.newTable();
  readonly registry = this.newTable();
  /** `_ENV` of chunks that are loaded without one of their own. */
  readonly environment = new Cell(this.globals);
  /** What the builtins hang on this machine (builtins/host.ts); the interpreter does not look at it. */
  host: unknown = undefined;
  /** Metatables of userdata kinds, made when first needed. */
  readonly kinds = new Map<string, LuaTable>();
  stringMetatable: LuaTable | undefined = undefined;
  /** Metatables of the other basic types, which only the debug library can set. */
  typeMetatables: Map<string, LuaTable> | undefined = undefined;
  readonly tasks = new Set<Task>();
  readonly finalizers = new Finalizers();
  /** Native functions that are Assay's own: errors about their arguments use their full name. */
  private readonly builtins = new Set<NativeFunction>();
  readonly memory: Memory;
  /** Monotonic time (performance.now) after which everything stops; Infinity for none. */
  deadline: number;
  private deadlineTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  private stopRequest: Stop | undefined = undefined;
  /** Until when close handlers may run after a stop; 0 before the first of them. */
  private graceUntil = 0;

  /** Whether the debug library is open: functions are then compiled so that it can look into them. */
  debug = false;
  /** Loads what `string.dump` made; absent where binary chunks are refused. */
  undump: ((dumped: string, chunkName: string, environment: Cell) => Results) | undefined = undefined;
  /** Where `print` writes: bytes, as a byte string. A promise makes the printing task wait for it. */
  write: (bytes: string) => Promise<void> | undefined = () => undefined;
  /** An environment variable, as a byte string; the host decides which a script may see. */
  getenv: (name: string) => string | undefined = (name) => process.env[name];
  /** Ends the process at once, for `os.exit`; absent where only the script may be stopped. */
  exit: ((status: number) => never) | undefined = undefined;
  /** Sees the text of each chunk before it is compiled: the host opens the libraries that it names. */
  beforeCompile: (source: string) => void = () => {};
  /** Where warnings go; `last` is false for control messages, which have several pieces never. */
  private warnings = true;
  warnSink: (message: string) => void = () => {};
  /** Functions that libraries hand out again and again, such as the iterator of `pairs`. */
  private readonly sharedFunctions = new Map<string, NativeFunction>();

  constructor(readonly limits: Limits = NO_LIMITS) {
    this.memory = new Memory(this, limits.memoryBytes);
    this.deadline = limits.timeoutMs === Infinity ? Infinity : performance.now() + limits.timeoutMs;
  }

  /** A table whose constant keys build this machine's shapes. */
  newTable(): LuaTable {
    return new LuaTable(this.rootShape);
  }

  /** A function registered with `share`. */
  shared(name: string): NativeFunction {
    const fn = this.sharedFunctions.get(name);
    if (fn === undefined) throw new Error(`no shared function ${name}`);
    return fn;
  }

  share(name: string, fn: NativeFunction): void {
    this.sharedFunctions.set(name, fn);
  }

  /** A warning (manual §6.1 `warn`): one piece that starts with "@" is a control message. */
  warn(message: string, single: boolean): void {
    if (single && message.startsWith("@")) {
      if (message === "@on") this.warnings = true;
      else if (message === "@off") this.warnings = false;
      return;
    }
    if (this.warnings) this.warnSink(`Lua warning: ${message}\n`);
  }

  /** A table or userdata got a metatable: finalizers and weak modes are noticed here. */
  noteMetatable(object: LuaTable | Userdata, metatable: LuaTable): void {
    this.finalizers.note(object, metatable);
  }

  /** What the census starts from, besides the tasks. */
  *roots(): Generator<Value> {
    yield this.globals;
    yield this.registry;
    yield this.stringMetatable;
    if (this.typeMetatables !== undefined) yield* this.typeMetatables.values();
    yield* this.kinds.values();
    yield* this.sharedFunctions.values();
  }

  isBuiltin(fn: NativeFunction): boolean {
    return this.builtins.has(fn);
  }

  markBuiltin(fn: NativeFunction): void {
    this.builtins.add(fn);
  }

  /** Asks everything that runs in this machine to stop; Lua code cannot catch it. */
  stop(stop: Stop): void {
    this.stopRequest ??= stop;
    for (const task of this.tasks) task.cancel(this.stopRequest);
  }

  /**
   * A task has begun or ended. While there are any, the deadline also comes by a timer: when everything waits, nobody
   * looks around.
   */
  tasksChanged(): void {
    if (this.tasks.size === 0) runningMachines.delete(this);
    else machineRuns(this);
    if (this.tasks.size === 0) {
      clearTimeout(this.deadlineTimer);
      this.deadlineTimer = undefined;
    } else if (this.deadlineTimer === undefined && this.deadline !== Infinity && this.stopRequest === undefined) {
      const left = Math.max(0, this.deadline - performance.now());
      this.deadlineTimer = setTimeout(() => this.stopByDeadline(), Math.min(left + 1, MAX_TIMER_MS));
    }
  }

  private stopByDeadline(): void {
    this.deadlineTimer = undefined;
    if (performance.now() < this.deadline) this.tasksChanged();
    else this.stop(new Stop("timeout", `timeout of ${this.limits.timeoutMs / 1000}s exceeded`));
  }

  /** Lets `__close` handlers run for a while after a stop. */
  allow(milliseconds: number): void {
    if (this.graceUntil === 0) this.graceUntil = performance.now() + milliseconds;
  }

  /** Called at every look around: raises what must be raised now. */
  check(): void {
    this.checkStop();
    this.memory.check();
    if (this.finalizers.hasDue) this.finalize();
  }

  /** Raises the stop that was asked for, or that of the deadline. */
  checkStop(): void {
    const now = performance.now();
    lookout?.(now);
    if (this.stopRequest !== undefined) {
      if (now < this.graceUntil) return;
      throw this.stopRequest;
    }
    if (now > this.deadline) {
      this.stop(new Stop("timeout", `timeout of ${this.limits.timeoutMs / 1000}s exceeded`));
      throw this.stopRequest;
    }
  }

  /** Runs the finalizers that are due, in a task of their own; installed by library/collect.ts. */
  finalize: () => void = () => {};
}
