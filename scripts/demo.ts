/**
 * `npm run demo`: builds the executable and shows the main job: a script and a check file against a server that is
 * itself a script, and a SQLite database. Nothing outside this folder is needed.
 */
import { join } from "node:path";
import { BINARY, buildIfStale } from "./stale.ts";

const cwd = join(import.meta.dir, "..");
const folder = join("examples", "demo");
buildIfStale();

const server = Bun.spawn([BINARY, join(folder, "server.lua")], {
  cwd,
  stdout: "pipe",
  stderr: "inherit",
  stdin: "ignore",
});
let failed = 0;
try {
  const url = await firstLine(server.stdout);
  console.log(`examples/demo/server.lua listens on ${url}\n`);
  for (const [file, ...options] of [["health.lua"], ["checks.yaml", "--format", "pretty"]] as const) {
    console.log(`$ dist/assay ${[join(folder, file), ...options].join(" ")}`);
    const run = Bun.spawn([BINARY, join(folder, file), ...options], {
      cwd,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, DEMO_URL: url },
    });
    const status = await run.exited;
    console.log(`exit status ${status}\n`);
    if (status !== 0) failed++;
  }
} finally {
  server.kill("SIGTERM");
  const status = await server.exited;
  if (status !== 0) failed++;
  console.log(`the server drained and ended with exit status ${status}`);
}
console.log(failed === 0 ? "demo: everything passed" : `demo: ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** The first line that the server prints: its address. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) break;
  }
  const address = text.split("\n")[0]!.trim();
  if (address === "") throw new Error("the server did not start");
  return address.includes("://") ? address : `http://${address}`;
}
