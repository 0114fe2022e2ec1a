/** One kept connection to the server: requests one after the other, answers told apart by what became of them. */
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** How a request ended that got no answer. */
export type Lost =
  /** There was no connection, or it was closed before anything came back: nothing says that the request arrived. */
  | "refused"
  /** Part of an answer came. */
  | "cut"
  | "late";

/** Milliseconds after which an answer is late. */
const LATE_MS = 30_000;

export class Client {
  private socket: Socket | undefined;
  private received = "";
  private settle: ((outcome: Answer | Lost) => void) | undefined;
  /** Requests on the present connection. */
  private used = 0;

  constructor(private readonly port: number) {}

  /** Sends a whole request, or something else that calls for an answer, and waits for one. */
  async request(bytes: string): Promise<Answer | Lost> {
    let outcome = await this.once(bytes);
    // A kept connection may be closed by the other side at any time: that is no refusal yet.
    if (outcome === "refused" && this.used > 1) outcome = await this.once(bytes);
    return outcome;
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private once(bytes: string): Promise<Answer | Lost> {
    this.received = "";
    if (this.socket === undefined) {
      this.open();
      this.used = 0;
    }
    this.used++;
    const socket = this.socket!;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle?.("late"), LATE_MS);
      this.settle = (outcome) => {
        clearTimeout(timer);
        this.settle = undefined;
        if (typeof outcome === "string") this.close();
        resolve(outcome);
      };
      socket.write(bytes, "latin1");
    });
  }

  private open(): void {
    const socket = connect({ host: "127.0.0.1", port: this.port });
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      const answer = complete(this.received);
      if (answer === undefined) return;
      if (/^connection: close\r$/im.test(this.received.slice(0, this.received.indexOf("\r\n\r\n") + 2))) this.close();
      this.settle?.(answer);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      // One that was given up says nothing about the request under way on the next.
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.settle?.(this.received === "" ? "refused" : "cut");
    });
  }
}

/** The answer, if all of it is there. */
function complete(text: string): Answer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end + 2);
  const status = Number(head.slice(9, 12));
  const rest = text.slice(end + 4);
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? { status, body: rest } : undefined;
  if (!/^transfer-encoding: chunked\r$/im.test(head)) return { status, body: "" };
  if (!rest.endsWith("0\r\n\r\n")) return undefined;
  return { status, body: rest.replace(/[0-9a-f]+\r\n([\s\S]*?)\r\n/gi, "$1") };
}
