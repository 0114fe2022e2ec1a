import type { OptionValues } from "../options.ts";
import { type Status, usageError } from "../status.ts";

export async function runCheckFile(_file: string, _args: readonly string[], _options: OptionValues): Promise<Status> {
  throw usageError("checks: not part of this build");
}
