/** The table scripts get for a response. */
import { charge } from "../../../interpreter/memory.ts";
import { fn, nativeFunction, returns, table } from "../../../interpreter/native.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { headerTable } from "../headers.ts";
import { parseBody } from "../json-body.ts";
import type { Response } from "./perform.ts";

const KIND = "http.response";

const jsonRow = fn("json", {
  summary: "The response's body parsed as JSON.",
  params: [table("resp")],
  returns: [returns("value", "any")],
  raises: ["`resp:json: …` when the body is not JSON"],
  source: "Assay",
  run: (resp) => parseBody("resp:json", resp.getString("body")),
});

/** The metatable that all responses of a machine share. */
function metatableOf(vm: VirtualMachine): LuaTable {
  let metatable = vm.kinds.get(KIND);
  if (metatable === undefined) {
    const methods = vm.newTable();
    const json = nativeFunction(jsonRow, "resp:json");
    vm.markBuiltin(json);
    methods.setConstant("json", json);
    metatable = vm.newTable();
    metatable.setConstant("__index", methods);
    metatable.setConstant("__name", KIND);
    vm.kinds.set(KIND, metatable);
  }
  return metatable;
}

/** @param file the path as the script gave it, if the body may have gone there */
export function responseTable(vm: VirtualMachine, response: Response, file: string | undefined): LuaTable {
  const { headers, status } = response;
  const out = vm.newTable();
  out.setConstant("status", status);
  out.setConstant("body", response.body);
  out.setConstant("headers", headerTable(headers, new LuaTable()));
  out.setConstant("url", response.url);
  out.setConstant("elapsed_ms", response.elapsedMs);
  out.setConstant("ok", status >= 200 && status < 300);
  const cookies = new LuaTable();
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === "set-cookie") cookies.append(headers[i + 1]);
  out.setConstant("cookies", cookies);
  if (response.downloaded !== undefined && file !== undefined) {
    out.setConstant("file", file);
    out.setConstant("size", response.downloaded);
  }
  out.metatable = metatableOf(vm);
  charge(400 + response.body.length);
  return out;
}
