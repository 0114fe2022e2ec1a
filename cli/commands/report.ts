/** `assay report merge FILE.json…`. */
import { readFileSync } from "node:fs";
import { isTerminal } from "../../builtins/terminal.ts";
import { deliver, readOutputs } from "../checks/deliver.ts";
import { documentError, mergeReports, type Piece, TwiceError } from "../checks/merge.ts";
import { FORMATS } from "../checks/report.ts";
import type { Report } from "../checks/result.ts";
import { choice, readOptions } from "../options.ts";
import { fileError, type Status, usageError } from "../status.ts";
import { MERGE_OPTIONS } from "../usage.ts";

export async function report(args: string[]): Promise<Status> {
  const [action, ...rest] = args;
  if (action !== "merge")
    throw usageError(`report: expected merge, got ${action === undefined ? "nothing" : JSON.stringify(action)}`);
  const { options, words } = await readOptions(rest, MERGE_OPTIONS, false);
  if (words.length === 0) throw usageError("report merge: no file given");
  const pieces = words.map(readPiece);
  const outputs = readOutputs(options);
  const format = choice(options, "format", FORMATS) ?? (isTerminal(1) ? "pretty" : "json");
  let merged: Report;
  try {
    merged = mergeReports(pieces);
  } catch (error) {
    if (!(error instanceof TwiceError)) throw error;
    throw fileError(error.message);
  }
  return deliver(merged, { name: "merged results", format, outputs, options, shown: false });
}

function readPiece(file: string): Piece {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw fileError(
      `${file}: ${code === "ENOENT" ? "no such file or directory" : code === undefined ? "not JSON" : "cannot be read"}`,
    );
  }
  const error = documentError(data);
  if (error !== undefined) throw fileError(`${file}: ${error}`);
  return { file, report: data as Report };
}
