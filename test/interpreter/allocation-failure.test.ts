/**
 * M22: a fixed script is run again and again while the first, second, third … request for memory fails, until it gets
 * through. Whatever fails, the script ends in the one error, can catch it, and the machine goes on afterwards.
 */
import { describe, expect, test } from "bun:test";
import { createVm, LuaError, load, Task } from "../../interpreter/index.ts";
import { Memory } from "../../interpreter/limits.ts";
import { pausing } from "../../interpreter/task.ts";
import { list, type Value } from "../../interpreter/value.ts";

/** Something of everything that asks for memory. */
const SCRIPT = `
  local log = {}
  local function close() log[#log + 1] = "closed" end
  local function work()
    local guard <close> = setmetatable({}, { __close = close })
    local t = {}
    for i = 1, 50 do t[i] = ("x"):rep(100 + i) end
    local text = table.concat(t, ("-"):rep(100))
    text = text:gsub("x+", function(s) return s:upper() .. #s end):reverse():lower()
    local packed = string.pack("s4z", text, "end")
    assert(string.unpack("s4", packed) == text)
    table.sort(t, function(a, b) return #a > #b end)
    local co = coroutine.wrap(function(...)
      for i = 1, 5 do coroutine.yield({ ..., i, table.unpack(t) }) end
    end)
    for _ = 1, 5 do assert(#co("a") > 50) end
    local made = load("local a, b = ... return { a, b, " .. ("1,"):rep(200) .. "}", "=made")
    assert(#made(1, 2) == 202)
    local object = setmetatable({}, {
      __index = function(_, k) return k .. k end,
      __concat = function(a, b) return "joined" end,
      __gc = function() end,
    })
    assert(object.key == "keykey" and object .. "" == "joined")
    return string.format("%s %q %99d", text:sub(1, 10), "q", 1), utf8.char(228, 8364), #table.pack(table.unpack(t))
  end
  local mode = ...
  if mode == "plain" then return work() end
  local ok, e = pcall(work)
  if not ok then assert(e == "not enough memory", e) end
  assert(log[#log] == "closed" or not ok)
  return ok, work ~= nil and select("#", pcall(work)) >= 2
`;

/** How often memory is asked for at `point` while the script runs, and how it ends when request number `failing` fails. */
async function runFailing(
  point: "reserve" | "check",
  failing: number,
  mode: "plain" | "caught",
): Promise<{ asked: number; outcome: Value[] | string; after: Value }> {
  const vm = createVm({ memoryBytes: 64 << 20, timeoutMs: 20_000 });
  let asked = 0;
  const original = Memory.prototype[point] as (bytes: number) => void;
  const guarded = (bytes: number) => {
    if (++asked === failing) throw new LuaError("not enough memory");
    original.call(vm.memory, bytes);
  };
  Object.assign(vm.memory, { [point]: guarded });
  const runChunk = async (source: string, args: Value[]) =>
    list(await new Task(vm, load(vm, source, "=fixed"), args).start().promise);
  let outcome: Value[] | string;
  try {
    outcome = await runChunk(SCRIPT, [mode]);
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    outcome = String(error.value);
  }
  const total = asked;
  failing = Infinity;
  const [after] = await runChunk("local t = {} for i = 1, 100 do t[i] = i end return #t", []);
  return { asked: total, outcome, after };
}

describe("M22: memory that runs out at the n-th request", () => {
  test.each([
    ["reserve", "plain"],
    ["reserve", "caught"],
    ["check", "plain"],
    ["check", "caught"],
  ] as const)(
    "%s, error %s",
    async (point, mode) => {
      const before = { ...pausing };
      // Every call looks around, so that this fails anywhere too.
      if (point === "check") pausing.ticks = 0;
      try {
        const whole = await runFailing(point, Infinity, mode);
        expect(whole.asked).toBeGreaterThan(point === "check" ? 100 : 10);
        for (let n = 1; n <= Math.min(whole.asked, 1000); n++) {
          const { asked, outcome, after } = await runFailing(point, n, mode);
          expect([n, after]).toEqual([n, 100]);
          if (asked < n) continue; // finalizers do not run at the same point each time
          if (mode === "plain") expect([n, outcome]).toEqual([n, "not enough memory"]);
          else if (typeof outcome === "string") expect([n, outcome]).toEqual([n, "not enough memory"]);
          else expect([n, outcome[1]]).toEqual([n, true]);
        }
      } finally {
        Object.assign(pausing, before);
      }
    },
    60_000,
  );
});
