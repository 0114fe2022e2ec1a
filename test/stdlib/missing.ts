/** Stand-ins for builtins that are not there yet, so that the modules can be tested before. */
import { request as httpRequest } from "node:http";
import { globalNames } from "../../builtins/index.ts";
import { ARRAY, OBJECT } from "../../builtins/json-mark.ts";
import { parseBody } from "../../builtins/http/json-body.ts";
import { failure } from "../../interpreter/error.ts";
import { openGlobal } from "../../interpreter/index.ts";
import { any, fn, library, optional, string, table } from "../../interpreter/native.ts";
import { fromBuffer, toBuffer } from "../../interpreter/text.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { isNumber, LuaFloat, toDouble, type Results, type Value } from "../../interpreter/value.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { formatNumber } from "../../interpreter/number.ts";
import { state } from "../../interpreter/state.ts";

function encode(value: Value): string {
  if (value === undefined) return "null";
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) return value instanceof LuaFloat && Number.isInteger(value.n) ? value.n.toFixed(1) : formatNumber(value);
  if (typeof value === "string") return JSON.stringify(value);
  const t = value as LuaTable;
  const mark = (t as unknown as { mark: number }).mark;
  if (mark === ARRAY || (mark !== OBJECT && (t.length() > 0 || t.getIndex(1) === undefined)) ) {
    let strings = false;
    t.forEach((key) => {
      if (typeof key === "string") strings = true;
    });
    if (!strings) return `[${t.toArray().map(encode).join(",")}]`;
  }
  const parts: string[] = [];
  t.forEach((key, one) => void parts.push(`${JSON.stringify(isNumber(key) ? formatNumber(key) : key)}:${encode(one)}`));
  return `{${parts.join(",")}}`;
}

const jsonLibrary = library("json", "JSON.", [
  fn("parse", { summary: "", params: [string("s")], returns: [], source: "Assay", run: (s) => parseBody("json.parse", s) }),
  fn("encode", { summary: "", params: [any("v")], returns: [], source: "Assay", run: (v) => encode(v) }),
  fn("object", {
    summary: "",
    params: [table("t")],
    returns: [],
    source: "Assay",
    run: (t) => {
      (t as unknown as { mark: number }).mark = OBJECT;
      return t;
    },
  }),
]);

const base64Library = library("base64", "Base64.", [
  fn("encode", { summary: "", params: [string("s")], returns: [], source: "Assay", run: (s) => toBuffer(s).toString("base64") }),
  fn("decode", {
    summary: "",
    params: [string("s")],
    returns: [],
    source: "Assay",
    run: (s) => fromBuffer(Buffer.from(s, "base64")),
  }),
]);

function exchange(method: string, url: string, options: LuaTable): Promise<Results> {
  const { vm } = state;
  const [, place, path] = /^http:\/\/([^/]+)(.*)$/.exec(url)!;
  const [hostname, port] = place!.split(":");
  const headers: Record<string, string> = {};
  (options.getString("headers") as LuaTable | undefined)?.forEach((key, value) => {
    headers[String(key)] = String(value);
  });
  const seconds = toDouble((options.getString("timeout") ?? 30) as number);
  return new Promise((settle, fail) => {
    const sent = httpRequest({ method, hostname, port, path: path === "" ? "/" : path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => fail(failure(`http.request: ${method} ${url}: connection closed before the response was complete`)));
      response.on("end", () => {
        clearTimeout(timer);
        const out = vm.newTable();
        out.setString("status", response.statusCode);
        out.setString("body", fromBuffer(Buffer.concat(chunks)));
        const fields = vm.newTable();
        for (const [name, value] of Object.entries(response.headers)) fields.setString(name, String(value));
        out.setString("headers", fields);
        out.setString("elapsed_ms", 1);
        settle(out);
      });
    });
    const timer = setTimeout(() => {
      sent.destroy();
      fail(failure(`http.request: ${method} ${url}: timed out after ${seconds}s`));
    }, seconds * 1000);
    sent.on("error", (error) => {
      clearTimeout(timer);
      fail(failure(`http.request: ${method} ${url}: ${(error as { code?: string }).code === "ECONNREFUSED" ? "connection refused" : "connection reset"}`));
    });
    const body = options.getString("body");
    sent.end(typeof body === "string" ? toBuffer(body) : undefined);
  });
}

const httpLibrary = library("http", "HTTP.", [
  fn("request", {
    summary: "",
    params: [string("method"), string("url"), optional(table("opts"))],
    returns: [],
    source: "Assay",
    run: (method, url, options) => exchange(method, url, options ?? state.vm.newTable()),
  }),
]);

export function openMissing(vm: VirtualMachine): void {
  const there = new Set(globalNames());
  for (const library of [jsonLibrary, base64Library, httpLibrary]) {
    if (!there.has(library.name)) openGlobal(vm, library);
  }
}
