/** Coroutines (manual §2.6): their registers and the continuation records they wait with. */
import type { LuaError } from "./error.ts";
import type { Site } from "./nodes/node.ts";
import type { Registers } from "./state.ts";
import type { Suspended, Value } from "./value.ts";

export type CoroutineStatus = "suspended" | "running" | "normal" | "dead";

/** Records of one suspension; `position` is the next to be used (records are four elements long). */
export interface Segment {
  records: unknown[];
  position: number;
}

/** A protected call with a message handler: hands errors to it before anything is closed on their way. */
export interface Guard {
  /**
   * Calls the handler for an error: above the place where it was raised if that is not below `lowest`, else in the
   * window at `window` on behalf of `caller`. Returns what the handler made of the error.
   */
  raised(error: LuaError, lowest: number, window: number, caller: Site): Value | Suspended;
}

export class Coroutine {
  /** The innermost protected call under way, if it has a message handler. */
  guard: Guard | undefined = undefined;
  readonly R: Registers = [undefined, undefined, undefined, undefined];
  status: CoroutineStatus = "suspended";
  /** What to continue, the innermost segment last. */
  readonly segments: Segment[] = [];
  started = false;
  /** Who resumed it, while it is running or normal. */
  resumer: Coroutine | undefined = undefined;
  /** Base of the innermost window while it is suspended, for tracebacks. */
  top = 0;
  /** Native calls under way in it; see MAX_NATIVE_CALLS. While it is suspended, its own only. */
  nativeCalls = 0;
  /** Native calls around it when it was last resumed. */
  entryCalls = 0;
  /** Protected calls under way: an error outside all of them kills the coroutine. */
  protectedCalls = 0;
  /** Values of the to-be-closed variables it left open when it died of an error, the innermost first. */
  readonly pending: Value[] = [];
  /** The census that last visited it; see collector.ts. */
  epoch = 0;
  /** The error it died of. */
  failure: LuaError | undefined = undefined;
  /** Hook of the debug library, if any. */
  hook: unknown = undefined;
  /** A task's own coroutine cannot be resumed or yielded from by Lua code. */
  constructor(
    readonly body: Value,
    readonly isRoot: boolean,
  ) {}
}
