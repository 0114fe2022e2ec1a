/** Tasks: functions that run beside the main chunk, and what it takes to wait for them. */
import { failure, Stop } from "../interpreter/error.ts";
import type { LuaFunction, NativeFunction } from "../interpreter/function.ts";
import {
  any,
  argumentError,
  callable,
  checkFunction,
  checkNumber,
  documentKinds,
  fn,
  integer,
  isFunction,
  type Kind,
  library,
  newUserdata,
  number,
  optional,
  options,
  rest,
  returns,
  table,
  userdata,
} from "../interpreter/native.ts";
import { formatNumber } from "../interpreter/number.ts";
import { state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { type Cancellable, Task } from "../interpreter/task.ts";
import { first, NOTHING, type Results, Userdata, type Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import { type Awaitable, bookOf, Interval, MAX_INTERVALS, MAX_TASKS, outcomeError, Spawned } from "./async/book.ts";
import { channelKind, channelRow } from "./async/channel.ts";
import { after } from "./timer.ts";

export { cancelTasks, finishTasks } from "./async/book.ts";

const KIND = "async.task";
/** From this many living tasks on, spawning lets the others have a turn now and then: most of them are short. */
const CROWD = 1000;

// --- handles --------------------------------------------------------------------------------------------------------

const TASK = userdata("task", KIND);
const of = (handle: Userdata) => handle.data as Awaitable;

/** The task that runs now, as its root coroutine. */
function currentRoot(): unknown {
  let coroutine = state.coroutine;
  while (coroutine.resumer !== undefined && !coroutine.isRoot) coroutine = coroutine.resumer;
  return coroutine;
}

function refuseItself(what: string, task: Awaitable): void {
  if (task.isTask(currentRoot())) throw failure(`${what}: a task cannot wait for itself`);
}

const cancelRow = {
  summary: "Stops the task at its next wait, or the interval; nothing happens when it has ended.",
  params: [TASK],
  returns: [],
  source: "Assay",
  run: (handle: Userdata) => {
    of(handle).cancel();
    return NOTHING;
  },
};

const taskKind: Kind = {
  name: KIND,
  summary: "A spawned task or an interval.",
  methods: [
    fn("await", {
      summary:
        "Waits for the task and returns what its function returned, or raises its error, each time it is asked. For an interval: waits until it is cancelled.",
      params: [TASK],
      returns: [returns("…", "any", "the function's results")],
      raises: ["the task's error", "`await: the task was cancelled`"],
      source: "Assay",
      run: (handle) => {
        refuseItself("await", of(handle));
        return of(handle).outcome();
      },
    }),
    fn("cancel", cancelRow),
    fn("status", {
      summary: "How the task stands.",
      params: [TASK],
      returns: [returns("status", '"running"|"done"|"failed"|"cancelled"')],
      source: "Assay",
      run: (handle) => of(handle).status,
    }),
  ],
  metamethods: [fn("__close", cancelRow)],
};

function spawn(fn: LuaFunction | NativeFunction, args: Value[]): Results | Promise<Results> {
  const { vm } = state;
  const book = bookOf(vm);
  const alive = book.live.size;
  if (alive >= MAX_TASKS) throw failure(`async.spawn: too many tasks (${alive} have not ended)`);
  const spawned = new Spawned(book, new Task(vm, fn, args));
  const handle = newUserdata(taskKind, spawned);
  spawned.belongsTo(handle);
  if (alive < CROWD || alive % CROWD !== 0) return handle;
  return new Promise((resolve) => setImmediate(resolve, handle));
}

// --- several tasks --------------------------------------------------------------------------------------------------

/** The tasks of a list of handles, from now on waited for. */
function outcomes(what: string, handles: LuaTable): Promise<Results>[] {
  const tasks = handles.toArray().map((handle, i) => {
    if (handle instanceof Userdata && handle.kind === KIND) return of(handle);
    throw argumentError(1, `list of tasks expected, element ${i + 1} is something else`);
  });
  for (const task of tasks) refuseItself(what, task);
  return tasks.map((task) => task.outcome());
}

/** The first results of several calls as a list. */
function listOf(vm: VirtualMachine, values: readonly Results[]): LuaTable {
  const out = new LuaTable(vm.rootShape);
  values.forEach((value, i) => {
    out.set(i + 1, first(value));
  });
  return out;
}

/** Tasks that wait for tasks of their own are tasks too. */
function refuseCrowd(what: string, vm: VirtualMachine): void {
  const { size } = vm.tasks;
  if (size >= MAX_TASKS) throw failure(`${what}: too many tasks (${size} have not ended)`);
}

/** Runs `fn(item, index)` for all items, `concurrency` at a time; the first error stops what still runs. */
function map(vm: VirtualMachine, items: readonly Value[], fn: Value, concurrency: number): Cancellable {
  const { promise, resolve, reject } = Promise.withResolvers<Results>();
  const done: Results[] = new Array(items.length);
  const running = new Set<Task>();
  let next = 0;
  let failed: { error: unknown } | undefined;
  const stop = (error: unknown) => {
    failed ??= { error };
    for (const task of running) task.cancel(new Stop("cancelled", "task cancelled"));
  };
  refuseCrowd("async.map", vm);
  const go = () => {
    if (running.size === 0 && (failed !== undefined || next === items.length)) {
      if (failed !== undefined) reject(outcomeError("async.map", failed.error));
      else resolve(listOf(vm, done));
      return;
    }
    while (failed === undefined && next < items.length && running.size < concurrency) {
      if (running.size > 0 && vm.tasks.size >= MAX_TASKS) break;
      const index = next++;
      const task = new Task(vm, fn, [items[index], index + 1]).start();
      running.add(task);
      task.promise.then(
        (results) => {
          running.delete(task);
          done[index] = results;
          go();
        },
        (error) => {
          running.delete(task);
          stop(error);
          go();
        },
      );
    }
  };
  go();
  const cancellable: Cancellable = promise;
  // In a turn of its own: the tasks may wait for further ones in the same way, very many levels deep.
  cancellable.cancel = () => queueMicrotask(() => stop(new Stop("cancelled", "task cancelled")));
  return cancellable;
}

function timeout(vm: VirtualMachine, seconds: number, fn: Value): Cancellable {
  refuseCrowd("async.timeout", vm);
  const { promise, resolve, reject } = Promise.withResolvers<Results>();
  const task = new Task(vm, fn, []).start();
  const stopped = new Stop("cancelled", "task cancelled");
  const timer = after(seconds * 1000, () => {
    task.cancel(stopped);
    reject(failure(`async.timeout: timeout of ${formatNumber(seconds)}s exceeded`));
  });
  task.promise.then(
    (results) => {
      timer.cancel();
      resolve(results);
    },
    (error) => {
      timer.cancel();
      reject(outcomeError("async.timeout", error));
    },
  );
  const cancellable: Cancellable = promise;
  cancellable.cancel = () => {
    timer.cancel();
    queueMicrotask(() => task.cancel(stopped));
  };
  return cancellable;
}

// --- the library ----------------------------------------------------------------------------------------------------

const HANDLES = table("handles", { type: `${KIND}[]`, summary: "a list of tasks" });

export const asyncLibrary = library("async", "Tasks that run beside the script, and channels between them.", [
  fn("spawn", {
    summary:
      "Runs a function as a task of its own and returns its handle. At the end of the script tasks are waited for; an error that nobody awaited is logged and makes the exit status 1.",
    params: [callable("fn", { type: "fun(...): ..." }), rest(any("args", { summary: "passed to the function" }))],
    returns: [returns("task", KIND)],
    raises: [`\`async.spawn: too many tasks\` when ${MAX_TASKS} have not ended`],
    source: "Assay",
    example: `local task = async.spawn(function(a, b) return a + b end, 1, 2)\nassert(task:await() == 3)`,
    run: (fn, args) => spawn(fn, args),
  }),
  fn("spawn_interval", {
    summary:
      "Runs a function every so many milliseconds until it is cancelled or the script ends; runs never overlap. An error of a run is logged, and the interval goes on.",
    params: [
      any("fn", { type: "fun(...): ...", summary: "older scripts may give `(seconds, fn)` instead" }),
      any("ms", { type: "number", summary: "period (milliseconds)" }),
    ],
    returns: [returns("interval", KIND)],
    raises: [`\`async.spawn_interval: too many intervals\` when ${MAX_INTERVALS} are not cancelled`],
    source: "Assay",
    example: `local n = 0\nlocal interval = async.spawn_interval(function() n = n + 1 end, 1)\nsleep(0.02)\ninterval:cancel()\nassert(n > 0)`,
    run: (a, b) => {
      const old = !isFunction(a) && isFunction(b);
      const fn = old ? b : checkFunction(a, 1);
      const period = old ? checkNumber(a, 1) * 1000 : checkNumber(b, 2);
      if (!(period > 0)) throw argumentError(old ? 1 : 2, "value out of range: must be above 0");
      const book = bookOf(state.vm);
      const { size } = book.intervals;
      if (size >= MAX_INTERVALS) throw failure(`async.spawn_interval: too many intervals (${size} are not cancelled)`);
      return newUserdata(taskKind, new Interval(book, fn, Math.max(1, period)));
    },
  }),
  fn("all", {
    summary: "Waits for all tasks and returns their first results as a list; raises the first error that occurs.",
    params: [HANDLES],
    returns: [returns("results", "any[]", "in the order of the tasks")],
    raises: ["the error of the task that fails first"],
    source: "Assay",
    example: `local a = async.spawn(function() return 1 end)\nlocal b = async.spawn(function() return 2 end)\nassert.eq(async.all({ a, b }), { 1, 2 })`,
    run: (handles) => {
      const { vm } = state;
      return Promise.all(outcomes("async.all", handles)).then((results) => listOf(vm, results));
    },
  }),
  fn("race", {
    summary:
      "Waits for the task that ends first and returns its first result and its place in the list, or raises its error. The others go on.",
    params: [HANDLES],
    returns: [returns("result", "any"), returns("index", "integer")],
    raises: ["the error of the task that ends first"],
    source: "Assay",
    example: `local fast = async.spawn(function() return "fast" end)\nlocal slow = async.spawn(function() sleep(0.01) return "slow" end)\nassert(async.race({ slow, fast }) == "fast")`,
    run: (handles) => {
      const tasks = outcomes("async.race", handles);
      if (tasks.length === 0) throw failure("async.race: the list of tasks is empty");
      return Promise.race(tasks.map((task, i) => task.then((results): Results => [first(results), i + 1])));
    },
  }),
  fn("map", {
    summary:
      "Calls a function with each element of a list (and its index), several at a time, and returns the list of its first results. The first error stops the others and is raised.",
    params: [
      table("list", { type: "any[]" }),
      callable("fn", { type: "fun(item: any, index: integer): any" }),
      options("options", [
        optional(integer("concurrency", { min: 1, max: 10_000, summary: "calls at a time; default 10" }), 10),
      ]),
    ],
    returns: [returns("results", "any[]", "in the order of the list")],
    raises: ["the first error of a call"],
    source: "Assay",
    example: `assert.eq(async.map({ 1, 2, 3 }, function(n) sleep(0.001) return n * n end), { 1, 4, 9 })`,
    run: (items, fn, { concurrency }) => map(state.vm, items.toArray(), fn, concurrency),
  }),
  fn("timeout", {
    summary: "Runs a function and returns its results, or stops it and raises an error when the time is up.",
    params: [number("seconds", { unit: "seconds", min: 0 }), callable("fn", { type: "fun(...): ..." })],
    returns: [returns("…", "any", "the function's results")],
    raises: ["`async.timeout: timeout of 2s exceeded`", "the function's error"],
    source: "Assay",
    example: `assert(not pcall(async.timeout, 0.001, function() sleep(1) end))`,
    run: (seconds, fn) => timeout(state.vm, seconds, fn),
  }),
  channelRow,
]);
documentKinds(asyncLibrary, taskKind, channelKind);
