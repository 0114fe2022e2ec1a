/** Arguments of the executable. The input: one argument a line. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Finding, judgeText, outline } from "../oracle.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  "script.lua\na\n--b\n-c",
  "--timeout\n5s\n--memory-limit=64MB\n--deny-net\nscript.lua",
  "exec\n-e\nprint(1, ...)\nx\ny",
  "checks.yaml\n--format\njunit\n--only\none\n--shard\n1/2",
  "checks.yaml\n--output\njson=out.json\n--tag\na,b\n--fail-fast\n--dry-run",
  "validate\nchecks.yaml\nbad.yaml",
  "report\nmerge\nresult.json\nresult.json",
  "lua\n-e\nprint(arg[0])\nscript.lua\n-v\n-W\n-l\nx",
  "help\nhttp.get",
  "modules\nassay.vault",
  "completion\nbash",
  "schema",
  "types\nout",
  "--version",
  "--allow-net=localhost:80,[::1]:*\n--allow-read=.\n--allow-write=out\n--allow-env=A,B*\n--readonly\n--log-level=debug\n--log-format\njson\n--\nscript.lua",
  "repl",
  "-",
];
const PIECES = [
  "\n",
  "--",
  "-",
  "=",
  ",",
  "--timeout",
  "--timeout=0",
  "--timeout=1e99d",
  "--memory-limit=1KB",
  "--memory-limit=-1",
  "--format",
  "--format=html",
  "--output=junit=r.xml",
  "--output=x",
  "--only=*",
  "--tag=",
  "--shard=0/0",
  "--shard=1/1e9",
  "--watch=1s",
  "--audit=audit.jsonl",
  "--termination-log=t",
  "--debug",
  "--help",
  "-h",
  "-V",
  "-e",
  "-i",
  "-v",
  "-E",
  "-l",
  "error({})",
  "error('x')",
  "os.exit(7)",
  "x =",
  "script.lua",
  "checks.yaml",
  "bad.yaml",
  "result.json",
  "none.lua",
  "out",
  "exec",
  "lua",
  "repl",
  "validate",
  "report",
  "merge",
  "help",
  "string.rep",
  "assay.k8s",
  "--allow-net",
  "--allow-net=",
  "--allow-read=*",
  "--deny-env",
  "--no-debug",
  "--constructor",
  "__proto__",
];

const STATUSES = new Set([0, 1, 2, 3, 7, 130, 141, 143]);
/** What runs on (`--watch`) is asked to stop after so many milliseconds, and then has a second. */
const STOP_MS = 2500;

export const cli: Target = {
  name: "cli",
  summary: "arguments of the executable",
  cases: 60,
  limitMs: STOP_MS + 3000,
  open: async () => {
    // Importing it builds the executable if need be.
    const { BINARY, cleanEnv } = await import("../../support/binary.ts");
    const folder = join(process.env.TMPDIR ?? "/nonexistent", "cli");
    mkdirSync(folder);
    const files = {
      "script.lua": "print(#arg, ...)",
      "checks.yaml":
        "checks:\n  - {name: one, type: script, script: 'assert(true)', tags: [a]}\n  - {name: two, type: script, script: 'error(1)'}\n",
      "bad.yaml": "checks: [{nome: x}]\n",
      "result.json": '{"passed": true, "checks": []}',
    };
    // One of its own: somebody may build another one meanwhile.
    const binary = join(process.env.TMPDIR ?? "/nonexistent", "assay");
    copyFileSync(BINARY, binary);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const run = async (input: string): Promise<string> => {
      const args = input.split("\n").slice(0, 30).map(tame);
      const child = Bun.spawn([binary, ...args], {
        cwd: folder,
        env: cleanEnv(),
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const stop = setTimeout(() => child.kill("SIGTERM"), STOP_MS);
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS + 2000);
      const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
      const status = await child.exited;
      clearTimeout(stop);
      clearTimeout(kill);
      if (child.signalCode === "SIGKILL") throw new Finding("hang", "does not stop");
      const shown = `${JSON.stringify(args)} ended with ${child.signalCode ?? status}: ${err}`;
      if (!STATUSES.has(status) || /internal error/.test(err)) throw new Finding("broken", shown);
      judgeText(err, input);
      // Help and type definitions have words of their own.
      if (out.length < 5000) judgeText(out, input);
      return `${status} ${outline(err)}`;
    };
    return { seeds: SEEDS, pieces: PIECES, run };
  },
};

/** An argument that stays in its folder, and is text. */
function tame(argument: string): string {
  return argument
    .replaceAll("\0", "")
    .replaceAll("..", ".")
    .replace(/(^|[=,:])\/+/g, "$1")
    .slice(0, 10_000);
}
