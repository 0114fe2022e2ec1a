/** Taking a response body in: content codings undone as it arrives (RFC 9110 §8.4), and never more than asked for. */

import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { Failure } from "../failure.ts";

/** Where decoded bytes go. `add` throws a Failure when it gets too many; false: none until it calls `resume`. */
export interface Sink {
  add(chunk: Buffer, resume: () => void): boolean;
}

/** Codings laid over each other that are undone; real servers use one. */
const MAX_CODINGS = 5;

/** The codings of a response, outermost last, as its Content-Encoding gives them. */
export function codings(contentEncoding: string | undefined): string[] {
  if (contentEncoding === undefined) return [];
  const list = contentEncoding
    .toLowerCase()
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "" && one !== "identity");
  if (list.length > MAX_CODINGS) throw new Failure(`more than ${MAX_CODINGS} content encodings`, "never");
  for (const one of list) {
    if (!(one in DECODERS))
      throw new Failure(`unsupported content encoding "${one.slice(0, 40).replace(/[^!-~]/g, "?")}"`, "never");
  }
  return list;
}

const DECODERS: Record<string, (first: number) => Transform> = {
  __proto__: null as never,
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  // "deflate" should mean zlib's format, but some servers send it bare; the first byte tells.
  deflate: (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
};

/** Undoes one or more codings while streaming. */
export class Decoder {
  private stages: Transform[] | undefined;
  private broken = false;
  private resume: (() => void) | undefined;
  private readonly done: Promise<void>;
  private finish!: () => void;
  private fail!: (reason: unknown) => void;

  constructor(
    private readonly list: string[],
    private readonly sink: Sink,
    /** Ends the exchange: the rest of the response is of no use. */
    private readonly giveUp: (reason: unknown) => void,
  ) {
    this.done = new Promise((settle, fail) => {
      this.finish = settle;
      this.fail = fail;
    });
    this.done.catch(() => {});
  }

  /** Takes encoded bytes; false: wait for `resume`. */
  write(chunk: Buffer, resume: () => void): boolean {
    if (this.broken || chunk.length === 0) return true;
    this.stages ??= this.build(chunk[0]!);
    this.resume = resume;
    return this.stages[0]!.write(chunk);
  }

  /** All bytes have been written; settles when the last is decoded. A body without any bytes decodes to none. */
  end(): Promise<void> {
    if (this.stages === undefined) return Promise.resolve();
    this.stages[0]!.end();
    return this.done;
  }

  abort(): void {
    for (const stage of this.stages ?? []) stage.destroy();
  }

  private build(first: number): Transform[] {
    const stages: Transform[] = [];
    // The coding applied last is undone first. Only its first byte is known now.
    for (const name of [...this.list].reverse()) stages.push(DECODERS[name]!(stages.length === 0 ? first : 8));
    const breakOff = (error: unknown) => {
      if (this.broken) return;
      this.broken = true;
      this.abort();
      const words = `cannot decode the response body (${this.list.join(", ")})`;
      const reason = error instanceof Error ? new Failure(words, "never", error) : error;
      this.fail(reason);
      this.giveUp(reason);
    };
    stages[0]!.on("drain", () => this.resume?.());
    for (let i = 0; i < stages.length; i++) {
      stages[i]!.on("error", breakOff);
      if (i + 1 < stages.length) stages[i]!.pipe(stages[i + 1]!);
    }
    const last = stages[stages.length - 1]!;
    last.on("data", (chunk: Buffer) => {
      if (this.broken) return;
      try {
        if (!this.sink.add(chunk, () => last.resume())) last.pause();
      } catch (error) {
        breakOff(error);
      }
    });
    last.on("end", () => this.finish());
    return stages;
  }
}
