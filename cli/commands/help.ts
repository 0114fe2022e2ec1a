import { type Status, usageError } from "../status.ts";

export async function help(_args: string[]): Promise<Status> {
  throw usageError("help: not part of this build");
}
