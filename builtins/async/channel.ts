/** Channels: a queue of values between tasks. Sending waits while it is full, receiving while it is empty. */
import { failure } from "../../interpreter/error.ts";
import {
  any,
  argumentError,
  fn,
  integer,
  type Kind,
  newUserdata,
  number,
  optional,
  returns,
  userdata,
} from "../../interpreter/native.ts";
import { LuaTable } from "../../interpreter/table.ts";
import type { Cancellable } from "../../interpreter/task.ts";
import { NOTHING, type Results, type Userdata, type Value } from "../../interpreter/value.ts";
import { after } from "../timer.ts";
import { unplaced } from "./book.ts";

export const MAX_CAPACITY = 1_000_000;
const KIND = "async.channel";

interface Waiter {
  settle(results: Results): void;
  fail(error: unknown): void;
}
interface Sender extends Waiter {
  readonly value: Value;
}

class Channel {
  /** Values sent and not yet received, under the keys `first`…`last`. A Lua table, so that the memory census sees it. */
  readonly queue = new LuaTable();
  private first = 1;
  private last = 0;
  private readonly receivers = new Set<Waiter>();
  private readonly senders = new Set<Sender>();
  closed = false;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.last - this.first + 1;
  }

  send(value: Value): Results | Promise<Results> {
    if (this.closed) throw failure("channel:send: the channel is closed");
    for (const receiver of this.receivers) {
      this.receivers.delete(receiver);
      receiver.settle(value);
      return NOTHING;
    }
    if (this.size < this.capacity) {
      this.queue.set(++this.last, value);
      return NOTHING;
    }
    return this.wait(this.senders, (waiter) => ({ ...waiter, value }));
  }

  receive(timeoutMs: number | undefined): Results | Promise<Results> {
    if (this.size > 0) {
      const value = this.queue.get(this.first);
      this.queue.set(this.first++, undefined);
      const sender = this.nextSender();
      if (sender !== undefined) this.queue.set(++this.last, sender.value);
      return value;
    }
    const sender = this.nextSender();
    if (sender !== undefined) return sender.value;
    if (this.closed) return NOTHING;
    return this.wait(this.receivers, (waiter) => waiter, timeoutMs);
  }

  private nextSender(): Sender | undefined {
    for (const sender of this.senders) {
      this.senders.delete(sender);
      sender.settle(NOTHING);
      return sender;
    }
    return undefined;
  }

  private wait<W extends Waiter>(queue: Set<W>, make: (waiter: Waiter) => W, timeoutMs?: number): Promise<Results> {
    const { promise, resolve, reject } = Promise.withResolvers<Results>();
    const waiter = make({ settle: resolve, fail: reject });
    queue.add(waiter);
    const timer =
      timeoutMs === undefined
        ? undefined
        : after(timeoutMs, () => {
            if (queue.delete(waiter)) resolve([undefined, "timeout"]);
          });
    if (timer !== undefined) promise.then(timer.cancel, timer.cancel);
    (promise as Cancellable).cancel = () => {
      queue.delete(waiter);
      timer?.cancel();
    };
    return promise;
  }

  /** No more sending. What has been sent can still be received; then receivers get nil. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const receiver of this.receivers) receiver.settle(NOTHING);
    this.receivers.clear();
    for (const sender of this.senders) sender.fail(unplaced("channel:send: the channel is closed"));
    this.senders.clear();
  }
}

const CHANNEL = userdata("channel", KIND);
const of = (handle: Userdata) => handle.data as Channel;

const RECEIVE = {
  summary: "Takes the next value, waiting for one if need be; nil once the channel is closed and empty.",
  returns: [returns("value", "any"), returns("reason", "string?", '"timeout" when the time is up')],
  source: "Assay",
};

export const channelKind: Kind = {
  name: KIND,
  summary: "A queue of values between tasks. `for value in channel do … end` receives until it is closed.",
  methods: [
    fn("send", {
      summary: "Puts a value into the channel, waiting while it is full.",
      params: [CHANNEL, any("value", { summary: "anything but nil" })],
      returns: [],
      raises: ["`channel:send: the channel is closed`"],
      source: "Assay",
      run: (channel, value) => {
        if (value === undefined) throw argumentError(2, "a value other than nil expected");
        return of(channel).send(value);
      },
    }),
    fn("recv", {
      ...RECEIVE,
      params: [CHANNEL, optional(number("timeout", { unit: "seconds", min: 0 }))],
      run: (channel, timeout) => of(channel).receive(timeout === undefined ? undefined : timeout * 1000),
    }),
    fn("close", {
      summary: "Ends the channel: nothing more can be sent, what was sent can still be received.",
      params: [CHANNEL],
      returns: [],
      source: "Assay",
      run: (channel) => {
        of(channel).close();
        return NOTHING;
      },
    }),
  ],
  metamethods: [
    fn("__call", { ...RECEIVE, params: [CHANNEL], run: (channel) => of(channel).receive(undefined) }),
    fn("__len", {
      summary: "How many values wait in the channel.",
      params: [CHANNEL],
      returns: [returns("n", "integer")],
      source: "Assay",
      run: (channel) => of(channel).size,
    }),
    fn("__close", {
      summary: "Closes the channel.",
      params: [CHANNEL],
      returns: [],
      source: "Assay",
      run: (channel) => {
        of(channel).close();
        return NOTHING;
      },
    }),
  ],
};

export const channelRow = fn("channel", {
  summary: "A channel between tasks: `send`, `recv`, `close`, and `for value in channel do … end`.",
  params: [
    optional(
      integer("capacity", {
        unit: "values",
        min: 0,
        max: MAX_CAPACITY,
        summary: "0: each send waits for its receiver",
      }),
      0,
    ),
  ],
  returns: [returns("channel", KIND)],
  source: "Assay",
  example: `local ch = async.channel(2)\nch:send("a")\nassert(ch:recv() == "a")`,
  run: (capacity) => {
    const channel = new Channel(capacity);
    const handle = newUserdata(channelKind, channel);
    handle.user = channel.queue;
    return handle;
  },
});
