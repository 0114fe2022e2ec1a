/** Runs a target in a child process, and looks on: a child that hangs or crashes is a find as well. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figures, Find, Plan } from "./campaign.ts";
import type { Message } from "./child.ts";
import type { Target } from "./target.ts";
import { FILE_SIZE, readCase } from "./under-way.ts";

export const CORPUS = join(import.meta.dir, "corpus");
/** How often a child is looked at, and how long it may be busy with one case, in milliseconds. */
const LOOK_MS = 500;
const STUCK_MS = 60_000;

export interface Result {
  readonly finds: readonly Find[];
  /** Of the child that came to its end; undefined if each was ended. */
  readonly figures: Figures | undefined;
}

/** The inputs kept for a target, by name; more from `folder` if there is one. */
export function corpus(target: string, folder?: string): string[] {
  const read = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => readFileSync(file, "latin1"));
  const own = readdirSync(CORPUS).includes(target) ? read(join(CORPUS, target)) : [];
  return folder === undefined ? own : [...own, ...read(folder)];
}

/** Runs the plan; a child that is lost is followed by another one with the next seeds, while there is time. */
export async function watch(target: Target, plan: Plan, onFind: (find: Find) => void): Promise<Result> {
  const finds: Find[] = [];
  const end = Date.now() + plan.timeMs;
  const found = (find: Find): void => {
    if (finds.some((one) => one.key === find.key)) return;
    finds.push(find);
    onFind(find);
  };
  let next = plan;
  for (let lost = 0; ; lost++) {
    const child = await runChild(target.name, next, found);
    if (child.figures !== undefined) return { finds, figures: child.figures };
    const timeMs = end - Date.now();
    if (lost >= 10 || timeMs <= 0 || plan.path !== undefined) return { finds, figures: undefined };
    next = { ...plan, seed: child.seed + 1, timeMs, corpus: plan.corpus.filter((input) => input !== child.input) };
  }
}

type Ended = { figures: Figures } | { figures: undefined; seed: number; input: string };

async function runChild(name: string, plan: Plan, found: (find: Find) => void): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "assay-fuzz-"));
  const file = join(folder, "case");
  writeFileSync(file, Buffer.alloc(FILE_SIZE));
  const planFile = join(folder, "plan");
  writeFileSync(planFile, JSON.stringify(plan));
  let figures: Figures | undefined;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "child.ts"), name, planFile, file], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder },
    ipc(message: Message) {
      if ("find" in message) found(message.find);
      else figures = message.figures;
    },
  });
  let stuck = false;
  let number = -1;
  let since = Date.now();
  const timer = setInterval(() => {
    const now = readFileSync(file).readUInt32BE(0);
    if (now !== number) [number, since] = [now, Date.now()];
    else if (Date.now() - since > STUCK_MS) {
      stuck = true;
      child.kill("SIGKILL");
    }
  }, LOOK_MS);
  try {
    const errors = await new Response(child.stderr).text();
    const status = await child.exited;
    if (figures !== undefined) return { figures };
    const { seed, input } = readCase(readFileSync(file));
    const how = stuck ? `hang: busy for ${STUCK_MS / 1000} s` : `crash: ended with ${child.signalCode ?? status}`;
    found({ key: how, message: `${how}\n${errors.slice(-3000)}`, input, seed, path: "" });
    return { figures, seed, input };
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}
