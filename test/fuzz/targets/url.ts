/** URLs and Location fields, without connecting anywhere. The input: a base, and what is relative to it. */
import { Failure } from "../../../builtins/http/failure.ts";
import { joinPath, type Target as Place, parseLocation, parseUrl, shown } from "../../../builtins/http/url.ts";
import { Finding, judgeText, outline } from "../oracle.ts";
import { join, parts, SEPARATOR } from "../parts.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  join("http://user:secret@host.example:8080/a/b?q=1#f", "../c?x=2"),
  join("https://[::ffff:127.0.0.1]:443/", "//other/x"),
  join("http://2130706433/%2e%2e/x", "http://0x7f.1/"),
  join("ws://h/chat", "?q"),
  join("http://\u00c3\u00a4\u00c3\u00b6.example/\u00e2\u0082\u00ac", "\u00ef\u00bc\u008f\u00ef\u00bc\u008fevil"),
  join("http://h:80/", "https://user:secret@h/"),
  join("http://a.b:65535/;p?a=b&c=d", "javascript:alert(1)"),
];
const PIECES = [
  ...":/?#[]@%&=;\\",
  SEPARATOR,
  "http://",
  "https://",
  "ws://",
  "//",
  "..",
  "%2f",
  "%00",
  "user:secret@",
  "[::1]",
  ":99999",
  ":0",
  "127.1",
  "xn--",
  "\r\nX: y",
];

export const url: Target = {
  name: "url",
  summary: "URLs of requests, redirects and client objects",
  cases: 4000,
  limitMs: 1000,
  open: async () => {
    const attempt = (input: string, make: () => Place): { place?: Place; outcome: string } => {
      try {
        const place = make();
        check(place);
        return { place, outcome: "ok" };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        judgeText(error.words, input);
        oneLine(error.words);
        return { outcome: outline(error.words) };
      }
    };
    const run = async (input: string): Promise<string> => {
      const [base, location] = parts(input, 2) as [string, string];
      const first = attempt(input, () => parseUrl(base));
      const socket = attempt(input, () => parseUrl(base, "ws"));
      oneLine(shown(base));
      const joined = attempt(input, () => parseUrl(joinPath(base, location)));
      if (first.place === undefined) return `${first.outcome}; ${socket.outcome}`;
      // A path never leads to another host.
      if (joined.place !== undefined && joined.place.origin !== first.place.origin) {
        throw new Finding("broken", `joined to ${joined.place.origin}`);
      }
      const again = parseUrl(Buffer.from(first.place.text).toString("latin1"));
      if (again.text !== first.place.text) throw new Finding("broken", `${first.place.text} reads as ${again.text}`);
      const base_ = first.place;
      return `${attempt(input, () => parseLocation(location, base_)).outcome}`;
    };
    return { seeds: SEEDS, pieces: PIECES, run };
  },
};

/** What would be sent must not hold a second request. */
function check({ authority, path, host, text }: Place): void {
  for (const sent of [authority, path, host, text]) {
    if (/[^\x21-\x7e]/.test(sent)) throw new Finding("broken", `would be sent: ${JSON.stringify(sent)}`);
  }
  if (host === "" || !path.startsWith("/")) throw new Finding("broken", `host "${host}", path "${path}"`);
}

function oneLine(message: string): void {
  if (/[\x00-\x1f\x7f]/.test(message)) throw new Finding("broken", `control character in ${JSON.stringify(message)}`);
}
