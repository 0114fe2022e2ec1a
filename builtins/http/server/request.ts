/** The table a handler gets for a request. */
import { NativeFunction } from "../../../interpreter/function.ts";
import { charge } from "../../../interpreter/memory.ts";
import { fn, nativeFunction, returns, table } from "../../../interpreter/native.ts";
import { LuaTable, type Shape } from "../../../interpreter/table.ts";
import type { Value } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { headerTable } from "../headers.ts";
import { parseBody } from "../json-body.ts";
import type { Head } from "./head.ts";
import { queryDecode } from "./path.ts";

/**
 * A request as a Lua table. `headers` and `query_params` are made when a handler first asks for them, since most
 * handlers ask for neither.
 */
export class RequestTable extends LuaTable {
  constructor(
    readonly head: Head,
    readonly remote: string,
  ) {
    super();
  }
}

/** Fields that are made when asked for. */
const LAZY = ["headers", "query_params", "remote"] as const;

const jsonRow = fn("json", {
  summary:
    "The request's body parsed as JSON. A body that is none, unless the handler catches the error, is answered with 400.",
  params: [table("req")],
  returns: [returns("value", "any")],
  raises: ["`req:json: …` when the body is not JSON"],
  source: "Assay",
  run: (req) => parseBody("req:json", req.getString("body"), true),
});

/** What the request tables of one virtual machine share. */
export class RequestMaker {
  private readonly metatable: LuaTable;
  private readonly shape: Shape;

  constructor(private readonly vm: VirtualMachine) {
    const sample = vm.newTable();
    for (const key of ["method", "path", "query", "body"]) sample.setConstant(key, "");
    this.shape = sample.shape;
    const json = nativeFunction(jsonRow, "req:json");
    this.metatable = vm.newTable();
    this.metatable.setConstant("__name", "http.request");
    this.metatable.setConstant(
      "__index",
      new NativeFunction("http.request", (self, key) => (key === "json" ? json : this.lazyField(self, key)), undefined),
    );
    this.metatable.setConstant(
      "__pairs",
      new NativeFunction(
        "pairs",
        (self) => {
          for (const key of LAZY) (self as LuaTable).getString(key) ?? this.lazyField(self, key);
          return [vm.shared("next"), self, undefined];
        },
        undefined,
      ),
    );
  }

  make(head: Head, body: string, params: readonly string[] | undefined, remote: string): LuaTable {
    const request = new RequestTable(head, remote);
    request.shape = this.shape;
    request.vals = [undefined, head.method, head.path, head.query, body];
    request.metatable = this.metatable;
    charge(240 + body.length);
    if (params !== undefined) {
      const named = this.vm.newTable();
      for (let i = 0; i < params.length; i += 2) named.setConstant(params[i]!, params[i + 1]);
      request.setConstant("params", named);
    }
    return request;
  }

  private lazyField(self: Value, key: Value): Value {
    if (!(self instanceof RequestTable)) return undefined;
    const { head } = self;
    let value: Value;
    switch (key) {
      case "headers":
        value = headerTable(head.headers, new LuaTable());
        break;
      case "query_params":
        value = queryTable(head.query);
        break;
      case "remote":
        value = self.remote;
        break;
      case "params":
        value = new LuaTable();
        break;
      default:
        return undefined;
    }
    self.setString(key, value);
    return value;
  }
}

/** A query decoded: a name that comes more than once has a list of its values. */
export function queryTable(query: string): LuaTable {
  const table = new LuaTable();
  if (query === "") return table;
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = queryDecode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : queryDecode(part.slice(equals + 1));
    const before = table.getString(name);
    if (before === undefined) table.setString(name, value);
    else if (before instanceof LuaTable) before.append(value);
    else table.setString(name, LuaTable.fromArray([before, value]));
  }
  return table;
}
