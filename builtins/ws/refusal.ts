/** What a server says that does not want a websocket: an ordinary HTTP response (RFC 6455 §4.1). */
import type { Socket } from "node:net";
import type { Attempt } from "../http/attempt.ts";
import { escaped, Failure } from "../http/failure.ts";
import { type HeaderList, headerOf } from "../http/headers.ts";

/** Bytes of the body that the error repeats. */
const MAX_BODY = 4096;
/** How long the rest of the body is waited for: the status matters more. */
const BODY_MS = 1000;

/** The failure `HTTP 403: BODY`, with the reason in place of an empty body. Reads what there is of the body. */
export async function refusal(
  status: string,
  reason: string,
  headers: HeaderList,
  socket: Socket,
  rest: Buffer,
  attempt: Attempt,
): Promise<Failure> {
  const isChunked = /\bchunked\b/i.test(headerOf(headers, "transfer-encoding") ?? "");
  const given = headerOf(headers, "content-length");
  const length = given !== undefined && /^\d+$/.test(given) ? Number(given) : Infinity;
  const isWhole = (read: Buffer) => (isChunked ? /\r\n0\r\n/.test(read.toString("latin1")) : read.length >= length);
  const read = await bytesOf(socket, rest, isWhole, attempt);
  const text = isChunked
    ? unchunked(read.toString("latin1"))
    : read.toString("latin1", 0, Math.min(length, read.length));
  // One line, and nothing that a terminal would obey.
  const body = escaped(text.trim().replace(/\s+/g, " "));
  const cut = body.length > MAX_BODY ? `${body.slice(0, MAX_BODY)} …` : body;
  return new Failure(`HTTP ${status}: ${cut === "" ? reason : cut}`.trim(), "never");
}

/** Reads until it is enough, the other side closes, or the time is up. */
function bytesOf(socket: Socket, first: Buffer, isWhole: (read: Buffer) => boolean, attempt: Attempt): Promise<Buffer> {
  return new Promise((settle) => {
    let read = first;
    const done = () => {
      clearTimeout(timer);
      withdraw();
      socket.off("data", onData);
      socket.off("close", done);
      settle(read);
    };
    const timer = setTimeout(done, BODY_MS);
    const withdraw = attempt.onEnd(done);
    const onData = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      if (read.length > 2 * MAX_BODY || isWhole(read)) done();
    };
    if (isWhole(read) || socket.destroyed) return done();
    socket.on("error", () => {});
    socket.on("data", onData);
    socket.once("close", done);
    socket.once("end", done);
    socket.resume();
  });
}

/** The content of chunked data (RFC 9112 §7.1), as far as it goes. */
function unchunked(data: string): string {
  let out = "";
  for (let at = 0; ; ) {
    const size = /^([0-9a-f]+)[^\r\n]*\r\n/i.exec(data.slice(at, at + 100));
    if (size === null) return out;
    const bytes = Number.parseInt(size[1]!, 16);
    at += size[0].length;
    out += data.slice(at, at + bytes);
    if (bytes === 0 || at >= data.length) return out;
    at += bytes + 2;
  }
}
