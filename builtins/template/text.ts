/** Operations on text that filters and methods share. Lengths are in characters. */
import { Problem, work } from "./problem.ts";
import { reserveText } from "./runtime.ts";
import { characters, lengthOf } from "./values.ts";

export function capitalize(s: string): string {
  const [first = "", ...rest] = characters(s);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** Each word with a capital: words begin behind white space, hyphens and brackets. */
export function title(s: string): string {
  return s.replace(/[^-\s({[<]+/g, capitalize);
}

/** Without the given characters (white space unless given) at its ends. */
export function trimText(s: string, chars: string | undefined, left = true, right = true): string {
  if (chars === undefined) return left ? (right ? s.trim() : s.trimStart()) : s.trimEnd();
  const set = new Set(characters(chars));
  const all = characters(s);
  let from = 0;
  let to = all.length;
  if (left) while (from < to && set.has(all[from]!)) from++;
  if (right) while (to > from && set.has(all[to - 1]!)) to--;
  return all.slice(from, to).join("");
}

/** Replaces the first `count` occurrences, all when negative. */
export function replaceText(s: string, old: string, by: string, count: number): string {
  const parts = old === "" ? ["", ...characters(s), ""] : s.split(old);
  const times = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  reserveText(s.length + times * by.length);
  if (times === parts.length - 1) return parts.join(by);
  return parts.slice(0, times + 1).join(by) + old + parts.slice(times + 1).join(old);
}

export function center(s: string, width: number): string {
  const room = width - lengthOf(s);
  if (room <= 0) return s;
  reserveText(width);
  // Where the room is odd, Python puts the larger half on the left of an odd width.
  const left = Math.floor(room / 2) + (room & width & 1);
  return " ".repeat(left) + s + " ".repeat(room - left);
}

export function escapeHtml(s: string): string {
  return s.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" })[c]!);
}

/** Without comments and tags, white space reduced to single blanks. */
export function stripTags(s: string): string {
  let out = "";
  let at = 0;
  for (;;) {
    const open = s.indexOf("<", at);
    if (open < 0) break;
    const isComment = s.startsWith("<!--", open);
    const close = isComment ? s.indexOf("-->", open + 4) : s.indexOf(">", open);
    if (close < 0) break;
    out += s.slice(at, open);
    at = close + (isComment ? 3 : 1);
  }
  return (out + s.slice(at))
    .split(/\s+/)
    .filter((word) => word !== "")
    .join(" ");
}

/** Cut to so many characters, the end mark among them; a few more are let through. */
export function truncate(s: string, length: number, killWords: boolean, end: string, leeway: number): string {
  const all = characters(s);
  if (length < lengthOf(end)) throw new Problem("truncate: the length is less than that of the end");
  if (all.length <= length + leeway) return s;
  const kept = all.slice(0, length - lengthOf(end)).join("");
  const blank = kept.lastIndexOf(" ");
  return (killWords || blank < 0 ? kept : kept.slice(0, blank)) + end;
}

/** Lines of at most `width` characters, broken at white space, or within words that are longer. */
export function wrapText(s: string, width: number, breakLong: boolean, joint: string, onHyphens: boolean): string {
  if (width < 1) throw new Problem("wordwrap: the width must be above 0");
  const lines = s.split(/\r\n|\n|\r/).map((line) => wrapLine(line, width, breakLong, onHyphens).join(joint));
  return lines.join(joint);
}

function wrapLine(line: string, width: number, breakLong: boolean, onHyphens: boolean): string[] {
  const chunks = line.split(/(\s+)/).filter((chunk) => chunk !== "");
  const words = onHyphens ? chunks.flatMap((chunk) => chunk.split(/(?<=[\p{L}\p{N}]-)(?=[\p{L}\p{N}])/u)) : chunks;
  const lines: string[] = [];
  let current = "";
  /** Its length. */
  let held = 0;
  const add = (piece: string, length = lengthOf(piece)) => {
    current += piece;
    held += length;
  };
  const end = () => {
    const done = current.trimEnd();
    if (done !== "") lines.push(done);
    current = "";
    held = 0;
  };
  for (const word of words) {
    const length = lengthOf(word);
    work(1);
    if (/^\s/.test(word)) {
      if (current !== "" || lines.length === 0) add(held + length <= width ? word : "");
      if (held >= width) end();
      continue;
    }
    if (held + length > width && current !== "") end();
    if (!breakLong || length <= width) {
      add(word, length);
      continue;
    }
    const all = characters(word);
    let at = 0;
    for (; at + width < all.length; at += width) {
      work(1);
      lines.push(all.slice(at, at + width).join(""));
    }
    add(all.slice(at).join(""));
  }
  end();
  return lines.length === 0 ? [""] : lines;
}
