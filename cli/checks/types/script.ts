/** `type: script`: a Lua script in a virtual machine of its own, with what scripts of checks may use. */
import { Host, type HostSettings } from "../../../builtins/host.ts";
import { openBuiltins } from "../../../builtins/index.ts";
import { createVm, LuaError, load, Stop, skipShebang, Task } from "../../../interpreter/index.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import { fromBuffer, fromText, toTextLossy } from "../../../interpreter/text.ts";
import { isNumber, list, type Results, toDouble, type Value } from "../../../interpreter/value.ts";
import { VirtualMachine } from "../../../interpreter/vm.ts";
import { errorText } from "../../uncaught.ts";
import { pathFrom, readInput } from "../input.ts";
import { oneOrMore, TEXT_VALUE } from "../schema-parts.ts";
import { promisedBy, warningFor, watchAssertions } from "./assertions.ts";
import { type Body, type CheckType, listOf, type Outcome, type RunContext } from "./type.ts";

interface ScriptBody {
  file?: string;
  script?: string;
  args?: unknown;
  env?: Record<string, string | number | boolean>;
}

/** What one script may print in all; the rest is dropped, and said to be. */
const MAX_PRINTED = 256 * 1024;
/** The last of it that a failure shows. */
const SHOWN_PRINTED = 2048;
/** What a returned value may be in the results, in characters of JSON. */
const MAX_OUTPUT = 64 * 1024;

export const script: CheckType = {
  name: "script",
  summary: "a Lua script that raises an error when something is wrong",
  fields: {
    file: { type: "string", minLength: 1, description: "relative to the check file" },
    script: { type: "string", minLength: 1, description: "the Lua code itself" },
    args: { ...oneOrMore("a value or a list of values", TEXT_VALUE), description: "the script's `arg` and `...`" },
    env: { type: "object", additionalProperties: TEXT_VALUE, description: "what env.get sees besides the environment" },
  },
  required: [],

  validate(body, { note, folder }) {
    const { file, script: inline } = body as ScriptBody;
    if ((file === undefined) === (inline === undefined)) {
      note([], file === undefined ? 'missing "file" or "script"' : "either file or script");
      return;
    }
    const key = file === undefined ? "script" : "file";
    if (typeof body[key] !== "string") return;
    const found = readSource(body as ScriptBody, folder);
    if (typeof found === "string") note([key], found);
    else {
      const error = syntaxError(found);
      if (error !== undefined) note([key], error);
    }
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const spec = body as ScriptBody;
    const found = readSource(spec, context.folder);
    if (typeof found === "string") return { error: found, final: true };
    return runScript(found, spec, context);
  },
};

interface Source {
  bytes: string;
  chunkName: string;
  name: string;
  folder: string;
}

/** The script's text, or why there is none. */
function readSource({ file, script: inline }: ScriptBody, folder: string): Source | string {
  if (file === undefined) return { bytes: fromText(inline!), chunkName: "=script", name: "script", folder };
  const path = pathFrom(folder, file);
  try {
    const at = path.lastIndexOf("/");
    return {
      bytes: fromBuffer(readInput(path)),
      chunkName: `@${fromText(file)}`,
      name: file,
      folder: at < 0 ? "." : path.slice(0, at) || "/",
    };
  } catch (error) {
    const words = {
      ENOENT: "no such file",
      EISDIR: "is a directory",
      EACCES: "permission denied",
      ENXIO: "is a device",
    }[(error as NodeJS.ErrnoException).code ?? ""];
    return `${file}: ${words ?? "cannot be read"}`;
  }
}

function syntaxError(source: Source): string | undefined {
  try {
    load(new VirtualMachine(), skipShebang(source.bytes), source.chunkName);
    return undefined;
  } catch (error) {
    if (error instanceof LuaError && typeof error.value === "string") return toTextLossy(error.value);
    throw error;
  }
}

async function runScript(source: Source, spec: ScriptBody, context: RunContext): Promise<Outcome> {
  const vm = createVm({ memoryBytes: context.run.memoryBytes, timeoutMs: Infinity });
  const printed = new Printed(context);
  const settings: HostSettings = {
    ...context.run.hostSettings,
    scriptFolder: source.folder,
    env: Object.fromEntries(Object.entries(spec.env ?? {}).map(([key, value]) => [key, String(value)])),
    stdout: (bytes) => printed.add(bytes),
    logSink: (line) => printed.addLine(line),
  };
  const host = new Host(settings);
  const isOpen = openBuiltins(vm, host, "check");
  const args = listOf<unknown>(spec.args).map((value) => fromText(String(value)));
  const arg = LuaTable.fromArray(args);
  arg.set(0, fromText(source.name));
  vm.globals.setString("arg", arg);
  const withdraw = context.halt.onGiven(() => vm.stop(new Stop("timeout", "stopped")));
  try {
    const main = load(vm, skipShebang(source.bytes), source.chunkName);
    const promised = promisedBy(source.bytes);
    const ran = promised === "assertions" ? watchAssertions(vm) : () => false;
    const results = await new Task(vm, main, args).start().promise;
    if (isOpen("async")) await (await import("../../../builtins/async.ts")).finishTasks(vm);
    return judge(results, host, warningFor(promised, ran()));
  } catch (error) {
    return { error: await failureOf(vm, error), details: printed.details() };
  } finally {
    withdraw();
    printed.end();
    await host.closeResources();
  }
}

/** What a script's end means. */
function judge(results: Results, host: Host, warning: string | undefined): Outcome {
  const [value] = list(results);
  if (host.unhandledFailure) return { error: "a spawned task failed" };
  // Nobody who writes `return healthy` means that an unhealthy service passes.
  if (value === false) return { error: "the script returned false", output: false };
  const output = value === undefined ? undefined : toData(value, 0);
  return {
    result: JSON.stringify({ output: output ?? null }),
    ...(output === undefined ? {} : { output: small(output) }),
    // A script that says that all is well has looked.
    ...(warning === undefined || value === true ? {} : { warnings: [warning] }),
  };
}

async function failureOf(vm: VirtualMachine, error: unknown): Promise<string> {
  if (error instanceof Stop) {
    return error.reason === "exit"
      ? "the script called os.exit: a check passes by ending without an error"
      : error.message;
  }
  if (!(error instanceof LuaError)) throw error;
  if (error.value === undefined) return "the script raised nil";
  return errorText(vm, error.value);
}

/** What a script prints and logs: shown as it comes, up to a limit. */
class Printed {
  private partial = "";
  private tail = "";
  private left = MAX_PRINTED;

  constructor(private readonly context: RunContext) {}

  add(bytes: string): void {
    if (this.left <= 0) return;
    const allowed = bytes.length > this.left ? bytes.slice(0, this.left) : bytes;
    this.left -= allowed.length;
    const lines = (this.partial + allowed).split("\n");
    this.partial = lines.pop()!;
    for (const line of lines) this.addLine(toTextLossy(line));
    if (this.left <= 0)
      this.addLine(`(more than ${MAX_PRINTED / 1024} KB: the rest of what this check prints is dropped)`);
  }

  addLine(line: string): void {
    this.context.print(line);
    this.tail = `${this.tail}${line}\n`.slice(-SHOWN_PRINTED);
  }

  end(): void {
    if (this.partial !== "") this.addLine(toTextLossy(this.partial));
    this.partial = "";
  }

  details(): Readonly<Record<string, unknown>> | undefined {
    this.end();
    return this.tail === "" ? undefined : { printed: this.tail };
  }
}

/** A Lua value as JSON data: tables as lists or objects, everything without a counterpart as text. */
function toData(value: Value, depth: number): unknown {
  if (value === undefined) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (isNumber(value)) return Number.isFinite(toDouble(value)) ? toDouble(value) : String(toDouble(value));
  if (typeof value === "string") return toTextLossy(value);
  if (!(value instanceof LuaTable)) return "(a value that is not data)";
  if (depth > 20) return "(nested too deeply)";
  const length = value.length();
  let count = 0;
  const entries: [string, unknown][] = [];
  value.forEach((key, element) => {
    count++;
    entries.push([
      typeof key === "string" ? toTextLossy(key) : String(isNumber(key) ? toDouble(key) : "?"),
      toData(element, depth + 1),
    ]);
  });
  return count === length && length > 0 ? entries.map(([, element]) => element) : Object.fromEntries(entries);
}

function small(output: unknown): unknown {
  const text = JSON.stringify(output);
  return text.length <= MAX_OUTPUT ? output : `(${text.length} characters of JSON, left out)`;
}
