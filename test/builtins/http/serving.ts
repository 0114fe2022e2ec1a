/** Scripts that serve, and raw connections to talk to them with. */
import { connect, type Socket } from "node:net";
import { Host, type HostSettings } from "../../../builtins/host.ts";
import { stopServers } from "../../../builtins/http/running.ts";
import { openBuiltins } from "../../../builtins/index.ts";
import { createVm, LuaError, load, Task } from "../../../interpreter/index.ts";
import type { Limits } from "../../../interpreter/limits.ts";
import type { Results } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";

export class Serving {
  readonly logs: Record<string, unknown>[] = [];
  readonly vm: VirtualMachine;
  readonly host: Host;
  port = 0;
  ended: Promise<Results> = Promise.resolve(undefined);

  private constructor(settings: HostSettings, limits: Limits | undefined) {
    this.vm = createVm(limits);
    this.host = new Host({
      logLevel: "warn",
      ...settings,
      logFormat: "json",
      logSink: (line) => this.logs.push(JSON.parse(line)),
    });
    openBuiltins(this.vm, this.host, "script");
  }

  /** Runs `http.serve` with a routes table, and options, given as Lua. `before` runs ahead of it. */
  static async start(
    routes: string,
    options = "",
    before = "",
    settings: HostSettings = {},
    limits?: Limits,
  ): Promise<Serving> {
    const serving = new Serving(settings, limits);
    const listening = Promise.withResolvers<void>();
    const { NativeFunction } = await import("../../../interpreter/function.ts");
    serving.vm.globals.setString(
      "listening",
      new NativeFunction(
        "listening",
        (_address, port) => {
          serving.port = port as number;
          listening.resolve();
          return undefined;
        },
        undefined,
      ),
    );
    const source = `${before} http.serve(0, ${routes}, {on_listen = listening, ${options.includes("host =") ? "" : 'host = "127.0.0.1", '}${options}})\nreturn "stopped"`;
    serving.ended = new Task(serving.vm, load(serving.vm, source, "=server"), []).start().promise;
    serving.ended.catch(listening.reject);
    await listening.promise;
    return serving;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs a chunk beside the server, with the global `url`; its results. */
  async lua(source: string): Promise<Results> {
    this.vm.globals.setString("url", this.url);
    return new Task(this.vm, load(this.vm, source, "=test"), []).start().promise;
  }

  stop(): Promise<boolean> {
    return stopServers(this.vm);
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.closeResources();
    await this.ended.catch((error) => {
      if (error instanceof LuaError) throw new Error(String(error.value));
    });
  }
}

/** A raw connection that remembers what it has been sent. */
export class Raw {
  received = "";
  closed = false;
  readonly socket: Socket;
  private wake: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      this.look();
    });
    const over = () => {
      this.closed = true;
      this.look();
    };
    this.socket.on("end", over);
    this.socket.on("close", over);
    this.socket.on("error", over);
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Waits until what was received matches, or the other side closes, or `ms` have passed. */
  async until(pattern: RegExp, ms = 3000): Promise<string> {
    await this.wait(() => pattern.test(this.received) || this.closed, ms);
    return this.received;
  }

  /** Waits until the other side closes. */
  async end(ms = 3000): Promise<string> {
    await this.wait(() => this.closed, ms);
    const text = this.closed ? this.received : `${this.received}[still open]`;
    this.socket.destroy();
    return text;
  }

  private wait(done: () => boolean, ms: number): Promise<void> {
    return new Promise((settle) => {
      const timer = setTimeout(settle, ms);
      const look = () => {
        if (done()) {
          clearTimeout(timer);
          settle();
        } else this.wake.push(look);
      };
      look();
    });
  }

  private look(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const look of waiting) look();
  }
}

/** Sends raw bytes and gives everything that comes back until the server closes. */
export function raw(port: number, text: string, ms?: number): Promise<string> {
  return new Raw(port).send(text).end(ms);
}

/** The status codes of the responses in a text. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}
