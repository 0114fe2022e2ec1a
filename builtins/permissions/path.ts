/** Where a path really leads, and whether that is inside a folder. */
import { readlinkSync } from "node:fs";

/** How many links may lead to one another, as in the kernel. */
const MAX_LINKS = 40;

export interface RealPath {
  /** Absolute, without links, `.` and `..`. What does not exist is kept as it is written. */
  readonly path: string;
  /** Links of other processes in /proc that lead there: what they say may mean another file system. */
  readonly through: readonly string[];
}

/**
 * Follows a path as the kernel does: component by component, so that `..` leaves the folder a link leads to. Files
 * that do not exist yet are where they would be created, also behind a dangling link.
 */
export function realPath(path: string, folder: string = process.cwd()): RealPath {
  const pending = (path.startsWith("/") ? path : `${folder}/${path}`).split("/").reverse();
  const through: string[] = [];
  let at = "";
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
      continue;
    }
    const next = `${at}/${name}`;
    const target = links < MAX_LINKS ? linkAt(next) : undefined;
    if (target === undefined) {
      at = next;
      continue;
    }
    links++;
    if (isForeign(at)) through.push(next);
    pending.push(...target.split("/").reverse());
    if (target.startsWith("/")) at = "";
  }
  return { path: at === "" ? "/" : at, through };
}

/** What a link says; undefined for what is no link, or not there. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Whether a folder holds the links of another process: `/proc/1`, `/proc/1/fd`. */
function isForeign(folder: string): boolean {
  const pid = /^\/proc\/(\d+)(?:\/|$)/.exec(folder)?.[1];
  return pid !== undefined && Number(pid) !== process.pid;
}

/** Whether a path is a folder or lies in it. Both are real paths. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Whether a real path shows the environment or the memory of a process. */
export function showsEnvironment(path: string): boolean {
  return /^\/proc\/[^/]+\/(?:task\/[^/]+\/)?(?:environ|mem)$/.test(path) || path === "/proc/kcore";
}
