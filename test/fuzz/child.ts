/**
 * The process that a target is fuzzed in: `child.ts TARGET PLAN CASE`, started by watch.ts. The file CASE always holds
 * the input under way, for the case that it ends this process; all else is told by messages.
 */
import { readFileSync } from "node:fs";
import { mmap } from "bun";
import { campaign, type Figures, type Find, type Plan } from "./campaign.ts";
import { targets } from "./targets.ts";
import { MAX_INPUT, writeCase } from "./under-way.ts";

export type Message = { find: Find } | { figures: Figures };

const [name, plan, file] = process.argv.slice(2) as [string, string, string];
const target = targets.find((one) => one.name === name)!;
const shared = mmap(file);
let number = 0;
const send = (message: Message): void => void process.send!(message);
const figures = await campaign(
  target,
  JSON.parse(readFileSync(plan, "utf8")) as Plan,
  (input, seed) => writeCase(shared, ++number, seed, input.slice(0, MAX_INPUT)),
  (find) => send({ find }),
);
send({ figures });
// Whatever a target left running is not waited for.
setTimeout(() => process.exit(0), 50);
