/** The search for what a pattern matches. */
import { lstat, stat } from "node:fs/promises";
import { failure } from "../../interpreter/error.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import { errorCode } from "../errno.ts";
import type { FileCall } from "./access.ts";
import type { Glob } from "./glob.ts";
import { entries, MAX_ENTRIES, statOf } from "./look.ts";

/** Folders that are looked into at most. */
const MAX_FOLDERS = 100_000;

/** Folders still to be looked at: what matched so far, and from which segment to go on. */
interface Search {
  readonly glob: Glob;
  /** Path so far, empty at the start of a relative pattern. */
  readonly path: string;
  readonly segment: number;
}

export async function glob(call: FileCall, patterns: readonly Glob[]): Promise<string[]> {
  const found = new Set<string>();
  const open: Search[] = patterns.map((pattern) => ({ glob: pattern, path: pattern.absolute ? "/" : "", segment: 0 }));
  let looked = 0;
  for (let search = open.pop(); search !== undefined; search = open.pop()) {
    if (++looked > MAX_FOLDERS) throw failure(`${call.what}: more than ${MAX_FOLDERS} folders to look into`);
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
