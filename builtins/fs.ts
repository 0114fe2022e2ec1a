/**
 * Files. Content is bytes; writing is atomic; every access is checked against the script's permissions twice, by the
 * path given and by what was really opened.
 */
import type { Stats } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { charge } from "../interpreter/memory.ts";
import { boolean, fn, integer, library, optional, options, returns, string } from "../interpreter/native.ts";
import { LuaTable } from "../interpreter/table.ts";
import { fromText } from "../interpreter/text.ts";
import { float, NOTHING, type Results } from "../interpreter/value.ts";
import { FileCall } from "./fs/access.ts";
import { copy, makeFolder, move, remove } from "./fs/change.ts";
import { type Glob, GlobError, parseGlob } from "./fs/glob.ts";
import { entries, exists, statOf } from "./fs/look.ts";
import { kindOf, MAX_READ, readFile, readStandardInput } from "./fs/read.ts";
import { glob } from "./fs/search.ts";
import { appendFile, piecesOf, replaceFile } from "./fs/write.ts";
import { hostOf } from "./host.ts";

const PATH = string("path", { summary: "relative to the working directory, or absolute" });
const ERRORS = ["`fs.…: PATH: no such file or directory` and the like", "an error when the path is not permitted"];

function sorted(call: FileCall, names: readonly string[]): LuaTable {
  const list = new LuaTable(call.vm.rootShape);
  let bytes = 0;
  names.forEach((name, i) => {
    list.setIndex(i + 1, name);
    bytes += 24 + name.length;
  });
  charge(bytes);
  return list;
}

function statTable(call: FileCall, stats: Stats): LuaTable {
  const table = new LuaTable(call.vm.rootShape);
  table.setConstant("type", kindOf(stats));
  table.setConstant("size", stats.size);
  table.setConstant("mtime", float(stats.mtimeMs / 1000));
  table.setConstant("mode", stats.mode & 0o7777);
  return table;
}

export const fsLibrary = library("fs", "Files and folders.", [
  fn("read", {
    summary: "The content of a file, byte for byte. `/dev/stdin` is read to its end.",
    params: [
      PATH,
      options("options", [
        optional(
          integer("max_size", { unit: "bytes", min: 0, summary: "refuse larger files; default 512 MiB" }),
          MAX_READ,
        ),
      ]),
    ],
    returns: [returns("content", "string")],
    raises: [
      ...ERRORS,
      "an error for what is not a regular file",
      "an error for a file over `max_size`",
      "`not enough memory`",
    ],
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/a", "1\\0\\xff")\nassert(fs.read(dir .. "/a") == "1\\0\\xff")`,
    run: (given, { max_size: maxSize }) => {
      const call = new FileCall("fs.read");
      const path = call.path(given);
      call.checkRead(path);
      if (path === "/dev/stdin") return call.run(path, () => readStandardInput(call, maxSize));
      return call.run(path, () => readFile(call, path, maxSize));
    },
  }),
  fn("write", {
    summary:
      "Writes a file, creating its folders. The content appears whole or not at all: it is written under another name and renamed. An existing file keeps its mode and owner; a link stays and its target is written.",
    params: [
      PATH,
      string("content"),
      options("options", [
        optional(integer("mode", { min: 0, max: 0o7777, summary: "permission bits, such as 384 (0600)" })),
      ]),
    ],
    returns: [],
    raises: [...ERRORS, "an error for what is not a regular file"],
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/x/y.txt", "hello")\nassert(fs.read(dir .. "/x/y.txt") == "hello")`,
    run: (given, content, { mode }) => {
      const call = new FileCall("fs.write");
      const path = call.path(given);
      call.checkWrite(path);
      return call.run(path, () => replaceFile(call, path, () => piecesOf(content), mode)).then(nothing);
    },
  }),
  fn("append", {
    summary: "Adds to the end of a file, creating it and its folders if need be.",
    params: [PATH, string("content")],
    returns: [],
    raises: [...ERRORS, "an error for what is not a regular file"],
    source: "Assay",
    example: `local log = fs.tempdir() .. "/log"\nfs.append(log, "a\\n")\nfs.append(log, "b\\n")\nassert(fs.read(log) == "a\\nb\\n")`,
    run: (given, content) => {
      const call = new FileCall("fs.append");
      const path = call.path(given);
      call.checkWrite(path);
      return call.run(path, () => appendFile(call, path, piecesOf(content))).then(nothing);
    },
  }),
  fn("exists", {
    summary: "Whether there is a file or folder at a path; false for a link to nothing.",
    params: [PATH],
    returns: [returns("exists", "boolean")],
    raises: ["an error when the path is not permitted or cannot be looked at"],
    source: "Assay",
    example: `assert(fs.exists(".") and not fs.exists("no/such/file"))`,
    run: (given) => {
      const call = new FileCall("fs.exists");
      const path = call.path(given);
      call.checkRead(path);
      return call.run(path, () => exists(call, path));
    },
  }),
  fn("stat", {
    summary:
      "What is at a path: its type, size in bytes, time of change (seconds since the epoch) and permission bits.",
    params: [PATH, options("options", [optional(boolean("follow", { summary: "follow a link; default true" }), true)])],
    returns: [
      returns(
        "stat",
        '{ type: "file"|"directory"|"link"|"fifo"|"socket"|"block device"|"character device", size: integer, mtime: number, mode: integer }',
      ),
    ],
    raises: ERRORS,
    source: "Assay",
    example: `assert(fs.stat(".").type == "directory")`,
    run: (given, { follow }) => {
      const call = new FileCall("fs.stat");
      const path = call.path(given);
      call.checkRead(path);
      return call.run(path, async () => statTable(call, await statOf(call, path, follow)));
    },
  }),
  fn("list", {
    summary: "The names in a folder, sorted, without `.` and `..`.",
    params: [PATH],
    returns: [returns("names", "string[]")],
    raises: ERRORS,
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/b", "")\nfs.write(dir .. "/a", "")\nassert.eq(fs.list(dir), { "a", "b" })`,
    run: (given) => {
      const call = new FileCall("fs.list");
      const path = call.path(given);
      call.checkRead(path);
      return call.run(path, async () => sorted(call, await entries(call, path)));
    },
  }),
  fn("glob", {
    summary:
      "The paths that match a pattern, sorted: `*`, `?`, `[a-z]`, `{a,b}`, and `**` for any number of folders. Names that begin with a dot only match a pattern that does.",
    params: [string("pattern", { summary: "relative to the working directory, or absolute" })],
    returns: [returns("paths", "string[]", "empty when nothing matches")],
    raises: ["an error when a folder on the way is not permitted"],
    source: "POSIX, Shell Command Language, 2.14 Pattern Matching Notation",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/a/b/c.lua", "")\nassert(#fs.glob(dir .. "/**/*.{lua,txt}") == 1)`,
    run: (given) => {
      const call = new FileCall("fs.glob");
      const pattern = call.path(given);
      let patterns: Glob[];
      try {
        patterns = parseGlob(pattern);
      } catch (error) {
        if (error instanceof GlobError) throw call.error(pattern, error.message);
        throw error;
      }
      return call.run(pattern, async () => sorted(call, await glob(call, patterns)));
    },
  }),
  fn("mkdir", {
    summary: "Makes a folder and those around it; nothing happens when it is there already.",
    params: [
      PATH,
      options("options", [optional(integer("mode", { min: 0, max: 0o7777, summary: "permission bits" }))]),
    ],
    returns: [],
    raises: ERRORS,
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.mkdir(dir .. "/a/b")\nassert(fs.stat(dir .. "/a/b").type == "directory")`,
    run: (given, { mode }) => {
      const call = new FileCall("fs.mkdir");
      const path = call.path(given);
      call.checkWrite(path);
      return call.run(path, () => makeFolder(call, path, mode)).then(nothing);
    },
  }),
  fn("remove", {
    summary: "Removes a file, a link or an empty folder; with `recursive`, a folder and all that is in it.",
    params: [PATH, options("options", [optional(boolean("recursive", { summary: "default false" }), false)])],
    returns: [],
    raises: ERRORS,
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/a/b", "")\nfs.remove(dir .. "/a", { recursive = true })\nassert(not fs.exists(dir .. "/a"))`,
    run: (given, { recursive }) => {
      const call = new FileCall("fs.remove");
      const path = call.path(given);
      call.checkWrite(path);
      return call.run(path, () => remove(call, path, recursive)).then(nothing);
    },
  }),
  fn("rename", {
    summary: "Moves a file or folder to another name, replacing a file there. Between file systems a file is copied.",
    params: [string("from"), string("to")],
    returns: [],
    raises: ERRORS,
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/a", "1")\nfs.rename(dir .. "/a", dir .. "/b")\nassert(fs.read(dir .. "/b") == "1")`,
    run: (given, other) => {
      const call = new FileCall("fs.rename");
      const from = call.path(given);
      const to = call.path(other);
      call.checkWrite(from);
      call.checkWrite(to);
      return call.run(from, () => move(call, from, to)).then(nothing);
    },
  }),
  fn("copy", {
    summary: "Copies a file, creating folders; the copy appears whole or not at all.",
    params: [string("from"), string("to")],
    returns: [],
    raises: ERRORS,
    source: "Assay",
    example: `local dir = fs.tempdir()\nfs.write(dir .. "/a", "1")\nfs.copy(dir .. "/a", dir .. "/b/c")\nassert(fs.read(dir .. "/b/c") == "1")`,
    run: (given, other) => {
      const call = new FileCall("fs.copy");
      const from = call.path(given);
      const to = call.path(other);
      call.checkRead(from);
      call.checkWrite(to);
      return call.run(from, () => copy(call, from, to)).then(nothing);
    },
  }),
  fn("tempdir", {
    summary: "Makes a fresh folder for temporary files, which is removed at the end of the script.",
    params: [],
    returns: [returns("path", "string")],
    raises: ERRORS,
    source: "Assay",
    example: `assert(fs.stat(fs.tempdir()).type == "directory")`,
    run: () => {
      const call = new FileCall("fs.tempdir");
      const host = hostOf(call.vm);
      const base = host.env("TMPDIR") || "/tmp";
      const prefix = join(base, "assay-");
      call.checkWrite(prefix);
      return call.run(base, async () => {
        const path = await mkdtemp(prefix);
        host.resources.add({ last: true, close: () => rm(path, { recursive: true, force: true }) });
        return fromText(path);
      });
    },
  }),
]);

function nothing(): Results {
  return NOTHING;
}
