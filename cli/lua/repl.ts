/** The conversation of the `lua` command (manual §7): reads, runs, prints. */
import { Cell } from "../../interpreter/function.ts";
import { compileOrMessage } from "../../interpreter/library/base.ts";
import type { StandardStreams } from "../../interpreter/library/io.ts";
import { readFormats } from "../../interpreter/library/io-read.ts";
import { isTerminal } from "../../interpreter/library/posix.ts";
import { protectedCall } from "../../interpreter/library/protected.ts";
import { awaited, type Steps } from "../../interpreter/library/steps.ts";
import { tostring } from "../../interpreter/library/tostring.ts";
import { inPlace, settlement } from "../../interpreter/library/waiting.ts";
import { state } from "../../interpreter/state.ts";
import { fromText, toTextLossy } from "../../interpreter/text.ts";
import { list, type Results, type Value } from "../../interpreter/value.ts";
import { LineEditor } from "./line-editor.ts";

/** What the command does for the conversation. */
export interface Conversation {
  readonly streams: StandardStreams;
  /** Calls a chunk with a traceback for its errors: whether it went well, and its results or the message. */
  run(fn: Value, args: Value[]): Steps<{ ok: boolean; results: Value[] }>;
  report(message: Value): void;
}

const LOCALS_WARNING = "warning: locals do not survive across lines in interactive mode\n";

/** Reads lines: with an editor at a terminal, else as they come. */
interface Lines {
  read(prompt: string): Promise<Results>;
  remember(line: string): void;
}

/** Talks until the input ends. */
export function* converse(conversation: Conversation): Steps<Results> {
  const { streams } = conversation;
  const lines = isTerminal(0) && isTerminal(1) && process.env.TERM !== "dumb" ? edited(streams) : plain(streams);
  for (;;) {
    const first = yield* ask(lines, true);
    if (first === undefined) break;
    const { source, compiled } = yield* complete(lines, first, streams);
    lines.remember(toTextLossy(source));
    if (Array.isArray(compiled)) conversation.report(compiled[1]);
    else {
      const { ok, results } = yield* conversation.run(compiled, []);
      if (!ok) conversation.report(results[0]);
      else if (results.length > 0) yield* print(conversation, results);
    }
  }
  streams.stdout.write("\n");
  streams.stdout.flush();
  return [];
}

function compile(source: string): Results {
  return compileOrMessage(source, "=stdin", new Cell(state.vm.globals));
}

/** Compiles a line as an expression, or else as a statement, with more lines as long as it is incomplete. */
function* complete(lines: Lines, line: string, streams: StandardStreams): Steps<{ source: string; compiled: Results }> {
  const expression = compile(`return ${line};`);
  if (!Array.isArray(expression)) return { source: line, compiled: expression };
  if (/^[ \t]*local([ \t]|$)/.test(line)) streams.stderr.write(LOCALS_WARNING);
  let source = line;
  for (;;) {
    const compiled = compile(source);
    if (!Array.isArray(compiled) || !String(compiled[1]).endsWith("<eof>")) return { source, compiled };
    const more = yield* ask(lines, false);
    if (more === undefined) return { source, compiled };
    source += `\n${more}`;
  }
}

/** Asks for a line, by the prompt that the script may have set. */
function* ask(lines: Lines, first: boolean): Steps<string | undefined> {
  const own = state.vm.globals.getString(first ? "_PROMPT" : "_PROMPT2");
  const prompt = own === undefined ? (first ? "> " : ">> ") : ((yield* awaited(tostring(own))) as string);
  return (yield* settlement(lines.read(prompt))) as string | undefined;
}

function* print({ streams }: Conversation, values: Value[]): Steps<void> {
  const given = yield* inPlace(() => protectedCall([state.vm.globals.getString("print"), ...values]));
  const [ok, message] = list(given);
  if (ok !== true) {
    streams.stdout.flush();
    streams.stderr.write(`error calling 'print' (${typeof message === "string" ? message : "?"})\n`);
  }
}

/** Lines from standard input, which scripts may read as well. */
function plain({ stdin, stdout }: StandardStreams): Lines {
  return {
    async read(prompt) {
      stdout.write(prompt);
      stdout.flush();
      const line = await readFormats(stdin, ["L"]);
      if (typeof line !== "string") return undefined;
      return line.endsWith("\n") ? line.slice(0, -1) : line;
    },
    remember() {},
  };
}

/** Lines from a terminal. */
function edited({ stdin, stdout }: StandardStreams): Lines {
  const { ReadStream } = require("node:tty") as typeof import("node:tty");
  const terminal = new ReadStream(0);
  const editor = new LineEditor({
    async read() {
      stdin.beginRead();
      if (stdin.available === 0) await stdin.fill(1);
      return stdin.available === 0 ? undefined : stdin.take(stdin.available);
    },
    unread: (bytes) => stdin.putBack(bytes),
    write(text) {
      stdout.write(fromText(text));
      stdout.flush();
    },
    setRaw: (raw) => terminal.setRawMode(raw),
    columns: () => process.stdout.columns || 80,
  });
  return {
    async read(prompt) {
      stdout.flush();
      for (;;) {
        const answer = await editor.readLine(toTextLossy(prompt));
        if (answer === "end") return undefined;
        if (answer !== "interrupted") return fromText(answer.line);
      }
    },
    remember: (line) => editor.remember(line),
  };
}
