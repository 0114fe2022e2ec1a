/** The handle scripts have of a websocket, and what they do with it: `ws.send(conn, …)` and `conn:send(…)` alike. */
import { LuaError } from "../../interpreter/error.ts";
import { charge } from "../../interpreter/memory.ts";
import {
  boolean,
  failure,
  fn,
  integer,
  type Kind,
  number,
  optional,
  options,
  returns,
  string,
  userdata,
} from "../../interpreter/native.ts";
import { state } from "../../interpreter/state.ts";
import type { Cancellable } from "../../interpreter/task.ts";
import { NOTHING, type Results, type Userdata } from "../../interpreter/value.ts";
import { Failure } from "../http/failure.ts";
import { within } from "../http/within.ts";
import { Closed, Closing, type WebsocketConnection } from "./connection.ts";

export const KIND = "ws.connection";

const conn = userdata("conn", KIND, { summary: "a websocket" });

function socketOf(handle: Userdata): WebsocketConnection {
  return handle.data as WebsocketConnection;
}

/** A Failure as the error of a function; one that says the connection is closed can be told from others. */
function raised(what: string, error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const made = failure(`${what}: ${error.words}`);
  if (made instanceof LuaError && (error instanceof Closed || error instanceof Closing)) made.cause = error;
  return made;
}

/** Gives the next message, waiting for it if there is none yet. */
function receive(handle: Userdata, timeout: number): Results | Promise<Results> {
  let given: ReturnType<WebsocketConnection["receive"]>;
  try {
    given = socketOf(handle).receive(timeout * 1000);
  } catch (error) {
    throw raised("ws.recv", error);
  }
  if (typeof given === "string") {
    charge(given.length);
    return given;
  }
  const { vm } = state;
  const waiting: Cancellable = given.promise.then(
    (message) => {
      within(vm, () => charge(message.length));
      return message;
    },
    (error) => {
      throw raised("ws.recv", error);
    },
  );
  waiting.cancel = given.cancel;
  return waiting;
}

function send(handle: Userdata, message: string, binary: boolean): Results | Promise<Results> {
  try {
    const waiting = socketOf(handle).send(message, binary);
    return waiting === undefined ? NOTHING : waiting.then(() => NOTHING);
  } catch (error) {
    throw raised("ws.send", error);
  }
}

function close(handle: Userdata, code: number, reason: string): Promise<Results> {
  // RFC 6455 §7.4: these are for applications; the others say things that only the protocol may say.
  if (code !== 1000 && code !== 1001 && code !== 1011 && (code < 3000 || code > 4999)) {
    throw failure(`ws.close: code ${code} cannot be sent (1000, 1001, 1011 and 3000 to 4999 can)`);
  }
  if (reason.length > 123) throw failure("ws.close: reason is longer than 123 bytes");
  return socketOf(handle)
    .close(code, reason)
    .then(() => NOTHING);
}

const CLOSED = "`ws.recv: connection closed (1000 …)` when the connection is closed and no message is left";

export const rows = {
  send: fn("send", {
    summary: "Sends a message. Waits while the other side is slow to take what was sent before.",
    params: [
      conn,
      string("message"),
      options("opts", [optional(boolean("binary", { summary: "as a binary message instead of a text" }), false)]),
    ],
    returns: [],
    raises: ["`ws.send: connection closed (…)`", "when a text is not valid UTF-8"],
    source: "RFC 6455 §6.1",
    run: (handle, message, opts) => send(handle, message, opts.binary),
  }),
  recv: fn("recv", {
    summary: "Waits for the next message. Several tasks may wait; each message goes to one of them.",
    params: [conn, optional(number("timeout", { unit: "seconds", min: 0, summary: "default: none" }), Infinity)],
    returns: [returns("message", "string", "its bytes, whether it was sent as text or as binary")],
    raises: [CLOSED, "`ws.recv: timeout`"],
    source: "RFC 6455 §6.2",
    run: (handle, timeout) => receive(handle, timeout),
  }),
  close: fn("close", {
    summary:
      "Closes the connection, and waits a moment for the other side to agree. Nothing happens when it is closed.",
    params: [conn, optional(integer("code"), 1000), optional(string("reason", { summary: "at most 123 bytes" }), "")],
    returns: [],
    raises: ["when the code is not one that may be sent"],
    source: "RFC 6455 §7",
    run: (handle, code, reason) => close(handle, code, reason),
  }),
};

export const connectionKind: Kind = {
  name: KIND,
  summary: "A websocket.",
  methods: [
    rows.send,
    rows.recv,
    rows.close,
    fn("subprotocol", {
      summary: "The subprotocol that both sides agreed on, or nil.",
      params: [conn],
      returns: [returns("name", "string?")],
      source: "RFC 6455 §1.9",
      run: (handle) => socketOf(handle).subprotocol,
    }),
  ],
  metamethods: [
    fn("__close", {
      summary: "Closes the connection.",
      params: [conn],
      returns: [],
      source: "Assay",
      run: (handle) => close(handle, 1000, ""),
    }),
  ],
};
