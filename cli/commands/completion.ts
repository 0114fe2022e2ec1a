import { type Status, usageError } from "../status.ts";

export async function completion(_args: string[]): Promise<Status> {
  throw usageError("completion: not part of this build");
}
