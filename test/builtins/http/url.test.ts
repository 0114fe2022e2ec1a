import { describe, expect, test } from "bun:test";
import { Failure } from "../../../builtins/http/failure.ts";
import { joinPath, parseLocation, parseUrl, shown, withoutCredentials, withQuery } from "../../../builtins/http/url.ts";

function words(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    if (error instanceof Failure) return error.words;
    throw error;
  }
  throw new Error("expected a Failure");
}

describe("H03, H11: parseUrl", () => {
  test.each([
    // url, text, host, port, path
    ["http://host", "http://host/", "host", 80, "/"],
    ["HTTPS://Host:8443/A?b#c", "https://host:8443/A?b", "host", 8443, "/A?b"],
    ["http://u:p%40@host/x", "http://host/x", "host", 80, "/x"],
    ["http://[::1]:81/", "http://[::1]:81/", "::1", 81, "/"],
    ["http://2852039166/", "http://169.254.169.254/", "169.254.169.254", 80, "/"],
    ["http://0xa9fea9fe/", "http://169.254.169.254/", "169.254.169.254", 80, "/"],
    ["http://0251.0376.0251.0376/", "http://169.254.169.254/", "169.254.169.254", 80, "/"],
    ["http://host./", "http://host./", "host.", 80, "/"],
    ["http://api.example.com@evil.com/", "http://evil.com/", "evil.com", 80, "/"],
    ["http://h/a b/\xc3\xa9?q=\xc3\xa9", "http://h/a%20b/%C3%A9?q=%C3%A9", "h", 80, "/a%20b/%C3%A9?q=%C3%A9"],
    ["http://h/%zz/../x", "http://h/x", "h", 80, "/x"],
    ["http://b\xc3\xbccher.example/", "http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80, "/"],
  ])("%s", (url, text, host, port, path) => {
    const target = parseUrl(url);
    expect([target.text, target.host, target.port, target.path]).toEqual([text, host, port, path]);
  });

  test("credentials are decoded and kept apart", () => {
    expect(parseUrl("http://us%65r:p%3aw@h/").credentials).toBe("user:p:w");
    expect(parseUrl("http://h/").credentials).toBeUndefined();
  });

  test.each([
    ["", 'invalid URL "" (no scheme, http:// or https:// expected)'],
    ["host/x", 'invalid URL "host/x" (no scheme, http:// or https:// expected)'],
    ["host:80/x", 'invalid URL "host:80/x" (no scheme, http:// or https:// expected)'],
    ["//host/x", 'invalid URL "//host/x" (no scheme, http:// or https:// expected)'],
    ["file:///etc/passwd", 'invalid URL "file:///etc/passwd" (scheme "file" is not supported)'],
    ["data:,x", 'invalid URL "data:,x" (scheme "data" is not supported)'],
    ["s3://b/k", 'invalid URL "s3://b/k" (scheme "s3" is not supported)'],
    ["unix:/run/x.sock", 'invalid URL "unix:/run/x.sock" (scheme "unix" is not supported)'],
    ["blob:x", 'invalid URL "blob:x" (scheme "blob" is not supported)'],
    ["ws://h/", 'invalid URL "ws://h/" (scheme "ws" is not supported)'],
    ["http:host", 'invalid URL "http:host" (no host)'],
    ["http:///x", 'invalid URL "http:///x" (no host)'],
    ["http://", 'invalid URL "http://" (no host)'],
    ["http://a:99999/", 'invalid URL "http://a:99999/" (port out of range)'],
    ["http://a:0/", 'invalid URL "http://a:0/" (port out of range)'],
    ["http://exa mple/", 'invalid URL "http://exa mple/" (bad host "exa mple")'],
    ["http://h/\r\nX: y", 'invalid URL "http://h/\\x0d\\x0aX: y" (a control character)'],
    ["http://h/\0", 'invalid URL "http://h/\\x00" (a control character)'],
    ["http://good\\@evil/", 'invalid URL "http://good\\@evil/" (a backslash)'],
    ["http://h/\xff", 'invalid URL "http://h/\xff" (not valid UTF-8)'],
    ["http://user:secret@exa mple/", 'invalid URL "http://exa mple/" (bad host "exa mple")'],
  ])("refuses %j", (url, message) => {
    expect(words(() => parseUrl(url))).toBe(message);
  });

  test("websockets have schemes of their own", () => {
    expect(parseUrl("wss://h/x", "ws").secure).toBe(true);
    expect(parseUrl("ws://h/x", "ws").port).toBe(80);
    expect(words(() => parseUrl("http://h/", "ws"))).toContain('scheme "http" is not supported');
  });
});

test.each([
  // base, path, joined
  ["http://h/api", "/x", "http://h/api/x"],
  ["http://h/api/", "x?y=1", "http://h/api/x?y=1"],
  ["http://h", "//evil/x", "http://h/evil/x"],
  ["http://h", "http://127.0.0.1", "http://h/http://127.0.0.1"],
  ["http://h/api", "", "http://h/api"],
  ["http://h/api", "?a=1", "http://h/api?a=1"],
  ["http://h/api?token=1", "/x", "http://h/api/x?token=1"],
])("H04: joinPath(%j, %j)", (base, path, joined) => {
  expect(joinPath(base, path)).toBe(joined);
  expect(parseUrl(joinPath(base, path)).host).toBe("h");
});

test.each([
  ["http://h/", "", "http://h/"],
  ["http://h/", "a=1", "http://h/?a=1"],
  ["http://h/?b=2", "a=1", "http://h/?b=2&a=1"],
  ["http://h/x#f", "a=1", "http://h/x?a=1"],
])("withQuery(%j, %j)", (url, query, whole) => {
  expect(withQuery(url, query)).toBe(whole);
});

describe("H10: parseLocation", () => {
  const base = parseUrl("http://h:81/a/b?c=1");
  test.each([
    ["/x?y=1", "http://h:81/x?y=1"],
    ["x", "http://h:81/a/x"],
    ["?z", "http://h:81/a/b?z"],
    ["//other/x", "http://other/x"],
    ["https://other/", "https://other/"],
  ])("%s", (location, text) => {
    expect(parseLocation(location, base).text).toBe(text);
  });
  test.each([
    ["file:///etc/passwd", 'redirect to an unsupported scheme "file"'],
    ["data:,x", 'redirect to an unsupported scheme "data"'],
    ["s3://b/k", 'redirect to an unsupported scheme "s3"'],
    ["javascript:alert(1)", 'redirect to an unsupported scheme "javascript"'],
    ["http://", 'redirect to an invalid URL "http://"'],
    ["http://a\\b/", 'redirect to an invalid URL "http://a\\b/"'],
  ])("refuses %s", (location, message) => {
    expect(words(() => parseLocation(location, base))).toBe(message);
  });
});

test.each([
  ["http://user:secret@h/x", '"http://h/x"'],
  ["user:secret@h", '"h"'],
  ["//user:secret@h/x@y", '"//h/x@y"'],
  ["http://a@b:secret@h/", '"http://h/"'],
])("shown(%j) hides credentials", (url, text) => {
  expect(shown(url)).toBe(text);
  expect(withoutCredentials(url)).not.toContain("secret");
});
