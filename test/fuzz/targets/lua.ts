/** Lua programs, in the sandbox with all builtins, and with the libraries that `assay lua` has. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Host } from "../../../builtins/host.ts";
import { openBuiltins } from "../../../builtins/index.ts";
import { createFullVm } from "../../../interpreter/full.ts";
import { createVm, load, Task } from "../../../interpreter/index.ts";
import { closeMachine } from "../../../interpreter/library/collect.ts";
import { flushAll } from "../../../interpreter/library/io-stream.ts";
import { pausing } from "../../../interpreter/task.ts";
import { list } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { IO_CASES } from "../../interpreter/library/io-cases.ts";
import { programs } from "../lua-programs.ts";
import { nothingOutside } from "../machine.ts";
import { Finding, judgeError, judgeText, judgeValues } from "../oracle.ts";
import type { Target } from "../target.ts";

const ROOT = join(import.meta.dir, "../../..");
const LIMITS = { memoryBytes: 8 << 20, timeoutMs: 250 };
/** Printed text that is looked at. */
const MAX_PRINTED = 20_000;

const PIECES = [
  ..."and break do else elseif end false for function global goto if in local nil not or repeat return then true until while".split(
    " ",
  ),
  ..."+ - * / // % ^ # & ~ | << >> .. ... == ~= <= >= < > = ( ) { } [ ] :: ; : , .".split(" "),
  "<close>",
  "<const>",
  "--[[",
  "]]",
  "--",
  "[=[",
  "'",
  '"',
  "\\z",
  "\\x",
  "\\u{",
  " x ",
  " _ENV ",
  " _G ",
  "f()",
  "function() end",
  "local a <close> = nil",
  "goto x",
  "::x::",
  "0x1p4",
  "1e309",
  "math.huge",
  "math.mininteger",
  "coroutine.yield()",
  "coroutine.wrap(function() end)()",
  "error({})",
  "error()",
  "pcall(error)",
  "setmetatable({}, {__index = function(t, k) return t[k] end})",
  "string.rep('x', 1e9)",
  "load('x')()",
  "collectgarbage()",
  "debug.sethook(function() end, 'crl', 1)",
  "debug.traceback()",
  "debug.getinfo(1)",
  "debug.setmetatable(nil, {__index = {}})",
  "string.dump(function() end)",
  "io.read()",
  "io.open(dir .. '/f', 'w+')",
  "sleep(0)",
  "async.spawn(function() end)",
  "async.channel()",
  "json.parse('[1]')",
  "json.encode",
  "regex.match('a', 'b')",
  "assert.eq(1, 2)",
  "log.info('x')",
  "time()",
];

function read(folder: string): string[] {
  const path = join(ROOT, folder);
  return readdirSync(path)
    .filter((name) => name.endsWith(".lua"))
    .sort()
    .map((name) => readFileSync(join(path, name), "latin1"));
}

/** Programs that are short, and have nothing to do with networks. */
function seeds(): string[] {
  const chunks = read("test/lua").flatMap((text) => text.split(/^-{4,}$/m));
  const cases = IO_CASES.map(([, chunk]) => chunk);
  const outside = /\b(?:http|ws|db|net|popen|execute|rename)\b/;
  return [...chunks, ...cases, ...read("examples")].filter((text) => text.length < 6000 && !outside.test(text));
}

/** What a mutated program must not have: other programs, files other than its own. */
const TAME = `local open, dir = io.open, dir
io.popen, os.execute, os.remove, os.rename, os.tmpname, io.lines, io.input, io.output = nil
function io.open(name, ...)
  if type(name) == "string" and (name:sub(1, #dir + 1) ~= dir .. "/" or name:find("..", 1, true)) then return nil, name end
  return open(name, ...)
end`;

export const lua: Target = {
  name: "lua",
  summary: "Lua programs: in the sandbox with all builtins, and as `assay lua` runs them",
  cases: 1200,
  limitMs: 2 * (LIMITS.timeoutMs + 1000),
  open: async () => {
    const dir = join(process.env.TMPDIR ?? "/nonexistent", "files");
    const run = async (input: string): Promise<string> => {
      const sandboxed = await runSandboxed(input);
      mkdirSync(dir, { recursive: true });
      try {
        return `${sandboxed}, ${await runWhole(input, dir)}`;
      } finally {
        flushAll();
        rmSync(dir, { recursive: true, force: true });
      }
    };
    return { seeds: seeds(), pieces: PIECES, generated: programs, run };
  },
};

async function runSandboxed(input: string): Promise<string> {
  const vm = createVm(LIMITS);
  let printed = "";
  const note = (text: string): void => {
    if (printed.length < MAX_PRINTED) printed += text;
  };
  const host = new Host({ permissions: nothingOutside(), stdout: note, logSink: note, logFormat: "json" });
  const isOpen = openBuiltins(vm, host, "script");
  const outcome = await runChunk(vm, input);
  if (isOpen("async")) {
    const { cancelTasks } = require("../../../builtins/async.ts") as typeof import("../../../builtins/async.ts");
    await cancelTasks(vm);
  }
  await host.closeResources();
  if (vm.tasks.size > 0) throw new Finding("leak", "a task is left over");
  judgeText(printed, input);
  return outcome;
}

/** With all libraries; one in three with suspensions at every few ticks. */
async function runWhole(input: string, dir: string): Promise<string> {
  const vm = createFullVm(() => undefined, LIMITS);
  vm.globals.setString("dir", dir);
  await new Task(vm, load(vm, TAME, "=tame"), []).start().promise;
  const before = { ...pausing };
  if (input.length % 3 === 0) Object.assign(pausing, { always: true, ticks: 1 + (input.length % 7) });
  try {
    const outcome = await runChunk(vm, input);
    vm.deadline = performance.now() + LIMITS.timeoutMs;
    await closeMachine(vm).catch((error) => judgeError(error, input));
    return outcome;
  } finally {
    Object.assign(pausing, before);
  }
}

async function runChunk(vm: VirtualMachine, input: string): Promise<string> {
  try {
    return judgeValues(list(await new Task(vm, load(vm, input, "=fuzz"), []).start().promise));
  } catch (error) {
    return judgeError(error, input);
  }
}
