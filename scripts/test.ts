/** `npm test`: builds the executable if need be, runs all tests, ends with one line: `N passed, N failed[, N skipped]`. */
import { join } from "node:path";
import { buildIfStale } from "./stale.ts";

const root = join(import.meta.dir, "..");
buildIfStale();
const run = Bun.spawn([process.execPath, "test", "--timeout=60000", ...process.argv.slice(2)], {
  cwd: root,
  stdin: "ignore",
  stdout: "inherit",
  stderr: "pipe",
});
let tail = "";
const decoder = new TextDecoder();
for await (const chunk of run.stderr) {
  process.stderr.write(chunk);
  tail = (tail + decoder.decode(chunk, { stream: true })).slice(-20_000);
}
const status = await run.exited;
const plain = tail.replace(/\x1b\[[0-9;]*m/g, "");
const count = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(plain)?.[1] ?? 0);
const [passed, failed, skipped] = [count("pass"), count("fail"), count("skip") + count("todo")];
// Tests that never began (a file that does not load) fail the run without being counted.
const broken = status !== 0 && failed === 0 ? 1 : failed;
console.log(`${passed} passed, ${broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(status !== 0 ? status : passed === 0 ? 1 : 0);
