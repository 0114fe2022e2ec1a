/** `assay modules [NAME]`. */
import { writeText } from "../../builtins/output.ts";
import { didYouMean } from "../nearest.ts";
import { embeddedModules, moduleHelp, table } from "../reference.ts";
import { Status, usageError } from "../status.ts";

export async function modules(args: string[]): Promise<Status> {
  const [name, more] = args;
  if (more !== undefined) throw usageError(`modules: one name at a time, got ${JSON.stringify(more)} as well`);
  const all = embeddedModules();
  if (name === undefined) {
    writeText(1, table(all.map((module) => [module.name, module.summary])));
    return Status.Ok;
  }
  const found = all.find((module) => module.name === name || module.name === `assay.${name}`);
  if (found === undefined) {
    throw usageError(
      `modules: there is no module ${JSON.stringify(name)}${didYouMean(
        name,
        all.map((module) => module.name.replace("assay.", "")),
      )}`,
    );
  }
  writeText(1, moduleHelp(found));
  return Status.Ok;
}
