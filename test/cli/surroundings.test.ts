/** What surrounds the executable cannot change what it runs: files in the current directory, the environment, limits. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { IGNORED_VARIABLES } from "../../scripts/runtime.ts";
import { assay, BINARY, cleanEnv, type RunOptions } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serve } from "../support/server.ts";

/** A script that uses everything that is loaded late: libraries, workers, WebAssembly. */
const SCRIPT = `
local conn <close> = db.connect("sqlite::memory:")
assert.eq(db.query(conn, "select 1 as n")[1].n, 1)
assert.eq(yaml.parse("a: [1, 2]").a[2], 2)
assert.eq(toml.parse("a = 1").a, 1)
assert.eq(template.render_string("{{ a }}", { a = 1 }), "1")
assert.eq(regex.replace("b+", "abbc", "-"), "a-c")
assert(crypto.jwt_verify(crypto.jwt_sign({ sub = "x" }, ("k"):rep(32)), ("k"):rep(32), { algorithms = "HS256", require_exp = false }).sub == "x")
assert(require("assay.healthcheck"))
pcall(http.get, "http://127.0.0.1:1/")
pcall(ws.connect, "ws://127.0.0.1:1/")
pcall(db.connect, "postgres://u:p@127.0.0.1:1/x")
pcall(db.connect, "mysql://u:p@127.0.0.1:1/x")
print("done", env.get("INJECTED"))
`;
const SCRIPT_PRINTS = "done\tnil\n";
const CHECKS = 'checks: [{name: a, type: script, script: "assert(1 == 1) return {n = 1}", capture: {n: .output.n}}]\n';
const CHECKS_PRINT = "TAP version 13\n1..1\nok 1 - a\n";

const folder = temporaryFolder({ "all.lua": SCRIPT, "checks.yaml": CHECKS });
afterAll(() => folder.remove());

async function runsAsUsual(options: RunOptions): Promise<void> {
  const script = await assay([join(folder.path, "all.lua")], options);
  expect(script).toEqual({ status: 0, stdout: SCRIPT_PRINTS, stderr: "" });
  const checks = await assay([join(folder.path, "checks.yaml"), "--format", "tap"], options);
  expect(checks.stdout).toBe(CHECKS_PRINT);
  expect(checks.status).toBe(0);
}

describe("files in the current directory", () => {
  const CODE = 'console.log("INJECTED"); process.exit(77);\n';
  const hostile: Record<string, string> = {
    ".env": "INJECTED=env\n",
    ".env.local": "INJECTED=local\n",
    ".env.production": "INJECTED=production\n",
    ".env.development": "INJECTED=development\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n',
    ".bunfig.toml": 'preload = ["./preload.ts"]\n',
    "preload.ts": CODE,
    "package.json": '{"name":"x","type":"commonjs","main":"preload.ts","yargs":{"parse-numbers":true}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./preload.ts"]}}}',
    "jsconfig.json": "{broken",
    ".npmrc": "registry=http://127.0.0.1:1/\n",
    "cli/main.js": CODE,
    "cli/checks/jq-worker.js": CODE,
    "cli/checks/jq-worker.ts": CODE,
    "builtins/db/sqlite-worker.js": CODE,
    "sql-wasm.wasm": "no WebAssembly",
    "lib/assay/healthcheck.lua": "error('INJECTED')",
    "assay/healthcheck.lua": "error('INJECTED')",
    "assay.lua": "error('INJECTED')",
  };
  const libraries = ["assay", "yaml", "undici", "ws", "postgres", "mariadb", "jq-wasm", "sql.js", "nunjucks", "yargs"];
  for (const name of [...libraries, "bufferutil", "utf-8-validate"]) {
    hostile[`node_modules/${name}/index.js`] = CODE;
    hostile[`node_modules/${name}/package.json`] = `{"name":"${name}","main":"index.js"}`;
  }

  test("X01: that would inject code are not read", async () => {
    const here = temporaryFolder(hostile);
    await runsAsUsual({ cwd: here.path });
    here.remove();
  });

  test("X01: are not even opened", async () => {
    if (Bun.which("mkfifo") === null) return;
    const here = temporaryFolder();
    // Whoever opens one of these to read it waits for ever.
    for (const name of Object.keys(hostile)) mkdirSync(dirname(here.file(name)), { recursive: true });
    Bun.spawnSync(["mkfifo", ...Object.keys(hostile).map((name) => here.file(name))]);
    await runsAsUsual({ cwd: here.path });
    here.remove();
  });
});

describe("the environment", () => {
  const others: readonly (readonly [name: string, value: string])[] = [
    ["NODE_OPTIONS", "--require ./preload.js"],
    ["NODE_PATH", "/nonexistent"],
    ["NODE_DEBUG", "http,net,tls,module,semver"],
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
    ["NODE_ENV", "development"],
    ["BUN_CONFIG_PRELOAD", "./preload.js"],
    ["BUN_RUNTIME_TRANSPILER_CACHE_PATH", "/dev/null/nothing"],
    ["BUN_DEBUG_QUIET_LOGS", "0"],
    ["LUA_INIT", "error('init')"],
    ["LUA_INIT_5_5", "error('init')"],
    ["LUA_PATH", "/nonexistent/?.lua"],
    ["LUA_CPATH", "/nonexistent/?.so"],
    // Of libraries inside.
    ["LOG_STREAM", "1"],
    ["LOG_TOKENS", "1"],
    ["YARGS_MIN_NODE_VERSION", "99"],
    ["JEST_WORKER_ID", "1"],
    ["UNDICI_NO_WASM_SIMD", "0"],
    ["DEBUG", "*"],
    ["LANG", "de_DE.UTF-8"],
  ];
  const runtimes = Object.keys(IGNORED_VARIABLES).map((name) => [name, name === "BUN_BE_BUN" ? "1" : "x"] as const);
  test.each([
    ...runtimes,
    ["BUN_OPTIONS", "--preload ./preload.js"] as const,
    ["BUN_INSPECT", "127.0.0.1:0"] as const,
    ["BUN_INSPECT_NOTIFY", "unix:///nonexistent"] as const,
  ])("X02: %s=%s changes nothing", async (name, value) => {
    folder.write("preload.js", 'console.log("INJECTED");');
    const ran = await assay(["all.lua"], { cwd: folder.path, env: { [name]: value } });
    expect(ran).toEqual({ status: 0, stdout: SCRIPT_PRINTS, stderr: "" });
  });

  test("X02: variables of other runtimes, of Lua and of libraries change nothing", async () => {
    const env = Object.fromEntries(others);
    await runsAsUsual({ cwd: folder.path, env });
    const usage = await assay(["--timeout"], { env });
    expect(usage).toEqual({ status: 2, stdout: "", stderr: "error: --timeout needs a value\n" });
  });

  test("BUN_CONFIG_VERBOSE_FETCH does not make requests print their tokens", async () => {
    const server = serve({ "/": () => new Response("ok") });
    const code = `print(http.get("${server.url}/", { headers = { Authorization = "Bearer s3cret" } }).body)`;
    const ran = await assay(["exec", "-e", code], { env: { BUN_CONFIG_VERBOSE_FETCH: "curl" } });
    await server.stop();
    expect(ran).toEqual({ status: 0, stdout: "ok\n", stderr: "" });
  });
});

describe("limits", () => {
  function shell(script: string) {
    const ran = Bun.spawnSync(["sh", "-c", script, BINARY], { cwd: folder.path, env: cleanEnv(), stderr: "pipe" });
    return { status: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() };
  }

  test("X05: 32 open files are enough, and too few are an error with words", () => {
    expect(shell('ulimit -n 32; "$0" all.lua')).toEqual({ status: 0, stdout: SCRIPT_PRINTS, stderr: "" });
    folder.write("many.lua", 'for i = 1, 100 do db.connect("sqlite:" .. i .. ".db") end');
    const ran = shell('ulimit -n 32; "$0" many.lua');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/^error: many\.lua:1: db\.connect: /);
  });

  test("X05: standard input is closed", () => {
    expect(shell('"$0" all.lua <&-')).toEqual({ status: 0, stdout: SCRIPT_PRINTS, stderr: "" });
  });

  test("X05, K22: standard error is closed", () => {
    expect(shell('"$0" all.lua 2>&-')).toMatchObject({ status: 0, stdout: SCRIPT_PRINTS });
  });

  test("X04: an empty environment", () => {
    expect(shell('env -i "$0" all.lua')).toEqual({ status: 0, stdout: SCRIPT_PRINTS, stderr: "" });
  });

  test("a folder that is gone is an error with words", () => {
    const ran = shell(`mkdir gone && cd gone && rmdir ../gone && "$0" "${folder.path}/all.lua"`);
    expect(ran).toMatchObject({ status: 1, stdout: "" });
    expect(ran.stderr).toContain("working directory was deleted");
  });
});

describe("X07: what nobody caught makes the exit status 1, with one line for the user", () => {
  const scripts: readonly (readonly [what: string, code: string])[] = [
    ["an error in a task", 'async.spawn(function() error("lost") end)'],
    [
      "an error in an interval's task",
      'local t = async.spawn_interval(function() error("lost") end, 1) sleep(0.02) error("lost")',
    ],
    ["an error while closing", 'local c <close> = setmetatable({}, { __close = function() error("lost") end })'],
    ["an error in a coroutine", 'coroutine.wrap(function() error("lost") end)()'],
    [
      "an error in a finalizer of a task",
      'async.spawn(function() local c <close> = setmetatable({}, { __close = function() error("lost") end }) end)',
    ],
  ];
  test.each(scripts)("%s", async (_, code) => {
    const ran = await assay(["exec", "-e", code]);
    expect(ran.status).toBe(1);
    expect(ran.stderr.split("\n").filter((line) => line.includes("lost")).length).toBeGreaterThan(0);
    expect(ran.stderr).not.toMatch(/\.(js|ts):\d|bunfs|Bun v/);
  });

  // Mistakes of our own: made here by code that runs before the command's.
  test.each([
    ["a promise", 'Promise.reject(new TypeError("inner"))'],
    ["an exception", 'throw new TypeError("inner")'],
  ])("%s", async (_, code) => {
    // Once the command has begun.
    const begun = 'process.listenerCount("unhandledRejection") > 0';
    const mistake = `const timer = setInterval(() => { if (${begun}) { clearInterval(timer); ${code} } }, 5);`;
    const preload = folder.write("mistake.ts", mistake);
    const main = join(import.meta.dir, "..", "..", "cli", "main.ts");
    const run = (...options: string[]) => {
      const ran = Bun.spawnSync([process.execPath, "--preload", preload, main, ...options, "exec", "-e", "sleep(5)"], {
        env: cleanEnv(),
        stderr: "pipe",
      });
      return { status: ran.exitCode, stderr: ran.stderr.toString() };
    };
    const line = "error: internal error (please report it); --debug shows the details\n";
    expect(run()).toEqual({ status: 1, stderr: line });
  });
});
