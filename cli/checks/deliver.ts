/** Where a report goes: standard output, files, a pod's termination message, annotations; and what status it means. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { drained, writeText } from "../../builtins/output.ts";
import { isSet, type OptionValues, textOption } from "../options.ts";
import { receivedSignal, signalStatus } from "../signals.ts";
import { CommandError, Status, usageError } from "../status.ts";
import { annotate, writeTerminationMessage } from "./announce.ts";
import { ndjsonSummary } from "./formats/ndjson.ts";
import { prettySummary } from "./formats/pretty.ts";
import { styleFor } from "./progress.ts";
import { FORMATS, type Format, render } from "./report.ts";
import { type Report, succeeded } from "./result.ts";

const PLAIN_STYLE = { colour: false, width: Infinity };

/** A copy of the results in a file. */
export interface OutputFile {
  readonly format: Format;
  readonly file: string;
}

export interface Delivery {
  /** Of the check file, as the user named it. */
  readonly name: string;
  readonly format: Format;
  readonly outputs: readonly OutputFile[];
  readonly options: OptionValues;
  /** Whether the results have been shown one by one already, as `pretty` and `ndjson` do while checks run. */
  readonly shown: boolean;
}

/** Puts the report where it is wanted. */
export async function deliver(report: Report, { name, format, outputs, options, shown }: Delivery): Promise<Status> {
  if (shown && format === "pretty") void writeText(1, `\n${prettySummary(report, styleFor(1))}`);
  else if (shown && format === "ndjson") void writeText(1, ndjsonSummary(report));
  else void writeText(1, render(format, report, name, format === "pretty" ? styleFor(1) : PLAIN_STYLE));
  annotate(report);
  writeTerminationMessage(report, textOption(options, "termination-log"));
  const status = statusOf(report);
  for (const { format: other, file } of outputs) {
    try {
      writeWhole(file, render(other, report, name, PLAIN_STYLE));
    } catch (error) {
      await drained();
      const message = `${file}: the results cannot be written (${(error as NodeJS.ErrnoException).code ?? "failed"})`;
      throw new CommandError(status === Status.Ok ? Status.Failed : status, message);
    }
  }
  return status;
}

function statusOf(report: Report): Status {
  const signal = receivedSignal();
  if (signal !== undefined && report.stopped !== undefined) return signalStatus(signal);
  return succeeded(report) ? Status.Ok : Status.Failed;
}

/** The values of `--output`. Looks whether the files can be written: later, the results would be lost. */
export function readOutputs(options: OptionValues): OutputFile[] {
  const given = options.output;
  const outputs = (Array.isArray(given) ? (given as string[]) : []).map((text) => {
    const at = text.indexOf("=");
    const format = FORMATS.find((one) => one === text.slice(0, at));
    if (at > 0 && format !== undefined && at < text.length - 1) return { format, file: text.slice(at + 1) };
    throw usageError(`--output: expected FORMAT=FILE with one of ${FORMATS.join(", ")}, got ${JSON.stringify(text)}`);
  });
  if (!isSet(options, "dry-run")) for (const { file } of outputs) checkWritable(file);
  return outputs;
}

function checkWritable(file: string): void {
  try {
    const target = targetOf(file);
    if (target.inPlace)
      accessSync(target.path, constants.W_OK); // opening a pipe would wait for its reader
    else {
      const temporary = temporaryName(target.path);
      closeSync(openSync(temporary, "w"));
      unlinkSync(temporary);
    }
  } catch (error) {
    throw usageError(`--output: ${file}: cannot be written (${(error as NodeJS.ErrnoException).code ?? "failed"})`);
  }
}

/** The old file or the new one, never half of it; but a device, a pipe or a file mounted by itself stays what it is. */
function writeWhole(file: string, text: string): void {
  const { path, inPlace } = targetOf(file);
  if (!inPlace) {
    const temporary = temporaryName(path);
    writeFileSync(temporary, text);
    try {
      renameSync(temporary, path);
      return;
    } catch (error) {
      unlinkSync(temporary);
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    }
  }
  writeFileSync(path, text);
}

/** What is written for `file`: links stay links. `inPlace`: something that another file must not replace. */
function targetOf(file: string): { path: string; inPlace: boolean } {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return { path: file, inPlace: false };
  if (found.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
  return found.isFile() ? { path: realpathSync(file), inPlace: false } : { path: file, inPlace: true };
}

function temporaryName(file: string): string {
  return join(dirname(file), `.${file.split("/").at(-1)}.${process.pid}.tmp`);
}
