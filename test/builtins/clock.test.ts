import { describe, expect, test } from "bun:test";
import { after } from "../../builtins/timer.ts";
import { errorOf, results } from "./script.ts";

describe("sleep and time", () => {
  test("sleep waits at least as long as asked", async () => {
    const begun = performance.now();
    expect(await results(`return select("#", sleep(0.03))`)).toEqual([0]);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
  });

  test.each([
    [`sleep(-1)`, "bad argument #1 to 'sleep' (value out of range: -1 is below 0)"],
    [`sleep(0/0)`, "bad argument #1 to 'sleep' (value out of range: not a number)"],
    [`sleep()`, "bad argument #1 to 'sleep' (number expected, got no value)"],
    [`sleep("x")`, "bad argument #1 to 'sleep' (number expected, got string)"],
    [`sleep({})`, "bad argument #1 to 'sleep' (number expected, got table)"],
  ])("%s", async (code, message) => {
    expect(await errorOf(code)).toBe(`test:1: ${message}`);
  });

  // Longer than a timer can be (2^31 ms), which JavaScript would take for "at once".
  test.each(["2^31/1000", "1e10", "1e300", "math.huge"])("sleep(%s) does not return", async (seconds) => {
    const source = `return pcall(async.timeout, 0.02, function() sleep(${seconds}) end)`;
    expect(await results(source)).toEqual([false, "async.timeout: timeout of 0.02s exceeded"]);
  });

  test("time is a float near the time of day", async () => {
    const [type, now] = await results(`return math.type(time()), time()`);
    expect(type).toBe("float");
    expect(Math.abs((now as number) - Date.now() / 1000)).toBeLessThan(5);
  });

  test("a cancelled timer does not fire", async () => {
    let fired = false;
    after(5, () => {
      fired = true;
    }).cancel();
    await Bun.sleep(15);
    expect(fired).toBe(false);
  });
});
