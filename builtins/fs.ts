/**
 * Files. Content is bytes; writing is atomic; every access is checked against the script's permissions twice, by the
 * path given and by what was really opened.
 */
import { constants, type Stats } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { failure } from "../interpreter/error.ts";
import { charge } from "../interpreter/memory.ts";
import { boolean, fn, integer, library, optional, options, returns, string } from "../interpreter/native.ts";
import { LuaTable } from "../interpreter/table.ts";
import { fromText, toText } from "../interpreter/text.ts";
import { float, NOTHING, type Results } from "../interpreter/value.ts";
import { errorCode } from "./errno.ts";
import { FileCall, inFolder, realPathOf, throughHandle } from "./fs/access.ts";
import { type Glob, GlobError, parseGlob } from "./fs/glob.ts";
import { kindOf, MAX_READ, readFile, readStandardInput, withFile } from "./fs/read.ts";
import { appendFile, piecesOf, replaceFile } from "./fs/write.ts";
import { hostOf } from "./host.ts";

/** Entries that `fs.list` and `fs.glob` return at most, and folders that `fs.glob` looks into. */
const MAX_ENTRIES = 1_000_000;
const MAX_GLOB_FOLDERS = 100_000;
const COPY_CHUNK = 1024 * 1024;

const PATH = string("path", { summary: "relative to the working directory, or absolute" });
const ERRORS = ["`fs.…: PATH: no such file or directory` and the like", "an error when the path is not permitted"];

/** Entries of a folder as byte strings, in byte order. */
async function entries(call: FileCall, path: string): Promise<string[]> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK);
  try {
    const real = await realPathOf(folder, path);
    call.checkRead(real);
    const names = await readdir(await throughHandle(folder, real), { encoding: "buffer" });
    if (names.length > MAX_ENTRIES) throw call.error(path, `more than ${MAX_ENTRIES} entries`);
    call.reserve(names.length * 64);
    return names.map((name) => name.toString("latin1")).sort();
  } finally {
    await folder.close();
  }
}

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

/** What is at a path, links followed unless told otherwise. */
async function statOf(call: FileCall, path: string, follow: boolean): Promise<Stats> {
  if (!follow) {
    return inFolder(path, (place) => {
      call.checkRead(place.real);
      return lstat(place.path);
    });
  }
  // On the real path, so that what is looked at is what was checked.
  const real = await realpath(path);
  call.checkRead(real);
  return lstat(real);
}

async function exists(call: FileCall, path: string): Promise<boolean> {
  try {
    await statOf(call, path, true);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}

async function remove(call: FileCall, path: string, recursive: boolean): Promise<void> {
  await inFolder(path, async (place) => {
    if (place.real === "/") throw call.error(path, "the root folder cannot be removed");
    call.checkWrite(place.real);
    const stats = await lstat(place.path);
    if (!stats.isDirectory()) await unlink(place.path);
    else if (recursive) await rm(place.path, { recursive: true });
    else await rmdir(place.path);
  });
}

async function move(call: FileCall, from: string, to: string): Promise<void> {
  await inFolder(from, (source) =>
    inFolder(to, async (target) => {
      call.checkWrite(source.real);
      call.checkWrite(target.real);
      try {
        await rename(source.path, target.path);
      } catch (error) {
        // Between file systems a file is copied; the copy appears whole or not at all.
        if (errorCode(error) !== "EXDEV" || !(await lstat(source.path)).isFile()) throw error;
        await copy(call, source.real, target.real);
        await unlink(source.path);
      }
    }),
  );
}

async function copy(call: FileCall, from: string, to: string): Promise<void> {
  await withFile(call, from, async (file, stats) => {
    const content = async function* () {
      const buffer = Buffer.allocUnsafe(Math.min(COPY_CHUNK, Math.max(4096, stats.size)));
      for (let at = 0; ; ) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    };
    const known = await lstat(to).catch(() => undefined);
    if (known !== undefined && known.ino === stats.ino && known.dev === stats.dev)
      throw call.error(to, "is the same file");
    await replaceFile(call, to, content, known === undefined ? stats.mode & 0o777 : undefined);
  });
}

/** Folders still to be looked at: what matched so far, and from which segment to go on. */
interface Search {
  readonly glob: Glob;
  /** Path so far, empty at the start of a relative pattern. */
  readonly path: string;
  readonly segment: number;
}

async function glob(call: FileCall, patterns: readonly Glob[]): Promise<string[]> {
  const found = new Set<string>();
  const open: Search[] = patterns.map((pattern) => ({ glob: pattern, path: pattern.absolute ? "/" : "", segment: 0 }));
  let looked = 0;
  for (let search = open.pop(); search !== undefined; search = open.pop()) {
    if (++looked > MAX_GLOB_FOLDERS) throw failure(`${call.what}: more than ${MAX_GLOB_FOLDERS} folders to look into`);
    for (const next of await step(call, search)) {
      if (next.segment < next.glob.segments.length) open.push(next);
      else if (next.path !== "" && (!next.glob.foldersOnly || (await isFolder(next.path)))) {
        found.add(fromText(next.glob.foldersOnly ? `${next.path}/` : next.path));
        if (found.size > MAX_ENTRIES) throw failure(`${call.what}: more than ${MAX_ENTRIES} matches`);
      }
    }
    if (looked % 100 === 0) call.reserve(found.size * 100);
  }
  return [...found].sort();
}

/** One segment of a search: what it leads to. */
async function step(call: FileCall, search: Search): Promise<Search[]> {
  const { glob: pattern, path, segment } = search;
  const part = pattern.segments[segment];
  if (part === undefined) return [];
  const below = (name: string) => (path === "" ? name : path.endsWith("/") ? path + name : `${path}/${name}`);
  if (part.kind === "literal") {
    const next = below(part.name);
    // Only what is listed or found is looked at: folders on the way need not be readable.
    const isLast = segment + 1 === pattern.segments.length;
    return !isLast || (await present(call, next)) ? [{ ...search, path: next, segment: segment + 1 }] : [];
  }
  const names = await readable(call, path === "" ? "." : path);
  if (part.kind === "pattern") {
    return names.filter(part.matches).map((name) => ({ ...search, path: below(name), segment: segment + 1 }));
  }
  // `**`: no folder at all, or one more. Links are not followed: they may lead back.
  const deeper: Search[] = [];
  const visible = names.filter((name) => !name.startsWith("."));
  if (segment + 1 < pattern.segments.length) deeper.push({ ...search, segment: segment + 1 });
  else for (const name of visible) deeper.push({ ...search, path: below(name), segment: segment + 1 });
  for (const name of visible) {
    const stats = await lstat(below(name)).catch(() => undefined);
    if (stats?.isDirectory()) deeper.push({ ...search, path: below(name) });
  }
  return deeper;
}

/** Names in a folder; none if there is no such folder or it cannot be read. Names that are not UTF-8 are left out. */
async function readable(call: FileCall, path: string): Promise<string[]> {
  try {
    return (await entries(call, path)).map(toText).filter((name) => name !== undefined);
  } catch (error) {
    if (errorCode(error) !== undefined) return [];
    throw error;
  }
}

async function present(call: FileCall, path: string): Promise<boolean> {
  try {
    await statOf(call, path, false);
    return true;
  } catch (error) {
    if (errorCode(error) !== undefined) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

// --- the library ----------------------------------------------------------------------------------------------------

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
        host.resources.add({ close: () => rm(path, { recursive: true, force: true }) });
        return fromText(path);
      });
    },
  }),
]);

async function makeFolder(call: FileCall, path: string, mode: number | undefined): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  const real = await realpath(path);
  call.checkWrite(real);
  if (made === undefined && !(await lstat(real)).isDirectory()) throw call.error(path, "file exists");
  if (made !== undefined && mode !== undefined) await chmod(real, mode);
}

function nothing(): Results {
  return NOTHING;
}
