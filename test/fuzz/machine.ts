/** A Lua function that is given one input after the other, in a machine that lives as long as it behaves. */
import { Host, type HostSettings } from "../../builtins/host.ts";
import { openBuiltins } from "../../builtins/index.ts";
import { readGrants } from "../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../builtins/permissions/restricted.ts";
import type { Permissions } from "../../builtins/permissions.ts";
import type { LuaFunction } from "../../interpreter/function.ts";
import { createVm, load, Stop, Task } from "../../interpreter/index.ts";
import { fromText } from "../../interpreter/text.ts";
import { list, type Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { Finding, judgeError, judgeText, judgeValues, outline } from "./oracle.ts";

export interface Settings extends HostSettings {
  /** What one input may use. */
  memoryBytes?: number;
  timeoutMs?: number;
  /** Whether inputs may leave connections open for those that follow. */
  keepsOpen?: boolean;
}

/** What a fuzzed script may do: nothing outside, unless its target says otherwise. */
export function nothingOutside(): Permissions {
  return new RestrictedPermissions([
    readGrants({ "deny-net": true, "deny-read": true, readonly: true, "deny-env": true }),
  ]);
}

/** Inputs after which a machine is replaced, so that what they leave behind in it does not add up. */
const REUSE = 500;
const MEMORY_BYTES = 16 << 20;
const TIMEOUT_MS = 500;

export class Machine {
  private vm: VirtualMachine | undefined;
  private fn!: LuaFunction;
  private host!: Host;
  private isOpen!: (name: string) => boolean;
  private used = 0;

  /**
   * The source is a function's body; its argument is the input. It may call `try(f, …)`, which gives the function's
   * results and keeps the messages of errors, to be judged.
   */
  constructor(
    private readonly source: string,
    private readonly settings: Settings = {},
  ) {}

  private open(): VirtualMachine {
    const { memoryBytes = MEMORY_BYTES, timeoutMs = TIMEOUT_MS, keepsOpen: _, ...settings } = this.settings;
    const vm = createVm({ memoryBytes, timeoutMs });
    this.host = new Host({ permissions: nothingOutside(), logSink: () => {}, stdout: () => {}, ...settings });
    this.isOpen = openBuiltins(vm, this.host, "script");
    this.fn = load(vm, fromText(TRY + this.source), "=fuzz");
    this.used = 0;
    return vm;
  }

  /** Runs the function; how it ended. */
  async run(input: string, ...more: Value[]): Promise<string> {
    if (this.used >= REUSE) await this.close();
    this.vm ??= this.open();
    this.used++;
    const { vm } = this;
    vm.deadline = performance.now() + vm.limits.timeoutMs;
    let outcome: string;
    try {
      const results = list(await new Task(vm, this.fn, [input, ...more]).start().promise);
      outcome = judgeValues(results);
      const messages = vm.globals.getString("messages");
      if (typeof messages === "string" && messages !== "") {
        for (const message of messages.split("\x1e")) judgeText(message, input);
        outcome += outline(messages);
      }
    } catch (error) {
      outcome = judgeError(error, input);
      if (error instanceof Stop || outcome.includes("not enough memory")) await this.close();
    }
    if (this.isOpen("async")) {
      const { cancelTasks } = require("../../builtins/async.ts") as typeof import("../../builtins/async.ts");
      await cancelTasks(vm);
    }
    if (vm.tasks.size > 0) throw new Finding("leak", "a task is left over");
    if (!this.settings.keepsOpen && this.host.resources.size > 0) throw new Finding("leak", "something is left open");
    return outcome;
  }

  async close(): Promise<void> {
    if (this.vm === undefined) return;
    this.vm = undefined;
    await this.host.closeResources();
  }
}

/** On the first line, so that line numbers are the body's own. */
const TRY =
  `messages = "" local function note(ok, ...) if not ok then messages = messages .. tostring((...)) .. "\\x1e" end \
if ok then return ... end end local function try(f, ...) return note(pcall(f, ...)) end `.replace(/\n/g, "");

/** Lua: whether two values are the same all through; floats and integers are told apart, and not a number is itself. */
export const SAME = `local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return rawequal(a, b) and math.type(a) == math.type(b) or a ~= a and b ~= b end
  for k, v in next, a do if not same(v, b[k]) then return false end end
  for k in next, b do if a[k] == nil then return false end end
  return true
end
`;
