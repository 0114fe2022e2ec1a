/** Processes with a pipe to them (`io.popen`, manual §6.9). */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { toText } from "../text.ts";
import type { Results } from "../value.ts";
import { flushAll, Stream } from "./io-stream.ts";
import { pipe } from "./posix.ts";
import { ended, type SystemError, systemError } from "./system-error.ts";

/** A running command: the stream that leads to it or from it, and its end. */
export interface PipedProcess {
  readonly stream: Stream;
  /** How it ended, in the words of `file:close`. */
  readonly end: Promise<Results>;
}

const SHELL = "/bin/sh";
/** What a shell's exit status is when a command cannot be run. */
const NOT_RUN = 127;
/** The only reason that is likely on a system with pipes. */
const NO_PIPE: SystemError = { code: "EMFILE", errno: 24, message: "Too many open files" };

/** The arguments that make the shell run a command. Arguments are text: other bytes are spelled out for the shell. */
export function shellArguments(command: string): string[] {
  const zero = command.indexOf("\0");
  const bytes = zero < 0 ? command : command.slice(0, zero);
  const text = toText(bytes);
  if (text !== undefined) return [SHELL, "-c", text];
  const octal = Array.from(bytes, (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
  return [SHELL, "-c", `eval "$(printf '%b' '${octal}')"`];
}

/** The number of a signal by its name. */
export function signalNumber(signal: string | number | null): number | undefined {
  if (typeof signal !== "string") return signal ?? undefined;
  return (constants.signals as Record<string, number>)[signal];
}

/** Runs a command by the shell, with a pipe to read its output ("r") or to write its input ("w"). */
export function runPiped(command: string, mode: "r" | "w"): PipedProcess | SystemError {
  flushAll();
  const ends = pipe();
  if (ends === undefined) return NO_PIPE;
  const [ours, theirs] = mode === "r" ? [ends.read, ends.write] : [ends.write, ends.read];
  let end: Promise<Results>;
  try {
    const child = Bun.spawn(shellArguments(command), {
      stdin: mode === "w" ? theirs : "inherit",
      stdout: mode === "r" ? theirs : "inherit",
      stderr: "inherit",
    });
    end = child.exited.then(() => ended(child.exitCode, signalNumber(child.signalCode)));
  } catch (thrown) {
    const error = systemError(thrown);
    if (error.code !== "ENOENT" && error.code !== "EACCES") {
      closeSync(ours);
      closeSync(theirs);
      return error;
    }
    // No shell: the reference forks first, and notices in the child.
    end = Promise.resolve(ended(NOT_RUN, undefined));
  }
  closeSync(theirs);
  return { stream: new Stream(ours, { read: mode === "r", write: mode === "w", append: false }, true), end };
}
