/** Running the commands of a page as its reader would, in one shell. */
import { writeFileSync } from "node:fs";
import { BINARY, cleanEnv } from "../support/binary.ts";
import type { Folder } from "../support/folder.ts";
import type { Command } from "./page.ts";

/** What is typed: a check file shows its results as on a terminal. */
const ASSAY = `#!/bin/bash
case "$*" in
  validate* | *--format* | *--dry-run*) ;;
  *.yaml) exec '${BINARY}' --format pretty "$@" ;;
esac
exec '${BINARY}' "$@"
`;

const END = "<<<end of command>>>";

/** What each command prints, both streams together. Commands that end in `&` run on behind the others, unheard. */
export async function runCommands(
  commands: readonly Command[],
  folder: Folder,
  env: Record<string, string> = {},
): Promise<string[]> {
  const lines = commands.map(({ command }) => {
    const background = /^(.*) &$/.exec(command)?.[1];
    const run = background === undefined ? `{ ${command}\n} 2>&1` : `${background} >/dev/null 2>&1 </dev/null &`;
    return `${run}\nstatus=$?; echo; echo '${END}'; (exit $status)`;
  });
  const bin = `${folder.path}.bin`;
  await Bun.$`mkdir -p ${bin}`.quiet();
  writeFileSync(`${bin}/assay`, ASSAY, { mode: 0o755 });
  const shell = Bun.spawn(["bash", "-c", `set -m\n${lines.join("\n")}\nwait`], {
    cwd: folder.path,
    env: cleanEnv({ ...env, PATH: `${bin}:${process.env.PATH}` }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const out = await new Response(shell.stdout).text();
  await shell.exited;
  await Bun.$`rm -rf ${bin}`.quiet();
  return out.split(`\n${END}\n`).slice(0, -1).map(asOnTerminal);
}

/** Log lines as a terminal shows them, and without what differs from run to run. */
function asOnTerminal(text: string): string {
  return unvarying(text.replace(/^\{"time":.*\}$/gm, logLine)).replace(/\n+$/, "");
}

function logLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const shown = Object.entries(fields).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return ` ${key}=${/[\s"=]/.test(text) ? JSON.stringify(text) : text}`;
  });
  return `${time} ${String(level).toUpperCase().padEnd(5)} ${msg}${shown.join("")}`;
}

/** Points of time and durations are others in each run. */
export function unvarying(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "TIME")
    .replace(/\bms=\d+/g, "ms=N")
    .replace(/("\w*ms": ?)\d+/g, "$1N")
    .replace(/\b\d+(?:\.\d+)? ?ms\b/g, "N ms");
}
