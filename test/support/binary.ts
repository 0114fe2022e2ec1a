/** Running the compiled executable in tests. */
import { BINARY, buildIfStale } from "../../scripts/stale.ts";

buildIfStale();

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** Added to a small environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** The variables a test's process gets: nothing of the machine's that could change what it does. */
export function cleanEnv(extra: RunOptions["env"] = {}): Record<string, string> {
  const env: Record<string, string | undefined> = { PATH: process.env.PATH, HOME: "/dev/null/home", ...extra };
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Runs `assay` with arguments to its end. */
export async function assay(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const process = start(args, options);
  const [stdout, stderr, status] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { status, stdout, stderr };
}

/** Starts `assay`; for tests that send signals or read while it runs. */
export function start(args: readonly string[], options: RunOptions = {}) {
  const { stdin } = options;
  return Bun.spawn([BINARY, ...args], {
    cwd: options.cwd,
    env: cleanEnv(options.env),
    stdin: stdin === undefined ? "ignore" : typeof stdin === "string" ? Buffer.from(stdin) : stdin,
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** The line beginning with `text` on a stream, or everything up to its end. */
export async function readUntil(stream: ReadableStream<Uint8Array>, text: string): Promise<string> {
  const decoder = new TextDecoder();
  let seen = "";
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (value !== undefined) seen += decoder.decode(value, { stream: true });
      if (done || seen.includes(text)) return seen;
    }
  } finally {
    reader.releaseLock();
  }
}

export { BINARY };
