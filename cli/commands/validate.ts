import { type Status, usageError } from "../status.ts";

export async function validate(_args: string[]): Promise<Status> {
  throw usageError("validate: not part of this build");
}
