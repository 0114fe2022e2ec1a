/** Files, processes, modules from files, and the rest of what only scripts without a sandbox get. */
import { describe, expect, test } from "bun:test";
import { runFull } from "../../full.ts";
import { IO_CASES } from "./io-cases.ts";

describe("as in the reference", () => {
  for (const [name, chunk] of IO_CASES) {
    test(name, async () => {
      expect((await runFull(chunk)).error).toBeUndefined();
    });
  }
});

describe("with a suspension at every step", () => {
  for (const [name, chunk] of IO_CASES) {
    if (/across blocks|collections/.test(name)) continue;
    test(name, async () => {
      expect((await runFull(chunk, 1)).error).toBeUndefined();
    });
  }
});

describe("what differs from the reference", () => {
  test("there are no libraries of C functions", async () => {
    const { results } = await runFull('return package.loadlib("x", "y")');
    expect(results).toEqual([undefined, "dynamic libraries not enabled; check your Lua installation", "absent"]);
  });

  test("a library that is found cannot be loaded", async () => {
    const { error } = await runFull(
      'io.open(dir .. "/x.so", "w"):close(); package.path, package.cpath = "", dir .. "/?.so"; require("x")',
    );
    expect(String(error)).toMatch(/error loading module 'x' from file '.*\/x\.so':\n\tdynamic libraries not enabled/);
  });

  test("a command of bytes that are no text", async () => {
    const { results } = await runFull(String.raw`return io.popen("printf %s '\xe9\xff' | od -An -tx1"):read("a")`);
    expect(results).toEqual([" e9 ff\n"]);
  });
});
