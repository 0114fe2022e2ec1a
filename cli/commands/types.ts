import { type Status, usageError } from "../status.ts";

export async function types(_args: string[]): Promise<Status> {
  throw usageError("types: not part of this build");
}
