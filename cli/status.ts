/** Exit statuses: what a shell, a Job's `podFailurePolicy` or a CI step can rely on. `assay --help` prints this table. */
export const Status = {
  /** The script ended, or all checks passed; also after a server drained cleanly on a signal. */
  Ok: 0,
  /** The script raised an error, or a check failed. */
  Failed: 1,
  /** The command line is wrong. */
  Usage: 2,
  /** A file cannot be read, does not parse, or is invalid. Trying again does not help. */
  Invalid: 3,
  /** Stopped by SIGINT. */
  Interrupted: 130,
  /** Whoever read standard output went away before everything was written (128 + SIGPIPE). */
  Unread: 141,
  /** Stopped by SIGTERM. */
  Terminated: 143,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/** Ends the command with a message for the user: `error: …` on standard error. */
export class CommandError {
  constructor(
    readonly status: Status,
    /** One or several lines, without the leading `error: `. */
    readonly message: string,
  ) {}
}

/** The command line is wrong. */
export function usageError(message: string): CommandError {
  return new CommandError(Status.Usage, message);
}

/** A file cannot be read, does not parse, or is invalid. */
export function fileError(message: string): CommandError {
  return new CommandError(Status.Invalid, message);
}
