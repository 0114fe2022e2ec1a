/** One request and its response on a connection. */
import type { Dispatcher } from "undici/types";
import type { Attempt } from "../attempt.ts";
import { Failure, failureOf } from "../failure.ts";
import type { HeaderList } from "../headers.ts";
import { type Connection, MAX_RESPONSE_HEADERS } from "./pool.ts";

export interface Outgoing {
  readonly method: string;
  /** Path and query, or the whole URL towards a proxy. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Buffer | undefined;
}

export interface Head {
  readonly status: number;
  readonly headers: HeaderList;
}

/** Takes a response as it comes. What it throws ends the exchange and closes the connection. */
export interface Receiver {
  /** `giveUp` ends the exchange from outside its calls. */
  head(head: Head, giveUp: (reason: unknown) => void): void;
  /** Returns false when no more should come until `resume` is called. */
  data(chunk: Buffer, resume: () => void): boolean;
  /** The response is complete. */
  end(): void | Promise<void>;
  /** It will not be. */
  abort(): void;
}

/** Interim responses (1xx) a server may send before the final one. */
const MAX_INTERIM = 32;
/** Fields of a response's head. */
const MAX_FIELDS = 1000;
/** Bytes of a head with its status line, and of what may arrive together with it. */
const MAX_HEAD_BYTES = MAX_RESPONSE_HEADERS + 512 * 1024;

/** Bytes that may come for each byte of the body: a chunk of one byte takes six. */
const MAX_OVERHEAD = 16;

/** Sends a request and feeds its response to the receiver. Rejects with a Failure, or with what the receiver threw. */
export function exchange(
  connection: Connection,
  request: Outgoing,
  receiver: Receiver,
  attempt: Attempt,
): Promise<void> {
  return new Promise((settle, fail) => {
    let controller: Dispatcher.DispatchController | undefined;
    let over = false;
    let interim = 0;
    let bodiless = false;
    let withdraw = () => {};
    const read = connection.socket.bytesRead;
    // The parser has no limit for a status line, nor for what may stand beside the size of a chunk.
    let hasHead = false;
    let delivered = 0;
    const measure = () => {
      const arrived = connection.socket.bytesRead - read;
      if (!hasHead && arrived > MAX_HEAD_BYTES) abort(new Failure("response headers are too large", "never"));
      else if (hasHead && arrived > 2 * MAX_HEAD_BYTES + MAX_OVERHEAD * delivered)
        abort(new Failure("malformed response (its body is mostly chunk sizes)", "never"));
    };
    connection.socket.on("readable", measure);
    const leave = () => {
      over = true;
      withdraw();
      connection.socket.off("readable", measure);
    };
    const finish = (error: unknown) => {
      if (over) return;
      leave();
      receiver.abort();
      fail(error);
    };
    const abort = (reason: unknown) => {
      finish(reason);
      if (controller !== undefined) controller.abort(ABORTED);
      else connection.socket.destroy();
    };
    withdraw = attempt.onEnd(abort);
    if (over) return;
    const guarded = (step: () => void) => {
      if (over) return;
      try {
        step();
      } catch (error) {
        abort(error);
      }
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(given) {
        controller = given;
        if (over) controller.abort(ABORTED);
      },
      onResponseStart(given, status) {
        controller = given;
        guarded(() => {
          if (status < 200) {
            if (++interim > MAX_INTERIM) throw new Failure("malformed response (too many interim responses)", "never");
            return;
          }
          measure();
          if (over) return;
          hasHead = true;
          bodiless = status === 204 || status === 304;
          receiver.head({ status, headers: decodeHeaders(given.rawHeaders as Buffer[]) }, abort);
        });
      },
      onResponseData(given, chunk) {
        delivered += chunk.length;
        guarded(() => {
          if (!receiver.data(chunk, () => given.resume())) given.pause();
        });
      },
      onResponseEnd() {
        if (over) return;
        // undici takes a body that goes up to the end of the connection for complete when the connection is reset.
        const { errored } = connection.socket;
        if (errored) {
          abort(failureOf(errored, "sent"));
          return;
        }
        // The connection is free from here on; the receiver may still be unpacking or writing.
        const ending = receiver.end();
        if (ending === undefined) {
          leave();
          settle();
          return;
        }
        ending.then(
          () => {
            if (over) return;
            leave();
            settle();
          },
          (error) => finish(error),
        );
      },
      onResponseError(_controller, error) {
        // A 204 or 304 may speak of the length that another answer would have (RFC 9110 §8.6); undici objects.
        const complete = bodiless && (error as { code?: string }).code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
        if (!complete) finish(failureOf(error, "sent"));
        else if (!over) {
          leave();
          settle();
        }
      },
    };
    connection.client.dispatch(
      {
        path: request.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: request.body,
      },
      handler,
    );
  });
}

/** What an ended exchange is aborted with; nobody sees it. */
const ABORTED = Object.assign(new Error("aborted"), { code: "UND_ERR_ABORTED" });

function decodeHeaders(raw: Buffer[]): HeaderList {
  const out: HeaderList = [];
  if (raw.length > 2 * MAX_FIELDS) throw new Failure("too many response headers", "never");
  for (const part of raw) out.push(part.toString("latin1"));
  return out;
}
