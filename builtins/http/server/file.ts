/** Sending files: content type by extension, conditional requests and ranges (RFC 9110 §13, §14). */

import type { Stats } from "node:fs";
import { close, constants, fstat, open, read, realpathSync } from "node:fs";
import { sep } from "node:path";
import { realPathOfDescriptor } from "../../opened.ts";
import { headerOf } from "../headers.ts";
import type { Connection } from "./connection.ts";
import type { Head } from "./head.ts";
import { httpDate } from "./status.ts";

const PIECE = 64 * 1024;

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  htm: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  xml: "application/xml",
  txt: "text/plain; charset=utf-8",
  log: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  lua: "text/plain; charset=utf-8",
  yaml: "application/yaml",
  yml: "application/yaml",
  toml: "application/toml",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  ico: "image/x-icon",
  pdf: "application/pdf",
  wasm: "application/wasm",
  zip: "application/zip",
  gz: "application/gzip",
  tgz: "application/gzip",
  tar: "application/x-tar",
  woff: "font/woff",
  woff2: "font/woff2",
  ttf: "font/ttf",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  mp4: "video/mp4",
  webm: "video/webm",
};

/** The content type of a path by its extension. */
export function contentType(path: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
  return (
    (extension === undefined || !Object.hasOwn(TYPES, extension) ? undefined : TYPES[extension]) ??
    "application/octet-stream"
  );
}

/**
 * The path after links, if it lies in the folder `root` (after links); undefined if it does not, or does not exist.
 */
export function withinRoot(path: string, root: string): string | undefined {
  try {
    const real = realpathSync(path);
    return isWithin(real, root) ? real : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a real path lies in the folder `root` (after links). */
export function isWithin(real: string, root: string): boolean {
  const folder = realpathSync(root);
  return real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A part of a file: from byte `first` to byte `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * The one range a Range field asks for. `undefined`: send everything (no range, several, or one that makes no sense);
 * `"unsatisfiable"`: 416.
 */
export function parseRange(value: string | undefined, size: number): Range | undefined | "unsatisfiable" {
  const match = value === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/.exec(value.replace(/\s/g, ""));
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const length = Number(match[2]);
    if (length === 0 || size === 0) return "unsatisfiable";
    return { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== "" && Number(match[2]) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, last };
}

/** A validator: changes whenever size or time of modification do. */
function entityTag(stats: Stats): string {
  return `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs).toString(16)}"`;
}

/** RFC 9110 §13.2.2, for GET and HEAD. */
function notModified(headers: readonly string[], tag: string, modified: number): boolean {
  const match = headerOf(headers as string[], "if-none-match");
  if (match !== undefined) {
    return match.trim() === "*" || match.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
  }
  const since = headerOf(headers as string[], "if-modified-since");
  if (since === undefined) return false;
  const date = Date.parse(since);
  return !Number.isNaN(date) && Math.floor(modified / 1000) * 1000 <= date;
}

function rangeHolds(headers: readonly string[], tag: string, modified: number): boolean {
  const condition = headerOf(headers as string[], "if-range");
  if (condition === undefined) return true;
  return condition.startsWith('"') ? condition === tag : Date.parse(condition) === Math.floor(modified / 1000) * 1000;
}

/**
 * Sends a file as the reply to the current request. Settles with the status sent; 404 stands for a file that is not
 * there, is none, or is not accepted by its real path, and then nothing has been sent.
 */
export async function sendFile(
  connection: Connection,
  head: Head,
  path: string,
  status: number,
  fields: string,
  accept: (real: string) => boolean,
): Promise<number> {
  const file = await openFile(path);
  if (file === undefined) return 404;
  try {
    if (!accept(realPathOfDescriptor(file.descriptor, path))) return 404;
    const { descriptor, stats } = file;
    const { size } = stats;
    const tag = entityTag(stats);
    let lines = fields;
    if (!/^content-type:/im.test(fields)) lines += `content-type: ${contentType(path)}\r\n`;
    if (!/^etag:/im.test(fields)) lines += `etag: ${tag}\r\n`;
    lines += `last-modified: ${httpDate(stats.mtimeMs)}\r\naccept-ranges: bytes\r\n`;
    const plain = status === 200 && (head.method === "GET" || head.method === "HEAD");
    if (plain && notModified(head.headers, tag, stats.mtimeMs)) {
      connection.reply(304, lines, "");
      return 304;
    }
    let range: Range | undefined | "unsatisfiable";
    if (plain && rangeHolds(head.headers, tag, stats.mtimeMs))
      range = parseRange(headerOf(head.headers, "range"), size);
    if (range === "unsatisfiable") {
      connection.reply(
        416,
        `content-range: bytes */${size}\r\ncontent-type: text/plain; charset=utf-8\r\n`,
        "range not satisfiable\n",
      );
      return 416;
    }
    const { first, last } = range ?? { first: 0, last: size - 1 };
    const sent = range === undefined ? status : 206;
    if (range !== undefined) lines += `content-range: bytes ${first}-${last}/${size}\r\n`;
    if (connection.begin(sent, lines, last - first + 1)) await sendBytes(connection, descriptor, first, last + 1);
    connection.end();
    return sent;
  } finally {
    close(file.descriptor);
  }
}

/** Sends bytes `from` up to before `to`. A file that has become shorter meanwhile ends the connection. */
async function sendBytes(connection: Connection, descriptor: number, from: number, to: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, to - from));
  for (let at = from; at < to && !connection.closed; ) {
    const count = await readAt(descriptor, buffer, at, Math.min(PIECE, to - at));
    if (count === 0) {
      connection.destroy();
      return;
    }
    at += count;
    if (!connection.send(buffer.toString("latin1", 0, count))) await connection.flushed();
  }
}

function readAt(descriptor: number, buffer: Buffer, at: number, length: number): Promise<number> {
  return new Promise((settle, fail) => {
    read(descriptor, buffer, 0, length, at, (error, count) => (error ? fail(error) : settle(count)));
  });
}

/** Opens a regular file; undefined if there is none. */
function openFile(path: string): Promise<{ descriptor: number; stats: Stats } | undefined> {
  return new Promise((settle) => {
    // Not waiting for a writer, should it be a fifo.
    open(path, NONBLOCKING_READ, (error, descriptor) => {
      if (error) {
        settle(undefined);
        return;
      }
      fstat(descriptor, (failed, stats) => {
        if (!failed && stats.isFile()) {
          settle({ descriptor, stats });
          return;
        }
        close(descriptor);
        settle(undefined);
      });
    });
  });
}

const NONBLOCKING_READ = constants.O_RDONLY | constants.O_NONBLOCK;
