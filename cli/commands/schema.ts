/** `assay schema`: the JSON Schema of check files, for editors. */
import { writeText } from "../../builtins/output.ts";
import { checkFileSchema } from "../checks/schema.ts";
import { Status, usageError } from "../status.ts";

export async function schema(args: string[]): Promise<Status> {
  if (args.length > 0) throw usageError(`schema: unexpected argument "${args[0]}"`);
  writeText(1, `${JSON.stringify(checkFileSchema(), null, 2)}\n`);
  return Status.Ok;
}
