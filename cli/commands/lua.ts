import { type Status, usageError } from "../status.ts";

export async function lua(_args: string[]): Promise<Status> {
  throw usageError("lua: not part of this build");
}
