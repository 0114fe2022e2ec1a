/** `assay lua`, as a process. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LUA_CASES, type LuaCase } from "./lua-cases.ts";

const MAIN = join(import.meta.dir, "../../cli/main.ts");

interface Ended {
  stdout: string;
  stderr: string;
  status: number | null;
  signal: string | number | null;
}

async function runLua(use: LuaCase): Promise<Ended> {
  const cwd = mkdtempSync(join(tmpdir(), "assay-test-"));
  for (const [name, text] of Object.entries(use.files ?? {})) writeFileSync(join(cwd, name), text);
  try {
    const child = Bun.spawn([process.execPath, MAIN, "lua", ...use.args], {
      cwd,
      env: { PATH: process.env.PATH, ...use.env },
      stdin: new Response(use.stdin ?? ""),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { stdout, stderr, status: child.exitCode, signal: child.signalCode };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

function check(actual: string, expected: string | RegExp | undefined): void {
  if (expected instanceof RegExp) expect(actual).toMatch(expected);
  else if (expected !== undefined) expect(actual).toBe(expected);
}

describe("uses", () => {
  for (const use of LUA_CASES) {
    test.concurrent(use.name, async () => {
      const ended = await runLua(use);
      if (use.stderr === undefined) expect(ended.stderr).toBe("");
      check(ended.stderr, use.stderr);
      check(ended.stdout, use.stdout);
      expect(ended.status).toBe(use.status ?? 0);
    });
  }
});

describe("Ctrl-C", () => {
  /** Starts a script, and sends the signal when it has printed its first line. */
  async function interrupt(code: string, times = 1): Promise<Ended> {
    const child = Bun.spawn([process.execPath, MAIN, "lua", "-e", code], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = child.stdout.getReader();
    let stdout = "";
    const decoder = new TextDecoder();
    for (let sent = 0; ; ) {
      const { value, done } = await reader.read();
      if (done) break;
      stdout += decoder.decode(value);
      while (sent < times && stdout.split("\n").length > sent + 1) {
        child.kill("SIGINT");
        sent++;
      }
    }
    const stderr = await child.stderr.text();
    await child.exited;
    return { stdout, stderr, status: child.exitCode, signal: child.signalCode };
  }

  test.concurrent("raises an error that can be caught", async () => {
    const { stdout, status } = await interrupt(
      "print('on') print(select(2, pcall(function() while true do end end)):match('interrupted!')) print(42)",
    );
    expect(stdout).toBe("on\ninterrupted!\n42\n");
    expect(status).toBe(0);
  });

  test.concurrent("ends a script that does not catch it", async () => {
    const { stderr, status } = await interrupt("print('on') while true do end");
    expect(stderr).toMatch(/^lua: .*interrupted!\nstack traceback:\n/);
    expect(status).toBe(1);
  });

  test.concurrent("interrupts waiting for input", async () => {
    const { stdout, stderr } = await interrupt("print('on') print(pcall(io.read)) io.read('n')", 2);
    expect(stdout).toMatch(/^on\nfalse\t.*interrupted!\n$/);
    expect(stderr).toBe("");
  });

  test.concurrent("the second one ends the process", async () => {
    const { signal, stdout } = await interrupt(
      "print('on') while true do pcall(function() while true do end end) print('again') end",
      2,
    );
    expect(stdout).toBe("on\nagain\n");
    expect(signal).toBe("SIGINT");
  });
});

test("a reader that goes away ends the command quietly", async () => {
  const child = Bun.spawn(
    [
      "/bin/sh",
      "-c",
      `("$0" "$1" lua -e 'while true do print("x") end'; echo $? >&2) | head -n 1`,
      process.execPath,
      MAIN,
    ],
    { stdout: "pipe", stderr: "pipe" },
  );
  expect(await child.stdout.text()).toBe("x\n");
  expect(await child.stderr.text()).toBe("141\n");
});
