import { type Status, usageError } from "../status.ts";

export async function report(_args: string[]): Promise<Status> {
  throw usageError("report: not part of this build");
}
