import { expect, test } from "bun:test";
import { redirected } from "../../../builtins/http/client/redirect.ts";
import { parseUrl } from "../../../builtins/http/url.ts";

const SECRETS = [
  "Authorization",
  "Cookie",
  "X-Vault-Token",
  "X-Api-Key",
  "PRIVATE-TOKEN",
  "x-my-secret",
  "Proxy-Authorization",
  "X-Unheard-Of",
  "Host",
];
const HARMLESS = ["Accept", "Content-Type", "User-Agent", "X-Request-Id"];

function request(url: string, method = "POST", body: string | undefined = "x") {
  const headers = [...SECRETS, ...HARMLESS].flatMap((name) => [name, "v"]);
  return { method, target: parseUrl(url), headers, body: body === undefined ? undefined : Buffer.from(body) };
}
const names = (headers: string[]) => headers.filter((_, i) => i % 2 === 0);

test.each([
  // from, to, same origin (hostile.md H07)
  ["http://a/", "http://a/x", true],
  ["http://a/", "http://A:80/x", true],
  ["http://a/", "http://a:81/x", false],
  ["http://a/", "https://a/x", false],
  ["https://a/", "http://a/x", false],
  ["http://a/", "http://a./x", false],
  ["http://a/", "http://b/x", false],
])("H06, H07: %s to %s", (from, to, same) => {
  const next = redirected(request(from), 307, parseUrl(to));
  expect(names(next.headers)).toEqual(same ? [...SECRETS, ...HARMLESS] : HARMLESS);
});

test("H06: the user of a URL goes with a relative redirect, and not elsewhere (H08)", () => {
  const first = { ...request("http://a/"), target: parseUrl("http://u:p@a/") };
  const next = redirected(first, 302, parseUrl("http://a/x"));
  expect(next.target.credentials).toBe("u:p");
  expect(redirected(next, 302, parseUrl("http://v:q@a/")).target.credentials).toBe("v:q");
  const away = redirected(next, 302, parseUrl("http://b/"));
  expect(away.target.credentials).toBeUndefined();
  expect(redirected(away, 302, parseUrl("http://a/")).target.credentials).toBeUndefined();
});

test("H08: what was dropped does not come back", () => {
  const away = redirected(request("http://a/"), 307, parseUrl("http://b/"));
  const back = redirected(away, 307, parseUrl("http://a/"));
  expect(names(back.headers)).toEqual(HARMLESS);
});

test.each([
  // status, method, method after, body kept
  [301, "POST", "GET", false],
  [302, "POST", "GET", false],
  [303, "POST", "GET", false],
  [303, "PUT", "GET", false],
  [303, "HEAD", "HEAD", true],
  [301, "PUT", "PUT", true],
  [307, "POST", "POST", true],
  [308, "PATCH", "PATCH", true],
])("H09: %d after %s", (status, method, after, kept) => {
  const next = redirected(request("http://a/", method), status, parseUrl("http://a/x"));
  expect(next.method).toBe(after);
  expect(next.body !== undefined).toBe(kept);
  expect(names(next.headers).includes("Content-Type")).toBe(kept);
});
