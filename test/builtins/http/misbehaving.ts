/** TCP servers that answer each connection's first bytes as told, and nothing else. */
import { createServer, type Server, type Socket } from "node:net";

export class Misbehaving {
  /** What was received, connection by connection. */
  readonly requests: string[] = [];
  /** Connections that are closed. */
  closed = 0;
  private server!: Server;
  private readonly sockets = new Set<Socket>();

  /** @param answer called with each connection's first bytes, and with later ones */
  static async start(answer: (socket: Socket, request: string, index: number) => void): Promise<Misbehaving> {
    const made = new Misbehaving();
    made.server = createServer((socket) => {
      const index = made.requests.push("") - 1;
      made.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        made.closed++;
        made.sockets.delete(socket);
      });
      socket.on("data", (chunk) => {
        made.requests[index] += chunk.toString("latin1");
        answer(socket, made.requests[index]!, index);
      });
    });
    await new Promise<void>((settle) => made.server.listen(0, "127.0.0.1", settle));
    return made;
  }

  /** One that answers every request that is complete with the same bytes. */
  static answering(bytes: string, then: "open" | "end" | "reset" = "open"): Promise<Misbehaving> {
    return Misbehaving.start((socket, request) => {
      if (!request.includes("\r\n\r\n")) return;
      socket.write(bytes, "latin1", () => {
        if (then === "end") socket.end();
        else if (then === "reset") socket.resetAndDestroy();
      });
    });
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/** A whole response. */
export function ok(body: string, fields = ""): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}
