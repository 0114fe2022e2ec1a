/** Checks as they run: what a check file means, once it is known to be right. */
import type { Grants } from "../../builtins/permissions/grants.ts";
import type { Place } from "./mistakes.ts";
import type { Body, CheckType } from "./types/type.ts";

export interface Suite {
  /** The file as the user named it. */
  readonly file: string;
  /** For all checks together. */
  readonly timeoutMs: number;
  /** How many checks run at a time; Infinity for all. */
  readonly parallel: number;
  /** For each check's cleanup, also after a signal. */
  readonly cleanupMs: number;
  /** Values to be masked in every output. */
  readonly secrets: readonly string[];
  /** What the files themselves allow; an access must be allowed by all of them. */
  readonly grants?: readonly Grants[];
  /** In the order of the files. */
  readonly checks: readonly Check[];
}

export interface Check {
  readonly name: string;
  /** Where its name stands. */
  readonly place: Place;
  /** The folder of its file: paths are relative to it. */
  readonly folder: string;
  /** For one attempt; with `until`, for all of them. */
  readonly timeoutMs: number;
  /** Further attempts; Infinity with `until` and no `retries`. */
  readonly retries: number;
  readonly backoff: Backoff;
  /** jq condition on the result. */
  readonly until: string | undefined;
  readonly tags: readonly string[];
  /** jq condition over the variables. */
  readonly condition: string | undefined;
  /** Names of checks that must have passed. */
  readonly needs: readonly string[];
  /** jq expressions over the last step's result. */
  readonly capture: Readonly<Record<string, string>>;
  /** One for a simple check. */
  readonly steps: readonly Step[];
  readonly cleanup: readonly Step[];
  /** The variables of its file, for `if`. */
  readonly vars: Readonly<Record<string, unknown>>;
}

export interface Step {
  /** What messages call it; undefined for a check that is its own only step. */
  readonly label: string | undefined;
  /** Given in the file. */
  readonly name: string | undefined;
  readonly type: CheckType;
  /** May contain templates of captures. */
  readonly body: Body;
  readonly timeoutMs: number | undefined;
  readonly capture: Readonly<Record<string, string>>;
}

/** The waits before further attempts. */
export interface Backoff {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: boolean;
}

/** Milliseconds to wait before attempt number `attempt` (2 is the first repetition). */
export function backoffMs(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const full = Math.min(backoff.initialMs * backoff.factor ** (attempt - 2), backoff.maxMs);
  return backoff.jitter ? full / 2 + (full / 2) * random() : full;
}
