/**
 * Masking of secrets in output: whatever leaves the process as text (log lines, messages, reports) goes through the
 * masker of its host, so that a secret shows as `***`, also in the encodings it usually travels in.
 */

import { fromText } from "../interpreter/text.ts";
import { type Host, host } from "./host.ts";

export const MASK = "***";
/** An encoded form shorter than this would hit ordinary text; the secret itself is masked at any length. */
const SHORTEST_FORM = 4;
/** Lines of a secret of several lines (a PEM key) are secrets too, from this length on. */
const SHORTEST_LINE = 8;

export class Masker {
  /** What to look for, without repetition. */
  private readonly forms: readonly string[];
  private readonly byteForms: readonly string[];

  /** @param secrets as text; the empty string is ignored. */
  constructor(secrets: readonly string[]) {
    const forms = new Set<string>();
    for (const secret of secrets) addForms(forms, secret);
    this.forms = [...forms];
    this.byteForms = this.forms.map(fromText);
  }

  /** The text with each occurrence of a secret replaced by `***`; overlapping and adjacent ones by a single one. */
  mask(text: string): string {
    return replaceAll(text, this.forms);
  }

  /** The same for a byte string of UTF-8. */
  maskBytes(bytes: string): string {
    return replaceAll(bytes, this.byteForms);
  }
}

function replaceAll(text: string, forms: readonly string[]): string {
  let spans: [number, number][] | undefined;
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
      spans ??= [];
      spans.push([at, at + form.length]);
    }
  }
  if (spans === undefined) return text;
  spans.sort((a, b) => a[0] - b[0]);
  let out = "";
  let done = 0;
  for (const [start, end] of spans) {
    // One that begins inside the last masked span only makes it longer.
    if (start > done || done === 0) out += text.slice(done, start) + MASK;
    if (end > done) done = end;
  }
  return out + text.slice(done);
}

/** The secret and its usual encodings: base64 at every alignment, URL-encoded, JSON-escaped; its lines if several. */
function addForms(forms: Set<string>, secret: string): void {
  if (secret === "") return;
  forms.add(secret);
  const encoded = [...base64Forms(secret), ...percentForms(secret), JSON.stringify(secret).slice(1, -1)];
  for (const form of encoded) if (form.length >= SHORTEST_FORM) forms.add(form);
  if (/[\r\n]/.test(secret)) {
    for (const line of secret.split(/[\r\n]+/)) {
      const trimmed = line.trim();
      if (trimmed.length >= SHORTEST_LINE && !/^-----(?:BEGIN|END) /.test(trimmed)) addForms(forms, trimmed);
    }
  }
}

/**
 * The base64 characters that the secret alone decides, for each of the three positions it can have in what is
 * encoded (`user:password` puts it anywhere), in both alphabets.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const out: string[] = [];
  for (let before = 0; before < 3; before++) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // Characters that share bits with what is in front or may share bits with what follows are left out …
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    // … unless nothing follows.
    for (const form of [padded.slice(from, to), padded.slice(from).replace(/=+$/, ""), padded.slice(from)]) {
      out.push(form, form.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }
  return out;
}

/** Percent-encoded as in a path or query, as in a form, and with every reserved character kept or encoded. */
function percentForms(secret: string): string[] {
  // A lone surrogate has no UTF-8 form; as U+FFFD it is at least encodable.
  const text = secret.toWellFormed();
  const strict = encodeURIComponent(text);
  const strictest = strict.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const forms = [strict, strictest, encodeURI(text), strict.replaceAll("%20", "+"), strictest.replaceAll("%20", "+")];
  const lower = forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [...forms, ...lower];
}

const maskers = new WeakMap<Host, Masker>();

/** The masker of a host: of the values in its `settings.secrets`. */
export function maskerOf(of: Host): Masker {
  const known = maskers.get(of);
  if (known !== undefined) return known;
  const made = new Masker(of.settings.secrets ?? []);
  maskers.set(of, made);
  return made;
}

/** The text with the running machine's secrets masked. */
export function mask(text: string): string {
  return maskerOf(host()).mask(text);
}
