/** `type: tcp`: a connection, and what the other side says first. */
import type { Socket } from "node:net";
import type { Attempt } from "../../../builtins/http/attempt.ts";
import { toTextLossy } from "../../../interpreter/text.ts";
import { withConnection } from "../connect.ts";
import { matches } from "../regex.ts";
import { PORT } from "../schema-parts.ts";
import type { Body, CheckType, Outcome, RunContext } from "./type.ts";

interface TcpBody {
  host: string;
  port: number;
  send?: string;
  expect?: { banner?: string; max_ms?: number };
}

/** Bytes that a banner may be looked for in. */
const MAX_BANNER = 64 * 1024;

export const tcp: CheckType = {
  name: "tcp",
  summary: "a TCP connection, and what the other side says",
  fields: {
    host: { type: "string", minLength: 1 },
    port: PORT,
    send: { type: "string", minLength: 1, description: "sent once connected" },
  },
  required: ["host", "port"],
  expect: {
    banner: { type: "string", minLength: 1, description: "regular expression that what comes back must match" },
    max_ms: { type: "number", minimum: 0, description: "until connected, in milliseconds" },
  },

  validate(body, { regex }) {
    regex(["expect", "banner"], (body as unknown as TcpBody).expect?.banner);
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const { host, port, send, expect = {} } = body as unknown as TcpBody;
    const began = performance.now();
    let connectedMs = 0;
    let received = "";
    const used = await withConnection("tcp", { host, port, tls: undefined }, context, async (socket, attempt) => {
      connectedMs = Math.round(performance.now() - began);
      if (send !== undefined) socket.write(Buffer.from(send, "utf8"));
      if (expect.banner === undefined) return true;
      const pattern = expect.banner;
      return receive(socket, attempt, (bytes) => {
        received = toTextLossy(bytes);
        return matches(pattern, received);
      });
    });
    const result = JSON.stringify({ elapsed_ms: connectedMs, banner: received });
    const details = received === "" ? {} : { details: { received: received.slice(0, 2048) } };
    if (used.error !== undefined) return { error: used.error, result, ...details };
    if (!used.value) {
      const got = received === "" ? "nothing" : JSON.stringify(received.slice(0, 100));
      return {
        error: `expected a banner that matches ${JSON.stringify(expect.banner)}, got ${got}`,
        result,
        ...details,
      };
    }
    if (expect.max_ms !== undefined && connectedMs > expect.max_ms) {
      return { error: `expected a connection within ${expect.max_ms} ms, took ${connectedMs} ms`, result };
    }
    return { result };
  },
};

/** Reads until what has come is enough (true), or no more comes (false). */
function receive(socket: Socket, attempt: Attempt, enough: (bytes: string) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes = "";
    const end = (found: boolean) => {
      withdraw();
      resolve(found);
    };
    const withdraw = attempt.onEnd(() => resolve(false));
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.toString("latin1");
      if (enough(bytes)) end(true);
      else if (bytes.length > MAX_BANNER) end(false);
    });
    socket.on("close", () => end(false));
    socket.on("error", () => end(false));
  });
}
