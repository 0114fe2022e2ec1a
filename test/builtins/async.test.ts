import { describe, expect, test } from "bun:test";
import { errorOf, results, runScript } from "./script.ts";

const rows: [what: string, source: string, values: unknown[]][] = [
  [
    "await returns what the function returned",
    `return async.spawn(function(a, b) return a + b, nil, "x" end, 1, 2):await()`,
    [3, undefined, "x"],
  ],
  [
    "await after the end, twice",
    `local t = async.spawn(function() return 7 end) sleep(0.001) return t:await(), t:await()`,
    [7, 7],
  ],
  [
    "tasks run beside the spawner",
    `local log = {} local t = async.spawn(function() log[#log+1] = "task" end) log[#log+1] = "main" t:await() return table.concat(log, " ")`,
    ["main task"],
  ],
  [
    "an error is raised again on each await",
    `local t = async.spawn(function() error("boom") end) local a, b = pcall(t.await, t) local c, d = pcall(t.await, t) return a, b, c, d`,
    [false, "test:1: boom", false, "test:1: boom"],
  ],
  [
    "an error value of any type",
    `local e = {} local t = async.spawn(function() error(e) end) return select(2, pcall(t.await, t)) == e`,
    [true],
  ],
  [
    "status",
    `local t = async.spawn(function() sleep(0.001) end) local u = async.spawn(error) local before = t:status() pcall(u.await, u) t:await() return before, t:status(), u:status()`,
    ["running", "done", "failed"],
  ],
  [
    "cancel at a wait",
    `local reached local t = async.spawn(function() sleep(60) reached = true end) sleep(0) t:cancel() local ok, e = pcall(t.await, t) return reached, ok, e, t:status()`,
    [undefined, false, "await: the task was cancelled", "cancelled"],
  ],
  [
    "cancel before the first turn",
    `local ran local t = async.spawn(function() ran = true end) t:cancel() pcall(t.await, t) return ran, t:status()`,
    [undefined, "cancelled"],
  ],
  [
    "cancel after the end",
    `local t = async.spawn(function() return 1 end) t:await() t:cancel() return t:status(), t:await()`,
    ["done", 1],
  ],
  [
    "cancel a task that never waits",
    `local t = async.spawn(function() while true do end end) sleep(0.001) t:cancel() return (pcall(t.await, t))`,
    [false],
  ],
  [
    "a cancelled task closes its variables",
    `local closed local t = async.spawn(function() local c <close> = setmetatable({}, { __close = function() closed = true end }) sleep(60) end) sleep(0) t:cancel() pcall(t.await, t) return closed`,
    [true],
  ],
  [
    "cancel cannot be caught",
    `local caught local t = async.spawn(function() pcall(sleep, 60) caught = true end) sleep(0) t:cancel() pcall(t.await, t) return caught`,
    [undefined],
  ],
  [
    "to-be-closed handle",
    `local ran local t do local h <close> = async.spawn(function() sleep(0.001) ran = true end) t = h end sleep(0.01) return ran, t:status()`,
    [undefined, "cancelled"],
  ],
  [
    "several tasks await one",
    `local t = async.spawn(function() sleep(0.001) return 5 end) local function wait() return t:await() end return table.unpack(async.all({ async.spawn(wait), async.spawn(wait) }))`,
    [5, 5],
  ],
  [
    "await within a coroutine",
    `local t = async.spawn(function() sleep(0.001) return 5 end) return coroutine.wrap(function() return t:await() end)()`,
    [5],
  ],
  ["tostring", `return (tostring(async.spawn(print)):gsub("0x%x+", ""))`, ["async.task: "]],
  // all, race
  [
    "all in order",
    `local function f(n) return function() sleep(n / 1000) return n end end return table.concat(async.all({ async.spawn(f(3)), async.spawn(f(1)), async.spawn(f(2)) }), " ")`,
    ["3 1 2"],
  ],
  ["all of none", `return #async.all({})`, [0]],
  [
    "all raises the first error",
    `local a = async.spawn(function() sleep(0.01) error("late", 0) end) local b = async.spawn(function() error("early", 0) end) return pcall(async.all, { a, b })`,
    [false, "early"],
  ],
  [
    "race",
    `local a = async.spawn(function() sleep(0.02) return "slow" end) local b = async.spawn(function() return "fast" end) return async.race({ a, b })`,
    ["fast", 2],
  ],
  [
    "race raises the first error",
    `local a = async.spawn(function() sleep(0.02) end) local b = async.spawn(function() error("x", 0) end) return pcall(async.race, { a, b })`,
    [false, "x"],
  ],
  // map
  [
    "map keeps the order",
    `return table.concat(async.map({ 3, 1, 2 }, function(n, i) sleep(n / 1000) return n .. ":" .. i end), " ")`,
    ["3:1 1:2 2:3"],
  ],
  ["map of none", `return #async.map({}, print)`, [0]],
  [
    "map runs so many at a time",
    `local now, most = 0, 0 async.map({ 1, 2, 3, 4, 5, 6, 7 }, function() now = now + 1 most = math.max(most, now) sleep(0.001) now = now - 1 end, { concurrency = 3 }) return most`,
    [3],
  ],
  [
    "map runs ten at a time by default",
    `local now, most, list = 0, 0, {} for i = 1, 30 do list[i] = i end async.map(list, function() now = now + 1 most = math.max(most, now) sleep(0.001) now = now - 1 end) return most`,
    [10],
  ],
  [
    "an error in map stops the others",
    `local done = 0 local ok, e = pcall(async.map, { 1, 2, 3, 4 }, function(n) if n == 2 then error("no", 0) end sleep(0.002) done = done + 1 end, { concurrency = 2 }) sleep(0.01) return ok, e, done`,
    [false, "no", 0],
  ],
  // timeout
  ["timeout in time", `return async.timeout(1, function() sleep(0.001) return 1, 2 end)`, [1, 2]],
  [
    "timeout too late",
    `return pcall(async.timeout, 0.005, function() sleep(60) end)`,
    [false, "async.timeout: timeout of 0.005s exceeded"],
  ],
  [
    "timeout of one that never waits",
    `return (pcall(async.timeout, 0.005, function() while true do end end))`,
    [false],
  ],
  ["timeout passes an error on", `return pcall(async.timeout, 1, function() error("x", 0) end)`, [false, "x"]],
  [
    "nested timeouts: the outer cancels the inner",
    `local ran local ok = pcall(async.timeout, 0.005, function() async.timeout(60, function() sleep(0.02) ran = true end) end) sleep(0.03) return ok, ran`,
    [false, undefined],
  ],
  // intervals
  [
    "an interval repeats",
    `local n = 0 local i = async.spawn_interval(function() n = n + 1 end, 1) while n <= 3 do sleep(0.001) end i:cancel() local at = n sleep(0.01) return at > 3, n == at, i:status()`,
    [true, true, "cancelled"],
  ],
  [
    "seconds first",
    `local n = 0 local i = async.spawn_interval(0.001, function() n = n + 1 end) while n <= 3 do sleep(0.001) end i:cancel() return n > 3`,
    [true],
  ],
  [
    "runs never overlap",
    `local now, most = 0, 0 local i = async.spawn_interval(function() now = now + 1 most = math.max(most, now) sleep(0.005) now = now - 1 end, 1) sleep(0.03) i:cancel() return most`,
    [1],
  ],
  [
    "an interval cancels itself",
    `local n = 0 local i i = async.spawn_interval(function() n = n + 1 if n == 3 then i:cancel() end end, 1) i:await() return n`,
    [3],
  ],
  [
    "await of an interval raises the error of a run",
    `local i = async.spawn_interval(function() error("x", 0) end, 1) local ok, e = pcall(i.await, i) return ok, e, i:status()`,
    [false, "x", "failed"],
  ],
  // channels
  [
    "a buffered channel",
    `local c = async.channel(2) c:send(1) c:send(2) local n = #c return n, c:recv(), c:recv(), #c`,
    [2, 1, 2, 0],
  ],
  [
    "a full channel makes the sender wait",
    `local log = {} local c = async.channel(1) local t = async.spawn(function() for i = 1, 3 do c:send(i) log[#log+1] = "s" .. i end end) sleep(0.001) log[#log+1] = "r" .. c:recv() sleep(0.001) log[#log+1] = "r" .. c:recv() t:await() return table.concat(log, " ")`,
    ["s1 r1 s2 r2 s3"],
  ],
  [
    "an unbuffered channel hands over",
    `local c = async.channel() async.spawn(function() c:send("x") end) return c:recv()`,
    ["x"],
  ],
  [
    "a receiver waits",
    `local c = async.channel() local t = async.spawn(function() return c:recv() end) sleep(0.001) c:send("y") return t:await()`,
    ["y"],
  ],
  [
    "first come, first served",
    `local c, got = async.channel(), {} for i = 1, 3 do async.spawn(function() local v = c:recv() got[#got+1] = i .. v end) end sleep(0.001) c:send("a") c:send("b") c:send("c") sleep(0.001) return table.concat(got, " ")`,
    ["1a 2b 3c"],
  ],
  ["false can be sent", `local c = async.channel(1) c:send(false) return c:recv()`, [false]],
  [
    "closed and empty gives nil",
    `local c = async.channel(1) c:send(1) c:close() return c:recv(), c:recv()`,
    [1, undefined],
  ],
  [
    "close wakes receivers",
    `local c = async.channel() local t = async.spawn(function() return c:recv() end) sleep(0) c:close() return t:await()`,
    [undefined],
  ],
  [
    "close fails senders",
    `local c = async.channel() local t = async.spawn(function() c:send(1) end) sleep(0) c:close() return pcall(t.await, t)`,
    [false, "test:1: channel:send: the channel is closed"],
  ],
  [
    "a channel in a loop",
    `local c, sum = async.channel(1), 0 async.spawn(function() for i = 1, 4 do c:send(i) end c:close() end) for v in c do sum = sum + v end return sum`,
    [10],
  ],
  ["recv with a time", `local c = async.channel() return c:recv(0.002)`, [undefined, "timeout"]],
  [
    "a receiver whose time is up takes nothing",
    `local c = async.channel(1) c:recv(0.001) c:send(5) return #c, c:recv()`,
    [1, 5],
  ],
  [
    "a cancelled receiver takes nothing",
    `local c = async.channel(1) local t = async.spawn(function() return c:recv() end) sleep(0) t:cancel() sleep(0) c:send(5) return c:recv()`,
    [5],
  ],
];

const wrong: [source: string, message: string][] = [
  [`async.spawn(5)`, "bad argument #1 to 'async.spawn' (function expected, got number)"],
  [`async.spawn_interval(function() end)`, "bad argument #2 to 'async.spawn_interval' (value expected)"],
  [
    `async.spawn_interval(function() end, 0)`,
    "bad argument #2 to 'async.spawn_interval' (value out of range: must be above 0)",
  ],
  [
    `async.spawn_interval(function() end, 0/0)`,
    "bad argument #2 to 'async.spawn_interval' (value out of range: must be above 0)",
  ],
  [
    `async.spawn_interval(-1, function() end)`,
    "bad argument #1 to 'async.spawn_interval' (value out of range: must be above 0)",
  ],
  [`async.spawn_interval(1, 2)`, "bad argument #1 to 'async.spawn_interval' (function expected, got number)"],
  [`async.all({ 1 })`, "bad argument #1 to 'async.all' (list of tasks expected, element 1 is something else)"],
  [`async.race({})`, "async.race: the list of tasks is empty"],
  [
    `async.map({}, print, { concurrency = 0 })`,
    "bad argument #3 to 'async.map' (field 'concurrency': value out of range: 0 is below 1)",
  ],
  [`async.timeout(-1, print)`, "bad argument #1 to 'async.timeout' (value out of range: -1 is below 0)"],
  [`async.channel(-1)`, "bad argument #1 to 'async.channel' (value out of range: -1 is below 0)"],
  [`async.channel(1):send()`, "bad argument #1 to 'async.channel:send' (value expected)"],
  [`local c = async.channel(1) c:close() c:send(1)`, "channel:send: the channel is closed"],
  [`local t t = async.spawn(function() return t:await() end) t:await()`, "await: a task cannot wait for itself"],
  [
    `local t = async.spawn(print) t.await(5)`,
    "bad argument #1 to 'async.task:await' (async.task expected, got number)",
  ],
];

describe("async", () => {
  test.each(rows)("%s", async (_what, source, values) => {
    expect(await results(source)).toEqual(values as never);
  });
  test.each(wrong)("%s", async (source, message) => {
    expect(await errorOf(source)).toBe(`test:1: ${message}`);
  });

  test("spawned tasks are awaited at the end, and those they spawn", async () => {
    const { log, error, host } = await runScript(`
      async.spawn(function()
        sleep(0.005)
        async.spawn(function() sleep(0.005) log.info("inner") end)
        log.info("outer")
      end)`);
    expect(error).toBeUndefined();
    expect(host.unhandledFailure).toBe(false);
    expect(log.map((line) => JSON.parse(line).msg)).toEqual(["outer", "inner"]);
  });

  test("an error that nobody awaited is logged", async () => {
    const { log, error, host } = await runScript(`async.spawn(function() error("boom") end)`);
    expect(error).toBeUndefined();
    expect(host.unhandledFailure).toBe(true);
    expect(log.map((line) => JSON.parse(line))).toMatchObject([
      { level: "error", msg: "a spawned task failed: test:1: boom" },
    ]);
  });

  test("an awaited error is not, a cancelled task is none", async () => {
    const { log, host } = await runScript(`
      local t = async.spawn(function() error("boom") end)
      pcall(t.await, t)
      async.spawn(function() sleep(60) end):cancel()`);
    expect(log).toEqual([]);
    expect(host.unhandledFailure).toBe(false);
  });

  test("intervals stop at the end; an error of a run is logged and the interval goes on", async () => {
    const {
      log,
      host,
      results: values,
    } = await runScript(`
      local n = 0
      async.spawn_interval(function() n = n + 1 if n == 2 then error("second") end end, 1)
      async.spawn_interval(function() sleep(60) end, 1)
      while n <= 3 do sleep(0.001) end
      return n > 3`);
    expect(values).toEqual([true]);
    expect(host.unhandledFailure).toBe(true);
    expect(log.map((line) => JSON.parse(line).msg)).toEqual(["a run of an interval failed: test:3: second"]);
  });

  test("the deadline stops tasks that wait", async () => {
    const begun = performance.now();
    const limits = { memoryBytes: 64 << 20, timeoutMs: 30 };
    const error = await errorOf(`async.spawn(function() while true do end end) while true do end`, { limits });
    expect(error).toBe("timeout of 0.03s exceeded");
    expect(performance.now() - begun).toBeLessThan(500);
  });

  test("10,000 tasks that sleep 0.1 s take less than a second", async () => {
    const begun = performance.now();
    const source = `
      local tasks = {}
      for i = 1, 10000 do tasks[i] = async.spawn(function() sleep(0.1) return i end) end
      local sum = 0
      for _, n in ipairs(async.all(tasks)) do sum = sum + n end
      return sum`;
    expect(await results(source)).toEqual([50005000]);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  // Two tasks that only exchange values never wait for anything outside.
  const EXCHANGE = `local a, b = async.channel(0), async.channel(0)
    local one = async.spawn(function() while true do a:send(1) b:recv() end end)
    local two = async.spawn(function() while true do a:recv() b:send(1) end end)`;
  test("tasks that keep each other busy leave the others their turn", async () => {
    const source = `${EXCHANGE} for i = 1, 3 do sleep(0.001) end one:cancel() two:cancel() return "ended"`;
    expect(await results(source)).toEqual(["ended"]);
  });
  test("tasks that keep each other busy are stopped by the deadline", async () => {
    const begun = performance.now();
    const limits = { memoryBytes: Infinity, timeoutMs: 50 };
    expect(await errorOf(`${EXCHANGE} one:await()`, { limits })).toBe("timeout of 0.05s exceeded");
    expect(await errorOf(`local function again() async.spawn(again) end again() sleep(60)`, { limits })).toBe(
      "timeout of 0.05s exceeded",
    );
    expect(performance.now() - begun).toBeLessThan(1100);
  });

  test("short tasks may be any number, waiting ones only so many", async () => {
    expect(
      await results(`local n = 0 for i = 1, 200000 do async.spawn(function() n = n + 1 end) end sleep(0.001) return n`),
    ).toEqual([200000]);
    const error = await errorOf(`for i = 1, 1000000 do async.spawn(sleep, 60) end`);
    expect(error).toBe("test:1: async.spawn: too many tasks (20000 have not ended)");
  });

  test("everything again, suspended at each step", async () => {
    for (const [what, source, values] of rows) {
      if (/never waits|at a time|stops the others|in time|repeats|seconds first/.test(what)) continue;
      expect([what, await results(source, { pauseEvery: 1 })]).toEqual([what, values] as never);
    }
  });
});
