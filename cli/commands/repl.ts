import { type Status, usageError } from "../status.ts";

export async function repl(_args: string[]): Promise<Status> {
  throw usageError("repl: not part of this build");
}
