/** The options of the command line that change how a script runs. */
import type { HostSettings } from "../builtins/host.ts";
import type { Limits } from "../interpreter/limits.ts";
import { CHECK_OPTIONS, choice, type OptionValues, textOption } from "./options.ts";
import { permissionsOf } from "./permissions.ts";
import { parseDuration, parseSize } from "./quantity.ts";
import { usageError } from "./status.ts";

/** Puts the options into a script's host settings and limits. */
export function applyOptions(options: OptionValues, settings: HostSettings, limits: Limits): void {
  for (const { name } of CHECK_OPTIONS) {
    if (options[name] !== undefined) throw usageError(`--${name} is for check files`);
  }
  limits.timeoutMs = durationOption(options, "timeout") ?? limits.timeoutMs;
  limits.memoryBytes = memoryOption(options) ?? limits.memoryBytes;
  applyHostOptions(options, settings);
}

/** The part that scripts of checks share: permissions and the log. */
export function applyHostOptions(options: OptionValues, settings: HostSettings): void {
  settings.permissions = permissionsOf(options) ?? settings.permissions;
  settings.logLevel = choice(options, "log-level", ["debug", "info", "warn", "error"]) ?? settings.logLevel;
  settings.logFormat = choice(options, "log-format", ["text", "json"]) ?? settings.logFormat;
}

/** Milliseconds. */
export function durationOption(options: OptionValues, name: string): number | undefined {
  const given = textOption(options, name);
  if (given === undefined) return undefined;
  const ms = parseDuration(given);
  if (ms !== undefined && ms > 0) return ms;
  throw usageError(`--${name}: expected a duration such as 500ms, 30s or 5m, got "${given}"`);
}

/** Bytes. */
export function memoryOption(options: OptionValues): number | undefined {
  const given = textOption(options, "memory-limit");
  if (given === undefined) return undefined;
  const bytes = parseSize(given);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw usageError(`--memory-limit: expected a size such as 64MB, got "${given}"`);
}
