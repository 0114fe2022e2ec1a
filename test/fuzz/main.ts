/** `bun run fuzz [TARGET…]`: fuzzes targets for a while. See the usage below. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Find } from "./campaign.ts";
import { mb } from "./oracle.ts";
import { targets } from "./targets.ts";
import { CORPUS, corpus, watch } from "./watch.ts";

const USAGE = `Usage: bun run fuzz TARGET… [--minutes N | --cases N] [--seed S] [--path P] [--corpus DIR] [--input FILE] [--save]

  --minutes N   for each target, 1 unless given
  --cases N     stop after so many cases
  --seed S      of the first batch of cases, to see a find again; random unless given
  --path P      together with --seed: that one case, and what it is shrunk to
  --corpus DIR  more valid inputs to start from, beside those in test/fuzz/corpus
  --input FILE  only this input
  --save        keep finds, and inputs that ended as no other did, in test/fuzz/corpus

Targets:
${targets.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n")}
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    minutes: { type: "string" },
    cases: { type: "string" },
    seed: { type: "string" },
    path: { type: "string" },
    corpus: { type: "string" },
    input: { type: "string" },
    save: { type: "boolean" },
  },
} as const;
const { values, positionals } = read();
const chosen = targets.filter(({ name }) => positionals.includes(name) || positionals[0] === "all");
if (chosen.length === 0 || (positionals[0] !== "all" && chosen.length < positionals.length)) {
  console.log(USAGE);
  process.exit(positionals.length === 0 ? 0 : 2);
}

let failed = false;
for (const target of chosen) {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 30) : Number(values.seed);
  const minutes = Number(values.minutes ?? (values.cases === undefined ? 1 : 1e6));
  const single = values.input === undefined ? undefined : readFileSync(values.input, "latin1");
  const plan = {
    seed,
    cases: single !== undefined ? 1 : Number(values.cases ?? Infinity),
    timeMs: Math.min(minutes * 60_000, 2 ** 31 - 1),
    path: values.path,
    corpus: single !== undefined ? [single] : corpus(target.name, values.corpus),
  };
  const { finds, figures } = await watch(
    target,
    { ...plan, cases: Math.min(plan.cases, Number.MAX_SAFE_INTEGER) },
    (find) => console.log(shown(target.name, find)),
  );
  if (finds.length > 0) failed = true;
  if (values.save) save(target.name, finds, figures?.interesting ?? []);
  if (figures === undefined) {
    console.log(`${target.name}: ended early, seed ${seed}`);
    continue;
  }
  const { cases, seconds, outcomes, heap } = figures;
  console.log(
    `${target.name}: ${cases} cases in ${seconds.toFixed(0)} s (${Math.round(cases / seconds)}/s), ${finds.length} finds` +
      ` (seen again ${figures.repeated} times), ${outcomes} outcomes, slowest ${figures.slowestMs.toFixed(0)} ms,` +
      ` heap ${mb(heap[0])} to ${mb(heap[1])} MB, rss ${mb(figures.rss)} MB, seed ${seed}`,
  );
}
process.exit(failed ? 1 : 0);

function read() {
  try {
    return parseArgs(OPTIONS);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exit(2);
  }
}

function shown(name: string, find: Find): string {
  const again = find.path === "" ? "" : `\n  again: bun run fuzz ${name} --seed ${find.seed} --path ${find.path}`;
  const input = JSON.stringify(find.input.length > 4000 ? `${find.input.slice(0, 4000)}…` : find.input);
  return `${name}: FOUND ${find.message.trim().replaceAll("\n", "\n    ")}${again}\n  seed ${find.seed}, input of ${find.input.length} bytes: ${input}`;
}

function save(name: string, finds: readonly Find[], interesting: readonly string[]): void {
  const folder = join(CORPUS, name);
  mkdirSync(folder, { recursive: true });
  const write = (kind: string, input: string): void => {
    const hash = new Bun.CryptoHasher("sha1").update(Buffer.from(input, "latin1")).digest("hex").slice(0, 10);
    writeFileSync(join(folder, `${kind}-${hash}`), Buffer.from(input, "latin1"));
  };
  for (const find of finds) if (find.input !== "") write("find", find.input);
  for (const input of interesting) write("seen", input);
}
