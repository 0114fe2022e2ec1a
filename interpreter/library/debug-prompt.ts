/** `debug.debug` (manual §6.11): a prompt in the middle of a script. */
import { Cell } from "../function.ts";
import { type Declaration, rawFn } from "../native.ts";
import { state } from "../state.ts";
import { list, NOTHING, type Results } from "../value.ts";
import { compileOrMessage } from "./base.ts";
import { standardStreams } from "./io.ts";
import { readFormats } from "./io-read.ts";
import { protectedCall } from "./protected.ts";
import { awaited, runSteps, type Steps } from "./steps.ts";
import { tostring } from "./tostring.ts";
import { inPlace, settlement } from "./waiting.ts";

const PROMPT = "lua_debug> ";
/** Ends the prompt. */
const CONTINUE = "cont\n";

function* converse(): Steps<Results> {
  const { stdin, stderr } = standardStreams(state.vm);
  for (;;) {
    stderr.write(PROMPT);
    const reading = readFormats(stdin, ["L"]);
    const line = reading instanceof Promise ? yield* settlement(reading) : reading;
    if (typeof line !== "string" || line === CONTINUE) return NOTHING;
    const compiled = compileOrMessage(line, "=(debug command)", new Cell(state.vm.globals));
    const [ok, error] = Array.isArray(compiled)
      ? [false, compiled[1]]
      : list(yield* inPlace(() => protectedCall([compiled])));
    if (ok !== true) stderr.write(`${(yield* awaited(tostring(error))) as string}\n`);
  }
}

export const debugPrompt: Declaration = rawFn(
  "debug",
  {
    summary: "Reads lines from standard input and runs them, up to a line that says `cont`.",
    params: [],
    returns: [],
    source: "Lua manual §6.11",
  },
  () => runSteps(converse()),
);
