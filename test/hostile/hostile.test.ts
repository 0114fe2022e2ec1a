/** The attack scripts of this folder, each run by the compiled executable. What they are after stands in their heads. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "../support/binary.ts";
import { type Attack, attacksOf, FOLDERS, judge, type Outcome, run } from "./attack.ts";
import { startHostileServer } from "./server.ts";

const dir = mkdtempSync(join(tmpdir(), "assay-hostile-"));
const server = await startHostileServer();
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Attacks at a time: as many as the smallest machine for tests has processors. */
const AT_ONCE = 2;

async function startupSeconds(): Promise<number> {
  const file = join(dir, "nothing.lua");
  writeFileSync(file, "");
  const started = performance.now();
  await Bun.spawn([BINARY, file]).exited;
  return (performance.now() - started) / 1000;
}

/** What went wrong, one line for each attack. */
async function failures(attacks: readonly Attack[]): Promise<string[]> {
  const startup = Math.max(await startupSeconds(), await startupSeconds());
  const waiting = [...attacks];
  const lines: string[] = [];
  const work = async (): Promise<void> => {
    for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift()) {
      const outcome = await run(attack, BINARY, server.url, dir);
      const wrong = judge(attack, outcome, startup);
      if (wrong !== undefined) lines.push(described(attack, outcome, wrong));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return lines.sort();
}

function described({ name, tries }: Attack, { seconds, peak, output }: Outcome, wrong: string): string {
  const figures = `${seconds.toFixed(1)} s, ${peak} MB`;
  return `${name} (${tries}): ${wrong} [${figures}]\n    ${output.trim().slice(-600).replaceAll("\n", "\n    ")}`;
}

test.each(FOLDERS)(
  "%s",
  async (folder) => {
    expect((await failures(attacksOf(folder))).join("\n")).toBe("");
  },
  300_000,
);

test("there are enough of them, and each is described", () => {
  const attacks = FOLDERS.flatMap(attacksOf);
  expect(attacks.length).toBeGreaterThanOrEqual(80);
  expect(new Set(attacks.map((one) => one.tries)).size).toBe(attacks.length);
});
