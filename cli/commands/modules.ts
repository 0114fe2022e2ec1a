import { type Status, usageError } from "../status.ts";

export async function modules(_args: string[]): Promise<Status> {
  throw usageError("modules: not part of this build");
}
