/**
 * Hooks of the debug library (manual §4.7, §6.11).
 *
 * Until a hook is first set nothing here runs. Then the nodes that the compiler has noted as points (the beginnings
 * of statements, the turns of loops) get an `exec` of their own that tells the hook before it goes on, functions get
 * a body around their body, and calls of native functions go through `state.hooks`.
 */
import { invoke } from "./call.ts";
import type { Coroutine } from "./coroutine.ts";
import { LuaFunction, type NativeFunction, type Prototype } from "./function.ts";
import {
  type Completion,
  RETURN,
  RETURN_MULTI,
  type Resumable,
  type Site,
  Statement,
  suspend,
  TAIL_CALL,
  TailSite,
} from "./nodes/node.ts";
import { ACROSS, NATIVE_WINDOW, type Registers, state } from "./state.ts";
import { LuaTable } from "./table.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "./value.ts";

export interface Hook {
  fn: Value;
  /** Letters of `c`, `r` and `l`, in this order. */
  mask: string;
  /** Call after every so many steps; 0 for never. */
  count: number;
}

/** A hook in use, with what it remembers of the function that runs. */
interface ActiveHook extends Hook {
  calls: boolean;
  returns: boolean;
  lines: boolean;
  /** Steps until the next count event. */
  left: number;
  /** Whether the hook function runs: no events then. */
  running: boolean;
  /** Line and place of what the innermost Lua function does; -1 when it has only begun. */
  line: number;
  order: number;
  /** A jump backwards: the next line counts as new even if it is the same. */
  jumped: boolean;
}

/** What the compiler notes about a node, for the time when a hook is set. */
export interface HookPoint {
  node: object;
  kind: "statement" | "expression" | "while" | "repeat" | "numeric" | "generic";
  /** The line told before the node runs; 0 for none. For loops, the line told after each turn. */
  before: number;
  /** The line told after it; 0 for none. */
  after: number;
  /** Its place in the order of evaluation, which tells what locals are active. */
  order: number;
}

/** What a statement costs of a count: the reference counts instructions. */
const STATEMENT_STEPS = 3;

export function getHook(coroutine: Coroutine): Hook | undefined {
  return coroutine.hook as Hook | undefined;
}

/** Sets or removes the hook; the native function that asks for it runs at `state.top`. */
export function setHook(coroutine: Coroutine, hook: Hook | undefined): Results | Suspended {
  const before = coroutine.hook as ActiveHook | undefined;
  const calls = hook?.mask.includes("c") === true;
  const returns = hook?.mask.includes("r") === true;
  const lines = hook?.mask.includes("l") === true;
  if (hook === undefined || !(calls || returns || lines || hook.count > 0)) {
    coroutine.hook = undefined;
    if (before !== undefined) remember(coroutine, undefined);
    return [];
  }
  const first = state.hooks === undefined;
  if (first) {
    state.hooks = { callNative: hookedNative };
    for (const prototype of livePrototypes()) instrument(prototype);
  }
  coroutine.hook = {
    fn: hook.fn,
    mask: `${calls ? "c" : ""}${returns ? "r" : ""}${lines ? "l" : ""}`,
    count: hook.count,
    calls,
    returns,
    lines,
    left: hook.count,
    running: before?.running ?? false,
    ...(coroutine === state.coroutine ? position(state.R[state.top + 1] as Site) : { line: -1, order: 0 }),
    jumped: false,
  } satisfies ActiveHook;
  remember(coroutine, hook.fn);
  // The call that set the first hook went past `state.hooks`, but its return counts.
  return first ? leaveNative(state.R, state.top, []) : [];
}

/** The registry's table of hooks (`_HOOKKEY`): its keys are weak. */
function remember(coroutine: Coroutine, fn: Value): void {
  const { vm } = state;
  let table = vm.registry.getString("_HOOKKEY");
  if (!(table instanceof LuaTable)) {
    table = vm.newTable();
    const metatable = vm.newTable();
    metatable.setString("__mode", "k");
    table.metatable = metatable;
    vm.noteMetatable(table, metatable);
    vm.registry.setString("_HOOKKEY", table);
  }
  table.set(coroutine, fn);
}

/** The running coroutine's hook, if it wants to hear of anything now. */
function listening(): ActiveHook | undefined {
  const hook = state.coroutine.hook as ActiveHook | undefined;
  return hook === undefined || hook.running ? undefined : hook;
}

function position(site: Site): { line: number; order: number } {
  return { line: site.line, order: (site as { order?: number }).order ?? 0 };
}

// --- calling the hook -------------------------------------------------------------------------------------------------

/** What the hook function is called by: stands for the point that the hooked function has reached. */
class HookSite implements Site {
  constructor(
    readonly line: number,
    readonly size: number,
    readonly order: number,
  ) {}
  calleeName(): string {
    return "hook '?'";
  }
  asTail(): Site {
    return new TailSite(this.line, this.size);
  }
}

interface Notice {
  event: string;
  line: Value;
}

/** What the evaluator was carrying when the hook was called. */
interface Saved {
  hook: ActiveHook;
  more: Notice[];
  site: HookSite;
  then: () => unknown;
  returned: Value;
  returnedMulti: Value[];
  target: typeof state.target;
  top: number;
  argc: number;
  transfer: Transfer;
}

/** Values that a call or return transfers: see `getinfo`, option `r`. */
export interface Transfer {
  first: number;
  count: number;
  /** The values, where they are not locals of the hooked function. */
  values: Value[] | undefined;
}

const NO_TRANSFER: Transfer = { first: 0, count: 0, values: undefined };

/** The transfer under way and the window it concerns, while a hook for it runs. */
const transfer: { current: Transfer; coroutine: Coroutine | undefined; base: number } = {
  current: NO_TRANSFER,
  coroutine: undefined,
  base: 0,
};

/** What the call or return under a hook transfers, for the window at `base` if it is that function's. */
export function transferAt(coroutine: Coroutine, base: number): Transfer | undefined {
  const is = transfer.current !== NO_TRANSFER && transfer.coroutine === coroutine && transfer.base === base;
  return is ? transfer.current : undefined;
}

/** Whether a level of the stack is the one whose hook runs; its windows' sites tell. */
export function isHookSite(site: Site | undefined): boolean {
  return site instanceof HookSite;
}

/** Goes on after a hook that had to wait. */
class AfterHook implements Resumable {
  readonly watches = true;
  readonly handlesErrors = true;
  resume(R: Registers, base: number, _stage: number, saved: unknown): unknown {
    const from = saved as Saved;
    restore(from);
    return tell(R, base, from);
  }
  handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    restore(saved as Saved);
    throw error;
  }
}
const AFTER_HOOK = new AfterHook();

function restore(saved: Saved): void {
  saved.hook.running = false;
  const now = state.coroutine.hook as ActiveHook | undefined;
  if (now !== undefined) now.running = false;
  transfer.current = NO_TRANSFER;
  state.nativeCalls -= 1 + ACROSS;
  state.returned = saved.returned;
  state.returnedMulti = saved.returnedMulti;
  state.target = saved.target;
  state.top = saved.top;
  state.argc = saved.argc;
}

/** Calls the hook for each notice, then goes on with `then`; if the hook has to wait, both happen later. */
function tell(R: Registers, base: number, saved: Saved): unknown {
  const { more, site } = saved;
  for (;;) {
    const notice = more.shift();
    if (notice === undefined) return saved.then();
    // The hook may have been changed or removed by the one before.
    const hook = state.coroutine.hook as ActiveHook | undefined;
    if (hook === undefined) return saved.then();
    saved.hook = hook;
    hook.running = true;
    transfer.current = saved.transfer;
    transfer.coroutine = state.coroutine;
    transfer.base = base;
    state.nativeCalls += 1 + ACROSS;
    let given: Results | Suspended;
    try {
      given = invoke(hook.fn, [notice.event, notice.line], R, base + site.size, site);
    } catch (error) {
      restore(saved);
      throw error;
    }
    if (given === SUSPENDED) return suspend(AFTER_HOOK, base, 0, saved);
    restore(saved);
  }
}

function notify(
  R: Registers,
  base: number,
  hook: ActiveHook,
  more: Notice[],
  site: HookSite,
  then: () => unknown,
  passing: Transfer = NO_TRANSFER,
): unknown {
  const { returned, returnedMulti, target, top, argc } = state;
  return tell(R, base, {
    hook,
    more,
    site,
    then,
    returned,
    returnedMulti,
    target,
    top,
    argc,
    transfer: passing,
  });
}

function windowSize(R: Registers, base: number): number {
  const fn: unknown = R[base];
  return fn instanceof LuaFunction ? fn.prototype.size : NATIVE_WINDOW;
}

/** Tells of a step of a Lua function: so many counts, and a line if it is a new one (0 for none). */
function step(
  R: Registers,
  base: number,
  hook: ActiveHook,
  line: number,
  order: number,
  steps: number,
  then: () => unknown,
): unknown {
  const notices: Notice[] = [];
  if (hook.count > 0) {
    for (let i = 0; i < steps; i++) {
      if (--hook.left > 0) continue;
      hook.left = hook.count;
      notices.push({ event: "count", line: undefined });
    }
  }
  hook.order = order;
  if (line > 0) {
    if (hook.lines && (hook.jumped || hook.line !== line)) notices.push({ event: "line", line });
    hook.line = line;
    hook.jumped = false;
  }
  if (notices.length === 0) return then();
  return notify(R, base, hook, notices, new HookSite(line || hook.line, windowSize(R, base), order), then);
}

// --- points in Lua functions ------------------------------------------------------------------------------------------

type Exec = (R: Registers, base: number) => unknown;

/** Continues after a node that had to wait; saved: what comes then. */
class AfterNode implements Resumable {
  readonly watches = true;
  readonly handlesErrors = false;
  resume(_R: Registers, _base: number, _stage: number, saved: unknown, value: unknown): unknown {
    return (saved as (value: unknown) => unknown)(value);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    throw error;
  }
}
const AFTER_NODE = new AfterNode();

function followed(base: number, value: unknown, then: (value: unknown) => unknown): unknown {
  return value === SUSPENDED ? suspend(AFTER_NODE, base, 0, then) : then(value);
}

/** Puts code around a method of a node. */
function wrap(node: object, name: string, around: (inner: Exec) => Exec): void {
  const methods = node as Record<string, unknown>;
  const inner = methods[name] as (this: object, ...args: unknown[]) => unknown;
  methods[name] = around((R, base) => inner.call(node, R, base));
}

function instrumentPoint({ node, kind, before, after, order }: HookPoint): void {
  if (kind === "statement" || kind === "expression") {
    wrap(node, kind === "statement" ? "exec" : "eval", (inner) => (R, base) => {
      const hook = listening();
      if (hook === undefined) return inner(R, base);
      const run = () => {
        if (after === 0) return inner(R, base);
        return followed(base, inner(R, base), (value) => {
          const now = listening();
          if (now === undefined || (kind === "statement" && value !== undefined)) return value;
          return step(R, base, now, after, order, 1, () => value);
        });
      };
      return before === 0 ? run() : step(R, base, hook, before, order, kind === "statement" ? STATEMENT_STEPS : 1, run);
    });
    return;
  }
  const { body } = node as { body: object };
  wrap(body, "exec", (inner) => (R, base) => {
    const entering = listening();
    if (entering !== undefined && kind === "generic") entering.jumped = true;
    return followed(base, inner(R, base), (value) => {
      const hook = listening();
      if (hook === undefined || value !== undefined) return value;
      if (kind === "while" || kind === "repeat") hook.jumped = true;
      if (kind === "repeat") {
        hook.order = order;
        return value;
      }
      return step(R, base, hook, before, order, 1, () => {
        const now = listening();
        if (now !== undefined && kind === "numeric") now.jumped = true;
        return value;
      });
    });
  });
  if (kind !== "numeric" && kind !== "generic") return;
  const leave = (value: unknown) => {
    const hook = state.coroutine.hook as ActiveHook | undefined;
    if (hook !== undefined) hook.jumped = false;
    return value;
  };
  wrap(node, "exec", (inner) => (R, base) => followed(base, inner(R, base), leave));
}

/** The body of a function where hooks may be set: tells of its calls and returns. */
export class HookedBody extends Statement {
  constructor(
    readonly prototype: Prototype,
    readonly inner: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const hook = listening();
    if (hook === undefined) return this.run(R, base);
    hook.line = -1;
    hook.order = 0;
    hook.jumped = false;
    if (!hook.calls) return this.run(R, base);
    const event = R[base + 1] instanceof TailSite ? "tail call" : "call";
    const { line, size, parameterCount } = this.prototype;
    return notify(
      R,
      base,
      hook,
      [{ event, line: undefined }],
      new HookSite(line, size, 0),
      () => {
        const now = state.coroutine.hook as ActiveHook | undefined;
        if (now !== undefined) now.line = -1;
        return this.run(R, base);
      },
      { first: 1, count: parameterCount, values: undefined },
    ) as Completion;
  }
  private run(R: Registers, base: number): Completion {
    const hook = listening();
    if (hook === undefined || !hook.lines || !this.prototype.stripped) return this.runInner(R, base);
    // Without lines the reference tells of the first instruction only.
    const site = new HookSite(-1, this.prototype.size, 0);
    const then = () => this.runInner(R, base);
    return notify(R, base, hook, [{ event: "line", line: undefined }], site, then) as Completion;
  }
  private runInner(R: Registers, base: number): Completion {
    const completion = this.inner.exec(R, base);
    return completion === SUSPENDED ? suspend(this, base, 0) : this.leave(R, base, completion);
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return this.leave(R, base, value as Completion);
  }
  private leave(R: Registers, base: number, completion: Completion): Completion {
    const hook = listening();
    if (hook === undefined || completion === TAIL_CALL) return completion;
    if (completion !== undefined) return this.returned(R, base, hook, completion);
    const { endOrder, stripped } = this.prototype;
    const lastLine = stripped ? 0 : this.prototype.lastLine;
    return step(R, base, hook, lastLine, endOrder, 1, () => {
      const now = listening();
      return now === undefined ? completion : this.returned(R, base, now, completion);
    }) as Completion;
  }
  private returned(R: Registers, base: number, hook: ActiveHook, completion: Completion): Completion {
    const site = R[base + 1] as Site;
    const leave = () => {
      const now = state.coroutine.hook as ActiveHook | undefined;
      if (now !== undefined) Object.assign(now, position(site), { jumped: false });
      return completion;
    };
    if (!hook.returns) return leave();
    const values =
      completion === RETURN ? [state.returned] : completion === RETURN_MULTI ? state.returnedMulti.slice() : [];
    return notify(
      R,
      base,
      hook,
      [{ event: "return", line: undefined }],
      new HookSite(hook.line, this.prototype.size, hook.order),
      leave,
      { first: this.prototype.size, count: values.length, values },
    ) as Completion;
  }
}

// --- native functions -------------------------------------------------------------------------------------------------

/** Goes on after a native function that had to wait. */
class AfterNative implements Resumable {
  readonly watches = true;
  readonly handlesErrors = false;
  resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return leaveNative(R, base, value as Results);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    throw error;
  }
}
const AFTER_NATIVE = new AfterNative();

/** Runs a native function whose window at `base` is in place, telling of its call and return. */
function hookedNative(R: Registers, base: number, fn: NativeFunction, args: Value[]): Results | Suspended {
  const run = (): Results | Suspended => {
    state.top = base;
    state.argc = args.length;
    const given = fn.variadic === undefined ? fn.run(args[0], args[1], args[2]) : fn.variadic(args);
    if (given === SUSPENDED) return suspend(AFTER_NATIVE, base, 0);
    return leaveNative(R, base, given);
  };
  const hook = listening();
  if (hook === undefined || !hook.calls) return run();
  return notify(R, base, hook, [{ event: "call", line: undefined }], new HookSite(-1, NATIVE_WINDOW, 0), run, {
    first: 1,
    count: args.length,
    values: args.slice(),
  }) as Results | Suspended;
}

function leaveNative(R: Registers, base: number, given: Results): Results | Suspended {
  const hook = listening();
  if (hook === undefined) return given;
  const site = R[base + 1] as Site;
  const leave = () => {
    const now = state.coroutine.hook as ActiveHook | undefined;
    if (now !== undefined && site.line > 0) Object.assign(now, position(site));
    return given;
  };
  if (!hook.returns) return leave();
  const values = Array.isArray(given) ? given.slice() : [given];
  return notify(R, base, hook, [{ event: "return", line: undefined }], new HookSite(-1, NATIVE_WINDOW, 0), leave, {
    first: 1,
    count: values.length,
    values,
  }) as Results | Suspended;
}

// --- prototypes -------------------------------------------------------------------------------------------------------

/** Prototypes compiled where the debug library is open, while no hook has been set; then they get instrumented. */
let prototypes: WeakRef<Prototype>[] = [];
/** Number of them at which those that are gone are dropped. */
let sweepAt = 1000;

function* livePrototypes(): Generator<Prototype> {
  for (const reference of prototypes) {
    const prototype = reference.deref();
    if (prototype !== undefined) yield prototype;
  }
  prototypes = [];
}

/**
 * Called for each function compiled where the debug library is open. `mayHook` says that its chunk speaks of hooks:
 * then the function may be running when one is set, and has to tell of its return all the same.
 */
export function registerPrototype(prototype: Prototype, mayHook: boolean): void {
  if (mayHook) prototype.body = new HookedBody(prototype, prototype.body);
  if (state.hooks !== undefined) {
    instrument(prototype);
    return;
  }
  prototypes.push(new WeakRef(prototype));
  if (prototypes.length < sweepAt) return;
  prototypes = prototypes.filter((reference) => reference.deref() !== undefined);
  sweepAt = Math.max(1000, prototypes.length * 2);
}

function instrument(prototype: Prototype): void {
  if (!(prototype.body instanceof HookedBody)) prototype.body = new HookedBody(prototype, prototype.body);
  for (const point of prototype.points ?? []) instrumentPoint(point);
}
