import { describe, expect, test } from "bun:test";
import { runFull } from "../full.ts";

/** Hooks that note what they hear, around a piece of code. */
const EVENTS = `
  local got = {}
  local function hook(event, line)
    local info = debug.getinfo(2, "nt")
    got[#got + 1] = event .. (line and " " .. line or info.name and " " .. info.name or "")
  end
`;

async function traced(setup: string, mask: string, code: string, pauseEvery?: number) {
  const source = `${EVENTS}${setup}
    debug.sethook(hook, "${mask}"); ${code}; debug.sethook()
    return table.concat(got, ", ")`;
  return await runFull(source, pauseEvery);
}

const LINES: [name: string, chunk: string, expected: number[]][] = [
  ["a statement a line", "A = 1\\nA = 2\\n\\nA = 3", [1, 2, 4]],
  ["a while loop", "local n = 0\\nwhile n < 2 do\\nn = n + 1\\nend", [1, 2, 3, 2, 3, 2, 4]],
  ["a loop on one line", "for i = 1, 3 do A = i end", [1, 1, 1]],
  ["a numeric loop", "for i = 1, 2 do\\nA = i\\nend", [1, 2, 1, 2, 1, 3]],
  ["a generic loop", "for _, v in ipairs {1} do\\nA = v\\nend", [1, 2, 1, 3]],
  ["a repeat loop", "A = 0\\nrepeat\\nA = A + 1\\nuntil A == 2", [1, 3, 4, 3, 4]],
  ["the branch taken", "if\\nA\\nthen\\nA = 1\\nelse\\nA = 2\\nend", [2, 4, 7]],
  ["a function called", "local function f()\\nend\\nf()\\nA = nil", [2, 3, 2, 4]],
];

describe.each([undefined, 1])("hooks, pausing every %p ticks", (pauseEvery) => {
  test.each(LINES)("lines: %s", async (_name, chunk, expected) => {
    const { results, error } = await runFull(
      `A = true
      local got = {}
      local chunk = load("${chunk}")
      debug.sethook(function(_, line) got[#got + 1] = line end, "l"); chunk(); debug.sethook()
      return table.concat(got, " ")`,
      pauseEvery,
    );
    expect(error).toBeUndefined();
    expect(results).toEqual([expected.join(" ")]);
  });

  test("calls and returns, of native functions too", async () => {
    const setup = "local function g() return 1 end local function f() return g() end local sin = math.sin\n";
    const { results, error } = await traced(setup, "cr", "f(sin(1))", pauseEvery);
    expect(error).toBeUndefined();
    expect(results).toEqual(["return sethook, call sin, return sin, call f, tail call, return, call sethook"]);
  });

  test("counts", async () => {
    const { results, error } = await runFull(
      `local n = 0
      debug.sethook(function() n = n + 1 end, "", 10)
      for i = 1, 1000 do end
      debug.sethook()
      return n >= 100 and n < 103, (debug.gethook())`,
      pauseEvery,
    );
    expect(error).toBeUndefined();
    expect(results).toEqual([true, undefined]);
  });
});

test("an error in a hook comes out of the function that it stopped", async () => {
  const { results } = await runFull(`
    local ok, message = pcall(function()
      debug.sethook(function() debug.sethook(); error("enough", 0) end, "", 100)
      while true do end
    end)
    return ok, message`);
  expect(results).toEqual([false, "enough"]);
});

test("a coroutine has a hook of its own", async () => {
  const { results } = await runFull(`
    local got = {}
    local co = coroutine.create(function()
      coroutine.yield(1)
      return 2
    end)
    debug.sethook(co, function(event) got[#got + 1] = event end, "crl")
    repeat until not coroutine.resume(co)
    return table.concat(got, " "), (debug.gethook())`);
  expect(results).toEqual(["call line call return line return", undefined]);
});
