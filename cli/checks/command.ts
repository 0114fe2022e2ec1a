/** `assay FILE.yaml`: options, the run, its outputs, its exit status. */
import type { HostSettings } from "../../builtins/host.ts";
import { whenOutputFails, writeText } from "../../builtins/output.ts";
import { isTerminal } from "../../builtins/terminal.ts";
import { installLookout } from "../../interpreter/vm.ts";
import { isStdoutClosed } from "../closed-output.ts";
import { ALL_OPTIONS, choice, isSet, listed, type OptionValues, readOptions, textOption } from "../options.ts";
import { applyHostOptions, durationOption, memoryOption } from "../script-options.ts";
import { handleSignals, receivedSignal } from "../signals.ts";
import { CommandError, Status, usageError } from "../status.ts";
import { lookForSignals } from "../stuck-signals.ts";
import { loadSuite } from "./config.ts";
import { type Delivery, deliver, readOutputs } from "./deliver.ts";
import { ndjsonResult } from "./formats/ndjson.ts";
import { Halt } from "./halt.ts";
import { Jq } from "./jq.ts";
import { narrowed } from "./permissions.ts";
import { plan } from "./plan.ts";
import { type Progress, prettyProgress, quietProgress } from "./progress.ts";
import { FORMATS, type Format } from "./report.ts";
import type { Report } from "./result.ts";
import { runSuite } from "./runner.ts";
import { Secrets } from "./secrets.ts";
import { readShard, type Selection, select } from "./select.ts";
import type { Suite } from "./suite.ts";
import { lookAtLimits } from "./time-limit.ts";

/** Live Lua data of each script. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/** Runs a check file. `given` are the options in front of it, `args` what follows. */
export async function runCheckFile(file: string, args: readonly string[], given: OptionValues): Promise<Status> {
  const { options: later, words } = await readOptions(args, ALL_OPTIONS, false);
  if (words.length > 0) {
    throw usageError(
      `one check file at a time, got ${JSON.stringify(words[0])} as well (include: puts files together)`,
    );
  }
  const options = { ...given, ...later };
  const format = choice(options, "format", FORMATS) ?? (isTerminal(1) ? "pretty" : "json");
  const delivery: Delivery = { name: file, format, outputs: readOutputs(options), options, shown: true };
  const watchMs = durationOption(options, "watch");
  if (isStdoutClosed()) throw new CommandError(Status.Failed, "standard output is closed: the results would be lost");
  // Once, however often the checks run: the file of --audit stays open.
  const scripts: HostSettings = {};
  applyHostOptions(options, scripts);
  const jq = new Jq();
  try {
    for (;;) {
      const status = await runOnce(file, delivery, jq, scripts);
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

/** `scripts`: what the options say about the scripts of checks. */
async function runOnce(file: string, delivery: Delivery, jq: Jq, scripts: HostSettings): Promise<Status> {
  const { options } = delivery;
  const loaded = await loadSuite(file, jq);
  const suite: Suite = { ...loaded, timeoutMs: durationOption(options, "timeout") ?? loaded.timeoutMs };
  const shard = readShard(textOption(options, "shard"), process.env);
  for (const name of ["only", "tag"]) {
    if (isSet(options, name) && listed(options, name).length === 0) throw usageError(`--${name}: nothing is named`);
  }
  const selection = select(suite.checks, listed(options, "only"), listed(options, "tag"), shard);
  const secrets = new Secrets(suite.secrets);
  if (isSet(options, "dry-run")) {
    void writeText(1, plan(suite, selection, secrets));
    return Status.Ok;
  }
  const shardText = shard === undefined ? undefined : `${shard.index}/${shard.count}`;
  return deliver(await run(suite, selection, delivery, jq, secrets, scripts, shardText), delivery);
}

/** Runs the checks and shows their progress. */
async function run(
  suite: Suite,
  selection: Selection,
  { options, format }: Delivery,
  jq: Jq,
  secrets: Secrets,
  scripts: HostSettings,
  shard: string | undefined,
): Promise<Report> {
  const permissions = narrowed(scripts.permissions, suite.grants ?? []);
  const stop = new Halt();
  installLookout((now) => {
    lookForSignals(now);
    lookAtLimits(now);
  });
  handleSignals((signal) => stop.give(`stopped by ${signal}`));
  whenOutputFails(() => stop.give("standard output cannot be written"));
  const progress = progressFor(format, selection.checks.length - selection.silent.size);
  try {
    return await runSuite(suite, selection.checks, {
      run: {
        jq,
        permissions,
        memoryBytes: memoryOption(options) ?? MEMORY_BYTES,
        hostSettings: { ...scripts, secrets: suite.secrets, permissions },
      },
      secrets,
      events: progress,
      failFast: isSet(options, "fail-fast"),
      debug: isSet(options, "debug"),
      stop,
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
