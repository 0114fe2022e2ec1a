/** A response's body read while it arrives: for bodies without an end, such as a watched collection or a followed log. */
import { failure, LuaError } from "../../../interpreter/error.ts";
import { charge } from "../../../interpreter/memory.ts";
import {
  fn,
  type Kind,
  nativeFunction,
  newUserdata,
  number,
  optional,
  returns,
  userdata,
} from "../../../interpreter/native.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import type { Cancellable } from "../../../interpreter/task.ts";
import { NOTHING, type Results, type Userdata, type Value } from "../../../interpreter/value.ts";
import { after, type Timer } from "../../timer.ts";
import { Failure, secondsText } from "../failure.ts";
import { headerTable } from "../headers.ts";
import type { Sink } from "./decode.ts";
import type { Head } from "./exchange.ts";

/** Bytes that may wait to be read before the server is told to wait. */
const HIGH_WATER = 256 * 1024;
/** The memory of the script is asked for so many bytes at a time. */
const HOLD_STEP = 64 * 1024;
/** The longest line that `line` puts together. */
const MAX_LINE = 16 * 1024 * 1024;

/** What reads from a stream: told when there is more, or an end. */
type Wake = () => void;

export class Stream implements Sink {
  head: Head | undefined;
  url = "";
  private chunks: string[] = [];
  private size = 0;
  /** Whether a line end has arrived since the last look for one. */
  private mayHaveLine = false;
  private resume: (() => void) | undefined;
  private wake: Wake | undefined;
  /** Undefined while more may come; "end" after a complete body, else why there is no more. */
  private ended: "end" | Failure | LuaError | undefined;
  /** Bytes that the script's memory has been asked for. */
  private held = 0;

  constructor(
    /** Called once the head is there. */
    private readonly opened: () => void,
    /** Ends the request. */
    readonly stop: () => void,
    /** Notes that the script's memory holds that many bytes more; raises when there is no room. */
    private readonly hold: (bytes: number) => void,
  ) {}

  begin(head: Head, url: string): void {
    this.head = head;
    this.url = url;
    this.opened();
  }

  add(chunk: Buffer, resume: () => void): boolean {
    let wanted = false;
    this.resume = () => {
      wanted = true;
    };
    this.chunks.push(chunk.toString("latin1"));
    this.size += chunk.length;
    this.account();
    if (chunk.includes(10)) this.mayHaveLine = true;
    this.notify();
    this.resume = undefined;
    if (wanted || this.size < HIGH_WATER) return true;
    this.resume = resume;
    return false;
  }

  finish(ended: "end" | Failure | LuaError): void {
    this.ended ??= ended;
    if (ended instanceof LuaError) this.clear();
    this.notify();
  }

  /** Has what waits counted as the script's memory. */
  private account(): void {
    const bytes = Math.floor(this.size / HOLD_STEP) * HOLD_STEP;
    if (bytes === this.held) return;
    this.hold(bytes - this.held);
    this.held = bytes;
  }

  /** Throws away what waits. */
  clear(): void {
    this.chunks = [];
    this.size = 0;
    this.account();
  }

  private notify(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  /** Everything that has arrived; undefined when nothing is waiting. */
  take(): string | undefined {
    if (this.size === 0) return undefined;
    const bytes = this.chunks.join("");
    this.clear();
    this.continue();
    return bytes;
  }

  /** Lets the server send more. */
  private continue(): void {
    const { resume } = this;
    this.resume = undefined;
    resume?.();
  }

  /** Puts bytes back that were taken too early. */
  untake(bytes: string): void {
    if (bytes === "") return;
    this.chunks.unshift(bytes);
    this.size += bytes.length;
    this.account();
  }

  /** A line without its end; undefined when there is none yet. */
  takeLine(): string | undefined {
    if (this.size === 0) return undefined;
    if (!this.mayHaveLine && this.ended === undefined) {
      if (this.size > MAX_LINE) throw new Failure(`a line is longer than ${MAX_LINE} bytes`, "never");
      this.continue();
      return undefined;
    }
    const bytes = this.take()!;
    const end = bytes.indexOf("\n");
    this.mayHaveLine = end >= 0;
    if (end < 0 && this.ended !== undefined) return bytes;
    this.untake(end < 0 ? bytes : bytes.slice(end + 1));
    return end < 0 ? undefined : bytes.slice(0, end).replace(/\r$/, "");
  }

  /** Why nothing more comes: undefined while something may. Throws the failure. */
  get over(): boolean {
    if (this.ended instanceof Failure || this.ended instanceof LuaError) throw this.ended;
    return this.ended === "end";
  }

  /** Calls `wake` when something has changed; the function returned withdraws that. */
  onChange(wake: Wake): () => void {
    this.wake = wake;
    return () => {
      if (this.wake === wake) this.wake = undefined;
    };
  }
}

const KIND = "http.stream";
const self = userdata("stream", KIND, { summary: "a response that is being read" });
const timeout = optional(number("timeout", { unit: "seconds", min: 0, summary: "default: none" }), Infinity);

function streamOf(handle: Userdata): Stream {
  return handle.data as Stream;
}

/** What `take` gives, as soon as it gives something; nil at the end. */
function reading(
  handle: Userdata,
  what: string,
  seconds: number,
  take: (stream: Stream) => string | undefined,
): Results | Promise<Results> {
  const stream = streamOf(handle);
  const attempt = (): { results: Results } | undefined => {
    try {
      const taken = take(stream);
      if (taken !== undefined) return { results: taken };
      return stream.over ? { results: undefined } : undefined;
    } catch (error) {
      throw error instanceof Failure ? failure(`${what}: ${error.words}`) : error;
    }
  };
  const given = attempt();
  if (given !== undefined) {
    charge(String(given.results ?? "").length);
    return given.results;
  }
  let timer: Timer | undefined;
  let withdraw = () => {};
  const stopWaiting = () => {
    timer?.cancel();
    withdraw();
  };
  const waiting: Cancellable = new Promise<Results>((settle, fail) => {
    const look = () => {
      // Before the attempt: it may let the server send more, which then arrives at once.
      withdraw = stream.onChange(look);
      try {
        const now = attempt();
        if (now === undefined) return;
        stopWaiting();
        settle(now.results);
      } catch (error) {
        stopWaiting();
        fail(error);
      }
    };
    if (seconds < Infinity)
      timer = after(seconds * 1000, () => {
        withdraw();
        fail(failure(`${what}: timed out after ${secondsText(seconds)}`));
      });
    look();
  });
  waiting.cancel = stopWaiting;
  return waiting;
}

function close(handle: Userdata): Results {
  const stream = streamOf(handle);
  stream.finish(new Failure("the stream is closed", "never"));
  stream.clear();
  stream.stop();
  return NOTHING;
}

const lineRow = fn("next", {
  summary: "The next line, for loops.",
  params: [self],
  returns: [returns("line", "string?")],
  source: "Assay",
  run: (handle) => reading(handle, "stream:lines", Infinity, (stream) => stream.takeLine()),
});

export const streamKind: Kind = {
  name: KIND,
  summary: "A response whose body is read while it arrives.",
  methods: [
    fn("status", {
      summary: "The status of the response.",
      params: [self],
      returns: [returns("status", "integer")],
      source: "RFC 9110 §15",
      run: (handle) => streamOf(handle).head!.status,
    }),
    fn("headers", {
      summary: "The headers of the response, by lower-case names.",
      params: [self],
      returns: [returns("headers", "table<string, string>")],
      source: "RFC 9110 §5",
      run: (handle) => headerTable(streamOf(handle).head!.headers, new LuaTable()),
    }),
    fn("read", {
      summary: "Bytes of the body, as soon as there are any; nil at its end.",
      params: [self, timeout],
      returns: [returns("bytes", "string?")],
      raises: ["`stream:read: timed out after 5s`", "when the connection breaks, or the stream is closed"],
      source: "Assay",
      run: (handle, seconds) => reading(handle, "stream:read", seconds, (stream) => stream.take()),
    }),
    fn("line", {
      summary: "The next line of the body, without its end; nil at the end of the body.",
      params: [self, timeout],
      returns: [returns("line", "string?")],
      raises: ["`stream:line: timed out after 5s`", "when the connection breaks, or the stream is closed"],
      source: "Assay",
      run: (handle, seconds) => reading(handle, "stream:line", seconds, (stream) => stream.takeLine()),
    }),
    fn("lines", {
      summary: "For loops over the lines of the body; leaving the loop closes the stream.",
      params: [self],
      returns: [
        returns("next", "fun(): string?"),
        returns("stream", KIND),
        returns("nothing", "nil"),
        returns("closing", KIND),
      ],
      source: "Assay",
      run: (handle): Value[] => [nextLine(), handle, undefined, handle],
    }),
    fn("close", {
      summary: "Ends the request. What has not been read is lost.",
      params: [self],
      returns: [],
      source: "Assay",
      run: (handle) => close(handle),
    }),
  ],
  metamethods: [
    fn("__close", {
      summary: "Ends the request.",
      params: [self],
      returns: [],
      source: "Assay",
      run: (handle) => close(handle),
    }),
  ],
};

function nextLine(): Value {
  return nativeFunction(lineRow, "stream:lines");
}

/** The handle of a stream, for the virtual machine that runs. */
export function streamHandle(stream: Stream): Userdata {
  charge(2000);
  return newUserdata(streamKind, stream);
}
