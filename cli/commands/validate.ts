/** `assay validate FILE…`: looks for mistakes, runs nothing, reaches nothing. */
import { writeText } from "../../builtins/output.ts";
import { loadSuite } from "../checks/config.ts";
import { Jq } from "../checks/jq.ts";
import { CommandError, Status, usageError } from "../status.ts";

export async function validate(args: string[]): Promise<Status> {
  const option = args.find((arg) => arg.startsWith("-"));
  if (option !== undefined) throw usageError(`validate: unknown option "${option}"`);
  if (args.length === 0) throw usageError("validate: no file given");
  const jq = new Jq();
  let status: Status = Status.Ok;
  try {
    for (const file of args) {
      try {
        const suite = await loadSuite(file, jq);
        writeText(
          1,
          `${file}: ${suite.checks.length} ${suite.checks.length === 1 ? "check" : "checks"}, no mistakes\n`,
        );
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        writeText(2, `error: ${error.message}\n`);
        status = error.status;
      }
    }
  } finally {
    jq.close();
  }
  return status;
}
