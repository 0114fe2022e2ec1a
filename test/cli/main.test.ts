import { afterAll, describe, expect, test } from "bun:test";
import { assay, BINARY, cleanEnv, readUntil, start } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder({
  "hello.lua": 'print("hello", ...)\nreturn 1\n',
  "UPPER.LUA": 'print("upper")\n',
  "-x.lua": 'print("dash")\n',
  "x.txt": "print(1)\n",
  shebang: '#!/usr/bin/env assay\nprint("shebang", arg[0], ...)\n',
  "shebang.txt": '#!/usr/bin/assay\nprint("text")\n',
  plain: 'print("plain")\n',
  "syntax.lua": "local x = = 1\n",
  "raise.lua": "local resp = {}\nlocal function check()\n  return resp.body.status\nend\ncheck()\n",
  "bom.lua": '\ufeffprint("bom")\r\n',
  "empty.lua": "",
  "comment.lua": "-- nothing",
  "lib/inner.lua": 'return { name = "inner" }\n',
  "beside.lua": "return { name = ... }\n",
  "require.lua": 'print(require("beside").name, require("inner").name, pcall(require, "../beside"))\n',
});
afterAll(() => folder.remove());

describe("K23: what the arguments ask for", () => {
  const rows: readonly [args: string[], status: number, stdout: string, stderr?: string | RegExp][] = [
    [["hello.lua", "a", "--help", "-x"], 0, "hello\ta\t--help\t-x\n"],
    [["./hello.lua"], 0, "hello\n"],
    [["UPPER.LUA"], 0, "upper\n"],
    [["--", "-x.lua"], 0, "dash\n"],
    [["--log-level", "debug", "hello.lua", "x"], 0, "hello\tx\n"],
    [["shebang", "1"], 0, "shebang\tshebang\t1\n"],
    [["shebang.txt"], 0, "text\n"],
    [["bom.lua"], 0, "bom\n"],
    [["empty.lua"], 0, ""],
    [["comment.lua"], 0, ""],
    [["exec", "-e", "print(1 + 1, ...)", "x"], 0, "2\tx\n"],
    [["x.txt"], 2, "", 'error: unsupported file extension ".txt" (expected .yaml, .yml or .lua)\n'],
    [["nope.txt"], 2, "", 'error: unsupported file extension ".txt" (expected .yaml, .yml or .lua)\n'],
    [["plain"], 2, "", 'error: unsupported file extension "" (expected .yaml, .yml or .lua)\n'],
    [["nope.lua"], 3, "", "error: nope.lua: no such file or directory\n"],
    [["nope.yaml"], 3, "", "error: nope.yaml: no such file or directory\n"],
    [["."], 3, "", "error: .: is a directory\n"],
    [["lib/"], 3, "", "error: lib/: is a directory\n"],
    [["valdate"], 3, "", 'error: valdate: no such file or directory (did you mean the command "assay validate"?)\n'],
    [["syntax.lua"], 3, "", "error: syntax.lua:1: unexpected symbol near '='\n    1 | local x = = 1\n"],
    [[], 2, "", /^error: no file given\nUsage:\n {2}assay FILE\.lua/],
    [["--"], 2, "", /^error: no file given/],
    [["--tiemout", "3s", "hello.lua"], 2, "", 'error: unknown option "--tiemout" (did you mean "--timeout"?)\n'],
    [["--timeout", "soon", "hello.lua"], 2, "", /^error: --timeout: expected a duration such as 500ms/],
    [["--timeout"], 2, "", "error: --timeout needs a value\n"],
    [
      ["--log-level", "loud", "hello.lua"],
      2,
      "",
      'error: --log-level: expected debug, info, warn or error, got "loud"\n',
    ],
    [["--format", "json", "hello.lua"], 2, "", "error: --format is for check files\n"],
    [["--timeout", "1s", "exec", "-e", "print(1)"], 2, "", /the options of exec stand behind it/],
    [["--allow-net=", "hello.lua"], 2, "", "error: --allow-net: the list is empty\n"],
    [["-constructor", "hello.lua"], 2, "", 'error: unknown option "--constructor"\n'],
    [["-constructor\r", "hello.lua"], 2, "", 'error: unknown option "--constructor"\n'],
    [["--hasOwnProperty=x", "hello.lua"], 2, "", 'error: unknown option "--hasOwnProperty"\n'],
    [["hello.lua", "--constructor"], 0, "hello\t--constructor\n"],
    [["--allow-net", "hello.lua", "x"], 0, "hello\tx\n"],
    [["exec", "--deny-net", "-e", "print((pcall(http.get, 'http://127.0.0.1:1/')))"], 0, "false\n"],
    [["exec", "-e"], 2, "", "error: -e needs a value\n"],
    [["exec"], 2, "", "error: exec: no code given (assay exec -e CODE)\n"],
  ];
  const complete = rows.map(([args, status, stdout, stderr = ""]) => [args, status, stdout, stderr] as const);
  test.each(complete)("assay %j", async (args, status, stdout, stderr) => {
    const ran = await assay(args, { cwd: folder.path });
    expect(ran.stdout).toBe(stdout);
    if (stderr instanceof RegExp) expect(ran.stderr).toMatch(stderr);
    else expect(ran.stderr).toBe(stderr);
    expect(ran.status).toBe(status);
  });

  test("- reads the script from standard input", async () => {
    const ran = await assay(["-", "a"], { stdin: "#!/bin/x\nprint(arg[0], ...)\nlocal x = nil + 1\n" });
    expect(ran.stdout).toBe("-\ta\n");
    expect(ran.stderr).toStartWith("error: stdin:3: attempt to perform arithmetic on a nil value");
    expect(ran.status).toBe(1);
  });

  test("--version names version, commit and language", async () => {
    const ran = await assay(["--version"]);
    expect(ran.stdout).toMatch(/^assay \d+\.\d+\.\d+ \([0-9a-f]+|unknown, Lua 5\.5\)\n$/);
  });

  test("--help shows the exit statuses", async () => {
    const ran = await assay(["--help"]);
    expect(ran.status).toBe(0);
    for (const status of [0, 1, 2, 3, 130, 143]) expect(ran.stdout).toMatch(new RegExp(`^ +${status} {2}`, "m"));
  });

  test("require finds modules beside the script and in lib, and nothing outside", async () => {
    const ran = await assay([folder.file("require.lua")]);
    expect(ran.stdout).toStartWith("beside\tinner\tfalse\t");
    expect(ran.stdout).toContain("is not a module name");
  });
});

describe("uncaught errors", () => {
  const rows: readonly [code: string, stderr: string | RegExp][] = [
    ['error("plain")', /^error: \(command line\):1: plain\n/],
    ['error("no place", 0)', /^error: no place\n/],
    ['error({ code = 7, msg = "x" })', /^error: \{code = 7, msg = "x"\}\n/],
    ['error(setmetatable({}, { __tostring = function() return "custom" end }))', /^error: custom\n/],
    ["error(setmetatable({}, { __tostring = function() while true do end end }))", /^error: table: 0x/],
    ["error()", /^error: <no error object>\n/],
    ['error("two\\nlines\\27[31m")', /^error: \(command line\):1: two\nlines\\x1b\[31m\n/],
  ];
  test.each(rows)("%s", async (code, stderr) => {
    const ran = await assay(["exec", "-e", code]);
    expect(ran.stderr).toMatch(stderr);
    expect(ran.stdout).toBe("");
    expect(ran.status).toBe(1);
  });

  test("message, source line and traceback", async () => {
    const ran = await assay(["raise.lua"], { cwd: folder.path });
    expect(ran.stderr).toStartWith(
      "error: raise.lua:3: attempt to index a nil value (field 'body')\n    3 |   return resp.body.status\n" +
        "stack traceback:\n\traise.lua:3: in local 'check'\n\traise.lua:5: in main chunk\n\t[C]: in ?\n",
    );
    expect(ran.status).toBe(1);
  });

  test("a spawned task that failed makes the status 1", async () => {
    const ran = await assay(["exec", "-e", 'async.spawn(function() error("lost") end) print("main")']);
    expect(ran.stdout).toBe("main\n");
    expect(ran.stderr).toContain("lost");
    expect(ran.status).toBe(1);
  });
});

describe("output", () => {
  test("K22: 20 MB arrive whole, also with a slow reader", async () => {
    const code = 'local line = ("x"):rep(999) for i = 1, 20000 do print(line) end';
    const process = start(["exec", "-e", code]);
    let size = 0;
    let chunks = 0;
    for await (const chunk of process.stdout) {
      size += chunk.length;
      if (++chunks % 20 === 0) await Bun.sleep(1);
    }
    expect(size).toBe(20_000_000);
    expect(await process.exited).toBe(0);
  });

  test("bytes stay bytes", async () => {
    const process = start(["exec", "-e", 'print("\\0\\xff\\xc3\\xa4")']);
    expect(new Uint8Array(await new Response(process.stdout).arrayBuffer())).toEqual(
      new Uint8Array([0, 0xff, 0xc3, 0xa4, 10]),
    );
  });

  test("print and log keep their order when both go to one place", async () => {
    const shell = 'exec "$0" exec -e \'for i = 1, 3 do print(i) log.info("L" .. i) end\' --log-format text 2>&1';
    const ran = Bun.spawnSync(["sh", "-c", shell, BINARY]);
    const order = ran.stdout.toString().match(/^\d$|L\d/gm);
    expect(order).toEqual(["1", "L1", "2", "L2", "3", "L3"]);
  });

  test("K22: a full disk is an error", async () => {
    const ran = Bun.spawnSync(["sh", "-c", '"$0" exec -e "print(1)" > /dev/full', BINARY]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr.toString()).toBe("error: cannot write to standard output: no space left on device\n");
  });

  test("K22: a closed pipe ends the script quietly", async () => {
    const script = '"$0" exec -e "while true do print(1) end" | head -n 1; echo "${PIPESTATUS[0]}"';
    const ran = Bun.spawnSync(["bash", "-c", script, BINARY]);
    expect(ran.stderr.toString()).toBe("");
    expect(ran.stdout.toString()).toBe("1\n141\n");
  });
});

describe("signals", () => {
  const rows: readonly [signal: "SIGINT" | "SIGTERM", code: string, status: number][] = [
    ["SIGINT", "while true do end", 130],
    ["SIGTERM", "while true do end", 143],
    ["SIGTERM", "while true do pcall(function() while true do end end) end", 143],
    ["SIGINT", "sleep(1000)", 130],
    // Calls of native code that run for ever, in which the runtime tells of no signal.
    ["SIGTERM", "sleep(0.01); ('a'):rep(60000):find('.-.-.-b')", 143],
    ["SIGINT", "sleep(0.01); table.move({}, 1, 1 << 50, 2)", 130],
    ["SIGTERM", "async.spawn(function() sleep(1000) end)", 143],
  ];
  test.each(rows)("T13: %s stops %s", async (signal, code, status) => {
    const process = start(["exec", "-e", `print("ready") ${code}`]);
    await readUntil(process.stdout, "ready");
    process.kill(signal);
    expect(await process.exited).toBe(status);
    expect(await new Response(process.stderr).text()).toBe("");
  });

  test("a close handler runs when a signal stops the script", async () => {
    const code =
      'local c <close> = setmetatable({}, { __close = function() print("closed") end }) print("ready") sleep(1000)';
    const process = start(["exec", "-e", code]);
    await readUntil(process.stdout, "ready");
    process.kill("SIGTERM");
    expect(await readUntil(process.stdout, "closed")).toContain("closed");
    expect(await process.exited).toBe(143);
  });

  test("--timeout cannot be caught", async () => {
    const ran = await assay([
      "exec",
      "--timeout",
      "100ms",
      "-e",
      "while true do pcall(function() while true do end end) end",
    ]);
    expect(ran.stderr).toBe("error: timeout of 0.1s exceeded\n");
    expect(ran.status).toBe(1);
  });
});

describe("the help of a command", () => {
  for (const args of [["exec"], ["repl"], ["validate"], ["report"], ["report", "merge"], ["modules"], ["completion"]]) {
    test(`assay ${args.join(" ")} --help`, async () => {
      const ran = await assay([...args, "--help"]);
      expect(ran.stdout).toStartWith(`Usage: assay ${args[0]}`);
      expect(ran).toMatchObject({ status: 0, stderr: "" });
    });
  }
});

describe("the directory that one happens to be in", () => {
  test("X01: nothing in it is read", async () => {
    const hostile = temporaryFolder({
      ".env": "INJECTED=env\n",
      ".env.production": "INJECTED=production\n",
      "bunfig.toml": 'preload = ["./preload.ts"]\n',
      "preload.ts": 'console.log("preloaded")\n',
      "package.json": '{"name":"x","type":"commonjs"}',
      "tsconfig.json": "{broken",
      "node_modules/assay/index.js": "throw 1",
      "checks/jq-worker.js": 'console.log("worker")',
      "ok.lua": 'print(env.get("INJECTED"))\n',
      "c.yaml": 'checks: [{name: a, type: script, script: "assert(true) return {n = 1}", capture: {n: .output.n}}]\n',
    });
    try {
      const ran = await assay(["ok.lua"], { cwd: hostile.path });
      expect(ran).toEqual({ status: 0, stdout: "nil\n", stderr: "" });
      const checks = await assay(["c.yaml", "--format", "tap"], { cwd: hostile.path });
      expect(checks.stdout).toBe("TAP version 13\n1..1\nok 1 - a\n");
    } finally {
      hostile.remove();
    }
  });
});

describe("the runtime inside", () => {
  test("K22: what a script prints to a closed standard output is missed", () => {
    const run = (code: string) =>
      Bun.spawnSync(["sh", "-c", `"$0" exec -e '${code}' >&-`, BINARY], { env: cleanEnv() });
    const printing = run("print(1)");
    expect(printing.exitCode).toBe(1);
    expect(printing.stderr.toString()).toBe("error: standard output is closed: what was written to it is lost\n");
    expect(run("local x = 1").exitCode).toBe(0);
  });

  test("K22: checks whose results nobody could read do not run", () => {
    folder.write("c.yaml", 'checks: [{name: a, type: script, script: "assert(1)"}]\n');
    const ran = Bun.spawnSync(["sh", "-c", '"$0" c.yaml >&-', BINARY], { cwd: folder.path, env: cleanEnv() });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr.toString()).toBe("error: standard output is closed: the results would be lost\n");
  });

  test("few open files, no environment, no home, no standard input", () => {
    const script = 'ulimit -n 32; env -i HOME=/dev/null/nothing TMPDIR=/dev/null/nothing "$0" hello.lua <&-';
    const ran = Bun.spawnSync(["sh", "-c", script, BINARY], { cwd: folder.path });
    expect([ran.stdout.toString(), ran.stderr.toString(), ran.exitCode]).toEqual(["hello\n", "", 0]);
  });
});

describe("repl", () => {
  test("reads, runs and prints, with builtins and without io", async () => {
    const lines = [
      "x = 5",
      "x + 1",
      "json.encode({ 1, 2 }), io",
      "for i = 1, 2 do",
      "print(i)",
      "end",
      "error('boo')",
      "assert(x == 5)",
    ];
    const ran = await assay(["repl"], { stdin: `${lines.join("\n")}\n` });
    expect(ran.stdout).toContain("6\n");
    expect(ran.stdout).toContain("[1,2]\tnil\n");
    expect(ran.stdout).toContain("1\n2\n");
    expect(ran.stderr).toContain("stdin:1: boo\nstack traceback:\n");
    expect(ran.status).toBe(0);
  });
});
