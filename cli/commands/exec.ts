/** `assay exec -e CODE [ARG…]`. */
import { fromText } from "../../interpreter/text.ts";
import { readOptions, SCRIPT_OPTIONS, textOption } from "../options.ts";
import { runScript } from "../script.ts";
import { type Status, usageError } from "../status.ts";
import { CODE_OPTION } from "../usage.ts";

const OPTIONS = [...SCRIPT_OPTIONS, CODE_OPTION];

export async function exec(args: string[]): Promise<Status> {
  const { options, words } = await readOptions(args, OPTIONS, true);
  const code = textOption(options, "e");
  if (code === undefined) throw usageError("exec: no code given (assay exec -e CODE)");
  const { e: _, ...rest } = options;
  const script = { source: fromText(code), chunkName: "=(command line)", folder: undefined, name: "-e", args: words };
  return runScript(script, rest);
}
