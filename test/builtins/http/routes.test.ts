import { describe, expect, test } from "bun:test";
import type { Failure } from "../../../builtins/http/failure.ts";
import { Routes } from "../../../builtins/http/server/routes.ts";
import { NativeFunction } from "../../../interpreter/function.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import type { Value } from "../../../interpreter/value.ts";

const handler = new NativeFunction("handler", () => undefined, undefined);

function routes(table: Record<string, string[]>): Routes {
  const made: Record<string, Value> = {};
  for (const [method, paths] of Object.entries(table)) {
    made[method] = LuaTable.fromObject(Object.fromEntries(paths.map((path) => [path, handler])));
  }
  return new Routes(LuaTable.fromObject(made));
}

describe("find", () => {
  const table = routes({
    GET: ["/", "/a", "/a/:x", "/a/fixed", "/a/:x/b", "/files/*", "/files/deep/*", "/enc%20oded"],
    POST: ["/a"],
    ANY: ["/any", "/a/*"],
    WS: ["/ws/:room"],
  });
  test.each([
    ["GET", "/", "GET /", undefined],
    ["GET", "/a", "GET /a", undefined],
    ["HEAD", "/a", "GET /a", undefined],
    ["POST", "/a", "POST /a", undefined],
    ["GET", "/a/fixed", "GET /a/fixed", undefined],
    ["GET", "/a/7", "GET /a/:x", ["x", "7"]],
    ["GET", "/a/7/b", "GET /a/:x/b", ["x", "7"]],
    ["GET", "/a/7/c", "ANY /a/*", ["*", "7/c"]],
    ["PUT", "/a/7", "ANY /a/*", ["*", "7"]],
    ["PROPFIND", "/any", "ANY /any", undefined],
    ["GET", "/files/x/y", "GET /files/*", ["*", "x/y"]],
    ["GET", "/files/deep/y", "GET /files/deep/*", ["*", "y"]],
    ["GET", "/files/", "GET /files/*", ["*", ""]],
    ["GET", "/files", undefined, undefined],
    ["GET", "/a/", "ANY /a/*", ["*", ""]],
    ["GET", "/enc oded", "GET /enc%20oded", undefined],
    ["GET", "/ws/1", undefined, undefined],
    ["WS", "/ws/1", undefined, undefined],
    ["GET", "/constructor", undefined, undefined],
    ["__proto__", "/", undefined, undefined],
  ] as [string, string, string | undefined, string[] | undefined][])("%s %s", (method, path, route, params) => {
    const match = table.find(method, path);
    expect(match?.route).toBe(route as string);
    expect(match?.params).toEqual(params);
  });
  test("websockets", () => {
    expect(table.findWebsocket("/ws/1")?.params).toEqual(["room", "1"]);
  });
  test.each([
    ["/a", "GET, HEAD, POST"],
    ["/ws/1", "GET"],
    ["/nope", ""],
  ])("allowed(%s)", (path, methods) => {
    expect(table.allowed(path).join(", ")).toBe(methods);
  });
});

test.each([
  [{ get: ["/"] }, 'routes: method "get" must be in capital letters'],
  [{ GET: ["a"] }, 'routes.GET: path "a" must begin with a slash'],
  [{ GET: ["/*/a"] }, 'routes.GET: in "/*/a" a * may only be the last segment'],
  [{ GET: ["/:x/:x"] }, 'routes.GET: "/:x/:x" has a parameter twice'],
  [{ GET: ["/%zz"] }, 'routes.GET: path "/%zz" is malformed'],
] as [Record<string, string[]>, string][])("refuses %j", (table, message) => {
  try {
    routes(table);
    throw new Error("taken");
  } catch (error) {
    expect((error as Failure).words).toBe(message);
  }
});
