/** Running the examples: as they are, or copies in which the names of hosts lead to a test's own servers. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { type Ran, type RunOptions, readUntil, assay as run, start } from "../support/binary.ts";
import { type Folder, temporaryFolder } from "../support/folder.ts";

const EXAMPLES = join(import.meta.dir, "..", "..", "examples");

/** The path of an example. */
export function example(name: string): string {
  return join(EXAMPLES, name);
}

/** Runs an example to its end. */
export function runExample(name: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> {
  return run([example(name), ...args], options);
}

/** Copies examples into a folder, each of the texts in them replaced; fails when a text is in none of them. */
export function copyExamples(names: readonly string[], replace: Readonly<Record<string, string>>): Folder {
  const folder = temporaryFolder();
  const missing = new Set(Object.keys(replace));
  for (const name of names) {
    let text = readFileSync(example(name), "utf8");
    for (const [from, to] of Object.entries(replace)) {
      if (!text.includes(from)) continue;
      missing.delete(from);
      text = text.replaceAll(from, to);
    }
    folder.write(basename(name), text);
  }
  if (missing.size > 0) throw new Error(`not in ${names.join(", ")}: ${[...missing].join(", ")}`);
  return folder;
}

export type Process = ReturnType<typeof start>;

/** A server that says on standard error where it listens. */
export async function serveExample(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ process: Process; url: string }> {
  const process = start([example(name), ...args], { env: { PORT: "0", ...env } });
  const said = await readUntil(process.stderr, "listening");
  const address = /"address":"[^"]*:(\d+)"/.exec(said);
  if (address === null) throw new Error(`it does not listen: ${said}`);
  return { process, url: `http://127.0.0.1:${address[1]}` };
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
