/** `assay FILE.yaml`: options, the run, its outputs, its exit status. */
import { closeSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HostSettings } from "../../builtins/host.ts";
import { drained, whenOutputFails, writeText } from "../../builtins/output.ts";
import { Permissions } from "../../builtins/permissions.ts";
import { isTerminal } from "../../builtins/terminal.ts";
import { ALL_OPTIONS, choice, isSet, listed, type OptionValues, readOptions, textOption } from "../options.ts";
import { applyHostOptions, durationOption, memoryOption } from "../script-options.ts";
import { handleSignals, receivedSignal, signalStatus } from "../signals.ts";
import { CommandError, Status, usageError } from "../status.ts";
import { annotate, writeTerminationMessage } from "./announce.ts";
import { loadSuite } from "./config.ts";
import { ndjsonResult, ndjsonSummary } from "./formats/ndjson.ts";
import { prettySummary } from "./formats/pretty.ts";
import { Jq } from "./jq.ts";
import { plan } from "./plan.ts";
import { type Progress, prettyProgress, quietProgress, styleFor } from "./progress.ts";
import { FORMATS, type Format, render } from "./report.ts";
import { type Report, succeeded } from "./result.ts";
import { runSuite } from "./runner.ts";
import { Secrets } from "./secrets.ts";
import { readShard, type Selection, select } from "./select.ts";
import type { Suite } from "./suite.ts";

const MEMORY_BYTES = 64 * 1024 * 1024;
const PLAIN_STYLE = { colour: false, width: Infinity };

/** A copy of the results in a file. */
interface OutputFile {
  readonly format: Format;
  readonly file: string;
}

/** Runs a check file. `given` are the options in front of it, `args` what follows. */
export async function runCheckFile(file: string, args: readonly string[], given: OptionValues): Promise<Status> {
  const { options: later, words } = await readOptions(args, ALL_OPTIONS, false);
  if (words.length > 0)
    throw usageError(
      `one check file at a time, got ${JSON.stringify(words[0])} as well (include: puts files together)`,
    );
  const options = { ...given, ...later };
  const format = choice(options, "format", FORMATS) ?? (isTerminal(1) ? "pretty" : "json");
  const outputs = readOutputs(options);
  const watchMs = durationOption(options, "watch");
  const jq = new Jq();
  try {
    for (;;) {
      const status = await runOnce(file, options, format, outputs, jq);
      if (watchMs === undefined || receivedSignal() !== undefined) return status;
      await pause(watchMs);
      if (receivedSignal() !== undefined) return status;
    }
  } finally {
    jq.close();
  }
}

/** Waits, or until a signal comes. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    handleSignals(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function runOnce(
  file: string,
  options: OptionValues,
  format: Format,
  outputs: readonly OutputFile[],
  jq: Jq,
): Promise<Status> {
  const loaded = await loadSuite(file, jq);
  const suite: Suite = { ...loaded, timeoutMs: durationOption(options, "timeout") ?? loaded.timeoutMs };
  const shard = readShard(textOption(options, "shard"), process.env);
  const selection = select(suite.checks, listed(options, "only"), listed(options, "tag"), shard);
  const secrets = new Secrets(suite.secrets);
  if (isSet(options, "dry-run")) {
    writeText(1, plan(suite, selection, secrets));
    return Status.Ok;
  }
  for (const { file } of outputs) checkWritable(file);
  const shardText = shard === undefined ? undefined : `${shard.index}/${shard.count}`;
  const report = await run(suite, selection, options, format, jq, secrets, shardText);
  return deliver(report, file, format, outputs, options);
}

/** Runs the checks and shows their progress. */
async function run(
  suite: Suite,
  selection: Selection,
  options: OptionValues,
  format: Format,
  jq: Jq,
  secrets: Secrets,
  shard: string | undefined,
): Promise<Report> {
  const hostSettings: HostSettings = { secrets: suite.secrets };
  applyHostOptions(options, hostSettings);
  const stop = new AbortController();
  handleSignals((signal) => stop.abort(`stopped by ${signal}`));
  whenOutputFails(() => stop.abort("standard output cannot be written"));
  const progress = progressFor(format, selection.checks.length - selection.silent.size);
  try {
    return await runSuite(suite, selection.checks, {
      run: {
        jq,
        permissions: hostSettings.permissions ?? Permissions.all(),
        memoryBytes: memoryOption(options) ?? MEMORY_BYTES,
        hostSettings,
      },
      secrets,
      events: progress,
      failFast: isSet(options, "fail-fast"),
      debug: isSet(options, "debug"),
      stop: stop.signal,
      silent: selection.silent,
      ...(shard === undefined ? {} : { shard }),
    });
  } finally {
    progress.end();
  }
}

function progressFor(format: Format, total: number): Progress {
  if (format === "pretty") return prettyProgress(total);
  const quiet = quietProgress();
  if (format !== "ndjson") return quiet;
  return { ...quiet, finished: (_check, result) => void writeText(1, ndjsonResult(result)) };
}

/** Puts the report where it is wanted. */
async function deliver(
  report: Report,
  name: string,
  format: Format,
  outputs: readonly OutputFile[],
  options: OptionValues,
): Promise<Status> {
  if (format === "pretty") writeText(1, `\n${prettySummary(report, styleFor(1))}`);
  else if (format === "ndjson") writeText(1, ndjsonSummary(report));
  else writeText(1, render(format, report, name, PLAIN_STYLE));
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

export function statusOf(report: Report): Status {
  const signal = receivedSignal();
  if (signal !== undefined && report.stopped !== undefined) return signalStatus(signal);
  return succeeded(report) ? Status.Ok : Status.Failed;
}

function readOutputs(options: OptionValues): OutputFile[] {
  const given = options.output;
  return (Array.isArray(given) ? (given as string[]) : []).map((text) => {
    const at = text.indexOf("=");
    const format = FORMATS.find((one) => one === text.slice(0, at));
    if (at > 0 && format !== undefined && at < text.length - 1) return { format, file: text.slice(at + 1) };
    throw usageError(`--output: expected FORMAT=FILE with one of ${FORMATS.join(", ")}, got ${JSON.stringify(text)}`);
  });
}

/** Before the run, not after it: results that cannot be kept are lost. */
function checkWritable(file: string): void {
  try {
    const temporary = temporaryName(file);
    closeSync(openSync(temporary, "w"));
    unlinkSync(temporary);
  } catch (error) {
    throw usageError(`--output: ${file}: cannot be written (${(error as NodeJS.ErrnoException).code ?? "failed"})`);
  }
}

/** The old file or the new one, never half of it. */
export function writeWhole(file: string, text: string): void {
  const temporary = temporaryName(file);
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function temporaryName(file: string): string {
  return join(dirname(file), `.${file.split("/").at(-1)}.${process.pid}.tmp`);
}
