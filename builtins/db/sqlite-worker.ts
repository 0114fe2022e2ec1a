/**
 * SQLite in a thread of its own: its calls do not return before they are done, and the script's other tasks, its
 * timeouts and its server are not to wait for them. The build lists this file as an entry point.
 */

import { relieveThread } from "../../interpreter/relief.ts";
import { type Engine, EngineError, type EngineStatement, EXCHANGED, FAULT } from "./sqlite-engine.ts";
import { isJson, type Writer, writeAsIs, writerOf } from "./sqlite-types.ts";
import {
  Encoder,
  LAST_REQUEST,
  type OpenRequest,
  type Piece,
  type Refusal,
  type Reply,
  type Request,
  type RunRequest,
} from "./sqlite-wire.ts";

declare const self: Worker;

/** How large a piece of a result may get: bytes, and rows. */
const FIRST_PIECE = 16 * 1024;
const PIECE = 192 * 1024;
const MOST_ROWS = 5000;
/** Bytes of large values in a piece after which it ends. */
const LARGE_PIECE = 1 << 20;
/** After so many bytes of large values the engine is told to collect what they left: by itself it does so late. */
const COLLECT_AFTER = 16 << 20;
/** Statements kept ready. */
const KEPT = 100;

interface Open {
  readonly sql: string;
  readonly statement: EngineStatement;
  readonly writers: readonly Writer[];
  readonly wantsRows: boolean;
  readonly verb: string;
}

let engine: Engine;
/** The request that is to stop, or LAST_REQUEST for all. */
let stop: Int32Array;
let maxValue = Infinity;
/** The request under way. */
let current = 0;
const encoder = new Encoder();
/** Bytes of large values since the last collection. */
let copied = 0;
/** When the memory of the process was looked at. */
let looked = 0;
const LOOK_MS = 5;
/** Statements that are ready to run, the least recently used first. */
const ready = new Map<string, EngineStatement>();
const open = new Map<number, Open>();
let lastCursor = 0;

/** How long answers are held back to be sent together, in milliseconds. */
const HOLD_MS = 1;
let replies: Reply[] = [];

self.onmessage = async (event: MessageEvent<Request[]>) => {
  let since = performance.now();
  for (const request of event.data) {
    current = request.id;
    try {
      const ok = request.op === "open" ? await start(request) : handle(request);
      replies.push({ id: request.id, ok });
    } catch (error) {
      replies.push({ id: request.id, error: refusal(error) });
    }
    if (performance.now() - since < HOLD_MS) continue;
    send();
    since = performance.now();
  }
  send();
};

function send(): void {
  if (replies.length === 0) return;
  const buffers = replies.flatMap((reply) => {
    const piece = "ok" in reply ? reply.ok : undefined;
    return piece?.rows === undefined ? [] : [piece.rows, ...(piece.large ?? [])];
  });
  if (copied > COLLECT_AFTER) collect();
  else lookAround();
  self.postMessage(replies, buffers);
  replies = [];
}

function refusal(error: unknown): Refusal {
  if (error instanceof EngineError) return { message: error.message, code: error.code, position: error.position };
  return { message: FAULT, code: undefined, position: undefined };
}

/** The garbage of this thread, which is not the script's. */
function lookAround(): void {
  const now = performance.now();
  if (now < looked + LOOK_MS) return;
  looked = now;
  relieveThread();
}

function collect(): void {
  copied = 0;
  (require("bun:jsc") as typeof import("bun:jsc")).gcAndSweep();
}

function handle(request: Exclude<Request, { op: "open" }>): Piece | undefined {
  switch (request.op) {
    case "run":
      return run(request);
    case "next":
      return more(request.cursor, PIECE);
    case "end":
      end(request.cursor);
      return undefined;
    default:
      for (const cursor of [...open.keys()]) end(cursor);
      for (const statement of ready.values()) statement.free();
      ready.clear();
      engine.close();
      return undefined;
  }
}

async function start(request: OpenRequest): Promise<undefined> {
  stop = request.stop;
  maxValue = request.maxValue;
  // Each engine is loaded only where it is wanted.
  engine =
    request.path === undefined
      ? await (await import("./sqlite-memory.ts")).openMemory(request)
      : new (await import("./sqlite-file.ts")).FileEngine(request);
  for (const { sql, optional } of request.setup) {
    try {
      const statement = engine.prepare(sql);
      statement.start([]);
      while (statement.step());
      statement.free();
    } catch (error) {
      if (!optional) throw error;
    }
  }
}

function take(sql: string): EngineStatement {
  const statement = ready.get(sql);
  if (statement === undefined) return engine.prepare(sql);
  ready.delete(sql);
  return statement;
}

function keep(sql: string, statement: EngineStatement): void {
  statement.reset();
  if (ready.has(sql)) {
    statement.free();
    return;
  }
  if (ready.size >= KEPT) {
    const [oldest] = ready;
    ready.delete(oldest![0]);
    oldest![1].free();
  }
  ready.set(sql, statement);
}

function run(request: RunRequest): Piece {
  const { sql, parameters, wantsRows, verb, files } = request;
  const statement = take(sql);
  try {
    statement.start(parameters);
  } catch (error) {
    statement.free();
    throw error;
  }
  if (files !== undefined && engine.detachOthers(files)) {
    statement.free();
    throw new EngineError(EXCHANGED, "SQLITE_AUTH", undefined);
  }
  const { columns } = statement;
  if (columns.length === 0) {
    keep(sql, statement);
    // What a change of tables makes of kept statements, SQLite does not tell all of their columns.
    if (verb === "create" || verb === "alter" || verb === "drop") forget();
    return { columns: [], count: 0, cursor: undefined, ...outcome(verb) };
  }
  const declared = wantsRows ? statement.declared() : columns.map(() => null);
  const cursor = ++lastCursor;
  const writers = declared.map(writerOf);
  open.set(cursor, { sql, statement, writers, wantsRows, verb });
  const piece = more(cursor, FIRST_PIECE);
  return { ...piece, columns: columns.map((name, i) => ({ name, json: isJson(declared[i] ?? null) })) };
}

function isLongText(value: unknown): boolean {
  return typeof value === "string" && value.length > maxValue;
}

function forget(): void {
  for (const statement of ready.values()) statement.free();
  ready.clear();
}

/** The next piece of a result. */
function more(cursor: number, limit: number): Piece {
  const run = open.get(cursor);
  if (run === undefined) throw new EngineError("stopped", undefined, undefined);
  const { sql, statement, writers, wantsRows, verb } = run;
  const columns = writers.length;
  let count = 0;
  let live = true;
  try {
    while (count < MOST_ROWS && encoder.length < limit && encoder.largeLength < LARGE_PIECE) {
      if (isStopped()) throw new EngineError("interrupted", "SQLITE_INTERRUPT", undefined);
      live = statement.step();
      if (!live) break;
      if (!wantsRows) continue;
      for (let i = 0; i < columns; i++) {
        const write = writers[i]!;
        const value = statement.value(i);
        if (value !== null && typeof value === "object" ? value.length > maxValue : isLongText(value))
          throw new EngineError("not enough memory", undefined, undefined);
        if (write === writeAsIs && typeof value === "bigint") encoder.integer(value);
        else write(encoder, value);
      }
      count++;
    }
  } catch (error) {
    encoder.clear();
    open.delete(cursor);
    statement.free();
    throw error;
  }
  if (!live) {
    open.delete(cursor);
    keep(sql, statement);
  }
  const done = live ? { affected: 0, lastInsertId: undefined } : outcome(verb);
  copied += encoder.largeLength;
  const taken = count === 0 ? {} : encoder.take();
  return { ...taken, count, cursor: live ? cursor : undefined, ...done };
}

function isStopped(): boolean {
  const number = Atomics.load(stop, 0);
  return number === current || number === LAST_REQUEST;
}

/** Rows changed and key made, for the statements that change rows. */
function outcome(verb: string): { affected: number; lastInsertId: number | bigint | undefined } {
  switch (verb) {
    case "insert":
    case "replace":
      return engine.changes();
    case "update":
    case "delete":
      return { affected: engine.changes().affected, lastInsertId: undefined };
    default:
      return { affected: 0, lastInsertId: undefined };
  }
}

function end(cursor: number): void {
  const run = open.get(cursor);
  if (run === undefined) return;
  open.delete(cursor);
  keep(run.sql, run.statement);
}
