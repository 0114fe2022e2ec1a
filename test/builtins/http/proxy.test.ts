import { describe, expect, test } from "bun:test";
import { Failure } from "../../../builtins/http/failure.ts";
import { environmentProxy, isException, parseProxy } from "../../../builtins/http/proxy.ts";
import { parseUrl } from "../../../builtins/http/url.ts";

test.each([
  // NO_PROXY, url, excepted
  ["*", "http://any/", true],
  ["host", "http://host/", true],
  ["host", "http://a.host/", true],
  ["host", "http://xhost/", false],
  [".host", "http://host/", true],
  [".host", "http://a.host/", true],
  ["*.host", "http://a.host/", true],
  ["HOST", "http://host./", true],
  ["host:81", "http://host:81/", true],
  ["host:81", "http://host/", false],
  ["a, host  b", "http://host/", true],
  ["10.0.0.0/8", "http://10.1.2.3/", true],
  ["10.0.0.0/8", "http://11.1.2.3/", false],
  ["10.0.0.0/8", "http://ten/", false],
  ["10.1.2.3", "http://10.1.2.3:81/", true],
  ["10.1.2.3:80", "http://10.1.2.3:81/", false],
  ["fd00::/8", "http://[fd12::1]/", true],
  ["[::1]:81", "http://[::1]:81/", true],
  ["0:0::1", "http://[::1]/", true],
  ["10.0.0.0/99", "http://10.0.0.1/", false],
  ["1.2.3", "http://1.2.0.3/", false],
  ["", "http://host/", false],
])("NO_PROXY=%j and %s", (list, url, excepted) => {
  expect(isException(parseUrl(url), list)).toBe(excepted);
});

describe("the environment", () => {
  const find = (url: string, env: Record<string, string>) =>
    environmentProxy(parseUrl(url), (key) => env[key])?.target.authority;
  test.each([
    ["http://h/", { HTTP_PROXY: "http://p:1" }, "p:1"],
    ["https://h/", { HTTP_PROXY: "http://p:1" }, undefined],
    ["https://h/", { HTTPS_PROXY: "http://p:1" }, "p:1"],
    ["http://h/", { http_proxy: "low:1", HTTP_PROXY: "up:1" }, "low:1"],
    ["http://h/", { ALL_PROXY: "http://p:1" }, "p:1"],
    ["http://h/", { HTTP_PROXY: "http://p:1", NO_PROXY: "h" }, undefined],
    ["http://h/", { HTTP_PROXY: "" }, undefined],
  ] as [string, Record<string, string>, string | undefined][])("%s with %j", (url, env, proxy) => {
    expect(find(url, env)).toBe(proxy);
  });
});

test("H22: credentials go into a header, never into a message", () => {
  expect(parseProxy("http://us%65r:pw@p:1", "proxy").authorization).toBe(`Basic ${btoa("user:pw")}`);
  for (const url of ["socks5://u:secret@p", "http://u:secret@:x", "http://u:sec ret@p q"]) {
    try {
      parseProxy(url, "HTTP_PROXY");
      throw new Error(`${url} was taken`);
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect((error as Failure).words).not.toContain("sec");
    }
  }
});
