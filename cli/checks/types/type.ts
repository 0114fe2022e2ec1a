/** What a check type is: its keys for the schema, what a schema cannot check, and how it runs. */
import type { HostSettings } from "../../../builtins/host.ts";
import type { Permissions } from "../../../builtins/permissions.ts";
import type { Halt } from "../halt.ts";
import type { Jq } from "../jq.ts";
import type { Schema } from "../schema-parts.ts";

/** A step's keys as the file gave them (templates filled in when it runs), `name`, `type` and the like left out. */
export type Body = Readonly<Record<string, unknown>>;

/** Where mistakes of a body are noted: `path` leads from the body to the culprit. */
export type Note = (path: readonly (string | number)[], message: string) => void;

/** What a type's own validation may ask for. */
export interface ValidationContext {
  readonly note: Note;
  /** The folder of the check file. */
  readonly folder: string;
  /** Registers a jq expression to be compiled with all others of the run. */
  jq(path: readonly (string | number)[], expression: unknown): void;
  /** Notes a regular expression that does not compile. */
  regex(path: readonly (string | number)[], pattern: unknown): void;
}

/** What all checks of one run share. */
export interface Run {
  readonly jq: Jq;
  readonly permissions: Permissions;
  /** For each script. */
  readonly memoryBytes: number;
  readonly hostSettings: HostSettings;
}

export interface RunContext {
  readonly run: Run;
  /** Of the check, or of its step if that has one. */
  readonly name: string;
  /** The folder of the check file. */
  readonly folder: string;
  /** Milliseconds that this step may take. At their end the step is halted, and has failed. */
  readonly limitMs: number;
  /** Given at the timeout, at a signal, and at the global timeout. What is open must be closed then. */
  readonly halt: Halt;
  /** Shows text that a check printed: to standard error, under the check's name. */
  print(text: string): void;
}

export type ResultText = string | (() => string);

/** How an attempt ended. */
export interface Outcome {
  /** Why it failed; absent when it passed. One line is best. */
  readonly error?: string;
  /** What `capture` and `until` look at, as JSON text, or a function that makes it: most checks have neither. */
  readonly result?: ResultText;
  /** What a reader of the failure would look at next. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What a script returned. */
  readonly output?: unknown;
  readonly warnings?: readonly string[];
  /** Trying again cannot help. */
  readonly final?: boolean;
}

export interface CheckType {
  readonly name: string;
  readonly summary: string;
  readonly fields: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  /** Keys of `expect`; absent for a type that takes none. */
  readonly expect?: Readonly<Record<string, Schema>>;
  readonly expectRequired?: boolean;
  /** What the schema cannot say. Runs when the body has the right shape. */
  validate(body: Body, context: ValidationContext): void;
  /** One attempt. Must not throw for what can happen; a throw is an internal error. */
  run(body: Body, context: RunContext): Promise<Outcome>;
}

/** `min` above `max` can never be met. */
export function checkBounds(bounds: unknown, path: readonly (string | number)[], note: Note): void {
  if (typeof bounds !== "object" || bounds === null) return;
  const { min, max } = bounds as { min?: unknown; max?: unknown };
  if (typeof min === "number" && typeof max === "number" && min > max) {
    note([...path, "min"], `min (${min}) is above max (${max})`);
  }
}

/** Why a number is not within its bounds, if it is not. NaN never is. */
export function boundsError(
  value: number,
  bounds: { min?: number; max?: number; equals?: number },
): string | undefined {
  const { min, max, equals } = bounds;
  const got = `got ${value}`;
  if (min !== undefined && !(value >= min)) return `expected min ${min}, ${got}`;
  if (max !== undefined && !(value <= max)) return `expected max ${max}, ${got}`;
  if (equals !== undefined && value !== equals) return `expected ${equals}, ${got}`;
  return undefined;
}

/** A count, or bounds of one. */
export const COUNT_OR_BOUNDS: Schema = {
  title: "an integer or a mapping with min and max",
  anyOf: [
    { type: "integer", minimum: 0 },
    {
      type: "object",
      minProperties: 1,
      additionalProperties: false,
      properties: { min: { type: "integer", minimum: 0 }, max: { type: "integer", minimum: 0 } },
    },
  ],
};

export function countBounds(expected: unknown): { min?: number; max?: number; equals?: number } {
  return typeof expected === "number" ? { equals: expected } : (expected as { min?: number; max?: number });
}

/** A value or a list of values as a list. */
export function listOf<T>(given: unknown): T[] {
  return given === undefined ? [] : Array.isArray(given) ? (given as T[]) : [given as T];
}
