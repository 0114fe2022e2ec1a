/**
 * Attack scripts and how they are judged. Each is a file of isolation/, capabilities/ or limits/ that begins with
 * comments in this form, one line each:
 *
 *     -- tries: what the script is after
 *     -- expects: ok                    it ends well: the script itself asserts that it got nothing
 *     --          error PATTERN         it ends with status 1 and an error that matches
 *     --          stop                  it is stopped at its time limit, at most a second late
 *     --          exit N PATTERN        status, and a pattern that the output matches
 *     -- options: what stands in front of the script on the command line
 *     -- env: NAME=VALUE
 *     -- peak: MB                    in limits/, what the process may take at its peak if not 256
 *     -- mode: script | check | lua     with everything, as a script of a check file, or by the command `lua`
 *
 * `$SERVER` and `$HOST` in options and variables stand for the hostile server (server.ts), whose URL is the script's
 * first argument, and `$DIR` for a folder of the script's own, its second. A YAML file is run as a check file.
 */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Attack {
  /** Such as `limits/regex.lua`. */
  readonly name: string;
  readonly path: string;
  readonly tries: string;
  readonly expects: Expectation;
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mode: "script" | "check" | "lua";
  readonly peak: number;
}

type Expectation =
  | { readonly kind: "ok" }
  | { readonly kind: "stop" }
  | { readonly kind: "exit"; readonly status: number; readonly pattern: RegExp };

export const FOLDERS = ["isolation", "capabilities", "limits"] as const;

/** All attacks of a folder beside this file. */
export function attacksOf(folder: (typeof FOLDERS)[number]): Attack[] {
  const path = join(import.meta.dir, folder);
  return readdirSync(path)
    .sort()
    .map((file) => readAttack(`${folder}/${file}`, join(path, file)));
}

function readAttack(name: string, path: string): Attack {
  const fields = new Map<string, string[]>();
  for (const line of readFileSync(path, "latin1").split("\n")) {
    const [, key, value] = /^(?:--|#) (tries|expects|options|env|mode|peak): (.*)$/.exec(line) ?? [];
    if (key === undefined) break;
    fields.set(key, [...(fields.get(key) ?? []), value!]);
  }
  const one = (key: string): string | undefined => fields.get(key)?.join(" ");
  const tries = one("tries");
  const mode = one("mode") ?? "script";
  if (tries === undefined) throw new Error(`${name}: no line "-- tries: …"`);
  if (mode !== "script" && mode !== "check" && mode !== "lua") throw new Error(`${name}: unknown mode "${mode}"`);
  return {
    name,
    path,
    tries,
    expects: readExpectation(name, one("expects") ?? ""),
    options: one("options")?.split(" ") ?? [],
    env: Object.fromEntries((fields.get("env") ?? []).map((text) => /^(\w+)=(.*)$/.exec(text)!.slice(1, 3))),
    mode,
    peak: Number(one("peak") ?? PEAK),
  };
}

function readExpectation(name: string, text: string): Expectation {
  if (text === "ok") return { kind: "ok" };
  if (text === "stop") return { kind: "stop" };
  const [, kind, status, pattern] = /^(error|exit (\d+)) ?(.*)$/.exec(text) ?? [];
  if (kind === undefined) throw new Error(`${name}: no line "-- expects: ok | stop | error … | exit N …"`);
  return { kind: "exit", status: Number(status ?? 1), pattern: new RegExp(pattern!) };
}

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly seconds: number;
  /** The process's peak of resident memory, in MB; 0 where the system does not tell. */
  readonly peak: number;
}

/** The time limit of attacks that name none, in seconds. */
const TIMEOUT = 20;
/** How late a stop may come, in seconds. */
const LATE = 1;
/** What does not end is killed so many seconds after its time limit. */
const KILL = 30;
/**
 * Peak of the whole process with the memory limit of 64 MB, in MB, for attacks that name none: 256, which nearly all
 * keep, and an eighth for when the engine happens to collect late.
 */
const PEAK = 288;

/** Runs an attack with a compiled `assay`. */
export async function run(attack: Attack, binary: string, server: string, dir: string): Promise<Outcome> {
  const folder = join(dir, basename(attack.path));
  furnish(folder);
  const fill = (text: string) =>
    text.replaceAll("$SERVER", server).replaceAll("$HOST", new URL(server).host).replaceAll("$DIR", folder);
  const env = Object.fromEntries(Object.entries(attack.env).map(([key, value]) => [key, fill(value)]));
  const child = Bun.spawn([binary, ...commandOf(attack, folder, server, fill)], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", HOSTILE_SECRET: "sesame", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const started = performance.now();
  const memory = watchMemory(child.pid);
  const killer = setTimeout(() => child.kill("SIGKILL"), (secondsOf(attack) + KILL) * 1000);
  const [stdout, stderr, status] = await Promise.all([tail(child.stdout), tail(child.stderr), child.exited]);
  clearTimeout(killer);
  return {
    status,
    output: stdout + stderr,
    seconds: (performance.now() - started) / 1000,
    peak: memory.end(),
  };
}

/** What each attack finds in its folder. `out` is what it must not touch. */
function furnish(folder: string): void {
  for (const name of ["in", "out", "token"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "in/file"), "inside");
  writeFileSync(join(folder, "out/secret"), "sesame");
  writeFileSync(join(folder, "token/token"), "sesame");
  writeFileSync(join(folder, "out/module.lua"), "return 'sesame'");
  symlinkSync("../out", join(folder, "in/link"));
  symlinkSync("../out/secret", join(folder, "in/secret"));
}

function commandOf(attack: Attack, folder: string, server: string, fill: (text: string) => string): string[] {
  const options = attack.options.map(fill);
  const timeout = options.some((one) => one.startsWith("--timeout")) ? [] : ["--timeout", `${TIMEOUT}s`];
  if (attack.path.endsWith(".yaml")) return [...timeout, ...options, attack.path];
  if (attack.mode === "lua") return ["lua", ...options, attack.path, server, folder];
  if (attack.mode === "script") return [...timeout, ...options, attack.path, server, folder];
  const checks = join(folder, "attack.yaml");
  const args = JSON.stringify([server, folder]);
  writeFileSync(join(folder, "attack.lua"), readFileSync(attack.path));
  writeFileSync(checks, `checks:\n  - {name: attack, type: script, file: attack.lua, timeout: 60s, args: ${args}}\n`);
  return [...timeout, ...options, "--format", "json", checks];
}

/** The time limit, in seconds. */
function secondsOf({ options }: Attack): number {
  const given = /--timeout[ =]([\d.]+)s/.exec(options.join(" "))?.[1];
  return given === undefined ? TIMEOUT : Number(given);
}

/** The last of a stream: some attacks print a lot. */
async function tail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text = (text + Buffer.from(chunk).toString("latin1")).slice(-20_000);
  return text;
}

/** The high-water mark of a process's memory, read again and again: what the system says at the end counts others in. */
function watchMemory(pid: number): { end(): number } {
  let peak = 0;
  const look = () => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
      peak = Math.max(peak, Number(kilobytes ?? 0) / 1024);
    } catch {
      // gone, or a system without /proc
    }
  };
  const timer = setInterval(look, 20);
  return {
    end: () => {
      clearInterval(timer);
      return Math.round(peak);
    },
  };
}

/** What JavaScript says when something has gone wrong, and what only its stacks contain. */
const JAVASCRIPT =
  /\b(?:TypeError|RangeError|ReferenceError|SyntaxError|InternalError|AggregateError)\b|\[object |undefined is not|is not a function\b|Cannot read prop|is not iterable|\bat .*\.[tj]s:\d+|\$bunfs|node_modules|panic\(|Segmentation fault|internal error/;

/**
 * What is wrong with an outcome; undefined if nothing is. `startup` is what a script takes that does nothing, in seconds:
 * on a busy machine everything takes its time.
 */
export function judge(attack: Attack, outcome: Outcome, startup: number): string | undefined {
  const { status, output, seconds, peak } = outcome;
  const leak = JAVASCRIPT.exec(output)?.[0];
  if (leak !== undefined) return `speaks JavaScript: ${leak}`;
  if (output.includes("sesame")) return "the secret got out";
  if (status === null || status > 3) return `ended with status ${status}`;
  const limit = secondsOf(attack);
  if (seconds > limit + LATE + 4 * startup) return `took ${seconds.toFixed(1)} s with a time limit of ${limit} s`;
  if (attack.name.startsWith("limits/") && peak > attack.peak) return `used ${peak} MB`;
  const { expects } = attack;
  if (expects.kind === "ok") return status === 0 ? undefined : `ended with status ${status}`;
  if (expects.kind === "exit") {
    if (status !== expects.status) return `ended with status ${status}`;
    return expects.pattern.test(output) ? undefined : `said something else than ${expects.pattern}`;
  }
  const late = /timeout of [\d.]+m?s exceeded/.test(output) ? undefined : "was not stopped by its time limit";
  return status === 1 ? late : `ended with status ${status}`;
}
