/**
 * The ws package's own websocket, by its file: inside Bun the bare name `ws` is Bun's substitute over its native
 * websocket, which connects by itself and cannot be given a connection. Only what is used here is declared.
 */
declare module "*/node_modules/ws/lib/websocket.js" {
  import type { EventEmitter } from "node:events";
  import type { Duplex } from "node:stream";

  interface SetupOptions {
    allowSynchronousEvents: boolean;
    maxPayload: number;
    maxFragments: number;
    maxBufferedChunks: number;
    skipUTF8Validation: boolean;
  }

  export default class WebSocket extends EventEmitter {
    /** With null for the address: an endpoint without a connection, to be given one by `setSocket`. */
    constructor(
      address: null,
      protocols: undefined,
      options: { autoPong: boolean; maxPendingAutoPongs: number; closeTimeout: number },
    );
    /** Servers must not mask what they send, clients must. */
    protected _isServer: boolean;
    /** What has come in and is no message yet. Null before there is a connection. */
    protected readonly _receiver: {
      /** Bytes that have not been looked at, and the chunks they came in. */
      _bufferedBytes: number;
      _buffers: readonly Buffer[];
      /** Bytes of the message under way, and the pieces they came in. */
      _messageLength: number;
      _fragments: readonly Buffer[];
    } | null;
    readonly readyState: number;
    readonly bufferedAmount: number;
    setSocket(socket: Duplex, head: Buffer, options: SetupOptions): void;
    send(data: Buffer, options: { binary: boolean }, done: (error?: Error | null) => void): void;
    ping(): void;
    close(code?: number, reason?: Buffer): void;
    terminate(): void;
    pause(): void;
    resume(): void;
  }
}
